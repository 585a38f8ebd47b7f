"""Clocks with another zero and another rate."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from leto_sim.clock import NEVER, TRUE_RATE, Clock

clocks = st.builds(Clock, st.integers(0, 10**12), st.integers(400_000, 1_600_000))


@given(clocks, st.integers(0, 10**12), st.integers(0, 10**6))
def test_a_clock_never_goes_back(clock: Clock, time_us: int, later_us: int) -> None:
    assert clock.at(time_us) <= clock.at(time_us + later_us)


@given(clocks, st.integers(0, 10**12))
def test_when_is_the_first_moment_that_shows_it(clock: Clock, elapsed_us: int) -> None:
    shown = clock.offset_us + elapsed_us

    when = clock.when(shown)

    assert clock.at(when) >= shown
    assert clock.at(when - 1) < shown


def test_drift_is_bounded_by_half_to_either_side() -> None:
    rates = [Clock.drawn(Random(seed), 0.1).rate for seed in range(200)]

    assert 950_000 <= min(rates) < 960_000
    assert 1_040_000 < max(rates) <= 1_050_000


def test_without_drift_clocks_differ_in_their_zero_only() -> None:
    one, other = Clock.drawn(Random(1), 0), Clock.drawn(Random(2), 0)

    assert 5_000 == one.at(5_000) - one.at(0) == other.at(5_000) - other.at(0)
    assert one.offset_us != other.offset_us


def test_a_clock_jumps_forward() -> None:
    clock = Clock(100)

    clock.advance(50)

    assert (150, 10) == (clock.at(0), clock.when(160))


def test_a_clock_that_stands_still_shows_nothing_later_until_it_goes_on() -> None:
    clock = Clock(100)
    clock.run_at(0, now=10)
    stands_still = (clock.at(1_000), clock.when(110), clock.when(111))

    clock.run_at(2 * TRUE_RATE, now=1_000)

    assert (110, 10, NEVER) == stands_still
    assert (110, 120, 1_005) == (clock.at(1_000), clock.at(1_005), clock.when(120))
