"""What a snapshot leaves of the log is what the settings say (§5.1.2).

Responsible for the entries that a node keeps behind its own snapshot, for followers that were
away for a moment: as many as the settings allow by number and by weight, and not one more. A
snapshot that came from a leader replaces the log, and leaves nothing.
"""

from leto.raft import Config
from leto.raft.actions import Write
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

TRAILS_AS_SET = "behind a snapshot so much is kept as the settings say"


def check_trailing(node: Observed, write: Write, config: Config) -> None:
    """The node names a snapshot. `node.memory` is as before the write."""
    mark = write.snapshot
    assert mark is not None, "only those writes are shown here"
    if write.truncate_from is not None:
        return
    first, last = mark.before_log.index, mark.last_included.index
    kept = node.memory.between(first, last)
    size_bytes = sum(entry.size_bytes for entry in kept)
    if len(kept) > config.trailing_entries or size_bytes > config.trailing_bytes:
        raise _violation(node, f"keeps {len(kept)} entries of {size_bytes} bytes")
    for entry in node.memory.between(first - 1, first):
        has_room = size_bytes + entry.size_bytes <= config.trailing_bytes
        if has_room and len(kept) < config.trailing_entries:
            raise _violation(node, f"keeps {len(kept)} entries, and drops {entry.id}")


def _violation(node: Observed, what: str) -> PropertyViolated:
    return PropertyViolated(TRAILS_AS_SET, f"{node.name} {what}", node=node.name)
