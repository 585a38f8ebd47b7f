"""What a caller of the core can do wrong."""

import pytest

from leto.raft.errors import (
    ClockWentBack,
    EventOutOfOrder,
    InvalidConfig,
    InvalidRestored,
    LetoError,
)


@pytest.mark.parametrize("kind", [ClockWentBack, EventOutOfOrder, InvalidConfig, InvalidRestored])
def test_every_mistake_is_one_of_values_and_of_ours(kind: type[LetoError]) -> None:
    assert issubclass(kind, LetoError)
    assert issubclass(kind, ValueError)
