"""A run: storm, calm, judgement."""

from collections.abc import Callable

import attrs
import pytest

from leto_sim.clock import MS
from leto_sim.faults import Crash, RemoveNode
from leto_sim.judging import LINEARIZABILITY
from leto_sim.node_level import run
from leto_sim.node_level.faults import PlannedFault
from leto_sim.node_level.run import (
    PROGRESS,
    SAME_CONTENT,
    NodeLevelRun,
    run_node_level,
    run_scenario,
)
from leto_sim.node_level.scenario import draw_scenario
from leto_sim.result import PropertyViolated
from leto_sim.workloads import Query, Seen
from tests.support.sims import QUIET

BRIEF = attrs.evolve(QUIET, events_max=600)


@pytest.mark.parametrize("nodes", [1, 2, 3, 5])
def test_a_seed_is_run_to_its_end(nodes: int) -> None:
    result = run_node_level(3, nodes, 1_500)

    assert (None, 3, "node") == (result.violation, result.seed, result.level)
    assert result.commits > 0
    assert () == result.last_events


def test_a_run_is_decided_by_its_scenario() -> None:
    one, other = (NodeLevelRun(draw_scenario(8, events_max=1_000)).run() for _ in range(2))

    assert one == other


def test_tracing_changes_nothing_but_the_lines() -> None:
    plain, traced = (NodeLevelRun(BRIEF, traced=traced).run() for traced in (False, True))

    assert plain == attrs.evolve(traced, last_events=())
    assert traced.last_events


def test_a_storm_ends_with_its_events_or_with_its_time() -> None:
    by_events = NodeLevelRun(attrs.evolve(BRIEF, events_max=100))
    by_time = NodeLevelRun(attrs.evolve(BRIEF, duration_us=50 * MS))

    by_events._storm()
    by_time._storm()

    assert 100 == by_events.cluster.journal.events
    assert by_time.cluster.scheduler.now < 60 * MS


def broken_by(monkeypatch: pytest.MonkeyPatch, break_it: Callable[[NodeLevelRun], None]) -> None:
    """Breaks something in every run, between calm and judgement."""
    calm = NodeLevelRun._calm

    def calm_and_break(run: NodeLevelRun) -> None:
        calm(run)
        break_it(run)

    monkeypatch.setattr(NodeLevelRun, "_calm", calm_and_break)


def test_a_history_without_an_order_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    def invent_a_read(run: NodeLevelRun) -> None:
        query = Query(lambda _: None, key=0)
        run.history.append(Seen(request=query, number=1, invoked=0, returned=1, result=10**9))

    broken_by(monkeypatch, invent_a_read)

    violation = run_scenario(BRIEF).violation

    assert violation is not None
    assert LINEARIZABILITY == violation.property_name


def test_different_contents_in_the_end_are_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    def forget_everything(run: NodeLevelRun) -> None:
        run.cluster.alive[0].machine.restore(b"")

    broken_by(monkeypatch, forget_everything)

    violation = run_scenario(BRIEF).violation

    assert violation is not None
    assert SAME_CONTENT == violation.property_name


def test_a_violation_is_traced_when_it_happens_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def complain(_: NodeLevelRun) -> None:
        raise PropertyViolated("the sun shines", "it does not")

    broken_by(monkeypatch, complain)

    result = run_scenario(BRIEF)

    assert result.violation is not None
    assert ("the sun shines", result.events) == (
        result.violation.property_name,
        result.violation.event,
    )
    assert result.last_events


def test_no_progress_in_the_calm_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    calm = NodeLevelRun._calm

    def calm_without_a_quorum(run: NodeLevelRun) -> None:
        for host in run.cluster.hosts[1:]:
            run.cluster.retire(host)
        calm(run)

    monkeypatch.setattr(NodeLevelRun, "_calm", calm_without_a_quorum)

    violation = NodeLevelRun(BRIEF).run().violation

    assert violation is not None
    assert PROGRESS == violation.property_name
    assert violation.explanation.startswith("nothing is committed; nothing moves for ")


def test_elections_without_end_are_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    growing = iter(range(10**9))

    def achieved(_: NodeLevelRun) -> int:
        return next(growing)

    monkeypatch.setattr(NodeLevelRun, "_achieved", achieved)
    monkeypatch.setattr(run, "_MOST_PATIENCE", 1)
    endless = NodeLevelRun(BRIEF)

    with pytest.raises(PropertyViolated, match="never"):
        endless._run_until(lambda: False, "never")


def test_members_that_come_and_go_are_waited_for() -> None:
    plan = (
        PlannedFault(1_000 * MS, RemoveNode(1)),
        PlannedFault(1_100 * MS, Crash(0, 10**9)),
    )
    scenario = attrs.evolve(BRIEF, events_max=10_000, duration_us=1_200 * MS, plan=plan)

    result = NodeLevelRun(scenario).run()

    assert None is result.violation


@pytest.mark.parametrize("seed", range(4))
def test_a_quorum_goes_on_while_all_else_stays_broken(seed: int) -> None:
    scenario = attrs.evolve(BRIEF, seed=seed, nodes=5, heals_core_only=True)
    run = NodeLevelRun(scenario)

    result = run.run()

    assert None is result.violation
    assert 3 <= len(run.cluster.core) <= 5


def test_a_core_without_a_quorum_of_data_is_a_violation() -> None:
    run = NodeLevelRun(attrs.evolve(BRIEF, heals_core_only=True))
    for host in run.cluster.hosts[1:]:
        host.is_corrupt = True

    violation = run.run().violation

    assert violation is not None
    assert "no quorum is left" in violation.explanation


@pytest.mark.parametrize("heals_core_only", [False, True])
def test_nobody_is_to_blame_where_nobody_may_lead(
    heals_core_only: bool,  # noqa: FBT001
) -> None:
    scenario = attrs.evolve(BRIEF, heals_core_only=heals_core_only, priorities=(0, 0, 0))

    assert None is NodeLevelRun(scenario).run().violation
