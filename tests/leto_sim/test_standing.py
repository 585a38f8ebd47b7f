"""How nodes stand, read off them."""

from leto.raft.actions import RoleName
from leto_sim.standing import Standing, standing_of
from tests.support.sims import cluster_of, elect


def test_a_leader_is_shown_with_its_log_and_what_of_it_is_on_disk() -> None:
    cluster = cluster_of(3)
    leader = elect(cluster)
    term = leader.status.current_term

    standing = standing_of(
        leader.name,
        leader.platter,
        leader.status,
        leader.memory,
        cluster.name_of,
        is_up=True,
    )

    assert (True, RoleName.LEADER, term, leader.name) == (
        standing.is_up,
        standing.role,
        standing.term,
        standing.voted_for,
    )
    assert ((term, 1),) == standing.log == standing.on_disk
    assert 1 == standing.commit_index


def test_of_a_machine_that_is_down_only_the_disk_is_known() -> None:
    cluster = cluster_of(1)
    leader = elect(cluster)
    cluster.crash(cluster.hosts[0])

    standing = standing_of("id1", leader.platter, None, None, cluster.name_of, is_up=False)

    assert Standing(name="id1", on_disk=((1, 1),)) == standing
