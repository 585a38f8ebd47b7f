"""What a run ends with."""

import pytest

from leto_sim.result import PropertyViolated, RunResult, SimulationFailed, Violation


def result_with(violation: Violation | None) -> RunResult:
    return RunResult(
        seed=1,
        level="node",
        events=2,
        virtual_time_us=3,
        elections=4,
        commits=5,
        digest="6",
        violation=violation,
    )


def test_a_violation_says_when_the_checker_raised_it() -> None:
    fault = PropertyViolated("log matching", "two entries", node="id1")

    violation = Violation.found(fault, event=7, time_us=8)

    assert (
        Violation(
            property_name="log matching", explanation="two entries", event=7, time_us=8, node="id1"
        )
        == violation
    )
    assert "log matching: two entries" == str(fault)


def test_a_green_run_has_no_violation_in_json() -> None:
    assert {
        "seed": 1,
        "level": "node",
        "events": 2,
        "virtual_time_us": 3,
        "elections": 4,
        "commits": 5,
        "digest": "6",
        "violation": None,
    } == result_with(None).as_json()


def test_a_violation_is_raised_if_wanted() -> None:
    violation = Violation(property_name="log matching", explanation="two", event=7, time_us=8)

    result_with(None).raise_if_violated()
    with pytest.raises(SimulationFailed, match=r"log matching: two \(seed 1, event 7\)"):
        result_with(violation).raise_if_violated()


def test_json_names_property_event_and_node() -> None:
    violation = Violation(
        property_name="log matching", explanation="two entries", event=7, time_us=8, node="id1"
    )

    assert {
        "property": "log matching",
        "explanation": "two entries",
        "event": 7,
        "time_us": 8,
        "node": "id1",
    } == result_with(violation).as_json()["violation"]
