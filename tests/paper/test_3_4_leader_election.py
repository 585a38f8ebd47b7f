"""§3.4 Leader election."""

import pytest

from leto.raft.actions import RoleName
from leto.raft.config import Config
from leto.raft.entries import HardState
from leto.raft.messages import (
    AppendEntries,
    PreVote,
    PreVoteResponse,
    RequestVote,
    RequestVoteResponse,
)
from leto.raft.types import Micros, NodeId
from tests.support.hosts import Make, entries
from tests.support.situations import (
    PATIENCE_US,
    candidate,
    candidate_of_five,
    led,
    question,
    vote,
    word,
)


def test_servers_start_as_followers() -> None:
    """§3.4: Whoever starts is a follower, whatever it was before."""
    assert RoleName.FOLLOWER is Make.host(term=5, log=entries(1, 5)).role


def test_a_follower_stays_one_as_long_as_a_leader_speaks() -> None:
    """§3.4, figure 3.1: A follower stays one as long as the leader of its term speaks."""
    host = Make.host(term=1)
    for round_ in range(50):
        host.receive(2, word(1, round_=round_), after=Config().heartbeat_interval_us)

    assert RoleName.FOLLOWER is host.role
    assert host.deadline >= host.now + Config().election_timeout_min_us


def test_granting_a_vote_puts_the_election_off() -> None:
    """§3.4, figure 3.1: A follower that has granted its vote waits for what comes of it."""
    host = Make.host()
    host.now = host.deadline - 1

    host.receive(2, question(1))

    assert host.deadline >= host.now + Config().election_timeout_min_us


@pytest.mark.parametrize("message", [word(2), question(2)], ids=["leader", "candidate"])
def test_a_message_of_an_earlier_term_does_not_put_the_election_off(
    message: AppendEntries | RequestVote,
) -> None:
    """§3.4: Nothing else puts its election off."""
    host = Make.host(term=3)
    before = host.deadline

    host.receive(2, message, after=100)

    assert before == host.deadline


def test_refusing_a_vote_does_not_put_the_election_off() -> None:
    """§3.4: Nothing else puts its election off."""
    host = Make.host(term=3, voted_for=3)
    before = host.deadline

    host.receive(2, question(3), after=100)

    assert [False] == [m.vote_granted for m in host.sent(RequestVoteResponse)]
    assert before == host.deadline


def test_leaders_send_heartbeats_to_all_followers() -> None:
    """§3.4, figure 3.1: A leader without news sends empty AppendEntries to everybody, again and
    again.
    """
    leader = led()[1]

    leader.tick()

    assert [2, 3] == [send.to for send in leader.outbox]
    assert all(() == message.entries for message in leader.sent(AppendEntries))


def test_silence_for_an_election_timeout_begins_an_election() -> None:
    """§3.4, figure 3.1: A follower that hears nothing for an election timeout begins an
    election.
    """
    cluster = led()
    cluster[1].now += PATIENCE_US * 2
    cluster.cut_off = {1}

    cluster.elect(2)

    assert (RoleName.LEADER, 2) == (cluster[2].role, cluster[2].term)


def test_a_candidate_increments_its_term_votes_for_itself_and_asks_all_others() -> None:
    """§3.4, figure 3.1: A candidate begins the next term, votes for itself and asks all others
    at once.
    """
    host = candidate(term=4)

    assert HardState(5, NodeId(1)) == host.disk.hard_state
    assert [2, 3] == [send.to for send in host.outbox]
    assert [question(5)] * 2 == host.sent(RequestVote)


def test_a_candidate_draws_a_new_timeout_as_its_election_begins() -> None:
    """§3.4, figure 3.1: A candidate draws a new timeout as its election begins."""
    host = Make.host()
    before = host.deadline
    host.tick()
    asked = host.take_sent(PreVote)[0]

    host.receive(2, PreVoteResponse(term=0, round=asked.round, vote_granted=True))

    low, high = host.config.election_timeout_min_us, host.config.election_timeout_max_us
    assert low <= host.deadline - host.now < high
    assert host.deadline - host.now != before


def test_a_majority_of_one_term_wins() -> None:
    """§3.4, figure 3.1: Votes of a majority of all voters, for the same term, make a leader."""
    host = candidate()

    host.receive(2, RequestVoteResponse(term=1, vote_granted=True))

    assert RoleName.LEADER is host.role


def test_votes_of_an_earlier_term_do_not_win() -> None:
    """§3.4, figure 3.1: Votes of a majority of all voters, for the same term, make a leader."""
    host = candidate(term=1)

    host.receive(2, RequestVoteResponse(term=1, vote_granted=True))

    assert RoleName.CANDIDATE is host.role


def test_a_vote_that_arrives_twice_counts_once() -> None:
    """§3.4, figure 3.1: Votes of a majority of all voters, for the same term, make a leader."""
    host = candidate_of_five()

    for _ in range(3):
        host.receive(2, vote(1))
    with_two_of_five = host.role
    host.receive(3, vote(1))

    assert (RoleName.CANDIDATE, RoleName.LEADER) == (with_two_of_five, host.role)


def test_votes_are_given_first_come_first_served_once_a_term() -> None:
    """§3.4, figure 3.1: A voter gives its one vote in a term to the first who asks."""
    host = Make.host(3)

    for sender in (2, 1, 2):
        host.receive(sender, question(1))
    host.written()

    assert [True, False, True] == [m.vote_granted for m in host.sent(RequestVoteResponse)]


def test_the_winner_speaks_to_everybody_at_once() -> None:
    """§3.4, figure 3.1: The winner speaks to everybody at once."""
    host = candidate()
    host.outbox.clear()

    host.receive(2, RequestVoteResponse(term=1, vote_granted=True))

    assert [2, 3] == [send.to for send in host.outbox]
    assert all(word.round == 1 for word in host.sent(AppendEntries))


def test_refusals_do_not_end_a_candidacy() -> None:
    """§3.4: A candidate remains one until it wins, somebody else leads, or time has passed."""
    host = candidate()

    for sender in (2, 3):
        host.receive(sender, RequestVoteResponse(term=1, vote_granted=False))

    assert (RoleName.CANDIDATE, 1) == (host.role, host.term)


def test_a_candidate_recognizes_a_leader_of_its_term() -> None:
    """§3.4, figure 3.1: A candidate follows a leader of its own term or of a later one."""
    host = candidate()

    host.receive(3, word(1))

    assert (RoleName.FOLLOWER, 3) == (host.role, host.status.leader)


def test_a_candidate_ignores_a_leader_of_an_earlier_term() -> None:
    """§3.4: A leader of an earlier term is rejected, and the candidate remains one."""
    host = candidate(term=3)

    host.receive(3, word(2))

    assert RoleName.CANDIDATE is host.role


def test_after_a_split_vote_a_new_election_begins_in_a_new_term() -> None:
    """§3.4, figure 3.1: A candidate that neither wins nor loses in time begins another election,
    in a new term.
    """
    host = candidate()
    host.outbox.clear()

    host.tick()
    asked = host.take_sent(PreVote)[0]
    host.receive(2, PreVoteResponse(term=1, round=asked.round, vote_granted=True))

    assert (RoleName.CANDIDATE, 2) == (host.role, host.term)


def test_election_timeouts_are_random_within_an_interval_and_drawn_anew() -> None:
    """§3.4: Election timeouts are drawn at random from an interval, each time anew."""
    host = Make.host()
    drawn: list[Micros] = []
    for _ in range(20):
        drawn.append(host.deadline - host.now)
        host.tick()

    config = host.config
    low, high = config.election_timeout_min_us, config.election_timeout_max_us
    assert all(low <= timeout < high for timeout in drawn)
    assert 20 == len(set(drawn))
