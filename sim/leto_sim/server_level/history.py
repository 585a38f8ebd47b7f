"""What clients saw of whole servers, operation by operation, as it is judged in the end.

Responsible for one total order of everything that clients asked of keys and were told, and
for what of it counts when a run is over. What an answer means is known to the errands
(`leto_sim.server_level.errands`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from leto_sim.lincheck.model import Operation
from leto_sim.server_level.chapters import Cut, token_of
from leto_sim.server_level.promises import Fate, Promises

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leto.raft.types import Micros
    from leto_sim.lincheck.strings import KeyCommand, KeyOperation, KeyReply


class Asked(Protocol):
    """A client's command on a key, one of its own among all that are alike."""

    @property
    def key(self) -> bytes:
        """What it is about."""
        ...

    @property
    def command(self) -> KeyCommand:
        """What is to be done with it."""
        ...

    @property
    def client(self) -> str:
        """Who asks; empty if it is nobody in particular."""
        ...


class History:
    """Every operation on every key, in one total order of invocations and returns."""

    def __init__(self, now: Callable[[], Micros] = lambda: 0) -> None:
        self.operations: list[KeyOperation] = []
        self.times_us: list[Micros] = [0]  # of every place in the order
        self.given_up_us: dict[int, Micros] = {}  # by invocation: when the client ceased to wait
        self._now = now
        self._open: dict[Asked, int] = {}

    def moment(self) -> int:
        """The next place in the order."""
        self.times_us.append(self._now())
        return len(self.times_us) - 1

    @property
    def place(self) -> int:
        """The latest in the order."""
        return len(self.times_us) - 1

    def invoked(self, asked: Asked) -> None:
        """The operation begins."""
        self._open[asked] = self.moment()

    def ended(self, asked: Asked, fate: Fate, result: KeyReply = None) -> None:
        """The operation returns, or is given up, or certainly did not happen."""
        invoked = self._open.pop(asked)
        if fate is Fate.UNKNOWN:
            self.given_up_us[invoked] = self._now()
        if fate is not Fate.REFUSED:
            self.operations.append(
                Operation(
                    key=asked.key,
                    command=asked.command,
                    invoked=invoked,
                    returned=self.moment() if fate is Fate.ACKNOWLEDGED else None,
                    result=result,
                    client=asked.client,
                )
            )

    def close(self) -> None:
        """The run is over: what is open will never be known."""
        for asked, invoked in list(self._open.items()):
            self.ended(asked, Fate.UNKNOWN)
            del self.given_up_us[invoked]

    def judged(self, promises: Promises, cuts: Sequence[Cut] = ()) -> list[KeyOperation]:
        """What is to be judged: without the unknown writes that nobody ever applied.

        They took no effect, or the reads that saw one have no order; and each of
        them would double the search.
        """
        return [
            operation
            for operation in self.operations
            if operation.returned is not None
            or promises.may_be_applied(operation.command.argument)
            or any(token_of(operation) in cut.applied for cut in cuts)
        ]
