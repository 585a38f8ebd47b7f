"""State machine safety: if a node has applied an entry at an index, no other node
ever applies a different one there (figure 3.2).

And its consequences: only what is committed, and durable on the node itself, is applied, one
index after the other, and the state machines' contents at equal indexes are equal.
"""

from collections.abc import Sequence

from leto.raft.entries import Entry
from leto.raft.types import Index, NodeId
from leto_sim.checkers.forcings import Forcing
from leto_sim.checkers.ledger import Ledger
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

STATE_MACHINE_SAFETY = "state machine safety"


class StateMachineSafety:
    """Remembers the first application of every entry, and each content that was seen."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._applied: dict[Index, Entry] = {}
        self._at: dict[NodeId, Index] = {}
        self._contents: dict[Index, bytes] = {}

    def entry_at(self, index: Index) -> Entry | None:
        """The entry that was applied there; None if nobody has come so far."""
        return self._applied.get(index)

    def started(self, node: Observed) -> None:
        """A new life: the state machine is empty."""
        self._at[node.node_id] = 0

    def forced(self, forcing: Forcing) -> None:
        """What is void may be applied otherwise."""
        for index in [index for index in self._applied if forcing.is_void(index)]:
            del self._applied[index]
        for index in [index for index in self._contents if forcing.is_void(index)]:
            del self._contents[index]

    def applied(self, node: Observed, entries: Sequence[Entry]) -> None:
        """The node's state machine has applied these entries."""
        at = self._at[node.node_id]
        for entry in entries:
            index = entry.id.index
            if index != at + 1:
                raise _violation(node, f"applies {entry.id} after index {at}")
            at = index
            first = self._applied.get(index)
            if first is None:
                if self._ledger.id_at(index) != entry.id:
                    raise _violation(node, f"applies {entry.id}, which is not committed")
                self._applied[index] = entry
            elif first is not entry and first != entry:
                raise _violation(node, f"applies {entry.id}, where others applied {first.id}")
        if not node.platter.holds(entries[-1].id):
            raise _violation(node, f"applies {entries[-1].id}, which is not durable here")
        self._at[node.node_id] = at

    def has_content(self, node: Observed, index: Index, content: bytes) -> None:
        """The node's state machine holds this as of `index`."""
        if self._contents.setdefault(index, content) != content:
            raise _violation(node, f"as of {index} holds something else than another node")

    def restored(self, node: Observed, index: Index, content: bytes) -> None:
        """The node's state machine was replaced by a snapshot as of `index`."""
        self.has_content(node, index, content)
        self._at[node.node_id] = index


def _violation(node: Observed, what: str) -> PropertyViolated:
    return PropertyViolated(STATE_MACHINE_SAFETY, f"{node.name} {what}", node=node.name)
