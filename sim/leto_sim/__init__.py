"""A deterministic world for Leto: simulated time, network, disks, clients, faults and checkers.

One seed decides everything that happens, so a failure is a number that anybody can run again.

Reading order, for whoever tests a state machine of their own:

1. `simulate`: one run, and the `RunResult` that it ends with.
2. `CommandWorkload`, `Query`: what your clients ask for.
3. `Invariant` and `ClusterView`: what must hold besides all that Leto checks.
4. `Scenario`, `draw_scenario` and the faults: what is strange about a run.
5. `CustomFault` and `Strike`: faults of your own.
6. `check_machine`: everything that can show that a machine cannot be replicated.
7. `SimulatedCluster`: a cluster that a test drives by hand, in virtual time.
   In pytest, it is the fixture `leto_cluster` (`leto_sim.pytest_plugin`).
8. `strategies` and `ClusterStateMachine`: scenarios, and whole histories of a cluster,
   that Hypothesis draws and shrinks.

Reading order, for whoever reads the simulator itself:

    chance and time   `randomness`, `clock`, `scheduler`, `units`
    a run             `levels`, `node_level`, `server_level`, `course`, `core`, `result`,
                      `settings`, `faults`, `platter`, `lost_quorum`
    what users bring  `parts`, `workloads`, `habits`, `invariants`, `custom_faults`, `cluster_view`,
                      `registers`, `by_hand`, `forwarding`
    what must hold    `checkers`, `lincheck`, `judging`, `sometimes`, `lookout`,
                      `holdings`, `core_bounds`
    what is shown     `journal`, `descriptions`, `fault_words`, `inspection`, `standing`,
                      `operations`, `screen`, `view`
    many runs         `campaign`, `campaign_files`, `workers`, `shrinking`, `scenario_files`,
                      `mutants`
    users             `simulation`, `simulated_cluster`, `stateful`, `strategies`,
                      `machine_check`, `pytest_plugin`, `pytest_report`, `pytest_files`,
                      `command_line`, `commands`

Every name is loaded when it is first used, so that a program that needs one part does
not wait for the others.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leto_sim.by_hand import MaybeApplied, NotApplied, Pending
    from leto_sim.cluster_view import ClusterView, NodeDown, NodeView
    from leto_sim.custom_faults import CustomFault, Strike
    from leto_sim.habits import Habits
    from leto_sim.invariants import Invariant
    from leto_sim.machine_check.check import MachineBroken, MachineReport, check_machine
    from leto_sim.machine_check.findings import Finding
    from leto_sim.node_level.scenario import Scenario, draw_scenario
    from leto_sim.result import RunResult, SimulationFailed, Violation
    from leto_sim.screen import render
    from leto_sim.simulated_cluster import DidNotHappen, SimulatedCluster
    from leto_sim.simulation import SimulatedResult, simulate
    from leto_sim.stateful import ClusterStateMachine
    from leto_sim.workloads import CommandWorkload, Propose, Query, Seen, Workload

_HOMES = {
    "ClusterStateMachine": "leto_sim.stateful",
    "ClusterView": "leto_sim.cluster_view",
    "CommandWorkload": "leto_sim.workloads",
    "CustomFault": "leto_sim.custom_faults",
    "DidNotHappen": "leto_sim.simulated_cluster",
    "Finding": "leto_sim.machine_check.findings",
    "Habits": "leto_sim.habits",
    "Invariant": "leto_sim.invariants",
    "MachineBroken": "leto_sim.machine_check.check",
    "MachineReport": "leto_sim.machine_check.check",
    "MaybeApplied": "leto_sim.by_hand",
    "NodeDown": "leto_sim.cluster_view",
    "NodeView": "leto_sim.cluster_view",
    "NotApplied": "leto_sim.by_hand",
    "Pending": "leto_sim.by_hand",
    "Propose": "leto_sim.workloads",
    "Query": "leto_sim.workloads",
    "RunResult": "leto_sim.result",
    "Scenario": "leto_sim.node_level.scenario",
    "Seen": "leto_sim.workloads",
    "SimulatedCluster": "leto_sim.simulated_cluster",
    "SimulatedResult": "leto_sim.simulation",
    "SimulationFailed": "leto_sim.result",
    "Strike": "leto_sim.custom_faults",
    "Violation": "leto_sim.result",
    "Workload": "leto_sim.workloads",
    "check_machine": "leto_sim.machine_check.check",
    "draw_scenario": "leto_sim.node_level.scenario",
    "render": "leto_sim.screen",
    "simulate": "leto_sim.simulation",
}

__all__ = [
    "ClusterStateMachine",
    "ClusterView",
    "CommandWorkload",
    "CustomFault",
    "DidNotHappen",
    "Finding",
    "Habits",
    "Invariant",
    "MachineBroken",
    "MachineReport",
    "MaybeApplied",
    "NodeDown",
    "NodeView",
    "NotApplied",
    "Pending",
    "Propose",
    "Query",
    "RunResult",
    "Scenario",
    "Seen",
    "SimulatedCluster",
    "SimulatedResult",
    "SimulationFailed",
    "Strike",
    "Violation",
    "Workload",
    "check_machine",
    "draw_scenario",
    "render",
    "simulate",
]


def __getattr__(name: str) -> object:
    """A public name, which is loaded now."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
