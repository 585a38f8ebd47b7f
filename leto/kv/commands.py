"""The table of commands: every one that Leto knows, in one place.

Responsible for what a command is called, how many arguments it takes, which of
them are keys, who answers it, and what clients may read about it. What it does
is in `strings`, `keys` and `scan`, or with whoever its kind names.
"""

import enum
from collections.abc import Callable
from typing import Final, TypeAlias

import attrs

from leto.kv import errors, keys, scan, strings
from leto.kv.keyspace import Keyspace
from leto.resp import ErrorReply, Reply, Request

Function: TypeAlias = Callable[[Keyspace, Request, int], Reply]
"""What a command does: to a keyspace, with arguments, at a stamp in milliseconds."""


class Kind(enum.Enum):
    """Who answers a command, and after what."""

    WRITE = "write"  # the state machine, when the log has committed it
    READ = "read"  # the state machine, when a read index allows it
    CONNECTION = "connection"  # the client's connection, from what it knows itself
    SERVER = "server"  # the node: what it knows or does about itself and the cluster


@attrs.frozen(kw_only=True)
class Command:
    """One row of the table."""

    name: str  # lower case, as clients read it
    arity: int  # with the name; negative: at least so many
    kind: Kind
    function: Function | None  # of writes and reads of keys; SESSION has none of its own
    flags: tuple[str, ...]  # Redis's words
    first_key: int  # positions among the arguments; 0: no keys
    last_key: int  # negative: from the end
    key_step: int
    group: str
    since: str
    summary: str

    @property
    def is_executed(self) -> bool:
        """Whether the state machine answers it."""
        return self.kind is Kind.WRITE or self.kind is Kind.READ

    def accepts(self, argument_count: int) -> bool:
        """Tell if so many arguments, with the name, are right."""
        return argument_count == self.arity or argument_count >= -self.arity > 0

    def keys_of(self, arguments: Request) -> Request:
        """Pick the keys out of the arguments."""
        if not self.first_key:
            return ()
        after = self.last_key + 1 if self.last_key > 0 else len(arguments) + self.last_key + 1
        return arguments[self.first_key : after : self.key_step]


_NO_KEYS: Final = (0, 0, 0)
_ONE_KEY: Final = (1, 1, 1)
_ALL_KEYS: Final = (1, -1, 1)
_KEY_VALUE_PAIRS: Final = (1, -1, 2)


def _row(
    name: str,
    arity: int,
    function: Function | Kind,
    flags: str,
    positions: tuple[int, int, int],
    group: str,
    since: str,
    summary: str,
) -> Command:
    """Make a row; what has a function is a write or a read of keys, as its flags say."""
    first_key, last_key, key_step = positions
    words = tuple(flags.split())
    executed = Kind.WRITE if "write" in words else Kind.READ
    return Command(
        name=name,
        arity=arity,
        kind=function if isinstance(function, Kind) else executed,
        function=None if isinstance(function, Kind) else function,
        flags=words,
        first_key=first_key,
        last_key=last_key,
        key_step=key_step,
        group=group,
        since=since,
        summary=summary,
    )


_CONNECTION: Final = Kind.CONNECTION
_SERVER: Final = Kind.SERVER

# `since` is Redis's version where the command is Redis's, else Leto's.
# fmt: off
COMMANDS: Final[tuple[Command, ...]] = (
    # Strings.
    _row("get", 2, strings.get, "readonly fast", _ONE_KEY, "string", "1.0.0",
         "Return the value of a key."),
    _row("set", -3, strings.set_, "write denyoom", _ONE_KEY, "string", "1.0.0",
         "Give a key a value, perhaps for a time: [NX | XX] [GET] [EX | PX | EXAT | PXAT t | KEEPTTL]."),
    _row("setnx", 3, strings.setnx, "write denyoom fast", _ONE_KEY, "string", "1.0.0",
         "Give a key a value unless it has one; return 1 if it was given."),
    _row("setex", 4, strings.setex, "write denyoom", _ONE_KEY, "string", "2.0.0",
         "Give a key a value for so many seconds."),
    _row("psetex", 4, strings.psetex, "write denyoom", _ONE_KEY, "string", "2.6.0",
         "Give a key a value for so many milliseconds."),
    _row("getset", 3, strings.getset, "write denyoom fast", _ONE_KEY, "string", "1.0.0",
         "Give a key a value; return the one before."),
    _row("getdel", 2, strings.getdel, "write fast", _ONE_KEY, "string", "6.2.0",
         "Delete a key; return its value."),
    _row("append", 3, strings.append, "write denyoom fast", _ONE_KEY, "string", "2.0.0",
         "Append to the value of a key; return the new length."),
    _row("strlen", 2, strings.strlen, "readonly fast", _ONE_KEY, "string", "2.2.0",
         "Return the length of a value."),
    _row("incr", 2, strings.incr, "write denyoom fast", _ONE_KEY, "string", "1.0.0",
         "Add one to the integer value of a key."),
    _row("decr", 2, strings.decr, "write denyoom fast", _ONE_KEY, "string", "1.0.0",
         "Subtract one from the integer value of a key."),
    _row("incrby", 3, strings.incrby, "write denyoom fast", _ONE_KEY, "string", "1.0.0",
         "Add to the integer value of a key."),
    _row("decrby", 3, strings.decrby, "write denyoom fast", _ONE_KEY, "string", "1.0.0",
         "Subtract from the integer value of a key."),
    _row("mget", -2, strings.mget, "readonly fast", _ALL_KEYS, "string", "1.0.0",
         "Return the values of several keys, all of one moment."),
    _row("mset", -3, strings.mset, "write denyoom", _KEY_VALUE_PAIRS, "string", "1.0.1",
         "Give several keys their values, all at one moment."),
    # Keys.
    _row("del", -2, keys.del_, "write", _ALL_KEYS, "generic", "1.0.0",
         "Delete keys; return how many there were."),
    _row("delete", -2, keys.del_, "write", _ALL_KEYS, "generic", "0.1.0",
         "The same as DEL."),
    _row("unlink", -2, keys.del_, "write fast", _ALL_KEYS, "generic", "4.0.0",
         "The same as DEL."),
    _row("exists", -2, keys.exists, "readonly fast", _ALL_KEYS, "generic", "1.0.0",
         "Count which of the keys exist."),
    _row("touch", -2, keys.exists, "readonly fast", _ALL_KEYS, "generic", "3.2.1",
         "The same as EXISTS."),
    _row("expire", -3, keys.expire, "write fast", _ONE_KEY, "generic", "1.0.0",
         "Let a key expire in so many seconds: [NX | XX | GT | LT]."),
    _row("pexpire", -3, keys.pexpire, "write fast", _ONE_KEY, "generic", "2.6.0",
         "Let a key expire in so many milliseconds: [NX | XX | GT | LT]."),
    _row("expireat", -3, keys.expireat, "write fast", _ONE_KEY, "generic", "1.2.0",
         "Let a key expire at a time in seconds since 1970: [NX | XX | GT | LT]."),
    _row("pexpireat", -3, keys.pexpireat, "write fast", _ONE_KEY, "generic", "2.6.0",
         "Let a key expire at a time in milliseconds since 1970: [NX | XX | GT | LT]."),
    _row("ttl", 2, keys.ttl, "readonly fast", _ONE_KEY, "generic", "1.0.0",
         "Return the seconds until a key expires; -1: never, -2: no such key."),
    _row("pttl", 2, keys.pttl, "readonly fast", _ONE_KEY, "generic", "2.6.0",
         "Return the milliseconds until a key expires; -1: never, -2: no such key."),
    _row("persist", 2, keys.persist, "write fast", _ONE_KEY, "generic", "2.2.0",
         "Let a key stay for good."),
    _row("type", 2, keys.type_, "readonly fast", _ONE_KEY, "generic", "1.0.0",
         "Return what a value is: string, or none if there is no such key."),
    _row("scan", -2, scan.scan, "readonly", _NO_KEYS, "generic", "2.8.0",
         "List some keys, from a cursor on: [MATCH pattern] [COUNT count] [TYPE type]."),
    _row("keys", 2, keys.keys, "readonly", _NO_KEYS, "generic", "1.0.0",
         "List the keys that fit a pattern; looks at every key."),
    _row("dbsize", 1, keys.dbsize, "readonly fast", _NO_KEYS, "server", "1.0.0",
         "Count the keys."),
    _row("flushall", -1, keys.flushall, "write", _NO_KEYS, "server", "1.0.0",
         "Delete every key: [ASYNC | SYNC]."),
    _row("flushdb", -1, keys.flushall, "write", _NO_KEYS, "server", "1.0.0",
         "The same as FLUSHALL: there is one database."),
    _row("session", -2, Kind.WRITE, "write denyoom", _NO_KEYS, "session", "0.1.0",
         "Perform writes exactly once: REGISTER | PERFORM session number waiting-from command | CLOSE | HELP."),
    # The connection.
    _row("ping", -1, _CONNECTION, "fast", _NO_KEYS, "connection", "1.0.0",
         "Answer PONG, or the message."),
    _row("echo", 2, _CONNECTION, "loading stale fast", _NO_KEYS, "connection", "1.0.0",
         "Return the message."),
    _row("select", 2, _CONNECTION, "loading stale fast", _NO_KEYS, "connection", "1.0.0",
         "Choose a database; there is only 0."),
    _row("hello", -1, _CONNECTION, "noscript loading stale fast no_auth allow_busy", _NO_KEYS,
         "connection", "6.0.0", "Introduce each other: [2 | 3 [SETNAME name]]."),
    _row("client", -2, _CONNECTION, "noscript loading stale", _NO_KEYS, "connection", "2.4.0",
         "About this connection: ID | GETNAME | SETNAME name | SETINFO attribute value | HELP."),
    _row("command", -1, _CONNECTION, "loading stale", _NO_KEYS, "server", "2.8.13",
         "About the commands: COUNT | DOCS [name ...] | INFO [name ...] | LIST."),
    _row("readonly", 1, _CONNECTION, "loading stale fast", _NO_KEYS, "cluster", "3.0.0",
         "Let reads on this connection be answered here and now, perhaps stale."),
    _row("readwrite", 1, _CONNECTION, "loading stale fast", _NO_KEYS, "cluster", "3.0.0",
         "Take READONLY back."),
    _row("quit", -1, _CONNECTION, "noscript loading stale fast no_auth allow_busy", _NO_KEYS,
         "connection", "1.0.0", "Close the connection, after all answers."),
    _row("reset", 1, _CONNECTION, "noscript loading stale fast no_auth allow_busy", _NO_KEYS,
         "connection", "6.2.0", "Make the connection as good as new."),
    # The node and its cluster.
    _row("info", -1, _SERVER, "loading stale", _NO_KEYS, "server", "1.0.0",
         "Describe this node: [section ...]."),
    _row("role", 1, _SERVER, "noscript loading stale fast", _NO_KEYS, "server", "2.8.12",
         "Return whether this node leads, and whom it knows."),
    _row("join", 3, _SERVER, "admin noscript", _NO_KEYS, "cluster", "0.1.0",
         "Make a node a member: its peer address, its name."),
    _row("leave", 2, _SERVER, "admin noscript", _NO_KEYS, "cluster", "0.1.0",
         "End a node's membership: its name."),
    _row("snapshot", 1, _SERVER, "admin noscript", _NO_KEYS, "cluster", "0.1.0",
         "Take a snapshot now, and compact the log."),
    _row("raft", -2, _SERVER, "admin noscript", _NO_KEYS, "cluster", "0.1.0",
         "Administer the cluster: TRANSFER | PRIORITY | ROLE | LEASE | RECOVER | HELP."),
)
# fmt: on

# Both spellings that clients use need one look-up; any other needs two.
_BY_NAME: Final = {
    spelling: command
    for command in COMMANDS
    for spelling in (command.name.encode(), command.name.upper().encode())
}


def find_command(name: bytes) -> Command | None:
    """Look a command up, in whatever case its name was sent."""
    return _BY_NAME.get(name) or _BY_NAME.get(name.upper())


def command_for(request: Request) -> Command | ErrorReply:
    """Look up what a request asks for; an error if there is no such command, or not so."""
    command = find_command(request[0])
    if command is None:
        return errors.unknown_command(request)
    if not command.accepts(len(request)):
        return errors.wrong_arity(command.name)
    return command
