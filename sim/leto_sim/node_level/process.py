"""A node in one of its lives: from its start to the crash that ends it.

Responsible for driving a `leto.raft.Node`: it tells it what happens, performs what
it orders, and lets the checkers see both. How long the disk and the state machine take
is theirs: `leto_sim.node_level.disk`, `leto_sim.node_level.machine_work`.

Invariants:
    1. An order is performed at once, or later in the order in which it was given.
    2. After its end a process tells nobody anything, and is told nothing.
    3. While paused it handles nothing, while slow one event after the other; what
       happens meanwhile waits for it, and messages beyond `BACKLOG_MAX` are lost.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeAlias

from leto.machine import StateMachine
from leto.raft import Config, Node
from leto.raft.actions import (
    Action,
    AnnounceRole,
    Answer,
    Apply,
    Compact,
    FailStop,
    Outcome,
    ReadSnapshotChunk,
    RestoreSnapshot,
    RoleName,
    Send,
    TakeSnapshot,
    Trace,
    Write,
)
from leto.raft.entries import Restored
from leto.raft.errors import LetoError
from leto.raft.events import (
    DiskRoomChanged,
    Event,
    MessageReceived,
    PeerGone,
    TimerFired,
    WriteFailed,
    Written,
)
from leto.raft.messages import Message
from leto.raft.traces import describe
from leto.raft.types import Micros, NodeId, RequestId, Seq
from leto_sim.checkers.panel import Panel
from leto_sim.checkers.requests import Requested
from leto_sim.clock import NEVER, Clock
from leto_sim.descriptions import describe_event
from leto_sim.journal import Journal, Lanes
from leto_sim.node_level.canonical import FORMS, canonical_write
from leto_sim.node_level.datagrams import Datagrams
from leto_sim.node_level.disk import Disk, DiskSpeed
from leto_sim.node_level.machine_work import MachineWork
from leto_sim.node_level.replica import Replica
from leto_sim.parts import Parts
from leto_sim.platter import LogImage, Platter
from leto_sim.randomness import Draws, stream
from leto_sim.result import PropertyViolated
from leto_sim.scheduler import Scheduler

BACKLOG_MAX = 2_000
"""Messages that wait for a process that does not get to them, as in a socket's buffer."""

HEALTHY_CORE = "the core keeps its own invariants"
_MISTAKES = (
    AssertionError,
    LetoError,
    ArithmeticError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)

Trap: TypeAlias = tuple[str, Callable[[], None]]
"""The name of a message, and what is to be done as soon as one has been sent."""
Listener: TypeAlias = Callable[[Outcome | None], None]
"""Is told a request's outcome, or None if the process ended before it was known."""


class World(Protocol):
    """What a process needs of the world that it lives in."""

    scheduler: Scheduler
    journal: Journal
    panel: Panel
    seed: int

    network: Datagrams
    traps: dict[NodeId, Trap]

    def try_trap(self, source: NodeId, message: Message) -> None:
        """The node has sent a message; asked while there are traps."""
        ...

    def elected(self, process: "Process") -> None:
        """The process's node has become leader."""
        ...

    def lanes(self) -> Lanes:
        """How every node stands, for a trace."""
        ...

    def name_of(self, node_id: NodeId) -> str:
        """What people call that node."""
        ...

    def taken_in(self, process: "Process", event: MessageReceived) -> None:
        """In a traced run: the process begins to handle a message."""
        ...


class Process:
    """One life of a node."""

    def __init__(
        self,
        world: World,
        *,
        name: str,
        config: Config,
        restored: Restored,
        platter: Platter,
        disk_speed: DiskSpeed,
        machine_us: Micros,
        clock_drift: float,
        parts: Parts,
    ) -> None:
        names = (restored.node_id, restored.incarnation)
        self.name = name
        self.node_id = restored.node_id
        self.platter = platter
        self.memory = LogImage(platter.log.before_log, platter.log.entries)
        self.disk = Disk(
            platter,
            world.scheduler,
            Draws(world.seed, "disk", *names),
            disk_speed,
            on_durable=self._on_durable,
            on_written=self._on_written,
            on_failed=self._on_failed,
        )
        dice = stream(world.seed, "node", *names)
        self.node = Node(config, restored, dice, traced=world.journal.is_traced)
        self.status = self.node.status
        self.is_over = False
        self.replica = Replica(self, parts, world.panel)
        self._machine_work = MachineWork(
            self.replica,
            platter,
            world.scheduler,
            Draws(world.seed, "machine", *names),
            machine_us,
            tell=self._happen,
        )
        self._world = world
        self._scheduler, self._panel, self._journal = world.scheduler, world.panel, world.journal
        self._listeners_to = world.panel.listeners
        self._transmit, self._traps = world.network.send, world.traps
        self._where = b"%d.%d" % names
        self.clock = Clock.drawn(stream(world.seed, "clock", *names), clock_drift)
        self._timer_at: Micros | None = None
        self._armed_for: Micros | None = None  # the same by the node's clock
        self._listeners: dict[RequestId, Listener] = {}
        self.is_paused = False
        self._steps: list[str] = []  # done at the event that is being handled
        self._event_us: Micros = 0  # to handle one, while the processor is slow
        self._holds_back = False  # paused or slow
        self._is_busy = False  # with an event that takes its time
        self._timer_waits = False  # among the missed
        self._missed: deque[Event] = deque()
        self._performers = self._table_of_performers()
        self._consider = self._handle_traced if world.journal.is_traced else self._handle
        self._before, self._after = world.panel.before, world.panel.after
        self._moment = world.panel.moment
        self._moment.shown = self.clock.at(world.scheduler.now)
        self._panel.node_started(self)
        self._panel.shown_closely(self, lambda: self.node.deadline)
        self._panel.promises.started(self, self.clock, lambda: world.scheduler.now)
        self._panel.forcings.started(self, self.clock, lambda: world.scheduler.now)
        self._arm_timer()

    def _table_of_performers(self) -> Mapping[type[Action], Callable[..., None]]:
        """Who performs each order."""
        return {
            Write: self._write,
            Send: self._send,
            Apply: self._machine_work.apply,
            Answer: self._answer,
            AnnounceRole: self._announce_role,
            TakeSnapshot: self._machine_work.take_snapshot,
            RestoreSnapshot: self._machine_work.restore,
            ReadSnapshotChunk: self._machine_work.read_chunk,
            Compact: self._compact,
            FailStop: self._fail_stop,
            Trace: self._note_step,
        }

    @property
    def machine(self) -> StateMachine:
        """The state machine of this life."""
        return self.replica.machine

    @property
    def holds_back(self) -> bool:
        """Whether what happens waits for it: it is paused or slow."""
        return self._holds_back

    @property
    def held_back(self) -> Iterable[Event]:
        """What has happened to it, and it has yet to handle: it is paused or slow."""
        return self._missed

    # --- what the world does to it ------------------------------------------------------

    def request(self, event: Requested, listeners: dict[RequestId, Listener]) -> None:
        """Somebody asks the node for something; each listener is told one outcome."""
        assert not self.is_over, "nobody can ask who is dead"
        self._panel.requested(self, event)
        self._listeners.update(listeners)
        self._happen(event)

    def receive(self, sender: NodeId, message: Message) -> None:
        """A message has arrived."""
        if self._holds_back or self.is_over:
            self._happen(MessageReceived(sender, message))
        else:
            self._consider(MessageReceived(sender, message))

    def learn_of_death(self, node_id: NodeId) -> None:
        """The link to a peer was reset, and nobody listens there."""
        self._happen(PeerGone(node_id))

    def tell_disk_room(self, *, has_room: bool) -> None:
        """The disk has filled up, or has been emptied."""
        self._happen(DiskRoomChanged(has_room))

    def pause(self) -> None:
        """The process gets no processor."""
        self.is_paused = self._holds_back = True

    def resume(self) -> None:
        """The process goes on, late."""
        self.is_paused = False
        self._catch_up()

    def slow_down(self, event_us: Micros) -> None:
        """To handle an event takes so long from now on; 0 is as before."""
        self._event_us = self._machine_work.slowed_by_us = event_us
        if not self.is_paused:
            self._catch_up()

    def clock_has_changed(self) -> None:
        """The clock jumps, stops or runs at another rate: the timer is due at another time."""
        if not self.is_over:
            self._timer_at = self._armed_for = None
            self._arm_timer()

    def end(self) -> None:
        """The process dies, and with it what the disk has not synced."""
        if self.is_over:
            return
        self.is_over = True
        self._machine_work.end()
        unsynced = self.disk.outstanding
        self.disk.crash()
        lost = self.disk.outstanding
        self._panel.lookout.crashed(lost=lost, kept=unsynced - lost)
        self._panel.node_ended(self)
        for listener in self._listeners.values():
            listener(None)

    # --- handling -----------------------------------------------------------------------

    def _happen(self, event: Event) -> None:
        if self.is_over:
            return
        if self._holds_back:
            self._hold_back(event)
        else:
            self._consider(event)

    def _handle_traced(self, event: Event) -> None:
        text = f"{self.name} {describe_event(event, self._world.name_of)}"
        if type(event) is MessageReceived:
            self._world.taken_in(self, event)
        try:
            self._handle(event)
        except PropertyViolated:
            self._journal.halt_at = None  # this ends the run already
            self._trace(text)
            raise
        self._trace(text)

    def _hold_back(self, event: Event) -> None:
        if type(event) is TimerFired:
            if self._timer_waits:
                return  # once is enough
            self._timer_waits = True
        elif type(event) is MessageReceived and len(self._missed) >= BACKLOG_MAX:
            return
        self._missed.append(event)
        self._work()

    def _catch_up(self) -> None:
        """It gets its processor back, a slow one or its own."""
        self._holds_back = bool(self._event_us)
        while self._missed and not self._holds_back and not self.is_over:
            self._consider_missed()
        self._work()
        if not self.is_over:
            self._arm_timer()

    def _work(self) -> None:
        """Takes the next of the missed, if it has a processor, a slow one."""
        if self._missed and not self._is_busy and not self.is_paused and not self.is_over:
            self._is_busy = True
            self._scheduler.after(self._event_us, self._finish_work)

    def _finish_work(self) -> None:
        self._is_busy = False
        if self._missed and self._event_us and not self.is_paused and not self.is_over:
            self._consider_missed()
        self._work()

    def _consider_missed(self) -> None:
        event = self._missed.popleft()
        if type(event) is TimerFired:
            self._timer_waits = False
        self._consider(event)

    def _handle(self, event: Event) -> None:
        now, node = self._scheduler.now, self.node
        self._journal.note(now, self._where, FORMS[type(event)](event))
        shown = self._moment.shown = self.clock.at(now)
        kind: type = type(event)
        if type(event) is MessageReceived:
            kind = type(event.message)
        heed = self._before.get(kind)
        is_asked = heed is not None and heed(self, event, shown)
        try:
            actions = node.handle(event, shown)
        except _MISTAKES as mistake:
            raise PropertyViolated(
                HEALTHY_CORE, f"{type(mistake).__name__}: {mistake}", node=self.name
            ) from mistake
        if actions:
            performers = self._performers
            for action in actions:
                performers[type(action)](action)
            if self.is_over:
                return
        if is_asked:
            self._panel.considered(self)
        self._panel.handled(self)
        echo = self._after.get(kind)
        if echo is not None:
            echo(self, event)
        deadline, armed_for = node.deadline, self._armed_for
        # Most deadlines are put off in time: a timer that fires too early is armed again.
        if deadline is not None and (armed_for is None or deadline < armed_for):
            self._arm_timer()

    def _trace(self, text: str) -> None:
        steps, self._steps = tuple(self._steps), []
        self._journal.trace(self._scheduler.now, self._world.lanes, lambda: text, steps)

    def _note_step(self, trace: Trace) -> None:
        self._steps.append(describe(trace.record, self._world.name_of))

    # --- the timer ----------------------------------------------------------------------

    def _arm_timer(self) -> None:
        deadline = self.node.deadline
        if deadline is None or (self._armed_for is not None and deadline >= self._armed_for):
            return
        due = self.clock.when(deadline)
        if due >= NEVER:
            return  # the clock stands still
        self._armed_for = deadline
        self._timer_at = max(due, self._scheduler.now)
        self._scheduler.at(self._timer_at, self._on_timer, self._timer_at)

    def _on_timer(self, armed_for: Micros) -> None:
        if self.is_over or armed_for != self._timer_at:
            return
        self._timer_at = self._armed_for = None
        if self.is_paused:
            return  # `resume` arms it again
        deadline = self.node.deadline
        if deadline is not None and deadline <= self.clock.at(self._scheduler.now):
            self._happen(TimerFired())
        else:
            self._arm_timer()  # it was postponed meanwhile

    # --- performing orders --------------------------------------------------------------

    def _write(self, write: Write) -> None:
        self._panel.write_issued(self, write)
        self.memory.perform(write)
        self.disk.submit(write)

    def _send(self, send: Send) -> None:
        message = send.message
        for listener in self._listeners_to[type(message)]:
            listener(self, send)
        self._transmit(self.node_id, send.to, message)
        if self._traps:
            self._world.try_trap(self.node_id, message)

    def _answer(self, answer: Answer) -> None:
        self._panel.answered(self, answer)
        self._listeners.pop(answer.request_id)(answer.outcome)

    def _compact(self, compact: Compact) -> None:
        self.memory.compact(compact.before_log)
        self.platter.compact(compact.before_log, compact.last_included)

    def _fail_stop(self, _: FailStop) -> None:
        self._panel.failed(self, self._missed)
        self.end()

    def _announce_role(self, announcement: AnnounceRole) -> None:
        # The checkers look at the status instead.
        if announcement.role is RoleName.LEADER:
            self._world.elected(self)

    # --- what the disk says -------------------------------------------------------------

    def _on_durable(self, write: Write) -> None:
        self._panel.write_durable(self, write)
        self._journal.note(self._scheduler.now, self._where, canonical_write(write))

    def _on_written(self, seq: Seq) -> None:
        self._happen(Written(seq))

    def _on_failed(self) -> None:
        self._happen(WriteFailed("simulated"))
