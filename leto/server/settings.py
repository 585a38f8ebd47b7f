"""What the operator decides about a node, checked where it enters the program.

Responsible for the settings and for saying clearly what is wrong with them. How
they are spelled on a command line is the adapters' business.
"""

from enum import Enum
from typing import Final

import attrs

from leto.raft.config import KIB, MIB, Config
from leto.raft.errors import LetoError
from leto.server.addresses import Address, parse_address
from leto.wal import SEGMENT_BYTES

NAME_LENGTH_MAX = 64


class InvalidSettings(LetoError, ValueError):
    """A setting makes no sense; the message says which, and what would."""


class ReadMode(Enum):
    """How current an answer is (§6.4)."""

    LINEARIZABLE = "linearizable"
    LEASE = "lease"  # linearizable too, if clocks run alike: the leader answers alone (§6.4.1)
    LOCAL = "local"  # from this node's state machine, possibly stale: what the seed did


@attrs.frozen(kw_only=True)
class Limits:
    """How much a node holds, and how long it lets anybody wait."""

    reply_within_us: int = 4_000_000  # redis-py gives up at 5 s, and must hear from us before
    stop_within_us: int = 1_000_000  # for what is on its way when the operator stops the node

    pipeline_commands_max: int = 1024  # unanswered, of one connection; then it is read no more
    pipeline_bytes_max: int = 8 * MIB
    bulk_bytes_max: int = 64 * MIB  # Redis's proto-max-bulk-len: 512 MiB there
    request_bytes_max: int = 64 * MIB  # one command, whether it writes or not
    write_bytes_max: int = 32 * MIB  # one command; with a batch before it, it fits a frame
    output_soft_bytes: int = 1 * MIB  # unsent output beyond which a connection is not read
    output_hard_bytes: int = 768 * MIB  # beyond which it is closed: the largest value fits

    batch_bytes_max: int = 1 * MIB
    batch_commands_max: int = 4096
    writes_in_flight_max: int = 2  # more gain nothing: what waits makes the next batch larger
    time_entry_interval_us: int = 50_000  # at most 20 a second

    link_backlog_bytes_max: int = 32 * MIB
    link_silence_max_us: int = 5_000_000
    link_ping_interval_us: int = 1_000_000
    dial_backoff_min_us: int = 100_000
    dial_backoff_max_us: int = 2_000_000
    handshake_within_us: int = 2_000_000

    # What of the disk no client's write may take: a second of writing, at the least.
    disk_reserve_bytes: int = 64 * MIB

    segment_bytes: int = SEGMENT_BYTES  # the log's file beyond which the next one begins

    # A chunk is about 2 ms of the state machine's work. Clients pay for one in five
    # milliseconds: a snapshot of a million keys takes some five seconds.
    snapshot_chunk_bytes: int = 128 * KIB
    snapshot_chunk_interval_us: int = 5_000
    apply_bytes_per_call: int = 64 * KIB


@attrs.frozen(kw_only=True)
class Settings:
    """What one node is told when it starts.

    Raises:
        InvalidSettings: a setting makes no sense.
    """

    name: str
    listen: str = ":5379"
    peer_bind: str = ":15379"  # if it is `listen`, one port serves nodes and people alike
    advertise: str | None = None  # `host` or `host:port`, the port being the peer port
    join: str | None = None  # the client address of any member
    reads: ReadMode = ReadMode.LINEARIZABLE
    limits: Limits = attrs.field(factory=Limits)
    raft: Config = attrs.field(factory=Config)

    def __attrs_post_init__(self) -> None:
        _check_name(self.name)
        _check_address("-listen", self.listen)
        _check_address("-raftbind", self.peer_bind)
        if self.join is not None and not _check_address("-join", self.join).names_a_host:
            raise InvalidSettings(
                f"-join {self.join!r} names no host: give the client address of a member,"
                " such as 127.0.0.1:5379"
            )
        if self.advertise is not None:
            _check_advertise(self.advertise)

    @property
    def listen_address(self) -> Address:
        """Where clients connect."""
        return _parsed(self.listen)

    @property
    def peer_bind_address(self) -> Address:
        """Where peers connect, as this machine sees it."""
        return _parsed(self.peer_bind)

    @property
    def has_one_port(self) -> bool:
        """Whether nodes and people connect to the same port."""
        return self.listen == self.peer_bind

    @property
    def advertised(self) -> Address | None:
        """The peer address that the operator wants others to use; None if not said."""
        if self.advertise is None:
            return None
        return parse_address(self.advertise) or Address(self.advertise, self.peer_bind_address.port)


_NAME_REMEDY: Final = "give every node its own short name, such as -id id1"


def _check_name(name: str) -> None:
    if not name:
        raise InvalidSettings(f"-id is missing: {_NAME_REMEDY}")
    if len(name) > NAME_LENGTH_MAX or not name.isascii() or not name.isprintable() or " " in name:
        raise InvalidSettings(
            f"-id {name!r} is not a name of at most {NAME_LENGTH_MAX} printable ASCII"
            f" characters without spaces: {_NAME_REMEDY}"
        )


def _check_address(flag: str, text: str) -> Address:
    address = parse_address(text)
    if address is None:
        raise InvalidSettings(f"{flag} {text!r} is not host:port or :port")
    return address


def _check_advertise(text: str) -> None:
    address = parse_address(text) or parse_address(f"{text}:0")
    if address is None or not address.names_a_host:
        raise InvalidSettings(
            f"-advertise {text!r} is not a host or host:port that other nodes could dial"
        )


def _parsed(text: str) -> Address:
    address = parse_address(text)
    assert address is not None, "checked in the constructor"
    return address
