"""No more is on its way, or goes in one piece, than the settings say."""

import pytest

from leto.raft import Config
from leto.raft.actions import Send
from leto.raft.config import MIB
from leto.raft.messages import AppendEntries
from leto.raft.progress import Mode
from leto.raft.status import FollowerStatus
from leto.raft.types import EntryId, NodeId
from leto_sim.checkers.windows import PIECES_HOLD, WINDOW_HOLDS, WINDOW_TAKES, Windows
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, entry, log_of

WEIGHT = entry(1, 1).size_bytes
TWO = Config(appends_in_flight_max=2)
TIGHT = Config(bytes_in_flight_max=WEIGHT + 1, append_bytes_max=2 * WEIGHT, apply_bytes_max=1)


class Leader:
    """Sends a follower entries."""

    def __init__(self, config: Config) -> None:
        self.windows = Windows(config)
        self.node = StandingNode(NodeId(1))
        self.match(0)

    def match(self, index: int, mode: Mode = Mode.REPLICATE) -> None:
        follower = FollowerStatus(
            node_id=NodeId(2), match_index=index, next_index=9, mode=mode, last_ack_at=0
        )
        self.node.status.followers_by_id = {NodeId(2): follower}

    def send(self, first: int, last: int, *, term: int = 1, to: int = 2) -> None:
        message = AppendEntries(
            term=term,
            round=1,
            prev=EntryId(1, first - 1),
            entries=tuple(entry(1, index) for index in range(first, last + 1)),
            leader_commit=0,
        )
        self.windows.sent(self.node, Send(NodeId(to), message))


def test_a_full_window_takes_no_more_messages() -> None:
    leader = Leader(TWO)
    leader.send(1, 1)
    leader.send(2, 2)

    with pytest.raises(PropertyViolated, match="2 messages of 0 bytes are on their way from id1"):
        leader.send(3, 3)


def test_nor_more_bytes() -> None:
    leader = Leader(TIGHT)
    leader.send(1, 2)

    with pytest.raises(PropertyViolated, match=WINDOW_HOLDS):
        leader.send(3, 3)


def test_what_is_acknowledged_leaves_room() -> None:
    leader = Leader(TWO)
    for index in range(1, 9):
        leader.match(index - 1)
        leader.send(index, index)


def test_who_begins_anew_has_lost_what_was_on_its_way() -> None:
    leader = Leader(TWO)
    for _ in range(3):
        leader.send(1, 1)
        leader.send(2, 2)
    leader.send(3, 3, term=2)


def test_who_probes_has_one_message_on_its_way() -> None:
    leader = Leader(TWO)
    leader.send(1, 1)
    leader.send(2, 2)

    leader.match(0, Mode.PROBE)

    leader.send(3, 3)
    leader.send(4, 4)


def test_heartbeats_and_others_are_not_counted() -> None:
    leader = Leader(TWO)
    for index in range(1, 9):
        leader.send(9, 8)
        leader.send(index, index, to=3)


def test_a_message_takes_one_entry_however_large_but_not_more() -> None:
    leader = Leader(Config(append_bytes_max=1))
    leader.send(1, 1)

    with pytest.raises(PropertyViolated, match="id1 sends 2 entries of"):
        leader.send(2, 3)


def test_bytes_are_counted_only_where_settings_are_tight() -> None:
    Leader(Config(append_bytes_max=MIB, bytes_in_flight_max=MIB)).send(1, 9)


def test_what_is_applied_at_once_is_bounded_too() -> None:
    leader = Leader(TIGHT)
    leader.windows.applied(leader.node, [entry(1, 1)])

    with pytest.raises(PropertyViolated, match=PIECES_HOLD):
        leader.windows.applied(leader.node, [entry(1, 2), entry(1, 3)])


def idle_leader() -> Leader:
    """Its log has nine entries, of which the first was sent, and has matched."""
    leader = Leader(TWO)
    leader.node.memory, leader.node.status.current_term = log_of(*[1] * 9), 1
    leader.send(1, 1)
    leader.match(1)
    return leader


def test_a_window_with_nothing_in_it_takes_what_there_is() -> None:
    leader = idle_leader()

    with pytest.raises(PropertyViolated, match=WINDOW_TAKES):
        leader.windows.timer_fired(leader.node)


def test_a_window_that_holds_something_may_wait() -> None:
    leader = idle_leader()

    leader.send(2, 8)

    leader.windows.timer_fired(leader.node)


def test_who_searches_has_everything_or_was_not_sent_anything_yet_may_wait() -> None:
    searching, done, new = idle_leader(), idle_leader(), idle_leader()

    searching.match(1, Mode.PROBE)
    done.node.memory = log_of(*[1] * 8)
    new.node.status.current_term = 2

    searching.windows.timer_fired(searching.node)
    done.windows.timer_fired(done.node)
    new.windows.timer_fired(new.node)
