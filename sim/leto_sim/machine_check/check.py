"""Whether a state machine may be replicated: everything that is tried, in order.

Responsible for the order, from quick to slow: short lists of commands without a
cluster, which Hypothesis generates and shrinks; then whole clusters under all faults,
in which nodes' contents are compared after each command.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from random import Random
from typing import TypeAlias

import attrs
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, NoSuchExample
from hypothesis.strategies import SearchStrategy

from leto_sim.invariants import Invariant
from leto_sim.machine_check.elsewhere import Elsewhere, address_of
from leto_sim.machine_check.findings import Finding
from leto_sim.machine_check.trial import Broken, Factory, Trial
from leto_sim.result import RunResult
from leto_sim.screen import render
from leto_sim.simulation import simulate
from leto_sim.workloads import CommandWorkload

SEEDS = range(20)
EXAMPLES_MAX = 200
COMMANDS_MAX = 20  # of one list: what is tried grows with its square
EVENTS_MAX = 2_000
_POOL = 200
_NODES = (3, 5)
_QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

Commands: TypeAlias = SearchStrategy[bytes] | Sequence[bytes] | Callable[[Random], bytes]
"""Commands to choose from, a function that draws one, or a strategy of Hypothesis."""


class MachineBroken(AssertionError):
    """A state machine cannot be replicated; the message says why, and with which commands.

    Has either a `finding`, from a list of commands alone, or the `result` of a run.
    """

    def __init__(
        self, message: str, *, finding: Finding | None = None, result: RunResult | None = None
    ) -> None:
        super().__init__(message)
        self.finding = finding
        self.result = result


@attrs.frozen(kw_only=True)
class MachineReport:
    """What a machine has survived."""

    lists: int  # of commands
    runs: int  # of clusters
    events: int
    commits: int
    skipped: tuple[str, ...] = ()  # what could not be tried, and why


def check_machine(
    machine: Factory,
    commands: Commands,
    *,
    seeds: Iterable[int] = SEEDS,
    events: int = EVENTS_MAX,
    examples: int = EXAMPLES_MAX,
    invariants: Sequence[Invariant] = (),
    watches_calls: bool = True,
    level: str = "node",
) -> MachineReport:
    """Tries whether a state machine of yours can be replicated.

    The same commands must return the same results and lead to the same content: on
    every machine, on one restored from a snapshot at any point, in a process where
    strings hash differently, and on every node of a cluster that suffers every fault.

    Args:
        machine: makes a state machine; its class will do.
        commands: what clients send.
        seeds: one run of a cluster each.
        events: of a run's stormy part.
        examples: so many lists of commands are tried without a cluster.
        invariants: what must hold in the cluster besides.
        watches_calls: whether a clock or dice in `apply` are an error by themselves.
        level: of the clusters: `"node"`, or `"server"` for whole servers.

    Raises:
        MachineBroken: it cannot; with the shortest list of commands that shows it, where
            no cluster is needed to see it.
    """
    name = getattr(machine, "__name__", repr(machine))
    strategy = _strategy(commands)
    lists, skipped = _try_alone(machine, strategy, examples, name, watches_calls=watches_calls)
    pool = commands if callable(commands) else _pool(strategy)
    runs = [_try_in_cluster(machine, name, pool, seed, events, invariants, level) for seed in seeds]
    return MachineReport(
        lists=lists,
        runs=len(runs),
        events=sum(run.events for run in runs),
        commits=sum(run.commits for run in runs),
        skipped=skipped,
    )


def _try_alone(
    machine: Factory,
    strategy: SearchStrategy[bytes],
    examples: int,
    name: str,
    *,
    watches_calls: bool,
) -> tuple[int, tuple[str, ...]]:
    address, lists = address_of(machine), 0
    with ExitStack() as stack:
        elsewhere = None if address is None else stack.enter_context(Elsewhere(address))

        def finding(commands: Sequence[bytes]) -> Finding | None:
            nonlocal lists
            lists += 1
            try:
                passage = Trial(machine, commands, watches_calls=watches_calls).run()
                if elsewhere is not None and elsewhere.is_ready:
                    elsewhere.compare(commands, passage)
            except Broken as broken:
                return broken.finding
            return None

        shortest = _find(st.lists(strategy, max_size=COMMANDS_MAX), finding, examples)
        if shortest is not None:
            raise MachineBroken(shortest.render(name), finding=shortest)
    reachable = elsewhere is not None and elsewhere.is_ready
    return lists, () if reachable else (f"other hash seeds: {name} has no name in a module",)


def _find(
    lists: SearchStrategy[list[bytes]],
    finding: Callable[[Sequence[bytes]], Finding | None],
    examples: int,
) -> Finding | None:
    """The shortest list that shows something. What is wrong may show itself only sometimes."""
    found: list[Finding] = []

    def shows_something(commands: Sequence[bytes]) -> bool:
        if (seen := finding(commands)) is not None:
            found.append(seen)
        return seen is not None

    plan = settings(
        max_examples=examples,
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=_QUIET,
    )
    with suppress(NoSuchExample, Flaky):
        find(lists, shows_something, settings=plan)
    return min(found, key=lambda seen: seen.size, default=None)


def _try_in_cluster(
    machine: Factory,
    name: str,
    pool: Sequence[bytes] | Callable[[Random], bytes],
    seed: int,
    events: int,
    invariants: Sequence[Invariant],
    level: str,
) -> RunResult:
    result = simulate(
        machine,
        level=level,
        seed=seed,
        nodes=_NODES[seed % len(_NODES)],
        events=events,
        workload=CommandWorkload(commands=pool),
        invariants=invariants,
        compares_every_content=True,
    )
    if result.violation is not None:
        how = f"check_machine({name}, ..., seeds=[{seed}], events={events}, level={level!r})"
        raise MachineBroken(f"{name}, in a cluster\n{render(result, how)}", result=result)
    return result


def _strategy(commands: Commands) -> SearchStrategy[bytes]:
    if isinstance(commands, Sequence):
        # For pyright, a strategy that is also a sequence would be of anything; there is none.
        return st.sampled_from(commands)  # pyright: ignore[reportUnknownArgumentType]
    if callable(commands):
        return st.builds(commands, st.randoms(use_true_random=False))
    return commands


def _pool(strategy: SearchStrategy[bytes]) -> Sequence[bytes]:
    """Commands of the strategy, for a run that draws its own."""
    pool: list[bytes] = []

    @settings(
        max_examples=_POOL,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=_QUIET,
    )
    @given(strategy)
    def gather(command: bytes) -> None:
        pool.append(command)

    gather()
    return pool
