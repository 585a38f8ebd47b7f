"""Many seeds, on as many processors as there are: a campaign.

Responsible for which seeds are run where, for adding up what they found, and for what
is remembered so that a campaign can be interrupted and taken up again. Where the seeds
are run is an `Executor`'s business: a pool of processes here, and anything else that
implements that interface.
"""

import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import Final, Protocol

import attrs

from leto_sim.levels import level_named, run_seed
from leto_sim.randomness import stream
from leto_sim.sometimes import situations_of

SIMULATOR_FAILED: Final = "the simulator failed"
"""What is found where a run ends with an exception: no property of Leto's is known to be violated."""

CLUSTER_SIZES: Final = (1, 2, 3, 3, 3, 4, 5, 5, 7)
_SUBMITTED_PER_JOB: Final = 3  # so that no process waits for the next seed
_LOOK_EVERY_SECONDS: Final = 0.2  # whether it is over


@attrs.frozen(kw_only=True)
class Campaign:
    """Which runs there are. Two campaigns that are equal are the same runs."""

    level: str
    first_seed: int
    last_seed: int
    nodes: int | None = None  # None: each seed draws its own
    events_max: int = 10_000

    def nodes_of(self, seed: int) -> int:
        """How many nodes that seed's cluster is founded with."""
        if self.nodes is not None:
            return self.nodes
        return stream(seed, "cluster size").choice(CLUSTER_SIZES)


@attrs.frozen(kw_only=True)
class Found:
    """A violation, or a failure of the simulator, and all that is needed to see it again."""

    property_name: str
    explanation: str
    level: str
    seed: int
    nodes: int
    events_max: int
    traceback: str = ""  # of an exception, by which the run has ended

    @property
    def replay(self) -> str:
        """The command that shows it again."""
        return f"leto-sim replay {self._run}"

    @property
    def shrink(self) -> str | None:
        """The command that makes it small; None if that needs a violation."""
        return None if self.traceback else f"leto-sim shrink {self._run}"

    @property
    def _run(self) -> str:
        return f"{self.seed} --level {self.level} --nodes {self.nodes} --events {self.events_max}"


@attrs.frozen(kw_only=True)
class SeedOutcome:
    """What a run contributes. Travels between processes."""

    seed: int
    events: int = 0
    virtual_time_us: int = 0
    elections: int = 0
    commits: int = 0
    sometimes: Mapping[str, int] = attrs.field(factory=dict[str, int])
    found: Found | None = None


@attrs.define(kw_only=True)
class Tally:
    """What the seeds that are done add up to. Written by `add`."""

    done: set[int] = attrs.field(factory=set[int])
    events: int = 0
    virtual_time_us: int = 0
    elections: int = 0
    commits: int = 0
    seconds: float = 0.0  # of real time; written by whoever runs the campaign
    violations: list[Found] = attrs.field(factory=list[Found])
    sometimes: dict[str, int] = attrs.field(factory=dict[str, int])

    def add(self, outcome: SeedOutcome) -> None:
        """One more seed is done."""
        self.done.add(outcome.seed)
        self.events += outcome.events
        self.virtual_time_us += outcome.virtual_time_us
        self.elections += outcome.elections
        self.commits += outcome.commits
        for title, count in outcome.sometimes.items():
            self.sometimes[title] = self.sometimes.get(title, 0) + count
        if outcome.found is not None:
            self.violations.append(outcome.found)
            self.violations.sort(key=lambda found: found.seed)

    def never(self, level: str) -> list[str]:
        """The situations of that level that did not occur."""
        titles = (situation.title for situation in situations_of(level))
        return [title for title in titles if title not in self.sometimes]


class OnOutcome(Protocol):
    """Is told of each seed that is done."""

    def __call__(self, outcome: SeedOutcome, /) -> object:
        """In the order in which they are done."""
        ...


def run_one(campaign: Campaign, seed: int) -> SeedOutcome:
    """Runs a seed of the campaign; in another process, usually. Whatever it ends with is told."""
    nodes = campaign.nodes_of(seed)
    try:
        result = run_seed(
            level_named(campaign.level), seed, nodes=nodes, events_max=campaign.events_max
        )
    except Exception as error:  # noqa: BLE001 - the seeds after this one are to be run, too
        return SeedOutcome(seed=seed, found=_failure(campaign, seed, error))
    violation = result.violation
    return SeedOutcome(
        seed=seed,
        events=result.events,
        virtual_time_us=result.virtual_time_us,
        elections=result.elections,
        commits=result.commits,
        sometimes=dict(result.sometimes),
        found=None
        if violation is None
        else _found(campaign, seed, violation.property_name, violation.explanation),
    )


def _failure(campaign: Campaign, seed: int, error: Exception) -> Found:
    told = "".join(traceback.format_exception(error))
    what = traceback.format_exception_only(error)[-1].strip()
    return attrs.evolve(_found(campaign, seed, SIMULATOR_FAILED, what), traceback=told)


def _found(campaign: Campaign, seed: int, property_name: str, explanation: str) -> Found:
    return Found(
        property_name=property_name,
        explanation=explanation,
        level=campaign.level,
        seed=seed,
        nodes=campaign.nodes_of(seed),
        events_max=campaign.events_max,
    )


def run_campaign(
    campaign: Campaign,
    executor: Executor,
    tally: Tally,
    *,
    jobs: int,
    is_over: Callable[[], bool] = lambda: False,
    on_outcome: OnOutcome = lambda _: None,
) -> None:
    """Runs the seeds that are not done yet, and adds them to the tally.

    Args:
        campaign: which runs there are.
        executor: where they run.
        tally: what an earlier part of the same campaign has left, or an empty one.
        jobs: how many run at once.
        is_over: whether to end. What is under way then is left to the executor: it is not
            added, and so the next part of the campaign runs it again.
        on_outcome: is told of each, after it was added.
    """
    seeds = (seed for seed in _seeds(campaign) if seed not in tally.done)
    running: set[Future[SeedOutcome]] = set()
    try:
        while not is_over():
            _submit(running, seeds, executor, campaign, jobs)
            if not running:
                return
            done, running = wait(running, timeout=_LOOK_EVERY_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                outcome = future.result()
                tally.add(outcome)
                on_outcome(outcome)
    finally:
        for future in running:
            future.cancel()


def _seeds(campaign: Campaign) -> Iterator[int]:
    yield from range(campaign.first_seed, campaign.last_seed + 1)


def _submit(
    running: set[Future[SeedOutcome]],
    seeds: Iterator[int],
    executor: Executor,
    campaign: Campaign,
    jobs: int,
) -> None:
    while len(running) < jobs * _SUBMITTED_PER_JOB:
        seed = next(seeds, None)
        if seed is None:
            return
        running.add(executor.submit(run_one, campaign, seed))
