"""`leto-sim`: the simulator's command line.

Responsible for putting the subcommands together, for errors in one line, and for
ending quietly when nobody reads on (`leto-sim ... | head`) or somebody interrupts.
What the subcommands do, and their exit codes: `leto_sim.commands`.
"""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import NoReturn, Protocol

from leto_sim.commands import (
    campaign,
    drift,
    lincheck,
    mutants,
    replay,
    run,
    shrink,
    view,
)
from leto_sim.commands.arguments import CommandLineError, Subparsers

WRONG_COMMAND_LINE = 2
INTERRUPTED = 128 + 2  # as a shell says of SIGINT
NOBODY_READS = 128 + 13  # the same, of SIGPIPE


class Command(Protocol):
    """A module of `leto_sim.commands`."""

    def add_parser(self, subparsers: Subparsers) -> None:
        """Says what its flags are."""
        ...

    def run(self, arguments: Namespace) -> int:
        """Does it; returns the exit code."""
        ...


COMMANDS: dict[str, Command] = {
    "run": run,
    "campaign": campaign,
    "replay": replay,
    "shrink": shrink,
    "lincheck": lincheck,
    "drift": drift,
    "mutants": mutants,
    "view": view,
}


class _Parser(ArgumentParser):
    """One clear line instead of a usage screen."""

    def error(self, message: str) -> NoReturn:
        """A wrong command line."""
        print(f"{self.prog}: {message} (see {self.prog} --help)", file=sys.stderr)
        sys.exit(WRONG_COMMAND_LINE)


def main(arguments: Sequence[str] | None = None) -> int:
    """The console script."""
    options = _new_parser().parse_args(sys.argv[1:] if arguments is None else arguments)
    try:
        exit_code = COMMANDS[options.command].run(options)
        sys.stdout.flush()
    except CommandLineError as error:
        print(f"leto-sim {options.command}: {error}", file=sys.stderr)
        return WRONG_COMMAND_LINE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Else the interpreter complains while it flushes for the last time.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    return exit_code


def _new_parser() -> ArgumentParser:
    parser = _Parser(prog="leto-sim", description="Leto in a deterministic world.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS.values():
        command.add_parser(subparsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())
