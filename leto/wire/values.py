"""The bytes of the core's values: one encoding for the wire and for the log on disk.

Responsible for turning entries, marks, configurations and hard states into bytes
and back. It does not know frames, checksums or versions: those belong to
`leto.wire.frames` and `leto.wal.frames`, which carry these bytes.

Numbers are big-endian and of fixed width; texts and blobs carry their length in
front. What is encoded is appended to a list of parts, which whoever frames them
checksums and joins once: a batch of commands is copied once on its way out.

Invariants:
    1. Bytes that encode no value raise `MalformedError`, which `leto.wire` and
       `leto.wal` catch at their doors: it never reaches their callers.
    2. Nothing is allocated for a count or a length that the bytes at hand cannot hold.
    3. Terms and indexes are below 2**63, so that one more than any that was decoded
       can still be encoded.
"""

from itertools import pairwise
from struct import Struct
from struct import error as struct_error
from typing import Final, NewType, TypeAlias

from leto.raft.configuration import Configuration, Member, MemberRole
from leto.raft.entries import Command, Entry, HardState, Noop, Payload, SnapshotMark
from leto.raft.types import EntryId, NodeId

ClusterId = NewType("ClusterId", int)
"""64 bits, given to a cluster when it is founded."""

NO_CLUSTER: Final = ClusterId(0)
"""The cluster of a node that belongs to none yet."""

Parts: TypeAlias = list[bytes]
"""What was encoded so far, in order."""

COUNTER_LIMIT: Final = 1 << 63

U8: Final = Struct(">B")
U16: Final = Struct(">H")
U32: Final = Struct(">I")
U64: Final = Struct(">Q")
_ENTRY_ID: Final = Struct(">QQ")  # term, index
_ENTRY: Final = Struct(">QQBI")  # term, index, kind of payload, its size
_HARD_STATE: Final = Struct(">QBQ")  # term, flags, the vote
_HAS_VOTED: Final = 1
_WAS_ADMITTED: Final = 2
_MARK: Final = Struct(">QQQQQI")  # last included, before log, size, checksum
_CONFIGURATION_HEAD: Final = Struct(">IB")  # lease, whether it was forced
_MEMBER: Final = Struct(">QBI")  # node id, role, priority

_NOOP: Final = 0
_COMMAND: Final = 1
_CONFIGURATION: Final = 2

_ROLES: Final = (MemberRole.VOTER, MemberRole.LEARNER, MemberRole.JOINING)
_ROLE_NUMBERS: Final = {role: number for number, role in enumerate(_ROLES)}


class MalformedError(Exception):
    """The bytes encode no value. Internal to `leto.wire` and `leto.wal`."""


class Reader:
    """Takes values off the front of some bytes.

    Every method raises `MalformedError` where the bytes end too early.
    """

    __slots__ = ("_data", "_offset")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 0

    @property
    def remaining(self) -> int:
        """How many bytes have not been taken yet."""
        return len(self._data) - self._offset

    def unpack(self, layout: Struct) -> tuple[int, ...]:
        """The numbers of a fixed layout."""
        offset = self._offset
        try:
            numbers = layout.unpack_from(self._data, offset)
        except struct_error:
            raise MalformedError(f"{layout.size} bytes wanted, {self.remaining} left") from None
        self._offset = offset + layout.size
        return numbers

    def number(self, layout: Struct) -> int:
        """The one number of a layout."""
        return self.unpack(layout)[0]

    def counter(self) -> int:
        """A term or an index."""
        return bounded(self.number(U64))

    def flag(self) -> bool:
        """A truth value."""
        return self.number(U8) != 0

    def blob(self, size_bytes: int) -> bytes:
        """That many bytes."""
        if size_bytes > self.remaining:
            raise MalformedError(f"{size_bytes} bytes wanted, {self.remaining} left")
        start = self._offset
        self._offset = start + size_bytes
        return self._data[start : self._offset]

    def text(self) -> str:
        """A text with its length in front."""
        try:
            return self.blob(self.number(U16)).decode()
        except UnicodeDecodeError:
            raise MalformedError("a text is not UTF-8") from None

    def count(self, layout: Struct, item_bytes: int) -> int:
        """How many items follow, each of at least `item_bytes`."""
        count = self.number(layout)
        if count * item_bytes > self.remaining:
            raise MalformedError(f"{count} items announced, {self.remaining} bytes left")
        return count


def bounded(counter: int) -> int:
    """The counter itself, if one more than it can still be encoded (invariant 3)."""
    if counter >= COUNTER_LIMIT:
        raise MalformedError(f"no term or index is as large as {counter}")
    return counter


def put_text(parts: Parts, text: str) -> None:
    """A text of at most 65535 bytes of UTF-8."""
    data = text.encode()
    parts += (U16.pack(len(data)), data)


def put_blob(parts: Parts, data: bytes) -> None:
    """Bytes with their length in front."""
    parts += (U32.pack(len(data)), data)


def read_blob(reader: Reader) -> bytes:
    """Undoes `put_blob`."""
    return reader.blob(reader.number(U32))


def put_entry_id(parts: Parts, entry_id: EntryId) -> None:
    """The position of an entry."""
    parts.append(_ENTRY_ID.pack(entry_id.term, entry_id.index))


def read_entry_id(reader: Reader) -> EntryId:
    """Undoes `put_entry_id`."""
    term, index = reader.unpack(_ENTRY_ID)
    bounded(term | index)  # too large if one of them is
    return EntryId(term, index)


def put_hard_state(parts: Parts, hard_state: HardState) -> None:
    """Term, vote (§3.8), and whether the node was admitted."""
    vote = hard_state.voted_for
    flags = _HAS_VOTED * (vote is not None) | _WAS_ADMITTED * hard_state.was_admitted
    parts.append(_HARD_STATE.pack(hard_state.current_term, flags, vote or 0))


def read_hard_state(reader: Reader) -> HardState:
    """Undoes `put_hard_state`."""
    term, flags, vote = reader.unpack(_HARD_STATE)
    if flags & ~(_HAS_VOTED | _WAS_ADMITTED):
        raise MalformedError(f"a hard state has the flags {flags:#x}")
    voted_for = NodeId(vote) if flags & _HAS_VOTED else None
    return HardState(bounded(term), voted_for, was_admitted=bool(flags & _WAS_ADMITTED))


def put_entries(parts: Parts, entries: tuple[Entry, ...]) -> None:
    """Entries with their count in front."""
    parts.append(U32.pack(len(entries)))
    for entry in entries:
        kind, payload = _payload_bytes(entry.payload)
        parts += (_ENTRY.pack(entry.id.term, entry.id.index, kind, len(payload)), payload)


def read_entries(reader: Reader) -> tuple[Entry, ...]:
    """Undoes `put_entries`."""
    count = reader.count(U32, _ENTRY.size)
    if count == 0:
        return ()  # as most often: a heartbeat
    return tuple([_read_entry(reader) for _ in range(count)])


def _payload_bytes(payload: Payload) -> tuple[int, bytes]:
    if type(payload) is Command:
        return _COMMAND, payload.data
    if isinstance(payload, Configuration):
        parts: Parts = []
        put_configuration(parts, payload)
        return _CONFIGURATION, b"".join(parts)
    return _NOOP, b""


def _read_entry(reader: Reader) -> Entry:
    term, index, kind, size_bytes = reader.unpack(_ENTRY)
    data = reader.blob(size_bytes)
    bounded(term | index)  # too large if one of them is
    return Entry(EntryId(term, index), _payload_of(kind, data))


def _payload_of(kind: int, data: bytes) -> Payload:
    if kind == _COMMAND:
        return Command(data)
    if kind == _CONFIGURATION:
        return read_configuration(Reader(data))
    if kind == _NOOP:
        return Noop()
    raise MalformedError(f"entries of kind {kind} are unknown here")


def put_configuration(parts: Parts, configuration: Configuration) -> None:
    """Lease and mark of an operator's hand, members by id, then the voters it leaves (§4.3)."""
    parts.append(_CONFIGURATION_HEAD.pack(configuration.lease_us, configuration.is_forced))
    _put_members(parts, configuration.members)
    _put_members(parts, configuration.outgoing)


def _put_members(parts: Parts, members: tuple[Member, ...]) -> None:
    parts.append(U16.pack(len(members)))
    for member in members:
        role = _ROLE_NUMBERS[member.role]
        parts.append(_MEMBER.pack(member.node_id, role, member.priority))
        put_text(parts, member.name)
        put_text(parts, member.address)


def read_configuration(reader: Reader) -> Configuration:
    """Undoes `put_configuration`. Ids that do not ascend are malformed: nobody encodes such."""
    lease_us, is_forced = reader.unpack(_CONFIGURATION_HEAD)
    members, outgoing = _read_members(reader), _read_members(reader)
    return Configuration(members, outgoing, lease_us, is_forced != 0)


def _read_members(reader: Reader) -> tuple[Member, ...]:
    count = reader.count(U16, _MEMBER.size + 2 * U16.size)
    members = tuple([_read_member(reader) for _ in range(count)])
    if any(a.node_id >= b.node_id for a, b in pairwise(members)):
        raise MalformedError("the members of a configuration are not in order")
    return members


def _read_member(reader: Reader) -> Member:
    node_id, role, priority = reader.unpack(_MEMBER)
    if role >= len(_ROLES):
        raise MalformedError(f"role {role} is unknown here")
    name, address = reader.text(), reader.text()
    return Member(
        node_id=NodeId(node_id),
        name=name,
        address=address,
        role=_ROLES[role],
        priority=priority,
    )


def put_mark(parts: Parts, mark: SnapshotMark) -> None:
    """All that names a snapshot (§5.1)."""
    last, before = mark.last_included, mark.before_log
    numbers = (last.term, last.index, before.term, before.index, mark.size_bytes, mark.checksum)
    parts.append(_MARK.pack(*numbers))
    put_configuration(parts, mark.configuration)


def read_mark(reader: Reader) -> SnapshotMark:
    """Undoes `put_mark`."""
    last, before = read_entry_id(reader), read_entry_id(reader)
    size_bytes, checksum = reader.counter(), reader.number(U32)
    return SnapshotMark(
        last_included=last,
        before_log=before,
        size_bytes=size_bytes,
        checksum=checksum,
        configuration=read_configuration(reader),
    )
