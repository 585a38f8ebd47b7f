"""Settings that are drawn from a seed."""

from random import Random

from leto_sim.settings import draw_config


def test_a_seed_takes_few_or_many_settings_from_their_extremes() -> None:
    usual = [
        sum((c.append_bytes_max == 2**20, c.trailing_entries == 20, c.appends_in_flight_max == 64))
        for c in (draw_config(Random(seed)) for seed in range(100))
    ]

    assert {0, 1, 2, 3} == set(usual)
