"""Messages that are written down on their way."""

import attrs

from leto_sim.clock import MS
from leto_sim.node_level.cluster import Cluster
from leto_sim.node_level.datagrams import Weather
from leto_sim.node_level.run import NodeLevelRun
from leto_sim.node_level.scenario import draw_scenario
from leto_sim.result import TraceLine
from leto_sim.standing import Standing
from leto_sim.view.recording import Recording
from tests.support.sims import QUIET, elect, pass_time


class Nobody:
    """Nobody whose standing is written down."""

    def standings(self) -> list[Standing]:
        return []


def watched(weather: Weather = QUIET.weather) -> tuple[Cluster, Recording, list[TraceLine]]:
    cluster = Cluster(attrs.evolve(QUIET, nodes=2, weather=weather), traced=True)
    recording = Recording(Nobody())
    cluster.record(recording)
    cluster.journal.listener = recording.moment
    return cluster, recording, recording.moments


def test_a_message_departs_at_one_event_and_arrives_at_another() -> None:
    cluster, recording, moments = watched()

    elect(cluster)

    passage = recording.passages[0]
    (arrival,) = passage.arrivals
    arrived = arrival.reached_event
    texts = {moment.event: moment.text for moment in moments}
    assert passage.text.startswith("PreVote")
    assert f"{passage.source} timer" == texts[passage.sent_event]
    assert f"{passage.target} < {passage.source} {passage.text}" == texts[arrived]
    assert arrived == arrival.taken_event


def test_a_copy_arrives_too_and_what_is_lost_does_not() -> None:
    doubled, twice, _ = watched(attrs.evolve(QUIET.weather, duplication=1.0))
    deaf, never, _ = watched(attrs.evolve(QUIET.weather, loss=1.0))

    pass_time(doubled, 300 * MS)
    pass_time(deaf, 300 * MS)

    assert 2 == len(twice.passages[0].arrivals)
    assert [[]] == [[*passage.arrivals] for passage in never.passages[:1]]


def test_who_is_down_takes_nothing_in() -> None:
    cluster, recording, _ = watched()
    cluster.crash(cluster.hosts[1])

    pass_time(cluster, 300 * MS)

    assert recording.passages
    assert not any(passage.arrivals for passage in recording.passages)


def test_cut_links_are_written_down_and_mended_ones() -> None:
    cluster, recording, _ = watched()
    one, other = (host.node_id for host in cluster.hosts)

    cluster.network.cut([(one, other)])
    pass_time(cluster, 300 * MS)  # within one moment only the last counts
    cluster.network.cut([(other, one)])
    pass_time(cluster, 300 * MS)
    cluster.network.mend([(one, other)])
    pass_time(cluster, 300 * MS)
    cluster.network.heal(lambda _: True)

    assert [
        (("id1", "id2"),),
        (("id1", "id2"), ("id2", "id1")),
        (("id2", "id1"),),
        (),
    ] == [cuts.links for cuts in recording.cuts]


def test_a_traced_run_that_nobody_records_is_the_same() -> None:
    scenario = draw_scenario(3, nodes=3, events_max=500)

    traced = NodeLevelRun(scenario, traced=True).run()

    assert NodeLevelRun(scenario).run().digest == traced.digest


def test_a_message_waits_for_whoever_is_paused_and_is_taken_in_when_that_one_goes_on() -> None:
    cluster, recording, moments = watched()
    held = cluster.hosts[1].alive
    assert held is not None
    held.pause()
    pass_time(cluster, 300 * MS)
    arrivals = [one for passage in recording.passages for one in passage.arrivals]
    waiting = {arrival.taken_event for arrival in arrivals}

    held.resume()

    texts = {moment.event: moment.text for moment in moments}
    assert {None} == waiting
    for arrival in arrivals:
        assert arrival.taken_event is not None
        assert arrival.reached_event < arrival.taken_event
        assert texts[arrival.taken_event].startswith(f"{held.name} < ")


def test_who_dies_paused_has_taken_nothing_in() -> None:
    cluster, recording, _ = watched()
    held = cluster.hosts[1].alive
    assert held is not None
    held.pause()
    pass_time(cluster, 300 * MS)

    cluster.crash(cluster.hosts[1])
    pass_time(cluster, 300 * MS)

    arrivals = [one for passage in recording.passages for one in passage.arrivals]
    assert {None} == {arrival.taken_event for arrival in arrivals}
