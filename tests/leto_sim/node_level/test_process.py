"""A node's life: what it is told, and what is performed for it."""

import attrs
import pytest

from leto.raft.actions import Committed, Outcome, Readable, Refused, SnapshotDone
from leto.raft.events import CommandsProposed, Proposal, ReadRequested, SnapshotRequested
from leto.raft.messages import AppendEntries, ReadIndex
from leto.raft.types import BEFORE_LOG
from leto_sim.node_level.cluster import Cluster
from leto_sim.node_level.process import BACKLOG_MAX, HEALTHY_CORE, Process
from leto_sim.registers import Registers, encode_write
from leto_sim.result import PropertyViolated
from tests.support.sims import QUICK, QUIET, cluster_of, elect, pass_time, wait


def propose(cluster: Cluster, process: Process, value: int) -> list[Outcome | None]:
    """Proposes a write of register 1; the outcome appears in the list."""
    outcomes: list[Outcome | None] = []
    request_id = cluster.new_request_id()
    event = CommandsProposed((Proposal(request_id, encode_write(1, value)),))
    process.request(event, {request_id: outcomes.append})
    return outcomes


def write_ten_values(cluster: Cluster, leader: Process) -> None:
    for value in range(1, 11):
        outcomes = propose(cluster, leader, value)
        wait(cluster, outcomes.__len__)


def value_of(process: Process, key: int) -> int | None:
    assert isinstance(process.machine, Registers)
    return process.machine.read(key)


def test_a_write_is_applied_everywhere() -> None:
    cluster = cluster_of(3)

    outcomes = propose(cluster, elect(cluster), 77)
    wait(cluster, lambda: bool(outcomes))
    pass_time(cluster, QUICK.election_timeout_min_us)

    assert isinstance(outcomes[0], Committed)
    assert [77, 77, 77] == [value_of(process, 1) for process in cluster.alive]


def test_a_read_is_answered_when_it_may_be() -> None:
    cluster, outcomes = cluster_of(3), list[Outcome | None]()

    elect(cluster).request(ReadRequested(1), {1: outcomes.append})
    wait(cluster, lambda: bool(outcomes))

    assert isinstance(outcomes[0], Readable)


def test_who_dies_answers_nobody() -> None:
    cluster = cluster_of(3)
    process = cluster.alive[0]
    outcomes = propose(cluster, elect(cluster), 77)
    leader = cluster.leader
    assert leader is not None

    leader.end()
    leader.end()

    assert [None] == outcomes
    assert leader.is_over
    leader.receive(process.node_id, ReadIndex(term=1, read=1))  # nobody is there to hear it
    with pytest.raises(AssertionError, match="nobody can ask who is dead"):
        propose(cluster, leader, 78)


def test_who_is_paused_does_everything_later() -> None:
    cluster = cluster_of(1)
    leader = elect(cluster)
    leader.pause()
    outcomes = propose(cluster, leader, 77)
    pass_time(cluster, 10 * QUICK.election_timeout_max_us)
    assert [] == outcomes

    leader.resume()
    wait(cluster, lambda: bool(outcomes))

    assert isinstance(outcomes[0], Committed)


def test_a_paused_node_campaigns_when_it_goes_on() -> None:
    cluster = cluster_of(1)
    (process,) = cluster.alive
    process.pause()
    pass_time(cluster, 10 * QUICK.election_timeout_max_us)
    assert 0 == process.status.current_term

    process.resume()

    elect(cluster)


def test_snapshots_are_taken_named_compacted_and_restored() -> None:
    config = attrs.evolve(QUICK, snapshot_after_entries=3, trailing_entries=0)
    cluster = Cluster(attrs.evolve(QUIET, nodes=1, config=config))
    write_ten_values(cluster, elect(cluster))
    (host,) = cluster.hosts
    assert host.platter.log.before_log > BEFORE_LOG

    cluster.crash(host)
    cluster.start(host)

    wait(cluster, lambda: host.alive is not None and value_of(host.alive, 1) == 10)


def test_a_snapshot_travels_to_who_was_away() -> None:
    config = attrs.evolve(
        QUICK, snapshot_after_entries=3, trailing_entries=0, snapshot_chunk_bytes=5
    )
    cluster = Cluster(attrs.evolve(QUIET, nodes=3, config=config))
    leader = elect(cluster)
    away = next(host for host in cluster.hosts if host.node_id != leader.node_id)
    cluster.crash(away)
    write_ten_values(cluster, leader)

    cluster.start(away)

    wait(cluster, lambda: away.alive is not None and value_of(away.alive, 1) == 10)


def test_a_snapshot_may_be_asked_for() -> None:
    cluster, outcomes = cluster_of(1), list[Outcome | None]()
    leader = elect(cluster)

    leader.request(SnapshotRequested(1), {1: outcomes.append})
    wait(cluster, lambda: bool(outcomes))

    assert isinstance(outcomes[0], SnapshotDone)


def test_a_failed_disk_ends_the_process() -> None:
    cluster = cluster_of(1)
    leader = elect(cluster)
    leader.disk.fail()

    propose(cluster, leader, 77)
    wait(cluster, lambda: leader.is_over)

    assert [] == cluster.alive


def test_a_full_disk_refuses_writes_until_there_is_room() -> None:
    cluster = cluster_of(1)
    leader = elect(cluster)

    leader.tell_disk_room(has_room=False)
    refused = propose(cluster, leader, 77)
    leader.tell_disk_room(has_room=True)
    accepted = propose(cluster, leader, 78)
    wait(cluster, lambda: bool(refused and accepted))

    assert isinstance(refused[0], Refused)
    assert isinstance(accepted[0], Committed)


def test_a_death_in_the_neighbourhood_is_an_event() -> None:
    cluster = cluster_of(3)
    leader = elect(cluster)
    events = cluster.journal.events

    leader.learn_of_death(cluster.hosts[0].node_id)

    assert events + 1 == cluster.journal.events


def test_a_core_that_breaks_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = cluster_of(1)
    (process,) = cluster.alive

    def handle(*_: object) -> None:
        raise AssertionError("what must hold")

    monkeypatch.setattr(process.node, "handle", handle)

    with pytest.raises(PropertyViolated, match="AssertionError: what must hold") as violated:
        process.receive(process.node_id, ReadIndex(term=1, read=1))

    assert (HEALTHY_CORE, "id1") == (violated.value.property_name, violated.value.node)


def test_a_traced_event_leaves_a_line() -> None:
    cluster = Cluster(attrs.evolve(QUIET, nodes=1), traced=True)
    (process,) = cluster.alive
    stale = AppendEntries(term=0, round=0, prev=BEFORE_LOG, entries=(), leader_commit=0)

    process.receive(process.node_id, stale)

    assert "id1 < id1 AppendEntries t0 0@0 [] commit 0" == cluster.journal.last_events[-1].text


def test_a_violation_is_traced_even_where_its_user_wants_to_halt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = Cluster(QUIET, traced=True)
    cluster.journal.halt_at = cluster.journal.events + 1

    def complain(node: object) -> None:
        raise PropertyViolated("the sun shines", "it does not")

    monkeypatch.setattr(cluster.panel, "handled", complain)

    with pytest.raises(PropertyViolated, match="the sun shines"):
        pass_time(cluster, 1_000_000)

    assert cluster.journal.events == cluster.journal.last_events[-1].event


def test_a_slow_process_handles_one_event_after_the_other() -> None:
    cluster = cluster_of(3)
    leader = elect(cluster)
    leader.slow_down(40_000)
    began = cluster.scheduler.now

    outcomes = [propose(cluster, leader, value) for value in (1, 2)]
    wait(cluster, lambda: all(outcomes))

    assert cluster.scheduler.now - began > 3 * 40_000


def test_a_slow_process_that_is_paused_waits_for_both() -> None:
    cluster = cluster_of(3)
    leader = elect(cluster)
    leader.slow_down(10_000)
    outcomes = propose(cluster, leader, 1)
    leader.pause()
    pass_time(cluster, 30_000)
    leader.slow_down(0)
    pass_time(cluster, 30_000)
    assert [] == outcomes

    leader.resume()

    wait(cluster, outcomes.__len__)


def test_a_process_that_dies_slowly_says_no_more() -> None:
    cluster = cluster_of(3)
    leader = elect(cluster)
    leader.slow_down(10_000)
    outcomes = propose(cluster, leader, 1)

    leader.end()
    pass_time(cluster, 50_000)

    assert [None] == outcomes


def test_what_does_not_fit_into_the_backlog_is_lost() -> None:
    cluster = cluster_of(1)
    process = elect(cluster)
    process.pause()
    events = cluster.journal.events

    for read in range(BACKLOG_MAX + 100):
        process.receive(process.node_id, ReadIndex(term=1, read=read))
    process.resume()

    assert BACKLOG_MAX == cluster.journal.events - events


def test_a_clock_that_stands_still_stops_the_timer() -> None:
    cluster = cluster_of(3)
    leader = elect(cluster)
    leader.clock.run_at(0, cluster.scheduler.now)
    leader.clock_has_changed()

    wait(cluster, lambda: cluster.leader is not leader)
    leader.end()
    leader.clock_has_changed()

    assert leader.is_over
