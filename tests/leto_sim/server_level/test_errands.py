"""What clients ask, and what they make of the answers."""

from random import Random

import pytest

from leto.raft.entries import Command, Entry
from leto.raft.types import EntryId
from leto.resp import OK, ErrorReply, Reply, Simple
from leto_sim.lincheck import strings
from leto_sim.lincheck.strings import KeyCommand, KeyReply, Verb
from leto_sim.result import PropertyViolated
from leto_sim.server_level.errands import (
    COUNTED,
    LOST,
    EchoErrand,
    ExpiringErrand,
    KeyErrand,
    Question,
    RandomErrands,
    Workload,
    expiring_keys,
    fate_of,
    lasting_keys,
    ordered_keys,
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


def test_pipeline_touches_each_key_once() -> None:
    workload = Workload(keys=5, pipeline_max=5, expiring=0.2, echoes=0.2)
    errands = RandomErrands("a", workload, History(), Promises(), Random(1))

    for _ in range(200):
        keys = [errand.arguments[1] for errand in errands()]
        assert len(keys) == len(set(keys))


def test_echoes_and_expiring_writes_are_among_the_errands() -> None:
    workload = Workload(keys=1, expiring=0.3, echoes=0.3)
    errands = RandomErrands("a", workload, History(), Promises(), Random(1))

    kinds = {type(errand) for _ in range(50) for errand in errands()}

    assert {KeyErrand, EchoErrand, ExpiringErrand, Question} == kinds


def test_some_pipelines_write_and_read_one_key_by_turns() -> None:
    workload = Workload(keys=2, pipeline_max=5, ordered=1.0)
    errands = RandomErrands("a", workload, History(), Promises(), Random(1))
    words = {b"GET", b"SET", b"READONLY", b"READWRITE"}

    pipelines = [list(errands()) for _ in range(20)]

    assert words == {errand.arguments[0] for pipeline in pipelines for errand in pipeline}
    for pipeline in pipelines:
        (key,) = {errand.arguments[1] for errand in pipeline if len(errand.arguments) > 1}
        assert key in ordered_keys(workload)


def test_what_a_client_has_seen_it_does_not_forget() -> None:
    promises = Promises()
    errands = RandomErrands("a", Workload(keys=1, ordered=1.0), History(), promises, Random(1))
    reads = [errand for _ in range(20) for errand in errands() if errand.arguments[0] == b"GET"]
    promises.asked(b"<b.1>")
    promises.applied([Entry(EntryId(term=1, index=1), Command(b"<b.1>"))])

    for read in reads:
        read.answered(ErrorReply("CLUSTERDOWN no leader"))
    errands.order.check(promises.place_of)
    linearizable = [read for read in reads if isinstance(read, KeyErrand)]
    stale = [read for read in reads if isinstance(read, Question)]
    stale[0].answered(b"<b.1>")
    with pytest.raises(PropertyViolated, match="GET is answered 1"):
        stale[0].answered(1)

    assert linearizable


def test_twins_are_told_from_each_other_by_their_answers_alone() -> None:
    errands = RandomErrands("a", Workload(twins=1.0), History(), Promises(), Random(1))
    first, second, *_ = [errand for _ in range(9) for errand in errands()]

    second.answered(ErrorReply("CLUSTERDOWN no leader"))
    first.answered(7)

    assert {(b"INCR", COUNTED)} == {first.arguments, second.arguments}
    with pytest.raises(PropertyViolated, match="a counts 7 after 7"):
        next(iter(errands())).answered(7)


def test_what_twins_count_is_read_in_the_end() -> None:
    assert COUNTED in lasting_keys(Workload(twins=0.1))


def test_who_only_reads_does_so_in_order_too() -> None:
    readers = [
        RandomErrands("a", Workload(ordered=1.0), History(), Promises(), Random(seed))
        for seed in range(40)
    ]
    words = [{e.arguments[0] for _ in range(40) for e in reader()} for reader in readers]

    assert {b"GET", b"READONLY", b"READWRITE"} in words


def test_errand_may_have_no_listener(desk: Desk) -> None:
    KeyErrand(KEY, KeyCommand(Verb.DEL), desk.history, desk.promises).answered(1)

    assert [(Verb.DEL, True, 1)] == desk.results()


def test_nothing_is_asked_when_the_work_is_over() -> None:
    errands = RandomErrands("a", Workload(), History(), Promises(), Random(1))

    errands.is_over = True

    assert () == errands()


def test_keys_that_expire_are_not_those_that_last() -> None:
    workload = Workload(keys=2)

    assert [b"p0", b"p1"] == expiring_keys(workload)
    assert [b"k0", b"k1"] == lasting_keys(workload)
