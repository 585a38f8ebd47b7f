"""`leto-sim`, as its users see it."""

import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable

import pytest

from leto_sim import command_line
from leto_sim.commands import CommandLineError, run

RUN = ("run", "--seed", "5", "--events", "1500")


def run_in_a_process(*arguments: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "leto_sim.command_line", *arguments],
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_same_seed_gives_the_same_digest_in_any_process() -> None:
    one, other = (run_in_a_process(*RUN, "--json", hash_seed=seed) for seed in ("1", "2"))

    assert (0, "") == (one.returncode, one.stderr)
    assert one.stdout == other.stdout


def test_it_ends_quietly_when_nobody_reads_on() -> None:
    reader, writer = os.pipe()
    os.close(reader)

    finished = subprocess.run(
        [sys.executable, "-m", "leto_sim.command_line", *RUN],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)

    assert (command_line.NOBODY_READS, b"") == (finished.returncode, finished.stderr)


def raising(error: BaseException) -> Callable[[str], command_line.Command]:
    class Raising:
        def add_flags(self, parser: ArgumentParser) -> None:
            run.add_flags(parser)

        def run(self, arguments: Namespace) -> int:
            raise error

    return lambda _: Raising()


def test_what_turns_out_to_be_impossible_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mistake = CommandLineError("no such file: x")
    monkeypatch.setattr(command_line, "command_named", raising(mistake))

    exit_code = command_line.main(RUN)

    assert (2, "leto-sim run: no such file: x\n") == (exit_code, capsys.readouterr().err)


def test_an_interrupt_ends_it_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line, "command_named", raising(KeyboardInterrupt()))

    assert command_line.INTERRUPTED == command_line.main(RUN)


@pytest.mark.parametrize(
    "arguments,complaint",
    [
        ((), "the following arguments are required: COMMAND"),
        (("run",), "the following arguments are required: --seed"),
        (("run", "--seed", "x"), "argument --seed: must be a whole number, not 'x'"),
        (("run", "--seed", "1", "--nodes", "10"), "must be a number from 1 to 9, not '10'"),
        (("run", "--seed", "1", "--events", "0"), "must be a number from 1, not '0'"),
        (("run", "--seed", "1", "--level", "moon"), "invalid choice: 'moon'"),
        (("run", "--seed", "1", "--fast"), "leto-sim run: unrecognized arguments: --fast"),
    ],
)
def test_a_wrong_command_line_gets_one_clear_line(
    arguments: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        command_line.main(arguments)

    errors = capsys.readouterr().err
    assert 2 == stopped.value.code
    assert complaint in errors
    assert 1 == errors.count("\n")


def test_an_interrupt_while_the_command_is_loaded_is_one_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(_: str) -> command_line.Command:
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "command_named", interrupted)

    assert command_line.INTERRUPTED == command_line.main(RUN)


def test_what_is_not_installed_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking(name: str) -> None:
        raise ModuleNotFoundError(name="cattrs.errors")

    monkeypatch.setattr(command_line, "import_module", lacking)

    assert command_line.WRONG_COMMAND_LINE == command_line.main(["shrink", "--seed", "1"])
    assert (
        "leto-sim shrink: the package cattrs is missing: pip install leto-raft[sim],"
        " or make .venv/test.stamp in a checkout\n" == capsys.readouterr().err
    )


def test_a_module_of_ours_that_is_missing_is_our_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(name: str) -> None:
        raise ModuleNotFoundError(name="leto_sim.nowhere")

    monkeypatch.setattr(command_line, "import_module", lacking)

    with pytest.raises(ModuleNotFoundError):
        command_line.main(["shrink", "--seed", "1"])


def test_what_the_commands_are_is_told_without_loading_any() -> None:
    program = "import sys; from leto_sim.command_line import main; main(sys.argv[1:])"
    told = "import atexit, sys; atexit.register(lambda: print(*sys.modules)); " + program

    finished = subprocess.run(
        [sys.executable, "-c", told, "--help"], capture_output=True, text=True, check=True
    )

    *shown, modules = finished.stdout.splitlines()
    assert set(command_line.COMMANDS) <= {word for line in shown for word in line.split()}
    assert "leto_sim.commands" in modules.split()
    assert not {"leto", "attrs", "tqdm", "leto_sim.commands.run"} & set(modules.split())


def test_the_command_line_is_read_from_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["leto-sim", "run", "--seed", "5", "--events", "1"])

    assert 0 == command_line.main()
    assert "seed 5" in capsys.readouterr().out
