"""§3.8 Persisted state and restarts."""

from leto.raft.actions import RoleName
from leto.raft.entries import HardState
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    PreVote,
    PreVoteResponse,
    RequestVote,
    RequestVoteResponse,
)
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from tests.support.hosts import Make, entries
from tests.support.situations import candidate, led, question


def test_term_and_vote_are_durable_before_the_answer() -> None:
    """§3.8, figure 3.1: Term and vote are durable before anybody hears of them."""
    host = Make.host()

    host.receive(2, question(1))
    before = host.sent(RequestVoteResponse)
    host.written()

    assert [] == before
    assert [True] == [m.vote_granted for m in host.sent(RequestVoteResponse)]
    assert HardState(1, NodeId(2)) == host.disk.hard_state


def test_a_candidates_own_vote_is_durable_before_it_asks() -> None:
    """§3.8, figure 3.1: Term and vote are durable before anybody hears of them."""
    host = Make.host()
    host.tick()
    asked = host.take_sent(PreVote)[0]
    host.receive(2, PreVoteResponse(term=0, round=asked.round, vote_granted=True))

    before = host.sent(RequestVote)
    host.written()

    assert ([], 2) == (before, len(host.sent(RequestVote)))


def test_a_restarted_voter_remembers_its_vote() -> None:
    """§3.8, figure 3.1: A vote survives a restart, so nobody votes twice in a term."""
    host = Make.host()
    host.receive(2, question(1))
    host.written()

    again = host.restarted()
    again.receive(3, question(1))

    assert [False] == [m.vote_granted for m in again.sent(RequestVoteResponse)]


def test_a_restarted_node_takes_nothing_of_a_term_that_it_has_left() -> None:
    """§3.8, figure 3.1: A term survives a restart, so a deposed leader replaces nothing."""
    host = Make.host(term=3, log=entries(1, 3))
    host.receive(2, question(5, EntryId(3, 2)))
    host.written()
    again = host.restarted()

    again.receive(
        3,
        AppendEntries(
            term=4, round=1, prev=EntryId(1, 1), entries=entries(4, after=1), leader_commit=0
        ),
    )

    assert ([5], []) == ([m.term for m in again.sent(AppendEntriesResponse)], again.writes)
    assert EntryId(3, 2) == again.status.last_log


def test_entries_are_durable_before_they_are_counted() -> None:
    """§3.8, figure 3.1: An entry is durable wherever it is counted, on the leader as elsewhere."""
    host = Make.host(term=1)

    host.receive(
        2, AppendEntries(term=1, round=1, prev=BEFORE_LOG, entries=entries(1), leader_commit=0)
    )
    before = host.take_sent(AppendEntriesResponse)
    host.written()

    assert [0] == [m.match_index for m in before]
    assert [1] == [m.match_index for m in host.sent(AppendEntriesResponse)]


def test_a_leader_counts_itself_once_its_own_write_is_durable() -> None:
    """§3.8: An entry is durable wherever it is counted, on the leader as elsewhere."""
    leader = led()[1]
    leader.propose(b"x")

    leader.receive(2, AppendEntriesResponse(term=1, round=1, match_index=2))
    before = leader.status.commit_index
    leader.written()

    assert (1, 2) == (before, leader.status.commit_index)


def test_the_commit_index_may_be_forgotten_in_a_restart() -> None:
    """§3.8, figure 3.1: All else may be forgotten, by all at once: the commit index is learned
    anew.
    """
    cluster = led()
    cluster.hosts = {number: host.restarted() for number, host in cluster.hosts.items()}
    before = [host.status.commit_index for host in cluster.hosts.values()]

    cluster.elect(2)
    cluster.beat(2)

    assert [0, 0, 0] == before
    assert [2, 2, 2] == [host.status.commit_index for host in cluster.hosts.values()]


def test_a_restarted_state_machine_is_given_the_log_again() -> None:
    """§3.8, figure 3.1: A state machine in memory is given the log again after a restart."""
    cluster = led()
    cluster[1].propose(b"x")
    cluster.settle()
    cluster.hosts = {number: host.restarted() for number, host in cluster.hosts.items()}

    cluster.elect(2)
    cluster.beat(2)

    assert [1, 2, 3] == [e.id.index for e in cluster[1].applied]
    assert cluster[1].applied == cluster[2].applied


def test_a_strangers_votes_and_acknowledgements_count_for_nobody() -> None:
    """§3.8: Whoever has lost what it persisted comes back as somebody else, and counts for
    nobody.
    """
    host, leader = candidate(), led()[1]
    leader.propose(b"x")
    leader.written()

    host.receive(9, RequestVoteResponse(term=1, vote_granted=True))
    leader.receive(9, AppendEntriesResponse(term=1, round=1, match_index=2))

    assert RoleName.CANDIDATE is host.role
    assert 1 == leader.status.commit_index
