"""The program around a node, and what it asks of it without any connection.

Responsible for a program's commands, reads and changes, each of which is told its result once.
Commands take the way of every client's: into the batch that waits, and with it into the log.
Everything may be asked at any time on the server's thread, and is done in the server's next
turn: the world tells it `ClockTicked`.

Invariants:
    1. Each request is told one result or one failure, unless the node ends before.
    2. A command's result is told when it has been committed and applied here.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from leto.raft.actions import Committed, Outcome, Readable, Refusal, Transferred
from leto.raft.configuration import ChangeLease, MemberRole
from leto.raft.events import ReadPolicy
from leto.raft.types import Micros
from leto.resp import RESP2, ErrorReply, Protocol, Reply, encode_requests
from leto.server.clients import errors
from leto.server.clients.slots import ReadSlot, WriteSlot
from leto.server.commit.batches import Batches
from leto.server.console.desk import FrontDesk
from leto.server.console.survey import Survey
from leto.server.program.failures import NotDone, Refused, failure_in, failure_of

if TYPE_CHECKING:
    from leto.server.live_node import LiveNode

Answered: TypeAlias = Callable[[bytes | NotDone], None]


class _Nobody:
    """Who asks, where a client's connection would be."""

    protocol: Protocol = RESP2

    def __init__(self) -> None:
        self.open_reads: deque[ReadSlot] = deque()  # a program's reads stand in no queue

    def touch(self) -> None:
        """There is nothing to send."""


class CommandSlot(WriteSlot):
    """A program's command on its way; it is filled by telling the program."""

    __slots__ = ("_answered",)

    def __init__(self, command: bytes, answered: Answered) -> None:
        super().__init__(_Nobody(), [(command,)], 0)
        self._answered = answered

    def fill(self, replies: Sequence[Reply]) -> None:
        """Tell the result."""
        (result,) = replies
        assert isinstance(result, bytes), "what a program's machine returns"
        self.encoded = b""
        self._answered(result)

    def refuse(self, error: ErrorReply) -> None:
        """Tell why there is none."""
        self.encoded = b""
        self._answered(failure_in(error))


class Program:
    """What a program asks of the node that runs in it."""

    def __init__(
        self, batches: Batches, desk: FrontDesk, survey: Survey, command_bytes_max: int
    ) -> None:
        self._batches = batches
        self._desk = desk
        self._survey = survey
        self._command_bytes_max = command_bytes_max
        self._asked: deque[Callable[[LiveNode], None]] = deque()

    @property
    def is_settled(self) -> bool:
        """Whether the node is what it is to be in its cluster: it has booted, and joins no more.

        One that is a cluster by itself leads it by then.
        """
        node = self._desk.node
        if node is None:
            return False
        status, us = node.replica.status, node.identity.node_id
        ours = status.committed_configuration.member(us)
        if ours is None or ours.role is MemberRole.JOINING:
            return False
        return status.is_ready or status.configuration.voters != (us,)

    @property
    def leader_address(self) -> str | None:
        """Where the leader is, if one is known."""
        return self._survey.leader_address

    def propose(self, command: bytes, answered: Answered) -> None:
        """Have a command replicated; its result, or why there is none."""
        self._asked.append(lambda _node: self._propose(command, answered))

    def read(self, policy: ReadPolicy, readable: Callable[[Readable | NotDone], None]) -> None:
        """Ask for leave to read the machine: `Readable` if it may be read in this very moment."""

        def answered(node: "LiveNode", outcome: Outcome) -> None:
            if not isinstance(outcome, Readable):
                readable(failure_of(outcome, self.leader_address))
            elif node.storage.is_restoring:
                readable(Refused("the state machine is being restored"))
            else:
                readable(outcome)

        self._asked.append(
            lambda node: node.replica.request_read(lambda outcome: answered(node, outcome), policy)
        )

    def transfer(self, name: str | None, answered: Answered) -> None:
        """Have the node of that name lead, or whichever does best."""

        def transfer(node: "LiveNode") -> None:
            member = None if name is None else node.replica.status.configuration.named(name)
            if name is not None and member is None:
                answered(Refused(Refusal.NOT_A_MEMBER.value))
                return
            to = None if member is None else member.node_id
            node.replica.request_transfer(to, lambda outcome: self._answer(outcome, answered))

        self._asked.append(transfer)

    def change_lease(self, lease_us: Micros, answered: Answered) -> None:
        """Set how long a leader may answer alone after a quorum has heard it; 0: never."""
        change = ChangeLease(lease_us)
        self._asked.append(
            lambda node: node.replica.request_change(
                change, lambda outcome: self._answer(outcome, answered)
            )
        )

    def remove(self, name: str, answered: Answered) -> None:
        """End the membership of the node of that name."""

        def remove(node: "LiveNode") -> None:
            objection = self._desk.write_objection()
            if objection is not None:
                answered(failure_in(objection))
            else:
                node.membership.leave(name, lambda reply: answered(_of_reply(reply)))

        self._asked.append(remove)

    def serve(self, node: "LiveNode") -> None:
        """Do what was asked for; the server's turn is."""
        while self._asked:
            self._asked.popleft()(node)

    def _propose(self, command: bytes, answered: Answered) -> None:
        slot = CommandSlot(command, answered)
        body = encode_requests(slot.requests)
        objection = self._desk.write_objection()
        if objection is None and len(body) > self._command_bytes_max:
            objection = errors.too_large(len(body), self._command_bytes_max)
        if objection is not None:
            slot.refuse(objection)
        else:
            self._batches.add(slot, body)

    def _answer(self, outcome: Outcome, answered: Answered) -> None:
        is_done = isinstance(outcome, Committed | Transferred)
        answered(b"" if is_done else failure_of(outcome, self.leader_address))


def _of_reply(reply: Reply) -> bytes | NotDone:
    return failure_in(reply) if isinstance(reply, ErrorReply) else b""
