"""The stamps of a leader."""

from leto.server.commit.clock import StampClock

SECOND_US = 1_000_000


def test_a_term_begins_at_the_later_of_the_last_stamp_and_the_wall_clock() -> None:
    assert 5_000 == StampClock(1_000, now=0, unix_ms=5_000).stamp_ms(0, 5_000)
    assert 9_000 == StampClock(9_000, now=0, unix_ms=5_000).stamp_ms(0, 5_000)


def test_stamps_advance_with_the_monotonic_clock() -> None:
    clock = StampClock(0, now=7, unix_ms=1_000)

    assert 1_050 == clock.stamp_ms(7 + 50_000, 1_050)
    assert 2_000 == clock.stamp_ms(7 + SECOND_US, 2_000)


def test_a_wall_clock_that_jumps_ahead_moves_stamps_by_a_thousandth() -> None:
    clock = StampClock(0, now=0, unix_ms=0)

    assert 1_001 == clock.stamp_ms(SECOND_US, 3_600_000)


def test_a_wall_clock_that_jumps_back_slows_stamps_by_a_thousandth() -> None:
    clock = StampClock(0, now=0, unix_ms=10_000_000)

    assert 10_000_999 == clock.stamp_ms(SECOND_US, 0)


def test_stamps_never_go_back() -> None:
    clock = StampClock(0, now=0, unix_ms=1_000_000)
    stamps = [clock.stamp_ms(now, 0) for now in range(0, 2 * SECOND_US, 777)]

    assert sorted(stamps) == stamps


def test_an_earlier_leaders_stamp_that_comes_to_light_is_caught_up_with() -> None:
    clock = StampClock(0, now=0, unix_ms=1_000)

    clock.catch_up(500, now=SECOND_US)
    assert 2_000 == clock.stamp_ms(SECOND_US, 2_000)
    clock.catch_up(9_000, now=SECOND_US)

    assert 9_000 == clock.stamp_ms(SECOND_US, 2_000)
    assert 9_050 == clock.stamp_ms(SECOND_US + 50_000, 2_050)


def test_due_time_is_told_on_the_monotonic_clock() -> None:
    clock = StampClock(0, now=500, unix_ms=1_000)

    assert 500 + 250_000 == clock.due_at(1_250)
    assert 1_250 == clock.stamp_ms(clock.due_at(1_250), 1_250)
