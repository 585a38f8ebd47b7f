"""What a snapshot leaves of the log is what the settings say."""

import pytest

from leto.raft import Config
from leto.raft.actions import Write
from leto.raft.entries import SnapshotMark
from leto.raft.types import BEFORE_LOG, EntryId, Index
from leto_sim.checkers.trailing import TRAILS_AS_SET, check_trailing
from leto_sim.result import PropertyViolated
from tests.support.observed import entry, node_with_log, voters

WEIGHT = entry(1, 1).size_bytes
THREE_ENTRIES = Config(trailing_entries=3)
TWO_BY_WEIGHT = Config(trailing_bytes=2 * WEIGHT)


def name(first: Index, config: Config, *, truncate_from: Index | None = None) -> None:
    """Name a snapshot of the first six of eight entries, which drops those up to `first`."""
    node = node_with_log(1, *[1] * 8)
    before_log = EntryId(1, first) if first else BEFORE_LOG
    mark = SnapshotMark(last_included=EntryId(1, 6), configuration=voters(1), before_log=before_log)
    check_trailing(node, Write(seq=1, snapshot=mark, truncate_from=truncate_from), config)


@pytest.mark.parametrize("config, first", [(THREE_ENTRIES, 3), (TWO_BY_WEIGHT, 4), (Config(), 0)])
def test_as_many_as_there_is_room_for(config: Config, first: Index) -> None:
    name(first, config)


@pytest.mark.parametrize("config, first", [(THREE_ENTRIES, 2), (TWO_BY_WEIGHT, 3)])
def test_more_is_a_violation(config: Config, first: Index) -> None:
    with pytest.raises(PropertyViolated, match=TRAILS_AS_SET):
        name(first, config)


@pytest.mark.parametrize("config, first", [(THREE_ENTRIES, 4), (TWO_BY_WEIGHT, 5), (Config(), 1)])
def test_so_is_less(config: Config, first: Index) -> None:
    with pytest.raises(PropertyViolated, match=f"and drops {first}@1"):
        name(first, config)


def test_what_a_leader_sent_replaces_the_log() -> None:
    name(6, Config(), truncate_from=1)
