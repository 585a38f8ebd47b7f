import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.kv import errors
from leto.kv.machine import KeyValueMachine
from leto.kv.snapshot import SnapshotUnreadable
from leto.resp import OK, ErrorReply, Reply, Request
from leto.sessions import SESSION_TTL_MS


@pytest.fixture
def machine() -> KeyValueMachine:
    machine = KeyValueMachine()
    machine.apply((b"SET", b"k", b"v"), 1_000)
    machine.apply((b"SET", b"soon", b"v", b"PX", b"100"), 1_000)
    return machine


def restored_from(machine: KeyValueMachine) -> KeyValueMachine:
    restored = KeyValueMachine()
    restored.begin_restore()
    for chunk in machine.snapshot(50):
        restored.restore_chunk(chunk)
    restored.finish_restore()
    return restored


def test_a_write_changes_what_a_read_sees(machine: KeyValueMachine) -> None:
    assert OK == machine.apply((b"set", b"k", b"new"), 1_000)

    assert b"new" == machine.read((b"get", b"k"), 1_000)


@pytest.mark.parametrize(
    "request_, error",
    [
        ((b"nosuch",), errors.unknown_command((b"nosuch",))),
        ((b"GET",), errors.wrong_arity("get")),
        ((b"SET", b"k", b"v", b"x"), errors.SYNTAX),
        ((b"PING",), ErrorReply("ERR 'ping' is not a command for the log")),
    ],
)
def test_what_cannot_be_applied_is_an_error_and_changes_nothing(
    machine: KeyValueMachine, request_: Request, error: ErrorReply
) -> None:
    before = machine.digest()

    assert error == machine.apply(request_, 1_000)

    assert before == machine.digest()


def test_what_cannot_be_read_is_an_error(machine: KeyValueMachine) -> None:
    assert errors.unknown_command((b"nosuch",)) == machine.read((b"nosuch",), 1_000)


def test_a_write_is_not_a_read(machine: KeyValueMachine) -> None:
    with pytest.raises(AssertionError):
        machine.read((b"DEL", b"k"), 1_000)


def test_keys_expire_as_the_log_goes_on(machine: KeyValueMachine) -> None:
    assert 1_100 == machine.next_due_ms

    machine.apply((b"SET", b"other", b"v"), 1_100)

    assert machine.read((b"GET", b"soon"), 1_100) is None
    assert 1_100 == machine.stamp_ms
    assert machine.next_due_ms is None


def test_keys_expire_as_time_advances(machine: KeyValueMachine) -> None:
    machine.advance_time(1_100)

    assert (1, 0) == (machine.key_count, machine.expiring_count)


def test_a_relative_time_counts_from_the_logs_time_not_from_an_older_stamp(
    machine: KeyValueMachine,
) -> None:
    machine.advance_time(1_050)

    machine.apply((b"PEXPIRE", b"k", b"10"), 900)

    assert 1_060 == machine.next_due_ms


def test_a_read_changes_nothing_even_when_its_stamp_is_later(machine: KeyValueMachine) -> None:
    assert b"v" == machine.read((b"GET", b"soon"), 5_000)

    assert 1_000 == machine.stamp_ms
    assert 2 == machine.key_count


def test_a_ttl_is_seen_from_the_later_of_both_stamps(machine: KeyValueMachine) -> None:
    assert 60 == machine.read((b"PTTL", b"soon"), 1_040)
    assert 100 == machine.read((b"PTTL", b"soon"), 500)


@pytest.mark.parametrize(
    "request_, stamp_ms, waits",
    [
        ((b"GET", b"soon"), 1_099, False),
        ((b"GET", b"soon"), 1_100, True),
        ((b"GET", b"k"), 1_100, False),
        ((b"MGET", b"k", b"soon"), 1_100, True),
        ((b"DBSIZE",), 1_099, False),
        ((b"DBSIZE",), 1_100, True),
        ((b"KEYS", b"x"), 1_100, True),
        ((b"nosuch", b"soon"), 1_100, False),
    ],
)
def test_a_read_waits_if_it_meets_a_key_that_is_due(
    machine: KeyValueMachine,
    request_: Request,
    stamp_ms: int,
    waits: bool,  # noqa: FBT001
) -> None:
    assert waits == machine.read_must_wait(request_, stamp_ms)


def test_no_read_waits_when_nothing_expires(machine: KeyValueMachine) -> None:
    machine.advance_time(1_100)

    assert not machine.read_must_wait((b"DBSIZE",), 9_999)


def test_memory_follows_what_is_stored(machine: KeyValueMachine) -> None:
    before = machine.memory_bytes

    machine.apply((b"APPEND", b"k", b"x" * 100), 1_000)

    assert before + 100 == machine.memory_bytes


def test_a_snapshot_shows_the_moment_it_was_asked_for(machine: KeyValueMachine) -> None:
    expected = b"".join(machine.snapshot())
    chunks = machine.snapshot()

    machine.apply((b"FLUSHALL",), 2_000)

    assert expected == b"".join(chunks)


def test_restoring_forgets_what_was_there_before(machine: KeyValueMachine) -> None:
    other = KeyValueMachine()
    other.apply((b"SET", b"new", b"v"), 10)
    machine.begin_restore()

    for chunk in other.snapshot():
        machine.restore_chunk(chunk)
    machine.finish_restore()

    assert (b"new",) == machine.read((b"KEYS", b"*"), 10)
    assert 10 == machine.stamp_ms
    assert other.digest() == machine.digest()


def test_bytes_that_are_no_snapshot_leave_the_machine_empty(machine: KeyValueMachine) -> None:
    machine.begin_restore()

    with pytest.raises(SnapshotUnreadable):
        machine.restore_chunk(b"x" * 100)

    assert 0 == machine.key_count


def test_a_snapshot_that_is_not_whole_leaves_the_machine_empty(machine: KeyValueMachine) -> None:
    data = b"".join(machine.snapshot())
    machine.begin_restore()
    machine.restore_chunk(data[:-1])

    with pytest.raises(SnapshotUnreadable, match="1 entries too early"):
        machine.finish_restore()

    assert 0 == machine.key_count


@pytest.mark.parametrize("call", ["restore_chunk", "finish_restore"])
def test_a_restore_begins_with_its_beginning(machine: KeyValueMachine, call: str) -> None:
    with pytest.raises(AssertionError, match="begin_restore comes first"):
        machine.restore_chunk(b"") if call == "restore_chunk" else machine.finish_restore()


KEYS = st.sampled_from([b"%d" % number for number in range(8)])
WRITES: st.SearchStrategy[Request] = st.one_of(
    st.tuples(st.just(b"SET"), KEYS, st.binary(max_size=3)),
    st.tuples(st.just(b"SET"), KEYS, st.binary(max_size=3), st.just(b"PX"), st.just(b"30")),
    st.tuples(st.sampled_from([b"DEL", b"INCR", b"PERSIST"]), KEYS),
    st.tuples(st.just(b"PEXPIRE"), KEYS, st.sampled_from([b"10", b"50", b"-1"])),
)
HISTORIES = st.lists(st.tuples(WRITES, st.integers(min_value=0, max_value=20)), max_size=40)


def run(machine: KeyValueMachine, history: list[tuple[Request, int]]) -> list[Reply]:
    return [machine.apply(request, machine.stamp_ms + later_ms) for request, later_ms in history]


@given(HISTORIES, HISTORIES)
def test_a_restored_machine_goes_on_like_the_one_that_was_frozen(
    before: list[tuple[Request, int]], after: list[tuple[Request, int]]
) -> None:
    machine = KeyValueMachine()
    run(machine, before)
    restored = restored_from(machine)

    assert run(machine, after) == run(restored, after)
    assert b"".join(machine.snapshot()) == b"".join(restored.snapshot())
    assert machine.next_due_ms == restored.next_due_ms


def test_the_state_does_not_depend_on_the_hash_seed() -> None:
    program = """
from leto.kv import KeyValueMachine
machine = KeyValueMachine()
for number in range(500):
    machine.apply((b"SET", b"%d" % (number * 7919 % 300), b"v", b"PX", b"%d" % (number + 1)), number)
print(machine.digest().hex())
"""
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert 1 == len(digests)


def incremented(machine: KeyValueMachine, stamp_ms: int, number: bytes = b"1") -> Reply:
    request = (b"SESSION", b"PERFORM", b"1", number, b"1", b"INCR", b"n")
    return machine.apply(request, stamp_ms)


def test_a_command_of_a_session_is_performed_once(machine: KeyValueMachine) -> None:
    assert 1 == machine.apply((b"SESSION", b"REGISTER"), 1_000)

    replies = [incremented(machine, 1_000), incremented(machine, 1_001)]

    assert [1, 1] == replies
    assert b"1" == machine.read((b"GET", b"n"), 1_001)


def test_a_restored_machine_remembers_what_it_answered(machine: KeyValueMachine) -> None:
    machine.apply((b"SESSION", b"REGISTER"), 1_000)
    incremented(machine, 1_000)

    restored = restored_from(machine)

    assert machine.digest() == restored.digest()
    assert 1 == incremented(restored, 1_000)
    assert 2 == incremented(restored, 1_000, b"2")
    assert 2 == restored.apply((b"SESSION", b"REGISTER"), 1_000)


def test_sessions_end_by_the_logs_time(machine: KeyValueMachine) -> None:
    machine.apply((b"SESSION", b"REGISTER"), 1_000)
    used = machine.memory_bytes

    machine.advance_time(1_000 + SESSION_TTL_MS + 1)

    assert machine.memory_bytes < used
    assert errors.no_session(1) == incremented(machine, 0)


def test_a_snapshot_is_the_same_whenever_sessions_last_saw_the_time() -> None:
    one, other = KeyValueMachine(), KeyValueMachine()
    for machine in (one, other):
        machine.apply((b"SESSION", b"REGISTER"), 1_000)
        machine.apply((b"SET", b"k", b"v"), 2_000 + SESSION_TTL_MS)

    one.advance_time(2_000 + SESSION_TTL_MS)

    assert one.digest() == other.digest()


def test_restoring_what_knows_no_sessions_ends_them(machine: KeyValueMachine) -> None:
    machine.apply((b"SESSION", b"REGISTER"), 1_000)

    machine.begin_restore()
    for chunk in KeyValueMachine().snapshot():
        machine.restore_chunk(chunk)
    machine.finish_restore()

    assert errors.no_session(1) == incremented(machine, 0)
