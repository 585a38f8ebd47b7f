"""A state machine is deterministic: the same commands in the same order return the
same results and lead to the same content, on every node and in each of its lives.

Every entry is applied on several nodes, and again after restarts; what a snapshot
covers is restored instead. So whoever differs applied something that depends on
more than the commands, or was restored from a snapshot that does not hold all.
"""

import attrs

from leto.raft.types import Index
from leto_sim.checkers.forcings import Forcing
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

DETERMINISM = "the state machine is deterministic"
NEVER_RAISES = "the state machine never raises"
_SHOWN_MAX = 160


@attrs.define
class _First:
    """How an entry was applied when it was for the first time."""

    result: bytes
    content: bytes | None  # afterwards; None if nobody looked
    node: str


class Determinism:
    """Remembers what each entry returned, and what it led to, when it was first applied."""

    def __init__(self) -> None:
        self._firsts: dict[tuple[Index, int], _First] = {}

    def forced(self, forcing: Forcing) -> None:
        """Other commands come to stand where some are void."""
        for place in [place for place in self._firsts if forcing.is_void(place[0])]:
            del self._firsts[place]

    def performed(
        self,
        node: Observed,
        index: Index,
        command: bytes,
        result: bytes,
        content: bytes | None,
        *,
        nth: int = 0,  # of the commands in that entry
    ) -> None:
        """The node's state machine has applied a command."""
        place = index, nth
        first = self._firsts.get(place)
        if first is None:
            self._firsts[place] = _First(result, content, node.name)
        elif first.result != result:
            explanation = _contrast(node, first, "returned", first.result, result)
            raise _violation(node, index, command, explanation)
        elif content is not None and first.content is not None and first.content != content:
            explanation = _contrast(node, first, "led to", first.content, content)
            raise _violation(node, index, command, explanation)


def _contrast(node: Observed, first: _First, verb: str, before: bytes, now: bytes) -> str:
    once = "earlier" if first.node == node.name else f"on {first.node}"
    return f"{verb} {shown(now, before)} on {node.name}, and {shown(before, now)} {once}"


def shown(content: bytes, other: bytes = b"") -> str:
    """The bytes for the eyes; of long ones the part where they begin to differ from the other."""
    if len(content) <= _SHOWN_MAX:
        return repr(content)
    pairs = enumerate(zip(content, other, strict=False))
    differs_at = next((at for at, (ours, theirs) in pairs if ours != theirs), len(other))
    start = max(0, min(differs_at, len(content)) - _SHOWN_MAX // 4)
    piece = content[start : start + _SHOWN_MAX]
    return f"{len(content)} bytes, from {start} on {piece!r}"


def _violation(node: Observed, index: Index, command: bytes, what: str) -> PropertyViolated:
    explanation = f"entry {index}, {shown(command)}, {what}"
    return PropertyViolated(DETERMINISM, explanation, node=node.name)
