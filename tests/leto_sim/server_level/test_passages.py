"""What travels between servers, written down."""

from functools import cache

from leto_sim.server_level.passages import DIALS
from leto_sim.server_level.run import ServerLevelRun
from leto_sim.server_level.scenario import draw_server_scenario
from leto_sim.view.recording import Passage, Recording

SCENARIO = draw_server_scenario(3, nodes=3, events_max=2_000)


@cache
def recorded() -> tuple[Recording, str]:
    run = ServerLevelRun(SCENARIO, traced=True)
    recording = run.record()
    run.journal.halt_at = 1_200
    return recording, run.run().digest


def texts_by_event() -> dict[int, str]:
    """What a process logs has a line of its own, after that of the event before."""
    texts: dict[int, str] = {}
    for moment in recorded()[0].moments:
        texts.setdefault(moment.event, moment.text)
    return texts


def passages(word: str) -> list[Passage]:
    return [one for one in recorded()[0].passages if one.text.startswith(word)]


def test_a_message_departs_where_it_is_transmitted_and_arrives_where_it_is_read() -> None:
    texts = texts_by_event()

    arrived = [one for one in passages("AppendEntries") if one.arrivals]

    assert len(arrived) > 10
    for passage in arrived:
        (arrival,) = passage.arrivals
        assert arrival.reached_event == arrival.taken_event
        assert passage.sent_event < arrival.reached_event
        departure = texts[passage.sent_event]
        assert departure.startswith(f"{passage.source} ")
        assert "transmits" in departure
        assert texts[arrival.reached_event].startswith(f"{passage.target} received ")


def test_dials_and_greetings_are_there_and_what_keeps_a_link_alive_is_not() -> None:
    texts = texts_by_event()

    accepted = [one.arrivals[0].reached_event for one in passages(DIALS) if one.arrivals]

    assert accepted
    assert all(" accepts " in texts[event] for event in accepted)
    assert passages("Hello")
    assert [] == passages("Ping")


def test_only_servers_are_followed() -> None:
    ends = {end for one in recorded()[0].passages for end in (one.source, one.target)}

    assert {"id1", "id2", "id3"} == ends


def test_a_run_that_is_recorded_is_the_same() -> None:
    run = ServerLevelRun(SCENARIO, traced=True)
    run.journal.halt_at = 1_200

    assert recorded()[1] == run.run().digest
