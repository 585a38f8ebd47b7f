"""Chapter 3, the basic algorithm: a test for each sentence that demands something."""

import pytest

from leto.raft.actions import Committed, Refusal, Refused, RoleName, Transferred, Unknown
from leto.raft.config import Config
from leto.raft.entries import Command, HardState
from leto.raft.errors import InvalidConfig
from leto.raft.events import TransferRequested
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    InstallSnapshot,
    PreVote,
    PreVoteResponse,
    RequestVote,
    RequestVoteResponse,
    TimeoutNow,
)
from leto.raft.types import BEFORE_LOG, EntryId, Micros, NodeId
from tests.support.hosts import Cluster, Host, Make, entries, entry

PATIENCE_US = Config().election_timeout_max_us


def word(term: int, *, round_: int = 0) -> AppendEntries:
    """A leader's word that says nothing of the log."""
    return AppendEntries(term=term, round=round_, prev=BEFORE_LOG, entries=(), leader_commit=0)


def question(term: int, last: EntryId = BEFORE_LOG) -> RequestVote:
    return RequestVote(term=term, last=last)


def candidate(*, term: int = 0) -> Host:
    """The first of three, whose own vote is durable and whose requests are out."""
    host = Make.host(term=term)
    host.tick()
    (asked, _) = host.take_sent(PreVote)
    host.receive(2, PreVoteResponse(term=term, round=asked.round, vote_granted=True))
    host.written()
    return host


def led() -> Cluster:
    """Three of whom the first leads; its no-op is committed everywhere."""
    cluster = Make.cluster()
    cluster.elect(1)
    cluster.beat(1)
    return cluster


# --- §3.3 basics -----------------------------------------------------------------------


def test_terms_are_consecutive_and_each_begins_with_an_election() -> None:
    """§3.3: time is divided into terms, numbered one after the other, each opened by an election."""
    host = candidate(term=7)

    assert RoleName.CANDIDATE is host.role
    assert 8 == host.term


@pytest.mark.parametrize(
    "message",
    [
        word(5),
        question(5),
        AppendEntriesResponse(term=5, round=0, match_index=0),
        RequestVoteResponse(term=5, vote_granted=False),
    ],
    ids=lambda message: type(message).__name__,
)
def test_a_newer_term_is_adopted_from_whatever_message(
    message: AppendEntries | RequestVote | AppendEntriesResponse | RequestVoteResponse,
) -> None:
    """§3.3: terms are exchanged whenever servers communicate; the smaller one is updated."""
    host = Make.host(term=3)

    host.receive(2, message)

    assert 5 == host.term


def test_a_candidate_whose_term_is_out_of_date_reverts_to_follower() -> None:
    """§3.3: it reverts at once."""
    host = candidate()

    host.receive(3, RequestVoteResponse(term=4, vote_granted=False))

    assert (RoleName.FOLLOWER, 4) == (host.role, host.term)


def test_a_leader_whose_term_is_out_of_date_reverts_to_follower() -> None:
    """§3.3: so does a leader."""
    leader = led()[1]

    leader.receive(3, AppendEntriesResponse(term=4, round=0, match_index=0))

    assert (RoleName.FOLLOWER, 4) == (leader.role, leader.term)


def test_a_request_of_a_stale_term_is_rejected() -> None:
    """§3.3: a server rejects requests whose term is stale."""
    host = Make.host(term=3)

    host.receive(2, question(2))
    host.receive(2, word(2))

    assert [RequestVoteResponse(term=3, vote_granted=False)] == host.sent(RequestVoteResponse)
    assert 3 == host.sent(AppendEntriesResponse)[0].term
    assert host.status.leader is None


def test_followers_are_passive() -> None:
    """§3.3: followers issue no requests; they answer."""
    cluster = led()
    follower = cluster[2]

    follower.receive(1, word(1, round_=9))

    assert [AppendEntriesResponse] == [type(send.message) for send in follower.outbox]


def test_a_term_has_at_most_one_leader() -> None:
    """Figure 3.2, election safety: the votes of one term make one leader."""
    first, second = candidate(), candidate()
    voter = Make.host(3)

    voter.receive(1, question(1))
    voter.receive(2, question(1))
    voter.written()

    assert [True, False] == [m.vote_granted for m in voter.sent(RequestVoteResponse)]
    assert first.term == second.term


def test_what_is_not_answered_is_sent_again() -> None:
    """§3.3: servers retry RPCs that are not answered in time."""
    cluster = led()
    cluster.cut_off = {2, 3}
    cluster[1].propose(b"x")
    cluster.deliver()
    cluster.cut_off = set()

    cluster.beat(1)

    assert cluster[1].disk.log == cluster[2].disk.log


def test_an_answer_that_comes_late_or_twice_takes_nothing_back() -> None:
    """§3.3: messages may be repeated and overtaken; figure 3.1: `match_index` only grows."""
    leader = led()[1]
    leader.propose(b"x", b"y")
    leader.written()

    for match_index in (3, 1, 3):
        leader.receive(2, AppendEntriesResponse(term=1, round=1, match_index=match_index))

    assert [3, 1] == [follower.match_index for follower in leader.status.followers]
    assert 3 == leader.status.commit_index


def test_a_strangers_votes_and_acknowledgements_count_for_nobody() -> None:
    """§3.8: who has lost its state comes back as somebody else, and is no member."""
    host, leader = candidate(), led()[1]
    leader.propose(b"x")
    leader.written()

    host.receive(9, RequestVoteResponse(term=1, vote_granted=True))
    leader.receive(9, AppendEntriesResponse(term=1, round=1, match_index=2))

    assert RoleName.CANDIDATE is host.role
    assert 1 == leader.status.commit_index


# --- §3.4 election ---------------------------------------------------------------------


def test_servers_start_as_followers() -> None:
    """§3.4: when servers start up, they begin as followers."""
    assert RoleName.FOLLOWER is Make.host(term=5, log=entries(1, 5)).role


def test_a_follower_stays_one_as_long_as_a_leader_speaks() -> None:
    """§3.4: valid messages of a leader or a candidate put the election off."""
    host = Make.host(term=1)
    for round_ in range(50):
        host.receive(2, word(1, round_=round_), after=Config().heartbeat_interval_us)

    assert RoleName.FOLLOWER is host.role
    assert host.deadline >= host.now + Config().election_timeout_min_us


def test_granting_a_vote_puts_the_election_off() -> None:
    """§3.4: a candidate that was granted a vote gets the time to win."""
    host = Make.host()
    host.now = host.deadline - 1

    host.receive(2, question(1))

    assert host.deadline >= host.now + Config().election_timeout_min_us


def test_leaders_send_heartbeats_to_all_followers() -> None:
    """§3.4: periodic AppendEntries without entries keep their authority."""
    leader = led()[1]

    leader.tick()

    assert [2, 3] == [send.to for send in leader.outbox]
    assert all(() == message.entries for message in leader.sent(AppendEntries))


def test_silence_for_an_election_timeout_begins_an_election() -> None:
    """§3.4: a follower that hears nothing assumes that there is no viable leader."""
    cluster = led()
    cluster[1].now += PATIENCE_US * 2
    cluster.cut_off = {1}

    cluster.elect(2)

    assert (RoleName.LEADER, 2) == (cluster[2].role, cluster[2].term)


def test_a_candidate_increments_its_term_votes_for_itself_and_asks_all_others() -> None:
    """§3.4: that is how an election begins."""
    host = candidate(term=4)

    assert HardState(5, NodeId(1)) == host.disk.hard_state
    assert [2, 3] == [send.to for send in host.outbox]
    assert [question(5)] * 2 == host.sent(RequestVote)


def test_a_majority_of_one_term_wins() -> None:
    """§3.4: a candidate wins with the votes of a majority for the same term."""
    host = candidate()

    host.receive(2, RequestVoteResponse(term=1, vote_granted=True))

    assert RoleName.LEADER is host.role


def test_votes_of_an_earlier_term_do_not_win() -> None:
    """§3.4: the votes are those of the same term."""
    host = candidate(term=1)

    host.receive(2, RequestVoteResponse(term=1, vote_granted=True))

    assert RoleName.CANDIDATE is host.role


def test_votes_are_given_first_come_first_served_once_a_term() -> None:
    """§3.4: at most one candidate in a term gets a server's vote; asking again is no harm."""
    host = Make.host(3)

    for sender in (2, 1, 2):
        host.receive(sender, question(1))
    host.written()

    assert [True, False, True] == [m.vote_granted for m in host.sent(RequestVoteResponse)]


def test_the_winner_speaks_to_everybody_at_once() -> None:
    """§3.4: to establish its authority and prevent new elections; its no-op is its word."""
    host = candidate()
    host.outbox.clear()

    host.receive(2, RequestVoteResponse(term=1, vote_granted=True))

    assert [2, 3] == [send.to for send in host.outbox]
    assert all(word.round == 1 for word in host.sent(AppendEntries))


def test_a_candidate_recognizes_a_leader_of_its_term() -> None:
    """§3.4: a leader whose term is at least as large is legitimate."""
    host = candidate()

    host.receive(3, word(1))

    assert (RoleName.FOLLOWER, 3) == (host.role, host.status.leader)


def test_a_candidate_ignores_a_leader_of_an_earlier_term() -> None:
    """§3.4: a smaller term is rejected, and the candidate stays one."""
    host = candidate(term=3)

    host.receive(3, word(2))

    assert RoleName.CANDIDATE is host.role


def test_after_a_split_vote_a_new_election_begins_in_a_new_term() -> None:
    """§3.4: each candidate times out and starts a new election (here: asks first, §9.6)."""
    host = candidate()
    host.outbox.clear()

    host.tick()
    asked = host.take_sent(PreVote)[0]
    host.receive(2, PreVoteResponse(term=1, round=asked.round, vote_granted=True))

    assert (RoleName.CANDIDATE, 2) == (host.role, host.term)


def test_election_timeouts_are_random_within_an_interval_and_drawn_anew() -> None:
    """§3.4: so that split votes are rare, and are resolved quickly."""
    host = Make.host()
    drawn: list[Micros] = []
    for _ in range(20):
        drawn.append(host.deadline - host.now)
        host.tick()

    config = host.config
    low, high = config.election_timeout_min_us, config.election_timeout_max_us
    assert all(low <= timeout < high for timeout in drawn)
    assert 20 == len(set(drawn))


@pytest.mark.parametrize("message", [word(2), question(2)], ids=["leader", "candidate"])
def test_a_message_of_an_earlier_term_does_not_put_the_election_off(
    message: AppendEntries | RequestVote,
) -> None:
    """§3.4: only who leads, or may lead, this term is worth waiting for."""
    host = Make.host(term=3)
    before = host.deadline

    host.receive(2, message, after=100)

    assert before == host.deadline


def test_refusing_a_vote_does_not_put_the_election_off() -> None:
    """§3.4: a candidate that cannot win must not keep the others from trying."""
    host = Make.host(term=3, voted_for=3)
    before = host.deadline

    host.receive(2, question(3), after=100)

    assert [False] == [m.vote_granted for m in host.sent(RequestVoteResponse)]
    assert before == host.deadline


def test_a_candidate_draws_a_new_timeout_as_its_election_begins() -> None:
    """§3.4: so that candidates that split the votes do not meet again."""
    host = Make.host()
    before = host.deadline
    host.tick()
    asked = host.take_sent(PreVote)[0]

    host.receive(2, PreVoteResponse(term=0, round=asked.round, vote_granted=True))

    low, high = host.config.election_timeout_min_us, host.config.election_timeout_max_us
    assert low <= host.deadline - host.now < high
    assert host.deadline - host.now != before


def test_a_term_may_end_without_a_leader() -> None:
    """§3.3, §3.4: if the votes are split, nobody has won."""
    cluster = Make.cluster(1, 2, 3, 4)
    for number, voter in ((1, 3), (2, 4)):
        cluster[number].tick()
        asked = cluster[number].take_sent(PreVote)[0]
        for other in (3, 4):
            granted = PreVoteResponse(term=0, round=asked.round, vote_granted=True)
            cluster[number].receive(other, granted)
        cluster[number].written()
        cluster[voter].receive(number, cluster[number].sent(RequestVote, to=voter)[0])

    cluster.settle()

    assert [1] * 4 == [host.term for host in cluster.hosts.values()]
    assert RoleName.LEADER not in {host.role for host in cluster.hosts.values()}


# --- §3.5 log replication --------------------------------------------------------------


def test_a_command_is_appended_and_sent_to_all_others_at_once() -> None:
    """§3.5: the leader appends it as a new entry, then issues AppendEntries in parallel."""
    leader = led()[1]

    leader.propose(b"x")

    assert EntryId(1, 2) == leader.status.last_log
    assert [2, 3] == [send.to for send in leader.outbox]
    assert (entry(2, 1, b"x"),) == leader.sent(AppendEntries)[0].entries


def test_the_client_is_answered_when_the_entry_was_replicated_and_applied() -> None:
    """§3.5: when it is safely replicated, the leader applies it and returns the result."""
    cluster = led()
    leader = cluster[1]

    request = leader.propose(b"x")
    answered_early = request in leader.answers
    cluster.settle()

    assert not answered_early
    assert Committed(EntryId(1, 2)) == leader.answers[request]
    assert entry(2, 1, b"x") == leader.applied[-1]


def test_entries_are_sent_until_all_followers_store_them_also_after_the_answer() -> None:
    """§3.5: the leader retries indefinitely, even after it has responded to the client."""
    cluster = led()
    cluster.cut_off = {3}
    request = cluster[1].propose(b"x")
    cluster.settle()
    answered = request in cluster[1].answers

    cluster.cut_off = set()
    cluster.beat(1)

    assert answered
    assert cluster[1].disk.log == cluster[3].disk.log


def test_an_entry_is_committed_once_a_majority_stores_it() -> None:
    """§3.5: the leader that created it decides when it is safe."""
    cluster = led()
    leader = cluster[1]
    leader.propose(b"x")
    leader.written()

    leader.receive(2, AppendEntriesResponse(term=1, round=1, match_index=2))

    assert 2 == leader.status.commit_index


def test_committing_an_entry_commits_those_before_it() -> None:
    """§3.5: including entries that previous leaders created."""
    cluster = Cluster(
        [Make.host(1, log=entries(1, 2)), Make.host(2, log=entries(1, 2)), Make.host(3)]
    )

    cluster.elect(1)

    assert [1, 2, 3] == [e.id.index for e in cluster[1].applied]


def test_followers_learn_the_commit_index_and_apply_in_log_order() -> None:
    """§3.5: the leader includes it in every AppendEntries, heartbeats too."""
    cluster = led()
    cluster[1].propose(b"x", b"y")

    cluster.settle()
    cluster.beat(1)

    assert [1, 2, 3] == [e.id.index for e in cluster[3].applied]
    assert 3 == cluster[3].status.commit_index


def test_a_leader_makes_one_entry_an_index_and_never_moves_or_drops_it() -> None:
    """§3.5, figure 3.2 (leader append-only): it only appends."""
    leader = led()[1]

    leader.propose(b"x")
    leader.propose(b"y")

    assert all(write.truncate_from is None for write in leader.writes)
    assert [2, 3] == [e.id.index for write in leader.writes for e in write.entries]


def test_a_follower_refuses_entries_whose_predecessor_it_lacks() -> None:
    """§3.5: the consistency check, of index and of term."""
    short, other = Make.host(log=entries(1)), Make.host(log=entries(1, 2))
    message = AppendEntries(
        term=3, round=1, prev=EntryId(1, 2), entries=entries(3, after=2), leader_commit=0
    )

    for host in (short, other):
        host.receive(2, message)
        host.written()

    assert all(h.sent(AppendEntriesResponse)[0].conflict is not None for h in (short, other))
    assert [EntryId(1, 1), EntryId(2, 2)] == [h.status.last_log for h in (short, other)]


def test_conflicting_entries_are_overwritten_and_what_follows_them_too() -> None:
    """§3.5: the leader makes the followers' logs duplicate its own."""
    host = Make.host(log=entries(1, 2, 2, 2))

    host.receive(
        2,
        AppendEntries(
            term=3, round=1, prev=EntryId(1, 1), entries=entries(3, after=1), leader_commit=0
        ),
    )
    host.work_all()

    assert list(entries(1, 3)) == host.disk.log


def test_next_index_begins_behind_the_leaders_last_entry() -> None:
    """§3.5: when a leader comes to power, it assumes that all logs are its own."""
    host = Make.host(log=entries(1, 1, 1))
    host.tick()
    asked = host.take_sent(PreVote)[0]
    host.receive(2, PreVoteResponse(term=1, round=asked.round, vote_granted=True))
    host.written()

    host.receive(2, RequestVoteResponse(term=2, vote_granted=True))

    assert [4, 4] == [follower.next_index for follower in host.status.followers]


def test_a_rejection_moves_next_index_back_until_the_logs_match() -> None:
    """§3.5: and then the follower's log is brought into line."""
    cluster = Cluster(
        [
            Make.host(1, log=entries(1, 1, 4, 4, 5)),
            Make.host(2, log=entries(1, 1, 4, 4, 5)),
            Make.host(3, log=entries(1, 1, 2, 2, 3, 3, 3)),
        ]
    )

    cluster.elect(1)
    cluster.beat(1)

    assert cluster[1].disk.log == cluster[3].disk.log


def test_a_leader_never_overwrites_its_own_log() -> None:
    """Figure 3.2: also not when somebody claims to lead its term."""
    leader = led()[1]
    before = leader.status.last_log

    leader.receive(
        2, AppendEntries(term=1, round=1, prev=BEFORE_LOG, entries=entries(1), leader_commit=1)
    )

    assert (RoleName.LEADER, before) == (leader.role, leader.status.last_log)


def test_nothing_is_applied_before_it_is_committed() -> None:
    """§3.5: that a follower stores an entry does not make it safe."""
    host = Make.host()
    message = AppendEntries(term=1, round=1, prev=BEFORE_LOG, entries=entries(1), leader_commit=0)

    host.receive(2, message)
    host.work_all()

    assert (EntryId(1, 1), []) == (host.status.last_log, host.applied)


def test_a_follower_commits_no_further_than_what_it_was_sent() -> None:
    """Figure 3.1: the lesser of `leader_commit` and the last new entry; its own tail may go."""
    host = Make.host(log=entries(1, 1, 1))
    message = AppendEntries(
        term=2, round=1, prev=EntryId(1, 1), entries=entries(1, after=1), leader_commit=3
    )

    host.receive(2, message)

    assert 2 == host.status.commit_index


def test_entries_that_agree_leave_what_follows_them() -> None:
    """Figure 3.1: only a contradiction truncates; the message may be an old one."""
    host = Make.host(log=entries(1, 1, 1))
    message = AppendEntries(term=1, round=1, prev=BEFORE_LOG, entries=entries(1), leader_commit=0)

    host.receive(2, message)

    assert (EntryId(1, 3), []) == (host.status.last_log, host.writes)


def test_a_slow_follower_holds_nobody_up() -> None:
    """§3.5: one round to a majority is enough."""
    cluster = led()
    cluster[3].disk_is_stuck = True

    request = cluster[1].propose(b"x")
    cluster.settle()

    assert Committed(EntryId(1, 2)) == cluster[1].answers[request]
    assert [] == cluster[3].disk.log[1:]


def test_one_rejection_skips_a_whole_term() -> None:
    """§3.5: the follower says where its conflicting term begins."""
    cluster = Cluster(
        [
            Make.host(1, log=entries(1, 1, *[4] * 9)),
            Make.host(2, log=entries(1, 1, *[4] * 9)),
            Make.host(3, log=entries(1, 1, *[2] * 9)),
        ]
    )
    cluster.cut_off = {3}
    leader = cluster.elect(1)
    follower = cluster[3]

    leader.tick()
    follower.receive(1, leader.take_sent(AppendEntries, to=3)[-1])
    follower.written()
    leader.receive(3, follower.take_sent(AppendEntriesResponse)[-1])

    assert EntryId(1, 2) == leader.sent(AppendEntries, to=3)[-1].prev


def test_a_new_leader_drops_nothing_and_asks_for_nothing() -> None:
    """§3.5: logs converge by the consistency check alone; there is no special step."""
    cluster = Cluster([Make.host(number, log=entries(1, 2)) for number in (1, 2, 3)])

    leader = cluster.elect(1)

    assert list(entries(1, 2)) == leader.disk.log[:2]
    assert EntryId(3, 3) == leader.status.last_log


# --- §3.6 safety -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "last, granted",
    [
        (EntryId(3, 1), True),  # a later term, however short
        (EntryId(2, 3), True),  # the same
        (EntryId(2, 4), True),  # the same term, longer
        (EntryId(2, 2), False),  # the same term, shorter
        (EntryId(1, 9), False),  # an earlier term, however long
    ],
)
def test_a_vote_is_denied_to_a_log_that_is_less_up_to_date(last: EntryId, granted: bool) -> None:  # noqa: FBT001 # an example
    """§3.6.1: by the last entries' terms, then by length."""
    host = Make.host(log=entries(1, 2, 2))

    host.receive(2, question(9, last))
    host.written()

    assert [granted] == [m.vote_granted for m in host.sent(RequestVoteResponse)]


def test_entries_of_earlier_terms_are_not_committed_by_counting() -> None:
    """§3.6.2, figure 3.7: only once an entry of the leader's own term is on a majority."""
    host = Make.host(log=entries(1, 2))
    host.tick()
    asked = host.take_sent(PreVote)[0]
    host.receive(2, PreVoteResponse(term=2, round=asked.round, vote_granted=True))
    host.written()
    host.receive(2, RequestVoteResponse(term=3, vote_granted=True))
    host.written()

    host.receive(2, AppendEntriesResponse(term=3, round=1, match_index=2))
    by_counting = host.status.commit_index
    host.receive(2, AppendEntriesResponse(term=3, round=1, match_index=3))

    assert (0, 3) == (by_counting, host.status.commit_index)


def test_entries_of_earlier_terms_keep_their_terms() -> None:
    """§3.6.2: they are replicated as they are; so it is easier to reason about them."""
    cluster = Cluster([Make.host(1, log=entries(1, 2)), Make.host(2), Make.host(3)])

    cluster.elect(1)

    assert [1, 2, 3] == [e.id.term for e in cluster[3].disk.log]


def test_who_lacks_a_committed_entry_is_not_elected() -> None:
    """Figure 3.2, leader completeness: any majority has somebody who refuses."""
    cluster = led()
    cluster.cut_off = {3}
    cluster[1].propose(b"x")
    cluster.settle()
    cluster[1].now += PATIENCE_US * 2
    cluster[2].now += PATIENCE_US * 2
    cluster.cut_off = set()

    for _ in range(3):
        cluster[3].tick()
        cluster.settle()

    assert not cluster[3].plays(RoleName.LEADER)
    assert 2 == cluster[1].status.commit_index


def test_what_one_has_applied_nobody_applies_otherwise() -> None:
    """Figure 3.2, state machine safety: figure 3.7's old entry is replaced, never applied."""
    cluster = led()
    cluster.cut_off = {1}
    cluster[1].propose(b"lost")
    cluster.settle()
    cluster.elect(2)
    cluster[2].propose(b"kept")
    cluster.settle()

    cluster.cut_off = set()
    cluster.beat(2)
    cluster.beat(2)

    assert cluster[1].applied == cluster[2].applied == cluster[3].applied
    assert [b"kept"] == [
        e.payload.data for e in cluster[1].applied if isinstance(e.payload, Command)
    ]


# --- §3.7 crashes, §3.8 persisted state ------------------------------------------------


def test_entries_that_arrive_again_change_nothing() -> None:
    """§3.7: RPCs are idempotent."""
    host = Make.host()
    message = AppendEntries(
        term=1, round=1, prev=BEFORE_LOG, entries=entries(1, 1), leader_commit=0
    )

    host.receive(2, message)
    host.work_all()
    host.receive(2, message)

    assert ([], list(entries(1, 1))) == (host.writes, host.disk.log)


def test_term_and_vote_are_durable_before_the_answer() -> None:
    """§3.8: or a server could vote twice in a term after a restart."""
    host = Make.host()

    host.receive(2, question(1))
    before = host.sent(RequestVoteResponse)
    host.written()

    assert [] == before
    assert [True] == [m.vote_granted for m in host.sent(RequestVoteResponse)]
    assert HardState(1, NodeId(2)) == host.disk.hard_state


def test_a_restarted_voter_remembers_its_vote() -> None:
    """§3.8: term and vote survive."""
    host = Make.host()
    host.receive(2, question(1))
    host.written()

    again = host.restarted()
    again.receive(3, question(1))

    assert [False] == [m.vote_granted for m in again.sent(RequestVoteResponse)]


def test_entries_are_durable_before_they_are_counted() -> None:
    """§3.8: an acknowledgement attests what a crash cannot take back."""
    host = Make.host(term=1)

    host.receive(
        2, AppendEntries(term=1, round=1, prev=BEFORE_LOG, entries=entries(1), leader_commit=0)
    )
    before = host.take_sent(AppendEntriesResponse)
    host.written()

    assert [0] == [m.match_index for m in before]
    assert [1] == [m.match_index for m in host.sent(AppendEntriesResponse)]


def test_the_commit_index_may_be_forgotten_in_a_restart() -> None:
    """§3.8: it begins at zero, and is learned again once a leader commits in its own term."""
    cluster = led()
    cluster.hosts = {number: host.restarted() for number, host in cluster.hosts.items()}
    before = [host.status.commit_index for host in cluster.hosts.values()]

    cluster.elect(2)
    cluster.beat(2)

    assert [0, 0, 0] == before
    assert [2, 2, 2] == [host.status.commit_index for host in cluster.hosts.values()]


def test_a_follower_that_was_away_is_sent_what_it_missed() -> None:
    """§3.7: requests to a crashed server are repeated until it is back."""
    cluster = led()
    cluster.cut_off = {3}
    cluster[1].propose(b"x")
    cluster.settle()
    cluster.hosts[NodeId(3)] = cluster[3].restarted()
    cluster.cut_off = set()

    cluster.beat(1)
    cluster.beat(1)

    assert cluster[1].disk.log == cluster[3].disk.log


def test_a_vote_that_is_asked_for_again_is_given_again() -> None:
    """§3.7: also after a crash that came between the vote and its answer."""
    host = Make.host()
    host.receive(2, question(1))
    host.written()

    again = host.restarted()
    again.receive(2, question(1))

    assert [True] == [m.vote_granted for m in again.sent(RequestVoteResponse)]


def test_a_candidates_own_vote_is_durable_before_it_asks() -> None:
    """§3.8: or after a crash it could vote for another one in the same term."""
    host = Make.host()
    host.tick()
    asked = host.take_sent(PreVote)[0]
    host.receive(2, PreVoteResponse(term=0, round=asked.round, vote_granted=True))

    before = host.sent(RequestVote)
    host.written()

    assert ([], 2) == (before, len(host.sent(RequestVote)))


def test_a_leader_counts_itself_once_its_own_write_is_durable() -> None:
    """§3.8, §10.2.1: it may send before it has written, not count."""
    leader = led()[1]
    leader.propose(b"x")

    leader.receive(2, AppendEntriesResponse(term=1, round=1, match_index=2))
    before = leader.status.commit_index
    leader.written()

    assert (1, 2) == (before, leader.status.commit_index)


def test_a_restarted_state_machine_is_given_the_log_again() -> None:
    """§3.8: `last_applied` begins where the state machine does, at zero without a snapshot."""
    cluster = led()
    cluster[1].propose(b"x")
    cluster.settle()
    cluster.hosts = {number: host.restarted() for number, host in cluster.hosts.items()}

    cluster.elect(2)
    cluster.beat(2)

    assert [1, 2, 3] == [e.id.index for e in cluster[1].applied]
    assert cluster[1].applied == cluster[2].applied


# --- §3.9 timing, §3.10 transfer -------------------------------------------------------


def test_election_timeouts_must_be_well_above_the_heartbeat_interval() -> None:
    """§3.9: broadcast time << election timeout << MTBF."""
    with pytest.raises(InvalidConfig, match="election_timeout_min_us"):
        Config(heartbeat_interval_us=600_000, election_timeout_min_us=1_000_000)


def transfer(host: Host, to: int) -> int:
    return host.ask(lambda request_id: TransferRequested(request_id, NodeId(to)))


def test_a_leader_that_hands_over_takes_no_new_requests() -> None:
    """§3.10: the first step."""
    leader = led()[1]

    transfer(leader, 2)
    request = leader.propose(b"x")

    assert Refused(Refusal.TRANSFER_PENDING, NodeId(1)) == leader.answers[request]


def test_the_target_gets_the_whole_log_before_it_is_asked() -> None:
    """§3.10: the second step."""
    cluster = led()
    leader = cluster[1]
    leader.propose(b"x")

    transfer(leader, 2)
    before = leader.sent(TimeoutNow)
    leader.receive(2, AppendEntriesResponse(term=1, round=1, match_index=2))

    assert ([], [TimeoutNow(term=1)]) == (before, leader.sent(TimeoutNow, to=2))


def test_the_target_campaigns_at_once_and_wins_against_a_live_leader() -> None:
    """§3.10: the third step; it is most likely to win."""
    cluster = led()

    request = transfer(cluster[1], 2)
    cluster.settle()

    assert (RoleName.LEADER, 2) == (cluster[2].role, cluster[2].term)
    assert Transferred(NodeId(2)) == cluster[1].answers[request]


def test_a_transfer_that_fails_is_given_up_after_an_election_timeout() -> None:
    """§3.10: then the leader takes requests again."""
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


def test_a_leader_needs_no_snapshot_for_what_its_log_holds() -> None:
    """§3.5: entries are enough as long as they are kept."""
    cluster = Cluster([Make.host(1, log=entries(1)), Make.host(2), Make.host(3)])

    cluster.elect(1)

    assert [] == cluster[1].sent(InstallSnapshot)
    assert cluster[1].disk.log == cluster[3].disk.log
