"""Votes are given where they may be, and refused for a reason."""

import pytest

from leto.raft import Config
from leto.raft.actions import RoleName, Send
from leto.raft.entries import HardState, SnapshotMark
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    InstallSnapshot,
    InstallSnapshotResponse,
    Message,
    PreVote,
    PreVoteResponse,
    RequestVote,
    RequestVoteResponse,
)
from leto.raft.types import BEFORE_LOG, EntryId, Micros, NodeId
from leto_sim.checkers.ballots import Ballots
from leto_sim.result import PropertyViolated
from tests.support.observed import node_with_log, voters

PATIENCE_US = Config().election_timeout_min_us
CANDIDATE = NodeId(7)
GOOD = EntryId(2, 2)  # as good as the voter's own
NOW = 10 * PATIENCE_US


class Voter:
    """Node 1, a follower in term 2 with two entries, which nothing binds."""

    def __init__(self) -> None:
        self.node = node_with_log(1, 1, 2)
        self.node.platter.hard_state = HardState(2)
        self.status = self.node.status
        self.checker = Ballots(Config())
        self.owed_until: Micros = 0

    def hear(self, message: PreVote | RequestVote, at: Micros = NOW) -> None:
        self.checker.asked(self.node, CANDIDATE, message, at, self.owed_until)

    def sound_out(self, *, term: int = 2, last: EntryId = GOOD) -> None:
        self.hear(PreVote(term=term, round=9, last=last))

    def ask(self, *, term: int = 3, last: EntryId = GOOD, is_transfer: bool = False) -> None:
        self.hear(RequestVote(term=term, last=last, is_transfer=is_transfer))

    def hear_leader(self, message: AppendEntries | InstallSnapshot, at: Micros = NOW) -> bool:
        return self.checker.leader_spoke(self.node, CANDIDATE, message, at)

    def follow(self, *, heard_at: Micros) -> None:
        self.status.heard_at = heard_at
        self.hear_leader(heartbeat(term=2), heard_at)

    def would(self, *, granted: bool) -> None:
        self.say(PreVoteResponse(term=2, round=9, vote_granted=granted))

    def votes(self, *, granted: bool) -> None:
        self.status.current_term = max(self.status.current_term, 3)
        self.say(RequestVoteResponse(term=self.status.current_term, vote_granted=granted))

    def say(self, message: Message) -> None:
        self.checker.answered(self.node, Send(CANDIDATE, message))

    def end_event(self) -> None:
        self.checker.considered(self.node)


@pytest.fixture
def voter() -> Voter:
    return Voter()


def heartbeat(term: int) -> AppendEntries:
    return AppendEntries(term=term, prev=BEFORE_LOG, entries=(), leader_commit=0, round=1)


def chunk(term: int) -> InstallSnapshot:
    mark = SnapshotMark(configuration=voters(1), size_bytes=1)
    return InstallSnapshot(term=term, transfer=1, snapshot=mark, offset=0, data=b"x")


# --- pre-votes ---------------------------------------------------------------------------


def test_a_free_voter_would_have_a_candidate_whose_log_is_not_behind(voter: Voter) -> None:
    voter.sound_out()

    voter.would(granted=True)
    voter.end_event()


def test_and_says_so(voter: Voter) -> None:
    voter.sound_out()

    with pytest.raises(PropertyViolated, match="id1 refuses 7; nothing stands against it"):
        voter.would(granted=False)


@pytest.mark.parametrize("last", [EntryId(1, 9), EntryId(2, 1)], ids=["older", "shorter"])
def test_a_log_that_is_behind_must_not_win(voter: Voter, last: EntryId) -> None:
    voter.sound_out(last=last)

    with pytest.raises(PropertyViolated, match="its log ends with"):
        voter.would(granted=True)


def test_a_log_that_is_behind_is_a_reason(voter: Voter) -> None:
    voter.sound_out(last=EntryId(1, 9))

    voter.would(granted=False)
    voter.end_event()


def test_a_term_that_is_over_is_not_asked_for(voter: Voter) -> None:
    voter.sound_out(term=1)
    voter.would(granted=False)
    voter.sound_out(term=1)

    with pytest.raises(PropertyViolated, match="its term is over"):
        voter.would(granted=True)


def test_a_promise_binds(voter: Voter) -> None:
    voter.owed_until = NOW + 5
    voter.sound_out()

    with pytest.raises(PropertyViolated, match="has promised a lease, for 5 µs more"):
        voter.would(granted=True)


def test_who_says_that_it_is_bound_may_refuse(voter: Voter) -> None:
    voter.sound_out()
    voter.status.promised_until = NOW + 1

    voter.would(granted=False)


def test_who_follows_a_live_leader_disturbs_nobody(voter: Voter) -> None:
    voter.follow(heard_at=NOW - PATIENCE_US + 1)
    voter.sound_out()
    voter.would(granted=False)
    voter.sound_out()

    with pytest.raises(PropertyViolated, match="follows a leader that is alive"):
        voter.would(granted=True)


def test_a_leader_that_was_not_heard_for_long_binds_nobody(voter: Voter) -> None:
    voter.follow(heard_at=NOW - PATIENCE_US)
    voter.sound_out()

    voter.would(granted=True)


def test_a_leader_elects_nobody(voter: Voter) -> None:
    voter.status.role = RoleName.LEADER
    voter.sound_out()
    voter.would(granted=False)
    voter.sound_out()

    with pytest.raises(PropertyViolated, match="the voter leads"):
        voter.would(granted=True)


def test_what_nobody_was_seen_to_ask_is_not_judged(voter: Voter) -> None:
    voter.would(granted=True)


def test_of_two_answers_that_are_late_each_may_be_the_first(voter: Voter) -> None:
    voter.status.writes_outstanding = 1
    voter.status.role = RoleName.LEADER
    voter.sound_out()
    voter.end_event()
    voter.status.role = RoleName.FOLLOWER
    voter.sound_out()

    voter.would(granted=True)
    voter.would(granted=False)


# --- votes -------------------------------------------------------------------------------


def test_a_vote_for_a_later_term_is_given(voter: Voter) -> None:
    voter.ask()

    voter.votes(granted=True)
    voter.end_event()


def test_a_vote_that_is_free_is_given_in_the_same_term_too(voter: Voter) -> None:
    voter.ask(term=2)

    with pytest.raises(PropertyViolated, match="nothing stands against it"):
        voter.votes(granted=False)


def test_a_vote_is_given_once(voter: Voter) -> None:
    voter.status.voted_for = NodeId(8)
    voter.ask(term=2)
    voter.votes(granted=False)
    voter.status.current_term = 2
    voter.ask(term=2)

    with pytest.raises(PropertyViolated, match="another one has the vote"):
        voter.votes(granted=True)


def test_who_sounds_the_others_out_need_not_vote_in_its_term(voter: Voter) -> None:
    voter.status.role = RoleName.PRE_CANDIDATE
    voter.ask(term=2)

    voter.votes(granted=False)


def test_a_candidate_of_an_earlier_term_is_refused(voter: Voter) -> None:
    voter.ask(term=1)
    voter.votes(granted=False)
    voter.ask(term=1)

    with pytest.raises(PropertyViolated, match="its term is over"):
        voter.votes(granted=True)


def test_a_bound_voter_does_not_even_answer(voter: Voter) -> None:
    voter.follow(heard_at=NOW - 1)
    voter.ask()

    voter.end_event()


def test_nor_votes(voter: Voter) -> None:
    voter.follow(heard_at=NOW - 1)
    voter.ask()

    with pytest.raises(PropertyViolated, match="follows a leader that is alive"):
        voter.votes(granted=True)


def test_a_promise_binds_in_the_term_itself_too(voter: Voter) -> None:
    voter.owed_until = voter.status.promised_until = NOW + 1
    voter.ask(term=2)
    voter.votes(granted=False)
    voter.status.current_term = 2
    voter.ask(term=2)

    with pytest.raises(PropertyViolated, match="has promised a lease"):
        voter.votes(granted=True)


def test_whom_the_leader_sends_is_bound_by_nothing(voter: Voter) -> None:
    voter.owed_until = voter.status.promised_until = NOW + 1
    voter.follow(heard_at=NOW - 1)
    voter.ask(is_transfer=True)

    voter.votes(granted=True)


def test_and_must_not_be_ignored(voter: Voter) -> None:
    voter.status.promised_until = NOW + 1
    voter.ask(is_transfer=True)

    with pytest.raises(PropertyViolated, match="id1 says nothing to 7"):
        voter.end_event()


def test_who_is_free_ignores_nobody(voter: Voter) -> None:
    voter.ask()

    with pytest.raises(PropertyViolated, match="says nothing"):
        voter.end_event()


# --- answers -----------------------------------------------------------------------------


def test_who_asks_is_answered(voter: Voter) -> None:
    voter.sound_out()

    with pytest.raises(PropertyViolated, match="answers neither yes nor no"):
        voter.end_event()


def test_an_answer_may_wait_for_the_disk(voter: Voter) -> None:
    voter.status.writes_outstanding = 1
    voter.sound_out(term=1)

    voter.end_event()
    with pytest.raises(PropertyViolated, match="its term is over"):
        voter.would(granted=True)


def test_whose_disk_hangs_listens_to_nobody(voter: Voter) -> None:
    voter.status.disk_has_hung = True
    voter.sound_out(term=1)

    voter.end_event()
    voter.would(granted=True)


def test_in_another_life_old_questions_are_forgotten(voter: Voter) -> None:
    voter.status.writes_outstanding = 1
    voter.sound_out(term=1)
    voter.end_event()

    voter.checker.started(voter.node)

    voter.would(granted=True)


@pytest.mark.parametrize("speak", [heartbeat, chunk])
def test_a_leader_of_an_earlier_term_is_told(voter: Voter, speak: type) -> None:
    assert voter.hear_leader(speak(1))

    with pytest.raises(PropertyViolated, match="answers neither"):
        voter.end_event()


@pytest.mark.parametrize(
    "answer",
    [
        AppendEntriesResponse(term=2, round=0, match_index=0),
        InstallSnapshotResponse(term=2, transfer=1, next_offset=0),
    ],
)
def test_and_that_is_all_that_it_is_told(voter: Voter, answer: Message) -> None:
    voter.hear_leader(heartbeat(1))
    voter.checker.told_of_term(voter.node, Send(NodeId(3), answer))
    voter.checker.told_of_term(voter.node, Send(CANDIDATE, answer))

    voter.end_event()


def test_whose_disk_hangs_does_not_tell(voter: Voter) -> None:
    voter.status.disk_has_hung = True
    voter.hear_leader(heartbeat(1))

    voter.end_event()


def test_the_leader_of_the_term_is_not_waited_for(voter: Voter) -> None:
    assert not voter.hear_leader(heartbeat(2))

    voter.end_event()
