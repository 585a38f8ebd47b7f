"""§3.10 Leadership transfer."""

from leto.raft.actions import Committed, Refusal, Refused, RoleName, Transferred, Unknown
from leto.raft.events import TransferRequested
from leto.raft.messages import AppendEntriesResponse, PreVote, RequestVote, TimeoutNow
from leto.raft.types import NodeId
from tests.support.hosts import Host
from tests.support.situations import led


def transfer(host: Host, to: int) -> int:
    return host.ask(lambda request_id: TransferRequested(request_id, NodeId(to)))


def test_a_leader_that_hands_over_takes_no_new_requests() -> None:
    """§3.10: A leader that hands over takes no new commands."""
    leader = led()[1]

    transfer(leader, 2)
    request = leader.propose(b"x")

    assert Refused(Refusal.TRANSFER_PENDING, NodeId(1)) == leader.answers[request]


def test_the_target_gets_the_whole_log_before_it_is_asked() -> None:
    """§3.10: The target has the leader's whole log before it is told to campaign."""
    cluster = led()
    leader = cluster[1]
    leader.propose(b"x")

    transfer(leader, 2)
    before = leader.sent(TimeoutNow)
    leader.receive(2, AppendEntriesResponse(term=1, round=1, match_index=2))

    assert ([], [TimeoutNow(term=1)]) == (before, leader.sent(TimeoutNow, to=2))


def test_the_target_campaigns_at_once_and_wins_against_a_live_leader() -> None:
    """§3.10: The target campaigns at once, and its new term deposes the leader."""
    cluster = led()

    request = transfer(cluster[1], 2)
    cluster.settle()

    assert (RoleName.LEADER, 2) == (cluster[2].role, cluster[2].term)
    assert Transferred(NodeId(2)) == cluster[1].answers[request]


def test_the_target_does_not_ask_whether_it_could_win() -> None:
    """§3.10: The target campaigns at once, and its new term deposes the leader."""
    cluster = led()
    target = cluster[2]

    target.receive(1, TimeoutNow(term=1))
    target.written()

    assert [] == target.sent(PreVote)
    assert [2, 2] == [m.term for m in target.sent(RequestVote)]


def test_a_transfer_that_fails_is_given_up_after_an_election_timeout() -> None:
    """§3.10: After an election timeout the leader gives up, and takes commands again."""
    cluster = led()
    cluster.cut_off = {2}
    request = transfer(cluster[1], 2)
    cluster.settle()

    while request not in cluster[1].answers:
        cluster.beat(1)
    proposal = cluster[1].propose(b"x")
    cluster.settle()

    assert Unknown(NodeId(1)) == cluster[1].answers[request]
    assert isinstance(cluster[1].answers[proposal], Committed)


def test_a_target_that_was_only_late_costs_an_election() -> None:
    """§3.10: A target that was given up and campaigns yet costs an election, and no more."""
    cluster = led()
    leader = cluster[1]
    request = transfer(leader, 2)
    (late,) = leader.take_sent(TimeoutNow)
    while request not in leader.answers:
        cluster.beat(1)

    cluster[2].receive(1, late)
    cluster.settle()
    proposal = cluster[2].propose(b"x")
    cluster.settle()

    assert [2, 2, 2] == [host.term for host in cluster.hosts.values()]
    assert isinstance(cluster[2].answers[proposal], Committed)


def test_who_lacks_least_is_handed_over_to_unless_somebody_is_named() -> None:
    """§3.10: A leader may choose a successor: who lacks least."""
    cluster = led()
    cluster[2].disk_is_stuck = True
    cluster[1].propose(b"x")
    cluster.settle()

    cluster[1].ask(TransferRequested)
    cluster.settle()

    assert cluster[3].plays(RoleName.LEADER)
