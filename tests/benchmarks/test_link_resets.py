"""A living leader whose links are reset stays the leader, and serves nearly as much."""

import attrs

from benchmarks.link_resets import FRACTION_MIN, Course, LinkResets, measure


def test_a_living_leader_whose_links_are_reset_stays_the_leader() -> None:
    found = measure(minutes=0.4, every_ms=300, seed=1)

    assert () == found.violations
    assert found.disturbed.resets > 20
    assert 1 == found.undisturbed.elections == found.disturbed.elections
    assert found.fraction >= FRACTION_MIN
    assert "throughput kept" in found.lines()[-1]


def test_what_is_promised_is_judged() -> None:
    one = Course(what="", resets=0, acknowledged=100, a_second=10.0, elections=1, events=1)
    other = attrs.evolve(one, a_second=5.0)

    assert 0.5 == LinkResets(undisturbed=one, disturbed=other).fraction
