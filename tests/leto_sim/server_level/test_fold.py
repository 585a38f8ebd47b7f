"""The log of whole servers, applied once more."""

import pytest

from leto.kv import KeyValueMachine
from leto.resp import encode_request
from leto.server.commit.batches import FORMAT_VERSION, HEADER
from leto_sim.server_level.fold import HEADER_BYTES, FoldedMachine, stamp_of


def entry(stamp_ms: int, *commands: tuple[bytes, ...]) -> bytes:
    return HEADER.pack(FORMAT_VERSION, stamp_ms) + b"".join(map(encode_request, commands))


def test_an_entry_says_its_time() -> None:
    assert HEADER.size == HEADER_BYTES
    assert 2**40 + 7 == stamp_of(entry(2**40 + 7, (b"DEL", b"k")))


def test_what_is_folded_is_what_a_server_holds() -> None:
    folded, machine = FoldedMachine(), KeyValueMachine()

    folded.apply(entry(5, (b"SET", b"k", b"v"), (b"SET", b"p", b"w", b"PX", b"2")))
    folded.apply(entry(7))
    machine.apply((b"SET", b"k", b"v"), 5)
    machine.apply((b"SET", b"p", b"w", b"PX", b"2"), 5)
    machine.advance_time(7)

    assert b"".join(machine.snapshot()) == folded.snapshot()


def test_nobody_restores_it() -> None:
    with pytest.raises(NotImplementedError):
        FoldedMachine().restore(b"")
