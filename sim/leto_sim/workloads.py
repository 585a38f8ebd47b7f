"""What clients ask for, and how what they saw is judged.

Responsible for the shape of a workload, and for two of them: registers that are
written and read, which is what the simulator runs by default, and commands of a
user's own machine. When a client asks, whom, and how often again is `clients`.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from random import Random
from typing import Final, Protocol, TypeAlias, TypeVar

import attrs

from leto.machine import StateMachine
from leto.raft.types import Index
from leto_sim.habits import Habits
from leto_sim.judging import check_order
from leto_sim.lincheck.dialects import RegisterDialect
from leto_sim.lincheck.history import Json, write_history
from leto_sim.lincheck.model import Model, Operation
from leto_sim.lincheck.register import Read, Register, RegisterOperation, WriteValue
from leto_sim.lincheck.timeline import describe_operation
from leto_sim.registers import Registers, encode_write

NUMBER_BYTES = 8
_SHOWN_MAX = 48

MachineT = TypeVar("MachineT", bound=StateMachine)


@attrs.frozen
class Propose:
    """Have a command replicated. What a client sees is what `apply` returned."""

    command: bytes
    key: Hashable = None  # what it is about, if the history is to be judged part by part
    repeats: bool = False  # until there is an answer: such a command must be exactly-once
    first: int | None = None  # the number of the first attempt, once there was one


@attrs.frozen
class Query:
    """Ask a node's machine, once it has everything that was acknowledged anywhere (§6.4).

    What a client sees is what `answer` returns. It must not change the machine.
    """

    answer: Callable[[StateMachine], object]
    question: Hashable = None  # what is asked, for whoever judges the history
    key: Hashable = None

    @classmethod
    def of(
        cls,
        machine: type[MachineT],
        answer: Callable[[MachineT], object],
        *,
        question: Hashable = None,
        key: Hashable = None,
    ) -> "Query":
        """A question to machines of that class."""

        def answer_of(asked: StateMachine) -> object:
            assert isinstance(asked, machine), f"a {machine.__name__} is asked, not {asked!r}"
            return answer(asked)

        return cls(answer_of, question, key)


Request: TypeAlias = Propose | Query


@attrs.frozen(kw_only=True)
class Seen:
    """What a client asked for, and what came of it."""

    request: Request
    number: int | None  # of the last attempt; None if nobody was ever asked
    invoked: int
    returned: int | None  # None: the client never learnt the outcome
    given_up: int | None = None  # when it ceased to wait for that; None, too, if it still does
    result: object = None
    client: str = ""
    index: Index | None = None  # of its entry, or as of which it was read; None if not told


class Workload(Protocol):
    """What clients do."""

    @property
    def header_bytes(self) -> int:
        """So much of an entry's data stands before the machine's command."""
        ...

    def draw(self, rng: Random, habits: Habits) -> Sequence[Request]:
        """What one client asks for next, all at once."""
        ...

    def last_look(self, habits: Habits) -> Sequence[Request]:
        """What is asked when all is over: a run's last requests."""
        ...

    def encode(self, request: Propose, number: int) -> bytes:
        """An entry's data. No two numbers give equal ones: a refused one must never be seen."""
        ...

    def judge(self, history: Sequence[Seen]) -> None:
        """Raises `PropertyViolated` if clients cannot have seen that."""
        ...

    def write(self, history: Sequence[Seen]) -> Iterator[str]:
        """The history as `leto-sim lincheck` reads it; nothing, if it has no model for that."""
        del history
        return iter(())

    def describe(self, seen: Seen) -> tuple[str, str]:
        """What was asked for and what the client was told, for the eyes."""
        return describe_operation(_as_plain_operation(seen), WORDING)


# --- registers ---------------------------------------------------------------------------


@attrs.frozen
class RegisterWorkload(Workload):
    """Clients of `Registers`: each write is of a value that nobody else writes."""

    @property
    def header_bytes(self) -> int:
        """The value itself makes a write differ from all others."""
        return 0

    def draw(self, rng: Random, habits: Habits) -> Sequence[Request]:
        """One read, or a burst of writes."""
        if rng.random() < habits.reads:
            return (_read(rng.randrange(habits.keys)),)
        burst = rng.randint(1, habits.burst_max)
        return tuple(Propose(b"", rng.randrange(habits.keys)) for _ in range(burst))

    def last_look(self, habits: Habits) -> Sequence[Request]:
        """Every register once."""
        return tuple(_read(key) for key in range(habits.keys))

    def encode(self, request: Propose, number: int) -> bytes:
        """Writes the request's number."""
        assert isinstance(request.key, int), request
        return encode_write(request.key, number)

    def judge(self, history: Sequence[Seen]) -> None:
        """Each register's history has an order."""
        operations = [_as_operation(seen) for seen in asked(history)]
        check_order(operations, Register(), RegisterDialect())

    def write(self, history: Sequence[Seen]) -> Iterator[str]:
        """Reads and writes."""
        return write_history([_as_operation(seen) for seen in asked(history)], RegisterDialect())

    def describe(self, seen: Seen) -> tuple[str, str]:
        """`read 3 -> 17`, `write 3 17`."""
        if isinstance(seen.request, Propose):
            return f"write {seen.request.key} {seen.number}", "ok"
        return f"read {seen.request.key}", "nil" if seen.result is None else str(seen.result)


def _read(key: int) -> Query:
    return Query.of(Registers, lambda registers: registers.read(key), key=key)


def _as_operation(seen: Seen) -> RegisterOperation:
    is_read = isinstance(seen.request, Query)
    assert seen.number is not None, "whom nobody was asked is left out"
    return Operation(
        key=seen.request.key,
        command=Read() if is_read else WriteValue(seen.number),
        invoked=seen.invoked,
        returned=seen.returned,
        result=seen.result if isinstance(seen.result, int) and is_read else None,
        client=seen.client,
    )


# --- commands of a user's machine --------------------------------------------------------

UserModel: TypeAlias = Model[Request, object]
Source: TypeAlias = Sequence[bytes] | Callable[[Random], bytes]


@attrs.frozen(kw_only=True)
class CommandWorkload(Workload):
    """Clients of any machine.

    Args:
        commands: commands to choose from, or a function that draws one.
        query: draws a question, which is asked instead of a command in the scenario's
            share of reads; without it, nobody asks any.
        model: what the answers must mean; the history is linearizable by it.
    """

    commands: Source
    query: Callable[[Random], Query] | None = None
    model: UserModel | None = None

    @property
    def header_bytes(self) -> int:
        """A number makes equal commands differ; the machine does not see it."""
        return NUMBER_BYTES

    def draw(self, rng: Random, habits: Habits) -> Sequence[Request]:
        """One question, or a burst of commands."""
        if self.query is not None and rng.random() < habits.reads:
            return (self.query(rng),)
        burst = rng.randint(1, habits.burst_max)
        return tuple(Propose(self._command(rng)) for _ in range(burst))

    def last_look(self, habits: Habits) -> Sequence[Request]:
        """Nothing: the nodes' contents are compared anyway."""
        del habits
        return ()

    def encode(self, request: Propose, number: int) -> bytes:
        """The number, then the command."""
        return number.to_bytes(NUMBER_BYTES, "big") + request.command

    def judge(self, history: Sequence[Seen]) -> None:
        """There is an order in which the model gives the same answers."""
        if self.model is not None:
            operations = [_as_plain_operation(seen) for seen in asked(history)]
            check_order(operations, self.model, WORDING)

    def _command(self, rng: Random) -> bytes:
        return self.commands(rng) if callable(self.commands) else rng.choice(self.commands)


def _as_plain_operation(seen: Seen) -> Operation[Request, object]:
    return Operation(
        key=seen.request.key,
        command=seen.request,
        invoked=seen.invoked,
        returned=seen.returned,
        result=seen.result,
        client=seen.client,
    )


def asked(history: Sequence[Seen]) -> Sequence[Seen]:
    """The history without what nobody was ever asked for: as good as nothing."""
    return [seen for seen in history if seen.number is not None]


# --- words -------------------------------------------------------------------------------


class RequestWording:
    """Requests to a machine of which nothing is known, and what it returned."""

    def encode(self, command: Request) -> tuple[str, Sequence[Json]]:
        """The command as text if it is one, a question as whoever asks has named it."""
        if isinstance(command, Propose):
            return _shown(command.command), ()
        return "query" if command.question is None else _shown(command.question), ()

    def encode_result(self, result: object) -> Json:
        """As text."""
        return _shown(result)


WORDING: Final = RequestWording()


def _shown(value: object) -> str:
    if isinstance(value, bytes):
        text = value.decode("ascii", "replace")
        value = text if text.isprintable() and text.isascii() else value.hex(" ")
    text = "nil" if value is None else str(value)
    return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 1] + "…"
