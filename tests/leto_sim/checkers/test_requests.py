"""Each request gets one answer, and the answer is true."""

import pytest

from leto.raft.actions import (
    Answer,
    Committed,
    Outcome,
    Readable,
    Refusal,
    Refused,
    SnapshotDone,
    Unknown,
)
from leto.raft.entries import Entry, Noop
from leto.raft.events import (
    ChangeRequested,
    CommandsProposed,
    Proposal,
    ReadPolicy,
    ReadRequested,
    SnapshotRequested,
    TimerFired,
    TransferRequested,
)
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from leto_sim.checkers.ledger import Ledger
from leto_sim.checkers.requests import Requested, Requests, request_ids_of
from leto_sim.checkers.state_machine_safety import StateMachineSafety
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, entry, forcing, node_with_log, voters

FIRST = EntryId(1, 1)
REFUSED = Refused(Refusal.NOT_LEADER)


class Desk:
    """One node whose log holds two committed entries, and the checker."""

    def __init__(self, *, trusts_clocks: bool = True) -> None:
        self.node: StandingNode = node_with_log(1, 1, 1)
        self.node.status.commit_index = self.node.status.last_applied = 2
        ledger = Ledger()
        ledger.commit_advanced(self.node)
        self.safety = StateMachineSafety(ledger)
        self.safety.started(self.node)
        self.requests = Requests(self.safety, trusts_clocks=trusts_clocks)

    def propose(self, request_id: int, data: bytes) -> None:
        event = CommandsProposed((Proposal(request_id, data),))
        self.requests.requested(self.node, event)

    def read(self, request_id: int) -> None:
        self.requests.requested(self.node, ReadRequested(request_id))

    def apply(self, applied: Entry) -> None:
        self.safety.applied(self.node, [applied])
        self.requests.applied(self.node, [applied])

    def answer(self, request_id: int, outcome: Outcome) -> None:
        self.requests.answered(self.node, Answer(request_id, outcome))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_proposal_is_answered_once_it_is_applied(desk: Desk) -> None:
    desk.propose(1, b"a")
    assert [(1, 1)] == desk.requests.open_requests

    desk.apply(entry(1, 1, b"a"))
    desk.answer(1, Committed(FIRST))

    assert [] == desk.requests.open_requests


@pytest.mark.parametrize("outcome", [SnapshotDone(BEFORE_LOG), Unknown()])
def test_some_answers_promise_nothing_that_could_be_checked(desk: Desk, outcome: Outcome) -> None:
    desk.requests.requested(desk.node, SnapshotRequested(1))

    desk.answer(1, outcome)


def test_a_second_answer_is_a_violation(desk: Desk) -> None:
    desk.propose(1, b"a")
    desk.answer(1, Unknown())

    with pytest.raises(PropertyViolated, match=r"exactly one answer.*which nobody asks"):
        desk.answer(1, Unknown())


def test_an_answer_by_another_node_is_a_violation(desk: Desk) -> None:
    desk.propose(1, b"a")

    with pytest.raises(PropertyViolated, match="which nobody asks"):
        desk.requests.answered(node_with_log(2), Answer(1, Unknown()))


def test_a_dead_node_owes_no_answer(desk: Desk) -> None:
    desk.propose(1, b"a")

    desk.requests.ended(desk.node)

    assert [] == desk.requests.open_requests


def test_an_acknowledged_write_that_was_not_applied_is_a_violation(desk: Desk) -> None:
    desk.propose(1, b"a")

    with pytest.raises(PropertyViolated, match=r"acknowledged writes survive.*applied is None"):
        desk.answer(1, Committed(FIRST))


def test_an_answer_that_names_anothers_entry_is_a_violation(desk: Desk) -> None:
    desk.propose(1, b"a")
    desk.propose(2, b"b")
    desk.apply(entry(1, 1, b"b"))

    with pytest.raises(PropertyViolated, match="acknowledges another proposal with 1@1"):
        desk.answer(1, Committed(FIRST))


def test_a_refused_write_that_is_applied_is_a_violation(desk: Desk) -> None:
    desk.propose(1, b"a")
    desk.answer(1, REFUSED)

    with pytest.raises(PropertyViolated, match="applies 1@1, which was refused"):
        desk.apply(entry(1, 1, b"a"))


def test_refusing_what_is_applied_is_a_violation(desk: Desk) -> None:
    desk.propose(1, b"a")
    desk.apply(entry(1, 1, b"a"))

    with pytest.raises(PropertyViolated, match="refuses what is applied: 1@1"):
        desk.answer(1, REFUSED)


def test_a_refused_read_is_nothing_to_remember(desk: Desk) -> None:
    desk.read(1)

    desk.answer(1, REFUSED)


def test_what_nobody_proposed_must_not_be_applied(desk: Desk) -> None:
    with pytest.raises(PropertyViolated, match="applies 1@1, which nobody proposed"):
        desk.apply(entry(1, 1, b"a"))


def test_a_proposal_must_not_be_applied_twice(desk: Desk) -> None:
    desk.propose(1, b"a")
    desk.apply(entry(1, 1, b"a"))

    with pytest.raises(PropertyViolated, match="applies 2@1 again, after 1@1"):
        desk.apply(entry(1, 2, b"a"))


def test_what_others_applied_before_is_applied_here_too(desk: Desk) -> None:
    desk.propose(1, b"a")
    desk.apply(entry(1, 1, b"a"))
    other = node_with_log(2)
    desk.safety.started(other)

    desk.requests.applied(other, [entry(1, 1, b"a")])


def test_entries_without_commands_were_not_proposed(desk: Desk) -> None:
    desk.apply(Entry(FIRST, Noop()))


def test_a_read_sees_what_was_acknowledged_before(desk: Desk) -> None:
    desk.propose(1, b"a")
    desk.apply(entry(1, 1, b"a"))
    desk.answer(1, Committed(FIRST))
    desk.read(2)

    with pytest.raises(PropertyViolated, match=r"reads see.* id1 reads at 0; 1 was told"):
        desk.answer(2, Readable(0))


def test_a_read_need_not_see_what_is_acknowledged_meanwhile(desk: Desk) -> None:
    desk.propose(1, b"a")
    desk.apply(entry(1, 1, b"a"))
    desk.read(2)
    desk.answer(1, Committed(FIRST))

    desk.answer(2, Readable(0))


def test_a_read_before_its_index_is_applied_is_a_violation(desk: Desk) -> None:
    desk.read(1)

    with pytest.raises(PropertyViolated, match="reads at 3 before applying it"):
        desk.answer(1, Readable(3))


@pytest.mark.parametrize("trusts_clocks", [True, False])
def test_a_read_by_lease_may_be_old_only_where_clocks_are_not_trusted(
    trusts_clocks: bool,  # noqa: FBT001
) -> None:
    desk = Desk(trusts_clocks=trusts_clocks)
    desk.propose(1, b"a")
    desk.apply(entry(1, 1, b"a"))
    desk.answer(1, Committed(FIRST))
    for number in (2, 3, 4):
        desk.read(number)

    desk.answer(2, Readable(0, ReadPolicy.STALE))
    with pytest.raises(PropertyViolated, match="reads see"):
        desk.answer(3, Readable(0, ReadPolicy.LEASE if trusts_clocks else ReadPolicy.INDEX))
    if not trusts_clocks:
        desk.answer(4, Readable(0, ReadPolicy.LEASE))


def test_who_leads_no_more_owes_an_answer_only_to_what_is_committed(desk: Desk) -> None:
    desk.node.status.last_applied = 1
    desk.node.memory.entries[1] = entry(1, 2, b"committed")
    desk.propose(1, b"committed")
    desk.requests.taken(CommandsProposed((Proposal(1, b"committed"),)))
    desk.read(2)

    desk.requests.deposed(desk.node)


@pytest.mark.parametrize(
    "event",
    [
        CommandsProposed((Proposal(1, b"lost"),)),
        ChangeRequested(1, ()),
        TransferRequested(1),
    ],
)
def test_who_leads_no_more_and_keeps_silent_is_in_violation(desk: Desk, event: Requested) -> None:
    desk.requests.requested(desk.node, event)
    desk.requests.deposed(desk.node)  # a slow one, which does not know of it yet
    desk.requests.taken(event)

    desk.requests.deposed(StandingNode(NodeId(9)))
    with pytest.raises(PropertyViolated, match="id1 leads no more, and owes 1 an answer"):
        desk.requests.deposed(desk.node)


def test_a_change_that_is_committed_is_answered_when_it_is_applied(desk: Desk) -> None:
    desk.node.status.last_applied = 1
    desk.node.memory.entries[1] = Entry(EntryId(1, 2), voters(1))
    change = ChangeRequested(1, ())
    desk.requests.requested(desk.node, change)
    desk.requests.taken(change)

    desk.requests.deposed(desk.node)


def test_what_was_acknowledged_and_is_void_need_not_be_read() -> None:
    desk = Desk()
    desk.propose(1, b"x")
    desk.requests.applied(desk.node, [entry(1, 1)])
    desk.safety.applied(desk.node, [entry(1, 1), entry(1, 2)])
    desk.requests.answered(desk.node, Answer(1, Committed(EntryId(1, 2))))
    desk.requests.requested(desk.node, ReadRequested(2))

    desk.requests.forced(forcing(agreed=1))
    desk.requests.requested(desk.node, ReadRequested(3))

    for request_id in (2, 3):
        desk.requests.answered(desk.node, Answer(request_id, Readable(1)))
    assert () == tuple(desk.requests.open_requests)


def test_who_fails_owes_nobody_an_answer() -> None:
    desk = Desk()
    desk.propose(1, b"x")

    with pytest.raises(PropertyViolated, match="id1 fails, and owes 1 an answer"):
        desk.requests.failed(desk.node, ())


def test_who_fails_owes_nothing_to_whom_it_has_not_heard() -> None:
    desk = Desk()
    desk.propose(1, b"x")

    desk.requests.failed(desk.node, {1})
    desk.requests.failed(StandingNode(NodeId(2)), ())


def test_what_is_asked_for_in_events() -> None:
    proposed = CommandsProposed((Proposal(1, b"x"), Proposal(2, b"y")))

    found = request_ids_of([proposed, TransferRequested(3), TimerFired()])

    assert {1, 2, 3} == found
