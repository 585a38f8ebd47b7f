"""What clients ask, and what they make of the answers."""

import pytest

from leto.resp import OK, ErrorReply, Reply, Simple
from leto_sim.lincheck import strings
from leto_sim.lincheck.strings import KeyCommand, KeyReply, Verb
from leto_sim.result import PropertyViolated
from leto_sim.server_level.errands import (
    LOST,
    EchoErrand,
    ExpiringErrand,
    KeyErrand,
    Question,
    fate_of,
)
from leto_sim.server_level.history import History
from leto_sim.server_level.promises import Fate, Promises

KEY = b"k0"


class Desk:
    """A history and promises for one errand."""

    def __init__(self) -> None:
        self.history = History()
        self.promises = Promises()
        self.fates: list[Fate] = []

    def errand(self, verb: Verb, argument: bytes = b"", token: bytes | None = None) -> KeyErrand:
        command = KeyCommand(verb, argument)

        def ended(fate: Fate, _: KeyReply) -> None:
            self.fates.append(fate)

        return KeyErrand(KEY, command, self.history, self.promises, token, ended)

    def results(self) -> list[tuple[Verb, bool, KeyReply]]:
        return [
            (operation.command.verb, operation.returned is not None, operation.result)
            for operation in self.history.operations
        ]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    "reply, fate",
    [
        (OK, Fate.ACKNOWLEDGED),
        (None, Fate.ACKNOWLEDGED),
        (ErrorReply("ERR value is not an integer or out of range"), Fate.ACKNOWLEDGED),
        (ErrorReply("not leader 10.0.0.1:5379"), Fate.REFUSED),
        (ErrorReply("CLUSTERDOWN no leader is known, not applied"), Fate.REFUSED),
        (ErrorReply("LOADING Leto is loading the dataset in memory"), Fate.REFUSED),
        (ErrorReply("BUSY too much is waiting"), Fate.REFUSED),
        (ErrorReply("MISCONF the leader's disk is full"), Fate.REFUSED),
        (ErrorReply("UNKNOWN the write may still be applied"), Fate.UNKNOWN),
        (LOST, Fate.UNKNOWN),
    ],
)
def test_reply_says_what_became_of_the_command(reply: Reply, fate: Fate) -> None:
    assert fate == fate_of(reply)


@pytest.mark.parametrize(
    "verb, argument, arguments",
    [
        (Verb.SET, b"v", (b"SET", KEY, b"v")),
        (Verb.APPEND, b"v", (b"APPEND", KEY, b"v")),
        (Verb.GET, b"", (b"GET", KEY)),
        (Verb.INCR, b"", (b"INCR", KEY)),
        (Verb.DEL, b"", (b"DEL", KEY)),
    ],
)
def test_command_is_sent_as_redis_has_it(
    desk: Desk, verb: Verb, argument: bytes, arguments: tuple[bytes, ...]
) -> None:
    assert arguments == desk.errand(verb, argument).arguments


@pytest.mark.parametrize(
    "verb, reply, result",
    [
        (Verb.SET, OK, b"OK"),
        (Verb.GET, b"v", b"v"),
        (Verb.GET, None, None),
        (Verb.DEL, 1, 1),
        (Verb.INCR, 7, 7),
        (Verb.INCR, ErrorReply("ERR no"), strings.ErrorReply("ERR no")),
        (Verb.APPEND, 3, 3),
    ],
)
def test_answer_is_written_into_the_history(
    desk: Desk, verb: Verb, reply: Reply, result: KeyReply
) -> None:
    desk.errand(verb).answered(reply)

    assert [(verb, True, result)] == desk.results()
    assert [Fate.ACKNOWLEDGED] == desk.fates


def test_refused_command_leaves_no_trace_in_the_history(desk: Desk) -> None:
    desk.errand(Verb.SET, b"<a.1>", b"<a.1>").answered(ErrorReply("BUSY not applied"))

    assert [] == desk.results()


def test_lost_command_may_have_happened(desk: Desk) -> None:
    desk.errand(Verb.INCR).lost()
    desk.errand(Verb.INCR).answered(ErrorReply("UNKNOWN the write may still be applied"))

    assert [(Verb.INCR, False, None)] * 2 == desk.results()


def test_error_of_a_write_with_token_promises_nothing(desk: Desk) -> None:
    desk.errand(Verb.APPEND, b"<a.1>", b"<a.1>").answered(ErrorReply("ERR too long"))

    desk.promises.settle()


@pytest.mark.parametrize(
    "verb, reply", [(Verb.GET, 1), (Verb.SET, b"OK"), (Verb.INCR, OK), (Verb.DEL, None)]
)
def test_answer_of_another_commands_shape_is_a_violation(
    desk: Desk, verb: Verb, reply: Reply
) -> None:
    with pytest.raises(PropertyViolated, match="exactly one reply"):
        desk.errand(verb).answered(reply)


def test_outcome_of_a_read_is_never_unknown(desk: Desk) -> None:
    with pytest.raises(PropertyViolated, match="a read is answered"):
        desk.errand(Verb.GET).answered(ErrorReply("UNKNOWN whatever"))


def test_echo_must_come_back() -> None:
    echo = EchoErrand(b"hello")
    echo.answered(b"hello")
    echo.answered(ErrorReply("LOADING Leto is loading"))
    echo.lost()

    with pytest.raises(PropertyViolated, match="ECHO"):
        echo.answered(b"other")
    assert (b"ECHO", b"hello") == echo.arguments


def test_expiring_write_is_a_promise(desk: Desk) -> None:
    errand = ExpiringErrand(b"p0", b"<a.1>", 50, desk.promises)
    lost = ExpiringErrand(b"p0", b"<a.2>", 50, desk.promises)

    errand.answered(Simple("OK"))
    lost.lost()

    assert (b"SET", b"p0", b"<a.1>", b"PX", b"50") == errand.arguments
    with pytest.raises(PropertyViolated, match=r"<a\.1>"):
        desk.promises.settle()


def test_question_is_heard_even_if_it_is_lost() -> None:
    heard: list[Reply] = []
    question = Question((b"PING",), heard.append)

    question.answered(Simple("PONG"))
    question.lost()

    assert [Simple("PONG"), LOST] == heard


def test_errand_may_have_no_listener(desk: Desk) -> None:
    KeyErrand(KEY, KeyCommand(Verb.DEL), desk.history, desk.promises).answered(1)

    assert [(Verb.DEL, True, 1)] == desk.results()
