"""The simulator is tested by breaking Leto: each planted bug is caught, by the checker named.

A bug is planted in a copy of the real source, as a text and its replacement. `caught_by`
names the property whose violation must be reported, within so many seeds of its level
that are all green without the bug. Those in `server/` are planted in whole servers.
"""

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import attrs
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MUTANTS = sorted(HERE.glob("**/*.toml"))


@attrs.frozen
class Level:
    """What is simulated, and how much of it."""

    name: str
    seeds: int
    events: int  # at most, of each seed's storm


NODE = Level("node", 200, 5_000)
SERVER = Level("server", 40, 3_000)


@attrs.frozen
class Found:
    """What a hunt ended with; nothing if every seed was green."""

    seed: int | None
    violated: str = ""
    explanation: str = ""


def plant(mutant: Path, source: Path) -> str:
    """Copies Leto's source, with the bug; returns the property that must catch it."""
    description = tomllib.loads(mutant.read_text())
    shutil.copytree(ROOT / "leto", source / "leto", ignore=shutil.ignore_patterns("__pycache__"))
    for replacement in description["replacements"]:
        file = source / replacement["file"]
        text = file.read_text()
        assert text.count(replacement["old"]) == 1, f"{mutant.stem} does not apply to {file.name}"
        file.write_text(text.replace(replacement["old"], replacement["new"]))
    return str(description["caught_by"])


def start_hunt(source: Path, level: Level, first_seed: int, count: int) -> subprocess.Popen[str]:
    """Starts to run seeds against the `leto` in that folder, in a process of its own."""
    numbers = map(str, (first_seed, count, level.events))
    return subprocess.Popen(
        [sys.executable, HERE / "hunt.py", level.name, *numbers],
        env={"PYTHONPATH": f"{source}:{ROOT / 'sim'}", "PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE,
        text=True,
    )


def finish_hunt(hunt: subprocess.Popen[str]) -> Found:
    output, _ = hunt.communicate()
    assert hunt.returncode == 0, "the hunt itself failed"
    found = json.loads(output)
    return Found(found["seed"], found.get("property", ""), found.get("explanation", ""))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda path: path.stem)
def test_planted_bug_is_caught_by_its_checker(mutant: Path, tmp_path: Path) -> None:
    level = SERVER if mutant.parent.name == "server" else NODE
    caught_by = plant(mutant, tmp_path)

    found = finish_hunt(start_hunt(tmp_path, level, 0, level.seeds))

    assert caught_by == found.violated, f"{mutant.stem}: {found}"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("level", [NODE, SERVER], ids=lambda level: level.name)
def test_the_same_seeds_are_green_without_a_bug(level: Level) -> None:
    half = level.seeds // 2

    hunts = [start_hunt(ROOT, level, first_seed, half) for first_seed in (0, half)]

    assert [Found(None), Found(None)] == [finish_hunt(hunt) for hunt in hunts]
