"""Integers as Redis reads them: one spelling each, 64 bits, signed.

Responsible for the one rule by which lengths in requests, numbers in replies
and numeric arguments of commands are read (Redis's `string2ll`): no sign but a
minus, no leading zero, no blank, no `-0`. So a number has exactly one spelling,
and every node reads the same one.
"""

from typing import Final

INTEGER_MIN: Final = -(2**63)
INTEGER_MAX: Final = 2**63 - 1

_DIGITS_MAX: Final = 20  # of -2**63, with its sign


def parse_integer(text: bytes) -> int | None:
    """Read a number in its one spelling; None for anything else."""
    if len(text) > _DIGITS_MAX:
        return None
    try:
        number = int(text)
    except ValueError:
        return None
    # int() also takes "+1", " 1", "01" and "1_0": writing it again tells.
    if b"%d" % number != text or not INTEGER_MIN <= number <= INTEGER_MAX:
        return None
    return number
