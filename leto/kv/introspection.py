"""What the COMMAND command tells: the table, in the shapes that clients read.

Responsible for COMMAND and its subcommands; all of it follows from the table.
Left empty: access categories, hints for proxies and key specifications, which
describe parts of Redis that Leto does not have.
"""

from collections.abc import Iterable

from leto.kv import errors
from leto.kv.commands import COMMANDS, Command, find_command
from leto.resp import MapReply, Reply, Request, SetReply, Simple

_HELP = (
    "COMMAND <subcommand> [<arg> ...]. Subcommands are:",
    "(no subcommand)",
    "    Return details about all commands.",
    "COUNT",
    "    Return the number of commands.",
    "DOCS [<command-name> ...]",
    "    Return documentation of the commands, of all without a name.",
    "INFO [<command-name> ...]",
    "    Return details about the commands, about all without a name.",
    "LIST",
    "    Return the names of all commands.",
    "HELP",
    "    Print this help.",
)


def command_reply(arguments: Request) -> Reply:
    """Answer COMMAND, with its subcommand and that one's arguments."""
    if len(arguments) == 1:
        return _details(COMMANDS)
    subcommand, names = arguments[1], arguments[2:]
    match subcommand.upper():
        case b"INFO":
            return _details([find_command(name) for name in names] if names else COMMANDS)
        case b"DOCS":
            return _docs([find_command(name) for name in names] if names else COMMANDS)
        case b"COUNT" | b"LIST" | b"HELP" if names:
            return errors.wrong_arity(f"command|{subcommand.decode().lower()}")
        case b"COUNT":
            return len(COMMANDS)
        case b"LIST":
            return tuple(command.name.encode() for command in COMMANDS)
        case b"HELP":
            return tuple(Simple(line) for line in _HELP)
        case _:
            return errors.unknown_subcommand("command", subcommand)


def _details(commands: Iterable[Command | None]) -> Reply:
    return tuple(None if command is None else _detail(command) for command in commands)


def _detail(command: Command) -> Reply:
    return (
        command.name.encode(),
        command.arity,
        SetReply(tuple(Simple(flag) for flag in command.flags)),
        command.first_key,
        command.last_key,
        command.key_step,
        SetReply(()),  # access categories
        (),  # tips
        (),  # key specifications
        (),  # subcommands
    )


def _docs(commands: Iterable[Command | None]) -> Reply:
    return MapReply(
        tuple((command.name.encode(), _doc(command)) for command in commands if command is not None)
    )


def _doc(command: Command) -> Reply:
    return MapReply.of(
        {
            b"summary": command.summary.encode(),
            b"since": command.since.encode(),
            b"group": command.group.encode(),
        }
    )
