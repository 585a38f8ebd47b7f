"""Clients that repeat what they hear nothing of, and count on its being done once (§6.3).

Responsible for the workload of such clients, and for what they must have seen: tallies
that are counted up through `leto.sessions`. Whoever does not learn an outcome sends the
same command of the same session again, until there is one.
"""

from collections.abc import Iterator, Sequence
from random import Random
from struct import Struct
from typing import Final

from leto.machine import StateMachine
from leto.sessions import Reply, Sessions, Verdict, perform, register, reply_of
from leto_sim.habits import Habits
from leto_sim.judging import EXACTLY_ONCE
from leto_sim.lincheck.dialects import KeyDialect
from leto_sim.lincheck.history import write_history
from leto_sim.lincheck.model import Operation
from leto_sim.lincheck.strings import KeyCommand, KeyOperation, Verb
from leto_sim.parts import Parts
from leto_sim.result import PropertyViolated
from leto_sim.workloads import NUMBER_BYTES, Propose, Request, Seen, Workload, asked

SESSIONS: Final = 8
_TALLY: Final = Struct(">HQ")  # its key, and how far it has come


class Tallies(StateMachine):
    """Numbers that only grow, each by one at a time."""

    def __init__(self) -> None:
        self._tallies: dict[int, int] = {}

    def apply(self, command: bytes) -> bytes:
        """Counts one up; returns how far it has come."""
        key = int.from_bytes(command, "big")
        self._tallies[key] = self._tallies.get(key, 0) + 1
        return _TALLY.pack(key, self._tallies[key])

    def snapshot(self) -> bytes:
        """All of them, by key."""
        return b"".join([_TALLY.pack(key, count) for key, count in sorted(self._tallies.items())])

    def restore(self, content: bytes) -> None:
        """What `snapshot` gave."""
        self._tallies = dict(_TALLY.iter_unpack(content))


def tallies_in_sessions() -> Sessions:
    """Tallies, and the sessions that clients use: registered before anything else happens."""
    machine = Sessions(Tallies())
    for _ in range(SESSIONS):
        machine.apply(register(stamp_ms=0))
    return machine


class ExactlyOnceWorkload(Workload):
    """Clients that count up, and repeat themselves."""

    @property
    def header_bytes(self) -> int:
        """A number makes each attempt differ; the machine does not see it."""
        return NUMBER_BYTES

    def draw(self, rng: Random, habits: Habits) -> Sequence[Request]:
        """Some counting up, each in one of the sessions."""
        return tuple(
            Propose(bytes([rng.randrange(SESSIONS)]), rng.randrange(habits.keys), repeats=True)
            for _ in range(rng.randint(1, habits.burst_max))
        )

    def last_look(self, habits: Habits) -> Sequence[Request]:
        """Every tally once more: the last result says how often it was counted up."""
        return tuple(Propose(bytes([0]), key, repeats=True) for key in range(habits.keys))

    def encode(self, request: Propose, number: int) -> bytes:
        """The attempt's number, then the same command of the session each time."""
        assert request.first is not None, "set at the first attempt"
        assert isinstance(request.key, int), request
        session_id, body = 1 + request.command[0], request.key.to_bytes(2, "big")
        command = perform(session_id, request.first, 1, body, stamp_ms=0)
        return number.to_bytes(NUMBER_BYTES, "big") + command

    def judge(self, history: Sequence[Seen]) -> None:
        """Each tally has come as far as it was counted up, one step for each command."""
        by_key: dict[object, list[Seen]] = {}
        for seen in history:
            by_key.setdefault(seen.request.key, []).append(seen)
        for key, counted in by_key.items():
            _check_tally(key, counted)

    def write(self, history: Sequence[Seen]) -> Iterator[str]:
        """Counting up is what `INCR` does."""
        return write_history([_as_operation(seen) for seen in asked(history)], KeyDialect())

    def describe(self, seen: Seen) -> tuple[str, str]:
        """`INCR 3`, and how far the tally has come."""
        tally = _tally_of(seen)
        return f"INCR {seen.request.key}", "done" if tally is None else str(tally)


EXACTLY_ONCE_PARTS: Final = Parts(machine=tallies_in_sessions, workload=ExactlyOnceWorkload())


def _check_tally(key: object, counted: Sequence[Seen]) -> None:
    results = [_tally_of(seen) for seen in counted]
    known = [result for result in results if result is not None]
    if len(set(known)) != len(known):
        raise PropertyViolated(EXACTLY_ONCE, f"two commands on tally {key} have one result")
    if known and max(known) > len(counted):
        raise PropertyViolated(
            EXACTLY_ONCE, f"tally {key} has come to {max(known)} by {len(counted)} commands"
        )
    _check_order(key, [seen for seen in counted if _tally_of(seen) is not None])


def _check_order(key: object, counted: Sequence[Seen]) -> None:
    """Whoever begins after another's answer counts on from there."""
    last_begun = -1  # of those that counted less far
    for seen in sorted(counted, key=_known_tally):
        if seen.returned is not None and seen.returned < last_begun:
            raise PropertyViolated(
                EXACTLY_ONCE, f"tally {key} was {_known_tally(seen)} before it was less"
            )
        last_begun = max(last_begun, seen.invoked)


def _as_operation(seen: Seen) -> KeyOperation:
    """What was performed, but nobody knows to what it came, may as well never have returned."""
    reply = reply_of(seen.result) if isinstance(seen.result, bytes) else None
    is_known = reply is not None and reply.verdict is Verdict.DONE
    return Operation(
        key=str(seen.request.key),
        command=KeyCommand(Verb.INCR),
        invoked=seen.invoked,
        returned=seen.returned if is_known else None,
        result=_tally_of(seen) if is_known and seen.returned is not None else None,
        client=seen.client,
    )


def _known_tally(seen: Seen) -> int:
    tally = _tally_of(seen)
    assert tally is not None, "asked only of those"
    return tally


def _tally_of(seen: Seen) -> int | None:
    """What a command returned; None if nobody knows, since a snapshot overtook it."""
    if not isinstance(seen.result, bytes):
        return None
    reply: Reply = reply_of(seen.result)
    if reply.verdict is not Verdict.DONE:
        raise PropertyViolated(EXACTLY_ONCE, f"a session that lives is told {reply.verdict.name}")
    return int(_TALLY.unpack(reply.result)[1])
