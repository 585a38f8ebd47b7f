"""Notices rare situations around a whole server: its files, its links, its clients.

Responsible for recognizing the situations of `leto_sim.sometimes` that only whole
servers have, in what a server is told and orders. It judges nothing.
"""

from leto.server.world import (
    Close,
    ConnectionAccepted,
    ConnectionClosed,
    ConnectionId,
    Delete,
    DialFailed,
    DiskJob,
    Fact,
    Log,
    Order,
    PauseReading,
    Port,
    Stop,
    Transmit,
    WriteAt,
)
from leto.wal import received_entry, segment_number
from leto_sim.sometimes import Situation, Sometimes

_REPLIES = {
    b"-LOADIN": Situation.REPLIED_LOADING,
    b"-not le": Situation.REPLIED_NOT_LEADER,
    b"-CLUSTE": Situation.REPLIED_CLUSTERDOWN,
    b"-UNKNOW": Situation.REPLIED_UNKNOWN,
}
_LOGGED = {"joined": Situation.JOINED, "node restored": Situation.RESTORED_AT_BOOT}
_PREFIX_BYTES = 7


class ServerLookout:
    """Looks at one life of a server."""

    def __init__(self, sometimes: Sometimes) -> None:
        self._sometimes = sometimes
        self._clients: dict[ConnectionId, None] = {}
        self._segment: int | None = None
        self._file = ""  # that was written to last
        self._has_received = False  # of a snapshot, in this life

    def told(self, fact: Fact) -> None:
        """The server is about to be told this."""
        match fact:
            case ConnectionAccepted(connection=connection, port=Port.CLIENT):
                self._clients[connection] = None
            case ConnectionClosed(connection=connection, reason=reason) if "reset" in reason:
                is_client = connection in self._clients
                self._sometimes.occurred(
                    Situation.CLIENT_RESET if is_client else Situation.LINK_RESET
                )
            case DialFailed(refused=True):
                self._sometimes.occurred(Situation.DIAL_REFUSED)
            case _:
                pass

    def ordered(self, order: Order) -> None:
        """The server orders this."""
        match order:
            case Transmit(connection=connection, data=data):  # most orders
                if connection in self._clients:
                    self._replied(data)
            case PauseReading(connection=connection) if connection in self._clients:
                self._sometimes.occurred(Situation.CLIENT_NOT_READ)
            case DiskJob():
                self._works_on_disk(order)
            case Log(event=event) if event in _LOGGED:
                self._sometimes.occurred(_LOGGED[event])
            case Close(connection=connection):
                self._clients.pop(connection, None)
            case Stop(message=message):
                self._stops(message)
            case _:
                pass

    def _replied(self, data: bytes) -> None:
        situation = _REPLIES.get(data[:_PREFIX_BYTES])
        if situation is not None:
            self._sometimes.occurred(situation)

    def _works_on_disk(self, job: DiskJob) -> None:
        for step in job.steps:
            if isinstance(step, Delete):
                self._sometimes.occurred(Situation.FILE_DELETED)
            elif isinstance(step, WriteAt) and step.file != self._file:
                self._file = step.file
                self._writes(segment_number(step.file))
                self._receives(step)

    def _writes(self, segment: int | None) -> None:
        if segment is None or segment == self._segment:
            return
        if self._segment is not None:
            self._sometimes.occurred(Situation.SEGMENT_BEGUN)
        self._segment = segment

    def _receives(self, chunk: WriteAt) -> None:
        if received_entry(chunk.file) is None:
            return
        if chunk.offset > 0 and not self._has_received:
            self._sometimes.occurred(Situation.RESUMED_AFTER_RESTART)
        self._has_received = True

    def _stops(self, message: str) -> None:
        for words, situation in _LAST_WORDS.items():
            if words in message:
                self._sometimes.occurred(situation)


_LAST_WORDS = {
    "belongs to a member with other data": Situation.STRANGER_REFUSED,
    "move its data directory away": Situation.REMOVED_ENDED,
    "the data directory is damaged": Situation.DAMAGE_NOTICED,
    "cannot be read or written": Situation.DISK_UNREADABLE,
    "the disk has failed": Situation.DISK_FAILED_ENDED,
}
