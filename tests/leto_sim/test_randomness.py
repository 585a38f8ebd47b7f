"""Chance by name."""

from leto_sim.randomness import DRAW_RANGE, Draws, chance, exponential_us, stream


def test_a_stream_is_decided_by_seed_and_names() -> None:
    assert stream(1, "disk", 2).random() == stream(1, "disk", 2).random()
    assert stream(1, "disk", 2).random() != stream(1, "disk", 3).random()
    assert stream(1, "disk", 2).random() != stream(2, "disk", 2).random()


def test_a_roll_is_decided_by_its_number_whatever_was_rolled_before() -> None:
    draws, again = Draws(1, "link"), Draws(1, "link")
    draws.roll(1)

    assert again.roll(2) == draws.roll(2)
    assert draws.roll(1) != draws.roll(2)


def test_a_roll_is_the_same_everywhere() -> None:
    """Recorded once: neither the hash seed nor the machine may change it."""
    assert 2_998_552_461 == Draws(1, "link").roll(1)[0]


def test_the_draws_of_a_roll_are_independent_and_uniform() -> None:
    draws = Draws(7, "uniform")

    means = [
        sum(draws.roll(number)[place] for number in range(2_000)) / 2_000 / DRAW_RANGE
        for place in range(8)
    ]

    assert all(0.45 < mean < 0.55 for mean in means)
    assert len(means) == len(set(means))


def test_a_chance_is_met_that_often() -> None:
    draws = Draws(7, "chance")

    met = sum(draws.roll(number)[0] < chance(0.3) for number in range(2_000))

    assert 500 < met < 700
    assert DRAW_RANGE == chance(1.0)
    assert 0 == chance(0.0)


def test_exponential_times_have_their_mean() -> None:
    draws = [(number * DRAW_RANGE) // 1_000 for number in range(1_000)]

    times = [exponential_us(500, uniform) for uniform in draws]

    assert 450 < sum(times) / len(times) < 550
    assert 0 == exponential_us(500, DRAW_RANGE - 1)
