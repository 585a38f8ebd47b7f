"""A whole Leto node behind one door: facts in, orders out, bytes on both sides.

Responsible for what happens in one call, in this order, and for the end of the node:

    1. the fact reaches whom it concerns: a connection, the disk lane, the boot;
    2. what time has made due is done;
    3. core, batches, reads and replies feed each other until all is quiet;
    4. one chunk of a snapshot, and one order a link and a client with all its bytes.

A command's way: `connections` (bytes to requests) -> `routing` (read, write or the
node's own) -> `batches` (one log entry) -> `replica` (the core) -> `applier` (the state
machine) -> `slots` (its reply) -> `connections` (bytes again).
"""

from collections.abc import Callable, Sequence
from typing import Final, assert_never

from leto.kv import KeyValueMachine
from leto.raft.entries import Entry
from leto.raft.events import ReadPolicy
from leto.raft.types import Dice, Micros
from leto.resp import Request
from leto.server.clients import errors
from leto.server.clients.clients import Clients
from leto.server.clients.connections import ClientConnection
from leto.server.clients.slots import ReadSlot
from leto.server.commit.applier import Applier
from leto.server.commit.batches import Batches
from leto.server.commit.patience import Patience
from leto.server.commit.reads import Reads
from leto.server.commit.timekeeping import Timekeeper
from leto.server.console.desk import FrontDesk
from leto.server.console.survey import Consensus, Survey
from leto.server.disk.boot import Boot
from leto.server.disk.disk_lane import DiskLane
from leto.server.disk.room import DiskRoom
from leto.server.identity import Identity
from leto.server.live_node import EXIT_DATA, LiveNode, Parts
from leto.server.machine import Machine
from leto.server.peers.door import accept_both
from leto.server.program.program import Program
from leto.server.routing import Router
from leto.server.settings import ReadMode, Settings
from leto.server.switchboard import Switchboard
from leto.server.turn import Turn, earliest
from leto.server.world import (
    BytesReceived,
    ClockTicked,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionDialled,
    DialFailed,
    DiskJobDone,
    DiskJobFailed,
    DiskRoomMeasured,
    Fact,
    Order,
    OutputBacklog,
    Port,
    Started,
    Stop,
    StopRequested,
)
from leto.wal import Opened

_POLICIES: Final = {
    ReadMode.LINEARIZABLE: ReadPolicy.INDEX,
    ReadMode.LEASE: ReadPolicy.LEASE,
    ReadMode.LOCAL: ReadPolicy.INDEX,  # for those that ask no leave it is never used
}


class Server:
    """One node of a cluster, from its disk's bytes to its clients' bytes.

    Args:
        settings: what the operator decided.
        rng: a seeded generator: for the node's id, election timeouts and retries.
        observer: called with the entries of each `Apply`, when they have been applied.
        machine: what is replicated, fresh; unless given, keys and values. A program's own
            is an `ObjectMachine`, whose commands `program` takes.
    """

    def __init__(
        self,
        settings: Settings,
        rng: Dice,
        observer: Callable[[tuple[Entry, ...]], None] | None = None,
        machine: Machine | None = None,
    ) -> None:
        self.settings = settings
        limits = settings.limits
        turn = self._turn = Turn()
        machine = KeyValueMachine() if machine is None else machine
        self._switchboard = Switchboard(turn)
        self._lane = DiskLane(turn)
        self._room = DiskRoom(turn, limits.disk_reserve_bytes)
        self._batches = Batches(limits)
        timekeeper = Timekeeper(turn, machine, self._batches, limits)
        self._reads = Reads(turn, machine, timekeeper, _POLICIES[settings.reads])
        self._parts = Parts(
            settings=settings,
            dice=rng,
            turn=turn,
            switchboard=self._switchboard,
            lane=self._lane,
            content=machine,
            batches=self._batches,
            applier=Applier(machine, self._batches),
            timekeeper=timekeeper,
            reads=self._reads,
            observer=observer,
            stop=self._end,
        )
        self._patience = Patience(limits.reply_within_us, self._batches)
        self._clients = Clients(turn, self._switchboard, limits, serve=self._serve, read=self._read)
        self._survey = Survey(
            settings=settings,
            turn=turn,
            machine=machine,
            clients=self._clients,
            applier=self._parts.applier,
            room=self._room,
        )
        self._desk = FrontDesk(self._survey, self._patience)
        self._program = Program(self._batches, self._desk, self._survey, limits.write_bytes_max)
        self._router = Router(
            turn,
            self._batches,
            self._reads,
            self._desk,
            write_bytes_max=limits.write_bytes_max,
            has_keys=machine.serves_keys,
        )
        self._boot = Boot(
            turn,
            self._lane,
            settings,
            rng,
            ready=self._go_live,
            unusable=lambda text: self._end(EXIT_DATA, text),
        )
        self._node: LiveNode | None = None
        self._stop_by: Micros | None = None
        self._has_ended = False

    @property
    def status(self) -> Survey:
        """What may be seen of the node."""
        return self._survey

    @property
    def program(self) -> Program:
        """What the program asks for in which this server runs."""
        return self._program

    @property
    def deadline(self) -> Micros | None:
        """Call `handle(ClockTicked(), ...)` no later than this; None if there is no need."""
        if self._has_ended:
            return None
        node = self._node.deadline if self._node is not None else None
        return earliest(node, self._patience.deadline, self._clients.deadline, self._stop_by)

    def handle(self, fact: Fact, now: Micros, unix_ms: int) -> Sequence[Order]:
        """Take in one fact; what comes back may be performed at once, in order."""
        if self._has_ended:
            return ()
        self._turn.begin(now, unix_ms)
        if self._node is not None:
            self._node.replica.begin_turn()
        self._take_in(fact)
        self._settle()
        return self._turn.take()

    # --- 1. the fact -------------------------------------------------------------------

    def _take_in(self, fact: Fact) -> None:
        match fact:
            case BytesReceived(connection=connection, data=data):
                self._switchboard.received(connection, data)
            case DiskJobDone(job=job, data=data):
                self._lane.done(job, data)
            case ClockTicked():
                pass  # every turn does what is due
            case OutputBacklog(connection=connection, unsent_bytes=unsent_bytes):
                self._switchboard.backlog(connection, unsent_bytes)
            case ConnectionAccepted():
                self._switchboard.accepted(fact)
            case ConnectionClosed():
                self._switchboard.closed(fact)
            case ConnectionDialled():
                self._switchboard.dialled(fact)
            case DialFailed():
                self._switchboard.dial_failed(fact)
            case DiskJobFailed(reason=reason):
                self._disk_failed(reason)
            case DiskRoomMeasured(free_bytes=free_bytes):
                self._measure_room(free_bytes)
            case Started(files=files):
                self._survey.started_at = self._turn.now
                self._parts.timekeeper.start()
                self._switchboard.listen(Port.CLIENT, self._clients.accept)
                self._boot.start(files)
            case StopRequested(reason=reason):
                self._begin_to_stop(reason)
            case _:
                assert_never(fact)

    def _disk_failed(self, reason: str) -> None:
        self._lane.fail()
        if self._node is None:
            self._end(EXIT_DATA, f"the data directory cannot be read or written: {reason}")
        else:
            self._node.disk_failed(reason)

    def _measure_room(self, free_bytes: int) -> None:
        raft = self._survey.raft
        mark = raft.snapshot if raft is not None else None
        if (
            self._room.measured(free_bytes, mark.size_bytes if mark is not None else 0)
            and self._node is not None
        ):
            self._node.disk_room_changed(has_room=self._room.has_room)

    def _go_live(self, opened: Opened, identity: Identity) -> None:
        node = LiveNode(self._parts, opened, identity)
        self._node = self._desk.node = node
        nodes, people = node.links.accept, self._clients.accept
        accept = accept_both(nodes, people) if self.settings.has_one_port else nodes
        self._switchboard.listen(Port.PEER, accept)
        self._survey.consensus = Consensus(
            raft=node.replica.status, identity=identity, storage=node.storage, links=node.links
        )
        node.replica.begin_turn()
        node.disk_room_changed(has_room=self._room.has_room)

    def _read(self, slot: ReadSlot, bytes_max: int) -> bool:
        is_done = self._reads.do(slot, bytes_max)
        if slot.rest is not None:
            self._patience.owe(slot.rest)
        return is_done

    def _serve(self, connection: ClientConnection, requests: list[Request]) -> None:
        self._router.serve(connection, requests)

    # --- 2., 3. and 4. -----------------------------------------------------------------

    def _settle(self) -> None:
        self._patience.end_overdue(self._turn.now)
        self._clients.go_on()
        node = self._node
        if node is not None:
            node.tick()
            self._program.serve(node)
        while not self._has_ended:
            if node is not None:
                node.run()
            if not self._clients.flush():
                break
        if node is not None and not self._has_ended:
            node.end_turn()
        if self._stop_by is not None and not self._has_ended:
            self._stop_if_quiet(self._stop_by)

    # --- the end -------------------------------------------------------------------------

    def _begin_to_stop(self, reason: str) -> None:
        if self._stop_by is not None:
            return  # who asks again does not put it off
        self._turn.info("stopping", reason=reason)
        self._desk.is_stopping = True
        self._batches.withdraw(errors.STOPPING)
        self._stop_by = self._turn.now + self.settings.limits.stop_within_us
        if self._node is not None:
            self._node.retire()

    def _stop_if_quiet(self, stop_by: Micros) -> None:
        """Stop once everybody has been answered, and a leader has been relieved."""
        is_retiring = self._node is not None and self._node.is_retiring
        if self._turn.now >= stop_by or not (self._patience.is_owing or is_retiring):
            self._end(0, "")

    def _end(self, exit_code: int, message: str) -> None:
        """Answer everybody as well as can be, and end the node."""
        if self._has_ended:
            return
        self._has_ended = True
        self._desk.is_stopping = True
        self._batches.withdraw(errors.STOPPING)
        self._patience.end(self._turn.now)
        while self._clients.flush():
            pass
        if self._node is not None:
            self._node.links.say_goodbye(message or "this node stops")
        self._turn.order(Stop(exit_code, message))
