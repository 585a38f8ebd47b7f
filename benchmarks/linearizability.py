"""How fast `leto_sim.lincheck` judges histories, beside another checker in Python.

Two kinds of histories, both drawn from seeds, and both as large as the ones that
Porcupine's authors publish with it:

- *key-value*: 1,712 operations of 50 clients on 10 keys, half of them reads, a quarter
  puts, a quarter appends. Puts and appends are told nothing, as in Porcupine's model.
- *register*: 90 operations of 5 clients on one register, a third each of reads, writes
  and comparisons of few values, one in ten without an answer.

Each comes in two sorts: one that is linearizable, and one in which a read saw what it
cannot have seen. The other checker, detangle.lin, gets a budget of steps, and is said
to have given up when it spends it.
"""

import sys
import time
from collections.abc import Callable, Hashable, Sequence
from heapq import heapify, heappop, heappush
from random import Random
from typing import Final, Generic, TypeAlias

import attrs
from detangle import lin

from benchmarks.report import middle, parser, run, seconds, table
from leto_sim.lincheck.model import (
    IMPOSSIBLE,
    CommandT,
    Found,
    Impossible,
    Model,
    Operation,
    ResultT,
    Step,
    Verdict,
)
from leto_sim.lincheck.register import (
    CompareAndSet,
    Read,
    Register,
    RegisterCommand,
    RegisterOperation,
    RegisterResult,
    WriteValue,
)
from leto_sim.lincheck.search import check_history

WITHIN_S: Final = 600
STEPS_MAX: Final = 20_000_000

# --- keys that are put to, appended to and read ------------------------------------------------


@attrs.frozen
class Put:
    """Replaces the value."""

    value: str


@attrs.frozen
class Append:
    """Makes the value longer."""

    value: str


@attrs.frozen
class Get:
    """Reads the value."""


StoreCommand: TypeAlias = Put | Append | Get
StoreOperation: TypeAlias = Operation[StoreCommand, str]


@attrs.frozen
class FoundText(Found[StoreCommand, str]):
    """It was that text."""

    text: str

    def may_be_left_by(self, earlier: StoreOperation | None) -> bool:
        """Whether it may be the value after that operation."""
        if earlier is None:
            return not self.text
        match earlier.command:
            case Put(value):
                return value == self.text
            case Append(value):
                return self.text.endswith(value)
            case Get():
                return earlier.result == self.text

    def before(self, writer: StoreOperation) -> "FoundText | None":
        """Who appends shows what there was before."""
        match writer.command:
            case Append(value):
                return FoundText(self.text.removesuffix(value))
            case _:
                return None


class Store(Model[StoreCommand, str]):
    """Porcupine's key-value model, in ours' words."""

    def initial(self) -> Hashable:
        """Empty."""
        return ""

    def step(self, state: Hashable, operation: StoreOperation) -> Hashable | Impossible:
        """Only what is read can be wrong."""
        return self.prepare(operation)(state)

    def prepare(self, operation: StoreOperation) -> Step:
        """`step`, of that operation."""
        match operation.command:
            case Put(value):
                return lambda _: value
            case Append(value):
                return lambda state: f"{state}{value}"
            case Get():
                return lambda state: state if state == operation.result else IMPOSSIBLE

    def may_change(self, operation: StoreOperation) -> bool:
        """Reads do not."""
        return not isinstance(operation.command, Get)

    def found(self, operation: StoreOperation) -> FoundText | None:
        """What was read."""
        if isinstance(operation.command, Get) and operation.result is not None:
            return FoundText(operation.result)
        return None


# --- drawing histories ---------------------------------------------------------------------------


@attrs.define(eq=False)
class _Pending(Generic[CommandT, ResultT]):
    key: Hashable
    command: CommandT
    invoked: float
    result: ResultT | None = None
    returned: float | None = None


Perform: TypeAlias = Callable[[Hashable, CommandT], ResultT | None]
"""Performs an operation, at one moment."""


def draw_history(
    rng: Random,
    perform: Perform[CommandT, ResultT],
    draw: Callable[[Random, int], tuple[Hashable, CommandT]],
    *,
    operations: int,
    clients: int,
    unanswered: float = 0.0,
) -> list[Operation[CommandT, ResultT]]:
    """What clients see of an object that is linearizable, one operation at a time each."""
    waiting = [(rng.random() * 10, number, None) for number in range(clients)]
    queue: list[tuple[float, int, _Pending[CommandT, ResultT] | None]] = [*waiting]
    heapify(queue)
    ended: list[_Pending[CommandT, ResultT]] = []
    performed: set[int] = set()
    asked = 0
    while queue:
        now, client, pending = heappop(queue)
        if pending is None:
            if asked < operations:
                key, command = draw(rng, asked)
                asked += 1
                heappush(queue, (now + rng.random() * 10, client, _Pending(key, command, now)))
        elif id(pending) not in performed:
            performed.add(id(pending))
            ended.append(pending)
            pending.result = perform(pending.key, pending.command)
            heappush(queue, (now + rng.random() * 10, client, pending))
        else:
            pending.returned = now if rng.random() >= unanswered else None
            heappush(queue, (now + rng.random(), client, None))
    return _ranked(ended)


def _ranked(
    ended: Sequence[_Pending[CommandT, ResultT]],
) -> list[Operation[CommandT, ResultT]]:
    """The same with places in an order for times."""
    times = [one.invoked for one in ended] + [one.returned or 0.0 for one in ended]
    places = {moment: place for place, moment in enumerate(sorted(times))}
    return [
        Operation(
            key=one.key,
            command=one.command,
            invoked=places[one.invoked],
            returned=None if one.returned is None else places[one.returned],
            result=None if one.returned is None else one.result,
        )
        for one in sorted(ended, key=lambda one: one.invoked)
    ]


class _StoreObject:
    def __init__(self) -> None:
        self._texts: dict[Hashable, str] = {}

    def perform(self, key: Hashable, command: StoreCommand) -> str | None:
        match command:
            case Put(value):
                self._texts[key] = value
            case Append(value):
                self._texts[key] = self._texts.get(key, "") + value
            case Get():
                return self._texts.get(key, "")
        return None


class _RegisterObject:
    def __init__(self) -> None:
        self._value: int | str | None = None

    def perform(self, key: Hashable, command: RegisterCommand) -> RegisterResult | None:
        del key  # there is one
        match command:
            case Read():
                return self._value
            case WriteValue(value):
                self._value = value
                return None
            case CompareAndSet(expected, value):
                if self._value != expected:
                    return False
                self._value = value
                return True


def draw_store_history(seed: int, *, is_good: bool) -> list[StoreOperation]:
    """1,712 operations of 50 clients on 10 keys."""

    def draw(rng: Random, number: int) -> tuple[Hashable, StoreCommand]:
        text = f"({number})"
        command = rng.choice((Get(), Get(), Put(text), Append(text)))
        return rng.randrange(10), command

    rng = Random(seed)
    history = draw_history(rng, _StoreObject().perform, draw, operations=1712, clients=50)
    return history if is_good else _spoiled(history, rng)


def draw_register_history(seed: int, *, is_good: bool) -> list[RegisterOperation]:
    """90 operations of 5 clients on one register."""

    def draw(rng: Random, _number: int) -> tuple[Hashable, RegisterCommand]:
        value, other = rng.randrange(5), rng.randrange(5)
        return 0, rng.choice((Read(), WriteValue(value), CompareAndSet(value, other)))

    rng = Random(seed)
    history: list[RegisterOperation] = draw_history(
        rng, _RegisterObject().perform, draw, operations=90, clients=5, unanswered=0.1
    )
    if is_good:
        return history
    late = max(number for number, one in enumerate(history) if _is_finished_read(one))
    history[late] = attrs.evolve(history[late], result=5)  # which nobody ever wrote
    return history


def _is_finished_read(operation: RegisterOperation) -> bool:
    return isinstance(operation.command, Read) and operation.returned is not None


def _spoiled(history: list[StoreOperation], rng: Random) -> list[StoreOperation]:
    """Late in the history a read sees what one much earlier saw."""
    reads = [number for number, one in enumerate(history) if isinstance(one.command, Get)]
    late = reads[rng.randrange(len(reads) * 3 // 4, len(reads))]
    others = [
        history[number].result
        for number in reads
        if history[number].key == history[late].key
        and history[number].result != history[late].result
        and history[number].invoked * 2 < history[late].invoked
    ]
    spoiled = list(history)
    spoiled[late] = attrs.evolve(history[late], result=others[-1])
    return spoiled


# --- the other checker ---------------------------------------------------------------------------


class _TextModel(lin.Model):
    """The store in detangle's words."""

    def partition(self, operations: Sequence[lin.Operation]) -> list[list[lin.Operation]]:
        """Key by key."""
        parts: dict[Hashable, list[lin.Operation]] = {}
        for operation in operations:
            parts.setdefault(operation.arg[0], []).append(operation)
        return list(parts.values())

    def init(self) -> Hashable:
        """Empty."""
        return ""

    def step(self, state: str, op: lin.Operation) -> tuple[bool, str]:
        """Only what is read can be wrong."""
        if op.f == "put":
            return True, op.arg[1]
        if op.f == "append":
            return True, state + op.arg[1]
        return op.output == state, state


def _store_for_detangle(operation: StoreOperation) -> tuple[str, object]:
    match operation.command:
        case Get():
            return "get", (operation.key,)
        case Put(value):
            return "put", (operation.key, value)
        case Append(value):
            return "append", (operation.key, value)


def _register_for_detangle(operation: RegisterOperation) -> tuple[str, object]:
    match operation.command:
        case Read():
            return "read", None
        case WriteValue(value):
            return "write", value
        case CompareAndSet(expected, value):
            return "cas", (expected, value)


def _for_detangle(
    history: Sequence[Operation[CommandT, ResultT]],
    translate: Callable[[Operation[CommandT, ResultT]], tuple[str, object]],
) -> Sequence[lin.Operation]:
    translated: list[lin.Operation] = []
    for number, operation in enumerate(history):
        name, argument = translate(operation)
        is_open = operation.returned is None
        translated.append(
            lin.Operation(
                index=number,
                process=number,
                f=name,
                arg=argument,
                call=operation.invoked,
                call_time=0.0,
                output=operation.result,
                status="info" if is_open else "ok",
                ret=operation.returned,
            )
        )
    return translated


# --- measuring -----------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Row:
    """One kind of histories, `seeds` of them: seconds of processor time a history."""

    history: str
    operations: int
    seeds: int
    verdicts_are_right: bool
    steps: float  # of the model, the median
    leto_s: float  # the median
    leto_worst_s: float
    steps_per_s: float
    detangle_s: float
    detangle_worst_s: float
    detangle_gave_up: int  # so many of them, and counted with the time that took


@attrs.frozen(kw_only=True)
class Comparison:
    """All kinds."""

    rows: tuple[Row, ...]

    @property
    def violations(self) -> Sequence[str]:
        """What was judged wrongly."""
        return [f"wrong verdicts: {row.history}" for row in self.rows if not row.verdicts_are_right]

    def lines(self) -> Sequence[str]:
        """For people."""
        header = ("history", "operations", "steps", "leto", "worst", "steps/s", "detangle", "worst")
        rows = [
            (
                row.history,
                f"{row.operations}",
                f"{row.steps:.0f}",
                seconds(row.leto_s),
                seconds(row.leto_worst_s),
                f"{row.steps_per_s:.0f}",
                seconds(row.detangle_s),
                seconds(row.detangle_worst_s)
                + (f" ({row.detangle_gave_up} given up)" if row.detangle_gave_up else ""),
            )
            for row in self.rows
        ]
        return [
            *table(header, rows),
            f"Medians of {self.rows[0].seeds} histories each, processor time.",
            "Porcupine is not here: it needs a Go toolchain. See docs/how-to/measure.md.",
        ]


def measure(seeds: int, detangle_budget: int) -> Comparison:
    """Judges all histories."""
    rows: list[Row] = []
    for is_good, sort in ((True, "linearizable"), (False, "not")):
        stores = [draw_store_history(seed, is_good=is_good) for seed in range(seeds)]
        rivals = [
            _rival(_for_detangle(one, _store_for_detangle), _TextModel(), detangle_budget)
            for one in stores
        ]
        rows.append(_row(f"key-value, {sort}", stores, Store(), rivals, is_good=is_good))
        registers = [draw_register_history(seed, is_good=is_good) for seed in range(seeds)]
        rivals = [
            _rival(_for_detangle(one, _register_for_detangle), lin.Register(), detangle_budget)
            for one in registers
        ]
        rows.append(_row(f"register, {sort}", registers, Register(), rivals, is_good=is_good))
    return Comparison(rows=tuple(rows))


def _rival(
    history: Sequence[lin.Operation], model: lin.Model, budget: int
) -> Callable[[], bool | None]:
    """Whether it is linearizable; None if detangle gives up."""

    def judge() -> bool | None:
        try:
            return lin.check(history, model, budget=budget).ok
        except RuntimeError:
            return None

    return judge


def _row(
    name: str,
    histories: Sequence[Sequence[Operation[CommandT, ResultT]]],
    model: Model[CommandT, ResultT],
    rivals: Sequence[Callable[[], bool | None]],
    *,
    is_good: bool,
) -> Row:
    """In turns, so that a busy minute hits both."""
    own_s: list[float] = []
    steps: list[float] = []
    rival_s: list[float] = []
    is_right, gave_up = True, 0
    for history, rival in zip(histories, rivals, strict=True):
        began = time.process_time()
        finding = check_history(history, model, STEPS_MAX)
        own_s.append(time.process_time() - began)
        steps.append(finding.steps)
        began = time.process_time()
        answer = rival()
        rival_s.append(time.process_time() - began)
        gave_up += answer is None
        expected = Verdict.LINEARIZABLE if is_good else Verdict.ILLEGAL
        is_right = is_right and finding.verdict is expected and answer in {is_good, None}
    return Row(
        history=name,
        operations=len(histories[0]),
        seeds=len(histories),
        verdicts_are_right=is_right,
        steps=middle(steps),
        leto_s=middle(own_s),
        leto_worst_s=max(own_s),
        steps_per_s=sum(steps) / sum(own_s),
        detangle_s=middle(rival_s),
        detangle_worst_s=max(rival_s),
        detangle_gave_up=gave_up,
    )


def main() -> int:
    """The command line."""
    flags = parser(__doc__)
    flags.add_argument("--seeds", type=int, default=5, help="histories of each kind (5)")
    flags.add_argument(
        "--detangle-budget", type=int, default=1_000_000, help="its steps a key (1000000)"
    )
    options = flags.parse_args()
    return run(
        lambda: measure(options.seeds, options.detangle_budget),
        as_json=options.json,
        within_s=WITHIN_S,
    )


if __name__ == "__main__":
    sys.exit(main())
