"""`leto-sim shrink`: makes a failing seed or scenario file small.

Responsible for its flags, its progress bar and what it prints: the small scenario, as
a file to replay and as a test.
"""

import signal
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from leto_sim.commands import CommandLineError
from leto_sim.commands.arguments import (
    check_writable,
    positive,
    write_file,
)
from leto_sim.commands.campaign import add_time
from leto_sim.commands.progress import progress
from leto_sim.commands.replay import add_scenario, wanted_scenario
from leto_sim.course import AnyScenario
from leto_sim.levels import Level, level_named
from leto_sim.pytest_files import pytest_file
from leto_sim.scenario_files import SavedScenario, write_scenario
from leto_sim.shrinking import Shrunk, shrink

ATTEMPTS = 2_000
SECONDS = 60.0


def add_flags(parser: ArgumentParser) -> None:
    """Its flags."""
    add_scenario(parser)
    add_time(parser, default=SECONDS)
    parser.add_argument(
        "--attempts",
        type=positive,
        default=ATTEMPTS,
        metavar="N",
        help=f"runs at most ({ATTEMPTS})",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="where the scenario goes, as TOML"
    )
    parser.add_argument(
        "--pytest", type=Path, metavar="FILE", help="where a test goes that fails with it"
    )


def run(arguments: Namespace) -> int:
    """Makes it small."""
    files = (("--output", arguments.output), ("--pytest", arguments.pytest))
    for flag, file in files:
        if file is not None:
            check_writable(flag, file)
    saved = wanted_scenario(arguments)
    level = level_named(saved.level)
    violation = level.begin(saved.scenario).run().violation
    if violation is None:
        raise CommandLineError("nothing to shrink: every property holds")
    shrunk = _shrink(level, saved.scenario, violation.property_name, arguments)
    small = SavedScenario(
        level=level.name, scenario=shrunk.scenario, violates=violation.property_name
    )
    print(write_scenario(small), end="")
    end = "nothing makes it smaller" if shrunk.is_done else "there may be a smaller one"
    attempts = "1 attempt" if shrunk.attempts == 1 else f"{shrunk.attempts} attempts"
    print(f"# {shrunk.result.events} events; {attempts}, {end}")
    if arguments.output is not None:
        write_file("--output", arguments.output, write_scenario(small))
        print(f"# leto-sim replay {arguments.output}")
    if arguments.pytest is not None:
        write_file("--pytest", arguments.pytest, pytest_file(small))
        print(f"# pytest {arguments.pytest}")
    return 1


def _shrink(
    level: Level, scenario: AnyScenario, property_name: str, arguments: Namespace
) -> Shrunk:
    give_up_at = time.monotonic() + arguments.time
    with progress(arguments.attempts, "attempt") as told, _interruptions() as is_interrupted:

        def on_attempt(best: AnyScenario) -> None:
            told.step(f"{best.nodes} nodes, {len(best.plan)} faults, {best.events_max} events")

        return shrink(
            level,
            scenario,
            property_name,
            is_over=lambda attempts: (
                attempts >= arguments.attempts or time.monotonic() >= give_up_at or is_interrupted()
            ),
            on_attempt=on_attempt,
        )


@contextmanager
def _interruptions() -> Generator[Callable[[], bool]]:
    """The first one ends the search with what it has found; the next one ends everything."""
    count = 0

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        if count > 1:
            signal.default_int_handler(number, frame)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield lambda: count > 0
    finally:
        signal.signal(signal.SIGINT, before)
