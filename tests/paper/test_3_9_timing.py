"""§3.9 Timing and availability."""

import pytest

from leto.raft.actions import Committed, RoleName, Unknown
from leto.raft.config import Config
from leto.raft.errors import InvalidConfig
from leto.raft.types import EntryId
from tests.support.hosts import entry
from tests.support.situations import led


def test_election_timeouts_must_be_well_above_the_heartbeat_interval() -> None:
    """§3.9: Election timeouts are well above the time that a heartbeat takes."""
    with pytest.raises(InvalidConfig, match="election_timeout_min_us"):
        Config(heartbeat_interval_us=600_000, election_timeout_min_us=1_000_000)


def test_a_crashed_leader_is_missed_within_the_longest_election_timeout() -> None:
    """§3.9: Without a leader a cluster does nothing for about an election timeout, no longer."""
    cluster = led()
    follower = cluster[2]

    waited = follower.deadline - follower.now
    follower.tick()

    assert waited <= Config().election_timeout_max_us
    assert follower.plays(RoleName.PRE_CANDIDATE)


def test_whatever_clocks_say_nothing_that_was_committed_is_lost() -> None:
    """§3.9: Safety does not rest on time: a clock that jumps costs an election at most."""
    cluster = led()
    kept = cluster[1].propose(b"kept")
    cluster.settle()
    cluster.cut_off = {1}
    for number in (2, 3):
        cluster[number].now += 10**15
    cluster.elect(3)
    open_yet = cluster[1].propose(b"too late")
    cluster.settle()

    cluster.cut_off = set()
    cluster.beat(3)
    cluster.beat(3)

    assert Committed(EntryId(1, 2)) == cluster[1].answers[kept]
    assert isinstance(cluster[1].answers[open_yet], Unknown)
    assert cluster[1].disk.log == cluster[2].disk.log == cluster[3].disk.log
    assert entry(2, 1, b"kept") in cluster[3].disk.log
