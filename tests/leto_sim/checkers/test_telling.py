"""Who follows answers its leader at once."""

import pytest

from leto.raft.actions import RoleName, Send
from leto.raft.entries import HardState, SnapshotMark
from leto.raft.events import MessageReceived
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    InstallSnapshot,
    InstallSnapshotResponse,
    Message,
)
from leto.raft.types import EntryId, Index, NodeId, Seq
from leto_sim.checkers.moment import Moment
from leto_sim.checkers.telling import TELLS_AT_ONCE, Telling
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, entry, node_with_log, voters

LEADER = NodeId(2)


class Stage:
    """A follower in term 1, which has answered its leader once."""

    def __init__(self) -> None:
        self.moment = Moment()
        self.seq = Seq(0)
        self.telling = Telling(self.moment)
        self.node: StandingNode = node_with_log(1, 1)
        self.telling.started(self.node)
        self.answer(1)

    def answer(self, number: int, match_index: Index = 1, term: int = 1) -> None:
        response = AppendEntriesResponse(term=term, round=number, match_index=match_index)
        self.telling.sent(self.node, Send(LEADER, response))

    def hear(self, number: int, *indexes: Index, appends: bool = False, term: int = 1) -> None:
        message = AppendEntries(
            term=term,
            round=number,
            prev=EntryId(1, 1),
            entries=tuple(entry(1, index) for index in indexes),
            leader_commit=0,
        )
        if appends:
            self.node.memory.entries.extend(message.entries)
            self.telling.appended(self.node)
        self.tell(message)

    def tell(self, message: Message) -> None:
        self.moment.shown += 1
        self.node.status.heard_at = self.moment.shown
        self.telling.heard(self.node, MessageReceived(LEADER, message))

    def write(self, durable_index: Index) -> None:
        self.node.status.durable_index = durable_index
        self.seq += 1
        self.telling.written(self.node, self.seq)

    def promise(self, seq: Seq, term: int = 1, voted_for: NodeId | None = None) -> None:
        self.node.status.current_term, self.node.status.voted_for = term, voted_for
        promise = HardState(current_term=term, voted_for=voted_for)
        self.telling.promised(self.node, seq, promise)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_new_round_is_answered(stage: Stage) -> None:
    stage.hear(1)
    stage.answer(2)
    stage.hear(2)

    with pytest.raises(PropertyViolated, match="id1 does not answer round 3"):
        stage.hear(3)


def test_whose_vote_is_not_durable_yet_may_have_to_wait(stage: Stage) -> None:
    stage.promise(1, voted_for=LEADER)

    stage.hear(2)
    stage.write(1)

    with pytest.raises(PropertyViolated, match="id1 does not answer round 2"):
        stage.hear(2)


def test_what_is_said_as_a_term_becomes_durable_says_nothing_of_a_later_vote(stage: Stage) -> None:
    stage.promise(1, term=2)
    stage.promise(2, term=2, voted_for=LEADER)
    stage.write(1)
    stage.answer(1, term=2)

    stage.hear(2, term=2)


def test_a_promise_that_says_nothing_new_is_not_waited_for(stage: Stage) -> None:
    stage.promise(1)

    with pytest.raises(PropertyViolated, match="id1 does not answer round 2"):
        stage.hear(2)


def test_a_durable_term_is_answered_from_its_first_round_on(stage: Stage) -> None:
    stage.promise(1, term=2)
    stage.write(1)

    with pytest.raises(PropertyViolated, match="id1 does not answer round 1"):
        stage.hear(1, term=2)


def test_who_does_not_listen_owes_nothing(stage: Stage) -> None:
    mark = SnapshotMark(configuration=voters(1), size_bytes=1)

    stage.tell(InstallSnapshot(term=1, transfer=1, snapshot=mark, offset=0, data=b"x"))
    stage.node.status.disk_has_hung = True
    stage.hear(2)


def test_what_has_become_durable_is_told(stage: Stage) -> None:
    stage.hear(1, 2, 3, appends=True)
    stage.write(1)

    with pytest.raises(PropertyViolated, match="id1 has 2 on its disk, and has told 1"):
        stage.write(2)
    stage.answer(1, 2)
    stage.write(2)
    with pytest.raises(PropertyViolated, match=TELLS_AT_ONCE):
        stage.write(9)
    stage.telling.sent(
        stage.node,
        Send(LEADER, InstallSnapshotResponse(term=1, transfer=1, next_offset=1, match_index=3)),
    )
    stage.write(9)


def test_what_was_there_before_or_did_not_fit_is_not_owed(stage: Stage) -> None:
    stage.hear(1, 2)
    stage.telling.appended(stage.node)
    stage.hear(1, 2)

    stage.write(9)


def test_who_plays_another_role_since_owes_nothing(stage: Stage) -> None:
    stage.hear(1, 2, appends=True)

    stage.node.status.role = RoleName.PRE_CANDIDATE
    stage.write(2)
    stage.node.status.role = RoleName.FOLLOWER
    stage.telling.changed(stage.node)

    stage.write(2)


def test_in_another_term_it_begins_anew(stage: Stage) -> None:
    stage.hear(1, 2, appends=True)
    stage.node.status.current_term = 2

    stage.write(2)
    stage.answer(7, term=1)
    stage.answer(1, term=2)

    stage.write(2)


def test_where_lives_are_not_shown_nobody_is_judged(stage: Stage) -> None:
    stage.telling = Telling(stage.moment)

    stage.telling.appended(stage.node)
    stage.telling.changed(stage.node)
    stage.answer(1)
