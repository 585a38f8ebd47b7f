"""`leto-sim`: runs a seed, says what happened.

Responsible for the command line: its flags, its output and its exit codes.

    0    every property held
    1    a property was violated; the output says which, and how to see it again
    2    the command line is wrong
"""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NoReturn, TypeAlias, cast

from leto_sim.result import RunResult
from leto_sim.screen import render

DEFAULT_EVENTS = 10_000
DEFAULT_NODES = 3
NODES_MAX = 7

RunLevel: TypeAlias = Callable[[int, int, int], RunResult]
"""Seed, nodes and events at most, to the outcome."""

# By name, since the one level must run even where the other's code does not import.
LEVELS = {
    "node": ("leto_sim.node_level.run", "run_node_level"),
    "server": ("leto_sim.server_level.run", "run_server_level"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """The console script."""
    options = _parse(sys.argv[1:] if arguments is None else arguments)
    run = level_named(options.level)
    result = run(options.seed, options.nodes, options.events)
    if options.json:
        print(json.dumps(result.as_json()))
    else:
        print(render(result, _command(options)))
    return 0 if result.violation is None else 1


class _Parser(ArgumentParser):
    """One clear line instead of a usage screen."""

    def error(self, message: str) -> NoReturn:
        """A wrong command line."""
        print(f"{self.prog}: {message} (see {self.prog} --help)", file=sys.stderr)
        sys.exit(2)


def _parse(arguments: Sequence[str]) -> Namespace:
    parser = _Parser(prog="leto-sim", description="Leto in a deterministic world.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="run")
    run = commands.add_parser("run", help="run one seed, check every property")
    run.add_argument("--seed", type=int, required=True, help="decides everything")
    run.add_argument("--level", choices=sorted(LEVELS), default="node", help="what is simulated")
    run.add_argument("--nodes", type=_nodes, default=DEFAULT_NODES, help="founded nodes (3)")
    run.add_argument("--events", type=_events, default=DEFAULT_EVENTS, help="at most (10000)")
    run.add_argument("--json", action="store_true", help="one JSON object instead of text")
    return parser.parse_args(arguments)


def _nodes(text: str) -> int:
    if not (text.isdigit() and 1 <= int(text) <= NODES_MAX):
        raise ArgumentTypeError(f"must be a number from 1 to {NODES_MAX}, not {text!r}")
    return int(text)


def _events(text: str) -> int:
    if not (text.isdigit() and int(text) >= 1):
        raise ArgumentTypeError(f"must be a number from 1, not {text!r}")
    return int(text)


def level_named(name: str) -> RunLevel:
    """What runs a seed at that level."""
    module, function = LEVELS[name]
    return cast("RunLevel", getattr(import_module(module), function))


def _command(options: Namespace) -> str:
    return (
        f"leto-sim run --seed {options.seed} --level {options.level}"
        f" --nodes {options.nodes} --events {options.events}"
    )


if __name__ == "__main__":
    sys.exit(main())
