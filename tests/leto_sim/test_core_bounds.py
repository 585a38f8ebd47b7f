"""What a core may hold at rest is told by its configuration and its log."""

from leto.raft.entries import Entry
from leto.raft.types import EntryId
from leto_sim.core_bounds import BUSY_MAX, at_work, core_at_rest
from leto_sim.holdings import Holding
from leto_sim.node_level.cluster import Cluster
from leto_sim.node_level.scenario import Scenario

ANY = Holding("node.x", "X.x", None, 1)


def test_configurations_are_as_many_as_the_log_has_and_one_before_it() -> None:
    cluster = Cluster(Scenario(seed=1, nodes=3))
    status = cluster.alive[0].status
    entry = Entry(id=EntryId(term=1, index=1), payload=status.configuration)

    bounds = core_at_rest(status, [entry])

    assert 2 == bounds["ConfigurationHistory._history"](ANY)
    assert 3 == bounds["Leader.progress"](ANY)


def test_whatever_has_no_bound_of_its_own_has_a_wide_one_at_work() -> None:
    assert BUSY_MAX == at_work(ANY)
