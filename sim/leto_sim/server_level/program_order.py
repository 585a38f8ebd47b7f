"""What one client did, in the order in which it asked for it.

Responsible for keys that are only ever SET, to values that are told from each other: there
each value has a place in the log, and a client that is answered must not see its past
again. A history's order allows more (`leto_sim.lincheck`): commands of one pipeline overlap,
and so may take effect in any order; but not for whoever sent them one after the other.

Invariants that are checked, of what was answered:
    1. Writes take effect in the order in which they were asked for.
    2. A read sees the client's own earlier writes, and whatever its earlier reads saw, or
       something later; but no write that the client asked for after it.
    3. A stale read (READONLY) sees what earlier reads of the same pipeline, at the same
       server, have seen, or something later.
"""

from collections.abc import Callable
from enum import Enum
from re import compile as pattern
from typing import Final

import attrs

from leto_sim.result import PropertyViolated

OWN_WRITES: Final = "a client's commands take effect in its order"
_TOKEN: Final = pattern(rb"<[a-z0-9.]+>")
_NOWHERE: Final = -1


class Kind(Enum):
    """What was asked for."""

    WRITE = "write"
    READ = "read"
    STALE_READ = "stale read"


@attrs.define(eq=False)
class Act:
    """A command, as the client knows it."""

    key: bytes
    kind: Kind
    pipeline: int
    token: bytes | None = None  # what is written, or was read; None: nothing
    is_answered: bool = False

    def answered(self, value: bytes | None) -> None:
        """The reply has come; `value` is what was read or written."""
        found = None if value is None else _TOKEN.match(value)
        self.token = None if found is None else found.group()
        self.is_answered = True


class ProgramOrder:
    """One client's acts."""

    def __init__(self, client: str) -> None:
        self._client = client
        self._acts: dict[bytes, list[Act]] = {}  # by key

    def asked(self, key: bytes, kind: Kind, pipeline: int, token: bytes | None = None) -> Act:
        """The client is about to send this."""
        act = Act(key, kind, pipeline, token)
        self._acts.setdefault(key, []).append(act)
        return act

    def check(self, place_of: Callable[[bytes], int | None]) -> None:
        """Holds them against the log: `place_of` says where a token is in it."""
        for acts in self._acts.values():
            self._check_key(acts, place_of)

    def _check_key(self, acts: list[Act], place_of: Callable[[bytes], int | None]) -> None:
        seen = _NOWHERE  # the latest place that earlier acts showed
        seen_here, pipeline = _NOWHERE, 0  # the same, in one pipeline
        asked_later = {act.token for act in acts if act.kind is Kind.WRITE}
        for act in acts:
            if act.pipeline != pipeline:
                seen_here, pipeline = _NOWHERE, act.pipeline
            if act.kind is Kind.WRITE:
                asked_later.discard(act.token)
            if not act.is_answered:
                continue
            place = _NOWHERE if act.token is None else place_of(act.token)
            if place is None:
                continue  # of what is in no log others complain
            least = seen_here if act.kind is Kind.STALE_READ else seen
            if place < least or (act.kind is not Kind.WRITE and act.token in asked_later):
                raise PropertyViolated(
                    OWN_WRITES, f"{self._client}: {act.kind.value} of {act.token!r} out of order"
                )
            seen, seen_here = max(seen, place), max(seen_here, place)
