"""The same commands in other processes, where strings hash differently.

Responsible for finding what depends on the order of a set, on `hash()` or on `id()`:
within one process it always agrees with itself. The machine must be found by its
name there: a class in a module, not inside a function.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import IO, cast

import attrs

from leto.machine import StateMachine
from leto_sim.machine_check.findings import DETERMINISTIC, WELL_BEHAVED, Finding
from leto_sim.machine_check.trial import Broken, Passage

HASH_SEEDS = (1, 2)
_LOCAL = "<locals>"
_IS_ELSEWHERE = "LETO_SIM_ELSEWHERE"  # set there: nobody goes further from there


@attrs.frozen
class Address:
    """Where a machine's maker is found."""

    module: str
    file: str
    name: str

    def load(self) -> Callable[[], StateMachine]:
        """The maker, in this process."""
        try:
            module = import_module(self.module)
            made = attrgetter(self.name)(module)
        except (ImportError, AttributeError):
            spec = spec_from_file_location("leto_sim_checked", self.file)
            assert spec is not None, self.file
            assert spec.loader is not None, self.file
            module = module_from_spec(spec)
            sys.modules[spec.name] = module
            spec.loader.exec_module(module)
            made = attrgetter(self.name)(module)
        return cast("Callable[[], StateMachine]", made)


def address_of(machine: Callable[[], StateMachine]) -> Address | None:
    """Where another process finds it; None if nowhere."""
    name = getattr(machine, "__qualname__", _LOCAL)
    module = sys.modules.get(getattr(machine, "__module__", ""))
    file = getattr(module, "__file__", None)
    if _LOCAL in name or "<lambda>" in name or file is None or _IS_ELSEWHERE in os.environ:
        return None
    if module is sys.modules.get("__main__"):
        return None  # loading a script would run it again
    return Address(getattr(machine, "__module__"), str(Path(file).resolve()), name)  # noqa: B009


class Elsewhere(AbstractContextManager["Elsewhere"]):
    """Processes of other hash seeds, which apply commands as they are told."""

    def __init__(self, address: Address) -> None:
        self._processes = [_start(address, seed) for seed in HASH_SEEDS]
        ready = [_hear(process) for process in self._processes]
        self.is_ready = all(ready)  # whether the machine was found there

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes:
            process.communicate()

    def compare(self, commands: Sequence[bytes], here: Passage) -> None:
        """The machine does the same there.

        Raises:
            Broken: it does not.
        """
        for seed, process in zip(HASH_SEEDS, self._processes, strict=True):
            there = _ask(process, commands)
            for number in range(len(commands) + 1):
                _compare(seed, commands, number, here, there)


def _compare(
    seed: int, commands: Sequence[bytes], number: int, here: Passage, there: Passage
) -> None:
    pairs = [("leads to another content", here.contents[number], there.contents[number])]
    if number:
        at = number - 1
        pairs.insert(0, ("returns another result", here.results[at], there.results[at]))
    for what, ours, theirs in pairs:
        if ours != theirs:
            finding = Finding(
                rule=DETERMINISTIC,
                what=f"command {number} {what} in a process of another hash seed"
                " (does it iterate over a set?)",
                commands=tuple(commands[:number]),
                sides=(("here", ours), (f"PYTHONHASHSEED={seed}", theirs)),
            )
            raise Broken(finding)


# --- both ends of the pipe ---------------------------------------------------------------


def _start(address: Address, hash_seed: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(  # noqa: S603 - our own interpreter, with our own module
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PYTHONHASHSEED": str(hash_seed),
            "PYTHONPATH": _paths(),
            _IS_ELSEWHERE: "1",
        },
    )
    _send(process.stdin, attrs.asdict(address))
    return process


def _paths() -> str:
    return os.pathsep.join(path or str(Path.cwd()) for path in sys.path)


def _ask(process: subprocess.Popen[str], commands: Sequence[bytes]) -> Passage:
    _send(process.stdin, {"commands": [command.hex() for command in commands]})
    answer = _hear(process)
    if "raised" in answer:
        what = f"raises {answer['raised'][0]} in a process of another hash seed"
        raise Broken(Finding(rule=WELL_BEHAVED, what=what, commands=tuple(commands)))
    results, contents = (map(bytes.fromhex, answer[key]) for key in ("results", "contents"))
    return Passage(tuple(results), tuple(contents))


def _hear(process: subprocess.Popen[str]) -> dict[str, list[str]]:
    """One line of it; nothing if it has ended."""
    assert process.stdout is not None, "its output is a pipe"
    return cast("dict[str, list[str]]", json.loads(process.stdout.readline() or "{}"))


def _send(pipe: IO[str] | None, message: object) -> None:
    assert pipe is not None, "it is a pipe"
    pipe.write(json.dumps(message) + "\n")
    pipe.flush()


def serve(asked: IO[str], answered: IO[str]) -> None:
    """What the other process does: makes a machine for each list of commands."""
    machine = Address(**json.loads(asked.readline())).load()
    _send(answered, {"ready": [machine.__name__]})
    for line in asked:
        _send(answered, _apply_all(machine, json.loads(line)["commands"]))


def _apply_all(machine: Callable[[], StateMachine], commands: Sequence[str]) -> object:
    made = machine()
    results: list[bytes] = []
    try:
        contents = [made.snapshot()]
        for command in commands:
            results.append(made.apply(bytes.fromhex(command)))
            contents.append(made.snapshot())
    except Exception as mistake:  # noqa: BLE001 - a machine may raise anything
        return {"raised": [f"{type(mistake).__name__}: {mistake}"]}
    return {
        "results": [result.hex() for result in results],
        "contents": [content.hex() for content in contents],
    }


if __name__ == "__main__":
    serve(sys.stdin, sys.stdout)
