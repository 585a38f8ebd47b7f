"""`leto-sim run`: runs one seed, and checks every property.

Responsible for its flags and what it prints: a summary, or one screen about the
violation.
"""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from leto_sim.commands.arguments import (
    add_level,
    add_size,
    check_writable,
    columns,
    seed,
    seed_command,
    write_file,
)
from leto_sim.levels import Level, level_named, run_seed
from leto_sim.screen import render


def add_flags(parser: ArgumentParser) -> None:
    """Its flags."""
    parser.add_argument(
        "--seed", type=seed, required=True, metavar="N", help="decides everything that happens"
    )
    add_level(parser)
    add_size(parser)
    parser.add_argument("--history", metavar="FILE", help="write there what the clients saw")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")


def run(arguments: Namespace) -> int:
    """Runs the seed."""
    level = level_named(arguments.level)
    if arguments.history is not None:
        check_writable("--history", Path(arguments.history))
    result = run_seed(level, arguments.seed, nodes=arguments.nodes, events_max=arguments.events)
    if arguments.history is not None:
        _write_history(level, arguments)
    if arguments.json:
        print(json.dumps(result.as_json()))
    else:
        replay, view, shrink = (
            seed_command(name, arguments) for name in ("replay", "view", "shrink")
        )
        print(render(result, replay, view, shrink=shrink, columns=columns()))
    return 0 if result.violation is None else 1


def _write_history(level: Level, arguments: Namespace) -> None:
    """Runs the seed once more: the same happens."""
    scenario = level.draw(arguments.seed, nodes=arguments.nodes, events_max=arguments.events)
    course = level.begin(scenario)
    course.run()
    text = "".join(f"{line}\n" for line in course.history_lines())
    write_file("--history", Path(arguments.history), text)
