"""What befalls the network of streams, written down."""

from leto_sim.scheduler import Scheduler
from leto_sim.server_level.paths import StreamWeather
from leto_sim.server_level.watched_streams import NetworkLog, WatchedStreams
from leto_sim.standing import Standing
from leto_sim.view.recording import Cuts, Recording, Reset

ONE, OTHER, CLIENT = "10.0.0.1", "10.0.0.2", "10.0.1.1"
NAMES = {ONE: "id1", OTHER: "id2", CLIENT: "c1"}


class Nobody:
    """A run without machines."""

    def standings(self) -> list[Standing]:
        return []


def watched() -> tuple[WatchedStreams, Recording]:
    network = WatchedStreams(Scheduler(), 1, StreamWeather())
    recording = Recording(Nobody())
    network.log = NetworkLog(recording, NAMES)
    return network, recording


def test_what_is_blocked_is_told_by_name() -> None:
    network, recording = watched()

    network.block(ONE, OTHER)
    network.block(CLIENT, OTHER)

    assert [Cuts(0, (("c1", "id2"), ("id1", "id2")))] == recording.cuts


def test_a_path_that_two_faults_block_is_free_after_both() -> None:
    network, recording = watched()
    for _ in range(2):
        network.block(ONE, OTHER)

    network.unblock(ONE, OTHER)
    once = list(recording.cuts)
    network.unblock(ONE, OTHER)

    assert [Cuts(0, (("id1", "id2"),))] == once
    assert [Cuts(0, ())] == recording.cuts


def test_broken_connections_are_told_by_the_names_of_their_ends() -> None:
    network, recording = watched()

    network.reset(ONE, OTHER)
    network.reset(ONE, "10.0.1.9")

    assert [Reset(0, ("id1", "id2")), Reset(0, ("id1", "10.0.1.9"))] == recording.resets


def test_nobody_need_listen() -> None:
    network = WatchedStreams(Scheduler(), 1, StreamWeather())

    network.block(ONE, OTHER)
    network.unblock(ONE, OTHER)
    network.reset(ONE, OTHER)

    assert network.log is None
