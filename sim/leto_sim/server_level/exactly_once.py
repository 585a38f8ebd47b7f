"""Clients of servers that repeat what they hear nothing of, in sessions (§6.3).

Responsible for counting up by `SESSION PERFORM`: a client registers, and sends each of its
increments again, wherever it finds a leader, until it is answered. What the answers must
be is said by the log (`leto_sim.server_level.session_log`). Its twin for nodes is
`leto_sim.node_level.exactly_once`.
"""

from collections.abc import Sequence
from functools import partial
from random import Random
from typing import Final

import attrs

from leto.resp import ErrorReply, Reply
from leto_sim.judging import EXACTLY_ONCE
from leto_sim.lincheck.strings import KeyCommand, Verb
from leto_sim.result import PropertyViolated
from leto_sim.server_level.errands import KeyErrand, Question, fate_of
from leto_sim.server_level.history import History
from leto_sim.server_level.promises import Fate, Promises
from leto_sim.server_level.random_errands import Workload

_REPEAT_CHANCE: Final = 0.1  # of asking again for what was answered


@attrs.define(eq=False)
class _Increment:
    """A command of a session, until its answer is no longer of interest."""

    session_id: int
    number: int
    errand: KeyErrand  # what the history knows of it
    is_asked: bool = False  # and was not answered since
    is_known: bool = False  # to the history


class SessionErrands:
    """The errands of one client: increments, each repeated until there is an answer."""

    def __init__(
        self, name: str, workload: Workload, history: History, promises: Promises, rng: Random
    ) -> None:
        self.is_over = False  # nothing new is begun
        self._name = name
        self._tallies = tally_keys(workload)
        self._history = history
        self._promises = promises
        self._log = promises.sessions
        self._rng = rng
        self._in_flight_max = rng.choice((1, workload.pipeline_max))
        self._session_id: int | None = None
        self._is_registering = False
        self._count = 0  # of the session's commands
        self._open: list[_Increment] = []

    @property
    def is_done(self) -> bool:
        """Whether every increment that was begun has its answer."""
        return not self._open

    def __call__(self) -> Sequence[Question]:
        """What was lost, once more; and the next commands, as many as may be in flight."""
        if self._session_id is None:
            return () if self.is_over or self._is_registering else (self._registration(),)
        while not self.is_over and len(self._open) < self._in_flight_max:
            self._open.append(self._next_increment(self._session_id))
        return [self._perform(increment) for increment in self._open if not increment.is_asked]

    def _registration(self) -> Question:
        self._is_registering = True
        return Question((b"SESSION", b"REGISTER"), self._registered)

    def _registered(self, reply: Reply) -> None:
        self._is_registering = False
        if fate_of(reply) is not Fate.ACKNOWLEDGED:
            return
        if not isinstance(reply, int):
            raise PropertyViolated(EXACTLY_ONCE, f"SESSION REGISTER is answered {reply!r}")
        self._log.opened(reply)
        self._session_id, self._count = reply, 0

    def _next_increment(self, session_id: int) -> _Increment:
        self._count += 1
        key = self._rng.choice(self._tallies)
        command = KeyCommand(Verb.INCR)
        errand = KeyErrand(key, command, self._history, self._promises, client=self._name)
        return _Increment(session_id, self._count, errand)

    def _perform(self, increment: _Increment) -> Question:
        increment.is_asked = True
        numbers = (increment.session_id, increment.number, self._open[0].number)
        words = (b"SESSION", b"PERFORM", *(b"%d" % number for number in numbers))
        return Question((*words, *increment.errand.arguments), partial(self._heard, increment))

    def _heard(self, increment: _Increment, reply: Reply) -> None:
        increment.is_asked = False
        if fate_of(reply) is not Fate.ACKNOWLEDGED:
            return
        self._log.told((increment.session_id, increment.number), reply)
        if isinstance(reply, ErrorReply):
            self._begin_anew(increment.session_id)
            return
        if not increment.is_known:
            increment.is_known = True
            increment.errand.answered(reply)
        if increment in self._open and self._rng.random() >= _REPEAT_CHANCE:
            self._open.remove(increment)

    def _begin_anew(self, session_id: int) -> None:
        """The session has ended: of what was not answered nobody will ever know."""
        if session_id != self._session_id:
            return
        self._session_id = None
        for increment in self._open:
            if not increment.is_known:
                increment.is_known = True
                increment.errand.lost()
        self._open.clear()


def tally_keys(workload: Workload) -> Sequence[bytes]:
    """The keys that are counted up in sessions, and by nothing else."""
    return [b"s%d" % key for key in range(workload.tallies)] if workload.counters else []
