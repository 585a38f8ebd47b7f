"""The roles of a node, and the one door between them (figure 3.3)."""

import random
from itertools import product
from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.boot import initial_state
from leto.raft.config import Config
from leto.raft.entries import HardState, Restored, SnapshotMark
from leto.raft.roles import (
    LEGAL_MOVES,
    Candidate,
    Follower,
    Leader,
    PreCandidate,
    Role,
    become_candidate,
    become_follower,
    become_leader,
    become_pre_candidate,
    vote_for,
)
from leto.raft.state import State
from leto.raft.types import BEFORE_LOG, EntryId, NodeId

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Make

ROLES: dict[type[Role], Role] = {
    Follower: Follower(leader=None, deadline=0),
    PreCandidate: PreCandidate(round=1, since=0, deadline=0, grants=set()),
    Candidate: Candidate(deadline=0, own_vote=1),
    Leader: Leader(noop_index=1, heartbeat_deadline=0, progress={}),
}


@pytest.fixture
def state(make: "type[Make]") -> State:
    """Of the first of three voters, in term 3, which has not voted."""
    restored = Restored(
        node_id=NodeId(1),
        incarnation=1,
        hard_state=HardState(3, None),
        snapshot=SnapshotMark(configuration=make.configuration(1, 2, 3)),
    )
    return initial_state(Config(), restored, random.Random(0))


def enter(state: State, role: type[Role]) -> None:
    """Take the door that leads to the role."""
    if role is Follower:
        become_follower(state, state.current_term, NodeId(2))
    elif role is PreCandidate:
        become_pre_candidate(state, 7)
    elif role is Candidate:
        become_candidate(state)
    else:
        become_leader(state)


@pytest.mark.parametrize("before, after", list(product(ROLES, ROLES)))
def test_roles_follow_each_other_as_figure_3_3_draws_them(
    state: State, before: type[Role], after: type[Role]
) -> None:
    state.role = attrs.evolve(ROLES[before])
    state.hard_state = HardState(3, NodeId(1))

    if after in LEGAL_MOVES[before]:
        enter(state, after)
        assert after is type(state.role)
    else:
        with pytest.raises(AssertionError, match=r"figure 3\.3|only a candidate is elected"):
            enter(state, after)
        assert before is type(state.role)


def test_the_table_is_that_of_figure_3_3() -> None:
    moves = {(before.__name__, after.__name__) for before in ROLES for after in LEGAL_MOVES[before]}

    assert moves == {
        ("Follower", "Follower"),
        ("Follower", "PreCandidate"),
        ("Follower", "Candidate"),
        ("PreCandidate", "Follower"),
        ("PreCandidate", "PreCandidate"),
        ("PreCandidate", "Candidate"),
        ("Candidate", "Follower"),
        ("Candidate", "PreCandidate"),
        ("Candidate", "Leader"),
        ("Leader", "Follower"),
    }


def test_terms_never_go_back(state: State) -> None:
    with pytest.raises(AssertionError, match="term went back: 2 < 3"):
        become_follower(state, 2, None)


def test_a_newer_term_clears_the_vote_and_the_same_term_does_not(state: State) -> None:
    vote_for(state, NodeId(2), BEFORE_LOG)

    become_follower(state, 3, None)
    assert HardState(3, NodeId(2)) == state.hard_state
    become_follower(state, 4, None)
    assert HardState(4, None) == state.hard_state


def test_a_node_votes_once_in_a_term(state: State) -> None:
    vote_for(state, NodeId(2), BEFORE_LOG)

    with pytest.raises(AssertionError, match="one vote a term"):
        vote_for(state, NodeId(3), BEFORE_LOG)


def test_a_candidate_begins_a_term_with_its_own_vote(state: State) -> None:
    become_pre_candidate(state, 7)
    assert HardState(3, None) == state.hard_state

    become_candidate(state)

    assert HardState(4, NodeId(1)) == state.hard_state
    write = state.lane.issue(0, 0)
    assert write is not None
    assert HardState(4, NodeId(1)) == write.hard_state


def test_only_a_voter_campaigns(state: State) -> None:
    state.node_id = NodeId(9)

    with pytest.raises(AssertionError, match="only a voter campaigns"):
        become_pre_candidate(state, 7)


@pytest.mark.parametrize(
    "heard_at, since",
    [(None, 3), (2, 3), (4, 5)],
    ids=["it had none", "it had lost it before", "it has heard of one since"],
)
def test_who_was_put_off_has_been_without_a_leader_for_as_long(
    state: State, heard_at: int | None, since: int
) -> None:
    state.role = Follower(leader=None, deadline=5, heard_at=heard_at, put_off_since=3)
    state.now = 5

    role = become_pre_candidate(state, 7)

    assert since == role.since


def test_a_pre_candidate_remembers_since_when_it_has_asked(state: State) -> None:
    state.now = 5
    become_pre_candidate(state, 7)
    state.now = 9

    assert 5 == become_pre_candidate(state, 8).since


def test_a_leader_must_have_voted_for_itself(state: State) -> None:
    become_pre_candidate(state, 7)
    become_candidate(state)
    state.hard_state = HardState(4, NodeId(2))

    with pytest.raises(AssertionError, match="it voted for itself"):
        become_leader(state)


def test_a_leader_knows_every_other_member(state: State) -> None:
    become_pre_candidate(state, 7)
    become_candidate(state)

    leader = become_leader(state)

    assert [2, 3] == list(leader.progress)
    assert [1, 1] == [progress.next_index for progress in leader.progress.values()]


def test_the_door_back_in_term_is_shut(state: State) -> None:
    state.hard_state = HardState(9, None)

    with pytest.raises(AssertionError, match="term went back"):
        become_follower(state, 8, None)


def test_a_vote_goes_to_no_log_that_is_behind(make: "type[Make]") -> None:
    state = initial_state(Config(), make.host(log=make.entries(1, 2)).restored, random.Random(1))

    with pytest.raises(AssertionError, match="its log ends with 9@1, ours with 2@2"):
        vote_for(state, NodeId(2), EntryId(1, 9))
