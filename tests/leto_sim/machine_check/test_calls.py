"""Clocks and dice are noticed, by whatever name they are called."""

import datetime as dt
import gc
import os
import random
import sys
import time
import uuid
from collections.abc import Callable
from time import monotonic

import pytest

from leto_sim.machine_check.calls import watched


@pytest.mark.parametrize(
    "call,name",
    [
        (time.time, "time.time"),
        (lambda: monotonic(), "time.monotonic"),  # noqa: PLW0108 - called by another name
        (lambda: random.randint(1, 6), "the module random"),
        (lambda: random.random(), "the module random"),  # noqa: PLW0108 - see above
        (lambda: os.urandom(4), "os.urandom"),
        (uuid.uuid4, "os.urandom"),
        (lambda: dt.datetime.now(dt.UTC), "datetime.now"),
    ],
)
def test_a_forbidden_call_is_noticed(call: Callable[[], object], name: str) -> None:
    _, found = watched(lambda: call())  # noqa: PLW0108 - the hook sees calls from Python

    assert found is not None
    assert found.startswith(f"{name} (")


@pytest.mark.parametrize(
    "call", [lambda: sorted([3, 1]), lambda: random.Random(1).random(), lambda: hash(1)]
)
def test_other_calls_are_not(call: Callable[[], object]) -> None:
    result, found = watched(call)

    assert call() == result
    assert None is found


def test_what_was_set_before_is_set_again() -> None:
    gc.disable()
    try:
        watched(time.time)

        assert not gc.isenabled()
    finally:
        gc.enable()
    watched(time.time)
    assert gc.isenabled()
    assert None is sys.getprofile()


def test_a_profiler_is_not_disturbed() -> None:
    def profiler(*_: object) -> None:
        pass

    sys.setprofile(profiler)
    try:
        result, found = watched(lambda: time.time())  # noqa: PLW0108 - the hook sees calls from Python
        kept = sys.getprofile()
    finally:
        sys.setprofile(None)

    assert result > 0
    assert None is found
    assert profiler is kept
