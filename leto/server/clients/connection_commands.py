"""The commands that a connection answers by itself: PING, HELLO, CLIENT and their like.

Responsible for what they say and change; all of it concerns this one connection.
"""

from collections.abc import Callable
from typing import Final

from leto.kv import command_reply
from leto.kv.errors import NOT_AN_INTEGER, wrong_arity
from leto.resp import (
    OK,
    PONG,
    RESP2,
    RESP3,
    ErrorReply,
    MapReply,
    Reply,
    Request,
    Simple,
    parse_integer,
)
from leto.server.clients.connections import ClientConnection

REDIS_VERSION: Final = "7.2.4"
"""The Redis whose replies ours are like: clients choose their words by it."""

_PONG_WITH_MESSAGE: Final = 2
_NAME_OBJECTION: Final = ErrorReply(
    "ERR Client names cannot contain spaces, newlines or special characters."
)
_FIRST_PRINTABLE, _LAST_PRINTABLE = 33, 126
_CLIENT_HELP: Final = (
    "CLIENT <subcommand> [<arg> ...]. Subcommands are:",
    "GETNAME",
    "    Return the name of the current connection.",
    "ID",
    "    Return the ID of the current connection.",
    "SETINFO <option> <value>",
    "    Set client meta attr. Options are: lib-name, lib-ver.",
    "SETNAME <name>",
    "    Assign the name <name> to the current connection.",
    "HELP",
    "    Print this help.",
)


def ping(_connection: ClientConnection, request: Request) -> Reply:
    """PING [message]."""
    if len(request) > _PONG_WITH_MESSAGE:
        return wrong_arity("ping")
    return request[1] if len(request) == _PONG_WITH_MESSAGE else PONG


def echo(_connection: ClientConnection, request: Request) -> Reply:
    """ECHO message."""
    return request[1]


def select(_connection: ClientConnection, request: Request) -> Reply:
    """SELECT index: there is only 0."""
    index = parse_integer(request[1])
    if index is None:
        return NOT_AN_INTEGER
    return OK if index == 0 else ErrorReply("ERR DB index is out of range")


def hello(connection: ClientConnection, request: Request) -> Reply:
    """HELLO [2 | 3 [SETNAME name]]."""
    protocol = connection.protocol
    if len(request) > 1:
        if request[1] == b"2":
            protocol = RESP2
        elif request[1] == b"3":
            protocol = RESP3
        elif request[1].isdigit():
            return ErrorReply("NOPROTO unsupported protocol version")
        else:
            return ErrorReply("ERR Protocol version is not an integer or out of range")
    options = request[2:]
    if options:
        if options[0].upper() != b"SETNAME" or len(options) != len(("SETNAME", "name")):
            shown = options[0].decode("utf-8", "surrogateescape")
            return ErrorReply(f"ERR Syntax error in HELLO option '{shown}'")
        if not _is_name(options[1]):
            return _NAME_OBJECTION
        connection.client_name = options[1]
    connection.protocol = protocol
    return MapReply.of(
        {
            b"server": b"redis",
            b"version": REDIS_VERSION.encode(),
            b"proto": protocol,
            b"id": connection.id,
            b"mode": b"standalone",
            b"role": b"master",
            b"modules": (),
        }
    )


def client(connection: ClientConnection, request: Request) -> Reply:
    """CLIENT ID | GETNAME | SETNAME name | SETINFO attribute value | HELP."""
    subcommand = request[1].upper()
    match subcommand, request[2:]:
        case b"ID", ():
            return connection.id
        case b"GETNAME", ():
            return connection.client_name or None
        case b"SETNAME", (name,):
            if not _is_name(name):
                return _NAME_OBJECTION
            connection.client_name = name
            return OK
        case b"SETINFO", (attribute, value):
            return _set_info(attribute, value)
        case b"HELP", ():
            return tuple(Simple(line) for line in _CLIENT_HELP)
        case b"ID" | b"GETNAME" | b"SETNAME" | b"SETINFO" | b"HELP", _:
            return wrong_arity(f"client|{subcommand.decode().lower()}")
        case _:
            shown = request[1].decode("utf-8", "surrogateescape")[:128]
            return ErrorReply(f"ERR unknown subcommand '{shown}'. Try CLIENT HELP.")


def _set_info(attribute: bytes, value: bytes) -> Reply:
    name = attribute.decode("utf-8", "surrogateescape")
    if name.lower() not in {"lib-name", "lib-ver"}:
        return ErrorReply(f"ERR Unrecognized option '{name}'")
    if not _is_name(value):
        return ErrorReply(f"ERR {name} cannot contain spaces, newlines or special characters.")
    return OK  # accepted as Redis does; nobody asks for it back


def command(_connection: ClientConnection, request: Request) -> Reply:
    """COMMAND [COUNT | DOCS | INFO | LIST ...]."""
    return command_reply(request)


def readonly(connection: ClientConnection, _request: Request) -> Reply:
    """READONLY: reads on this connection are answered from here, perhaps stale."""
    connection.reads_locally = True
    return OK


def readwrite(connection: ClientConnection, _request: Request) -> Reply:
    """READWRITE: takes READONLY back."""
    connection.reads_locally = False
    return OK


def quit_(connection: ClientConnection, _request: Request) -> Reply:
    """QUIT: closes the connection behind its last answer."""
    connection.leave()
    return OK


def reset(connection: ClientConnection, _request: Request) -> Reply:
    """RESET: the connection is as good as new."""
    connection.protocol = RESP2
    connection.client_name = b""
    connection.reads_locally = False
    return Simple("RESET")


CONNECTION_COMMANDS: Final[dict[str, Callable[[ClientConnection, Request], Reply]]] = {
    "ping": ping,
    "echo": echo,
    "select": select,
    "hello": hello,
    "client": client,
    "command": command,
    "readonly": readonly,
    "readwrite": readwrite,
    "quit": quit_,
    "reset": reset,
}


def _is_name(name: bytes) -> bool:
    return all(_FIRST_PRINTABLE <= byte <= _LAST_PRINTABLE for byte in name)
