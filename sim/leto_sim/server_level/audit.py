"""The last reads of a run: every key, from every node, in both ways.

Responsible for asking one node for every key: linearizably, which goes into the
history; then with READONLY, which shows the node's own state machine. What was
written to expire must be nil there too, whether anybody has asked for it or not.
"""

from collections.abc import Sequence
from typing import Final

from leto.resp import Reply
from leto_sim.clock import MS
from leto_sim.lincheck.strings import KeyCommand, KeyReply, Verb
from leto_sim.result import PropertyViolated
from leto_sim.server_level.cluster import Machine, ServerCluster
from leto_sim.server_level.errands import KeyErrand, Question, fate_of
from leto_sim.server_level.history import History
from leto_sim.server_level.leading import EXPIRED_IS_NIL
from leto_sim.server_level.promises import Fate
from leto_sim.server_level.resp_client import Errand, Manners

SAME_CONTENT: Final = "state machines agree in the end"
_MANNERS: Final = Manners(think_us=5 * MS, retry_us=100 * MS, leave_chance=0.0, hurry_chance=0.0)


class Audit:
    """The audit of one node."""

    def __init__(
        self,
        cluster: ServerCluster,
        machine: Machine,
        lasting: Sequence[bytes],
        expiring: Sequence[bytes],
        history: History,
    ) -> None:
        self.is_done = False
        self._cluster = cluster
        self._machine = machine
        self._lasting = lasting
        self._expiring = expiring
        self._history = history
        self._unanswered = list(lasting)
        self.holds: dict[bytes, Reply] = {}  # what its own state machine holds
        cluster.run_client(
            f"audit of {machine.name}", [machine.client_address], self._next_errands, _MANNERS
        )

    def compare_with(self, other: "Audit") -> None:
        """Two nodes have applied the same."""
        for key, value in self.holds.items():
            if value != other.holds[key]:
                raise PropertyViolated(
                    SAME_CONTENT,
                    f"{key!r} is {value!r} here, {other.holds[key]!r} on another node",
                    node=self._machine.name,
                )

    def _next_errands(self) -> Sequence[Errand]:
        """What is missing: what was refused is simply asked again."""
        if self._unanswered:
            return [self._read(key) for key in self._unanswered]
        missing = [key for key in (*self._lasting, *self._expiring) if key not in self.holds]
        if not missing:
            self.is_done = True
            return ()
        return [
            Question((b"READONLY",), _ignore),
            *(self._look_at(key) for key in missing),
            Question((b"READWRITE",), _ignore),
        ]

    def _read(self, key: bytes) -> KeyErrand:
        def ended(fate: Fate, _: KeyReply) -> None:
            if fate is Fate.ACKNOWLEDGED:
                self._unanswered.remove(key)

        return KeyErrand(
            key,
            KeyCommand(Verb.GET),
            self._history,
            self._cluster.promises,
            ended=ended,
            client=f"audit of {self._machine.name}",
        )

    def _look_at(self, key: bytes) -> Question:
        def heard(reply: Reply) -> None:
            if fate_of(reply) is not Fate.ACKNOWLEDGED:
                return
            self.holds[key] = reply
            if key in self._expiring and reply is not None:
                raise PropertyViolated(
                    EXPIRED_IS_NIL, f"{key!r} is still {reply!r}", node=self._machine.name
                )

        return Question((b"GET", key), heard)


def _ignore(reply: Reply) -> None:
    """READONLY is answered OK, or the connection is lost with what follows."""
    del reply
