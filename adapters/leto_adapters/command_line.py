"""The command `leto`: flags in, one node served until a signal or its own end.

Responsible for the command line (the seed's flags, spelled as Go spells flags), for
what the terminal is told, and for exit codes. Everything that can go wrong before the
node runs ends in one line that says what helps.

    0  stopped by SIGTERM or SIGINT, everything synced
    1  the node ended by itself, and said why
    2  wrong flags
    3  a port is used
    4  the data directory is used, foreign or corrupt
    5  the cluster refused the join
    70 a bug of ours; the data is what a power cut would have left
    130 a second SIGINT: exited at once
"""

import asyncio
import os
import random
import resource
import signal
import socket
import string
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from importlib.metadata import version
from pathlib import Path
from typing import Final, Protocol

import attrs

from leto.server import InvalidSettings, Limits, ReadMode, Server, Settings
from leto.server.addresses import Address
from leto.server.world import Port, Stop
from leto_adapters.directory import DataDirectory, DirectoryUnusable
from leto_adapters.disk import SWITCH_INTERVAL_S
from leto_adapters.listening import CannotListen, listen
from leto_adapters.logs import LogThread
from leto_adapters.runtime import Listeners, Runtime

EXIT_WRONG_FLAGS = 2
EXIT_PORT_USED = 3
EXIT_DIRECTORY_UNUSABLE = 4
EXIT_BUG = 70  # EX_SOFTWARE of sysexits.h
EXIT_INTERRUPTED_TWICE = 130  # what a shell reports of a process that SIGINT ended


class Refused(Exception):
    """`leto` does not start; the message is the one line, with the remedy."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


# --- flags -------------------------------------------------------------------------------


@attrs.frozen
class Flag:
    """A flag with a value: what it means, and what it is when not given."""

    name: str
    meaning: str
    default: str = ""


FLAGS: Final = (
    Flag("advertise", "address that other nodes and clients reach this node at"),
    Flag("diskreserve", "room on the disk that writes must leave, such as 512mb", "64mb"),
    Flag("id", "node id"),
    Flag("join", "join to already exist cluster"),
    Flag("listen", "server listen address", ":5379"),
    Flag("raftbind", "raft bus transport bind address", ":15379"),
    Flag("raftdir", "raft data directory", "./"),
    Flag(
        "reads",
        "how reads are answered: linearizable, lease (see RAFT HELP), or local and possibly stale",
        "linearizable",
    ),
)


def usage() -> str:
    """What `leto -h` prints: the seed's text, with our flags added."""
    lines = ["Usage of leto:"]
    for flag in FLAGS:
        default = f' (default "{flag.default}")' if flag.default else ""
        lines += [f"  -{flag.name} string", f"        {flag.meaning}{default}"]
    return "\n".join([*lines, "  -version", "        print the version and exit"])


def parse_flags(arguments: Sequence[str]) -> Mapping[str, str]:
    """Read flags as Go does: `-id x`, `-id=x`, `--id x`, `--id=x`; the last one counts.

    `-h`, `-help` and `-version` come back as flags with an empty value.

    Raises:
        Refused: a flag that does not exist, one without its value, or something else.
    """
    values = {flag.name: flag.default for flag in FLAGS}
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.removeprefix("-").removeprefix("-").partition("=")
        if not argument.startswith("-") or not name:
            raise _wrong(f"unexpected argument {argument!r}: every flag is written -flag value")
        if name in {"h", "help", "version"}:
            return {name: ""}
        if name not in values:
            raise _wrong(f"there is no flag -{name}: see leto -h")
        following = value if equals else next(rest, None)
        if following is None:
            raise _wrong(f"flag -{name} needs a value: see leto -h")
        values[name] = following
    return values


def settings_from(flags: Mapping[str, str]) -> Settings:
    """Turn flags into settings.

    Raises:
        Refused: a value makes no sense.
    """
    try:
        reads = ReadMode(flags["reads"])
    except ValueError:
        raise _wrong(f"-reads {flags['reads']!r} is none of linearizable, lease, local") from None
    reserve_bytes = bytes_in(flags["diskreserve"])
    if reserve_bytes is None:
        raise _wrong(f"-diskreserve {flags['diskreserve']!r} is no size: write it as 512mb or 2gb")
    try:
        settings = Settings(
            name=flags["id"],
            listen=flags["listen"],
            peer_bind=flags["raftbind"],
            advertise=flags["advertise"] or None,
            join=flags["join"] or None,
            reads=reads,
            limits=Limits(disk_reserve_bytes=reserve_bytes),
        )
    except InvalidSettings as error:
        raise _wrong(str(error)) from error
    for _, flag, address in _ports(settings):
        if not address.port:
            raise _wrong(f"{flag} {address!s} has no port that others could find: choose one")
    if settings.has_one_port:
        raise _wrong(f"-listen and -raftbind are both {settings.listen}: choose two ports")
    return settings


_UNITS: Final = {
    "": 1,
    "b": 1,
    "k": 1_000,
    "m": 1_000_000,
    "g": 1_000_000_000,
    "kb": 1 << 10,
    "mb": 1 << 20,
    "gb": 1 << 30,
}


def bytes_in(size: str) -> int | None:
    """A size as Redis's configuration spells it: 100, 1k, 1kb, 5mb, 2GB; None if it is none."""
    digits = size.rstrip(string.ascii_letters)
    unit = _UNITS.get(size[len(digits) :].lower())
    if unit is None or not digits.isascii() or not digits.isdigit():
        return None
    return int(digits) * unit


def _ports(settings: Settings) -> Sequence[tuple[Port, str, Address]]:
    return (
        (Port.CLIENT, "-listen", settings.listen_address),
        (Port.PEER, "-raftbind", settings.peer_bind_address),
    )


def _wrong(message: str) -> Refused:
    return Refused(message, EXIT_WRONG_FLAGS)


# --- the node ----------------------------------------------------------------------------


def run_node(settings: Settings, raftdir: Path) -> Stop:
    """Take ports and directory, then serve until the node stops.

    Raises:
        Refused: a port or the directory cannot be had.
    """
    with ExitStack() as held:
        listeners = {
            port: [held.enter_context(opened) for opened in _listen(flag, address)]
            for port, flag, address in _ports(settings)
        }
        directory = held.enter_context(closing(_open_directory(raftdir)))
        print(_banner(settings, directory), flush=True)
        held.enter_context(closing(LogThread()))
        runner = held.enter_context(asyncio.Runner(loop_factory=_loop_factory()))
        return runner.run(_serve(settings, directory, listeners))


async def _serve(settings: Settings, directory: DataDirectory, listeners: Listeners) -> Stop:
    server = Server(settings, random.Random(os.urandom(32)))  # ids and jitter, no keys
    runtime = Runtime(server, directory, listeners)
    stopper = Stopper(runtime)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopper.on_signal, number)
    return await runtime.run()


class Stoppable(Protocol):
    """What a signal stops: the runtime."""

    def request_stop(self, reason: str) -> None:
        """Begin to stop."""
        ...


class Stopper:
    """Stops the node at the first signal; exits at once when SIGINT follows."""

    def __init__(self, runtime: Stoppable) -> None:
        self._runtime = runtime
        self._stopping = False

    def on_signal(self, number: signal.Signals) -> None:
        """Handle SIGTERM or SIGINT."""
        if self._stopping and number == signal.SIGINT:
            os._exit(EXIT_INTERRUPTED_TWICE)
        if not self._stopping:
            self._stopping = True
            self._runtime.request_stop(number.name)


def _listen(flag: str, address: Address) -> Sequence[socket.socket]:
    """Bind one of the node's ports.

    Raises:
        Refused: it cannot be had.
    """
    try:
        return listen(address)
    except CannotListen as error:
        if error.in_use:
            raise Refused(f"{error}; choose another {flag}", EXIT_PORT_USED) from error
        raise _wrong(f"{error}; choose another {flag}") from error


def _open_directory(path: Path) -> DataDirectory:
    try:
        return DataDirectory(path)
    except DirectoryUnusable as error:
        raise Refused(str(error), EXIT_DIRECTORY_UNUSABLE) from error


def _banner(settings: Settings, directory: DataDirectory) -> str:
    address = settings.listen_address
    host = f" -h {address.host}" if address.names_a_host else ""
    return "\n".join(
        (
            f"leto {version('leto-raft')}: node {settings.name}, process {os.getpid()}",
            f"clients on {address}, peers on {settings.peer_bind_address}",
            f"data in {directory.path.resolve()}",
            f"try: redis-cli{host} -p {address.port}",
        )
    )


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """The event loop of the extra `uvloop` where that is installed, else asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415 - an extra
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def _prepare_process() -> None:
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a file descriptor a client


def main() -> int:
    """Run the command `leto`; the result is the exit code."""
    try:
        flags = parse_flags(sys.argv[1:])
        if "h" in flags or "help" in flags:
            print(usage())
            return 0
        if "version" in flags:
            print(f"leto {version('leto-raft')}")
            return 0
        _prepare_process()
        stop = run_node(settings_from(flags), Path(flags["raftdir"]))
    except Refused as refusal:
        print(f"leto: {refusal}", file=sys.stderr)
        return refusal.exit_code
    except Exception as error:  # noqa: BLE001 - the last door: the process ends here
        traceback.print_exc()
        print(
            f"leto: ended by a bug of its own ({type(error).__name__}): what was acknowledged is on the disk;"
            " please report the lines above, then start it again",
            file=sys.stderr,
        )
        return EXIT_BUG
    if stop.message:
        print(f"leto: {stop.message}", file=sys.stderr)
    return stop.exit_code


if __name__ == "__main__":
    sys.exit(main())
