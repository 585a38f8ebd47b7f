"""The ledger of committed entries, and that each stays what it is.

Responsible for knowing which entries are committed: those below the highest commit
index that any node claimed, as that node's log had them. Other checkers read it.
"""

from collections.abc import Sequence

from leto.raft.actions import Write
from leto.raft.types import BEFORE_LOG, EntryId, Index, Term
from leto_sim.checkers.forcings import Forcing
from leto_sim.checkers.observed import Observed
from leto_sim.platter import LogImage
from leto_sim.result import PropertyViolated

COMMITTED_FOR_EVER = "committed entries stay"


class Ledger:
    """Every committed entry's id, by index; `BEFORE_LOG` at index 0."""

    def __init__(self) -> None:
        self._ids: list[EntryId] = [BEFORE_LOG]
        self._terms: list[Term] = [0]  # that of whoever was the first to take each for committed

    @property
    def last(self) -> EntryId:
        """The last entry that is known to be committed."""
        return self._ids[-1]

    def id_at(self, index: Index) -> EntryId | None:
        """The committed entry at that index; None if there is none yet."""
        return self._ids[index] if index < len(self._ids) else None

    def commit_advanced(self, node: Observed) -> Sequence[EntryId]:
        """The node knows more entries to be committed: returns those nobody knew of."""
        commit_index = node.status.commit_index
        known = self.id_at(commit_index)
        if known is not None:
            if not node.memory.holds(known):
                here = node.memory.id_at(commit_index)
                raise PropertyViolated(
                    COMMITTED_FOR_EVER,
                    f"{node.name} takes {here} for committed, where {known} is",
                    node=node.name,
                )
            return ()
        fresh = [entry.id for entry in node.memory.between(self.last.index, commit_index)]
        if not fresh or fresh[0].index != self.last.index + 1 or fresh[-1].index != commit_index:
            raise PropertyViolated(
                COMMITTED_FOR_EVER,
                f"{node.name} takes {commit_index} for committed, and does not have it",
                node=node.name,
            )
        self._ids.extend(fresh)
        self._terms.extend([node.status.current_term] * len(fresh))
        return fresh

    def agreement(self, log: LogImage) -> Index:
        """The last committed entry that the log holds, at the same place. O(those that it lacks)."""
        index = min(log.last.index, self.last.index)
        while index > log.before_log.index and log.id_at(index) != self._ids[index]:
            index -= 1
        return index

    def forced(self, forcing: Forcing) -> None:
        """What the forced log lacks was committed once, and is no more."""
        del self._ids[forcing.agreed + 1 :]
        del self._terms[forcing.agreed + 1 :]

    def write_issued(self, node: Observed, write: Write) -> None:
        """A log must not lose what is committed. `node.memory` is as before the write.

        But in an earlier term it may: who leads that one was elected without the entry, and
        the node is of no quorum that holds it (figure 3.7).
        """
        index = write.truncate_from
        if index is None or write.snapshot is not None:
            return  # what a snapshot replaces it also contains
        known = self.id_at(index)
        if known is None or node.memory.id_at(index) != known:
            return
        status = node.status
        if index <= status.commit_index or status.current_term >= self._terms[index]:
            raise PropertyViolated(
                COMMITTED_FOR_EVER, f"{node.name} drops {known} from its log", node=node.name
            )
