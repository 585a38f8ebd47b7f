"""A diary has every event of every process, and what was never finished."""

from random import Random

from leto.server.world import ClockTicked, ConnectionId, Log, LogLevel, Stop, Transmit
from leto_sim.journal import Journal
from leto_sim.scheduler import Scheduler
from leto_sim.server_level.diary import Diary
from leto_sim.server_level.paths import StreamWeather
from leto_sim.server_level.process import HostClock, Process
from leto_sim.server_level.resp_client import Manners, RespClient
from leto_sim.server_level.streams import StreamNetwork

HELLO = Transmit(ConnectionId(1), b"hello")


class Writing:
    """A diary, and somebody to write about."""

    def __init__(self, *, traced: bool = False) -> None:
        scheduler = Scheduler()
        self.journal = Journal(traced=traced)
        self.diary = Diary(scheduler, self.journal, lambda: (("id1", "F1"),))
        network = StreamNetwork(scheduler, 1, StreamWeather())
        client = RespClient(("10.0.0.1:5379",), lambda: (), Random(1), Manners())
        self.process = Process(
            "c1", "10.0.1.1", client, HostClock(), scheduler, network, self.diary, Random(1)
        )

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.journal.last_events]


def test_what_is_told_and_ordered_is_one_event() -> None:
    writing = Writing(traced=True)

    writing.diary.told(writing.process, ClockTicked())
    writing.diary.ordered(writing.process, HELLO)
    writing.diary.handled(writing.process)

    assert 1 == writing.journal.events
    assert ["c1 timer; transmits 5 bytes on 1"] == writing.texts


def test_digest_is_the_same_whether_the_run_is_traced() -> None:
    digests: list[str] = []
    for traced in (False, True):
        writing = Writing(traced=traced)
        writing.diary.told(writing.process, ClockTicked())
        writing.diary.ordered(writing.process, HELLO)
        writing.diary.handled(writing.process)
        digests.append(writing.journal.digest)

    assert digests[0] == digests[1]


def test_events_of_different_orders_have_different_digests() -> None:
    one, other = Writing(), Writing()

    one.diary.ordered(one.process, HELLO)
    one.diary.handled(one.process)
    other.diary.ordered(other.process, Transmit(ConnectionId(1), b"hallo"))
    other.diary.handled(other.process)

    assert one.journal.digest != other.journal.digest


def test_log_line_is_also_a_line_of_its_own() -> None:
    writing = Writing(traced=True)

    writing.diary.ordered(writing.process, Log(LogLevel.INFO, "leading"))
    writing.diary.handled(writing.process)

    assert 2 == len(writing.texts)
    assert all("leading" in text for text in writing.texts)


def test_stop_ends_the_event() -> None:
    writing = Writing()

    writing.diary.ordered(writing.process, Stop(0, ""))
    writing.diary.stopped(writing.process, Stop(0, ""))

    assert 1 == writing.journal.events


def test_remark_is_an_event_of_nobody() -> None:
    writing = Writing(traced=True)

    writing.diary.remark("it rains")

    assert ["* it rains"] == writing.texts


def test_event_that_is_broken_off_is_noted() -> None:
    writing = Writing(traced=True)
    writing.diary.ordered(writing.process, Stop(1, "in the middle"))

    writing.diary.break_off()

    assert 1 == writing.journal.events
    assert "in the middle" in writing.texts[-1]


def test_nothing_is_broken_off_between_events() -> None:
    writing = Writing()

    writing.diary.break_off()

    assert 0 == writing.journal.events
