"""Watches whole servers: shows each one's life to the checkers, event by event.

Responsible for turning what a process is told and orders into what the checkers of
`leto_sim.checkers` want to know: the writes that it orders (read from the bytes it
writes), the writes that become durable (read from the platters), the entries that it
applies, what it says to its peers, the role that it plays. The only things taken from
inside a server are its status and the entries it applied.
"""

from typing import Final

from leto.raft.actions import RoleName, Write
from leto.raft.entries import Entry, SnapshotMark
from leto.raft.status import Status
from leto.raft.types import Index, Micros, NodeId
from leto.resp import OK, Reply
from leto.server import Limits, Server
from leto.server.program import Program
from leto.server.world import (
    BytesReceived,
    ClockTicked,
    Close,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionId,
    DiskJob,
    DiskJobDone,
    DiskRoomMeasured,
    Fact,
    Order,
    Port,
    Stop,
    StopRequested,
    Transmit,
    WriteAt,
)
from leto.wal import SegmentReader, has_file, segment_number
from leto_sim.checkers.panel import Panel
from leto_sim.platter import LogImage, Platter
from leto_sim.result import PropertyViolated
from leto_sim.server_level.leading import Leading
from leto_sim.server_level.lookout import ServerLookout
from leto_sim.server_level.overheard import Overheard
from leto_sim.server_level.own_machine import OwnMachine
from leto_sim.server_level.platter import ServerPlatter
from leto_sim.server_level.promises import Promises
from leto_sim.server_level.punctuality import Punctuality, Told
from leto_sim.server_level.sights import ONLY_SET, Sights
from leto_sim.server_level.stopping import Stopping
from leto_sim.sometimes import Situation

NOT_CLOSED: Final = "a connection is never closed in place of an answer"
LEFT_FOR_GOOD: Final = "who is said to have left is in no committed configuration"
STRANGER_REFUSED: Final = "who has lost the data is a stranger until the old member has left"
_LEADER: Final = RoleName.LEADER  # looked up once
_NOBODY: Final = NodeId(0)


class ServerLife:
    """One life of a server, as the checkers see it (`checkers.observed.Observed`)."""

    def __init__(
        self,
        name: str,
        disk: ServerPlatter,
        panel: Panel,
        promises: Promises,
        limits: Limits,
        own_machine: OwnMachine | None = None,
    ) -> None:
        self.name = name
        self.memory = LogImage()
        self.own_machine = own_machine  # a user's, if that is what is replicated
        self.replaces: NodeId | None = None  # the member of its name whose data is lost
        self._disk = disk
        self._panel = panel
        self._promises = promises
        self._lookout = ServerLookout(panel.lookout.sometimes)
        self._server: Server | None = None
        self._node_id = _NOBODY  # once it takes part
        self._status: Status | None = None  # the same
        self._ordered = SegmentReader(0)
        self._ordered_file = ""  # the last one that was written to
        self._applied: list[Entry] = []  # since the last event
        self._named: SnapshotMark | None = None  # in the write that became durable now
        self._applied_until: Index = 0
        self._clients: dict[ConnectionId, None] = {}
        self._overheard = Overheard()
        self._limits = limits
        self._punctuality = Punctuality(name, limits)
        self._told: list[Told] = []  # in this event
        self._sights = Sights(name, promises.place_of)
        self._leading = Leading(name, limits)
        self._is_stopping = False
        self._stopping: Stopping | None = None  # since it was asked to
        self._is_admitted = False  # in this life, in another's place

    # --- what the checkers see -----------------------------------------------------------

    @property
    def node_id(self) -> NodeId:
        """Who it is."""
        return self._node_id

    @property
    def status(self) -> Status:
        """What it says of itself."""
        assert self._status is not None, "asked only once it takes part"
        return self._status

    @property
    def platter(self) -> Platter:
        """What a power cut would leave of it."""
        return self._disk.platter

    @property
    def has_begun(self) -> bool:
        """Whether it takes part in the protocol."""
        return self._status is not None

    @property
    def program(self) -> Program:
        """What the program around the server may ask of it."""
        assert self._server is not None, "who takes part runs"
        return self._server.program

    @property
    def server(self) -> Server:
        """What the life is of, for those who look at what it holds."""
        assert self._server is not None, "who takes part runs"
        return self._server

    # --- what it is told and orders ------------------------------------------------------

    def runs(self, server: Server) -> None:
        """This is the program whose life it is."""
        self._server = server

    def applies(self, entries: tuple[Entry, ...]) -> None:
        """The server has applied these entries; it says so while it handles a fact."""
        self._applied.extend(entries)

    def told(self, fact: Fact, now: Micros) -> None:
        """The server is about to be told this."""
        kind = type(fact)
        if kind is ClockTicked:
            return  # it says nothing
        self._overheard.told(fact)
        self._punctuality.told(fact, now)
        if kind is BytesReceived:
            return  # half of all facts, and nobody else's
        self._lookout.told(fact)
        match fact:
            case DiskJobDone():
                self._disk.catch_up(self._write_durable)
                if self._named is not None:
                    self._check_named(self._named)
            case ConnectionAccepted(connection=connection, port=Port.CLIENT):
                self._clients[connection] = None
            case ConnectionClosed(connection=connection):
                self._clients.pop(connection, None)
            case DiskRoomMeasured(free_bytes=free_bytes):
                self._leading.measured(free_bytes)
            case StopRequested():
                self._is_stopping = True
                self._asked_to_stop(now)
            case _:
                pass

    def ordered(self, order: Order, now: Micros) -> None:
        """The server orders this."""
        if self._status is None:
            self._begin_if_ready()
        self._lookout.ordered(order)
        match order:
            case Transmit():
                self._told += self._punctuality.transmitted(order, now)
                for send in self._overheard.transmitted(order):
                    self._panel.sent(self, send)
                    if self._stopping is not None:
                        self._stopping.sends(send)
            case DiskJob(steps=steps):
                for step in steps:
                    if isinstance(step, WriteAt):
                        self._wrote(step, now)
            case Close(connection=connection) if connection in self._clients:
                has_left = self._punctuality.closed(connection)
                if not (has_left or self._is_stopping):
                    raise self._violation(NOT_CLOSED, f"closes client connection {connection}")
            case Stop(exit_code=exit_code):
                self._is_stopping = True
                if self._stopping is not None and exit_code == 0:
                    watch = self._punctuality
                    self._stopping.stopped(
                        now, is_owing=watch.owes_readers, gave_up=watch.gave_up_early
                    )
            case _:
                pass

    def handled(self, now: Micros) -> None:
        """The fact has been dealt with."""
        self._punctuality.handled(now)
        if self._stopping is not None:
            self._stopping.handled(now, is_owing=self._punctuality.owes)
        if self._status is None:
            self._begin_if_ready()
            if self._status is None:
                return
        self._panel.handled(self)
        if self._applied:
            self._check_applied()
        if self._told:
            self._check_told()
        if self.replaces is not None:
            self._check_stranger(self.replaces)

    def ended(self) -> None:
        """The process is no more."""
        if self._status is not None:
            self._panel.node_ended(self)

    # --- inside --------------------------------------------------------------------------

    def _asked_to_stop(self, now: Micros) -> None:
        if self._server is not None and self._stopping is None:
            transfer_us = self._server.settings.raft.election_timeout_max_us
            self._stopping = Stopping(self.name, self._limits, self._status, now, transfer_us)

    def _begin_if_ready(self) -> None:
        consensus = None if self._server is None else self._server.status.consensus
        if consensus is None:
            return
        self._status = consensus.raft
        self._node_id = self._disk.node_id or _NOBODY
        self._disk.begin_life()
        self.memory = self._disk.memory()
        self._panel.node_started(self)

    def _wrote(self, step: WriteAt, now: Micros) -> None:
        """Bytes are to be appended to a file; of the log's, every write in them is ordered."""
        if step.file != self._ordered_file:
            number = segment_number(step.file)
            if number is None:
                return
            self._ordered = SegmentReader(number, self._disk.records.ordered)
            self._ordered_file = step.file
        for frame in self._ordered.feed(step.data):
            if isinstance(frame.record, Write) and self._status is not None:
                self._write_issued(frame.record, now)

    def _write_issued(self, write: Write, now: Micros) -> None:
        self._panel.write_issued(self, write)
        status = self.status
        if write.entries and status.role is _LEADER:
            for entry in write.entries:
                if entry.id.term == status.current_term:
                    stamp_ms = self._promises.sessions.stamp_ms
                    self._leading.proposes(entry, now, self.memory.entries, stamp_ms)
                    if self._stopping is not None:
                        self._stopping.proposes(entry)
        self.memory.perform(write)
        if write.snapshot is not None:
            self.memory.compact(write.snapshot.before_log)

    def _write_durable(self, write: Write) -> None:
        self._panel.write_durable(self, write)
        if write.snapshot is not None:
            self._named = write.snapshot

    def _check_named(self, mark: SnapshotMark) -> None:
        """A snapshot is named, our own or a leader's: it is what was committed until there."""
        self._named = None
        if has_file(mark):
            index = mark.last_included.index
            self._panel.has_content(self, index, self.platter.content(mark))

    def _check_told(self) -> None:
        """What clients were answered in this event, once the log is known that it rests on."""
        answers, self._told = self._told, []
        for told in answers:
            subject = told.request[1]
            if told.request[0] == b"LEAVE":
                self._check_left(subject, told.reply)
            elif subject.startswith(ONLY_SET):
                self._sights.shown(told.connection, subject, told.reply)
            elif isinstance(told.reply, bytes):
                self._check_shown(told.reply, told.asked_at)

    def _check_left(self, name: bytes, reply: Reply) -> None:
        """OK means that it is committed (§4.1): what is not may be rolled back."""
        committed = self._panel.configurations.committed(self._panel.ledger)
        if reply == OK and committed is not None and committed.named(name.decode()) is not None:
            raise self._violation(LEFT_FOR_GOOD, f"says that {name.decode()} has left")

    def _check_shown(self, value: bytes, asked_at: Micros) -> None:
        """A client is shown a key that will expire: not if it was due already, for a leader."""
        due_ms, status = self._promises.due_ms(value), self.status
        if due_ms is not None and status.role is _LEADER:
            self._leading.shows(due_ms, status.current_term, asked_at)

    def _check_applied(self) -> None:
        entries, self._applied = self._applied, []
        first = entries[0].id.index
        mark = self.platter.snapshot
        if first != self._applied_until + 1 and mark is not None:
            # The state machine did not come here by applying: a snapshot was restored.
            index = mark.last_included.index
            self._panel.safety.restored(self, index, self.platter.content(mark))
        self._panel.safety.applied(self, entries)
        self._applied_until = entries[-1].id.index
        self._promises.applied(entries)
        if self.own_machine is not None:
            self.own_machine.compare(self, entries, self._panel.determinism)

    def _check_stranger(self, lost: NodeId) -> None:
        configuration = self.status.configuration
        if configuration.member(lost) is not None and configuration.member(self.node_id):
            raise self._violation(
                STRANGER_REFUSED, f"is a member beside {lost}, whose name it bears"
            )
        committed = self.status.committed_configuration
        if not self._is_admitted and committed.member(self.node_id) is not None:
            self._is_admitted = True
            self._panel.lookout.sometimes.occurred(Situation.STRANGER_ADMITTED)

    def _violation(self, property_name: str, what: str) -> PropertyViolated:
        return PropertyViolated(property_name, f"{self.name} {what}", node=self.name)
