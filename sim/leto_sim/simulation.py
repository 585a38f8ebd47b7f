"""One call that runs a state machine in a cluster to which everything happens.

Responsible for putting a run together from what its user brings. How a run goes is
`leto_sim.node_level.run`.
"""

from collections.abc import Callable, Sequence

import attrs

from leto.machine import StateMachine
from leto_sim.course import AnyScenario
from leto_sim.custom_faults import Strike
from leto_sim.invariants import Invariant
from leto_sim.levels import Level, level_named, level_of, run_scenario
from leto_sim.parts import REGISTERS, Parts
from leto_sim.result import RunResult
from leto_sim.workloads import Workload

EVENTS_MAX = 10_000


@attrs.frozen(kw_only=True)
class SimulatedResult(RunResult):
    """How a run went, and what it takes to run it again."""

    scenario: AnyScenario = attrs.field(repr=False)
    parts: Parts = attrs.field(eq=False, repr=False)

    @classmethod
    def of(cls, result: RunResult, scenario: AnyScenario, parts: Parts) -> "SimulatedResult":
        """The result of that scenario and these parts."""
        fields = {field.name: getattr(result, field.name) for field in attrs.fields(RunResult)}
        return cls(**fields, scenario=scenario, parts=parts)


def simulate(
    machine: Callable[[], StateMachine] | None = None,
    *,
    scenario: AnyScenario | None = None,
    level: str = "node",
    seed: int = 0,
    nodes: int = 3,
    events: int = EVENTS_MAX,
    workload: Workload | None = None,
    invariants: Sequence[Invariant] = (),
    faults: Sequence[Strike] = (),
    compares_every_content: bool = False,
) -> SimulatedResult:
    """Runs one scenario, checks every property, and says how it went.

    Args:
        machine: makes a state machine; its class will do. Without it and a workload, the run
            is the one of `leto-sim run` with this seed and size.
        scenario: all that is strange about the run; without it, the seed draws one.
        level: `"node"`: the machine over consensus alone; `"server"`: in whole servers, with
            files, wire and group commit, and clients that call the server they live in. A
            scenario has its own.
        seed: draws the scenario; not used with a scenario, which has its own.
        nodes: how many found the cluster; not used with a scenario.
        events: the stormy part ends after so many; not used with a scenario.
        workload: what clients ask for. A machine of yours needs one of yours.
        invariants: what must hold besides all that Leto checks.
        faults: what goes wrong besides the scenario's plan.
        compares_every_content: whether nodes' snapshots are compared after each
            command, rather than when they are taken anyway. Slow, and misses nothing.

    Returns:
        How it went; a violation is in it, not raised. Ask it to `raise_if_violated`.

    Raises:
        ValueError: a machine of yours without a workload.
        UnknownLevel: there is no level of that name.
    """
    if machine is not None and workload is None:
        raise ValueError("which commands do clients send? Say workload=CommandWorkload(...)")
    if scenario is None:
        scenario = level_named(level).draw(seed, nodes=nodes, events_max=events)
    brings_nothing = machine is None and workload is None
    usual = level_of(scenario).usual_parts(scenario) if brings_nothing else REGISTERS
    parts = Parts(
        machine=machine or usual.machine,
        workload=workload or usual.workload,
        invariants=tuple(invariants),
        faults=tuple(faults),
        compares_every_content=compares_every_content,
    )
    result = run_scenario(level_with(parts, scenario), scenario)
    return SimulatedResult.of(result, scenario, parts)


def level_with(parts: Parts, scenario: AnyScenario) -> Level:
    """The level of that scenario, with somebody's parts or, if they are those, with its own."""
    level = level_of(scenario)
    return level if is_usual(parts, scenario) else level.with_parts(parts)


def is_usual(parts: Parts, scenario: AnyScenario) -> bool:
    """Whether `leto-sim` runs such a scenario with these parts."""
    return parts == level_of(scenario).usual_parts(scenario)
