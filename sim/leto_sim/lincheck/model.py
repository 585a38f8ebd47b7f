"""What an operation is, and what a model of an object has to say.

Responsible for the vocabulary that the search (`leto_sim.lincheck.search`), the
witness (`leto_sim.lincheck.witness`) and every model share. The models that come with
it: `leto_sim.lincheck.register`, `leto_sim.lincheck.strings`. A model of your own is a
subclass of `Model` with two methods, `initial` and `step`; the others have
defaults that are right for every model, and slow.
"""

from collections.abc import Callable, Collection, Hashable, Sequence
from enum import Enum
from typing import Final, Generic, Protocol, TypeAlias, TypeVar

import attrs

CommandT = TypeVar("CommandT")
ResultT = TypeVar("ResultT")


@attrs.frozen(kw_only=True)
class Operation(Generic[CommandT, ResultT]):
    """What a client asked for and was told.

    `invoked` and `returned` are positions in one total order of the history; at
    equal positions the operations overlap. A `returned` of None means that the
    client never learnt the outcome: it may take effect at any time, or never.
    """

    key: Hashable
    command: CommandT
    invoked: int
    returned: int | None = None
    result: ResultT | None = None
    client: str = ""  # who asked; no model cares


class Impossible(Enum):
    """A model's verdict that a command cannot have had that result."""

    HERE = "impossible here"


IMPOSSIBLE: Final = Impossible.HERE


class Uncertain(Enum):
    """A model's word for a state that command and result alone do not tell."""

    STATE = "some state"


UNCERTAIN: Final = Uncertain.STATE

Step: TypeAlias = Callable[[Hashable], "Hashable | Impossible"]
"""From the state before an operation to the state after it."""


class Verdict(Enum):
    """What is known of a history."""

    LINEARIZABLE = "linearizable"
    ILLEGAL = "not linearizable"
    UNKNOWN = "unknown: the search was given up"


class Found(Protocol[CommandT, ResultT]):
    """What somebody's result says of the state that it found. Hashable: equal ones mean the same."""

    def may_be_left_by(self, earlier: Operation[CommandT, ResultT] | None) -> bool:
        """Whether that state may be the one after an operation that took effect.

        None stands for the beginning. If in doubt, yes.
        """
        ...

    def states(self) -> "Collection[Hashable] | None":
        """All that it may have been; None if they cannot be listed."""
        return None

    def before(self, writer: Operation[CommandT, ResultT]) -> "Found[CommandT, ResultT] | None":
        """What follows of the state that `writer` found, if it left this one. Often nothing."""
        del writer
        return None


class Model(Protocol[CommandT, ResultT]):
    """What the operations of one key mean, one after the other. States are hashable."""

    def initial(self) -> Hashable:
        """The state of a key before any operation."""
        ...

    def step(
        self, state: Hashable, operation: Operation[CommandT, ResultT]
    ) -> Hashable | Impossible:
        """The state after the operation, or `IMPOSSIBLE` if its result is not the model's.

        An operation without return may have had any result.
        """
        ...

    def prepare(self, operation: Operation[CommandT, ResultT]) -> Step:
        """`step` of that operation. It is made once and called very often."""
        return lambda state: self.step(state, operation)

    def may_change(self, operation: Operation[CommandT, ResultT]) -> bool:
        """Whether it may leave another state than it found. If in doubt, it may."""
        del operation
        return True

    def left(self, operation: Operation[CommandT, ResultT]) -> "Hashable | Uncertain":
        """The state after it, if it took effect: as far as its command and result tell.

        It may be left by the operation, for what was found (`Found.may_be_left_by`), if and
        only if it is one of `Found.states`. Whoever knows makes long histories much faster.
        """
        del operation
        return UNCERTAIN

    def found(self, operation: Operation[CommandT, ResultT]) -> "Found[CommandT, ResultT] | None":
        """What its result says of the state that it found; None if that is nothing.

        Whoever knows makes the search much faster, and a witness much smaller.
        """
        del operation
        return None

    def relevant(
        self, operations: Sequence[Operation[CommandT, ResultT]]
    ) -> Sequence[Operation[CommandT, ResultT]]:
        """The operations without those whose absence changes nothing: what blows up the search."""
        return [
            operation
            for operation in operations
            if operation.returned is not None or self.may_change(operation)
        ]

    def decide(self, operations: Sequence[Operation[CommandT, ResultT]]) -> Verdict | None:
        """The verdict, if the model knows a quicker way to it than the search."""
        del operations
        return None
