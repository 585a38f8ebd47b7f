"""Chance."""

import random

from leto.server.dice import born_id, jittered


class Zero:
    """Dice that always show nothing."""

    def random(self) -> float:
        return 0.0

    def getrandbits(self, k: int, /) -> int:
        return 0


def test_jitter_lies_between_half_and_all_of_the_interval() -> None:
    rng = random.Random(1)
    intervals = [jittered(rng, 1_000) for _ in range(1_000)]

    assert 500 <= min(intervals) < 520
    assert 980 < max(intervals) <= 1_000


def test_an_id_is_never_zero() -> None:
    assert 1 == born_id(Zero())
    assert 1 << 63 < max(born_id(random.Random(seed)) for seed in range(64)) < 1 << 64
