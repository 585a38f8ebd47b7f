"""Who was a member once, by what its disk proves, knows it for good."""

import attrs
import pytest

from leto.raft.actions import Write
from leto.raft.configuration import Configuration
from leto.raft.entries import Entry, HardState, SnapshotMark
from leto.raft.types import EntryId, Index, NodeId
from leto_sim.checkers.admissions import (
    STAYS_KNOWN,
    check_admission_kept,
    check_admission_known,
)
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, entry, voters

FORCED = attrs.evolve(voters(3), is_forced=True)
ADMITTED, REMOVED = HardState(was_admitted=True), HardState()


def mark(index: Index, configuration: Configuration) -> SnapshotMark:
    return SnapshotMark(last_included=EntryId(1, index), configuration=configuration)


def node_of(founding: Configuration | None, *configurations: Configuration) -> StandingNode:
    """Node 1, with a log of these configurations behind the founding one."""
    node = StandingNode(NodeId(1))
    node.platter.snapshot = mark(0, founding) if founding is not None else None
    node.platter.log.entries = [
        Entry(EntryId(1, index), configuration)
        for index, configuration in enumerate(configurations, 1)
    ]
    return node


@pytest.mark.parametrize(
    "node",
    [
        node_of(voters(1, 2)),
        node_of(voters(2), voters(1, 2), voters(2)),
        node_of(None, voters(1, 2), voters(2)),
        node_of(voters(2), voters(1, 2), FORCED, voters(2, 3)),
    ],
    ids=["snapshot", "log", "newcomer", "behind a forced one"],
)
def test_who_starts_knows_what_its_disk_proves(node: StandingNode) -> None:
    node.status.was_admitted = True
    check_admission_known(node)
    node.status.was_admitted = False

    with pytest.raises(PropertyViolated, match=STAYS_KNOWN):
        check_admission_known(node)


@pytest.mark.parametrize(
    "node",
    [
        node_of(voters(2)),
        node_of(voters(2), voters(1, 2)),
        node_of(voters(2), voters(1, 2), FORCED),
        node_of(None),
    ],
    ids=["stranger", "last", "before a forced one", "blank"],
)
def test_what_the_disk_does_not_prove_need_not_be_known(node: StandingNode) -> None:
    check_admission_known(node)


def test_a_flag_on_the_disk_proves_it() -> None:
    node = node_of(voters(2))
    node.platter.hard_state = ADMITTED

    with pytest.raises(PropertyViolated, match="id1 starts, and does not know"):
        check_admission_known(node)


FORGETTING = [
    Write(seq=7, snapshot=mark(9, voters(2))),
    Write(seq=7, truncate_from=1, snapshot=mark(9, voters(2))),
    Write(seq=7, truncate_from=2),
    Write(seq=7, truncate_from=2, entries=(entry(2, 2),)),
]


@pytest.mark.parametrize("write", FORGETTING, ids=["named", "replaced", "truncated", "overwritten"])
def test_a_write_takes_no_proof_away(write: Write) -> None:
    node = node_of(voters(2), voters(1, 2), voters(2))

    with pytest.raises(PropertyViolated, match="id1 forgets by write 7 that it was a member"):
        check_admission_kept(node, write)


@pytest.mark.parametrize("write", FORGETTING)
def test_it_may_put_the_flag_in_its_place(write: Write) -> None:
    node = node_of(voters(2), voters(1, 2), voters(2))

    check_admission_kept(node, attrs.evolve(write, hard_state=ADMITTED))


@pytest.mark.parametrize(
    "write",
    [
        Write(seq=7, truncate_from=3),
        Write(seq=7, snapshot=mark(1, voters(1, 2))),
        Write(seq=7, truncate_from=2, entries=(Entry(EntryId(2, 2), voters(1, 2, 3)),)),
    ],
    ids=["truncated behind it", "named in time", "another in its place"],
)
def test_or_leave_a_proof(write: Write) -> None:
    check_admission_kept(node_of(voters(2), voters(1, 2), voters(2), voters(2, 3)), write)


def test_the_flag_is_never_taken_back() -> None:
    node = node_of(voters(2))
    node.platter.hard_state = ADMITTED

    check_admission_kept(node, Write(seq=7, hard_state=attrs.evolve(ADMITTED, current_term=4)))

    with pytest.raises(PropertyViolated, match=STAYS_KNOWN):
        check_admission_kept(node, Write(seq=7, hard_state=REMOVED))


def test_who_was_never_admitted_has_nothing_to_forget() -> None:
    check_admission_kept(node_of(voters(2), voters(1, 2)), Write(seq=7, truncate_from=1))
