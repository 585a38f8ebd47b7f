"""Jobs end in order; a crash finds the steps done that were due, and one half done."""

from random import Random

from leto.server.world import (
    DiskJob,
    DiskJobDone,
    DiskJobFailed,
    DiskRoomMeasured,
    ReadAt,
    Step,
    SyncDirectory,
    SyncFile,
    WriteAt,
)
from leto_sim.scheduler import Scheduler
from leto_sim.server_level.disk import RETRY_US, DiskFact, DiskLane, DiskTiming
from leto_sim.server_level.files import SimulatedDirectory


class Bench:
    """A lane on a directory of its own, and what it told."""

    def __init__(self, seed: int = 1) -> None:
        self.scheduler = Scheduler()
        self.directory = SimulatedDirectory()
        self.facts: list[DiskFact] = []
        self.times: list[int] = []
        timing = DiskTiming(step_us=10, sync_least_us=100, sync_tail_us=50)
        self.lane = DiskLane(self.directory, self.scheduler, Random(seed), timing, self.tell)

    def tell(self, fact: DiskFact) -> None:
        self.facts.append(fact)
        self.times.append(self.scheduler.now)

    def submit(self, job: int, *steps: Step) -> None:
        self.lane.submit(DiskJob(job, steps))

    def run(self) -> None:
        while self.scheduler.step():
            pass

    def run_until(self, time_us: int) -> None:
        self.scheduler.at(time_us, lambda: None)
        while self.scheduler.now < time_us:
            self.scheduler.step()


def test_jobs_end_in_order_with_what_they_read() -> None:
    bench = Bench()
    bench.submit(1, WriteAt("f", 0, b"abc"), SyncFile("f"), SyncDirectory())
    bench.submit(2, ReadAt("f", 0, 2), ReadAt("f", 2, 2))
    bench.submit(3)

    bench.run()

    assert [DiskJobDone(1), DiskJobDone(2, (b"ab", b"c")), DiskJobDone(3)] == bench.facts
    assert bench.times[0] >= 210


def test_what_cannot_be_read_ends_the_lane() -> None:
    bench = Bench()
    bench.lane.cannot_read = True
    bench.submit(1, WriteAt("f", 0, b"abc"))
    bench.submit(2, ReadAt("f", 0, 2))
    bench.submit(3, WriteAt("f", 3, b"def"))

    bench.run()

    failed = DiskJobFailed(2, "input/output error while reading f")
    assert [DiskJobDone(1), failed] == bench.facts


def test_job_is_not_performed_before_its_time() -> None:
    bench = Bench()

    bench.submit(1, WriteAt("f", 0, b"abc"))

    assert () == bench.directory.listing()


def test_stalled_disk_ends_its_jobs_later_but_in_order() -> None:
    bench = Bench()
    bench.submit(1, WriteAt("f", 0, b"a"))
    bench.submit(2, WriteAt("f", 1, b"b"))

    bench.lane.stall(5_000)
    bench.submit(3, ReadAt("f", 0, 9))
    bench.run()

    data = (b"ab",)
    assert [DiskJobDone(1), DiskJobDone(2), DiskJobDone(3, data)] == bench.facts
    assert [5_010, 5_020, 5_030] == bench.times


def test_interrupted_process_leaves_the_finished_steps_and_part_of_one() -> None:
    left: set[bytes] = set()
    for seed in range(40):
        bench = Bench(seed)
        bench.submit(1, WriteAt("f", 0, b"first"), WriteAt("f", 5, b"ab"), SyncFile("f"))
        bench.run_until(15)
        bench.lane.interrupt()
        bench.run()
        bench.submit(2)
        left.add(bench.directory.read("f"))
        assert not bench.facts

    assert {b"first", b"firsta", b"firstab"} == left


def test_interrupted_process_leaves_everything_that_was_finished() -> None:
    bench = Bench()
    bench.submit(1, WriteAt("f", 0, b"done"))
    bench.submit(2, ReadAt("none", 0, 1))
    bench.submit(3, WriteAt("f", 0, b"never"))
    bench.lane.stall(0)
    bench.scheduler.now = 25

    bench.lane.interrupt()

    assert b"done" == bench.directory.read("f")


def test_interrupting_a_lane_whose_steps_are_all_due_performs_them() -> None:
    bench = Bench()
    bench.submit(1, WriteAt("f", 0, b"done"))
    bench.scheduler.now = 10

    bench.lane.interrupt()

    assert b"done" == bench.directory.read("f")


def test_a_full_disk_writes_when_it_has_room_and_keeps_the_order() -> None:
    bench = Bench()
    bench.lane.is_full = True
    bench.submit(1, WriteAt("f", 0, b"a"))
    bench.submit(2, ReadAt("f", 0, 9))

    bench.run_until(2 * RETRY_US)
    assert {DiskRoomMeasured(0)} == set(bench.facts)
    bench.lane.is_full = False
    bench.facts.clear()
    bench.run()

    assert [DiskJobDone(1), DiskJobDone(2, (b"a",))] == bench.facts


def test_a_full_disk_is_read_and_synced() -> None:
    bench = Bench()
    bench.lane.is_full = True

    bench.submit(1, SyncDirectory())
    bench.run()

    assert [DiskJobDone(1)] == bench.facts


def test_what_found_no_room_is_written_in_part_at_the_most() -> None:
    bench = Bench()
    bench.lane.is_full = True
    bench.submit(1, WriteAt("f", 0, b"abc"), SyncFile("f"))
    bench.run_until(RETRY_US)

    bench.lane.interrupt()

    assert not bench.directory.listing() or b"abc".startswith(bench.directory.read("f"))


def test_missing_file_fails_the_job_and_every_later_one() -> None:
    bench = Bench()
    bench.submit(1, ReadAt("none", 0, 1))
    bench.submit(2, WriteAt("f", 0, b"x"))

    bench.run()

    assert [DiskJobFailed(1, "there is no file 'none'")] == bench.facts
    assert () == bench.directory.listing()


def test_failing_disk_fails_the_next_job_somewhere_on_its_way() -> None:
    lengths: set[int] = set()
    for seed in range(20):
        bench = Bench(seed)
        bench.lane.fail()
        bench.submit(1, WriteAt("f", 0, b"a"), WriteAt("f", 1, b"b"))
        bench.submit(2, WriteAt("g", 0, b"never"))
        bench.run()
        assert [DiskJobFailed(1, "input/output error")] == bench.facts
        lengths.add(sum(file.size_bytes for file in bench.directory.listing()))

    assert {0, 1, 2} == lengths
