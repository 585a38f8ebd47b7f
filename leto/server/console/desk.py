"""The node's front desk: every command that is not about keys, and why a command cannot be.

Responsible for INFO, ROLE, JOIN, LEAVE, SNAPSHOT and RAFT, for handing the connection's own
commands to the connection, and for the state of affairs that refuses reads or
writes at once: loading, stopping, not leading.
"""

from typing import TYPE_CHECKING

from leto.kv import Command, Kind
from leto.raft.actions import Outcome, Refusal, Refused, SnapshotDone
from leto.resp import OK, ErrorReply, Reply, Request
from leto.server.clients import errors
from leto.server.clients.connection_commands import CONNECTION_COMMANDS
from leto.server.clients.connections import ClientConnection
from leto.server.clients.slots import OrderSlot, Slot
from leto.server.commit.patience import Patience
from leto.server.console.administration import Order, parse
from leto.server.console.info import info, role
from leto.server.console.survey import Survey
from leto.server.settings import ReadMode

if TYPE_CHECKING:
    from leto.server.live_node import LiveNode


class FrontDesk:
    """Answers for the node. `node` is None while it boots; written by the server."""

    def __init__(self, survey: Survey, patience: Patience) -> None:
        self.node: LiveNode | None = None
        self.is_stopping = False
        self._survey = survey
        self._patience = patience

    def owe(self, slot: Slot) -> None:
        """A slot is owed from now on."""
        self._patience.owe(slot)

    # --- why not -------------------------------------------------------------------

    def reads_locally(self) -> bool:
        """Whether every read is answered from here, possibly stale."""
        return self._survey.settings.reads is ReadMode.LOCAL

    def read_objection(self) -> ErrorReply | None:
        """Why no read can be taken now, or None."""
        if self.is_stopping:
            return errors.STOPPING
        return errors.LOADING if self._survey.is_loading else None

    def write_objection(self) -> ErrorReply | None:
        """Why no write can be taken now, or None."""
        node = self.node
        if self.is_stopping and (node is None or node.replica.is_leading):
            return errors.STOPPING
        if node is None:
            return errors.LOADING
        return None if node.replica.is_leading else node.who_leads()

    # --- commands --------------------------------------------------------------------

    def serve(self, connection: ClientConnection, command: Command, request: Request) -> None:
        """Reply, or promise a slot."""
        if command.kind is Kind.CONNECTION:
            is_early = self.node is None and "loading" not in command.flags
            function = CONNECTION_COMMANDS[command.name]
            connection.reply(errors.LOADING if is_early else function(connection, request))
            return
        match command.name:
            case "info":
                connection.reply(info(self._survey, request[1:]))
            case "role":
                connection.reply(role(self._survey))
            case "join":
                self._join(connection, request)
            case "leave":
                self._leave(connection, request)
            case "snapshot":
                self._snapshot(connection, request)
            case "raft":
                self._raft(connection, request)
            case _:
                raise AssertionError(f"the table has a command that nobody serves: {command.name}")

    def _join(self, connection: ClientConnection, request: Request) -> None:
        objection = self.write_objection()
        if objection is not None:
            connection.reply(objection)
            return
        assert self.node is not None, "or there was an objection"
        address, name = _text(request[1]), _text(request[2])
        slot = self._promise(connection, request, errors.CHANGE_UNKNOWN)
        self.node.membership.join(address, name, connection.local, slot.answer)

    def _leave(self, connection: ClientConnection, request: Request) -> None:
        objection = self.write_objection()
        if objection is not None:
            connection.reply(self._with_missing(objection))
            return
        assert self.node is not None, "or there was an objection"
        slot = self._promise(connection, request, errors.CHANGE_UNKNOWN)
        self.node.membership.leave(_text(request[1]), slot.answer)

    def _snapshot(self, connection: ClientConnection, request: Request) -> None:
        objection = self.read_objection()
        if objection is not None:
            connection.reply(objection)
            return
        assert self.node is not None, "or there was an objection"
        slot = self._promise(connection, request, errors.SNAPSHOT_GOES_ON)
        self.node.replica.request_snapshot(lambda outcome: slot.answer(snapshot_reply(outcome)))

    def _raft(self, connection: ClientConnection, request: Request) -> None:
        order = parse(request)
        if not isinstance(order, Order):
            connection.reply(order)
            return
        needs = self.write_objection if order.needs_leadership else self.read_objection
        objection = needs()
        if objection is not None:
            connection.reply(self._with_missing(objection))
            return
        assert self.node is not None, "or there was an objection"
        order.perform(self.node, self._promise(connection, request, errors.CHANGE_UNKNOWN).answer)

    def _with_missing(self, objection: ErrorReply) -> ErrorReply:
        if self.node is None or objection is not errors.NO_LEADER:
            return objection
        return ErrorReply(objection.message + self.node.membership.missing())

    def _promise(
        self, connection: ClientConnection, request: Request, late: ErrorReply
    ) -> OrderSlot:
        slot = OrderSlot(connection, request, self._survey.turn.now, late)
        connection.owe(slot)
        self.owe(slot)
        return slot


def snapshot_reply(outcome: Outcome) -> Reply:
    """What SNAPSHOT answers."""
    match outcome:
        case SnapshotDone():
            return OK
        case Refused(refusal=Refusal.NOTHING_APPLIED):
            return ErrorReply("ERR nothing new to snapshot")
        case Refused(refusal=refusal):
            return ErrorReply(f"ERR {refusal.value}")
        case _:
            return errors.SNAPSHOT_GOES_ON


def _text(argument: bytes) -> str:
    return argument.decode("utf-8", "replace")
