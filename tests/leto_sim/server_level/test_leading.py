"""What a leader puts into the log: with what stamps, and whether there is room for it."""

from collections.abc import Sequence

import pytest

from leto.raft.entries import Command, Entry, Noop
from leto.raft.types import EntryId
from leto.server import Limits
from leto.server.commit.batches import FORMAT_VERSION, HEADER
from leto_sim.result import PropertyViolated
from leto_sim.server_level.leading import Leading

SECOND = 1_000_000


class Leader:
    """It proposes entries, one after the other."""

    def __init__(self) -> None:
        self.watch = Leading("id1", Limits())
        self.index = 0

    def stamps(
        self,
        stamp_ms: int,
        now: int,
        *,
        term: int = 1,
        log: Sequence[Entry] = (),
        applied_ms: int = 0,
    ) -> Entry:
        self.index += 1
        data = HEADER.pack(FORMAT_VERSION, stamp_ms)
        entry = Entry(EntryId(term=term, index=self.index), Command(data))
        self.watch.proposes(entry, now, log, applied_ms)
        return entry


@pytest.fixture
def leader() -> Leader:
    leader = Leader()
    leader.stamps(10_000, SECOND)
    return leader


@pytest.mark.parametrize("stamp_ms", [10_998, 11_000, 11_001])
def test_within_a_term_time_passes_about_as_fast_as_it_does(leader: Leader, stamp_ms: int) -> None:
    leader.stamps(stamp_ms, 2 * SECOND)

    leader.watch.shows(stamp_ms, 1, 2 * SECOND)


@pytest.mark.parametrize("stamp_ms", [9_000, 10_900, 11_100, 86_410_000])
def test_a_leaders_time_neither_jumps_nor_stands(leader: Leader, stamp_ms: int) -> None:
    with pytest.raises(PropertyViolated, match=f"stamps {stamp_ms} after 10000, 1 s later"):
        leader.stamps(stamp_ms, 2 * SECOND)


def test_the_next_leader_begins_where_its_clock_is(leader: Leader) -> None:
    leader.stamps(90_000, 2 * SECOND, term=2)

    with pytest.raises(PropertyViolated, match="shows what was due at 89000 to who asked at 89998"):
        leader.watch.shows(89_000, 2, 2 * SECOND)


def test_what_is_due_by_the_leaders_clock_is_shown_to_nobody(leader: Leader) -> None:
    leader.stamps(11_000, 2 * SECOND)

    leader.watch.shows(10_500, 1, SECOND + 490_000)
    with pytest.raises(PropertyViolated, match="expired keys are nil on every node"):
        leader.watch.shows(10_500, 1, SECOND + 510_000)


def test_of_a_time_that_nothing_tells_nobody_can_judge(leader: Leader) -> None:
    leader.watch.shows(1, 1, SECOND - 1)
    leader.watch.shows(1, 2, 2 * SECOND)


@pytest.mark.parametrize("where", ["in its log", "applied"])
def test_a_new_leader_catches_up_with_what_was_stamped_before(where: str) -> None:
    leader = Leader()
    earlier = leader.stamps(50_000, SECOND)
    noop = Entry(EntryId(term=2, index=2), Noop())
    leader.watch.proposes(noop, SECOND, (), 0)
    if where == "applied":
        leader.stamps(10_000, SECOND, term=2, applied_ms=50_000)
    else:
        leader.stamps(10_000, SECOND, term=2, log=(earlier, noop))

    leader.stamps(50_990, 2 * SECOND, term=2)

    with pytest.raises(PropertyViolated, match="a leader's time passes evenly"):
        leader.stamps(53_000, 3 * SECOND, term=2)


def test_a_full_disk_takes_no_commands_until_there_is_room(leader: Leader) -> None:
    leader.watch.measured(0)
    with pytest.raises(PropertyViolated, match="a full disk takes no commands"):
        leader.stamps(10_001, SECOND + 1_000)

    leader.watch.measured(1 << 40)
    leader.stamps(10_001, SECOND + 1_000)
