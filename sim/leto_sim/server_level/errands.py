"""What simulated clients may ask a server for, and what they make of its answers.

Responsible for the meaning of replies: an answer, a refusal (certainly not
applied), or an unknown outcome; and for writing each down, in the history
(`leto_sim.server_level.history`) that is judged at the end of a run and among the promises
that are judged at once. Which errands a client has is `leto_sim.server_level.random_errands`;
how they travel, `leto_sim.server_level.resp_client`.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

import attrs

from leto.resp import ErrorReply, Reply, Simple
from leto_sim.lincheck import strings
from leto_sim.lincheck.strings import KeyCommand, KeyReply, Verb
from leto_sim.result import PropertyViolated
from leto_sim.server_level.history import History
from leto_sim.server_level.promises import Fate, Promises
from leto_sim.server_level.resp_client import ONE_REPLY

_REFUSALS: Final = ("not leader ", "MISCONF ", "CLUSTERDOWN ", "LOADING ", "BUSY ")
_UNKNOWN: Final = "UNKNOWN "
LOST: Final = ErrorReply("UNKNOWN the connection was lost")
BEAR_TOKENS: Final = (Verb.SET, Verb.APPEND)  # tuples: a member's hash is computed in Python
"""Writes whose argument tells them from all others."""
_COUNT: Final = (Verb.DEL, Verb.INCR, Verb.APPEND)


def fate_of(reply: Reply) -> Fate:
    """What a reply says of the command: whether it was carried out."""
    if not isinstance(reply, ErrorReply):
        return Fate.ACKNOWLEDGED
    if reply.message.startswith(_REFUSALS):
        return Fate.REFUSED
    return Fate.UNKNOWN if reply.message.startswith(_UNKNOWN) else Fate.ACKNOWLEDGED


@attrs.frozen(eq=False)
class KeyErrand:
    """An operation on one key that is written into the history."""

    key: bytes
    command: KeyCommand
    history: History
    promises: Promises
    token: bytes | None = None  # in the argument of a write that can be told from others
    ended: Callable[[Fate, KeyReply], None] | None = None
    client: str = ""

    def __attrs_post_init__(self) -> None:
        self.history.invoked(self)
        if self.token is not None:
            self.promises.asked(self.token)

    @property
    def arguments(self) -> tuple[bytes, ...]:
        """The command as it is sent."""
        verb = self.command.verb
        first = (verb.value.encode(), self.key)
        return (*first, self.command.argument) if verb in BEAR_TOKENS else first

    def answered(self, reply: Reply) -> None:
        """The server's one reply."""
        fate = fate_of(reply)
        if self.command.verb is Verb.GET and fate is Fate.UNKNOWN:
            raise PropertyViolated(ONE_REPLY, f"a read is answered {reply!r}")
        result = _as_key_reply(self.command.verb, reply) if fate is Fate.ACKNOWLEDGED else None
        self._ended(fate, result)

    def lost(self) -> None:
        """Nobody will ever know."""
        self._ended(Fate.UNKNOWN)

    def _ended(self, fate: Fate, result: KeyReply = None) -> None:
        if self.token is not None:
            is_error = isinstance(result, strings.ErrorReply)
            self.promises.told(self.token, Fate.UNKNOWN if is_error else fate)
        self.history.ended(self, fate, result)
        if self.ended is not None:
            self.ended(fate, result)


def _as_key_reply(verb: Verb, reply: Reply) -> KeyReply:
    """The reply in the model's words; a shape that the command never has is an answer to another."""
    match reply:
        case ErrorReply(message=message):
            return strings.ErrorReply(message)
        case Simple(text=text) if verb is Verb.SET:
            return text.encode()
        case bytes() | None if verb is Verb.GET:
            return reply
        case int() if verb in _COUNT:
            return reply
        case _:
            raise PropertyViolated(ONE_REPLY, f"{verb.value} is answered {reply!r}")


@attrs.frozen(eq=False)
class EchoErrand:
    """A command whose one right answer is known: an answer to another command shows."""

    text: bytes

    @property
    def arguments(self) -> tuple[bytes, ...]:
        """The command as it is sent."""
        return (b"ECHO", self.text)

    def answered(self, reply: Reply) -> None:
        """The server's one reply."""
        if reply != self.text and fate_of(reply) is not Fate.REFUSED:
            raise PropertyViolated(ONE_REPLY, f"ECHO {self.text!r} is answered {reply!r}")

    def lost(self) -> None:
        """It does not matter."""


@attrs.frozen(eq=False)
class ExpiringErrand:
    """A write that is to vanish by itself."""

    key: bytes
    token: bytes
    life_ms: int
    promises: Promises

    def __attrs_post_init__(self) -> None:
        self.promises.asked(self.token, self.life_ms)

    @property
    def arguments(self) -> tuple[bytes, ...]:
        """The command as it is sent."""
        return (b"SET", self.key, self.token, b"PX", b"%d" % self.life_ms)

    def answered(self, reply: Reply) -> None:
        """The server's one reply."""
        self.promises.told(self.token, fate_of(reply))

    def lost(self) -> None:
        """Nobody will ever know."""
        self.promises.told(self.token, Fate.UNKNOWN)


@attrs.frozen(eq=False)
class Question:
    """Any command, for whoever wants its reply. A lost one is heard as unknown."""

    arguments: tuple[bytes, ...]
    heard: Callable[[Reply], None]

    def answered(self, reply: Reply) -> None:
        """The server's one reply."""
        self.heard(reply)

    def lost(self) -> None:
        """Nobody will ever know."""
        self.heard(LOST)


AnyErrand: TypeAlias = KeyErrand | EchoErrand | ExpiringErrand | Question
