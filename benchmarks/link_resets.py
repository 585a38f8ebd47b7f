"""A leader lives, but its links are reset again and again: does it stay the leader, and at what cost?

Whole servers in the simulator, in virtual time, with every checker on: once undisturbed,
once while every connection between the leader and the other servers is reset on average
every so often. A reset link is dialled again at once, and the living leader accepts: so nobody
takes it for dead, no term has two leaders, and clients hardly notice.
"""

import sys
from collections.abc import Sequence
from random import Random

import attrs

from benchmarks.report import parser, run, table
from leto.raft.types import Micros
from leto_sim.clock import SECOND
from leto_sim.randomness import stream
from leto_sim.result import RunResult
from leto_sim.server_level.cluster import ServerCluster
from leto_sim.server_level.random_errands import Workload
from leto_sim.server_level.resp_client import Manners
from leto_sim.server_level.run import ServerLevelRun
from leto_sim.server_level.scenario import ServerScenario

FRACTION_MIN = 0.8
"""Of the undisturbed throughput."""

WITHIN_S = 3_600
_EVENTS_MAX = 1 << 40  # time ends the run
_FOUNDING_US = 10 * SECOND  # until the cluster is whole, and serves


@attrs.frozen(kw_only=True)
class Course:
    """One run."""

    what: str
    resets: int
    acknowledged: int
    a_second: float  # of virtual time
    elections: int
    events: int


@attrs.frozen(kw_only=True)
class LinkResets:
    """Both runs."""

    undisturbed: Course
    disturbed: Course
    violations: tuple[str, ...] = ()

    @property
    def fraction(self) -> float:
        """How much of its throughput the disturbed cluster has kept."""
        return self.disturbed.a_second / self.undisturbed.a_second

    def lines(self) -> Sequence[str]:
        """A table, and the fraction."""
        rows = [
            (
                course.what,
                f"{course.resets:,}",
                f"{course.acknowledged:,}",
                f"{course.a_second:.1f}",
                str(course.elections),
                f"{course.events:,}",
            )
            for course in (self.undisturbed, self.disturbed)
        ]
        header = ("", "resets", "acknowledged", "a second", "elections", "events")
        return [
            *table(header, rows),
            "",
            f"throughput kept: {self.fraction:.1%} (at least {FRACTION_MIN:.0%} is promised)",
        ]


def moments(rng: Random, *, every_us: Micros, until_us: Micros) -> Sequence[Micros]:
    """When all links of whoever leads are reset."""
    found: list[Micros] = []
    at_us = _FOUNDING_US
    while (at_us := at_us + 1 + int(rng.expovariate(1 / every_us))) < until_us:
        found.append(at_us)
    return found


def reset_links_of_leader(cluster: ServerCluster) -> None:
    """Those to the other servers, not the clients': their pace would be another one."""
    leader = cluster.leader
    if leader is None:
        return
    machine = cluster.machine_of(leader)
    for other in cluster.machines:
        if other is not machine:
            cluster.network.reset(machine.host, other.host)


def course(
    what: str, seed: int, duration_us: Micros, resets: Sequence[Micros]
) -> tuple[Course, RunResult]:
    """Run three servers and their clients for so long."""
    scenario = ServerScenario(
        seed=seed,
        events_max=_EVENTS_MAX,
        duration_us=duration_us,
        workload=Workload(keys=50, expiring=0.0),
        manners=Manners(think_us=500_000, leave_chance=0.2),
    )
    world = ServerLevelRun(scenario)
    for at_us in resets:
        world.cluster.scheduler.at(at_us, reset_links_of_leader, world.cluster)
    result = world.run()
    acknowledged = sum(o.returned is not None for o in world.history.operations)
    done = Course(
        what=what,
        resets=len(resets),
        acknowledged=acknowledged,
        a_second=acknowledged * SECOND / duration_us,
        elections=result.elections,
        events=result.events,
    )
    return done, result


def measure(minutes: float, every_ms: float, seed: int) -> LinkResets:
    """The same clients, undisturbed and disturbed."""
    duration_us = round(minutes * 60 * SECOND)
    plan = moments(stream(seed, "resets"), every_us=round(every_ms * 1_000), until_us=duration_us)
    undisturbed, first = course("undisturbed", seed, duration_us, ())
    disturbed, second = course(f"reset every {every_ms:g} ms", seed, duration_us, plan)
    found = LinkResets(undisturbed=undisturbed, disturbed=disturbed)
    return attrs.evolve(found, violations=tuple(_broken(found, (first, second))))


def _broken(found: LinkResets, results: Sequence[RunResult]) -> Sequence[str]:
    broken = [str(result.violation) for result in results if result.violation is not None]
    if found.fraction < FRACTION_MIN:
        broken.append(f"only {found.fraction:.1%} of the throughput is kept")
    if found.disturbed.elections > found.undisturbed.elections:
        broken.append(
            f"a living leader was replaced: {found.disturbed.elections} elections instead of"
            f" {found.undisturbed.elections}"
        )
    return broken


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    flags = parser(__doc__)
    flags.add_argument("--minutes", type=float, default=60.0, help="of virtual time (default: 60)")
    flags.add_argument("--every-ms", type=float, default=500.0, help="on average (default: 500)")
    flags.add_argument("--seed", type=int, default=1, help="decides everything (default: 1)")
    given = flags.parse_args(arguments)
    return run(
        lambda: measure(given.minutes, given.every_ms, given.seed),
        as_json=given.json,
        within_s=WITHIN_S,
    )


if __name__ == "__main__":
    sys.exit(main())
