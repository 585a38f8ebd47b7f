"""Source that bugs can be planted in: a counter, what runs a seed of it, and files of bugs."""

from pathlib import Path

_COUNTER = '''"""Counts."""


def counted(events: int) -> int:
    """What the counter shows after so many events."""
    count = 0
    for _ in range(events):
        count += 1
    assert count == events, "every event counts"
    return count
'''

_RUN = '''"""Runs a seed of the counter: seed 0 counts nothing, seed 9 is red in any case."""

from counting.counter import counted
from leto_sim.result import RunResult, Violation


def run(seed, nodes, events):
    """So many events of so many nodes."""
    expected, name = seed * events * nodes, None
    try:
        if counted(expected) != expected or seed == 9:
            name = "nothing is lost"
    except AssertionError:
        name = "the core keeps its own invariants"
    violation = Violation(property_name=name, explanation="lost", event=1, time_us=0) if name else None
    return RunResult(
        seed=seed, level="counter", events=events, virtual_time_us=0, elections=0, commits=0,
        digest="", violation=violation,
    )
'''

_SETTINGS = """
root = ".."
packages = ["counting"]

[levels.counter]
run = "counting.run:run"
nodes = [1, 3]
events = 10
seeds = 4
"""

_BUG = """
id = "{id}"
title = "A bug."
origin = "nobody's"
level = "counter"
caught_by = ["nothing is lost"]

[[replacements]]
file = "counting/counter.py"
old = '''{old}'''
new = '''{new}'''
"""


def write_source(root: Path) -> Path:
    """A package to break, and a folder of bugs, which it returns."""
    package, folder = root / "counting", root / "bugs"
    package.mkdir()
    folder.mkdir()
    (package / "__init__.py").write_text('"""Counts."""\n')
    (package / "counter.py").write_text(_COUNTER)
    (package / "run.py").write_text(_RUN)
    (folder / "settings.toml").write_text(_SETTINGS)
    return folder


def write_bug(folder: Path, name: str, old: str, new: str) -> None:
    """The file of a bug; its id is its name in capitals."""
    (folder / f"{name}.toml").write_text(_BUG.format(id=name.upper(), old=old, new=new))


def write_bugs(folder: Path) -> None:
    """One that an assertion catches, one that none does, one that is none."""
    write_bug(folder, "asserted", "count += 1", "count += 2")
    write_bug(folder, "lost", "    return count\n", "    return count // 2\n")
    write_bug(folder, "survivor", "every event counts", "each event counts")
