"""Simulated clusters in pytest: fixtures, seeds, and what a failure shows.

Responsible for what pytest calls. It is loaded in every test run where the
distribution is installed, so it loads nothing of the simulator before a test asks.

    leto_seed       a number; the test runs once for each of `--leto-seeds N`
    leto_scenario   what is strange about a run: drawn from `leto_seed`
    leto_cluster    a cluster that the test drives by hand, in virtual time

    @pytest.mark.leto(machine=Counter, nodes=5, seeds=20, events=5_000)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from leto.machine import StateMachine
    from leto_sim.node_level.scenario import Scenario
    from leto_sim.simulated_cluster import SimulatedCluster

SEEDS = 1
NODES = 3
EVENTS_MAX = 10_000
MARK = "leto"
SECTION = "leto"
_OPTIONS = ("events", "machine", "nodes", "scenario", "seeds")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Its flag."""
    parser.getgroup("leto", "simulated clusters").addoption(
        "--leto-seeds",
        type=_seeds,
        default=None,
        metavar="N|A..B",
        help="run each test that takes leto_seed for N seeds, or for those from A up to B",
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
def leto_scenario(request: pytest.FixtureRequest, leto_seed: int) -> Scenario:
    """What is strange about a run, drawn from `leto_seed`."""
    from leto_sim.node_level.scenario import draw_scenario  # noqa: PLC0415 - see the docstring

    options = _options(request.node)
    nodes, events = options.get("nodes", NODES), options.get("events", EVENTS_MAX)
    return draw_scenario(leto_seed, nodes=cast("int", nodes), events_max=cast("int", events))


@pytest.fixture
def leto_cluster(request: pytest.FixtureRequest, leto_seed: int) -> SimulatedCluster:
    """A cluster in a calm world, in virtual time; the test drives it."""
    from leto_sim.node_level.machine import Registers  # noqa: PLC0415 - see the docstring
    from leto_sim.simulated_cluster import SimulatedCluster  # noqa: PLC0415

    options = _options(request.node)
    cluster = SimulatedCluster(
        cast("Callable[[], StateMachine]", options.get("machine", Registers)),
        nodes=cast("int", options.get("nodes", NODES)),
        seed=leto_seed,
        scenario=cast("Scenario | None", options.get("scenario")),
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
        from leto_sim import pytest_report  # noqa: PLC0415 - see the docstring

        section = pytest_report.describe(call.excinfo.value, item.stash.get(_CLUSTER, None))
        if section is not None:
            again = f"pytest '{item.nodeid}'{_seed_option(item)}"
            report.sections.append((SECTION, f"{section}\n\nagain       {again}"))
    return report


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
