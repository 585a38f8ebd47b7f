"""What all runs share."""

from collections.abc import Iterator

import attrs
import pytest

from leto_sim.course import Course, run_then_trace
from leto_sim.node_level.cluster import Cluster
from leto_sim.operations import Asked
from leto_sim.result import Evidence, PropertyViolated
from leto_sim.standing import Standing
from tests.support.sims import QUIET

EVIDENCE = Evidence(lines=("look",))
BRIEF = attrs.evolve(QUIET, events_max=50)


class Short(Course):
    """Storms, and breaks something in its judgement if it is told to."""

    level = "short"

    explanation = "it does not"

    def __init__(self, *, traced: bool = False, is_broken: bool = False) -> None:
        self.cluster = Cluster(BRIEF, traced=traced)
        super().__init__(BRIEF, self.cluster)
        self.phases: list[str] = []
        self._is_broken = is_broken

    @property
    def node_names(self) -> list[str]:
        return []

    def describe_node(self, name: str) -> list[str]:
        return [name]

    def standings(self) -> list[Standing]:
        return [Standing(name="id1", is_up=True)]

    def history_lines(self) -> Iterator[str]:
        return iter(())

    def operations(self) -> Iterator[Asked]:
        return iter(())

    def _calm(self) -> None:
        self.phases.append("calm")

    def _judge(self) -> None:
        self.phases.append("judged")
        if self._is_broken:
            raise PropertyViolated(
                "the sun shines", self.explanation, node="id1", evidence=lambda: EVIDENCE
            )

    def _break_off(self) -> None:
        self.phases.append("broken off")


def test_a_storm_is_followed_by_a_calm_and_a_judgement() -> None:
    course = Short()

    result = course.run()

    assert ["calm", "judged"] == course.phases
    assert (1, "short", 50, None) == (result.seed, result.level, result.events, result.violation)
    assert result.digest == course.journal.digest


def test_a_violation_ends_the_run_and_says_where() -> None:
    course = Short(is_broken=True)

    violation = course.run().violation

    assert ["calm", "judged", "broken off"] == course.phases
    assert violation is not None
    assert ("the sun shines", 50, "id1") == (
        violation.property_name,
        violation.event,
        violation.node,
    )


def test_a_run_that_is_halted_is_not_judged() -> None:
    course = Short(traced=True)
    course.journal.halt_at = 20

    result = course.run()

    assert [] == course.phases
    assert None is result.violation
    assert 20 <= result.events < 25
    assert result.events == result.last_events[-1].event


@pytest.mark.parametrize("is_broken", [False, True])
def test_only_a_run_that_fails_is_traced(*, is_broken: bool) -> None:
    result = run_then_trace(lambda traced: Short(traced=traced, is_broken=is_broken))

    assert is_broken == bool(result.last_events)


def test_a_traced_run_can_be_recorded_and_is_the_same() -> None:
    recorded = Short(traced=True)
    recording = recorded.record()

    recorded.run()

    assert Short().run().digest == recorded.journal.digest
    lines = list(recorded.journal.last_events)
    founding = len(lines) - len(recording.moments)  # had happened before it was recorded
    assert 0 < founding < 10
    assert lines[founding:] == recording.moments
    assert [0] == [change.moment for change in recording.changes]


@pytest.mark.parametrize("traced", [False, True])
def test_what_shows_a_violation_is_looked_for_if_somebody_will_see_it(*, traced: bool) -> None:
    course = Short(traced=traced, is_broken=True)

    violation = course.run().violation

    assert violation is not None
    assert (EVIDENCE if traced else Evidence()) == violation.evidence


def test_who_reads_of_a_violation_reads_names() -> None:
    course = Short(is_broken=True)
    node_id = course.cluster.hosts[0].node_id
    stranger = node_id ^ 1
    course.explanation = f"not on [{node_id}], nor on {stranger} at 12345"

    violation = course.run().violation

    assert violation is not None
    name = course.cluster.hosts[0].name
    assert f"not on [{name}], nor on {stranger} at 12345" == violation.explanation
