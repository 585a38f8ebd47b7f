"""What the flags of several subcommands have in common.

Responsible for reading values from the command line, for saying in one line what is
wrong with them, and for the commands that are told to the user.
"""

import os
import shutil
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from leto_sim.commands import CommandLineError
from leto_sim.levels import LEVELS
from leto_sim.screen import COLUMNS

DEFAULT_LEVEL = "node"
DEFAULT_EVENTS = 10_000
NODES_MAX = 9
COLUMNS_MAX = 200
NODES_HELP = "founded nodes (the seed draws 1 to 9, at server level 1 to 5)"
EVENTS_HELP = f"the storm ends after so many events ({DEFAULT_EVENTS})"


def add_level(parser: ArgumentParser) -> None:
    """`--level node|server`."""
    parser.add_argument(
        "--level",
        choices=sorted(LEVELS),
        default=DEFAULT_LEVEL,
        help=f"node: the core; server: whole nodes, bytes and all ({DEFAULT_LEVEL})",
    )


def add_size(parser: ArgumentParser) -> None:
    """`--nodes` and `--events`: how large a run is."""
    parser.add_argument("--nodes", type=nodes, metavar="N", help=NODES_HELP)
    parser.add_argument(
        "--events", type=positive, default=DEFAULT_EVENTS, metavar="N", help=EVENTS_HELP
    )


def nodes(text: str) -> int:
    """A number of nodes."""
    if not (text.isdecimal() and 1 <= int(text) <= NODES_MAX):
        raise ArgumentTypeError(f"must be a number from 1 to {NODES_MAX}, not {text!r}")
    return int(text)


def positive(text: str) -> int:
    """A number of things, at least one."""
    if not (text.isdecimal() and int(text) >= 1):
        raise ArgumentTypeError(f"must be a number from 1, not {text!r}")
    return int(text)


def seed(text: str) -> int:
    """What decides a run."""
    if not is_seed(text):
        raise ArgumentTypeError(f"must be a whole number, not {text!r}")
    return int(text)


def is_seed(text: str) -> bool:
    """Whether it is the number of a run, not the file of one."""
    return text.removeprefix("-").isdecimal()


def check_writable(flag: str, file: Path) -> None:
    """Says so before the work is done, if what comes of it cannot be written.

    Raises:
        CommandLineError: the file cannot be written.
    """
    if file.is_dir():
        raise CommandLineError(f"{flag}: {file} is a folder")
    if not file.parent.is_dir():
        raise CommandLineError(f"{flag}: there is no folder {file.parent}")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise CommandLineError(f"{flag}: {file} may not be written")


def write_file(flag: str, file: Path, text: str) -> None:
    """Writes what came of the work.

    Raises:
        CommandLineError: the file cannot be written.
    """
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandLineError(f"{flag}: {why(error)}") from error


def why(error: OSError) -> str:
    """Which file, and what is the matter with it."""
    return f"{error.filename}: {(error.strerror or str(error)).lower()}"


def columns() -> int:
    """How wide the screen is; what is read by a program is as wide as the narrowest."""
    if not sys.stdout.isatty():
        return COLUMNS
    return min(max(shutil.get_terminal_size().columns, COLUMNS), COLUMNS_MAX)


def seed_command(name: str, options: Namespace) -> str:
    """The command that does something else with the same run."""
    return f"leto-sim {name} {options.seed} {_size(options)}"


def replay_command(options: Namespace) -> str:
    """The command that looks around in the run of a scenario that was asked for."""
    if is_seed(options.scenario):
        return f"leto-sim replay {options.scenario} {_size(options)}"
    return f"leto-sim replay {options.scenario}"


def _size(options: Namespace) -> str:
    nodes_given = "" if options.nodes is None else f" --nodes {options.nodes}"
    level, events = options.level or DEFAULT_LEVEL, options.events or DEFAULT_EVENTS
    return f"--level {level}{nodes_given} --events {events}"
