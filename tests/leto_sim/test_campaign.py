"""Many seeds, wherever they are run."""

from concurrent.futures import Executor, Future, ThreadPoolExecutor

import attrs
import pytest

from leto_sim import campaign as campaign_module
from leto_sim.campaign import Campaign, SeedOutcome, Tally, run_campaign, run_one
from leto_sim.levels import Level, level_named, run_seed
from leto_sim.result import RunResult, Violation

SMALL = Campaign(level="node", first_seed=11, last_seed=16, nodes=2, events_max=200)


def test_every_seed_is_run_once_and_added() -> None:
    tally, told = Tally(), list[int]()

    with ThreadPoolExecutor(2) as executor:
        run_campaign(
            SMALL, executor, tally, jobs=2, on_outcome=lambda outcome: told.append(outcome.seed)
        )

    alone = [run_seed(level_named("node"), seed, nodes=2, events_max=200) for seed in range(11, 17)]
    assert set(range(11, 17)) == tally.done
    assert sorted(told) == sorted(tally.done)
    assert sum(result.events for result in alone) == tally.events
    assert sum(result.commits for result in alone) == tally.commits
    assert [] == tally.violations


def test_what_was_done_earlier_is_not_done_again() -> None:
    tally = Tally(done={11, 12, 14, 16}, events=1_000)
    told = list[int]()

    with ThreadPoolExecutor(1) as executor:
        run_campaign(
            SMALL, executor, tally, jobs=1, on_outcome=lambda outcome: told.append(outcome.seed)
        )

    assert [13, 15] == told
    assert tally.events > 1_000


class Unfinished(Executor):
    """Runs the first seed, and leaves the others waiting."""

    def __init__(self) -> None:
        self.waiting: list[Future[SeedOutcome]] = []

    def submit(self, *arguments: object, **options: object) -> Future[SeedOutcome]:  # type: ignore[override]  # the tests submit one function only
        future = Future[SeedOutcome]()
        if self.waiting or options:
            self.waiting.append(future)
        else:
            self.waiting.append(future)
            future.set_result(run_one(SMALL, 11))
        return future


def test_a_campaign_that_is_over_waits_for_nothing_more() -> None:
    executor, tally = Unfinished(), Tally()

    run_campaign(SMALL, executor, tally, jobs=1, is_over=lambda: bool(tally.done))

    assert {11} == tally.done
    assert [False, True, True] == [future.cancelled() for future in executor.waiting]


def test_it_is_asked_whether_it_is_over_while_nothing_is_done() -> None:
    executor, tally = Unfinished(), Tally()
    answers = iter([False, False, False, True])

    run_campaign(SMALL, executor, tally, jobs=1, is_over=lambda: next(answers))

    assert {11} == tally.done


def test_whoever_interrupts_it_leaves_nothing_behind_that_would_still_begin() -> None:
    executor, tally = Unfinished(), Tally()

    def interrupt(outcome: SeedOutcome) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_campaign(SMALL, executor, tally, jobs=1, on_outcome=interrupt)

    assert {11} == tally.done
    assert [False, True, True] == [future.cancelled() for future in executor.waiting]


def test_a_violation_comes_with_the_commands_that_show_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def violated(level: Level, seed: int, *, nodes: int, events_max: int) -> RunResult:
        result = run_seed(level, seed, nodes=nodes, events_max=events_max)
        violation = Violation(property_name="log matching", explanation="no", event=1, time_us=2)
        return attrs.evolve(result, violation=violation)

    monkeypatch.setattr(campaign_module, "run_seed", violated)
    tally = Tally()
    for seed in (15, 12):
        tally.add(run_one(SMALL, seed))

    first, second = tally.violations

    assert (12, 15) == (first.seed, second.seed)
    assert "log matching" == first.property_name
    assert "leto-sim replay 12 --level node --nodes 2 --events 200" == first.replay
    assert "leto-sim shrink 12 --level node --nodes 2 --events 200" == first.shrink


def test_an_exception_is_found_like_a_violation_and_the_campaign_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stumble(level: Level, seed: int, *, nodes: int, events_max: int) -> RunResult:
        if seed == 13:
            raise KeyError("a checker has lost a node")
        return run_seed(level, seed, nodes=nodes, events_max=events_max)

    monkeypatch.setattr(campaign_module, "run_seed", stumble)
    tally = Tally()

    with ThreadPoolExecutor(1) as executor:
        run_campaign(SMALL, executor, tally, jobs=1)

    (found,) = tally.violations
    assert set(range(11, 17)) == tally.done
    assert ("the simulator failed", 13) == (found.property_name, found.seed)
    assert "KeyError: 'a checker has lost a node'" == found.explanation
    assert "in stumble" in found.traceback
    assert "leto-sim replay 13 --level node --nodes 2 --events 200" == found.replay
    assert found.shrink is None


def test_each_seed_draws_its_own_size_unless_one_is_given() -> None:
    drawn = attrs.evolve(SMALL, nodes=None)

    sizes = [drawn.nodes_of(seed) for seed in range(200)]

    assert {1, 2, 3, 4, 5, 7} == set(sizes)
    assert sizes == [drawn.nodes_of(seed) for seed in range(200)]
    assert 2 == SMALL.nodes_of(7)


def test_what_never_occurred_is_named() -> None:
    tally = Tally(sometimes={"log truncated": 3})

    never = tally.never("server")

    assert "log truncated" not in never
    assert "snapshot taken" in never
    assert "lease read" not in never
