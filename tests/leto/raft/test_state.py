"""All that a node knows."""

import random
from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.actions import Send, Trace
from leto.raft.boot import initial_state
from leto.raft.config import Config
from leto.raft.configuration import Configuration
from leto.raft.entries import Restored, SnapshotMark
from leto.raft.messages import ReadIndex
from leto.raft.roles import (
    Follower,
    become_candidate,
    become_follower,
    become_leader,
    become_pre_candidate,
    vote_for,
)
from leto.raft.state import HURRIED_TIMEOUT_MAX_US, HURRIED_TIMEOUT_MIN_US
from leto.raft.traces.log import CommitAdvanced
from leto.raft.types import BEFORE_LOG, NodeId

if TYPE_CHECKING:
    from leto.raft.state import State
    from tests.leto.raft.conftest import Make


@pytest.fixture
def state(make: "type[Make]") -> "State":
    return of(make.configuration(1, 2, 3))


def of(configuration: Configuration, *, incarnation: int = 1) -> "State":
    """Of the first node, with that configuration."""
    mark = SnapshotMark(configuration=configuration)
    restored = Restored(node_id=NodeId(1), incarnation=incarnation, snapshot=mark)
    return initial_state(Config(), restored, random.Random(0))


def test_the_leader_is_known_to_itself_and_to_those_who_follow_it(state: "State") -> None:
    become_follower(state, 1, NodeId(2))
    seen = [state.leader]
    become_pre_candidate(state, 7)
    seen.append(state.leader)
    become_candidate(state)
    become_leader(state)
    seen.append(state.leader)

    assert [2, None, 1] == seen


def test_no_two_ids_are_the_same_in_any_life(make: "type[Make]") -> None:
    lives = [of(make.configuration(1), incarnation=incarnation) for incarnation in (1, 2, 7)]

    ids = [life.new_id() for life in lives for _ in range(100)]

    assert len(ids) == len(set(ids))


def test_a_message_waits_for_the_term_and_vote_that_it_attests(state: "State") -> None:
    message = ReadIndex(term=1, read=7)

    state.send(NodeId(2), message)
    assert [Send(NodeId(2), message)] == state.actions
    vote_for(state, NodeId(3), BEFORE_LOG)
    state.send(NodeId(2), message)

    assert 1 == len(state.actions)
    state.lane.issue(0, 0)
    assert [Send(NodeId(2), message)] == state.lane.complete(1)


def test_a_message_may_wait_for_another_write(state: "State", make: "type[Make]") -> None:
    state.lane.record_entries(make.entries(1))
    message = ReadIndex(term=1, read=7)

    state.send(NodeId(2), message)
    state.send_after(state.lane.latest, NodeId(3), message)

    assert [Send(NodeId(2), message)] == state.actions
    state.lane.issue(1, 0)
    assert [Send(NodeId(3), message)] == state.lane.complete(1)
    state.send_after(1, NodeId(1), message)
    assert Send(NodeId(1), message) == state.actions[-1]


def test_patience_is_longer_for_each_step_below_the_best_priority(make: "type[Make]") -> None:
    def patience(*priorities: int) -> int:
        members = [
            attrs.evolve(make.member(number), priority=priority)
            for number, priority in enumerate(priorities, 1)
        ]
        return of(Configuration(tuple(members))).election_timeout()

    best = patience(2, 1, 1)

    assert [best, best + 500_000, best + 1_000_000] == [
        patience(2, 2, 1),
        patience(1, 2, 2),
        patience(1, 2, 3),
    ]


def test_a_stranger_to_the_configuration_is_as_patient_as_the_best(make: "type[Make]") -> None:
    assert 1_000_000 <= of(make.configuration(2, 3)).election_timeout() < 2_000_000


def test_a_node_starts_as_a_follower_of_nobody(state: "State") -> None:
    assert Follower(leader=None, deadline=0) == state.role


def test_a_step_is_said_only_to_who_listens(make: "type[Make]") -> None:
    state = make.host(term=3).node._state
    state.trace(CommitAdvanced, 1)
    assert [] == state.actions
    state.is_traced = True

    state.trace(CommitAdvanced, commit_index=2)

    assert [Trace(3, CommitAdvanced(2))] == state.actions


def test_a_campaign_for_a_dead_leaders_place_is_repeated_soon(state: "State") -> None:
    state.hurried_until = 1_000_000

    hurried = [state.campaign_timeout() for _ in range(100)]

    assert all(HURRIED_TIMEOUT_MIN_US <= timeout < HURRIED_TIMEOUT_MAX_US for timeout in hurried)
    assert len(set(hurried)) > 50
    state.now = 1_000_000
    assert state.campaign_timeout() >= state.config.election_timeout_min_us


def test_whoever_follows_again_is_in_no_hurry(state: "State") -> None:
    state.hurried_until = 1_000_000
    become_follower(state, 1, None)
    still = state.hurried_until

    become_follower(state, 1, NodeId(2))

    assert (1_000_000, 0) == (still, state.hurried_until)
