from typing import TYPE_CHECKING

import pytest

from leto.server.program.machine import FORMAT, ObjectMachine

if TYPE_CHECKING:
    from leto.server.machine import Machine


class Text:
    """A machine."""

    def __init__(self) -> None:
        self.text = b"once"

    def apply(self, command: bytes) -> bytes:
        self.text = command
        return b"said " + command

    def snapshot(self) -> bytes:
        return self.text

    def restore(self, content: bytes) -> None:
        self.text = content


def test_a_request_is_a_command() -> None:
    text = Text()

    result = ObjectMachine(text).apply((b"twice",), 7)

    assert (b"said twice", b"twice") == (result, text.text)


def test_a_snapshot_is_the_content_at_the_moment_at_which_it_was_asked_for() -> None:
    text = Text()

    chunks = ObjectMachine(text).snapshot(2)
    text.text = b"changed"

    assert [FORMAT + b"o", b"nc", b"e"] == list(chunks)


def test_a_content_without_bytes_is_a_snapshot_with_some() -> None:
    text = Text()
    text.text = b""

    chunks = list(ObjectMachine(text).snapshot(2))

    assert [FORMAT] == chunks


def test_a_snapshot_that_comes_in_pieces_is_restored_at_once() -> None:
    text = Text()
    machine = ObjectMachine(text)

    machine.begin_restore()
    machine.restore_chunk(b"given up")
    machine.begin_restore()
    machine.restore_chunk(FORMAT + b"aft")
    machine.restore_chunk(b"er")
    assert b"once" == text.text
    machine.finish_restore()

    assert b"after" == text.text


def test_time_never_goes_back_and_nothing_is_due() -> None:
    machine: Machine = ObjectMachine(Text())

    machine.apply((b"at seven",), 7)
    machine.advance_time(5)

    assert (7, None) == (machine.stamp_ms, machine.next_due_ms)
    assert not machine.read_must_wait((b"any",), 9)


def test_nobody_is_let_in_who_wants_keys() -> None:
    machine: Machine = ObjectMachine(Text())

    assert not machine.serves_keys
    assert (0, 0, 0) == (machine.key_count, machine.expiring_count, machine.memory_bytes)
    with pytest.raises(AssertionError, match="without keys"):
        machine.read((b"GET", b"a"), 0)
