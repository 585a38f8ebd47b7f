"""A run as one JSON value."""

import json
from collections.abc import Sequence
from functools import cache
from typing import cast

from leto_sim.levels import level_named
from leto_sim.view.document import Json, document
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
        for moment in cast("Sequence[int]", arrived):
            assert 0 <= sent <= moment <= last


def test_operations_lie_between_moments() -> None:
    operations = columns("operations")

    assert operations
    for client, asked, told, start, end in operations:
        assert isinstance(client, str)
        assert isinstance(asked, str)
        assert isinstance(start, int)
        assert isinstance(end, int)
        assert (told is None) == (end == -1)
        assert end == -1 or start <= end


def test_it_is_json_at_both_levels() -> None:
    level = level_named("server")
    course = level.begin(level.draw(3, nodes=3, events_max=400), traced=True)
    recording = course.record()
    result = course.run()

    server = document(recording, result, course, "leto-sim replay 3")

    for whole in (server, recorded().document()):
        assert json.loads(json.dumps(whole))["names"][:3] == ["id1", "id2", "id3"]
    assert cast("Sequence[Json]", server["operations"])
