"""Links are cut, clogged and slowed down in every shape, and mended."""

import attrs
import pytest

from leto.raft.messages import Message, ReadIndex
from leto.raft.types import NodeId
from leto_sim.clock import MS
from leto_sim.faults import CutLinks, Victim
from leto_sim.node_level.cluster import Cluster, Host
from leto_sim.node_level.datagrams import CALM
from leto_sim.node_level.faults import (
    ClogLinks,
    CutRing,
    Direction,
    FlapLinks,
    Isolate,
    SlowLinks,
    Storm,
    Swizzle,
)
from leto_sim.node_level.partitions import LinkFault, Partitions
from tests.support.sims import QUIET, pass_time

FOR_US = 300 * MS


class Lines:
    """The links between so many nodes, whom nobody starts."""

    def __init__(self, nodes: int = 3) -> None:
        self.cluster = Cluster(attrs.evolve(QUIET, nodes=nodes))
        for host in self.cluster.hosts:
            self.cluster.crash(host)
        self.partitions = Partitions(self.cluster, self.pick)

    def pick(self, victim: Victim) -> Host | None:
        return self.cluster.hosts[victim] if victim < len(self.cluster.hosts) else None

    def perform(self, fault: LinkFault) -> None:
        self.partitions.perform(fault)

    def pass_time(self, for_us: int) -> None:
        self.cluster.scheduler.after(for_us, lambda: None)  # or else time would stop before
        pass_time(self.cluster, for_us + 1)

    def note_arrivals(self) -> list[int]:
        """When something arrives; the list grows."""
        arrived: list[int] = []

        def note(source: NodeId, target: NodeId, message: Message) -> None:
            arrived.append(self.cluster.scheduler.now)

        self.cluster.network._deliver = note
        return arrived

    @property
    def lost(self) -> list[tuple[int, int]]:
        """The links on which nothing arrives, by numbers."""
        ids = [host.node_id for host in self.cluster.hosts]
        numbers = range(len(ids))
        reaches = self.cluster.network.reaches
        return [(a, b) for a in numbers for b in numbers if not reaches(ids[a], ids[b])]


def test_a_partition_is_cut_and_mended() -> None:
    lines = Lines()

    lines.perform(CutLinks(0b001, 0b110, one_way=False, for_us=FOR_US))
    cut = lines.lost
    lines.pass_time(FOR_US)

    assert [(0, 1), (0, 2), (1, 0), (2, 0)] == cut
    assert [] == lines.lost


def test_a_partition_may_be_of_one_way() -> None:
    lines = Lines()

    lines.perform(CutLinks(0b001, 0b010, one_way=True, for_us=FOR_US))

    assert [(0, 1)] == lines.lost


@pytest.mark.parametrize(
    "direction,lost",
    [
        (Direction.BOTH, [(0, 1), (0, 2), (1, 0), (2, 0)]),
        (Direction.TO_IT, [(1, 0), (2, 0)]),
        (Direction.FROM_IT, [(0, 1), (0, 2)]),
    ],
)
def test_a_node_is_isolated_in_either_direction(
    direction: Direction, lost: list[tuple[int, int]]
) -> None:
    lines = Lines()

    lines.partitions.isolate(lines.cluster.hosts[0], Isolate(0, direction, FOR_US))

    assert lost == lines.lost


def test_in_a_ring_each_reaches_its_neighbours() -> None:
    lines = Lines(5)

    lines.perform(CutRing(FOR_US))

    assert [(n, (n + 2) % 5) for n in range(5)] == sorted(
        (a, b) for a, b in lines.lost if (b - a) % 5 == 2
    )
    assert 10 == len(lines.lost)


def test_a_flapping_partition_comes_and_goes() -> None:
    lines, seen = Lines(2), list[bool]()

    lines.perform(FlapLinks(0b01, 0b10, one_way=True, period_us=10 * MS, times=2))
    for _ in range(6):
        seen.append(bool(lines.lost))
        lines.pass_time(10 * MS)

    assert [True, False, True, False, False, False] == seen


def test_nodes_are_cut_off_one_by_one_and_come_back_in_another_order() -> None:
    lines, isolated = Lines(4), list[list[int]]()

    lines.perform(Swizzle(victims=(0, 1), healed=(1, 0), step_us=10 * MS))
    lines.perform(Swizzle(victims=(9,), healed=(9,), step_us=10 * MS))  # there is none
    for _ in range(5):
        isolated.append([n for n in (0, 1) if (n, 3) in lines.lost])
        lines.pass_time(10 * MS)

    assert [[0], [0, 1], [0], [], []] == isolated


def test_clogged_links_stop_each_for_its_own_time() -> None:
    lines = Lines(2)
    a, b = (host.node_id for host in lines.cluster.hosts)
    arrived = lines.note_arrivals()
    start = lines.cluster.scheduler.now

    lines.perform(ClogLinks(0b01, 0b10, mean_us=1_000 * MS))
    for link in ((a, b), (b, a)):
        lines.cluster.network.send(*link, ReadIndex(term=1, read=1))
    lines.pass_time(20_000 * MS)

    first, second = (time - start for time in arrived)
    assert 10 * MS < first < second


def test_slow_links_are_slow_for_a_while() -> None:
    lines = Lines(2)
    a, b = (host.node_id for host in lines.cluster.hosts)
    arrived = lines.note_arrivals()
    start = lines.cluster.scheduler.now

    lines.perform(SlowLinks(0b01, 0b10, factor=30, for_us=FOR_US))
    lines.cluster.network.send(a, b, ReadIndex(term=1, read=1))
    lines.pass_time(FOR_US)
    lines.cluster.network.send(a, b, ReadIndex(term=1, read=2))
    lines.pass_time(FOR_US)

    assert [30 * MS, FOR_US + MS] == [time - start for time in arrived]


def test_a_storm_passes() -> None:
    lines = Lines()

    lines.perform(Storm(loss=0.5, duplication=0.1, delay_tail_us=7, for_us=FOR_US))
    weather = lines.cluster.network.weather
    lines.pass_time(FOR_US)

    assert (0.5, 0.1, 7) == (weather.loss, weather.duplication, weather.delay_tail_us)
    assert QUIET.weather == lines.cluster.network.weather


def test_healing_is_for_those_it_concerns_and_ends_everything() -> None:
    lines = Lines()
    outsider = lines.cluster.hosts[2].node_id
    lines.perform(CutLinks(0b111, 0b111, one_way=False, for_us=FOR_US))
    lines.perform(FlapLinks(0b01, 0b10, one_way=False, period_us=10 * MS, times=9))
    lines.perform(SlowLinks(0b01, 0b10, factor=30, for_us=FOR_US))
    lines.perform(Storm(loss=0.5, duplication=0.1, delay_tail_us=7, for_us=FOR_US))

    lines.partitions.heal(lambda node_id: node_id != outsider)
    lines.pass_time(2 * FOR_US)

    assert CALM == lines.cluster.network.weather
    assert not {(0, 1), (1, 0)} & set(lines.lost)
    assert {(0, 2), (2, 0), (1, 2), (2, 1)} <= set(lines.lost)
