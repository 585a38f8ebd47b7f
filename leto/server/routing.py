"""Where each request of a client goes: the log, the state machine, or this node itself.

Responsible for cutting what a connection sends into runs of one kind, for what is
refused at once, and for the order between the reads and the writes of one
connection. It executes nothing of the keyspace.

A read waits for its connection's own earlier writes, since replies leave in order
and it is done when its reply is due. A *later* write must not overtake it: until
it is done a read is in its connection's `open_reads`, and the next write takes
it along into its batch (see `leto.server.commit.batches`).
"""

from typing import Protocol

from leto.kv import Command, Kind, command_for
from leto.resp import ErrorReply, Request, encode_requests
from leto.server.clients import errors
from leto.server.clients.connections import ClientConnection
from leto.server.clients.slots import ReadSlot, Slot, WriteSlot
from leto.server.commit.batches import Batches
from leto.server.commit.reads import Reads
from leto.server.turn import Turn


class Desk(Protocol):
    """Who answers what is not about keys."""

    def serve(self, connection: ClientConnection, command: Command, request: Request) -> None:
        """Reply, or promise a slot."""
        ...

    def write_objection(self) -> ErrorReply | None:
        """Why no write can be taken now, or None."""
        ...

    def read_objection(self) -> ErrorReply | None:
        """Why no read can be taken now, or None."""
        ...

    def reads_locally(self) -> bool:
        """Whether every read is answered from here, possibly stale."""
        ...

    def owe(self, slot: Slot) -> None:
        """A slot is owed from now on: mind the client's patience."""
        ...


class Router:
    """Sends requests where they belong."""

    def __init__(
        self,
        turn: Turn,
        batches: Batches,
        reads: Reads,
        desk: Desk,
        *,
        write_bytes_max: int,
        has_keys: bool = True,
    ) -> None:
        self._turn = turn
        self._write_bytes_max = write_bytes_max
        self._batches = batches
        self._reads = reads
        self._desk = desk
        self._has_keys = has_keys

    def serve(self, connection: ClientConnection, requests: list[Request]) -> None:
        """Take in the requests of one piece, in order."""
        run: list[Request] = []
        kind: Kind | None = None
        like: tuple[bytes, int] | None = None  # name and length of the run's last request
        for request in requests:
            if like == (request[0], len(request)):
                run.append(request)  # most pipelines say the same again and again
                continue
            like = None
            command = command_for(request)
            if isinstance(command, Command) and command.is_executed:
                if command.kind is not kind:
                    self._end_run(connection, kind, run)
                    run, kind = [], command.kind
                run.append(request)
                like = request[0], len(request)
                continue
            self._end_run(connection, kind, run)
            run, kind = [], None
            if isinstance(command, ErrorReply):
                connection.reply(command)
            else:
                self._desk.serve(connection, command, request)
            if connection.is_leaving:
                return
        self._end_run(connection, kind, run)

    def _end_run(self, connection: ClientConnection, kind: Kind | None, run: list[Request]) -> None:
        if not self._has_keys:
            _refuse(connection, run, errors.NO_KEYS)
        elif kind is Kind.WRITE:
            self._write(connection, run)
        elif kind is Kind.READ:
            self._read(connection, run)

    def _write(self, connection: ClientConnection, run: list[Request]) -> None:
        objection = self._desk.write_objection()
        if objection is not None:
            _refuse(connection, run, objection)
            return
        body = encode_requests(run)
        if len(body) <= self._write_bytes_max:
            slot = WriteSlot(connection, run, self._turn.now)
            connection.owe(slot)
            self._batches.add(slot, body)
            self._desk.owe(slot)
        elif len(run) == 1:
            connection.reply(errors.too_large(len(body), self._write_bytes_max))
        else:
            for request in run:
                self._write(connection, [request])

    def _read(self, connection: ClientConnection, run: list[Request]) -> None:
        objection = self._desk.read_objection()
        if objection is not None:
            _refuse(connection, run, objection)
            return
        is_local = connection.reads_locally or self._desk.reads_locally()
        slot = ReadSlot(connection, run, self._turn.now, is_local=is_local)
        connection.owe(slot)
        connection.open_reads.append(slot)
        if not is_local:
            self._reads.add(slot)
        self._desk.owe(slot)


def _refuse(connection: ClientConnection, run: list[Request], objection: ErrorReply) -> None:
    for _ in run:
        connection.reply(objection)
