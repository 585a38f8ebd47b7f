"""The only ways in which a node's log changes."""

import random
from typing import TYPE_CHECKING

import pytest

from leto.raft.appending import extend_log, replace_log, truncate_log
from leto.raft.boot import initial_state
from leto.raft.config import Config
from leto.raft.entries import HardState, Restored, SnapshotMark
from leto.raft.messages import AppendEntries
from leto.raft.roles import Leader, become_candidate, become_leader, become_pre_candidate
from leto.raft.traces.cluster import ConfigurationAppended, ConfigurationRolledBack
from leto.raft.traces.elections import BecameFollower
from leto.raft.traces.log import EntriesAppended, LogTruncated
from leto.raft.types import BEFORE_LOG, EntryId, NodeId

if TYPE_CHECKING:
    from leto.raft.state import State
    from tests.leto.raft.conftest import Make


@pytest.fixture
def state(make: "type[Make]") -> "State":
    """Of the first of two voters, whose log holds two entries, the first of them committed."""
    restored = Restored(
        node_id=NodeId(1),
        incarnation=1,
        hard_state=HardState(1, None),
        snapshot=SnapshotMark(configuration=make.configuration(1, 2)),
        entries=make.entries(1, 1),
    )
    state = initial_state(Config(), restored, random.Random(0))
    state.commit_index = 1
    return state


@pytest.fixture
def leading(state: "State") -> "State":
    become_pre_candidate(state, 7)
    become_candidate(state)
    become_leader(state)
    return state


def test_log_lane_and_configuration_go_in_step(state: "State", make: "type[Make]") -> None:
    configured = make.entry(3, 1, make.configuration(1, 2, 3))

    extend_log(state, (configured, make.entry(4, 1)))
    assert (EntryId(1, 4), configured.payload) == (state.log.last, state.configuration)
    write = state.lane.issue(4, 0)
    assert write is not None
    assert (configured, make.entry(4, 1)) == write.entries

    truncate_log(state, 2)
    assert (EntryId(1, 1), make.configuration(1, 2)) == (state.log.last, state.configuration)
    write = state.lane.issue(1, 0)
    assert write is not None
    assert (2, 1) == (write.truncate_from, state.lane.durable_index)


def test_a_snapshot_takes_the_place_of_the_log(state: "State", make: "type[Make]") -> None:
    mark = SnapshotMark(last_included=EntryId(1, 5), configuration=make.configuration(2, 3))
    extend_log(state, (make.entry(3, 1, make.configuration(1, 2, 3)),))
    state.lane.issue(3, 0)

    replace_log(state, mark)

    assert (EntryId(1, 5), 6) == (state.log.last, state.log.first_index)
    assert (5, mark.configuration) == (
        state.configurations.effective_index,
        state.configuration,
    )
    assert 0 == state.lane.durable_index


def test_a_committed_entry_is_never_dropped(state: "State", make: "type[Make]") -> None:
    with pytest.raises(AssertionError, match="1 is committed"):
        truncate_log(state, 1)
    with pytest.raises(AssertionError, match="a snapshot covers what it replaces"):
        replace_log(
            state, SnapshotMark(last_included=EntryId(1, 1), configuration=make.configuration(1))
        )


def test_a_leaders_log_only_grows(leading: "State", make: "type[Make]") -> None:
    with pytest.raises(AssertionError, match="a leader's log only grows"):
        truncate_log(leading, 2)
    with pytest.raises(AssertionError, match="a leader's log only grows"):
        replace_log(
            leading, SnapshotMark(last_included=EntryId(1, 9), configuration=make.configuration(1))
        )


def test_a_leaders_progress_follows_the_members(leading: "State", make: "type[Make]") -> None:
    leader = leading.role
    assert isinstance(leader, Leader)
    leading.now = 5

    extend_log(leading, (make.entry(3, 2, make.configuration(1, 3)),))
    assert [2, 3] == list(leader.progress)
    assert [5, None] == [progress.leaving_since for progress in leader.progress.values()]
    assert 4 == leader.progress[NodeId(3)].next_index
    leading.now = 9
    extend_log(leading, (make.entry(4, 2, make.configuration(1)),))
    assert [5, 9] == [progress.leaving_since for progress in leader.progress.values()]
    extend_log(leading, (make.entry(5, 2, make.configuration(1, 2)),))

    assert [None, 9] == [progress.leaving_since for progress in leader.progress.values()]


def test_a_configuration_that_comes_and_goes_is_traced(make: "type[Make]") -> None:
    host = make.host(traced=True)
    changed = make.entry(1, 1, make.configuration(1, 2))
    host.receive(
        2,
        AppendEntries(term=1, round=0, prev=BEFORE_LOG, entries=(changed,), leader_commit=0),
    )

    host.receive(
        3,
        AppendEntries(term=2, round=0, prev=BEFORE_LOG, entries=make.entries(2), leader_commit=0),
    )

    assert [
        EntriesAppended(EntryId(1, 1), EntryId(1, 1)),
        ConfigurationAppended(1, (NodeId(1), NodeId(2)), ()),
        LogTruncated(1),
        ConfigurationRolledBack(1, 0),
        EntriesAppended(EntryId(2, 1), EntryId(2, 1)),
    ] == [record for record in host.records if not isinstance(record, BecameFollower)]


def test_entries_that_go_take_no_configuration_with_them_that_stays(
    state: "State", make: "type[Make]"
) -> None:
    truncate_log(state, 2)

    assert (EntryId(1, 1), make.configuration(1, 2)) == (state.log.last, state.configuration)
    assert 0 == state.configurations.effective_index


def test_what_a_truncation_leaves_still_says_that_it_was_admitted(make: "type[Make]") -> None:
    """The next configuration showed that the one before it was committed."""
    joined = make.entry(1, 1, make.configuration(1, 2))
    removed = make.entry(2, 1, make.configuration(2))
    state = initial_state(
        Config(),
        Restored(
            node_id=NodeId(1),
            incarnation=1,
            hard_state=HardState(1, None),
            snapshot=SnapshotMark(configuration=make.configuration(2)),
            entries=(joined, removed),
        ),
        random.Random(0),
    )

    state.commit_index = 1
    truncate_log(state, 2)

    assert state.was_admitted
    write = state.lane.issue(1, 0)
    assert write is not None
    assert (2, HardState(1, None, was_admitted=True)) == (write.truncate_from, write.hard_state)


def test_a_truncation_that_takes_no_proof_away_writes_none(
    state: "State", make: "type[Make]"
) -> None:
    extend_log(state, (make.entry(3, 1, make.configuration(1, 2, 3)),))
    state.lane.issue(3, 0)

    truncate_log(state, 3)

    write = state.lane.issue(2, 0)
    assert write is not None
    assert None is write.hard_state
