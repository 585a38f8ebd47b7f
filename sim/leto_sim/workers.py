"""Processes that run seeds, and end when they are told to.

Responsible for what a pool of processes does not do of itself: an interrupt (Ctrl-C, which
every process of a terminal gets) is left to the first process alone, from the very beginning;
whoever ends the work need not wait for what is under way; and if the first process dies,
however suddenly, the others end too.
"""

import os
import signal
from collections.abc import Callable, Generator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.connection import wait
from threading import Event, Thread
from types import FrameType
from typing import Final, ParamSpec, TypeVar

ORPHANED: Final = 128 + 1  # as a shell says of SIGHUP
_TELLING_SECONDS: Final = 10
ArgumentsT = ParamSpec("ArgumentsT")
ResultT = TypeVar("ResultT")


class Workers(ProcessPoolExecutor):
    """So many processes."""

    def __init__(self, jobs: int) -> None:
        # Spawned ones share nothing with this one, not even the hash seed.
        super().__init__(jobs, mp_context=get_context("spawn"), initializer=_begin)
        self._others = set(active_children())

    def submit(
        self,
        fn: Callable[ArgumentsT, ResultT],
        /,
        *args: ArgumentsT.args,
        **kwargs: ArgumentsT.kwargs,
    ) -> "Future[ResultT]":
        """As every executor's; a process that begins now hears of no interrupt."""
        with _interrupts_held_back():
            return super().submit(fn, *args, **kwargs)

    def end(self) -> None:
        """Ends every process, whatever it is doing."""
        is_told = Event()
        with suppress(BrokenExecutor):
            self.submit(int).add_done_callback(lambda _: is_told.set())
            self.shutdown(wait=False, cancel_futures=True)
            # The pool's own thread must have forgotten what was cancelled before it sees its
            # processes die: it would take the one for the other, and fail with a traceback.
            is_told.wait(_TELLING_SECONDS)
        self.shutdown(wait=False, cancel_futures=True)
        for process in set(active_children()) - self._others:
            process.terminate()


@contextmanager
def ended_as_interrupted() -> Generator[None]:
    """Whoever is asked to end (SIGTERM) does as if it were interrupted."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, name="watches the parent", daemon=True).start()


def _end_with_parent() -> None:
    """Nobody would take what this process finds, nor tell it to end (SIGKILL tells nobody)."""
    parent = parent_process()
    assert parent is not None, "a worker is somebody's child"
    wait([parent.sentinel])
    os._exit(ORPHANED)


@contextmanager
def _interrupts_held_back() -> Generator[None]:
    """A child inherits what its parent's thread blocks while it begins."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
