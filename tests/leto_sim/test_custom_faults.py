"""A user's faults strike when they are to, and are mended."""

import attrs

from leto_sim.clock import MS
from leto_sim.cluster_view import ClusterView
from leto_sim.custom_faults import Strike
from leto_sim.node_level.run import NodeLevelRun, run_scenario
from leto_sim.parts import Parts
from tests.support.sims import QUIET

BRIEF = attrs.evolve(QUIET, events_max=10_000, duration_us=2_000 * MS)


@attrs.frozen
class PullThePlug:
    """Cuts whoever leads off from all others."""

    log: list[tuple[str, int]] = attrs.field(factory=list[tuple[str, int]], repr=False)

    def strike(self, cluster: ClusterView) -> None:
        self.log.append(("strike", cluster.now_us))
        if cluster.leader is not None:
            cluster.isolate(cluster.leader.name)

    def mend(self, cluster: ClusterView) -> None:
        self.log.append(("mend", cluster.now_us))
        cluster.mend_links()


def test_a_fault_strikes_at_its_time_and_is_mended() -> None:
    fault = PullThePlug()
    strike = Strike(fault=fault, at_us=700 * MS, for_us=600 * MS)

    result = run_scenario(BRIEF, Parts(faults=(strike,)))

    assert [("strike", 700 * MS), ("mend", 1_300 * MS)] == fault.log
    assert None is result.violation
    assert 1 < result.elections


def test_the_seed_decides_when_it_strikes() -> None:
    times: list[list[tuple[str, int]]] = []
    for seed in (1, 1, 2):
        fault = PullThePlug()
        strike = Strike(fault=fault, for_us=10 * MS, times=4)
        NodeLevelRun(attrs.evolve(BRIEF, seed=seed), Parts(faults=(strike,))).run()
        times.append(fault.log)

    assert 8 == len(times[0])
    assert times[0] == times[1] != times[2]


def test_what_still_stands_is_mended_when_the_storm_is_over() -> None:
    fault = PullThePlug()
    strikes = (
        Strike(fault=fault, at_us=1_500 * MS, for_us=10**12),
        Strike(fault=fault, at_us=2_001 * MS, for_us=1),
    )

    result = run_scenario(BRIEF, Parts(faults=strikes))

    assert ["strike", "mend"] == [what for what, _ in fault.log]
    assert None is result.violation


def test_a_fault_that_would_be_mended_later_is_mended_once() -> None:
    fault = PullThePlug()
    strike = Strike(fault=fault, at_us=1_999 * MS, for_us=2 * MS)

    run_scenario(BRIEF, Parts(faults=(strike,)))

    assert ["strike", "mend"] == [what for what, _ in fault.log]


def test_a_trace_names_it() -> None:
    strike = Strike(fault=PullThePlug(), at_us=1_999 * MS, for_us=MS)
    run = NodeLevelRun(BRIEF, Parts(faults=(strike,)), traced=True)

    run._storm()

    texts = [line.text for line in run.cluster.journal.last_events]
    assert "* PullThePlug()" in texts
