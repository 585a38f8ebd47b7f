"""The hunt for one planted bug: with the copy that it is planted in, in another process.

Responsible for what is done about one bug, and what came of it.

    1. Seeds are run until a property is violated.
    2. That seed is run once more without the bug, and must be green.
    3. If it was an assertion of the broken code that failed, seeds are run with its
       assertions stripped (`python -O`): the world should notice from outside too.
"""

import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
import cattrs

from leto_sim.mutants.hunt import Finding, Orders
from leto_sim.mutants.planted import Collection, PlantedBug, PlantingError

OWN_INVARIANTS = "the core keeps its own invariants"
_SECONDS_MAX = 1_800.0


@attrs.frozen(kw_only=True)
class Outcome:
    """What became of one planted bug."""

    bug: PlantedBug
    finding: Finding
    is_red_without_bug: bool = False  # the same seed: then it proves nothing
    without_asserts: Finding | None = None  # if it was an assertion that failed

    @property
    def is_killed(self) -> bool:
        """Whether anything noticed it."""
        return self.finding.violated is not None and not self.is_red_without_bug

    @property
    def is_hunted(self) -> bool:
        """Whether there was time for a seed."""
        return self.finding.seeds > 0

    @property
    def is_expected(self) -> bool:
        """Whether it was killed by a property that it was planted for."""
        caught_by = self.bug.description.caught_by
        if not self.is_killed:
            return False
        if self.finding.violated in caught_by:
            return True
        return self.without_asserts is not None and self.without_asserts.violated in caught_by


def hunt_bug(
    collection: Collection,
    bug: PlantedBug,
    *,
    seeds: int | None = None,
    asserts: bool = True,
    ends_at: float = math.inf,
) -> Outcome:
    """Plants the bug and hunts it, until then as `time.monotonic` tells it.

    Raises:
        PlantingError: it cannot be planted, or its seeds cannot be run.
    """
    if time.monotonic() > ends_at:
        return Outcome(bug=bug, finding=Finding(seeds=0, cpu_seconds=0.0))
    count = bug.level.seeds if seeds is None else seeds
    with TemporaryDirectory(prefix="leto-mutant-") as name:
        source = Path(name).resolve()
        collection.plant(bug, source)
        orders = _orders(collection, bug, source, count)
        finding = _start(orders, asserts=asserts, ends_at=ends_at)
        without_asserts = None
        if asserts and finding.violated == OWN_INVARIANTS:
            without_asserts = _start(orders, asserts=False, ends_at=ends_at)
    return Outcome(
        bug=bug,
        finding=finding,
        is_red_without_bug=_is_red(collection, bug, finding),
        without_asserts=without_asserts,
    )


def _is_red(collection: Collection, bug: PlantedBug, finding: Finding) -> bool:
    if finding.violated is None:
        return False
    orders = _orders(collection, bug, collection.root, 1)
    orders = attrs.evolve(orders, first_seed=finding.seed, nodes=(finding.nodes,))
    return _start(orders, asserts=True).violated is not None


def _orders(collection: Collection, bug: PlantedBug, source: Path, count: int) -> Orders:
    return Orders(
        run=bug.level.run,
        nodes=bug.level.nodes,
        events=bug.level.events,
        first_seed=0,
        count=count,
        packages=collection.packages,
        within=str(source),
    )


def _start(orders: Orders, *, asserts: bool, ends_at: float = math.inf) -> Finding:
    if ends_at < math.inf:
        orders = attrs.evolve(orders, seconds=max(0.0, ends_at - time.monotonic()))
    # -P: the working directory holds the code without the bug.
    flags = ["-P"] if asserts else ["-P", "-O"]
    path = os.pathsep.join(filter(None, (orders.within, os.environ.get("PYTHONPATH"))))
    command = [sys.executable, *flags, "-m", "leto_sim.mutants.hunt"]
    hunt = subprocess.run(  # noqa: S603 - our own program
        [*command, json.dumps(attrs.asdict(orders))],
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=_SECONDS_MAX,
        check=False,
    )
    if hunt.returncode != 0:
        raise PlantingError(f"the hunt itself failed: {hunt.stderr.strip()[-2000:]}")
    return cattrs.structure(json.loads(hunt.stdout), Finding)
