"""A client alone with its keys, whose every answer is known beforehand.

Responsible for sending commands of all kinds, in both versions of the protocol, as arrays
and as lines that a human types; and for holding each answer against what Redis'
documentation says of it (`leto_sim.server_level.redis_model`). Nobody else touches its
keys, so no order has to be searched for. When it cannot know what became of a command,
it turns to a new page: to keys that nobody has ever used.
"""

from collections.abc import Sequence
from random import Random
from typing import Final

import attrs

from leto.resp import ErrorReply, MapReply, Reply, encode_request
from leto_sim.result import PropertyViolated
from leto_sim.server_level.errands import fate_of
from leto_sim.server_level.lone_words import draw_words
from leto_sim.server_level.promises import Fate
from leto_sim.server_level.redis_model import Keys, fits, outcomes
from leto_sim.server_level.reply_shapes import NEUTRAL, ReplyShapes
from leto_sim.server_level.resp_client import ONE_REPLY, Errand

MEANING: Final = "a command does what its words say"
KEYS_OF_A_PAGE: Final = 4
READS: Final = frozenset(b"GET STRLEN MGET EXISTS TOUCH TTL PTTL TYPE KEYS SCAN DBSIZE".split())
_OWN_ANSWERS: Final = (b"HELLO", b"READONLY", b"READWRITE", b"RESET")
_WORLDS_MAX: Final = 32
_INLINE_SHARE: Final = 0.2
_READER_SHARE: Final = 0.3
_PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.*-")


@attrs.frozen(eq=False)
class LoneErrand:
    """One command of a lone client."""

    arguments: tuple[bytes, ...]
    client: "LoneClient"
    page: int
    is_inline: bool

    @property
    def data(self) -> bytes:
        """As it is sent."""
        if not self.is_inline:
            return encode_request(self.arguments)
        return b" ".join(map(_quoted, self.arguments)) + b"\r\n"

    def answered(self, reply: Reply) -> None:
        """The server's one reply."""
        self.client.answered(self, reply)

    def lost(self) -> None:
        """Nobody will ever know."""
        self.client.forget(self)


class LoneClient:
    """What one such client asks, and what it knows."""

    def __init__(self, name: str, pipeline_max: int, rng: Random) -> None:
        self.is_over = False
        self._name = name
        self._pipeline_max = pipeline_max
        self._rng = rng
        self._page = 0
        self._worlds: list[Keys] = [{}]  # what its keys may hold
        self.connected()

    def __call__(self) -> Sequence[LoneErrand]:
        """The next pipeline."""
        if self.is_over:
            return ()
        reads_only = self._rng.random() < _READER_SHARE
        names = [f"{self._name}.{self._page}.{n}".encode() for n in range(KEYS_OF_A_PAGE)]
        pattern = f"{self._name}.{self._page}.*".encode()
        pipeline: list[LoneErrand] = []
        for _ in range(self._rng.randint(1, self._pipeline_max)):
            words = draw_words(self._rng, names, pattern, reads_only=reads_only)
            is_inline = self._rng.random() < _INLINE_SHARE
            pipeline.append(LoneErrand(words, self, self._page, is_inline))
        return pipeline

    # --- what travels ----------------------------------------------------------------------

    def connected(self) -> None:
        """A new connection: as good as new."""
        self._protocol = 2
        self._is_stale = False
        self._shapes = ReplyShapes()
        self._protocols: list[int] = []

    def encode(self, errand: Errand) -> bytes:
        """A command, as it is sent."""
        assert isinstance(errand, LoneErrand), "it has no other errands"
        return errand.data

    def overheard(self, data: bytes) -> None:
        """What the server sent, before it is read."""
        self._protocols.extend(self._shapes.feed(data))

    # --- what it learns --------------------------------------------------------------------

    def forced(self) -> None:
        """A quorum is given up: what was acknowledged may be void, and it stops."""
        self.is_over = True
        self._turn_page()

    def forget(self, errand: LoneErrand) -> None:
        """Nobody knows what became of it."""
        if errand.page == self._page and not _is_read(errand.arguments):
            self._turn_page()

    def answered(self, errand: LoneErrand, reply: Reply) -> None:
        """The server's one reply."""
        words, fate = errand.arguments, fate_of(reply)
        self._protocols_agree(words, reply)
        if words[0].upper() in _OWN_ANSWERS:
            self._connection_changed(words, reply)
        elif fate is Fate.UNKNOWN:
            if _is_read(words):
                raise PropertyViolated(ONE_REPLY, f"{self._name}: a read is answered {reply!r}")
            self.forget(errand)
        elif fate is Fate.REFUSED or errand.page != self._page:
            pass
        elif not (self._is_stale and _is_read(words)):
            self._compare(words, reply)

    def _compare(self, words: Sequence[bytes], reply: Reply) -> None:
        after: list[Keys] = []
        expected = [outcome for world in self._worlds for outcome in outcomes(world, words)]
        for said, keys in expected:
            if fits(said, reply) and keys not in after:
                after.append(keys)
        if not after:
            wanted = " or ".join(dict.fromkeys(repr(said) for said, _ in expected))
            asked = b" ".join(words)
            raise PropertyViolated(
                MEANING, f"{self._name}: {asked!r} is answered {reply!r}, not {wanted}"
            )
        self._worlds = after
        if len(after) > _WORLDS_MAX:
            self._turn_page()

    def _turn_page(self) -> None:
        self._page += 1
        self._worlds = [{}]

    def _connection_changed(self, words: Sequence[bytes], reply: Reply) -> None:
        if isinstance(reply, ErrorReply):
            raise PropertyViolated(MEANING, f"{self._name}: {words[0]!r} is answered {reply!r}")
        match words[0].upper():
            case b"READONLY":
                self._is_stale = True
            case b"READWRITE":
                self._is_stale = False
            case b"RESET":
                self._is_stale, self._protocol = False, 2
            case _:
                pass  # HELLO: `_protocols_agree` has seen to it

    def _protocols_agree(self, words: Sequence[bytes], reply: Reply) -> None:
        """Whether the reply is written as was agreed on."""
        written = self._protocols.pop(0)
        if words[0].upper() == b"HELLO":
            self._protocol = int(words[1])
            if isinstance(reply, MapReply) != (self._protocol == 3):  # noqa: PLR2004
                written = 5 - self._protocol
        if written not in {NEUTRAL, self._protocol}:
            raise PropertyViolated(
                ONE_REPLY,
                f"{self._name}: {words[0]!r} is answered in RESP{written}, not {self._protocol}",
            )


def _is_read(words: Sequence[bytes]) -> bool:
    return words[0].upper() in READS


def _quoted(word: bytes) -> bytes:
    """A word of a line: as it is, or between quotes."""
    if word and _PLAIN.issuperset(word):
        return word
    return b'"' + b"".join(b"\\x%02x" % byte for byte in word) + b'"'
