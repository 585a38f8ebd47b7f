"""What the leader knows of one follower, and how much it may send it.

Responsible for the three modes of replication and the window of unacknowledged
messages (§10.2.2). It sends nothing: `leto.raft.replication` does.

    probe      one message at a time, to find where the logs agree (§3.5)
    replicate  as many as the window takes, optimistically
    snapshot   the entries it needs are compacted: chunks of a snapshot instead

             found a match                     entries needed are compacted
    probe  ──────────────────> replicate ──┐  (from either)
      ^  <──────────────────      │        v
      │    rejected, or lost      └──> snapshot
      └────────────────────────────────────┘  installed, or given up

Invariants:
    1. `0 <= match_index < next_index`; within a term `match_index` never falls.
    2. In snapshot mode there is a transfer; in the others there is none.
"""

from collections import deque
from enum import Enum

import attrs

from leto.raft.entries import SnapshotMark
from leto.raft.types import Index, Micros, NodeId


class Mode(Enum):
    """How entries reach a follower."""

    PROBE = "probe"
    REPLICATE = "replicate"
    SNAPSHOT = "snapshot"


@attrs.define
class Transfer:
    """A snapshot on its way to a follower, one chunk at a time."""

    id: int
    snapshot: SnapshotMark
    offset: int
    reading: bool  # a ReadSnapshotChunk is outstanding
    asked_at: Micros  # when the chunk at `offset` was read or sent, or began to wait
    is_waiting: bool = False  # until others' chunks have left room in the window
    was_lost: bool = False  # the latest chunk was, or nobody is there: others go first


@attrs.define
class Progress:
    """One follower as its leader sees it. Written by replication, snapshots, membership."""

    node_id: NodeId
    next_index: Index
    last_ack_at: Micros
    match_index: Index = 0
    acked_round: int = 0
    mode: Mode = Mode.PROBE
    # Up to where the one probe that was sent carries entries, and how many bytes of them.
    probe: tuple[Index, int] | None = None
    commit_sent: Index = 0  # the largest leader_commit told
    transfer: Transfer | None = None
    catch_up_to: Index = 0  # §4.2.1: where the log ended when this round began
    is_full: bool = False  # its disk is, as it says: it takes no commands
    leaving_since: Micros | None = None  # removed, but to be told so
    _in_flight: deque[tuple[Index, int]] = attrs.field(factory=deque[tuple[Index, int]])
    _bytes_in_flight: int = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way that would carry news."""
        return not self._in_flight

    @property
    def appends_in_flight(self) -> int:
        """How many messages with entries are not acknowledged yet."""
        return len(self._in_flight)

    @property
    def bytes_in_flight(self) -> int:
        """The bytes of their entries."""
        return self._bytes_in_flight

    def has_room(self, *, appends_max: int, bytes_max: int) -> bool:
        """Whether the window takes another message."""
        return len(self._in_flight) < appends_max and self._bytes_in_flight < bytes_max

    def sent(self, last_index: Index, size_bytes: int) -> None:
        """Entries up to `last_index` are on their way."""
        self._in_flight.append((last_index, size_bytes))
        self._bytes_in_flight += size_bytes
        self.next_index = last_index + 1

    def advance(self, match_index: Index) -> bool:
        """The follower holds the log durably up to `match_index`. False if that is no news."""
        while self._in_flight and self._in_flight[0][0] <= match_index:
            self._bytes_in_flight -= self._in_flight.popleft()[1]
        if match_index <= self.match_index:
            return False
        self.match_index = match_index
        self.next_index = max(self.next_index, match_index + 1)
        return True

    def become_probe(self, next_index: Index) -> None:
        """Look for the match from there on, one message at a time."""
        self._enter(Mode.PROBE)
        self.next_index = max(next_index, self.match_index + 1)

    def become_replicate(self) -> None:
        """The match is found: send optimistically from behind it, and behind the probe.

        What the probe carries fits as well as what it follows. If it was lost, the
        answer to the next heartbeat says so.
        """
        probe = self.probe
        self._enter(Mode.REPLICATE)
        self.next_index = self.match_index + 1
        if probe is not None and probe[0] > self.match_index:
            self.sent(*probe)

    def become_snapshot(self, transfer: Transfer) -> None:
        """Send a snapshot."""
        self._enter(Mode.SNAPSHOT)
        self.transfer = transfer

    def _enter(self, mode: Mode) -> None:
        self.mode = mode
        self.probe = None
        self.transfer = None
        self._in_flight.clear()
        self._bytes_in_flight = 0
