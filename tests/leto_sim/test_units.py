"""Durations as people read them."""

import pytest

from leto_sim.units import duration


@pytest.mark.parametrize(
    "us,text",
    [
        (0, "0 µs"),
        (7, "7 µs"),
        (1_000, "1 ms"),
        (1_050, "1.05 ms"),
        (123_456, "123.456 ms"),
        (60_000_000, "60 s"),
        (1_000_001, "1.000001 s"),
        (-1_500, "-1.5 ms"),
    ],
)
def test_a_duration_has_the_unit_that_fits_and_loses_nothing(us: int, text: str) -> None:
    assert text == duration(us)
