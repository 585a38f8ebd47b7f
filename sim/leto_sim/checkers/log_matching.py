"""Log matching: if two logs contain an entry with the same index and term, then
the logs are identical in all entries up through that index (figure 3.2).

By induction that is the same as: whatever the log, an entry of that index and term
has the same content and the same predecessor. That much is checked, for each
entry that reaches a disk; and that terms do not fall from one entry to the next (§3.5,
§3.6.1: who has the later last entry would not be more up to date).
"""

from typing import TYPE_CHECKING

from leto.raft.actions import Write
from leto_sim.checkers.forcings import Forcing
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

if TYPE_CHECKING:
    from leto.raft.entries import Entry
    from leto.raft.types import EntryId

LOG_MATCHING = "log matching"


class LogMatching:
    """Remembers every entry that was ever durable anywhere, with its predecessor."""

    def __init__(self) -> None:
        self._entries: dict[tuple[int, int], tuple[Entry, EntryId | None]] = {}

    def forced(self, forcing: Forcing) -> None:
        """The entries of terms that only the lost nodes knew are nobody's any more."""
        for key in [key for key in self._entries if forcing.is_new(key[0])]:
            del self._entries[key]

    def became_durable(self, node: Observed, write: Write) -> None:
        """Entries reach the disk. `node.platter` is still as it was before the write."""
        if not write.entries:
            return
        previous = node.platter.log.id_at(write.entries[0].id.index - 1)
        for entry in write.entries:
            key = (entry.id.term, entry.id.index)
            known = self._entries.setdefault(key, (entry, previous))
            if known[0] is not entry and known[0] != entry:
                raise PropertyViolated(
                    LOG_MATCHING, f"two different entries {entry.id}", node=node.name
                )
            if known[1] is not previous and known[1] != previous:
                raise PropertyViolated(
                    LOG_MATCHING,
                    f"{entry.id} follows {previous} here, and {known[1]} elsewhere",
                    node=node.name,
                )
            if previous is not None and entry.id.term < previous.term:
                raise PropertyViolated(
                    LOG_MATCHING, f"{entry.id} follows {previous}: terms fall", node=node.name
                )
            previous = entry.id
