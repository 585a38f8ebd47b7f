"""§3.7 Follower and candidate crashes."""

from leto.raft.actions import RoleName
from leto.raft.messages import AppendEntries, RequestVoteResponse
from leto.raft.types import BEFORE_LOG, NodeId
from tests.support.hosts import Make, entries
from tests.support.situations import candidate, led, question


def test_entries_that_arrive_again_change_nothing() -> None:
    """§3.7, figure 3.1: A request has the same effect however often it comes."""
    host = Make.host()
    message = AppendEntries(
        term=1, round=1, prev=BEFORE_LOG, entries=entries(1, 1), leader_commit=0
    )

    host.receive(2, message)
    host.work_all()
    host.receive(2, message)

    assert ([], list(entries(1, 1))) == (host.writes, host.disk.log)


def test_a_vote_that_is_asked_for_again_is_given_again() -> None:
    """§3.7, figure 3.1: A request has the same effect however often it comes."""
    host = Make.host()
    host.receive(2, question(1))
    host.written()

    again = host.restarted()
    again.receive(2, question(1))

    assert [True] == [m.vote_granted for m in again.sent(RequestVoteResponse)]


def test_a_follower_that_was_away_is_sent_what_it_missed() -> None:
    """§3.7: Whoever has crashed is sent what it missed until it is back."""
    cluster = led()
    cluster.cut_off = {3}
    cluster[1].propose(b"x")
    cluster.settle()
    cluster.hosts[NodeId(3)] = cluster[3].restarted()
    cluster.cut_off = set()

    cluster.beat(1)
    cluster.beat(1)

    assert cluster[1].disk.log == cluster[3].disk.log


def test_a_candidate_that_crashed_comes_back_as_a_follower_of_its_term() -> None:
    """§3.7, §3.4: A candidate that has crashed comes back as a follower, and keeps its vote."""
    again = candidate(term=4).restarted()

    again.receive(2, question(5))

    assert (RoleName.FOLLOWER, 5) == (again.role, again.term)
    assert [False] == [m.vote_granted for m in again.sent(RequestVoteResponse)]
