"""How far a long command has come, told on the standard error.

Responsible for a bar where somebody watches, and for a line now and then where it goes
to a file.
"""

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, NoReturn, Protocol

from tqdm import tqdm

LINE_EVERY_SECONDS: Final = 60.0


class Progress(Protocol):
    """Is told of each step."""

    def step(self, note: str) -> None:
        """One more is done; `note` says how it goes."""
        ...

    def write(self, line: str) -> None:
        """Something that stays to be read."""
        ...


class _Bar:
    """For a terminal."""

    def __init__(self, bar: "tqdm[NoReturn]") -> None:
        self._bar = bar

    def step(self, note: str) -> None:
        self._bar.set_postfix_str(note, refresh=False)
        self._bar.update()

    def write(self, line: str) -> None:
        self._bar.write(line, file=sys.stderr)


class _Lines:
    """For a file."""

    def __init__(self, total: int, unit: str, done: int) -> None:
        self._total = total
        self._unit = unit
        self._done = done
        self._told_at = time.monotonic()

    def step(self, note: str) -> None:
        self._done += 1
        now = time.monotonic()
        if now - self._told_at >= LINE_EVERY_SECONDS:
            self._told_at = now
            self.write(f"{self._done} of {self._total} {self._unit}s, {note}")

    def write(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


@contextmanager
def progress(total: int, unit: str, *, done: int = 0) -> Generator[Progress]:
    """Of so many, so many are done."""
    if not sys.stderr.isatty():
        yield _Lines(total, unit, done)
        return
    with tqdm(total=total, initial=done, unit=unit, file=sys.stderr) as bar:
        yield _Bar(bar)
