"""INFO and ROLE: the node described in Redis's words, and Raft's.

Responsible for the texts. A client that knows Redis finds the fields that it
looks for, with the nearest meaning that they have here; what is Leto's own is in
the section `raft`.
"""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from leto.raft.actions import RoleName
from leto.raft.configuration import Member
from leto.raft.types import NodeId
from leto.resp import Reply, Verbatim
from leto.server.addresses import parse_address
from leto.server.clients.connection_commands import REDIS_VERSION
from leto.server.console.survey import Consensus, Survey

LETO_VERSION: Final = "0.1.0"

Fields: TypeAlias = Iterator[tuple[str, str | int]]

_EVERYTHING: Final = frozenset({b"all", b"default", b"everything"})


def info(survey: Survey, sections: tuple[bytes, ...]) -> Reply:
    """INFO [section ...]."""
    wanted = {section.lower() for section in sections}
    whole = not wanted or not wanted.isdisjoint(_EVERYTHING)
    texts = [
        _section(name, fields(survey))
        for name, fields in _SECTIONS.items()
        if whole or name.lower().encode() in wanted
    ]
    return Verbatim("\r\n".join(texts).encode("utf-8", "surrogateescape"))


def role(survey: Survey) -> Reply:
    """ROLE: as Redis tells a master from its replicas."""
    consensus = survey.consensus
    if consensus is None:
        return (b"slave", b"", 0, b"connect", 0)
    status = consensus.raft
    if status.role is RoleName.LEADER:
        replicas = tuple(
            (host.encode(), str(port).encode(), str(match_index).encode())
            for _, host, port, match_index in _replicas(consensus)
        )
        return (b"master", status.commit_index, replicas)
    host, port = _host_and_port(consensus.leader_address)
    state = b"connected" if status.leader is not None else b"connect"
    return (b"slave", host.encode(), port, state, status.last_applied)


def _section(name: str, fields: Fields) -> str:
    lines = [f"# {name}", *(f"{key}:{value}" for key, value in fields)]
    return "".join(f"{line}\r\n" for line in lines)


def _server(survey: Survey) -> Fields:
    settings = survey.settings
    uptime_s = survey.uptime_us // 1_000_000
    yield "redis_version", REDIS_VERSION
    yield "leto_version", LETO_VERSION
    yield "redis_mode", "standalone"
    yield "arch_bits", 64
    yield "server_name", settings.name
    yield "tcp_port", settings.listen_address.port
    yield "uptime_in_seconds", uptime_s
    yield "uptime_in_days", uptime_s // 86_400


def _clients(survey: Survey) -> Fields:
    yield "connected_clients", len(survey.clients)


def _memory(survey: Survey) -> Fields:
    log_bytes = survey.consensus.raft.log_bytes if survey.consensus is not None else 0
    dataset_bytes = survey.machine.memory_bytes
    yield "used_memory", dataset_bytes + log_bytes
    yield "used_memory_dataset", dataset_bytes
    yield "used_memory_log", log_bytes


def _persistence(survey: Survey) -> Fields:
    consensus = survey.consensus
    yield "loading", int(survey.is_loading)
    yield "aof_enabled", 1
    yield "aof_last_write_status", "ok" if survey.room.has_room else "err"
    yield "disk_free_bytes", -1 if survey.room.free_bytes is None else survey.room.free_bytes
    if consensus is None:
        return
    mark = consensus.raft.snapshot
    yield "rdb_bgsave_in_progress", int(consensus.storage.is_taking)
    yield "snapshot_last_index", mark.last_included.index if mark is not None else 0
    yield "snapshot_size_bytes", mark.size_bytes if mark is not None else 0
    yield "log_first_index", consensus.raft.first_index
    yield "writes_in_flight", consensus.storage.writes_in_flight


def _stats(survey: Survey) -> Fields:
    yield "total_connections_received", survey.clients.accepted_count
    yield "total_commands_processed", survey.clients.request_count
    yield "total_commands_applied", survey.applier.commands_applied


def _replication(survey: Survey) -> Fields:
    consensus = survey.consensus
    if consensus is None:
        yield "role", "slave"
        return
    status = consensus.raft
    if status.role is RoleName.LEADER:
        yield "role", "master"
        replicas = list(_replicas(consensus))
        yield "connected_slaves", sum(consensus.links.is_up(node_id) for node_id, *_ in replicas)
        for number, (node_id, host, port, match_index) in enumerate(replicas):
            state = "online" if consensus.links.is_up(node_id) else "wait_bgsave"
            yield (
                f"slave{number}",
                f"ip={host},port={port},state={state},offset={match_index},lag=0",
            )
    else:
        host, port = _host_and_port(consensus.leader_address)
        yield "role", "slave"
        yield "master_host", host
        yield "master_port", port
        yield "master_link_status", "up" if status.leader is not None else "down"
        yield "slave_repl_offset", status.last_applied
        yield "slave_read_only", 1
    yield "master_repl_offset", status.commit_index


def _raft(survey: Survey) -> Fields:
    consensus = survey.consensus
    if consensus is None:
        yield "cluster_id", f"{0:016x}"
        return
    status, identity = consensus.raft, consensus.identity
    yield "cluster_id", f"{identity.cluster_id:016x}"
    yield "node_id", f"{identity.node_id:016x}"
    yield "name", survey.settings.name
    yield "incarnation", identity.incarnation
    yield "role", status.role.value
    yield "term", status.current_term
    yield "leader", _name_of(consensus, status.leader)
    yield "leader_address", consensus.leader_address or ""
    yield "commit_index", status.commit_index
    yield "last_applied", status.last_applied
    yield "last_log_index", status.last_log.index
    yield "last_log_term", status.last_log.term
    yield "first_log_index", status.first_index
    yield "log_bytes", status.log_bytes
    yield "durable_index", status.durable_index
    yield "stamp_ms", survey.machine.stamp_ms
    configuration = status.configuration
    yield "configuration_index", status.configuration_index
    yield "configuration_is_joint", int(configuration.is_joint)
    yield "configuration_is_forced", int(configuration.is_forced)
    yield "lease_ms", configuration.lease_us // 1000
    yield "reads", survey.settings.reads.value
    match_indexes = {follower.node_id: follower.match_index for follower in status.followers}
    for number, member in enumerate(status.configuration.members):
        yield f"member{number}", _member(consensus, member, match_indexes)


def _keyspace(survey: Survey) -> Fields:
    machine = survey.machine
    if machine.key_count:
        yield "db0", f"keys={machine.key_count},expires={machine.expiring_count},avg_ttl=0"


_SECTIONS: Final[dict[str, Callable[[Survey], Fields]]] = {
    "Server": _server,
    "Clients": _clients,
    "Memory": _memory,
    "Persistence": _persistence,
    "Stats": _stats,
    "Replication": _replication,
    "Raft": _raft,
    "Keyspace": _keyspace,
}


def _member(consensus: Consensus, member: Member, match_indexes: dict[NodeId, int]) -> str:
    is_here = member.node_id == consensus.identity.node_id
    fields = {
        "name": member.name,
        "id": f"{member.node_id:016x}",
        "address": member.address,
        "role": member.role.value,
        "priority": str(member.priority),
        "link": "up" if is_here or consensus.links.is_up(member.node_id) else "down",
    }
    if member.node_id in match_indexes:
        fields["match_index"] = str(match_indexes[member.node_id])
    return ",".join(f"{key}={value}" for key, value in fields.items())


def _replicas(consensus: Consensus) -> Iterator[tuple[NodeId, str, int, int]]:
    for follower in consensus.raft.followers:
        address = consensus.links.client_address(follower.node_id)
        host, port = _host_and_port(address)
        yield follower.node_id, host, port, follower.match_index


def _name_of(consensus: Consensus, node_id: NodeId | None) -> str:
    member = consensus.raft.configuration.member(node_id) if node_id is not None else None
    return member.name if member is not None else ""


def _host_and_port(address: str | None) -> tuple[str, int]:
    parsed = parse_address(address) if address else None
    return (parsed.host, parsed.port) if parsed is not None else ("", 0)
