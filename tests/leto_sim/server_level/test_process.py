"""A process carries facts to a program and performs its orders, until something befalls it."""

from collections.abc import Sequence
from random import Random

import pytest

from leto.raft.errors import EventOutOfOrder
from leto.server.world import (
    BytesReceived,
    ClockTicked,
    Close,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionDialled,
    ConnectionId,
    Dial,
    DialId,
    DiskJob,
    DiskJobDone,
    Fact,
    Log,
    LogLevel,
    Order,
    PauseReading,
    Port,
    ResumeReading,
    Started,
    Stop,
    StopRequested,
    SyncDirectory,
    Transmit,
    WriteAt,
)
from leto_sim.result import PropertyViolated
from leto_sim.scheduler import Scheduler
from leto_sim.server_level.disk import DiskLane, DiskTiming
from leto_sim.server_level.files import SimulatedDirectory
from leto_sim.server_level.paths import StreamWeather
from leto_sim.server_level.process import FIRST_UNIX_MS, HostClock, Process
from leto_sim.server_level.streams import StreamNetwork

HOST, ADDRESS = "10.0.0.1", "10.0.0.1:5379"


class Scripted:
    """A program that does what it was told to do for each kind of fact."""

    def __init__(self) -> None:
        self.deadline: int | None = None
        self.facts: list[Fact] = []
        self.times: list[tuple[int, int]] = []
        self.orders: dict[type[Fact], list[Order]] = {}
        self.bug: Exception | None = None

    def handle(self, fact: Fact, now: int, unix_ms: int) -> Sequence[Order]:
        self.facts.append(fact)
        self.times.append((now, unix_ms))
        if self.bug is not None:
            raise self.bug
        if isinstance(fact, ClockTicked):
            self.deadline = None
        if isinstance(fact, BytesReceived) and BytesReceived not in self.orders:
            return [Transmit(fact.connection, fact.data.upper())]
        return self.orders.get(type(fact), [])


class Quiet:
    """A witness that counts."""

    def __init__(self) -> None:
        self.told_count = self.handled_count = self.ordered_count = 0
        self.stops: list[Stop] = []

    def told(self, process: Process, fact: Fact) -> None:
        self.told_count += 1

    def ordered(self, process: Process, order: Order) -> None:
        self.ordered_count += 1

    def handled(self, process: Process) -> None:
        self.handled_count += 1

    def stopped(self, process: Process, stop: Stop) -> None:
        self.stops.append(stop)


class House:
    """A scheduler, a network, and processes in them."""

    def __init__(self) -> None:
        self.scheduler = Scheduler()
        self.network = StreamNetwork(self.scheduler, 1, StreamWeather(cut_chance=0.0))
        self.witness = Quiet()
        self.directory = SimulatedDirectory()

    def process(self, host: str = HOST, clock: HostClock | None = None) -> tuple[Process, Scripted]:
        program = Scripted()
        process = Process(
            host, host, program, clock or HostClock(), self.scheduler, self.network, self.witness,
            Random(1),
        )  # fmt: skip
        process.lane = DiskLane(
            self.directory, self.scheduler, Random(1), DiskTiming(), process.tell
        )
        return process, program

    def run(self) -> None:
        while self.scheduler.step():
            pass


@pytest.fixture
def house() -> House:
    return House()


def test_program_is_told_that_it_runs_at_its_own_time(house: House) -> None:
    process, program = house.process(clock=HostClock(zero=500, unix_offset_ms=-7))

    process.start()

    assert [Started(())] == program.facts
    assert [(500, FIRST_UNIX_MS - 7)] == program.times


def test_bytes_travel_between_two_processes(house: House) -> None:
    server, _ = house.process()
    server.listen(Port.CLIENT, ADDRESS)
    client, asking = house.process("10.0.1.1")
    asking.orders = {
        Started: [Dial(DialId(1), ADDRESS)],
        ConnectionDialled: [Transmit(ConnectionId(1), b"hello")],
        BytesReceived: [],
    }

    client.start()
    house.run()

    assert BytesReceived(ConnectionId(1), b"HELLO") == asking.facts[-1]


def test_paused_connection_reads_when_it_is_resumed(house: House) -> None:
    server, program = house.process()
    server.listen(Port.CLIENT, ADDRESS)
    program.orders = {ConnectionAccepted: [PauseReading(ConnectionId(1))]}
    client, asking = house.process("10.0.1.1")
    asking.orders = {
        Started: [Dial(DialId(1), ADDRESS)],
        ConnectionDialled: [Transmit(ConnectionId(1), b"hello")],
    }
    client.start()
    house.run()
    told_while_paused = list(program.facts)

    program.orders = {StopRequested: [ResumeReading(ConnectionId(1))], BytesReceived: []}
    server.tell(StopRequested("resume"))
    house.run()

    assert not any(isinstance(fact, BytesReceived) for fact in told_while_paused)
    assert BytesReceived(ConnectionId(1), b"hello") == program.facts[-1]


def test_closed_connection_ends_at_both_ends(house: House) -> None:
    server, program = house.process()
    server.listen(Port.CLIENT, ADDRESS)
    program.orders = {ConnectionAccepted: [Close(ConnectionId(1))]}
    client, asking = house.process("10.0.1.1")
    asking.orders = {Started: [Dial(DialId(1), ADDRESS)]}

    client.start()
    house.run()

    assert ConnectionClosed(ConnectionId(1), "closed here") == program.facts[-1]
    assert ConnectionClosed(ConnectionId(1), "closed by the other side") == asking.facts[-1]


def test_disk_jobs_are_performed(house: House) -> None:
    process, program = house.process()
    job = DiskJob(1, (WriteAt("f", 0, b"x"), SyncDirectory()))
    program.orders = {Started: [job, Log(LogLevel.INFO, "written")]}

    process.start()
    house.run()

    assert DiskJobDone(1) == program.facts[-1]
    assert b"x" == house.directory.read("f")


def test_clock_ticks_at_the_deadline_and_not_before(house: House) -> None:
    process, program = house.process(clock=HostClock(zero=1_000_000, drift_ppm=200))
    program.deadline = 1_000_000 + 50_000

    process.start()
    house.run()

    assert ClockTicked() == program.facts[-1]
    assert program.times[-1][0] >= 1_050_000
    assert house.scheduler.now < 50_000


def test_deadline_that_has_come_lets_some_time_pass(house: House) -> None:
    process, program = house.process()
    program.deadline = 0

    process.start()
    house.run()

    assert ClockTicked() == program.facts[-1]
    assert house.scheduler.now > 0


def test_earlier_deadline_takes_the_place_of_a_later_one(house: House) -> None:
    process, program = house.process()
    program.deadline = 50_000
    process.start()

    program.deadline = 10_000
    process.tell(StopRequested("sooner"))
    house.run()

    assert 1 == program.facts.count(ClockTicked())
    assert (10_000, FIRST_UNIX_MS + 10) == program.times[-1]


def test_later_deadline_is_kept_without_an_early_tick(house: House) -> None:
    process, program = house.process()
    program.deadline = 10_000
    process.start()

    program.deadline = 50_000
    house.run()

    assert 1 == program.facts.count(ClockTicked())
    assert 50_000 == program.times[-1][0]


def test_paused_process_learns_what_happened_when_it_goes_on(house: House) -> None:
    process, program = house.process()
    program.deadline = 1_000
    process.start()
    process.pause()
    process.pause()
    process.tell(StopRequested("meanwhile"))
    house.run()
    told_while_paused = list(program.facts)

    process.resume()
    process.resume()

    assert [Started(())] == told_while_paused
    assert [Started(()), StopRequested("meanwhile"), ClockTicked()] == program.facts


def test_process_that_ends_while_it_resumes_is_told_no_more(house: House) -> None:
    process, program = house.process()
    program.orders = {StopRequested: [Stop(0, "")]}
    process.pause()
    process.tell(StopRequested("now"))
    process.tell(StopRequested("again"))

    process.resume()

    assert [StopRequested("now")] == program.facts


def test_stop_ends_the_process_and_what_it_ordered_afterwards(house: House) -> None:
    process, program = house.process()
    job = DiskJob(1, (WriteAt("f", 0, b"x"),))
    program.orders = {Started: [Stop(3, "bye"), job]}

    process.start()
    process.tell(StopRequested("late"))
    house.run()

    assert [Stop(3, "bye")] == house.witness.stops
    assert [Started(())] == program.facts
    assert () == house.directory.listing()
    assert process.has_ended


@pytest.mark.parametrize("with_power", [False, True])
def test_process_that_died_hears_nothing(house: House, with_power: bool) -> None:  # noqa: FBT001
    process, program = house.process()
    process.listen(Port.CLIENT, ADDRESS)
    program.deadline = 1_000
    process.start()

    if with_power:
        process.lose_power()
    else:
        process.kill()
    house.run()

    assert [Started(())] == program.facts


def test_process_without_disk_can_die(house: House) -> None:
    process, _ = house.process()
    process.lane = None

    process.kill()

    assert process.has_ended


@pytest.mark.parametrize("bug", [AssertionError("what must hold"), EventOutOfOrder("job 7")])
def test_bug_of_the_program_is_a_violation_that_says_where(house: House, bug: Exception) -> None:
    process, program = house.process()
    program.bug = bug

    with pytest.raises(PropertyViolated, match=r"handle, line .* test_process\.py"):
        process.start()


def test_witness_sees_every_fact_and_order(house: House) -> None:
    process, program = house.process()
    program.orders = {Started: [Log(LogLevel.INFO, "one"), Log(LogLevel.INFO, "two")]}

    process.start()

    counts = house.witness
    assert (1, 2, 1) == (counts.told_count, counts.ordered_count, counts.handled_count)


@pytest.mark.parametrize("drift_ppm", [-200, 0, 200])
def test_clock_knows_when_it_will_show_a_time(drift_ppm: int) -> None:
    clock = HostClock(zero=123, drift_ppm=drift_ppm)

    for now in (0, 123, 124, 1_000_000, 987_654_321):
        when = clock.when(now)
        assert clock.now(when) >= now
        assert when == 0 or clock.now(when - 1) < now
