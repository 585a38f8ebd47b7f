"""`leto-sim`: the simulator's command line.

Responsible for putting the subcommands together, for errors in one line, and for
ending quietly when nobody reads on (`leto-sim ... | head`) or somebody interrupts.
What the subcommands do, and their exit codes: `leto_sim.commands`.

Of the simulator only the command that was asked for is loaded, and not before `main`
runs: `--help` is there at once, and an interrupt meanwhile is one like any other.
"""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final, NoReturn, Protocol, cast

from leto_sim.commands import CommandLineError

WRONG_COMMAND_LINE = 2
INTERRUPTED = 128 + 2  # as a shell says of SIGINT
NOBODY_READS = 128 + 13  # the same, of SIGPIPE


class Command(Protocol):
    """A module of `leto_sim.commands`."""

    def add_flags(self, parser: ArgumentParser) -> None:
        """Says what its flags are."""
        ...

    def run(self, arguments: Namespace) -> int:
        """Does it; returns the exit code."""
        ...


COMMANDS: Final[Mapping[str, str]] = {
    "run": "run one seed, check every property",
    "campaign": "run many seeds on several processors",
    "replay": "run a seed or a scenario file, look around",
    "shrink": "make a failing seed or scenario file small",
    "lincheck": "is a history linearizable?",
    "drift": "measure the drift at which leases break",
    "mutants": "plant bugs, and see which property kills each",
    "view": "write a page that shows a run step by step",
}
"""What each is for, by name."""


class _Parser(ArgumentParser):
    """One clear line instead of a usage screen."""

    def error(self, message: str) -> NoReturn:
        """A wrong command line."""
        print(f"{self.prog}: {message} (see {self.prog} --help)", file=sys.stderr)
        sys.exit(WRONG_COMMAND_LINE)


def main(arguments: Sequence[str] | None = None) -> int:
    """The console script."""
    words = sys.argv[1:] if arguments is None else arguments
    name = next((word for word in words if not word.startswith("-")), "")
    try:
        exit_code = _run(name, words)
        sys.stdout.flush()
    except CommandLineError as error:
        print(f"leto-sim {name}: {error}", file=sys.stderr)
        return WRONG_COMMAND_LINE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Else the interpreter complains while it flushes for the last time.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    return exit_code


def command_named(name: str) -> Command:
    """That subcommand.

    Raises:
        CommandLineError: what it needs is not installed.
    """
    try:
        return cast("Command", import_module(f"leto_sim.commands.{name}"))
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        if package == __package__:
            raise
        raise CommandLineError(
            f"the package {package} is missing: pip install leto-raft[sim], or make"
            " .venv/test.stamp in a checkout"
        ) from error


def _run(name: str, words: Sequence[str]) -> int:
    command = command_named(name) if name in COMMANDS else None
    options, unknown = _new_parser(name, command).parse_known_args(words)
    if unknown:
        # Not `parse_args`: that would point to the help that has no flags of any subcommand.
        _Parser(prog=f"leto-sim {name}").error(f"unrecognized arguments: {' '.join(unknown)}")
    assert command is not None, "argparse has refused all other names"
    return command.run(options)


def _new_parser(asked: str, command: Command | None) -> ArgumentParser:
    """Knows all subcommands by name, and the flags of the one that was asked for."""
    parser = _Parser(prog="leto-sim", description="Leto in a deterministic world.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, purpose in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=purpose)
        if name == asked and command is not None:
            command.add_flags(subparser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
