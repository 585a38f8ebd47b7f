"""Makes a failure small: fewer nodes, faults and clients, less time, calmer settings.

Responsible for looking for a smaller scenario that violates the same property. A
reducer of our own rather than Hypothesis': a scenario is a value whose parts mean
something, so the steps that pay are known (nodes before faults before settings); and
a smaller scenario often needs other luck: when none is found with the same seed, each
is tried with a few seeds more.

Always the same steps in the same order: only a limit of time can make a difference.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

import attrs

from leto.raft.errors import LetoError
from leto_sim.course import AnyScenario
from leto_sim.levels import Level
from leto_sim.result import RunResult

OTHER_SEEDS: Final = tuple(range(1, 13))
_SIZES: Final = ("seed", "nodes", "events_max", "plan")
_FEWEST_CLIENTS: Final = 1
_ROUND_US: Final = 1_000
ValueT = TypeVar("ValueT")


@attrs.frozen(kw_only=True)
class Shrunk:
    """The smallest scenario that was found."""

    scenario: AnyScenario
    result: RunResult
    attempts: int
    is_done: bool  # no step makes it smaller; else the search was ended


class _Over(Exception):
    """The search is to end."""


def shrink(
    level: Level,
    scenario: AnyScenario,
    property_name: str,
    *,
    is_over: Callable[[int], bool] = lambda _: False,
    on_attempt: Callable[[AnyScenario], object] = lambda _: None,
) -> Shrunk:
    """Looks for the smallest scenario that violates the property.

    Args:
        level: whose scenario it is.
        scenario: one that violates the property.
        property_name: the property.
        is_over: whether to end the search, after so many attempts.
        on_attempt: is told of the smallest scenario so far, after each attempt.

    Raises:
        ValueError: the scenario does not violate the property.
    """
    search = _Search(level, property_name, is_over, on_attempt)
    result = search.violating(scenario)
    if result is None:
        raise ValueError(f"this scenario does not violate {property_name!r}")
    return search.run(scenario, result)


class _Search:
    def __init__(
        self,
        level: Level,
        property_name: str,
        is_over: Callable[[int], bool],
        on_attempt: Callable[[AnyScenario], object],
    ) -> None:
        self._level = level
        self._property_name = property_name
        self._is_over = is_over
        self._on_attempt = on_attempt
        self._attempts = 0

    def run(self, scenario: AnyScenario, result: RunResult) -> Shrunk:
        best, is_done = (scenario, result), False
        try:
            while not is_done:
                smaller = self._smaller_one(*best)
                is_done, best = smaller is None, smaller or best
        except _Over:
            pass
        return Shrunk(scenario=best[0], result=best[1], attempts=self._attempts, is_done=is_done)

    def _smaller_one(
        self, best: AnyScenario, result: RunResult
    ) -> tuple[AnyScenario, RunResult] | None:
        """Every way to be smaller with the same luck, and only then with other luck."""
        for with_other_luck in (False, True):
            for candidate in _smaller(best, result):
                seeds = OTHER_SEEDS if with_other_luck else (candidate.seed,)
                found = self._with_some_seed(candidate, seeds, best)
                if found is not None:
                    return found
        return None

    def violating(self, scenario: AnyScenario) -> RunResult | None:
        """The run's result if it violates the property."""
        self._attempts += 1
        result = self._level.begin(scenario).run()
        violation = result.violation
        is_same = violation is not None and violation.property_name == self._property_name
        return result if is_same else None

    def _violating_if_it_runs(self, scenario: AnyScenario) -> RunResult | None:
        try:
            return self.violating(scenario)
        except Exception:  # noqa: BLE001 - a user's fault may need a node that is left out
            return None

    def _with_some_seed(
        self, candidate: AnyScenario, seeds: Sequence[int], best: AnyScenario
    ) -> tuple[AnyScenario, RunResult] | None:
        for seed in seeds:
            if self._is_over(self._attempts):
                raise _Over
            scenario = _evolved(candidate, seed=seed)
            result = None if scenario is None else self._violating_if_it_runs(scenario)
            self._on_attempt(best)
            if scenario is not None and result is not None:
                return scenario, result
        return None


def _smaller(scenario: AnyScenario, result: RunResult) -> Iterator[AnyScenario]:
    """Smaller ones, those that promise most first."""
    steps: Sequence[Iterator[AnyScenario | None]] = (
        _shorter(scenario, result),
        _fewer_faults(scenario),
        _fewer_nodes(scenario),
        _fewer_clients(scenario),
        _calmer(scenario),
        _rounder(scenario),
    )
    for step in steps:
        yield from (candidate for candidate in step if candidate is not None)


def _shorter(scenario: AnyScenario, result: RunResult) -> Iterator[AnyScenario | None]:
    """The storm ends with what violates the property, and what was planned for later is out."""
    violation = result.violation
    assert violation is not None, "only what violates something is made smaller"
    events, time_us = violation.event, violation.time_us
    plan = tuple(fault for fault in scenario.plan if _time_of(fault) <= time_us)
    if events < scenario.events_max or len(plan) < len(scenario.plan):
        yield _evolved(scenario, events_max=min(events, scenario.events_max), plan=plan)
    for share in (2, 4, 8):
        shorter = scenario.events_max - scenario.events_max // share
        if scenario.events_max // share:
            yield _evolved(scenario, events_max=shorter)


def _fewer_faults(scenario: AnyScenario) -> Iterator[AnyScenario | None]:
    """Without halves of the plan, then quarters, at last without single faults."""
    plan, size = tuple(scenario.plan), len(scenario.plan)
    while size:
        for start in range(0, len(plan), size):
            yield _evolved(scenario, plan=plan[:start] + plan[start + size :])
        size //= 2


def _fewer_nodes(scenario: AnyScenario) -> Iterator[AnyScenario | None]:
    for nodes in range(1, scenario.nodes):
        yield _evolved(scenario, nodes=nodes)


def _fewer_clients(scenario: AnyScenario) -> Iterator[AnyScenario | None]:
    for name, part, _ in _settings(scenario):
        clients: int = getattr(part, "clients", _FEWEST_CLIENTS)
        for fewer in range(_FEWEST_CLIENTS, clients):
            yield _evolved(scenario, **{name: _evolved(part, clients=fewer)})


def _calmer(scenario: AnyScenario) -> Iterator[AnyScenario | None]:
    """With the defaults in place of what the seed drew: of everything, a part, a setting."""
    calm = {
        name: _with_as_many_clients(default, value)
        for name, value, default in _settings(scenario)
        if name not in _SIZES
    }
    unusual = {name: part for name, part in calm.items() if getattr(scenario, name) != part}
    if unusual:
        yield _evolved(scenario, **unusual)
    for name, part in unusual.items():
        yield _evolved(scenario, **{name: part})
        for smaller in _with_one_default(getattr(scenario, name)):
            yield _evolved(scenario, **{name: smaller})


def _with_as_many_clients(part: object, other: object) -> object:
    if not hasattr(other, "clients"):
        return part
    return _evolved(part, clients=getattr(other, "clients", _FEWEST_CLIENTS))


def _with_one_default(part: object) -> Iterator[object]:
    for name, value, default in _settings(part):
        if name != "clients" and value != default:
            evolved = _evolved(part, **{name: default})
            if evolved is not None:
                yield evolved


def _rounder(scenario: AnyScenario) -> Iterator[AnyScenario | None]:
    """Faults at round times: they read better."""
    plan = tuple(scenario.plan)
    for number, planned in enumerate(plan):
        at_us = _time_of(planned)
        for unit in (1_000 * _ROUND_US, 100 * _ROUND_US, 10 * _ROUND_US, _ROUND_US):
            if at_us % unit:
                rounder = _evolved(planned, at_us=at_us - at_us % unit)
                yield _evolved(scenario, plan=(*plan[:number], rounder, *plan[number + 1 :]))
            else:
                break


def _time_of(planned: object) -> int:
    at_us: int = getattr(planned, "at_us")  # noqa: B009 - each level has a class of its own
    return at_us


def _settings(value: object) -> Iterator[tuple[str, object, object]]:
    """The name, value and default of each field that whoever makes such a value may give."""
    cls: type = type(value)
    if attrs.has(cls):
        for field in attrs.fields(cls):
            if field.init:
                factory = getattr(field.default, "factory", None)
                default: object = factory() if callable(factory) else field.default
                if default is not attrs.NOTHING:
                    yield field.name, getattr(value, field.name), default


def _evolved(value: ValueT, **changes: object) -> ValueT | None:
    """With these changes; None if its class refuses them."""
    try:
        return attrs.evolve(value, **changes)  # type: ignore[misc]  # it is of an attrs class
    except (LetoError, ValueError):
        return None
