"""What two nodes say to each other before and beside Raft's messages.

Responsible for `Hello` (each side's first frame), for judging a peer's, and for the
two other words of a link: `Ping` and `Goodbye`. It does not know when to dial,
to ping or to give up: that is `leto.server.peers.links`.

Versions are a pair. A minor version adds fields at the end of a body and types of
frames, and whoever does not know them ignores them; a major version may change
anything but the frame's header and the shape of `Hello`, so that two nodes that cannot
talk can still say why.
"""

from enum import IntEnum
from typing import Final

import attrs

from leto.raft.types import NodeId
from leto.wire.values import (
    NO_CLUSTER,
    U16,
    U32,
    U64,
    ClusterId,
    MalformedError,
    Parts,
    Reader,
    put_text,
)

WIRE_MAJOR: Final = 1
WIRE_MINOR: Final = 0

SHORT_TEXT_BYTES_MAX: Final = 1024  # far more than a name or an address has
GOODBYE_LENGTH_MAX: Final = 4096


@attrs.frozen(kw_only=True)
class Hello:
    """Who speaks: each side's first frame on a link.

    `blank` is a node whose log holds no configuration: it never campaigns, and learns
    of its cluster from whoever admits it.
    """

    cluster_id: ClusterId  # NO_CLUSTER until the node belongs to one
    node_id: NodeId
    name: str
    incarnation: int  # at most 32 bits
    peer_address: str  # where its peers dial it
    client_address: str  # where its clients dial it
    blank: bool
    major: int = WIRE_MAJOR
    minor: int = WIRE_MINOR

    def __str__(self) -> str:
        return f"{self.name!r} (node {self.node_id:016x} at {self.peer_address or 'an unnamed address'})"


@attrs.frozen
class Ping:
    """Nothing but a sign of life."""


class GoodbyeCode(IntEnum):
    """Why a link ends. A code that this version does not know reads as `OTHER`."""

    OTHER = 0
    REFUSED = 1  # the handshake failed
    REMOVED = 2  # you are not a member any more
    STOPPING = 3  # this node's process ends


@attrs.frozen
class Goodbye:
    """The last frame of a link that is closed on purpose."""

    code: GoodbyeCode
    text: str


def judge_hello(
    ours: Hello,
    theirs: Hello,
    *,
    expected_cluster: ClusterId,
    expected_node: NodeId | None = None,
    we_dialled: bool = False,
) -> str | None:
    """Why the link must not be used, naming both sides; None if it may.

    Args:
        ours: What we said.
        theirs: What the peer said.
        expected_cluster: The cluster whose nodes we talk to. A blank node's is the one
            that answered its JOIN; while it is NO_CLUSTER every peer is refused.
        expected_node: Who should have answered, if we dialled a certain node.
        we_dialled: Whether we asked for the link. A node of no cluster yet is welcome
            only then: it cannot introduce itself.
    """
    objection = _objection_to_node(ours, theirs, expected_node) or _objection_to_cluster(
        theirs, expected_cluster, we_dialled=we_dialled
    )
    return None if objection is None else f"{ours} refuses {theirs}: {objection}"


def _objection_to_node(ours: Hello, theirs: Hello, expected_node: NodeId | None) -> str | None:
    if theirs.major != ours.major:
        return (
            f"it speaks version {theirs.major}.{theirs.minor} of the wire, "
            f"we speak {ours.major}.{ours.minor}"
        )
    if theirs.node_id == ours.node_id:
        return "it has our own id: this is ourselves, or a copy of our data"
    if expected_node is not None and theirs.node_id != expected_node:
        return f"node {expected_node:016x} was expected at that address"
    return None


def _objection_to_cluster(theirs: Hello, expected: ClusterId, *, we_dialled: bool) -> str | None:
    if expected == NO_CLUSTER:
        return "we belong to no cluster yet"
    if theirs.cluster_id == NO_CLUSTER:
        return None if we_dialled else "it belongs to no cluster, and we did not ask for it"
    if theirs.cluster_id != expected:
        return f"it belongs to cluster {theirs.cluster_id:016x}, we to {expected:016x}"
    return None


def put_hello(hello: Hello) -> Parts:
    """The body of a Hello. Its shape outlives major versions."""
    parts = [
        U16.pack(hello.major),
        U16.pack(hello.minor),
        U64.pack(hello.cluster_id),
        U64.pack(hello.node_id),
        U32.pack(hello.incarnation),
        U16.pack(hello.blank),
    ]
    for text in (hello.name, hello.peer_address, hello.client_address):
        put_text(parts, text)
    return parts


def read_hello(reader: Reader) -> Hello:
    """Undoes `put_hello`."""
    return Hello(
        major=reader.number(U16),
        minor=reader.number(U16),
        cluster_id=ClusterId(reader.number(U64)),
        node_id=NodeId(reader.number(U64)),
        incarnation=reader.number(U32),
        blank=reader.number(U16) != 0,
        name=_short_text(reader),
        peer_address=_short_text(reader),
        client_address=_short_text(reader),
    )


def _short_text(reader: Reader) -> str:
    """A text that may be repeated in what is said, logged and replicated."""
    text = reader.text()
    size_bytes = len(text.encode())
    if size_bytes > SHORT_TEXT_BYTES_MAX:
        raise MalformedError(f"no name or address has {size_bytes} bytes")
    return text


def put_ping(_ping: Ping) -> Parts:
    """The body of a Ping: none."""
    return []


def read_ping(_reader: Reader) -> Ping:
    """Undoes `put_ping`."""
    return Ping()


def put_goodbye(goodbye: Goodbye) -> Parts:
    """The body of a Goodbye."""
    parts = [U16.pack(goodbye.code)]
    put_text(parts, goodbye.text[:GOODBYE_LENGTH_MAX])
    return parts


def read_goodbye(reader: Reader) -> Goodbye:
    """Undoes `put_goodbye`."""
    number = reader.number(U16)
    code = GoodbyeCode(number) if number in _GOODBYE_CODES else GoodbyeCode.OTHER
    return Goodbye(code, reader.text())


_GOODBYE_CODES: Final = frozenset(int(code) for code in GoodbyeCode)
