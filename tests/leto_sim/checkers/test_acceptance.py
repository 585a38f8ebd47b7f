"""A node takes on what it may, and refuses what it must not, and only that."""

import pytest

from leto.raft import Config
from leto.raft.actions import Answer, Refusal, Refused, RoleName, Transferred, Unknown, Write
from leto.raft.entries import Entry, Noop
from leto.raft.events import TransferRequested
from leto.raft.types import EntryId, Index, NodeId
from leto_sim.checkers.acceptance import (
    REFUSES_TRULY,
    TAKES_WHAT_IT_MAY,
    TRANSFERS_END,
    TRANSFERS_TRULY,
    Acceptance,
)
from leto_sim.checkers.moment import Moment
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, entry, node_with_log, voters

WEIGHT = entry(1, 1).size_bytes
CONFIG = Config(
    uncommitted_bytes_max=3 * WEIGHT,
    election_timeout_min_us=100,
    election_timeout_max_us=200,
    heartbeat_interval_us=20,
)


class Stage:
    """A leader in term 2, with one uncommitted entry of term 1."""

    def __init__(self) -> None:
        self.moment = Moment()
        self.acceptance = Acceptance(CONFIG, self.moment)
        self.node: StandingNode = node_with_log(1, 1)
        self.node.status.role, self.node.status.current_term = RoleName.LEADER, 2
        self.acceptance.started(self.node)

    def append(self, *entries: Entry) -> None:
        self.acceptance.write_issued(self.node, Write(seq=1, entries=entries))
        self.node.memory.entries.extend(entries)

    def propose(self, count: int = 1) -> None:
        after = self.node.memory.last_index
        self.append(*[entry(2, after + number) for number in range(1, count + 1)])

    def refuse(self, refusal: Refusal, *, committed: Index = 0) -> None:
        self.acceptance.answered(self.node, Answer(1, Refused(refusal)), committed)

    def begin_transfer(self) -> None:
        self.acceptance.asked_to_transfer(self.node, TransferRequested(7))


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_commands_are_taken_up_to_the_quota_and_beyond_by_one_batch(stage: Stage) -> None:
    stage.propose(2)
    stage.propose(9)

    with pytest.raises(PropertyViolated, match=f"beyond {12 * WEIGHT} uncommitted bytes"):
        stage.propose()
    stage.refuse(Refusal.TOO_MUCH_UNCOMMITTED)


def test_what_is_committed_leaves_room(stage: Stage) -> None:
    stage.propose(11)

    stage.node.status.commit_index = 9

    with pytest.raises(PropertyViolated, match=REFUSES_TRULY):
        stage.refuse(Refusal.TOO_MUCH_UNCOMMITTED, committed=9)
    stage.propose()


def test_what_the_refusing_event_commits_leaves_no_room_before_it(stage: Stage) -> None:
    stage.propose(11)

    stage.node.status.commit_index = 9

    stage.refuse(Refusal.TOO_MUCH_UNCOMMITTED, committed=1)


def test_a_full_disk_takes_no_commands_but_what_is_rafts_own(stage: Stage) -> None:
    stage.acceptance.told_of_room(stage.node, has_room=False)

    stage.append(Entry(EntryId(2, 2), Noop()))
    stage.refuse(Refusal.DISK_FULL)
    with pytest.raises(PropertyViolated, match=TAKES_WHAT_IT_MAY):
        stage.propose()
    stage.node.status.role = RoleName.FOLLOWER
    with pytest.raises(PropertyViolated, match="id1 takes commands on a full disk"):
        stage.propose()


def test_a_follower_takes_what_it_is_sent(stage: Stage) -> None:
    stage.node.status.role = RoleName.FOLLOWER

    stage.propose(99)


def test_who_hands_over_takes_no_commands(stage: Stage) -> None:
    stage.begin_transfer()

    stage.refuse(Refusal.TRANSFER_PENDING)
    with pytest.raises(PropertyViolated, match="id1 appends something while it hands over"):
        stage.propose()
    stage.acceptance.answered(stage.node, Answer(7, Unknown()), 0)
    stage.propose()


@pytest.mark.parametrize("refusal", [Refusal.DISK_FULL, Refusal.TRANSFER_PENDING])
def test_who_refuses_says_why_truly(stage: Stage, refusal: Refusal) -> None:
    with pytest.raises(PropertyViolated, match=f"id1 refuses: {refusal.value}"):
        stage.refuse(refusal)


def test_other_reasons_are_not_looked_into(stage: Stage) -> None:
    stage.refuse(Refusal.CANNOT_LEAD)


def test_a_transfer_ends_in_time(stage: Stage) -> None:
    stage.acceptance.timer_fired(stage.node)
    stage.begin_transfer()

    stage.moment.shown = 220
    stage.acceptance.timer_fired(stage.node)
    stage.moment.shown = 221

    with pytest.raises(PropertyViolated, match=TRANSFERS_END):
        stage.acceptance.timer_fired(stage.node)
    stage.node.status.role = RoleName.FOLLOWER
    stage.acceptance.timer_fired(stage.node)


def test_who_hands_over_changes_no_configuration(stage: Stage) -> None:
    stage.begin_transfer()

    stage.append(Entry(EntryId(2, 2), Noop()))
    with pytest.raises(PropertyViolated, match=TAKES_WHAT_IT_MAY):
        stage.append(Entry(EntryId(2, 3), voters(1, 2)))


def test_the_timer_that_gives_a_transfer_up_may_change_it(stage: Stage) -> None:
    stage.begin_transfer()

    stage.acceptance.timer_fires(stage.node)
    stage.append(Entry(EntryId(2, 2), voters(1, 2)))
    stage.acceptance.answered(stage.node, Answer(7, Unknown()), 0)

    stage.acceptance.timer_fired(stage.node)


def test_a_transfer_is_refused_only_if_nobody_was_asked(stage: Stage) -> None:
    refused = Answer(7, Refused(Refusal.TIMED_OUT))
    stage.begin_transfer()
    stage.acceptance.answered(stage.node, refused, 0)
    stage.begin_transfer()
    stage.acceptance.asked_another(stage.node)

    with pytest.raises(PropertyViolated, match=TRANSFERS_TRULY):
        stage.acceptance.answered(stage.node, refused, 0)


def test_a_second_transfer_is_refused_whoever_was_asked_for_the_first(stage: Stage) -> None:
    stage.begin_transfer()
    stage.acceptance.asked_another(stage.node)

    stage.acceptance.asked_to_transfer(stage.node, TransferRequested(8))

    stage.acceptance.answered(stage.node, Answer(8, Refused(Refusal.TRANSFER_PENDING)), 0)


def test_one_transfer_asks_once(stage: Stage) -> None:
    stage.begin_transfer()
    stage.acceptance.asked_another(stage.node)
    stage.acceptance.answered(stage.node, Answer(7, Transferred(NodeId(2))), 0)
    stage.begin_transfer()
    stage.acceptance.asked_another(stage.node)

    with pytest.raises(PropertyViolated, match="id1 asks twice in one transfer"):
        stage.acceptance.asked_another(stage.node)


def test_only_who_is_asked_or_stays_full_hands_over(stage: Stage) -> None:
    with pytest.raises(PropertyViolated, match="id1 asks another to lead, and nobody wants it"):
        stage.acceptance.asked_another(stage.node)
    stage.acceptance.told_of_room(stage.node, has_room=False)
    stage.moment.shown = CONFIG.election_timeout_max_us - 1
    stage.acceptance.told_of_room(stage.node, has_room=False)
    with pytest.raises(PropertyViolated, match=TRANSFERS_TRULY):
        stage.acceptance.asked_another(stage.node)
    with pytest.raises(PropertyViolated, match=REFUSES_TRULY):
        stage.refuse(Refusal.TRANSFER_PENDING)

    stage.moment.shown = CONFIG.election_timeout_max_us

    stage.refuse(Refusal.TRANSFER_PENDING)
    stage.acceptance.asked_another(stage.node)


def test_what_a_full_disk_has_begun_goes_on_when_there_is_room_again(stage: Stage) -> None:
    stage.acceptance.told_of_room(stage.node, has_room=False)
    stage.moment.shown = CONFIG.election_timeout_max_us
    stage.acceptance.told_of_room(stage.node, has_room=True)
    stage.acceptance.told_of_room(stage.node, has_room=True)

    stage.acceptance.asked_another(stage.node)
    stage.moment.shown *= 3

    with pytest.raises(PropertyViolated, match=TRANSFERS_TRULY):
        stage.acceptance.asked_another(stage.node)


def test_where_lives_are_not_shown_nobody_is_judged(stage: Stage) -> None:
    stage.acceptance = Acceptance(CONFIG, Moment())

    stage.propose(99)
    stage.propose(99)
    stage.refuse(Refusal.DISK_FULL)
