"""§4.4 System integration: how a cluster begins, and what it does not do by itself."""

from leto.raft.actions import RoleName
from leto.raft.configuration import AddMember, MemberRole
from tests.support.hosts import Cluster, Make, member
from tests.support.situations import voters, with_newcomers


def test_a_cluster_begins_with_one_server_and_grows() -> None:
    """§4.4: A cluster begins with one server, which alone is a majority, and grows by changes."""
    founder, second, third = (
        Make.host(1, voters=(1,)),
        Make.host(2, blank=True),
        Make.host(3, blank=True),
    )
    cluster = Cluster([founder, second, third])
    cluster.settle()
    leads_alone = founder.role

    for number in (2, 3):
        founder.change(AddMember(member(number, MemberRole.JOINING)))
        for _ in range(4):
            cluster.beat(1)

    assert RoleName.LEADER is leads_alone
    assert [(1, 2, 3)] * 3 == [voters(host) for host in (founder, second, third)]


def test_an_empty_server_waits_to_be_added() -> None:
    """§4.4: Others begin with empty logs, and wait to be added."""
    blank = Make.host(2, blank=True)

    for _ in range(5):
        blank.tick()

    assert (RoleName.FOLLOWER, 0, []) == (blank.role, blank.term, blank.outbox)


def test_nobody_is_removed_for_being_silent() -> None:
    """§4.4: Nobody is removed because it fails; who belongs to a cluster, people decide."""
    cluster = with_newcomers()
    cluster.cut_off = {3}

    for _ in range(100):
        cluster.beat(1)

    assert (1, 2, 3) == voters(cluster[1])
