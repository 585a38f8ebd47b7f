"""The process that runs seeds until a property is violated."""

import json
import sys
import time
from pathlib import Path

import attrs
import pytest

from leto_sim.mutants import hunt
from leto_sim.result import RunResult, Violation

HERE = "tests.leto_sim.mutants.test_hunt"
ORDERS = hunt.Orders(
    run=f"{HERE}:run",
    nodes=(3, 5),
    events=100,
    first_seed=0,
    count=10,
    packages=(),
    within="/",
)


def run(seed: int, nodes: int, events: int) -> RunResult:
    violation = Violation(property_name="small", explanation=str(seed), event=1, time_us=0)
    return RunResult(
        seed=seed,
        level="none",
        events=events,
        virtual_time_us=0,
        elections=0,
        commits=0,
        digest="",
        violation=violation if (seed, nodes) == (3, 5) else None,
    )


def stumble(seed: int, nodes: int, events: int) -> RunResult:
    raise KeyError(seed + nodes + events)


def test_it_ends_with_the_first_seed_that_is_red() -> None:
    finding = hunt.hunt(ORDERS)

    assert (4, "small", "3", 3, 5) == (
        finding.seeds,
        finding.violated,
        finding.explanation,
        finding.seed,
        finding.nodes,
    )


def test_seeds_that_are_all_green_violate_nothing() -> None:
    finding = hunt.hunt(attrs.evolve(ORDERS, count=3))

    assert (3, None) == (finding.seeds, finding.violated)


def dawdle(seed: int, nodes: int, events: int) -> RunResult:
    if seed == 1:
        time.sleep(60)
    return run(seed, nodes, events)


@pytest.mark.parametrize("seconds", [-1.0, 0.0])
def test_no_seed_comes_to_its_end_when_time_is_over(seconds: float) -> None:
    orders = attrs.evolve(ORDERS, run=f"{HERE}:dawdle", first_seed=1, seconds=seconds)

    finding = hunt.hunt(orders)

    assert (0, None) == (finding.seeds, finding.violated)


def test_a_seed_that_takes_too_long_is_broken_off() -> None:
    finding = hunt.hunt(attrs.evolve(ORDERS, run=f"{HERE}:dawdle", seconds=0.05))

    assert (1, None) == (finding.seeds, finding.violated)


def test_a_seed_is_judged_if_there_is_time() -> None:
    finding = hunt.hunt(attrs.evolve(ORDERS, seconds=60.0))

    assert (4, "small") == (finding.seeds, finding.violated)


def test_a_run_that_stumbles_is_red() -> None:
    orders = attrs.evolve(ORDERS, run=f"{HERE}:stumble")

    finding = hunt.hunt(orders)

    assert (hunt.RUN_GOES_ON, "KeyError: 103") == (finding.violated, finding.explanation)


def test_it_prints_what_it_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "hunted.py").write_text(
        "from leto_sim.result import RunResult\n"
        "def run(seed, nodes, events):\n"
        "    return RunResult(seed=seed, level='', events=events, virtual_time_us=0,\n"
        "                     elections=0, commits=0, digest='')\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    orders = attrs.evolve(ORDERS, run="hunted:run", packages=("hunted",), within=str(tmp_path))

    hunt.main(json.dumps(attrs.asdict(orders)))

    assert 10 == json.loads(capsys.readouterr().out)["seeds"]
    del sys.modules["hunted"]


@pytest.mark.parametrize("package", ["leto", "no_such_package"])
def test_a_package_from_elsewhere_is_an_error(package: str, tmp_path: Path) -> None:
    orders = attrs.evolve(ORDERS, packages=(package,), within=str(tmp_path))

    with pytest.raises(SystemExit, match=f"{package} would be imported from"):
        hunt.main(json.dumps(attrs.asdict(orders)))
