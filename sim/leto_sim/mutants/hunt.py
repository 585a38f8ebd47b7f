"""Runs seeds until a property is violated; prints one JSON object. A process of its own.

    python -P -m leto_sim.mutants.hunt '{"run": ..., "within": ..., ...}'

Started by `leto_sim.mutants.hunting`, with a broken copy of the source first on the path.
The copy must be what is imported: `packages` that do not lie `within` it are an error.
"""

import json
import signal
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path
from types import FrameType
from typing import Final, cast

import attrs
import cattrs

from leto_sim.result import RunResult

RUN_GOES_ON = "the run itself comes to an end"
"""Violated when the simulator stumbles over what the broken code does."""

_AT_ONCE: Final = 1e-6  # seconds: none at all would mean never


@attrs.frozen(kw_only=True)
class Orders:
    """Which seeds to run: `count` of them from `first_seed` on, `nodes` by turns."""

    run: str
    nodes: tuple[int, ...]
    events: int
    first_seed: int
    count: int
    packages: tuple[str, ...]
    within: str
    seconds: float | None = None  # of real time: then the seed under way is broken off


@attrs.frozen(kw_only=True)
class Finding:
    """What a hunt ended with; `violated` is None if every seed that was run was green."""

    seeds: int  # that were run to their end
    cpu_seconds: float
    violated: str | None = None
    explanation: str = ""
    seed: int = 0  # that one, and with how many nodes
    nodes: int = 0


class _TimeIsUp(BaseException):
    """Raised wherever the run happens to be; nothing in it may catch this."""


def hunt(orders: Orders) -> Finding:
    """Runs the seeds."""
    run = _function(orders.run)
    began, number = time.process_time(), 0
    try:
        with _broken_off_after(orders.seconds):
            for nodes in islice(cycle(orders.nodes), orders.count):
                seed = orders.first_seed + number
                violated, explanation = _run(run, seed, nodes, orders.events)
                number += 1
                if violated is not None:
                    return Finding(
                        seeds=number,
                        cpu_seconds=round(time.process_time() - began, 2),
                        violated=violated,
                        explanation=explanation,
                        seed=seed,
                        nodes=nodes,
                    )
    except _TimeIsUp:
        pass
    return Finding(seeds=number, cpu_seconds=round(time.process_time() - began, 2))


@contextmanager
def _broken_off_after(seconds: float | None) -> Generator[None]:
    """With broken code one seed may take minutes, or never end."""
    if seconds is None:
        yield
        return
    former = signal.signal(signal.SIGALRM, _break_off)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, _AT_ONCE))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def _break_off(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise _TimeIsUp


def _run(
    run: Callable[[int, int, int], RunResult], seed: int, nodes: int, events: int
) -> tuple[str | None, str]:
    try:
        violation = run(seed, nodes, events).violation
    except Exception as stumble:  # noqa: BLE001 - whatever the broken code leads to
        return RUN_GOES_ON, f"{type(stumble).__name__}: {stumble}"
    return (None, "") if violation is None else (violation.property_name, violation.explanation)


def _function(name: str) -> Callable[[int, int, int], RunResult]:
    module, _, function = name.partition(":")
    return cast("Callable[[int, int, int], RunResult]", getattr(import_module(module), function))


def _check_import(package: str, within: Path) -> None:
    spec = find_spec(package)
    origin = None if spec is None or spec.origin is None else Path(spec.origin)
    if origin is None or not origin.is_relative_to(within):
        sys.exit(f"{package} would be imported from {origin}, not from {within}")


def main(text: str) -> None:
    """The process."""
    orders = cattrs.structure(json.loads(text), Orders)
    for package in orders.packages:
        _check_import(package, Path(orders.within))
    json.dump(attrs.asdict(hunt(orders)), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
