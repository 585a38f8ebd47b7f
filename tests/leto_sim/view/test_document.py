"""A run as one JSON value."""

import json
from collections.abc import Sequence
from functools import cache
from typing import cast

from leto_sim.levels import level_named
from leto_sim.node_level.run import NodeLevelRun
from leto_sim.node_level.scenario import draw_scenario
from leto_sim.operations import Asked
from leto_sim.parts import Parts
from leto_sim.result import Evidence, Violation
from leto_sim.view.document import Json, document, witness
from leto_sim.view.recording import Recording
from leto_sim.workloads import CommandWorkload
from tests.support.recorded import Recorded, recorded_violation


@cache
def recorded() -> Recorded:
    return recorded_violation()


def columns(name: str) -> Sequence[Sequence[Json]]:
    return cast("Sequence[Sequence[Json]]", recorded().document()[name])


def test_the_run_is_summed_up_with_its_violation() -> None:
    run = cast("dict[str, Json]", recorded().document()["run"])

    violation = cast("dict[str, Json]", run["violation"])
    assert (3, "node", "leto-sim replay 3") == (run["seed"], run["level"], run["command"])
    assert ("the sun shines", "it has set") == (violation["property"], violation["explanation"])


def test_moments_are_columns_of_one_length() -> None:
    lengths = {len(columns(name)) for name in ("events", "times_us", "lanes", "texts")}

    assert {len(recorded().recording.moments)} == lengths


def test_a_machine_is_named_by_its_lane_and_not_again_in_the_text() -> None:
    lanes, texts = recorded().document()["lanes"], columns("texts")
    names = columns("names")

    first = next(moment for moment in recorded().recording.moments if "timer" in moment.text)
    at = recorded().recording.moments.index(first)

    assert isinstance(lanes, list)
    assert first.text == f"{names[cast('int', lanes[at])]} {texts[at]}"


def test_what_no_node_was_told_is_in_the_lane_of_the_world() -> None:
    lanes = cast("list[int]", recorded().document()["lanes"])

    remarks = [moment.text.startswith("* ") for moment in recorded().recording.moments]

    assert remarks == [lane == -1 for lane in lanes]


def test_messages_lie_between_moments() -> None:
    last = len(columns("events")) - 1

    for _, _, _, sent, arrived in columns("messages"):
        assert isinstance(sent, int)
        for reached, taken in cast("Sequence[tuple[int, int]]", arrived):
            assert 0 <= sent <= reached <= last
            assert taken == -1 or reached <= taken <= last


def test_operations_lie_between_moments() -> None:
    operations, last = columns("operations"), len(columns("events")) - 1

    assert operations
    for client, asked, told, start, end, still_open in operations:
        assert isinstance(client, str)
        assert isinstance(asked, str)
        assert isinstance(start, int)
        assert isinstance(end, int)
        assert 0 <= start <= end <= last
        assert end == last if still_open else True
        assert told is None or not still_open


def test_it_is_json_at_both_levels() -> None:
    level = level_named("server")
    course = level.begin(level.draw(3, nodes=3, events_max=400), traced=True)
    recording = course.record()
    result = course.run()

    server = document(recording, result, course, "leto-sim replay 3")

    for whole in (server, recorded().document()):
        assert json.loads(json.dumps(whole))["names"][:3] == ["id1", "id2", "id3"]
    assert cast("Sequence[Json]", server["operations"])


def test_what_was_open_when_the_run_ended_is_there() -> None:
    still_open: list[Sequence[Json]] = []
    for events in range(300, 900, 100):
        run = NodeLevelRun(draw_scenario(3, nodes=3, events_max=3_000), traced=True)
        recording = run.record()
        run.journal.halt_at = events

        whole = document(recording, run.run(), run, "")

        operations = cast("Sequence[Sequence[Json]]", whole["operations"])
        still_open += [operation for operation in operations if operation[5]]
    assert still_open
    assert all(told is None for _, _, told, *_ in still_open)


def test_commands_of_a_users_machine_are_operations_too() -> None:
    workload = CommandWorkload(commands=[b"add 1"])
    run = NodeLevelRun(
        draw_scenario(3, nodes=3, events_max=300), Parts(workload=workload), traced=True
    )
    recording = run.record()
    result = run.run()

    operations = document(recording, result, run, "")["operations"]

    shown = cast("Sequence[Sequence[Json]]", operations)
    assert shown
    assert all(text == "add 1" for _, text, *_ in shown)


def test_the_operations_that_show_a_violation_are_marked() -> None:
    asked = [
        Asked(client="c1", text=text, place=place, invoked_us=place)
        for place, text in enumerate(("write 1 2", "read 1"))
    ]
    evidence = Evidence(lines=("look",), operations=(("c1", 1, "read 1"),))
    found = Violation(property_name="", explanation="", event=1, time_us=1, evidence=evidence)

    assert {"lines": ("look",), "operations": [1]} == witness(found, asked)
    assert {"lines": (), "operations": []} == witness(None, asked)


def test_cuts_and_resets_name_whoever_has_no_lane() -> None:
    whole = recorded()
    recording = Recording(whole.run)
    recording.moments.extend(whole.recording.moments[:3])
    recording.changes.extend(whole.recording.changes[:3])
    recording.links_cut([("c1", "id2")])
    recording.reset("id1", "c1")

    shown = document(recording, whole.result, whole.run)

    assert [[3, [["c1", 1]]]] == shown["cuts"]
    assert [[2, 0, "c1"]] == shown["resets"]  # what broke after the last moment broke there
