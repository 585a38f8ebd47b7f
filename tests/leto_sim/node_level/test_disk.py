"""When writes become durable, and which are lost."""

import pytest

from leto.raft.actions import Write
from leto_sim.node_level.disk import Disk, DiskSpeed, exponential_us
from leto_sim.node_level.platter import Platter
from leto_sim.randomness import DRAW_RANGE, Draws
from leto_sim.scheduler import Scheduler
from tests.support.observed import entry

SYNC_US = 100


class Bench:
    """A disk whose syncs all take `SYNC_US`, and what it says."""

    def __init__(self, seed: int = 1) -> None:
        self.scheduler = Scheduler()
        self.platter = Platter()
        self.durable: list[int] = []
        self.said: list[tuple[int, int | str]] = []
        self.disk = Disk(
            self.platter,
            self.scheduler,
            Draws(seed, "disk"),
            DiskSpeed(sync_least_us=SYNC_US, sync_tail_us=0),
            on_durable=lambda write: self.durable.append(write.seq),
            on_written=lambda seq: self.said.append((self.scheduler.now, seq)),
            on_failed=lambda: self.said.append((self.scheduler.now, "failed")),
        )

    def submit(self, *seqs: int) -> None:
        for seq in seqs:
            self.disk.submit(Write(seq=seq, entries=(entry(1, seq),)))

    def run(self) -> None:
        while self.scheduler.step():
            pass


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_write_is_durable_when_its_sync_ends(bench: Bench) -> None:
    bench.submit(1)
    assert 1 == bench.disk.outstanding

    bench.run()

    assert ([1], [(SYNC_US, 1)]) == (bench.durable, bench.said)
    assert [entry(1, 1)] == bench.platter.log.entries


def test_what_is_ordered_during_a_sync_waits_for_the_next(bench: Bench) -> None:
    bench.submit(1)
    bench.submit(2, 3)

    bench.run()

    assert [(SYNC_US, 1), (2 * SYNC_US, 3)] == bench.said
    assert [1, 2, 3] == bench.durable


def test_a_crash_leaves_some_prefix_and_says_nothing() -> None:
    survivors = set[tuple[int, ...]]()
    for seed in range(40):
        bench = Bench(seed)
        bench.submit(1, 2, 3)
        bench.disk.crash()
        bench.disk.crash()  # nobody dies twice
        bench.run()
        survivors.add(tuple(bench.durable))
        assert [] == bench.said

    assert {(), (1,), (1, 2), (1, 2, 3)} == survivors


def test_a_stalled_disk_syncs_later(bench: Bench) -> None:
    bench.submit(1)
    bench.disk.stall_until(5_000)
    bench.disk.stall_until(2_000)

    bench.run()

    assert [(5_000, 1)] == bench.said


def test_a_failed_sync_is_the_end(bench: Bench) -> None:
    bench.submit(1, 2)
    bench.disk.fail()

    bench.run()
    bench.disk.crash()

    assert [(SYNC_US, "failed")] == bench.said


def test_a_mended_disk_neither_fails_nor_stalls(bench: Bench) -> None:
    bench.submit(1)
    bench.disk.fail()
    bench.disk.stall_until(5_000)
    bench.disk.mend()

    bench.run()

    assert [(SYNC_US, 1)] == bench.said


def test_exponential_times_have_their_mean() -> None:
    draws = [(number * DRAW_RANGE) // 1_000 for number in range(1_000)]

    times = [exponential_us(500, uniform) for uniform in draws]

    assert 450 < sum(times) / len(times) < 550
    assert 0 == exponential_us(500, DRAW_RANGE - 1)
