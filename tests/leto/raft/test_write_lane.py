"""The one ordered lane of writes (§3.8)."""

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.raft.actions import Send
from leto.raft.entries import HardState, SnapshotChunk, SnapshotMark
from leto.raft.errors import EventOutOfOrder
from leto.raft.messages import ReadIndex
from leto.raft.types import EntryId, NodeId
from leto.raft.write_lane import HELD_MAX, WriteLane

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Make


def message(number: int) -> Send:
    return Send(NodeId(2), ReadIndex(term=1, read=number))


def test_one_call_makes_one_write(make: "type[Make]") -> None:
    lane = WriteLane(durable_index=0)
    chunk = SnapshotChunk(last_included=EntryId(1, 1), offset=0, data=b"x")
    mark = SnapshotMark(configuration=make.configuration(1))

    lane.record_hard_state(HardState(1, None))
    lane.record_hard_state(HardState(1, NodeId(2)))
    lane.record_truncation(3)
    lane.record_entries(make.entries(1, after=2))
    lane.record_entries(make.entries(1, after=3))
    lane.record_chunk(chunk)
    lane.record_snapshot(mark)
    write = lane.issue(last_index=4, now=0)

    assert write is not None
    assert (1, HardState(1, NodeId(2)), 3) == (write.seq, write.hard_state, write.truncate_from)
    assert make.entries(1, 1, after=2) == write.entries
    assert (chunk, mark) == (write.chunk, write.snapshot)
    assert lane.issue(last_index=4, now=0) is None


def test_writes_are_numbered_one_after_the_other() -> None:
    lane = WriteLane(durable_index=0)

    for seq in (1, 2, 3):
        assert seq - 1 == lane.latest
        lane.record_hard_state(HardState(seq, None))
        assert (seq, seq) == (lane.latest, lane.hard_state_seq)
        write = lane.issue(last_index=0, now=0)
        assert write is not None
        assert seq == write.seq


def test_no_message_waits_for_what_stands_beside_term_and_vote() -> None:
    lane = WriteLane(durable_index=0)

    lane.record_admission(HardState(1, None, was_admitted=True))
    write = lane.issue(last_index=0, now=0)

    assert write is not None
    assert (HardState(1, None, was_admitted=True), 0) == (write.hard_state, lane.hard_state_seq)


def test_entries_are_durable_once_their_write_is(make: "type[Make]") -> None:
    lane = WriteLane(durable_index=0)
    for index in (1, 2, 3):
        lane.record_entries(make.entries(1, after=index - 1))
        lane.issue(last_index=index, now=0)

    assert 0 == lane.durable_index
    lane.complete(2)
    assert 2 == lane.durable_index
    lane.complete(3)
    assert 3 == lane.durable_index


def test_a_write_does_not_count_entries_that_a_later_one_truncated(make: "type[Make]") -> None:
    lane = WriteLane(durable_index=2)
    lane.record_entries(make.entries(1, 1, after=2))
    lane.issue(last_index=4, now=0)
    lane.record_truncation(2)
    lane.record_entries(make.entries(2, 2, 2, after=1))
    lane.issue(last_index=4, now=0)

    assert 1 == lane.durable_index
    lane.complete(1)
    assert 1 == lane.durable_index
    lane.complete(2)
    assert 4 == lane.durable_index


@pytest.mark.parametrize("seq", [-1, 0, 1, 4])
def test_what_is_not_outstanding_cannot_become_durable(seq: int) -> None:
    lane = WriteLane(durable_index=0)
    for term in (1, 2, 3):
        lane.record_hard_state(HardState(term, None))
        lane.issue(last_index=0, now=0)
    lane.complete(1)

    with pytest.raises(EventOutOfOrder, match=f"written {seq}, but 1 was the last and 3"):
        lane.complete(seq)

    assert 1 == lane.written


def test_a_held_message_leaves_with_its_write_in_the_order_of_holding() -> None:
    lane = WriteLane(durable_index=0)
    for term in (1, 2, 3):
        lane.record_hard_state(HardState(term, None))
        lane.issue(last_index=0, now=0)
    lane.hold(message(1), after=2)
    lane.hold(message(2), after=1)
    lane.hold(message(3), after=3)

    assert [] == lane.complete(1)
    assert [message(1), message(2)] == lane.complete(2)
    assert [message(3)] == lane.complete(3)


def test_the_oldest_write_tells_whether_the_disk_hangs() -> None:
    lane = WriteLane(durable_index=0)
    seen = [lane.has_hung(1000, 50)]

    for term, now in ((1, 100), (2, 200)):
        lane.record_hard_state(HardState(term, None))
        lane.issue(last_index=0, now=now)
    seen += [lane.has_hung(now, 50) for now in (150, 151)]
    lane.complete(1)
    seen += [lane.has_hung(now, 50) for now in (250, 251)]

    assert [False, False, True, False, True] == seen


def test_what_is_held_is_bounded() -> None:
    lane = WriteLane(durable_index=0)
    lane.record_hard_state(HardState(1, None))
    lane.issue(last_index=0, now=0)

    for term in range(HELD_MAX + 1):
        lane.hold(message(term), after=1)

    assert [message(term) for term in range(HELD_MAX)] == lane.complete(1)


def test_a_write_truncates_once_and_before_it_appends(make: "type[Make]") -> None:
    lane = WriteLane(durable_index=0)
    lane.record_truncation(3)
    with pytest.raises(AssertionError, match="truncates once"):
        lane.record_truncation(2)

    lane.record_entries(make.entries(1, after=2))
    with pytest.raises(AssertionError, match="before it appends"):
        lane.record_truncation(2)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 3)),
        st.tuples(st.just("truncate"), st.integers(0, 5)),
        st.tuples(st.just("complete"), st.integers(1, 4)),
    ),
    max_size=30,
)


@given(steps)
def test_durable_is_what_a_disk_that_performs_the_writes_shares_with_the_log(
    steps: list[tuple[str, int]],
) -> None:
    """The lane's arithmetic against lists: entries are told apart by the step that made them."""
    lane = WriteLane(durable_index=0)
    log: list[int] = []
    disk: list[int] = []
    queue: list[tuple[int, list[int]]] = []

    for step, (what, number) in enumerate(steps):
        if what == "complete":
            if queue:
                done, queue = queue[:number], queue[number:]
                lane.complete(done[-1][0])
                disk = done[-1][1]
        else:
            if what == "truncate":
                log = log[: max(0, len(log) - number)]
                lane.record_truncation(len(log) + 1)
            log = [*log, *[step] * number]
            lane.record_entries(())
            write = lane.issue(last_index=len(log), now=step)
            assert write is not None
            queue.append((write.seq, log))

        shared = next((i for i, (a, b) in enumerate(zip(log, disk, strict=False)) if a != b), None)
        expected = min(len(log), len(disk)) if shared is None else shared
        assert lane.durable_index <= expected
        if not queue:
            assert len(log) == lane.durable_index
