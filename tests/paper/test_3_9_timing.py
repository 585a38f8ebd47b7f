"""§3.9 Timing and availability."""

import pytest

from leto.raft.config import Config
from leto.raft.errors import InvalidConfig


def test_election_timeouts_must_be_well_above_the_heartbeat_interval() -> None:
    """§3.9: Election timeouts are well above the time that a heartbeat takes."""
    with pytest.raises(InvalidConfig, match="election_timeout_min_us"):
        Config(heartbeat_interval_us=600_000, election_timeout_min_us=1_000_000)
