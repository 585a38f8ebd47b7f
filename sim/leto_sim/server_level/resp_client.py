"""A simulated client that speaks RESP over streams: one program, one connection.

Responsible for the wire side of a client: it dials a node, sends what its errands
ask in pipelines, matches replies with requests in order, follows `not leader`,
gives up waiting, and comes back. What is asked, and what an answer means, is the
errands' business (`leto_sim.server_level.errands`).

Invariants:
    1. Each errand that was sent ends once: with its reply, or lost.
    2. A reply that answers nothing is a violation of the server's promise.
"""

from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import Final, Protocol

import attrs

from leto.raft.types import Micros
from leto.resp import ErrorReply, Reply, ReplyParser, encode_request
from leto.server.world import (
    BytesReceived,
    ClockTicked,
    Close,
    ConnectionClosed,
    ConnectionDialled,
    ConnectionId,
    Dial,
    DialFailed,
    DialId,
    Fact,
    Order,
    PauseReading,
    ResumeReading,
    Transmit,
)
from leto_sim.result import PropertyViolated
from leto_sim.server_level.farewells import draw_farewell

ONE_REPLY: Final = "exactly one reply to each command, in order"
LEAVE_WHEN_REFUSED: Final = 0.5
NOT_LEADER: Final = "not leader "


class Asker(Protocol):
    """Somebody who wants to know how it went."""

    def answered(self, reply: Reply) -> None:
        """The server's one reply."""
        ...

    def lost(self) -> None:
        """Nobody will ever know: the connection ended, or patience did."""
        ...


class Errand(Asker, Protocol):
    """One command, and its asker."""

    @property
    def arguments(self) -> tuple[bytes, ...]:
        """The command as it is sent."""
        ...


class Wire(Protocol):
    """How somebody's commands travel, and what it overhears of what comes back."""

    def connected(self) -> None:
        """There is a new connection."""
        ...

    def encode(self, errand: Errand) -> bytes:
        """A command, as it is sent."""
        ...

    def overheard(self, data: bytes) -> None:
        """What the server sent, before it is read."""
        ...


class PlainWire:
    """Commands are arrays, as programs send them."""

    def connected(self) -> None:
        """One is like the other."""

    def encode(self, errand: Errand) -> bytes:
        """A command, as it is sent."""
        return encode_request(errand.arguments)

    def overheard(self, data: bytes) -> None:
        """Nobody listens."""


@attrs.frozen(kw_only=True)
class Manners:
    """How a client behaves."""

    think_us: Micros = 2_000  # on average, before the next pipeline
    patience_us: Micros = 6_000_000  # longer than any server may take
    retry_us: Micros = 100_000  # on average, before dialling again
    hurry_chance: float = 0.1  # of sending more before the last pipeline was answered
    leave_chance: float = 0.01  # of going to another node after a pipeline
    abandon_chance: float = 0.0  # of hanging up in the middle of a pipeline
    doze_chance: float = 0.0  # of not reading for a while
    farewell_chance: float = 0.0  # of leaving behind a pipeline: with QUIT, or with rubbish
    outstanding_max: int = 32
    follows: bool = True  # whom it is sent to; or it stays where it is


class RespClient:
    """Does errands, pipeline after pipeline, at one of several addresses."""

    def __init__(
        self,
        addresses: Sequence[str],
        errands: Callable[[], Sequence[Errand]],
        rng: Random,
        manners: Manners,
        wire: Wire | None = None,
    ) -> None:
        self._wire = PlainWire() if wire is None else wire
        self._addresses = addresses
        self._errands = errands  # what to send next; nothing for "not now"
        self._rng = rng
        self._manners = manners
        self._target = rng.choice(addresses)
        self._last_dial = 0
        self._connection: ConnectionId | None = None
        self._is_dialling = False
        self._parser = ReplyParser()
        self._outstanding: deque[tuple[Asker, Micros]] = deque()
        self._act_at: Micros | None = 0
        self._is_dozing = False
        self._is_leaving = False  # the server is to close
        self._orders: list[Order] = []
        self._now: Micros = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing that was sent waits for its reply."""
        return not self._outstanding

    @property
    def deadline(self) -> Micros | None:
        """When to act, or to lose patience."""
        act_at = self._act_at
        if not self._outstanding:
            return act_at
        patient_until = self._outstanding[0][1] + self._manners.patience_us
        return patient_until if act_at is None else min(act_at, patient_until)

    def handle(self, fact: Fact, now: Micros, unix_ms: int) -> Sequence[Order]:
        """Take in one fact."""
        del unix_ms
        self._now = now
        match fact:
            case ClockTicked():
                pass  # as most often; what is due is done in any case
            case ConnectionDialled(dial=dial, connection=connection):
                self._dialled(dial, connection)
            case DialFailed(dial=dial):
                self._dial_failed(dial)
            case BytesReceived(connection=connection, data=data):
                if connection == self._connection:
                    self._received(data)
            case ConnectionClosed(connection=connection):
                if connection == self._connection:
                    self._connection = None
                    self._go_elsewhere()
            case _:
                pass
        self._act_if_due()
        orders, self._orders = self._orders, []
        return orders

    # --- what it does by itself ----------------------------------------------------------

    def _act_if_due(self) -> None:
        if self._outstanding and self._outstanding[0][1] + self._manners.patience_us <= self._now:
            self._hang_up()
        if self._act_at is None or self._act_at > self._now:
            return
        self._act_at = None
        if self._connection is None:
            self._dial()
        elif self._is_dozing:
            self._is_dozing = False
            self._orders.append(ResumeReading(self._connection))
            self._act_after(self._manners.think_us)
        elif self._is_leaving:
            self._hang_up()  # the news that the server has closed does not come
        else:
            self._send(self._connection)

    def _dial(self) -> None:
        if not self._is_dialling:
            self._is_dialling = True
            self._last_dial += 1
            self._orders.append(Dial(DialId(self._last_dial), self._target))

    def _send(self, connection: ConnectionId) -> None:
        room = self._manners.outstanding_max - len(self._outstanding)
        errands = self._errands() if room > 0 else ()
        if not errands:
            self._act_after(self._manners.think_us)
            return
        self._outstanding.extend((errand, self._now) for errand in errands)
        data = b"".join([self._wire.encode(errand) for errand in errands])
        if self._rng.random() < self._manners.farewell_chance:
            data += self._say_farewell()
        self._orders.append(Transmit(connection, data))
        if self._rng.random() < self._manners.abandon_chance:
            self._act_at = None
            self._hang_up()
        elif self._rng.random() < self._manners.doze_chance:
            self._is_dozing = True
            self._orders.append(PauseReading(connection))
            self._act_after(self._manners.retry_us)
        elif self._rng.random() < self._manners.hurry_chance and not self._is_leaving:
            self._act_after(self._manners.think_us)

    def _say_farewell(self) -> bytes:
        """Nothing is sent behind it; it is the server that closes."""
        farewell = draw_farewell(self._rng, ONE_REPLY)
        self._is_leaving = True
        self._outstanding.append((farewell, self._now))
        return farewell.data

    # --- what happens to it --------------------------------------------------------------

    def _dialled(self, dial: DialId, connection: ConnectionId) -> None:
        if dial != self._last_dial or not self._is_dialling:
            self._orders.append(Close(connection, abort=True))
            return
        self._is_dialling = self._is_leaving = False
        self._connection = connection
        self._parser = ReplyParser()
        self._wire.connected()
        self._act_at = self._now

    def _dial_failed(self, dial: DialId) -> None:
        if dial == self._last_dial and self._is_dialling:
            self._is_dialling = False
            self._go_elsewhere()

    def _received(self, data: bytes) -> None:
        self._wire.overheard(data)
        self._parser.feed(data)
        hint: str | None = None
        refused = False
        for reply in self._parser.take(self._manners.outstanding_max + 1):
            if not self._outstanding:
                raise PropertyViolated(ONE_REPLY, f"{reply!r} answers nothing")
            errand, _ = self._outstanding.popleft()
            errand.answered(reply)
            if isinstance(reply, ErrorReply) and not reply.message.startswith("ERR"):
                refused = True
                if reply.message.startswith(NOT_LEADER):
                    hint = reply.message.removeprefix(NOT_LEADER)
        if self._parser.error is not None:
            raise PropertyViolated(ONE_REPLY, f"a reply cannot be read: {self._parser.error}")
        if hint is not None and self._manners.follows:
            self._follow(hint)
        elif not self._outstanding:
            self._end_pipeline(refused=refused)

    def _end_pipeline(self, *, refused: bool) -> None:
        """Everything was answered: think, then go on, perhaps at another node."""
        if self._is_dozing:
            return
        if self._is_leaving:
            self._act_at = self._now + self._manners.patience_us
            return
        leave_chance = LEAVE_WHEN_REFUSED if refused else self._manners.leave_chance
        if self._rng.random() < leave_chance:
            self._target = self._rng.choice(self._addresses)
            self._leave()
        self._act_after(self._manners.retry_us if refused else self._manners.think_us)

    def _follow(self, address: str) -> None:
        if address not in self._addresses:
            raise PropertyViolated(
                "clients are sent to a member", f"the leader is said to be at {address!r}"
            )
        if address != self._target and not self._outstanding:
            self._target = address
            self._leave()
            self._act_at = self._now
        elif not self._outstanding:
            self._act_after(self._manners.retry_us)

    def _hang_up(self) -> None:
        self._leave(abort=True)
        self._go_elsewhere()

    def _leave(self, *, abort: bool = False) -> None:
        if self._connection is not None:
            self._orders.append(Close(self._connection, abort))
            self._connection = None
        self._lose_outstanding()

    def _go_elsewhere(self) -> None:
        self._lose_outstanding()
        self._target = self._rng.choice(self._addresses)
        self._act_after(self._manners.retry_us)

    def _lose_outstanding(self) -> None:
        self._is_dozing = False
        while self._outstanding:
            self._outstanding.popleft()[0].lost()

    def _act_after(self, mean_us: Micros) -> None:
        self._act_at = self._now + 1 + int(self._rng.expovariate(1.0) * mean_us)
