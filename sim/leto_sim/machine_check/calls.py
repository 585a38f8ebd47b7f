"""What a state machine must not call while it applies a command: a clock, or dice.

Responsible for noticing such calls. They are made of C, so Python's profiling hook
sees each of them, by whatever name it was imported.
"""

import gc
import random
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TypeVar

_CLOCKS = frozenset(
    ("time", name)
    for name in (
        "time",
        "time_ns",
        "monotonic",
        "monotonic_ns",
        "perf_counter",
        "perf_counter_ns",
        "process_time",
        "process_time_ns",
        "localtime",
        "gmtime",
        "ctime",
    )
)
_DICE = frozenset({("posix", "urandom"), ("nt", "urandom")})
_OF_CLASSES = frozenset({"datetime.now", "datetime.utcnow", "date.today", "datetime.today"})
_SHARED_GENERATOR: object = getattr(random, "_inst")  # noqa: B009 - what random.random() draws from

ResultT = TypeVar("ResultT")


def watched(perform: Callable[[], ResultT]) -> tuple[ResultT, str | None]:
    """Performs, and tells the first forbidden call in it; not while a profiler runs."""
    if sys.getprofile() is not None:
        return perform(), None
    found: list[str] = []

    def look(frame: FrameType, event: str, called: object) -> None:
        if event == "c_call" and not found and (name := _forbidden(called)):
            found.append(f"{name} ({Path(frame.f_code.co_filename).name}:{frame.f_lineno})")

    collects = gc.isenabled()
    gc.disable()  # what others do when it collects is not the machine's doing
    sys.setprofile(look)
    try:
        result = perform()
    finally:
        sys.setprofile(None)
        if collects:
            gc.enable()
    return result, found[0] if found else None


def _forbidden(called: object) -> str | None:
    """The name of what was called, if it depends on more than its arguments."""
    name = getattr(called, "__name__", "")
    module = getattr(called, "__module__", None)
    if (module, name) in _CLOCKS:
        return f"{module}.{name}"
    if (module, name) in _DICE:
        return f"os.{name}"
    qualified = getattr(called, "__qualname__", "")
    if qualified in _OF_CLASSES:
        return str(qualified)
    if getattr(called, "__self__", None) is _SHARED_GENERATOR:
        return "the module random"
    return None
