"""The fate of messages."""

from leto.raft.messages import Message, ReadIndex
from leto.raft.types import NodeId
from leto_sim.node_level.datagrams import Datagrams, Weather
from leto_sim.scheduler import Scheduler

A, B = NodeId(1), NodeId(2)


class Line:
    """A network, and what arrives of it: when, and which `read`."""

    def __init__(self, weather: Weather, seed: int = 1) -> None:
        self.scheduler = Scheduler()
        self.arrived: list[tuple[int, int]] = []
        self.network = Datagrams(self.scheduler, seed, weather, self._deliver)

    def _deliver(self, source: NodeId, target: NodeId, message: Message) -> None:
        assert isinstance(message, ReadIndex)
        assert (A, B) == (source, target)
        self.arrived.append((self.scheduler.now, message.read))

    def send(self, *reads: int) -> None:
        for read in reads:
            self.network.send(A, B, ReadIndex(term=1, read=read))

    def run(self) -> "list[tuple[int, int]]":
        while self.scheduler.step():
            pass
        return self.arrived


def test_a_message_arrives_once_after_a_while() -> None:
    line = Line(Weather(delay_least_us=100, delay_tail_us=0))

    line.send(1)

    assert [(100, 1)] == line.run()


def test_messages_overtake_each_other() -> None:
    line = Line(Weather())

    line.send(*range(20))

    reads = [read for _, read in line.run()]
    assert list(range(20)) == sorted(reads) != reads


def test_messages_are_lost_and_doubled_that_often() -> None:
    line = Line(Weather(loss=0.3, duplication=0.2))

    line.send(*range(1_000))

    reads = [read for _, read in line.run()]
    assert 820 < len(reads) < 980
    assert 700 < len(set(reads)) < 850


def test_a_straggler_may_take_seconds() -> None:
    line = Line(Weather(straggling=0.1, straggling_us=5_000_000))

    line.send(*range(100))

    late = [time for time, _ in line.run() if time > 50_000]
    assert 3 < len(late) < 20


def test_nothing_arrives_on_a_cut_link_until_every_cut_is_mended() -> None:
    line = Line(Weather())
    line.network.cut([(A, B)])
    line.network.cut([(A, B)])
    line.send(1)
    line.network.mend([(A, B)])
    line.send(2)
    assert not line.network.reaches(A, B)
    line.network.mend([(A, B)])
    line.send(3)

    assert [3] == [read for _, read in line.run()]
    assert line.network.reaches(A, B)


def test_a_fate_does_not_depend_on_what_else_was_cut() -> None:
    calm, stormy = Line(Weather(loss=0.5)), Line(Weather(loss=0.5))
    stormy.network.cut([(B, A)])
    stormy.network.send(B, A, ReadIndex(term=1, read=99))

    calm.send(*range(20))
    stormy.send(*range(20))

    assert calm.run() == stormy.run()


def test_another_seed_is_another_fate() -> None:
    one, other = Line(Weather(), seed=1), Line(Weather(), seed=2)

    one.send(1)
    other.send(1)

    assert one.run() != other.run()


def test_a_full_path_drops_somebody_not_always_the_last() -> None:
    line = Line(Weather(capacity=3))

    line.send(*range(10))

    reads = {read for _, read in line.run()}
    assert 3 == len(reads)
    assert {7, 8, 9} != reads


def test_a_path_that_is_empty_again_takes_more() -> None:
    line = Line(Weather(capacity=1))
    line.send(1)
    line.run()

    line.send(2)

    assert [1, 2] == [read for _, read in line.run()]


def test_what_is_sent_into_a_clogged_link_arrives_when_it_is_clear() -> None:
    line = Line(Weather(delay_least_us=100, delay_tail_us=0))
    line.network.clog((A, B), until=5_000)
    line.network.clog((A, B), until=3_000)
    line.send(1)
    line.run()

    line.send(2)

    assert [(5_100, 1), (5_200, 2)] == line.run()


def test_a_slow_link_takes_so_many_times_as_long() -> None:
    line = Line(Weather(delay_least_us=100, delay_tail_us=0))
    line.network.slow_down([(A, B)], 30)
    line.send(1)
    line.network.slow_down([(A, B)], 1)
    line.send(2)

    assert [(100, 2), (3_000, 1)] == line.run()


def test_healing_undoes_everything_between_those_it_concerns() -> None:
    line = Line(Weather(delay_least_us=100, delay_tail_us=0))
    for link in ((A, B), (B, A)):
        line.network.cut([link])
        line.network.clog(link, until=5_000)
        line.network.slow_down([link], 30)

    line.network.heal(lambda node_id: node_id == A)
    assert not line.network.reaches(A, B)
    line.network.heal(lambda _: True)
    line.network.mend([(A, B)])  # by whoever cut it: it is healed already
    line.send(1)

    assert [(100, 1)] == line.run()
