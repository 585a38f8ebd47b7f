"""What a node throws dice for outside of elections: its id, and when to try again."""

from leto.raft.types import Dice, Micros


def jittered(dice: Dice, interval_us: Micros) -> Micros:
    """Between half of the interval and all of it, so that nodes do not move in step."""
    return interval_us - int(dice.random() * (interval_us // 2))


def born_id(dice: Dice) -> int:
    """64 random bits, but never 0, which means "none" on the wire."""
    return dice.getrandbits(64) or 1
