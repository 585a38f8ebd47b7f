"""Sessions: each command once, however often it comes."""

from hypothesis import given
from hypothesis import strategies as st

from leto.sessions import (
    COMMANDS_IN_FLIGHT_MAX,
    Reply,
    Session,
    Sessions,
    Verdict,
    close,
    register,
    registered,
    reply_of,
)


class Journal:
    """A machine that remembers what it was told; the result is how often."""

    def __init__(self) -> None:
        self.commands: list[bytes] = []

    def apply(self, command: bytes) -> bytes:
        """Append; return the length."""
        self.commands.append(command)
        return b"%d" % len(self.commands)

    def snapshot(self) -> bytes:
        """The commands, one a line."""
        return b"\n".join(self.commands)

    def restore(self, content: bytes) -> None:
        """The lines."""
        self.commands = content.split(b"\n") if content else []


def opened(sessions: Sessions, stamp_ms: int = 0) -> Session:
    """A session that was just registered."""
    return Session(registered(reply_of(sessions.apply(register(stamp_ms)))))


def test_command_is_performed_and_its_result_returned() -> None:
    journal = Journal()
    sessions = Sessions(journal)
    _, command = opened(sessions).command(b"a", 0)

    reply = reply_of(sessions.apply(command))

    assert Reply(Verdict.DONE, b"1") == reply
    assert [b"a"] == journal.commands


def test_repeated_command_is_performed_once_and_answered_alike() -> None:
    journal = Journal()
    sessions = Sessions(journal)
    _, command = opened(sessions).command(b"a", 0)
    first = sessions.apply(command)

    second = sessions.apply(command)

    assert first == second
    assert [b"a"] == journal.commands


def test_commands_of_two_sessions_with_the_same_number_are_two_commands() -> None:
    journal = Journal()
    sessions = Sessions(journal)
    one, other = opened(sessions), opened(sessions)

    sessions.apply(one.command(b"a", 0)[1])
    sessions.apply(other.command(b"b", 0)[1])

    assert [b"a", b"b"] == journal.commands


def test_result_is_forgotten_once_the_client_has_it() -> None:
    sessions = Sessions(Journal())
    session = opened(sessions)
    number, old = session.command(b"a", 0)
    sessions.apply(old)
    session.answered(number)
    sessions.apply(session.command(b"b", 0)[1])

    late = reply_of(sessions.apply(old))

    assert Reply(Verdict.FORGOTTEN) == late


def test_unanswered_result_is_kept_while_later_ones_are_answered() -> None:
    sessions = Sessions(Journal())
    session = opened(sessions)
    _, unanswered = session.command(b"a", 0)
    sessions.apply(unanswered)
    number, later = session.command(b"b", 0)
    sessions.apply(later)
    session.answered(number)
    sessions.apply(session.command(b"c", 0)[1])

    again = reply_of(sessions.apply(unanswered))

    assert Reply(Verdict.DONE, b"1") == again


def test_idle_session_ends_by_the_time_of_the_log() -> None:
    sessions = Sessions(Journal(), ttl_ms=100)
    idle = opened(sessions, stamp_ms=1_000)
    busy = opened(sessions, stamp_ms=1_000)
    sessions.apply(busy.command(b"a", 1_090)[1])

    reply = reply_of(sessions.apply(idle.command(b"b", 1_101)[1]))

    assert Reply(Verdict.NO_SESSION) == reply
    assert 1 == sessions.count


def test_time_of_the_log_never_goes_back() -> None:
    sessions = Sessions(Journal(), ttl_ms=100)
    session = opened(sessions, stamp_ms=1_000)
    sessions.apply(register(1_090))

    sessions.apply(session.command(b"a", 500)[1])
    sessions.apply(register(1_150))

    assert 3 == sessions.count


def test_session_idle_longest_ends_when_there_are_too_many() -> None:
    sessions = Sessions(Journal(), sessions_max=2)
    oldest, kept = opened(sessions), opened(sessions)
    opened(sessions)

    verdicts = [
        reply_of(sessions.apply(session.command(b"a", 0)[1])).verdict for session in (oldest, kept)
    ]

    assert [Verdict.NO_SESSION, Verdict.DONE] == verdicts


def test_closed_session_is_gone() -> None:
    sessions = Sessions(Journal())
    session = opened(sessions)

    verdicts = [
        reply_of(sessions.apply(close(session.session_id, 0))).verdict,
        reply_of(sessions.apply(close(session.session_id, 0))).verdict,
        reply_of(sessions.apply(session.command(b"a", 0)[1])).verdict,
    ]

    assert [Verdict.DONE, Verdict.NO_SESSION, Verdict.NO_SESSION] == verdicts


def test_more_unanswered_commands_than_are_remembered_are_not_performed() -> None:
    journal = Journal()
    sessions = Sessions(journal)
    session = opened(sessions)
    for _ in range(COMMANDS_IN_FLIGHT_MAX):
        sessions.apply(session.command(b"a", 0)[1])

    reply = reply_of(sessions.apply(session.command(b"b", 0)[1]))

    assert Reply(Verdict.TOO_MANY) == reply
    assert b"b" not in journal.commands


@given(st.binary(max_size=60))
def test_hostile_commands_reach_no_machine(data: bytes) -> None:
    journal = Journal()
    sessions = Sessions(journal)

    reply = reply_of(sessions.apply(data))

    assert [] == journal.commands
    assert reply.verdict in Verdict


def test_unknown_kind_is_malformed() -> None:
    reply = reply_of(Sessions(Journal()).apply(b"\x09" + bytes(32)))

    assert Reply(Verdict.MALFORMED) == reply


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 3), st.booleans(), st.integers(0, 40)),
        max_size=40,
    ),
    st.integers(0, 40),
)
def test_restored_machine_goes_on_like_the_one_it_was_taken_of(
    steps: list[tuple[int, int, bool, int]], cut: int
) -> None:
    one = Sessions(Journal(), ttl_ms=60)
    clients = [opened(one) for _ in range(3)]
    sent: list[bytes] = []
    stamp_ms = 0
    for who, back, is_answered, passed_ms in steps:
        stamp_ms += passed_ms
        if back and len(sent) >= back:
            sent.append(sent[-back])  # a retry
            continue
        number, command = clients[who].command(b"%d" % len(sent), stamp_ms)
        sent.append(command)
        if is_answered:
            clients[who].answered(number)
    for command in sent[:cut]:
        one.apply(command)
    other = Sessions(Journal(), ttl_ms=60)

    other.restore(one.snapshot())
    replies = [(one.apply(command), other.apply(command)) for command in sent[cut:]]

    assert all(mine == theirs for mine, theirs in replies)
    assert one.snapshot() == other.snapshot()
