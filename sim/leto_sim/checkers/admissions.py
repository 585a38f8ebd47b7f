"""What the disk once proved of admission stays known.

Responsible for what a removed node has to know when it is started again: that it was a member.
Else it would take its removal for an admission that was lost, and ask for another one. Its
disk proves it by the hard state, by the configuration of its snapshot, or by one in its log
that is committed for certain: a leader proposes the next one only then (§4.1, the erratum).
An operator's forced configuration follows whatever the log holds, and so proves nothing.

Looked at where a write may take a proof away, and where a node starts.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from leto.raft.actions import Write
from leto.raft.configuration import Configuration
from leto.raft.entries import Entry, SnapshotMark
from leto.raft.types import Index
from leto_sim.checkers.observed import Observed
from leto_sim.platter import Platter
from leto_sim.result import PropertyViolated

STAYS_KNOWN = "what the disk once proved of admission stays known"


def check_admission_kept(node: Observed, write: Write) -> None:
    """A write is about to be durable that may take a proof away."""
    before = node.platter
    if not _proves(node, before.hard_state.was_admitted, _standing(before)):
        return
    flag = (write.hard_state or before.hard_state).was_admitted
    if not _proves(node, flag, _standing_after(before, write)):
        raise PropertyViolated(
            STAYS_KNOWN,
            f"{node.name} forgets by write {write.seq} that it was a member",
            node=node.name,
        )


def check_admission_known(node: Observed) -> None:
    """A node starts a life: it knows what its disk proves."""
    platter = node.platter
    is_proved = _proves(node, platter.hard_state.was_admitted, _standing(platter))
    if is_proved and not node.status.was_admitted:
        raise PropertyViolated(
            STAYS_KNOWN,
            f"{node.name} starts, and does not know that it was a member",
            node=node.name,
        )


_Standing = Sequence[tuple[Index, Configuration]]


def _proves(node: Observed, flag: bool, standing: _Standing) -> bool:  # noqa: FBT001
    return flag or any(c.member(node.node_id) is not None for c in _certain(standing))


def _certain(standing: _Standing) -> Iterable[Configuration]:
    """Those that must be committed: the first, and all before one that a leader proposed."""
    until = max(
        (before for (before, _), (_, after) in pairwise(standing) if not after.is_forced),
        default=-1,
    )
    return [c for at, (index, c) in enumerate(standing) if at == 0 or index <= until]


def _standing(platter: Platter) -> _Standing:
    return _behind(platter.snapshot, platter.log.entries)


def _standing_after(platter: Platter, write: Write) -> _Standing:
    kept: Sequence[Entry] = platter.log.entries
    if write.truncate_from is not None:
        kept = [entry for entry in kept if entry.id.index < write.truncate_from]
    return _behind(write.snapshot or platter.snapshot, (*kept, *write.entries))


def _behind(mark: SnapshotMark | None, entries: Iterable[Entry]) -> _Standing:
    first = mark.last_included.index if mark is not None else 0
    standing = [(first, mark.configuration if mark is not None else Configuration())]
    standing += [
        (entry.id.index, entry.payload)
        for entry in entries
        if type(entry.payload) is Configuration and entry.id.index > first
    ]
    return standing
