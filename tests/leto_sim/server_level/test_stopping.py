"""What a server does when it is asked to stop is judged."""

import pytest

from leto.raft.actions import RoleName, Send
from leto.raft.entries import Command, Entry, Noop
from leto.raft.messages import TimeoutNow
from leto.raft.status import Status
from leto.raft.types import EntryId, NodeId
from leto.server import Limits
from leto_sim.clock import SECOND
from leto_sim.result import PropertyViolated
from leto_sim.server_level.cluster import ServerCluster
from leto_sim.server_level.scenario import ServerScenario
from leto_sim.server_level.stopping import Stopping

LIMITS = Limits(stop_within_us=1_000)
TRANSFER_US = 500
FIRST = EntryId(term=1, index=1)


def status_in(nodes: int, role: RoleName) -> Status:
    """Of a server that has this role, when all have joined."""
    cluster = ServerCluster(ServerScenario(seed=1, nodes=nodes))
    while cluster.scheduler.now < 10 * SECOND:
        cluster.scheduler.step()
    lives = [machine.life for machine in cluster.machines if machine.life is not None]
    return next(life.status for life in lives if life.status.role is role)


@pytest.fixture(scope="module")
def leader() -> Status:
    return status_in(3, RoleName.LEADER)


@pytest.fixture(scope="module")
def follower() -> Status:
    return status_in(3, RoleName.FOLLOWER)


def stopping(status: Status | None) -> Stopping:
    return Stopping("id1", LIMITS, status, 0, TRANSFER_US)


def test_a_server_must_not_take_longer_than_it_may() -> None:
    slow = stopping(None)
    slow.handled(1_010, is_owing=True)

    with pytest.raises(PropertyViolated, match=r"id1 has not stopped 1\.011 ms after"):
        slow.handled(1_011, is_owing=True)


def test_a_leader_must_begin_to_hand_over_at_once(leader: Status) -> None:
    with pytest.raises(PropertyViolated, match="tells nobody to take over"):
        stopping(leader).handled(0, is_owing=True)
    with pytest.raises(PropertyViolated, match="tells nobody to take over"):
        stopping(leader).stopped(0, is_owing=False, gave_up=False)


def test_a_leader_that_is_alone_may_stop_at_once() -> None:
    alone = stopping(status_in(1, RoleName.LEADER))

    alone.handled(0, is_owing=True)
    alone.stopped(1, is_owing=False, gave_up=False)


def test_who_has_handed_over_must_wait_until_another_leads() -> None:
    alone = stopping(status_in(1, RoleName.LEADER))
    alone.sends(Send(NodeId(2), TimeoutNow(term=1)))

    with pytest.raises(PropertyViolated, match="stops before anybody leads in its place"):
        alone.stopped(494, is_owing=False, gave_up=False)
    alone.stopped(495, is_owing=False, gave_up=False)


def test_who_follows_and_owes_nothing_must_not_stay(follower: Status) -> None:
    stopping(follower).handled(0, is_owing=True)

    with pytest.raises(PropertyViolated, match="stays though another leads"):
        stopping(follower).handled(0, is_owing=False)


def test_nobody_may_be_left_without_an_answer() -> None:
    with pytest.raises(PropertyViolated, match="stops without a word"):
        stopping(None).stopped(0, is_owing=True, gave_up=False)


def test_nobody_is_given_up_on_before_the_time_has_run_out(follower: Status) -> None:
    with pytest.raises(PropertyViolated, match="gives up on a client"):
        stopping(follower).stopped(989, is_owing=False, gave_up=True)
    stopping(follower).stopped(990, is_owing=False, gave_up=True)


def test_a_leader_that_stops_takes_no_command_but_time(leader: Status) -> None:
    last = stopping(leader)
    last.proposes(Entry(id=FIRST, payload=Noop()))
    last.proposes(Entry(id=FIRST, payload=Command(bytes(9))))

    with pytest.raises(PropertyViolated, match="while it stops"):
        last.proposes(Entry(id=FIRST, payload=Command(bytes(10))))
