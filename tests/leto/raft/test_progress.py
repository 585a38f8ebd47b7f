"""What the leader knows of one follower, and how much it may send it (§10.2.2)."""

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.raft.entries import SnapshotMark
from leto.raft.progress import Mode, Progress, Transfer
from leto.raft.types import NodeId

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Make


@pytest.fixture
def progress() -> Progress:
    return Progress(NodeId(2), next_index=5, last_ack_at=0)


def test_a_probe_begins_where_it_is_told_but_not_before_what_matched(progress: Progress) -> None:
    progress.advance(3)

    progress.become_probe(2)
    assert (Mode.PROBE, 4) == (progress.mode, progress.next_index)
    progress.become_probe(9)
    assert 9 == progress.next_index


def test_replication_begins_behind_what_matched(progress: Progress) -> None:
    progress.advance(3)

    progress.become_replicate()

    assert (Mode.REPLICATE, 4) == (progress.mode, progress.next_index)


def test_what_the_probe_carries_is_not_sent_again(progress: Progress) -> None:
    progress.become_probe(6)
    progress.probe = (9, 40)
    progress.advance(6)

    progress.become_replicate()

    assert 10 == progress.next_index
    assert (1, 40) == (progress.appends_in_flight, progress.bytes_in_flight)
    assert not progress.has_room(appends_max=9, bytes_max=40)
    progress.advance(9)
    assert progress.is_idle


def test_a_probe_that_carried_nothing_new_leaves_the_window_empty(progress: Progress) -> None:
    progress.become_probe(6)
    progress.probe = (5, 0)
    progress.advance(5)

    progress.become_replicate()

    assert (6, True) == (progress.next_index, progress.is_idle)


def test_the_window_counts_messages_and_bytes(progress: Progress) -> None:
    progress.sent(6, 100)
    progress.sent(7, 50)

    assert 8 == progress.next_index
    assert not progress.is_idle
    assert progress.has_room(appends_max=3, bytes_max=151)
    assert not progress.has_room(appends_max=2, bytes_max=151)
    assert not progress.has_room(appends_max=3, bytes_max=150)


def test_an_acknowledgement_makes_room(progress: Progress) -> None:
    progress.sent(6, 100)
    progress.sent(7, 50)

    assert progress.advance(6)
    assert progress.has_room(appends_max=2, bytes_max=51)
    assert not progress.advance(5)
    assert not progress.advance(6)
    assert progress.advance(7)

    assert progress.is_idle
    assert (7, 8) == (progress.match_index, progress.next_index)


def test_another_mode_forgets_what_is_on_its_way(make: "type[Make]") -> None:
    progress = Progress(NodeId(2), next_index=4, last_ack_at=0, probe=(7, 1))
    progress.sent(6, 100)
    mark = SnapshotMark(configuration=make.configuration(1))
    transfer = Transfer(1, mark, offset=0, reading=False, asked_at=0)

    progress.become_snapshot(transfer)

    assert (Mode.SNAPSHOT, transfer, None) == (progress.mode, progress.transfer, progress.probe)
    assert progress.is_idle
    progress.become_probe(4)
    assert progress.transfer is None


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("sent"), st.integers(1, 5)),
            st.tuples(st.just("acked"), st.integers(0, 60)),
            st.tuples(st.just("probe"), st.integers(0, 60)),
            st.tuples(st.just("replicate"), st.just(0)),
        )
    )
)
def test_match_stays_below_next_and_never_falls(steps: list[tuple[str, int]]) -> None:
    progress = Progress(NodeId(2), next_index=1, last_ack_at=0)
    last = 0

    for what, number in steps:
        before = progress.match_index
        match what:
            case "sent":
                progress.sent(progress.next_index + number - 1, number)
                last = max(last, progress.next_index - 1)
            case "acked":
                progress.advance(min(number, last))
            case "probe":
                progress.become_probe(min(number, last + 1))
            case _:
                progress.become_replicate()

        assert before <= progress.match_index < progress.next_index
        assert progress.is_idle == progress.has_room(appends_max=1, bytes_max=1)
