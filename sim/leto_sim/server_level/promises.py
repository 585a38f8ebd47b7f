"""What clients were told of their writes, held against what was applied.

Responsible for the fate of every write that bears a token of its own: an
acknowledged one is in the log, once; one that was certainly refused never is; and
nothing is there that no client sent. The log is read as bytes: a token is looked
for in what the entries carry, so that no code of the server has to be believed.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from re import compile as pattern
from typing import Final

from leto.raft.entries import Command, Entry
from leto.raft.types import Index
from leto_sim.result import PropertyViolated
from leto_sim.server_level.chapters import Cut
from leto_sim.server_level.fold import stamp_of
from leto_sim.server_level.session_log import SessionLog

ACKNOWLEDGED_SURVIVES: Final = "acknowledged writes survive"
REFUSED_NEVER_APPLIED: Final = "refused writes are never applied"
NOTHING_INVENTED: Final = "only what was asked for is applied, once"
_TOKEN: Final = pattern(rb"<[a-z0-9.]+>")


class Fate(Enum):
    """What a client knows of its write."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "certainly not applied"
    UNKNOWN = "unknown"


class Promises:
    """The writes with tokens, by token. A token is `<...>`, and nobody uses it twice."""

    def __init__(self) -> None:
        self.sessions = SessionLog()
        self._fates: dict[bytes, Fate] = {}
        self._applied: dict[bytes, Index] = {}
        self._places: dict[bytes, int] = {}
        self._lives_ms: dict[bytes, int] = {}
        self._due_ms: dict[bytes, int] = {}  # of those that were applied
        # Acknowledged, and not seen in the log: a server answers as it applies, and
        # says what it has applied a moment later.
        self._owed: dict[bytes, None] = {}
        self._read_until: Index = 0
        self._void: dict[bytes, None] = {}  # were applied, and given up with a quorum
        self._read: list[tuple[Index, int, bytes]] = []  # when, in the clients' history
        self.place: Callable[[], int] = int  # the latest in that history

    def asked(self, token: bytes, life_ms: int = 0) -> None:
        """A client is about to send this write, of something that lives so long, or for ever."""
        self.check_token(token)
        assert token not in self._fates, f"{token!r} is used twice"
        self._fates[token] = Fate.OPEN
        if life_ms:
            self._lives_ms[token] = life_ms

    def told(self, token: bytes, fate: Fate) -> None:
        """The client has learnt this."""
        self._fates[token] = fate
        index = self._applied.get(token)
        if fate is Fate.ACKNOWLEDGED and index is None and token not in self._void:
            self._owed[token] = None
        if fate is Fate.REFUSED and (index is not None or token in self._void):
            raise PropertyViolated(
                REFUSED_NEVER_APPLIED, f"{token!r} was refused, and is applied at {index}"
            )

    def applied(self, entries: Iterable[Entry]) -> None:
        """Some node has applied these. Of each index the first application is read."""
        for entry in entries:
            if entry.id.index > self._read_until:
                self._read_until = entry.id.index
                data = entry.payload.data if isinstance(entry.payload, Command) else b""
                self._read.append((entry.id.index, self.place(), data))
                if data:
                    self.note_sessions(data)
                    self._note_tokens(entry.id.index, data)

    def forced(self, agreed: Index) -> Cut:
        """What lies beyond that index is given up, with a quorum."""
        at = self.place()
        void = frozenset(token for token, index in self._applied.items() if index > agreed)
        first_void = next((place for index, place, _ in self._read if index > agreed), at)
        cut = Cut(at=at, known_until=first_void, applied=frozenset(self._applied), void=void)
        for token in sorted(void):
            for memory in (self._applied, self._places, self._due_ms):
                memory.pop(token, None)
            self._void[token] = None
        self._read = [read for read in self._read if read[0] <= agreed]
        self._read_until = min(self._read_until, agreed)
        self.sessions.forced([data for _, _, data in self._read if data])
        return cut

    def settle(self) -> None:
        """Everything has been applied that ever will be."""
        for token in self._owed:
            raise PropertyViolated(
                ACKNOWLEDGED_SURVIVES, f"{token!r} was acknowledged, and nobody has applied it"
            )

    def may_be_applied(self, argument: bytes) -> bool:
        """Whether a write of this argument was applied; if it bears no token, perhaps."""
        token = _TOKEN.match(argument)
        return token is None or token.group() in self._applied

    def place_of(self, token: bytes) -> int | None:
        """Which of all tokens in the log it is; None if nobody has applied it."""
        return self._places.get(token)

    def due_ms(self, token: bytes) -> int | None:
        """By the log's time: when what was written is to be gone; None if never, or not applied."""
        return self._due_ms.get(token)

    def check_token(self, token: bytes) -> None:
        """It is one."""
        assert _TOKEN.fullmatch(token), token

    def tokens_in(self, data: bytes) -> Sequence[bytes]:
        """Those in an entry's data."""
        return _TOKEN.findall(data)

    def note_sessions(self, data: bytes) -> None:
        """An entry is read for the first time: what does it say of sessions?"""
        self.sessions.read(data)

    def _note_tokens(self, index: Index, data: bytes) -> None:
        for token in self.tokens_in(data):
            fate = self._fates.get(token)
            if fate is None:
                raise PropertyViolated(NOTHING_INVENTED, f"nobody asked for {token!r}")
            if fate is Fate.REFUSED:
                raise PropertyViolated(
                    REFUSED_NEVER_APPLIED, f"{token!r} was refused, and is applied at {index}"
                )
            if token in self._applied or token in self._void:
                raise PropertyViolated(
                    NOTHING_INVENTED,
                    f"{token!r} is applied at {index}, after {self._applied.get(token)}",
                )
            self._applied[token] = index
            self._places[token] = len(self._places)
            if token in self._lives_ms:
                self._due_ms[token] = self.sessions.stamp_ms + self._lives_ms[token]
            self._owed.pop(token, None)


class UnheardPromises(Promises):
    """Of writes that nobody tells anything of: whatever the log says is nobody's promise."""

    def tokens_in(self, data: bytes) -> Sequence[bytes]:
        """What looks like one is somebody's value."""
        del data
        return ()

    def note_sessions(self, data: bytes) -> None:
        """Only the time is noted."""
        self.sessions.stamp_ms = max(self.sessions.stamp_ms, stamp_of(data))
