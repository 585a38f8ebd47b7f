"""Small random histories, linearizable or not, for Hypothesis."""

from hypothesis import strategies as st

from leto_sim.lincheck.register import CompareAndSet, Read, RegisterOperation, WriteValue
from leto_sim.lincheck.strings import (
    ErrorReply,
    KeyCommand,
    KeyOperation,
    KeyReply,
    SetOption,
    Verb,
)

NX, XX, GET = SetOption.NX, SetOption.XX, SetOption.GET


def _set(argument: bytes, *options: SetOption) -> KeyCommand:
    return KeyCommand(Verb.SET, argument, frozenset(options))


# Commands with replies that they may have had, so that many histories have an order.
ANSWERED: list[tuple[KeyCommand, KeyReply]] = [
    (_set(b"1"), b"OK"),
    (_set(b"2"), b"OK"),
    (_set(b"2", NX), b"OK"),
    (_set(b"2", NX), None),
    (_set(b"1", XX), b"OK"),
    (_set(b"1", XX), None),
    (_set(b"2", GET), b"1"),
    (_set(b"2", GET), None),
    (_set(b"2", NX, GET), b"1"),
    (_set(b"2", XX, GET), None),
    (KeyCommand(Verb.SETNX, b"1"), 1),
    (KeyCommand(Verb.SETNX, b"1"), 0),
    (KeyCommand(Verb.GETSET, b"2"), b"1"),
    (KeyCommand(Verb.GETDEL), b"2"),
    (KeyCommand(Verb.GETDEL), None),
    (KeyCommand(Verb.GET), None),
    (KeyCommand(Verb.GET), b"1"),
    (KeyCommand(Verb.GET), b"2"),
    (KeyCommand(Verb.GET), b"12"),
    (KeyCommand(Verb.GET), b"ab"),
    (KeyCommand(Verb.APPEND, b"2"), 1),
    (KeyCommand(Verb.APPEND, b"2"), 2),
    (KeyCommand(Verb.APPEND, b"a"), 1),
    (KeyCommand(Verb.APPEND, b"b"), 2),
    (KeyCommand(Verb.APPEND, b""), 1),
    (KeyCommand(Verb.STRLEN), 0),
    (KeyCommand(Verb.STRLEN), 2),
    (KeyCommand(Verb.EXISTS), 0),
    (KeyCommand(Verb.EXISTS), 1),
    (KeyCommand(Verb.DEL), 0),
    (KeyCommand(Verb.DEL), 1),
    (KeyCommand(Verb.INCR), 1),
    (KeyCommand(Verb.INCR), 2),
    (KeyCommand(Verb.INCR), ErrorReply()),
    (KeyCommand(Verb.DECR), 0),
    (KeyCommand(Verb.DECR), 1),
    (KeyCommand(Verb.INCRBY, b"1"), 2),
    (KeyCommand(Verb.DECRBY, b"2"), 0),
]


@st.composite
def key_histories(draw: st.DrawFn, most: int = 5) -> list[KeyOperation]:
    """Commands on one key of strings."""
    # Few kinds at a time: then they have to do with each other.
    kinds = draw(st.lists(st.sampled_from(ANSWERED), min_size=1, max_size=4))
    history: list[KeyOperation] = []
    for _ in range(draw(st.integers(0, most))):
        command, reply = draw(st.sampled_from(kinds))
        invoked = draw(st.integers(0, 6))
        lasting = draw(st.one_of(st.none(), st.integers(0, 4), st.integers(0, 4)))
        history.append(
            KeyOperation(
                key="k",
                command=command,
                invoked=invoked,
                returned=None if lasting is None else invoked + lasting,
                result=None if lasting is None else reply,
            )
        )
    return history


@st.composite
def register_histories(draw: st.DrawFn, most: int = 5) -> list[RegisterOperation]:
    """Reads, writes and comparisons of a register."""
    values = st.one_of(st.none(), st.integers(0, 2))
    history: list[RegisterOperation] = []
    for _ in range(draw(st.integers(0, most))):
        invoked = draw(st.integers(0, 6))
        lasting = draw(st.one_of(st.none(), st.integers(0, 4), st.integers(0, 4)))
        command = draw(
            st.one_of(
                st.just(Read()),
                st.builds(WriteValue, values),
                st.builds(CompareAndSet, values, values),
            )
        )
        result = None
        if lasting is not None and isinstance(command, Read):
            result = draw(values)
        elif lasting is not None and isinstance(command, CompareAndSet):
            result = draw(st.booleans())
        history.append(
            RegisterOperation(
                key="k",
                command=command,
                invoked=invoked,
                returned=None if lasting is None else invoked + lasting,
                result=result,
            )
        )
    return history
