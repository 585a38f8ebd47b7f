"""The rules of sessions."""

import pytest

from leto.sessions import COMMANDS_IN_FLIGHT_MAX, Reply, SessionTable, Verdict
from leto.sessions.snapshot import write_sessions
from leto.sessions.table import SESSION_OVERHEAD_BYTES

TTL_MS = 100


@pytest.fixture
def table() -> SessionTable:
    return SessionTable(ttl_ms=TTL_MS)


def no_more() -> bytes:
    raise AssertionError("performed again")


def test_a_command_is_performed_when_it_comes_first(table: SessionTable) -> None:
    session_id = table.register()

    first = table.perform(session_id, 1, 1, lambda: b"a")

    assert Reply(Verdict.DONE, b"a") == first
    assert first == table.perform(session_id, 1, 1, no_more)


def test_a_command_of_nobody_is_not_performed(table: SessionTable) -> None:
    assert Reply(Verdict.NO_SESSION) == table.perform(1, 1, 1, no_more)


def test_ids_are_never_given_twice(table: SessionTable) -> None:
    first = table.register()
    table.close(first)

    assert first + 1 == table.register()


def test_what_the_client_has_is_forgotten(table: SessionTable) -> None:
    session_id = table.register()
    table.perform(session_id, 1, 1, lambda: b"a")
    table.perform(session_id, 2, 1, lambda: b"b")

    table.perform(session_id, 3, 2, lambda: b"c")

    assert Reply(Verdict.FORGOTTEN) == table.perform(session_id, 1, 1, no_more)
    assert Reply(Verdict.DONE, b"b") == table.perform(session_id, 2, 1, no_more)


def test_too_many_unanswered_commands_are_refused(table: SessionTable) -> None:
    session_id = table.register()
    for number in range(1, COMMANDS_IN_FLIGHT_MAX + 1):
        table.perform(session_id, number, 1, lambda: b"")

    reply = table.perform(session_id, COMMANDS_IN_FLIGHT_MAX + 1, 1, no_more)

    assert Reply(Verdict.TOO_MANY) == reply


def test_a_session_ends_when_the_log_has_left_it_behind(table: SessionTable) -> None:
    idle, busy = table.register(), table.register()
    table.advance_time(TTL_MS)
    table.perform(busy, 1, 1, lambda: b"a")

    table.advance_time(TTL_MS + 1)

    assert 1 == table.count
    assert Verdict.NO_SESSION is table.perform(idle, 1, 1, no_more).verdict
    assert Verdict.DONE is table.perform(busy, 1, 1, no_more).verdict


def test_time_does_not_go_back(table: SessionTable) -> None:
    session_id = table.register()
    table.advance_time(TTL_MS)

    table.advance_time(0)
    table.perform(session_id, 1, 1, lambda: b"a")
    table.advance_time(2 * TTL_MS)

    assert 1 == table.count


def test_many_sessions_end_at_once_though_they_are_swept_a_few_at_a_time(
    table: SessionTable,
) -> None:
    sessions = [table.register() for _ in range(1_000)]

    table.advance_time(TTL_MS + 1)

    assert 0 == table.count
    assert table.memory_bytes > 0
    assert Verdict.NO_SESSION is table.perform(sessions[-1], 1, 1, no_more).verdict
    assert Verdict.NO_SESSION is table.close(sessions[-1])
    assert [] == list(table.freeze().sessions)
    for _ in range(3):
        table.advance_time(0)
    assert 0 == table.memory_bytes


def test_the_session_idle_longest_gives_way() -> None:
    table = SessionTable(sessions_max=2)
    oldest, kept = table.register(), table.register()

    table.register()

    assert Verdict.NO_SESSION is table.close(oldest)
    assert Verdict.DONE is table.close(kept)


def test_a_frozen_table_does_not_change(table: SessionTable) -> None:
    session_id = table.register()
    table.perform(session_id, 1, 1, lambda: b"a")
    frozen = table.freeze()
    before = b"".join(write_sessions(frozen))

    table.perform(session_id, 2, 2, lambda: b"b")
    table.register()
    table.advance_time(2 * TTL_MS)

    assert before == b"".join(write_sessions(frozen))


def test_memory_is_counted_and_given_back(table: SessionTable) -> None:
    session_id = table.register()
    alone = table.memory_bytes
    table.perform(session_id, 1, 1, lambda: b"a" * 1_000)
    table.perform(session_id, 2, 1, lambda: b"a")
    with_results = table.memory_bytes

    table.perform(session_id, 2, 2, no_more)
    with_one = table.memory_bytes
    table.close(session_id)

    assert alone + 1_000 < with_one + 1_000 < with_results
    assert 0 == table.memory_bytes


def test_a_cleared_table_is_as_new(table: SessionTable) -> None:
    session_id = table.register()
    table.perform(session_id, 1, 1, lambda: b"a")

    table.clear()

    assert SessionTable().freeze() == table.freeze()
    table.advance_time(0)
    assert 0 == table.memory_bytes
    assert session_id == table.register()


def test_a_table_is_filled_from_a_snapshot(table: SessionTable) -> None:
    table.register()

    table.restore(stamp_ms=500, registered=7)
    table.restore_session(6, active_ms=450, waiting_from=2)
    table.restore_result(6, 2, b"two")

    assert Reply(Verdict.DONE, b"two") == table.perform(6, 2, 2, no_more)
    assert Reply(Verdict.FORGOTTEN) == table.perform(6, 1, 1, no_more)
    assert Reply(Verdict.NO_SESSION) == table.perform(1, 1, 1, no_more)
    assert 8 == table.register()
    table.clear()
    assert 1 == table.register()


def test_what_a_restore_leaves_behind_is_freed_a_little_at_a_time(table: SessionTable) -> None:
    for _ in range(1_000):
        table.register()
    full = table.memory_bytes

    table.restore(stamp_ms=0, registered=1_000)
    left = [table.memory_bytes]
    for session_id in range(100):
        table.restore_session(session_id, active_ms=0, waiting_from=1)
    left.append(table.memory_bytes - table.count * SESSION_OVERHEAD_BYTES)
    while table.memory_bytes > table.count * SESSION_OVERHEAD_BYTES:
        table.advance_time(0)
        left.append(table.memory_bytes - table.count * SESSION_OVERHEAD_BYTES)

    assert [full, full * 9 // 10] == left[:2]
    assert len(left) > 4
    assert 100 == table.count
