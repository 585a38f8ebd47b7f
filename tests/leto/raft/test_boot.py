"""From what the disk held to a node's first state (§3.8)."""

from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.actions import RoleName
from leto.raft.entries import HardState, SnapshotMark
from leto.raft.errors import InvalidRestored
from leto.raft.leases import LEASE_MAX_US
from leto.raft.types import EntryId, NodeId

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Make


@pytest.fixture
def mark(make: "type[Make]") -> SnapshotMark:
    """A snapshot as of 5@2, behind which two trailing entries are kept."""
    return SnapshotMark(
        last_included=EntryId(2, 5),
        configuration=make.configuration(1, 2, 3),
        before_log=EntryId(1, 3),
    )


def test_a_blank_node_knows_nobody_and_nothing(make: "type[Make]") -> None:
    status = make.host(blank=True).status

    assert ((), 0, 0) == (status.configuration.members, status.current_term, status.commit_index)
    assert (RoleName.FOLLOWER, None) == (status.role, status.snapshot)


def test_a_founder_has_nothing_to_restore(make: "type[Make]") -> None:
    host = make.host()

    assert ([], make.configuration(1, 2, 3)) == (host.restores, host.status.configuration)


def test_term_vote_and_log_are_what_they_were(make: "type[Make]") -> None:
    host = make.host(term=4, voted_for=2, log=make.entries(1, 3))

    assert HardState(4, NodeId(2)) == HardState(host.term, host.status.voted_for)
    assert (EntryId(3, 2), 2) == (host.status.last_log, host.status.durable_index)
    assert (0, 0) == (host.status.commit_index, host.status.last_applied)


def test_what_the_snapshot_covers_is_committed_and_to_be_restored(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    host = make.host(snapshot=mark, log=make.entries(1, 2, 2, after=3))

    assert [mark] == [order.snapshot for order in host.restores]
    assert (5, 0, 6) == (
        host.status.commit_index,
        host.status.last_applied,
        host.status.durable_index,
    )
    assert 4 == host.status.first_index


def test_configurations_come_from_the_log_behind_the_snapshot(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    """One that lies before it, in a trailing entry, is older than the snapshot's own."""
    older = make.entry(4, 2, make.configuration(1))
    newer = make.entry(6, 2, make.configuration(1, 2, 3, 4))
    host = make.host(snapshot=mark, log=(older, make.entry(5, 2), newer))

    assert newer.payload == host.status.configuration
    assert (6, mark.configuration) == (
        host.status.configuration_index,
        host.status.committed_configuration,
    )


@pytest.mark.parametrize("terms, after", [((1, 1), 1), ((2, 1), 0)])
def test_a_log_with_gaps_or_falling_terms_was_misread(
    make: "type[Make]", terms: tuple[int, ...], after: int
) -> None:
    with pytest.raises(InvalidRestored, match=r"the log has .* after"):
        make.host(log=make.entries(*terms, after=after), term=2)


def test_a_log_that_does_not_reach_its_snapshot_was_misread(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    with pytest.raises(InvalidRestored, match=r"does not hold the entry 5@2 of its snapshot"):
        make.host(snapshot=mark, log=make.entries(2, after=3))


def test_a_snapshot_before_the_log_it_names_was_misread(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    with pytest.raises(InvalidRestored, match="does not hold"):
        make.host(snapshot=attrs.evolve(mark, before_log=EntryId(2, 9)), term=2)


def test_a_log_beyond_the_term_was_misread(make: "type[Make]", mark: SnapshotMark) -> None:
    with pytest.raises(InvalidRestored, match="the log ends in term 2, beyond the term 1"):
        make.host(snapshot=attrs.evolve(mark, before_log=mark.last_included), term=1)


def test_a_lease_beyond_what_voters_promise_was_misread(
    make: "type[Make]", mark: SnapshotMark
) -> None:
    longest = attrs.evolve(mark.configuration, lease_us=LEASE_MAX_US)
    too_long = attrs.evolve(mark.configuration, lease_us=LEASE_MAX_US + 1)

    host = make.host(
        snapshot=attrs.evolve(mark, configuration=longest), log=make.entries(1, 2, after=3)
    )

    assert LEASE_MAX_US == host.status.configuration.lease_us
    with pytest.raises(InvalidRestored, match="60000001"):
        make.host(log=(make.entry(1, 1, too_long),))
