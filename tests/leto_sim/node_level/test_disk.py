"""When writes become durable, and which are lost."""

import pytest

from leto.raft.actions import Write
from leto_sim.node_level.disk import Disk, DiskSpeed
from leto_sim.platter import Platter
from leto_sim.randomness import Draws
from leto_sim.result import PropertyViolated
from leto_sim.scheduler import Scheduler
from tests.support.observed import entry

SYNC_US = 100


class Bench:
    """A disk whose syncs all take `SYNC_US`, and what it says."""

    def __init__(self, seed: int = 1, *, tail_us: int = 0, separately: bool = False) -> None:
        self.scheduler = Scheduler()
        self.platter = Platter()
        self.durable: list[int] = []
        self.said: list[tuple[int, int | str]] = []
        self.disk = Disk(
            self.platter,
            self.scheduler,
            Draws(seed, "disk"),
            DiskSpeed(sync_least_us=SYNC_US, sync_tail_us=tail_us, completes_separately=separately),
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


def test_writes_that_complete_on_their_own_count_in_order() -> None:
    for seed in range(20):
        bench = Bench(seed, tail_us=10 * SYNC_US, separately=True)

        bench.submit(1, 2, 3, 4)
        bench.run()

        assert [1, 2, 3, 4] == bench.durable == [seq for _, seq in bench.said]


def test_a_write_waits_for_those_before_it_only() -> None:
    benches = [Bench(seed, tail_us=10 * SYNC_US, separately=True) for seed in range(20)]

    for bench in benches:
        bench.submit(1, 2)
        bench.run()

    times = [[time for time, _ in bench.said] for bench in benches]
    assert any(first == second for first, second in times)  # the second was faster
    assert any(first < second for first, second in times)


def test_of_writes_that_complete_on_their_own_a_crash_leaves_any_subset_and_a_prefix_counts() -> (
    None
):
    left: set[tuple[int, ...]] = set()
    for seed in range(40):
        bench = Bench(seed, tail_us=10 * SYNC_US, separately=True)
        bench.submit(1, 2, 3)
        bench.scheduler.step()

        bench.disk.crash()
        bench.run()

        left.add(tuple(bench.durable))
    assert {(), (1,), (1, 2), (1, 2, 3)} == left


def test_a_disk_stalls_and_fails_for_writes_on_their_own_too() -> None:
    stalled, failing = Bench(separately=True), Bench(separately=True)
    stalled.disk.stall_until(5_000)
    failing.disk.fail()

    for bench in (stalled, failing):
        bench.submit(1, 2)
        bench.run()

    assert [(5_000, 1), (5_000, 2)] == stalled.said
    assert [(SYNC_US, "failed")] == failing.said


def test_a_trap_springs_when_a_write_is_under_way() -> None:
    bench, sprung = Bench(), list[int]()
    bench.disk.set_trap(lambda: sprung.append(bench.disk.outstanding))

    bench.submit(1)
    bench.scheduler.step()
    bench.disk.set_trap(lambda: sprung.append(bench.disk.outstanding))
    bench.submit(2)
    bench.run()

    assert [1, 1] == sprung


def test_a_trap_that_is_taken_away_does_not_spring() -> None:
    bench, sprung = Bench(), list[int]()
    bench.disk.set_trap(lambda: sprung.append(1))

    bench.disk.mend()
    bench.submit(1)
    bench.run()

    assert [] == sprung


@pytest.mark.parametrize("seq", [1, 3])
def test_writes_are_numbered_one_after_the_other(bench: Bench, seq: int) -> None:
    bench.submit(1)

    with pytest.raises(PropertyViolated, match=f"write {seq} follows write 1"):
        bench.submit(seq)
