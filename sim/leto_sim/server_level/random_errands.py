"""What the clients of a run ask for, drawn at random.

Responsible for which errands a client sends next, and on which keys. What an errand is,
and what its reply means, is `leto_sim.server_level.errands`.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import Final

import attrs

from leto.resp import Reply
from leto_sim.lincheck.strings import KeyCommand, KeyReply, Verb
from leto_sim.result import PropertyViolated
from leto_sim.server_level.errands import (
    BEAR_TOKENS,
    AnyErrand,
    EchoErrand,
    ExpiringErrand,
    KeyErrand,
    Question,
    fate_of,
)
from leto_sim.server_level.history import History
from leto_sim.server_level.program_order import OWN_WRITES, Kind, ProgramOrder
from leto_sim.server_level.promises import Fate, Promises
from leto_sim.server_level.resp_client import ONE_REPLY

_STALE_SHARE: Final = 0.2
COUNTED: Final = b"c0"
"""The key that twins count up."""
_HALF: Final = 0.5


@attrs.frozen(kw_only=True)
class Workload:
    """What the clients of a run ask for."""

    clients: int = 4
    keys: int = 4
    reads: float = 0.4
    pipeline_max: int = 4
    expiring: float = 0.05
    echoes: float = 0.05
    value_bytes: int = 10  # beyond the token
    life_ms_max: int = 2_000
    ordered: float = 0.0  # the share of pipelines that write and read one key by turns
    twins: float = 0.0  # the share of pipelines that ask for the same thing again and again
    counters: int = 0  # clients that count up in sessions, and repeat themselves
    loners: int = 0  # clients that are alone with their keys, and know each answer beforehand
    tallies: int = 16  # that they count up: a history of thousands on one key takes long to judge


class RandomErrands:
    """The errands of one client: what to send next, until it is told to stop."""

    def __init__(
        self, name: str, workload: Workload, history: History, promises: Promises, rng: Random
    ) -> None:
        self.is_over = False
        self._name = name
        self._workload = workload
        self._history = history
        self._promises = promises
        self._rng = rng
        self._count = 0
        self._verbs = _draw_verbs(rng)
        self._pipelines = 0
        self._count_before = 0
        self._chapter = 0  # how often a quorum was given up
        self.order = ProgramOrder(name)

    def __call__(self) -> Sequence[AnyErrand]:
        """The next pipeline. Its keys differ, so that each operation's order is its key's."""
        if self.is_over:
            return ()
        if self._rng.random() < self._workload.ordered:
            return list(self._ordered_pipeline())
        if self._rng.random() < self._workload.twins:
            return list(self._twins())
        size = self._rng.randint(1, self._workload.pipeline_max)
        keys = self._rng.sample(range(self._workload.keys), min(size, self._workload.keys))
        return [self._errand(key) for key in keys]

    def _ordered_pipeline(self) -> Iterator[AnyErrand]:
        """Writes and reads of one key, for whom their order matters; some reads are stale ones.

        Who only reads is never sent to the leader, and sees what happens to a follower.
        """
        rng, workload = self._rng, self._workload
        key = rng.choice(ordered_keys(workload))
        self._pipelines += 1
        for _ in range(rng.randint(2, max(2, workload.pipeline_max))):
            chosen = rng.random()
            if chosen < _STALE_SHARE:
                yield Question((b"READONLY",), _ignore)
                yield self._stale_read(key)
                yield Question((b"READWRITE",), _ignore)
            else:
                is_read = chosen < _HALF or self._verbs == (Verb.GET,)
                yield self._ordered_errand(key, Verb.GET if is_read else Verb.SET)

    def _twins(self) -> Iterator[AnyErrand]:
        """Commands that nobody can tell from each other, but for what they are answered."""
        for _ in range(self._rng.randint(2, max(2, self._workload.pipeline_max))):
            counted = partial(self._counted, self._chapter)
            yield self._key_errand(COUNTED, Verb.INCR, counted)

    def forced(self) -> None:
        """A quorum is given up: what was counted so far may be void."""
        self._count_before, self._chapter = 0, self._chapter + 1

    def _counted(self, chapter: int, fate: Fate, result: KeyReply) -> None:
        if fate is Fate.ACKNOWLEDGED and chapter == self._chapter:
            assert isinstance(result, int), "INCR of what is only ever counted up"
            if result <= self._count_before:
                raise PropertyViolated(
                    OWN_WRITES, f"{self._name} counts {result} after {self._count_before}"
                )
            self._count_before = result

    def _ordered_errand(self, key: bytes, verb: Verb) -> KeyErrand:
        kind = Kind.READ if verb is Verb.GET else Kind.WRITE

        def ended(fate: Fate, result: KeyReply) -> None:
            if fate is Fate.ACKNOWLEDGED:
                assert isinstance(result, bytes | None), "GET and SET of a key that is never DEL"
                act.answered(result if kind is Kind.READ else errand.token)

        errand = self._key_errand(key, verb, ended)
        act = self.order.asked(key, kind, self._pipelines, errand.token)
        return errand

    def _stale_read(self, key: bytes) -> Question:
        act = self.order.asked(key, Kind.STALE_READ, self._pipelines)

        def heard(reply: Reply) -> None:
            if fate_of(reply) is Fate.ACKNOWLEDGED:
                if not isinstance(reply, bytes | None):
                    raise PropertyViolated(ONE_REPLY, f"GET is answered {reply!r}")
                act.answered(reply)

        return Question((b"GET", key), heard)

    def _errand(self, key: int) -> AnyErrand:
        chosen = self._rng.random()
        workload = self._workload
        if chosen < workload.echoes:
            return EchoErrand(self._token())
        if chosen < workload.echoes + workload.expiring:
            if self._rng.random() < _HALF:
                return Question((b"GET", b"p%d" % key), _ignore)
            life_ms = self._rng.randint(1, workload.life_ms_max)
            return ExpiringErrand(b"p%d" % key, self._token(), life_ms, self._promises)
        is_read = self._rng.random() < workload.reads
        verb = Verb.GET if is_read else self._rng.choice(self._verbs)
        return self._key_errand(b"k%d" % key, verb)

    def _key_errand(
        self, key: bytes, verb: Verb, ended: Callable[[Fate, KeyReply], None] | None = None
    ) -> KeyErrand:
        token = self._token() if verb in BEAR_TOKENS else None
        argument = b"" if token is None else token + b"-" * self._workload.value_bytes
        command = KeyCommand(verb, argument)
        history, promises = self._history, self._promises
        return KeyErrand(key, command, history, promises, token, ended, client=self._name)

    def _token(self) -> bytes:
        self._count += 1
        return f"<{self._name}.{self._count}>".encode()


def _draw_verbs(rng: Random) -> Sequence[Verb]:
    """What this client writes: a reader writes nothing, a counter only counts."""
    return rng.choice(
        (
            (Verb.SET,),
            (Verb.SET, Verb.APPEND, Verb.DEL),
            (Verb.INCR, Verb.INCR, Verb.INCR, Verb.DEL),
            (Verb.SET, Verb.APPEND, Verb.INCR, Verb.DEL),
            (Verb.GET,),
        )
    )


def expiring_keys(workload: Workload) -> Sequence[bytes]:
    """The keys that clients let expire."""
    return [b"p%d" % key for key in range(workload.keys)]


def lasting_keys(workload: Workload) -> Sequence[bytes]:
    """The keys that are judged by the history."""
    counted = [COUNTED] if workload.twins else []
    return [*(b"k%d" % key for key in range(workload.keys)), *ordered_keys(workload), *counted]


def ordered_keys(workload: Workload) -> Sequence[bytes]:
    """Those among them that are only ever SET, so that each value has its place in the log."""
    return [b"o%d" % key for key in range(min(workload.keys, 2))] if workload.ordered else []


def _ignore(reply: Reply) -> None:
    """Whatever it says is looked at by others: by whoever watches the server's sockets."""
    del reply
