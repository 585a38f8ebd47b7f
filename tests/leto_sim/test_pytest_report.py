"""What a failed test shows of its run."""

from pathlib import Path

import attrs
import pytest

from leto_sim import Invariant
from leto_sim.clock import MS
from leto_sim.faults import Crash, Pause, TakeSnapshotNow
from leto_sim.node_level.faults import PlannedFault
from leto_sim.node_level.run import NodeLevelRun, run_scenario
from leto_sim.parts import Parts
from leto_sim.pytest_report import Report
from leto_sim.result import PropertyViolated, SimulationFailed
from leto_sim.scenario_files import read_scenario
from leto_sim.simulated_cluster import SimulatedCluster
from leto_sim.simulation import SimulatedResult, simulate
from leto_sim.workloads import CommandWorkload
from tests.support.machines import Adder
from tests.support.sims import QUIET


class Forgetful(Adder):
    """Starts over when it is restored."""

    def restore(self, content: bytes) -> None:
        self.total = 0


PAUSES = tuple(PlannedFault(at * 100 * MS, Pause(at, MS)) for at in range(1, 6))
PLAN = (
    *PAUSES,
    PlannedFault(800 * MS, TakeSnapshotNow(1)),
    PlannedFault(900 * MS, Crash(1, 10 * MS)),
)
SCENARIO = attrs.evolve(QUIET, events_max=10_000, duration_us=1_000 * MS, plan=PLAN)


def failed_run() -> SimulatedResult:
    result = simulate(Forgetful, scenario=SCENARIO, workload=CommandWorkload(commands=[b"1"]))
    assert result.violation is not None
    return result


def judge_harshly(_: NodeLevelRun) -> None:
    raise PropertyViolated("grace", "none is left")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "leto-runs" / "test_it"


def lines_of(text: str | None, title: str) -> list[str]:
    assert text is not None
    return [
        line.removeprefix(title).strip() for line in text.splitlines() if line.startswith(title)
    ]


def test_what_the_failure_does_not_need_is_left_out(path: Path) -> None:
    text = Report(path=path, shrink_s=60).describe(SimulationFailed(failed_run()), None)

    assert text is not None
    saved = read_scenario(text[text.index("format = 1") :])
    assert text.startswith(f"VIOLATED: {saved.violates} ")
    assert PLAN[5:] == saved.scenario.plan
    assert 1 == saved.scenario.nodes
    assert "; there may be a smaller one" not in text


def test_shrinking_ends_in_time(path: Path) -> None:
    text = Report(path=path, shrink_s=0).describe(SimulationFailed(failed_run()), None)

    assert text is not None
    assert "the scenario, shrunk in 1 attempts; there may be a smaller one:" in text
    assert SCENARIO == read_scenario(text[text.index("format = 1") :]).scenario


def test_a_run_leaves_its_scenario_and_a_page_that_git_does_not_see(path: Path) -> None:
    text = Report(path=path, shrink_s=0).describe(SimulationFailed(failed_run()), None)

    assert [str(path.with_suffix(".html"))] == lines_of(text, "view")
    assert [str(path.with_suffix(".toml"))] == lines_of(text, "scenario ")
    assert SCENARIO == read_scenario(path.with_suffix(".toml").read_text()).scenario
    assert "VIOLATED" not in path.with_suffix(".html").read_text()[:10]
    assert "the state machine" in path.with_suffix(".html").read_text()
    assert "*\n" == (path.parent / ".gitignore").read_text()


def test_only_runs_of_what_leto_brings_can_be_replayed_from_the_command_line(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, never = Report(path=path, shrink_s=0), Invariant("never", lambda _: "it is so")
    with_an_invariant = simulate(scenario=SCENARIO, invariants=[never])
    monkeypatch.setattr(NodeLevelRun, "_judge", judge_harshly)
    bare = simulate(scenario=SCENARIO)

    assert [] == lines_of(report.describe(SimulationFailed(failed_run()), None), "replay")
    assert [] == lines_of(report.describe(SimulationFailed(with_an_invariant), None), "replay")
    replay = lines_of(report.describe(SimulationFailed(bare), None), "replay")
    assert [f"leto-sim replay {path.with_suffix('.toml')}"] == replay


def test_files_that_cannot_be_written_spoil_nothing(tmp_path: Path) -> None:
    (tmp_path / "leto-runs").write_text("in the way")
    report = Report(path=tmp_path / "leto-runs" / "test_it", shrink_s=0)

    text = report.describe(SimulationFailed(failed_run()), None)

    assert lines_of(text, "view")[0].startswith("(not written: ")


def test_a_cluster_that_was_driven_by_hand_is_described_without_a_scenario(path: Path) -> None:
    cluster = SimulatedCluster(Adder)
    cluster.propose(b"1")

    text = Report(path=path).describe(AssertionError(), cluster)

    assert text is not None
    assert text.startswith("seed 0, node level")
    assert [] == lines_of(text, "view")
    assert None is Report(path=path).describe(AssertionError(), None)
    assert not path.parent.exists()


def test_a_cluster_that_was_recorded_leaves_a_page(path: Path) -> None:
    cluster = SimulatedCluster(Adder, recorded=True)
    cluster.propose(b"1")

    text = Report(path=path).describe(AssertionError(), cluster)

    assert [str(path.with_suffix(".html"))] == lines_of(text, "view")
    assert '"commits":' in path.with_suffix(".html").read_text()


def test_a_violation_that_a_call_made_visible_is_described(path: Path) -> None:
    parts = Parts(machine=Forgetful, workload=CommandWorkload(commands=[b"1"]))

    text = Report(path=path).describe(SimulationFailed(run_scenario(SCENARIO, parts)), None)

    assert text is not None
    assert text.startswith("VIOLATED: ")
    assert [] == lines_of(text, "scenario")
