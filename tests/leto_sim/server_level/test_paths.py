"""A path does to the n-th thing what the seed says, and lets nothing pass while it is blocked."""

from leto_sim.server_level.paths import Path, Paths, StreamWeather

HERE, THERE, ELSEWHERE = "10.0.0.1", "10.0.0.2", "10.0.0.3"
ROUGH = StreamWeather(slow_chance=0.5, cut_chance=0.5, delay_tail_us=10_000)
CALM = StreamWeather(cut_chance=0.0)
PIECE_BYTES = 1_000_000


def test_what_chance_does_to_the_nth_piece_of_a_path_depends_on_nothing_else() -> None:
    one, other, elsewhere = (Path(7, HERE, target) for target in (THERE, THERE, ELSEWHERE))
    first, second, third = (one.delay_us(ROUGH) for _ in range(3))

    cuts = [other.cut(ROUGH, PIECE_BYTES) for _ in range(9)]  # whatever happens in between
    delays = [other.delay_us(ROUGH) for _ in range(3)]

    assert [first, second, third] == delays
    assert first != elsewhere.delay_us(ROUGH)
    assert {PIECE_BYTES} < set(cuts)


def test_better_weather_leaves_the_later_effects() -> None:
    one, other = Path(7, HERE, THERE), Path(7, HERE, THERE)
    in_the_calm = [one.cut(CALM, PIECE_BYTES) for _ in range(5)]

    cuts = [one.cut(ROUGH, PIECE_BYTES) for _ in range(9)]

    assert [PIECE_BYTES] * 5 == in_the_calm
    assert [other.cut(ROUGH, PIECE_BYTES) for _ in range(14)][5:] == cuts


def test_pieces_are_late_only_where_it_is_slow() -> None:
    slow, quick = Path(7, HERE, THERE), Path(7, HERE, THERE)
    least_us = StreamWeather(slow_chance=1.0, slow_us=10**9)

    delays = [slow.delay_us(least_us) for _ in range(5)]

    assert max(delays) > 10**8
    assert max(quick.delay_us(CALM) for _ in range(5)) < 10**6


def test_path_is_blocked_until_the_last_fault_is_undone() -> None:
    paths = Paths(1)
    paths.block(HERE, THERE)
    paths.block(HERE, THERE)

    first, is_blocked = paths.unblock(HERE, THERE), paths.between(HERE, THERE).is_blocked
    last = paths.unblock(HERE, THERE)

    assert (False, True) == (first, is_blocked)
    assert last
    assert not paths.between(HERE, THERE).is_blocked


def test_block_is_of_one_direction() -> None:
    paths = Paths(1)

    paths.block(HERE, THERE)

    assert not paths.between(THERE, HERE).is_blocked
    assert [paths.between(HERE, THERE)] == paths.cut


def test_undoing_what_was_not_done_does_nothing() -> None:
    paths = Paths(1)

    is_last = paths.unblock(HERE, THERE)

    assert not is_last
    assert not paths.between(HERE, THERE).is_blocked


def test_every_path_to_and_from_a_host_without_power_is_blocked() -> None:
    paths = Paths(1)
    there, elsewhere = paths.between(HERE, THERE), paths.between(HERE, ELSEWHERE)

    paths.darken(THERE)

    assert there.is_blocked
    assert paths.between(THERE, ELSEWHERE).is_blocked  # nobody has gone there before
    assert not elsewhere.is_blocked


def test_power_unblocks_what_no_fault_blocks() -> None:
    paths = Paths(1)
    paths.block(HERE, THERE)
    paths.darken(THERE)

    paths.lighten(THERE)

    assert paths.between(HERE, THERE).is_blocked
    assert not paths.between(THERE, HERE).is_blocked
