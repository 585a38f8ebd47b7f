"""Whole servers in a run: every property holds, and the same seed is the same run."""

import json
import os
import subprocess
import sys

import attrs
import pytest

from leto.raft import Config
from leto_sim.clock import MS, SECOND
from leto_sim.faults import Crash, LoseDisk, TakeSnapshotNow
from leto_sim.server_level import run
from leto_sim.server_level.cluster import ServerCluster
from leto_sim.server_level.disk import DiskTiming
from leto_sim.server_level.faults import CutPower, PlannedServerFault, ServerFault
from leto_sim.server_level.random_errands import Workload
from leto_sim.server_level.resp_client import Manners
from leto_sim.server_level.run import ServerLevelRun, run_server_level, run_server_scenario
from leto_sim.server_level.scenario import ServerScenario
from leto_sim.server_level.watch import ServerLife

SEEDS = range(1, 11)
EVENTS = 2_000


@pytest.mark.parametrize("seed", SEEDS)
def test_every_property_holds(seed: int) -> None:
    result = run_server_level(seed, events_max=EVENTS)

    assert result.violation is None
    assert result.commits > 0


@pytest.mark.parametrize("nodes", [1, 2, 5])
def test_clusters_of_other_sizes_work_too(nodes: int) -> None:
    result = run_server_level(3, nodes, EVENTS)

    assert result.violation is None


def result_in_another_process(hash_seed: str) -> dict[str, object]:
    command = ["-m", "leto_sim.command_line", "run", "--seed", "5", "--level", "server", "--json"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    output = subprocess.run(
        [sys.executable, *command, "--events", str(EVENTS)],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    result: dict[str, object] = json.loads(output)
    return result


def test_same_seed_is_the_same_run_in_every_process() -> None:
    one, other = map(result_in_another_process, ("1", "22"))

    assert one == other
    assert run_server_level(5, events_max=EVENTS).digest == one["digest"]


def test_different_seeds_are_different_runs() -> None:
    one, other = (run_server_level(seed, events_max=300).digest for seed in (1, 2))

    assert one != other


def scenario(*plan: PlannedServerFault, duration_us: int = 1_500 * MS) -> ServerScenario:
    """Good weather, a few leisurely clients, and these faults."""
    return ServerScenario(
        seed=1,
        duration_us=duration_us,
        config=Config(
            election_timeout_min_us=100 * MS,
            election_timeout_max_us=200 * MS,
            heartbeat_interval_us=25 * MS,
        ),
        workload=Workload(life_ms_max=50, pipeline_max=2),
        manners=Manners(think_us=50 * MS),
        plan=plan,
    )


def test_cluster_forms_by_itself_and_serves_in_good_weather() -> None:
    result = run_server_scenario(scenario())

    assert result.violation is None
    assert 1 == result.elections
    assert result.commits > 50


def test_cluster_outlives_a_power_cut_of_everybody() -> None:
    cuts = [PlannedServerFault(SECOND, CutPower(victim, 100 * MS)) for victim in range(3)]

    result = run_server_scenario(scenario(*cuts))

    assert result.violation is None
    assert result.elections > 1


def test_lost_disk_is_replaced_by_the_operators_way() -> None:
    run = ServerLevelRun(scenario(PlannedServerFault(SECOND, LoseDisk(1))))
    remarks: list[str] = []
    remark = run.cluster.remark

    def overhear(text: str, shown: str = "") -> None:
        remarks.append(text)
        remark(text, shown)

    run.cluster.remark = overhear  # type: ignore[method-assign]  # to hear what the run notes
    result = run.run()

    assert result.violation is None
    assert any("LEAVE id2 first" in text for text in remarks)
    assert "id2 has left" in remarks


def test_snapshots_are_taken_while_nodes_die() -> None:
    faults: tuple[ServerFault, ...] = (
        TakeSnapshotNow(0),
        Crash(0, 50 * MS),
        TakeSnapshotNow(1),
        Crash(2, 50 * MS),
    )
    plan = [
        PlannedServerFault(SECOND + number * 100 * MS, fault) for number, fault in enumerate(faults)
    ]

    assert run_server_scenario(scenario(*plan)).violation is None


def test_violation_is_shown_with_the_last_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that applies what it hides from the clients' ledger."""

    def hides(self: ServerLife, entries: object) -> None:
        del self, entries

    monkeypatch.setattr(ServerLife, "applies", hides)

    result = run_server_scenario(scenario(duration_us=SECOND))

    assert result.violation is not None
    assert "acknowledged writes survive" == result.violation.property_name
    assert result.last_events
    assert ["id1", "id2", "id3"] == [name for name, _ in result.last_events[-1].lanes]


def test_cluster_that_cannot_come_to_rest_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ServerCluster, "is_whole", False)
    monkeypatch.setattr(run, "_SECONDS_TO_RECOVER", 1)

    result = ServerLevelRun(scenario(duration_us=SECOND)).run()

    assert result.violation is not None
    assert "progress after everything is healed" == result.violation.property_name


def test_history_without_order_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    run = ServerLevelRun(scenario())
    judged = run.history.judged

    def without_writes(promises: object, cuts: object) -> object:
        operations = judged(promises, cuts)  # type: ignore[arg-type]  # it is what the run passes
        return [operation for operation in operations if operation.result is not None][1::2]

    monkeypatch.setattr(run.history, "judged", without_writes)
    result = run.run()

    assert result.violation is not None
    assert "linearizability" == result.violation.property_name


def test_a_server_that_is_killed_while_it_receives_a_snapshot_goes_on_with_it() -> None:
    kills: list[PlannedServerFault] = []
    for at_ms in range(1_000, 4_000, 1_090):  # away for long, and again just after it is back
        kills.append(PlannedServerFault(at_ms * MS, Crash(2, 400 * MS)))
        kills.append(PlannedServerFault((at_ms + 490) * MS, Crash(2, 20 * MS)))
    base = scenario(*kills, duration_us=5 * SECOND)
    config = attrs.evolve(
        base.config,
        snapshot_chunk_bytes=100,
        snapshot_after_entries=10,
        trailing_entries=0,
        trailing_bytes=0,
    )

    slow_disk = attrs.evolve(base, config=config, disk=DiskTiming(sync_least_us=5 * MS))

    resumed = 0
    for seed in range(1, 9):  # not each transfer is interrupted
        result = run_server_scenario(attrs.evolve(slow_disk, seed=seed))
        assert result.violation is None
        resumed += result.sometimes.get("resumed after restart", 0)
        if resumed:
            break
    assert resumed
