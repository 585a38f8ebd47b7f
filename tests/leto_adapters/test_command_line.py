"""The command `leto`: its flags in this process, its life in processes of its own."""

import os
import random
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from leto.raft.errors import ClockWentBack
from leto.server import ReadMode, Settings
from leto.server.world import Fact, Order, Started, Stop, StopRequested
from leto_adapters import command_line
from leto_adapters.command_line import Stopper, bytes_in, main, parse_flags, settings_from, usage
from leto_adapters.directory import DataDirectory

SEED_USAGE = """\
  -id string
        node id
  -join string
        join to already exist cluster
  -listen string
        server listen address (default ":5379")
  -raftbind string
        raft bus transport bind address (default ":15379")
  -raftdir string
        raft data directory (default "./")
"""


def run_main(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["leto", *arguments])
    return main()


# --- flags -------------------------------------------------------------------------------


def test_usage_has_every_line_of_the_seeds_usage() -> None:
    lines = usage().splitlines()

    assert "Usage of leto:" == lines[0]
    assert SEED_USAGE.splitlines() == [line for line in lines if line in SEED_USAGE.splitlines()]


@pytest.mark.parametrize("flag", ["-h", "--h", "-help", "--help"])
def test_help_prints_the_usage_and_succeeds(
    flag: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code = run_main(monkeypatch, "-id", "id1", flag)

    assert 0 == exit_code
    assert (usage() + "\n", "") == capsys.readouterr()


def test_version_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code = run_main(monkeypatch, "-version")

    assert 0 == exit_code
    assert capsys.readouterr().out.startswith("leto 0.")


@pytest.mark.parametrize("spelling", ["-id x", "-id=x", "--id x", "--id=x", "-id y -id x"])
def test_flag_may_be_spelled_as_in_go(spelling: str) -> None:
    flags = parse_flags(spelling.split())

    assert "x" == flags["id"]


def test_value_may_hold_an_equals_sign_or_begin_with_a_dash() -> None:
    flags = parse_flags(["-raftdir=a=b", "-id", "-"])

    assert ("a=b", "-") == (flags["raftdir"], flags["id"])


def test_defaults_are_the_seeds() -> None:
    settings = settings_from(parse_flags(["-id", "id1"]))

    assert (":5379", ":15379", None) == (settings.listen, settings.peer_bind, settings.join)
    assert "./" == parse_flags([])["raftdir"]
    assert ReadMode.LINEARIZABLE is settings.reads


def test_flags_become_settings() -> None:
    flags = "-id id2 -listen :6379 -raftbind :16379 -join 10.0.0.1:5379"
    flags += " -advertise 10.0.0.2 -reads local -diskreserve 1gb"

    settings = settings_from(parse_flags(flags.split()))

    assert "id2" == settings.name
    assert (":6379", ":16379") == (settings.listen, settings.peer_bind)
    assert ("10.0.0.1:5379", "10.0.0.2") == (settings.join, settings.advertise)
    assert ReadMode.LOCAL is settings.reads
    assert 1 << 30 == settings.limits.disk_reserve_bytes


@pytest.mark.parametrize(
    "size, size_bytes",
    [
        ("100", 100),
        ("1b", 1),
        ("3k", 3_000),
        ("3KB", 3_072),
        ("64mb", 64 << 20),
        ("2GB", 2 << 30),
        ("2g", 2_000_000_000),
        ("", None),
        ("mb", None),
        ("-1", None),
        ("1 mb", None),
        ("1tb", None),
    ],
)
def test_sizes_are_spelled_as_in_redis_configuration(size: str, size_bytes: int | None) -> None:
    assert size_bytes == bytes_in(size)


@pytest.mark.parametrize(
    "arguments, line",
    [
        ("", "-id is missing: give every node its own short name, such as -id id1"),
        ("-id", "flag -id needs a value: see leto -h"),
        ("-ids x", "there is no flag -ids: see leto -h"),
        ("---id x", "there is no flag --id: see leto -h"),
        ("-i x", "there is no flag -i: see leto -h"),
        ("-id x serve", "unexpected argument 'serve': every flag is written -flag value"),
        ("-id x --", "unexpected argument '--': every flag is written -flag value"),
        ("-id x -reads stale", "-reads 'stale' is none of linearizable, lease, local"),
        ("-id x -diskreserve much", "-diskreserve 'much' is no size: write it as 512mb or 2gb"),
        ("-id x -listen 5379", "-listen '5379' is not host:port or :port"),
        ("-id x -raftbind :70000", "-raftbind ':70000' is not host:port or :port"),
        ("-id x -listen :0", "-listen :0 has no port that others could find: choose one"),
        ("-id x -raftbind :5379", "-listen and -raftbind are both :5379: choose two ports"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    arguments: str,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    exit_code = run_main(monkeypatch, *arguments.split())

    assert 2 == exit_code
    assert ("", f"leto: {line}\n") == capsys.readouterr()


# --- what is not to be had -----------------------------------------------------------------


@pytest.mark.parametrize("flag, other", [("-listen", "-raftbind"), ("-raftbind", "-listen")])
def test_used_port_names_the_flag_to_change(
    flag: str,
    other: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as holder, socket.socket() as free:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        free.bind(("127.0.0.1", 0))
        used = f"127.0.0.1:{holder.getsockname()[1]}"
        usable = f"127.0.0.1:{free.getsockname()[1]}"
        free.close()

        exit_code = run_main(
            monkeypatch, "-id", "x", flag, used, other, usable, "-raftdir", str(tmp_path / "data")
        )

    reason = f"cannot listen on {used}: another process listens there; choose another {flag}"
    assert 3 == exit_code
    assert f"leto: {reason}\n" == capsys.readouterr().err
    assert not (tmp_path / "data").exists(), "a node that cannot start leaves no trace"


def test_host_that_is_not_ours_is_a_wrong_flag(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code = run_main(monkeypatch, "-id", "x", "-listen", "192.0.2.1:5379")

    assert 2 == exit_code
    assert capsys.readouterr().err.startswith("leto: cannot listen on 192.0.2.1:5379: ")


def test_used_directory_names_its_holder(
    tmp_path: Path,
    free_ports: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    directory = DataDirectory(tmp_path)
    listen, peers = (f"127.0.0.1:{port}" for port in free_ports)

    exit_code = run_main(
        monkeypatch, "-id=x", f"-listen={listen}", f"-raftbind={peers}", f"-raftdir={tmp_path}"
    )

    directory.close()
    assert 4 == exit_code
    assert f"is in use by process {os.getpid()};" in capsys.readouterr().err


# --- a node in this process, whose server is a stand-in ------------------------------------


class StandIn:
    """A server that does nothing but stop when asked, and send a signal when started."""

    deadline: int | None = None
    signal_at_start = signal.SIGTERM
    stop = Stop(0, "")

    def __init__(self, settings: Settings, _rng: random.Random) -> None:
        self.settings = settings

    def handle(self, fact: Fact, _now: int, _unix_ms: int) -> Sequence[Order]:
        if isinstance(fact, Started):
            os.kill(os.getpid(), self.signal_at_start)
        return [self.stop] if isinstance(fact, StopRequested) else []


def no_preparation() -> None:
    """Leave the process of the tests as it is."""


@pytest.fixture
def run_stand_in(
    tmp_path: Path, free_ports: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> Callable[[type[StandIn]], int]:
    monkeypatch.setattr(command_line, "_prepare_process", no_preparation)
    flags = [f"-listen=127.0.0.1:{free_ports[0]}", f"-raftbind=127.0.0.1:{free_ports[1]}"]

    def run(server: type[StandIn]) -> int:
        monkeypatch.setattr(command_line, "Server", server)
        return run_main(monkeypatch, "-id=id1", f"-raftdir={tmp_path}", *flags)

    return run


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_the_node(
    number: signal.Signals, run_stand_in: Callable[[type[StandIn]], int]
) -> None:
    class Stopped(StandIn):
        signal_at_start = number

    assert 0 == run_stand_in(Stopped)


def test_node_runs_on_asyncio_where_uvloop_is_not_installed(
    run_stand_in: Callable[[type[StandIn]], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)

    assert 0 == run_stand_in(StandIn)


def test_banner_says_who_where_and_what_to_try(
    run_stand_in: Callable[[type[StandIn]], int],
    tmp_path: Path,
    free_ports: tuple[int, int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    run_stand_in(StandIn)

    client, peer = free_ports
    assert [
        f"leto 0.1.0: node id1, process {os.getpid()}",
        f"clients on 127.0.0.1:{client}, peers on 127.0.0.1:{peer}",
        f"data in {tmp_path}",
        f"try: redis-cli -h 127.0.0.1 -p {client}",
    ] == capsys.readouterr().out.splitlines()


def test_last_words_and_exit_code_are_the_servers(
    run_stand_in: Callable[[type[StandIn]], int], capsys: pytest.CaptureFixture[str]
) -> None:
    class Corrupt(StandIn):
        stop = Stop(4, "1.wal is corrupt at 4096")

    assert 4 == run_stand_in(Corrupt)
    assert "leto: 1.wal is corrupt at 4096\n" == capsys.readouterr().err


def test_bug_ends_the_process_with_its_traceback_and_one_line(
    run_stand_in: Callable[[type[StandIn]], int], capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(StandIn):
        def handle(self, fact: Fact, _now: int, _unix_ms: int) -> Sequence[Order]:
            raise ClockWentBack("now went back")

    assert 70 == run_stand_in(Broken)
    lines = capsys.readouterr().err.splitlines()
    assert "leto.raft.errors.ClockWentBack: now went back" == lines[-2]
    assert lines[-1].startswith("leto: ended by a bug of its own (ClockWentBack): ")


def test_second_sigint_exits_at_once_and_second_sigterm_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Waiting:
        def __init__(self) -> None:
            self.requests: list[str] = []

        def request_stop(self, reason: str) -> None:
            self.requests.append(reason)

    exits: list[int] = []
    monkeypatch.setattr(os, "_exit", exits.append)
    runtime = Waiting()
    stopper = Stopper(runtime)

    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
        stopper.on_signal(number)

    assert ["SIGTERM"] == runtime.requests
    assert [130] == exits
