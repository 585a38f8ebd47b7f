"""A register: what is read is what was written last.

Responsible for the model with reads, writes and compare-and-set. If nobody compares,
and no two writes are of the same value, the verdict needs no search
(`leto_sim.lincheck.zones`).
"""

from collections.abc import Collection, Hashable, Sequence
from typing import TypeAlias

import attrs

from leto_sim.lincheck.model import (
    IMPOSSIBLE,
    UNCERTAIN,
    Found,
    Impossible,
    Model,
    Operation,
    Step,
    Uncertain,
    Verdict,
)
from leto_sim.lincheck.zones import Cluster, zones_are_linearizable

RegisterValue: TypeAlias = int | str | None
"""What a register holds; None before anything was written."""


@attrs.frozen
class Read:
    """Reads the register. The result is its value."""


@attrs.frozen
class WriteValue:
    """Writes a value. The result is None."""

    value: RegisterValue


@attrs.frozen
class CompareAndSet:
    """Writes a value if the register holds another. The result tells whether it did."""

    expected: RegisterValue
    value: RegisterValue


RegisterCommand: TypeAlias = Read | WriteValue | CompareAndSet
RegisterResult: TypeAlias = int | str | bool
RegisterOperation: TypeAlias = Operation[RegisterCommand, RegisterResult]


class Register(Model[RegisterCommand, RegisterResult]):
    """A register."""

    def initial(self) -> Hashable:
        """Never written."""
        return None

    def step(self, state: Hashable, operation: RegisterOperation) -> Hashable | Impossible:
        """A read returns the latest value written; what is compared is that too."""
        return self.prepare(operation)(state)

    def prepare(self, operation: RegisterOperation) -> Step:
        """`step`, of that operation."""
        command, result, is_open = operation.command, operation.result, operation.returned is None
        if isinstance(command, WriteValue):
            written = command.value
            return lambda _: written
        if isinstance(command, CompareAndSet):
            return _comparison(command, None if is_open else result is True)
        return lambda state: state if is_open or result == state else IMPOSSIBLE

    def relevant(self, operations: Sequence[RegisterOperation]) -> Sequence[RegisterOperation]:
        """Without the unfinished operations of which nobody saw anything.

        That somebody's comparison failed may be all that was seen of any of them.
        """
        if any(_is_failed_comparison(operation) for operation in operations):
            return [one for one in operations if one.returned is not None or not _is_read(one)]
        seen = {_value_found(one) for one in operations if not isinstance(one.command, WriteValue)}
        return [
            operation
            for operation in operations
            if operation.returned is not None or _value_left(operation) in seen
        ]

    def decide(self, operations: Sequence[RegisterOperation]) -> Verdict | None:
        """Different values allow the quick decision."""
        clusters: dict[RegisterValue, Cluster] = {None: Cluster.of_nothing()}
        for operation in operations:
            command = operation.command
            if isinstance(command, CompareAndSet):
                return None
            if isinstance(command, WriteValue):
                cluster = clusters.setdefault(command.value, Cluster())
                if cluster.is_written:
                    return None
                cluster.written = operation.invoked
            else:
                cluster = clusters.setdefault(operation.result, Cluster())
            cluster.add(invoked=operation.invoked, returned=operation.returned)
        linearizable = zones_are_linearizable(tuple(clusters.values()))
        return Verdict.LINEARIZABLE if linearizable else Verdict.ILLEGAL

    def may_change(self, operation: RegisterOperation) -> bool:
        """Reads and failed comparisons do not."""
        return not (_is_read(operation) or _is_failed_comparison(operation))

    def left(self, operation: RegisterOperation) -> Hashable | Uncertain:
        """What was written, or read."""
        return _left(operation)

    def found(self, operation: RegisterOperation) -> "FoundValue | None":
        """A read found its result, a comparison that succeeded what it expected."""
        if isinstance(operation.command, WriteValue) or _is_failed_comparison(operation):
            return None
        return FoundValue(_value_found(operation))


@attrs.frozen
class FoundValue(Found[RegisterCommand, RegisterResult]):
    """It was that value."""

    value: RegisterValue

    def may_be_left_by(self, earlier: RegisterOperation | None) -> bool:
        """Whether the register may hold the value after it, whoever wrote that."""
        if earlier is None:
            return self.value is None
        left = _left(earlier)
        return left is UNCERTAIN or left == self.value

    def states(self) -> Collection[Hashable]:
        """That value."""
        return (self.value,)

    def before(self, writer: RegisterOperation) -> "FoundValue | None":
        """A comparison found what it expected."""
        command = writer.command
        return FoundValue(command.expected) if isinstance(command, CompareAndSet) else None


def _comparison(command: CompareAndSet, succeeded: bool | None) -> Step:  # noqa: FBT001
    expected, value = command.expected, command.value
    if succeeded is None:
        return lambda state: value if state == expected else state
    if succeeded:
        return lambda state: value if state == expected else IMPOSSIBLE
    return lambda state: IMPOSSIBLE if state == expected else state


def _is_read(operation: RegisterOperation) -> bool:
    return isinstance(operation.command, Read)


def _is_failed_comparison(operation: RegisterOperation) -> bool:
    is_comparison = isinstance(operation.command, CompareAndSet)
    return is_comparison and operation.returned is not None and operation.result is not True


def _left(operation: RegisterOperation) -> RegisterValue | Uncertain:
    """The register's value after the operation, if that took effect, and if that alone says so."""
    if _is_failed_comparison(operation):
        return UNCERTAIN
    if not isinstance(operation.command, Read):
        return operation.command.value
    return UNCERTAIN if operation.returned is None else operation.result


def _value_found(operation: RegisterOperation) -> RegisterValue:
    """What it saw, or would have to see for it to matter."""
    command = operation.command
    return command.expected if isinstance(command, CompareAndSet) else operation.result


def _value_left(operation: RegisterOperation) -> Hashable:
    """What it wrote, if it wrote; nothing that is a value otherwise."""
    return IMPOSSIBLE if isinstance(operation.command, Read) else operation.command.value
