"""§6.3 Implementing linearizable semantics: each command is performed once."""

from leto.raft.entries import Command
from leto.sessions import SESSION_TTL_MS, Session, Sessions, Verdict, register, registered, reply_of
from tests.support.hosts import Host
from tests.support.situations import led


class Counter:
    """Counts what it is told, so that a repetition would show."""

    def __init__(self) -> None:
        self.count = 0

    def apply(self, command: bytes) -> bytes:
        """Count; the result is the count."""
        assert command
        self.count += 1
        return b"%d" % self.count

    def snapshot(self) -> bytes:
        """The count."""
        return b"%d" % self.count

    def restore(self, content: bytes) -> None:
        """The count."""
        self.count = int(content)


def replies(host: Host, sessions: Sessions) -> list[bytes]:
    """Let a node's state machine obey its log from the beginning."""
    payloads = (applied.payload for applied in host.applied)
    return [sessions.apply(p.data) for p in payloads if isinstance(p, Command)]


def test_a_command_that_is_in_the_log_twice_is_performed_once() -> None:
    """§6.3, figure 6.1: A command that comes again is answered as before, and not performed
    again.
    """
    cluster = led()
    _, command = Session(1).command(b"add", 0)
    for data in (register(0), command, command):
        cluster[1].propose(data)
    cluster.settle()
    counter = Counter()

    answers = replies(cluster[1], Sessions(counter))

    assert (1, answers[1]) == (counter.count, answers[2])


def test_a_retry_through_another_leader_is_performed_once() -> None:
    """§6.3: A retry through another leader is recognized."""
    cluster = led()
    _, command = Session(1).command(b"add", 0)
    cluster[1].propose(register(0), command)
    cluster.settle()
    cluster.beat(1)
    cluster.cut_off = {1}
    cluster.elect(2)

    cluster[2].propose(command)
    cluster.settle()
    counter = Counter()
    replies(cluster[2], Sessions(counter))

    assert 1 == counter.count


def test_all_nodes_have_the_same_sessions() -> None:
    """§6.3, figure 6.1: Sessions are part of the replicated state: all have the same ones."""
    cluster = led()
    session = Session(1)
    (_, first), (_, second) = session.command(b"add", 0), session.command(b"add", 5)
    cluster[1].propose(register(0), first, second, first)
    cluster.settle()
    cluster.beat(1)

    contents: list[bytes] = []
    for host in cluster.hosts.values():
        sessions = Sessions(Counter())
        replies(host, sessions)
        contents.append(sessions.snapshot())

    assert contents[0] == contents[1] == contents[2]


def test_sessions_survive_in_the_snapshot() -> None:
    """§6.3, §5.1: Sessions are in the snapshot."""
    before = Sessions(Counter())
    session = Session(registered(reply_of(before.apply(register(0)))))
    _, command = session.command(b"add", 0)
    first = before.apply(command)
    counter = Counter()
    after = Sessions(counter)

    after.restore(before.snapshot())

    assert first == after.apply(command)
    assert 1 == counter.count


def test_each_client_is_given_a_session_of_its_own() -> None:
    """§6.3, figure 6.1: A client registers, and the log gives it a number that nobody else has."""
    sessions = Sessions(Counter())

    numbers = [registered(reply_of(sessions.apply(register(0)))) for _ in range(3)]

    assert 3 == len(set(numbers))


def test_concurrent_commands_of_a_client_are_each_performed_once() -> None:
    """§6.3: A session keeps several numbers with their results, so that a client may have
    several commands under way.
    """
    counter = Counter()
    sessions = Sessions(counter)
    session = Session(registered(reply_of(sessions.apply(register(0)))))
    commands = [session.command(b"add", 0)[1] for _ in range(3)]
    shuffled = [commands[at] for at in (2, 0, 1)]

    first = [sessions.apply(command) for command in shuffled]
    again = [sessions.apply(command) for command in shuffled]

    assert (3, first) == (counter.count, again)


def test_results_that_the_client_has_are_forgotten() -> None:
    """§6.3, figure 6.1: A client says up to where it was answered, and those results are
    forgotten.
    """
    counter = Counter()
    sessions = Sessions(counter)
    session = Session(registered(reply_of(sessions.apply(register(0)))))
    number, command = session.command(b"add", 0)
    sessions.apply(command)
    session.answered(number)
    sessions.apply(session.command(b"add", 0)[1])

    reply = reply_of(sessions.apply(command))

    assert reply.verdict is not Verdict.DONE
    assert 2 == counter.count


def test_the_number_of_sessions_is_bounded() -> None:
    """§6.3: There are only so many sessions; the one idle longest gives way."""
    sessions = Sessions(Counter(), sessions_max=3)

    for _ in range(10):
        sessions.apply(register(0))

    assert 3 == sessions.count


def test_the_session_idle_longest_gives_way() -> None:
    """§6.3: There are only so many sessions; the one idle longest gives way."""
    sessions = Sessions(Counter(), sessions_max=2)
    first, second = (Session(registered(reply_of(sessions.apply(register(0))))) for _ in range(2))
    sessions.apply(first.command(b"add", 1)[1])

    sessions.apply(register(2))
    verdicts = [
        reply_of(sessions.apply(session.command(b"add", 3)[1])).verdict
        for session in (first, second)
    ]

    assert [Verdict.DONE, Verdict.NO_SESSION] == verdicts


def test_a_sessions_end_is_decided_by_the_log_alone() -> None:
    """§6.3: When a session ends, the log decides alone: time comes with the commands."""
    sessions = Sessions(Counter())
    session = Session(registered(reply_of(sessions.apply(register(0)))))
    _, command = session.command(b"add", SESSION_TTL_MS + 1)

    reply = reply_of(sessions.apply(command))

    assert Verdict.NO_SESSION is reply.verdict


def test_a_client_that_goes_on_asking_keeps_its_session() -> None:
    """§6.3: Who goes on asking keeps its session."""
    sessions = Sessions(Counter())
    session = Session(registered(reply_of(sessions.apply(register(0)))))

    replies = [
        reply_of(sessions.apply(session.command(b"add", hour * SESSION_TTL_MS // 2)[1]))
        for hour in range(6)
    ]

    assert {Verdict.DONE} == {reply.verdict for reply in replies}


def test_a_command_without_a_session_is_not_performed() -> None:
    """§6.3, figure 6.1: A command of a session that is not there is not performed, and its
    client is told.
    """
    counter = Counter()
    sessions = Sessions(counter)
    _, command = Session(77).command(b"add", 0)

    reply = reply_of(sessions.apply(command))

    assert (Verdict.NO_SESSION, 0) == (reply.verdict, counter.count)
