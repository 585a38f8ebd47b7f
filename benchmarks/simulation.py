"""How fast Leto is simulated: events a CPU second, with every online check on.

At node level (3 and 5 nodes) and at server level, over scenarios as seeds draw them; the
same on two processes; runs of five nodes and 5,000 events a second. In the same run, what
detangle's loop does with the same consensus core, where nothing fails and nothing is
checked, beside Leto's node level where nothing fails either.

An *event* is something that a node is told: a message, a timer, the end of a write.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import count

import attrs

from benchmarks import detangle_peer
from benchmarks.report import parser, run, table
from leto_sim.habits import Habits
from leto_sim.levels import level_named
from leto_sim.node_level.run import run_scenario
from leto_sim.node_level.scenario import Scenario

WITHIN_S = 900
EVENTS = 5_000
NODE_EVENTS_A_SECOND = 100_000
SERVER_EVENTS_A_SECOND = 15_000
RUNS_A_SECOND = 15
_BUSY = Habits(clients=1, thinking_us=10_000)


@attrs.frozen(kw_only=True)
class Speed:
    """Runs of one kind, one after the other."""

    what: str
    runs: int
    events: int
    cpu_s: float
    wall_s: float

    @property
    def events_a_second(self) -> float:
        """Of processor time."""
        return self.events / self.cpu_s


@attrs.frozen(kw_only=True)
class Simulation:
    """All that was measured."""

    speeds: tuple[Speed, ...]
    alone_events_a_wall_second: float
    together_events_a_wall_second: float
    violations: tuple[str, ...] = ()

    def lines(self) -> Sequence[str]:
        """A table, and what two processes do together."""
        rows = [
            (
                speed.what,
                str(speed.runs),
                f"{speed.events_a_second:,.0f}",
                f"{speed.events / speed.wall_s:,.0f}",
                f"{speed.runs / speed.cpu_s:.1f}",
            )
            for speed in self.speeds
        ]
        alone, together = self.alone_events_a_wall_second, self.together_events_a_wall_second
        scaling = f"one process: {alone:,.0f} events/wall s; two: {together:,.0f}"
        aims = f"{NODE_EVENTS_A_SECOND:,} at node level, {SERVER_EVENTS_A_SECOND:,} at server level"
        return [
            *table(("", "runs", "events/CPU s", "events/wall s", "runs/CPU s"), rows),
            "",
            f"{scaling}, {together / alone:.2f} times as many",
            f"aimed at: {aims}; {RUNS_A_SECOND} runs/CPU s of five nodes",
        ]


def timed(what: str, events_of: Iterator[int], for_s: float) -> Speed:
    """Runs one after the other until so much processor time has passed."""
    runs = events = 0
    began, began_cpu = time.perf_counter(), time.process_time()
    while (cpu_s := time.process_time() - began_cpu) < for_s or not runs:
        events += next(events_of)
        runs += 1
    return Speed(
        what=what, runs=runs, events=events, cpu_s=cpu_s, wall_s=time.perf_counter() - began
    )


def drawn(level_name: str, nodes: int, first_seed: int = 1) -> Iterator[int]:
    """The events of one run after the other, of the scenarios that seeds draw."""
    level = level_named(level_name)
    for seed in count(first_seed):
        scenario = level.draw(seed, nodes=nodes, events_max=EVENTS)
        result = level.begin(scenario).run()
        if result.violation is not None:
            raise RuntimeError(f"seed {seed}: {result.violation}")
        yield result.events


def quiet(nodes: int) -> Iterator[int]:
    """The same where nothing fails, and one client writes and reads all the time."""
    for seed in count(1):
        scenario = Scenario(seed=seed, nodes=nodes, events_max=EVENTS, habits=_BUSY)
        yield run_scenario(scenario).events


def on_detangle(nodes: int, *, copies: bool) -> Iterator[int]:
    """The events of the same core on detangle, five virtual seconds at a time."""
    for seed in count(1):
        yield detangle_peer.drive(nodes, 5.0, seed, copies=copies).events


def measure(for_s: float) -> Simulation:
    """Everything, each for so much processor time."""
    kinds: Sequence[tuple[str, Callable[[], Iterator[int]]]] = (
        ("node level, 3 nodes", lambda: drawn("node", 3)),
        ("node level, 5 nodes", lambda: drawn("node", 5)),
        ("node level, 5 nodes, no faults", lambda: quiet(5)),
        ("server level, 3 nodes", lambda: drawn("server", 3)),
        ("detangle, 5 nodes, no faults", lambda: on_detangle(5, copies=True)),
        ("detangle, the same, no copies", lambda: on_detangle(5, copies=False)),
    )
    speeds = tuple(timed(what, events_of(), for_s) for what, events_of in kinds)
    with ProcessPoolExecutor(max_workers=2) as pool:
        list(pool.map(_share, (1, 1), (0.1, 0.1)))  # the processes start, and import
        alone = _wall_speed(pool, (1,), for_s)
        together = _wall_speed(pool, (1, 1_000), for_s)
    return Simulation(
        speeds=speeds,
        alone_events_a_wall_second=alone,
        together_events_a_wall_second=together,
    )


def _share(first_seed: int, for_s: float) -> int:
    return timed("", drawn("node", 5, first_seed), for_s).events


def _wall_speed(pool: ProcessPoolExecutor, first_seeds: Sequence[int], for_s: float) -> float:
    began = time.perf_counter()
    events = sum(pool.map(_share, first_seeds, [for_s] * len(first_seeds)))
    return events / (time.perf_counter() - began)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    flags = parser(__doc__)
    flags.add_argument(
        "--seconds", type=float, default=5.0, help="of processor time for each row (default: 5)"
    )
    given = flags.parse_args(arguments)
    return run(lambda: measure(given.seconds), as_json=given.json, within_s=WITHIN_S)


if __name__ == "__main__":
    sys.exit(main())
