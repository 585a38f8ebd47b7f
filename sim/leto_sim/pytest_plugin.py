"""Simulated clusters in pytest: fixtures, seeds, and what a failure shows.

Responsible for what pytest calls. It is loaded in every test run where the
distribution is installed, so it loads nothing of the simulator before a test asks.

    leto_seed       a number; the test runs once for each of `--leto-seeds N`
    leto_scenario   what is strange about a run: drawn from `leto_seed`
    leto_cluster    a cluster that the test drives by hand, in virtual time

    @pytest.mark.leto(machine=Counter, nodes=5, seeds=20, events=5_000, level="server")

What there is to see of a failed run stands in the folder `leto-runs` in pytest's
rootdir, under the test's name: a later failure of the same test takes its place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from leto.machine import StateMachine
    from leto_sim.course import AnyScenario
    from leto_sim.simulated_cluster import SimulatedCluster

SEEDS = 1
LEVEL = "node"
NODES = 3
EVENTS_MAX = 10_000
MARK = "leto"
SECTION = "leto"
FOLDER: Final = "leto-runs"
_OPTIONS = ("events", "level", "machine", "nodes", "scenario", "seeds")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Its flags."""
    group = parser.getgroup("leto", "simulated clusters")
    group.addoption(
        "--leto-seeds",
        type=_seeds,
        default=None,
        metavar="N|A..B",
        help="run each test that takes leto_seed for N seeds, or for those from A up to B",
    )
    group.addoption(
        "--leto-shrink",
        type=float,
        default=None,
        metavar="SECONDS",
        help="how long the run of a failed test may be made smaller (10)",
    )
    group.addoption(
        "--leto-view",
        action="store_true",
        help=f"record what is done to leto_cluster; a test that fails leaves a page in {FOLDER}",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Its marker."""
    config.addinivalue_line(
        "markers",
        f"{MARK}({', '.join(f'{option}=' for option in _OPTIONS)}): "
        "what the fixtures leto_cluster and leto_scenario are made of",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that depends on the seed runs once for each."""
    if "leto_seed" in metafunc.fixturenames:
        asked = cast("range | None", metafunc.config.getoption("--leto-seeds"))
        marker = metafunc.definition.get_closest_marker(MARK)
        count = marker.kwargs.get("seeds", SEEDS) if marker is not None else SEEDS
        seeds = asked if asked is not None else range(count)
        metafunc.parametrize("leto_seed", seeds, ids=lambda seed: f"seed{seed}")


@pytest.fixture
def leto_scenario(request: pytest.FixtureRequest, leto_seed: int) -> AnyScenario:
    """What is strange about a run, drawn from `leto_seed`."""
    from leto_sim.levels import level_named  # noqa: PLC0415 - see the docstring

    options = _options(request.node)
    nodes, events = options.get("nodes", NODES), options.get("events", EVENTS_MAX)
    level = level_named(cast("str", options.get("level", LEVEL)))
    return level.draw(leto_seed, nodes=cast("int", nodes), events_max=cast("int", events))


@pytest.fixture
def leto_cluster(request: pytest.FixtureRequest, leto_seed: int) -> SimulatedCluster:
    """A cluster in a calm world, in virtual time; the test drives it."""
    from leto_sim.simulated_cluster import SimulatedCluster  # noqa: PLC0415 - see the docstring

    options = _options(request.node)
    cluster = SimulatedCluster(
        cast("Callable[[], StateMachine] | None", options.get("machine")),
        level=cast("str", options.get("level", LEVEL)),
        nodes=cast("int", options.get("nodes", NODES)),
        seed=leto_seed,
        scenario=cast("AnyScenario | None", options.get("scenario")),
        recorded=cast("bool", request.config.getoption("--leto-view")),
    )
    request.node.stash[_CLUSTER] = cluster
    return cluster


_CLUSTER: pytest.StashKey[SimulatedCluster] = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed shows the run, as small as it can be made, and how to see it again."""
    report = yield
    if call.when == "call" and report.failed and call.excinfo is not None:
        from leto_sim.pytest_report import SHRINK_S, Report  # noqa: PLC0415 - see the docstring

        cluster = item.stash.get(_CLUSTER, None)
        asked = cast("float | None", item.config.getoption("--leto-shrink"))
        told = Report(
            path=item.config.rootpath / FOLDER / _file_name(item.nodeid),
            shrink_s=SHRINK_S if asked is None else asked,
        ).describe(call.excinfo.value, cluster)
        if told is not None:
            report.sections.append((SECTION, f"{told}\n\nagain       {_again(item, cluster)}"))
    return report


def _file_name(test: str) -> str:
    return re.sub(r"[^\w.-]+", "-", test).strip("-")


def _again(item: pytest.Item, cluster: SimulatedCluster | None) -> str:
    page = "" if cluster is None else " --leto-view"
    return f"pytest '{item.nodeid}'{_seed_option(item)}{page}"


def _seed_option(item: pytest.Item) -> str:
    params = getattr(getattr(item, "callspec", None), "params", {})
    seed = params.get("leto_seed")
    return "" if seed is None else f" --leto-seeds {seed}..{seed}"


def _options(item: pytest.Item) -> Mapping[str, object]:
    marker = item.get_closest_marker(MARK)
    options: Mapping[str, object] = {} if marker is None else marker.kwargs
    unknown = sorted(set(options) - set(_OPTIONS))
    if unknown:
        known = ", ".join(_OPTIONS)
        raise pytest.UsageError(
            f"@pytest.mark.{MARK}: no such option {unknown[0]}; there are {known}"
        )
    return options


def _seeds(text: str) -> range:
    first, dots, last = text.partition("..")
    return range(int(first), int(last) + 1) if dots else range(int(first))
