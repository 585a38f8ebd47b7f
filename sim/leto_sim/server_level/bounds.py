"""How much a server may hold, container by container, and that it does not hold more.

Responsible for the bounds of everything between a server's sockets and its log, at work and at
rest: what belongs to connections is bounded by those that there are, what belongs to peers by
whoever has ever been one, and the rest by limits, or has to be empty when nothing is to be done.
What is replicated is bounded by what clients wrote.
"""

from collections.abc import Iterator
from typing import Final

from leto.server import Limits, Server
from leto.sessions.table import LiveSession
from leto.wal import segment_number
from leto.wal.read_back import TRANSFERS_MAX
from leto.wire import FRAME_BYTES_MAX
from leto_sim import core_bounds
from leto_sim.holdings import Bounds, Holding, Rest, Walk, at_most, check, empty, too_full
from leto_sim.server_level.cluster import Machine, ServerCluster

_WALK: Final = Walk(
    "leto.",
    core_bounds.CLOSED
    | {
        "KeyValueMachine._keyspace",  # what is replicated
        "Switchboard._acceptors",  # one for each port
        "SessionTable._left_behind",  # freed bit by bit as time passes in the log: not at rest
    },
)


def check_at_work(machine: Machine, limits: Limits) -> None:
    """Nothing exceeds its bound now."""
    life = machine.life
    if life is None or not life.has_begun:
        return
    check(machine.name, _holdings(life.server), _at_work(limits), core_bounds.at_work)


def rest_of(cluster: ServerCluster) -> Rest:
    """To be awaited once the clients of all servers have left."""

    def find() -> Iterator[tuple[str, Holding]]:
        for machine in cluster.machines:
            life = machine.life
            if life is not None and life.has_begun:
                bounds = _at_rest(cluster, machine)
                for holding in too_full(_holdings(life.server), bounds, empty):
                    yield machine.name, holding

    return Rest(find)


def _holdings(server: Server) -> Iterator[Holding]:
    return _WALK.holdings(server, "server")


def _at_work(limits: Limits) -> Bounds:
    pipeline = at_most(limits.pipeline_commands_max + 1)  # and one for what is no command
    return {
        **core_bounds.BUSY,
        "Turn._orders": empty,  # nothing is left of a fact
        "Clients._touched": empty,
        "Links._with_outgoing": empty,
        "Link.outgoing": empty,
        "ClientConnection.owed": pipeline,
        "ClientConnection.open_reads": pipeline,
        "FrameReader._buffer": at_most(FRAME_BYTES_MAX),
    }


def _at_rest(cluster: ServerCluster, machine: Machine) -> Bounds:
    life, process = machine.life, machine.process
    assert life is not None, "who rests runs"
    assert process is not None, "the same"
    connections = at_most(len(process.sockets.ends))
    others = at_most(len(life.status.configuration.members))
    everybody = at_most(sum(one.lives for one in cluster.machines))  # who has ever been a node
    segments = sum(segment_number(file.name) is not None for file in machine.directory.listing())
    sessions = cluster.promises.sessions
    hosts = {one.host for one in cluster.machines}
    # The news that a client has left may have been lost for ever: then it has not for the server.
    half_open = sum(
        end.peer.is_gone or end.peer.sockets.host not in hosts
        for end in process.sockets.ends.values()
    )
    asked = core_bounds.at_work if half_open else empty

    def results(holding: Holding) -> int:
        session = holding.owner
        assert isinstance(session, LiveSession), "the table holds nothing else"
        return sessions.open_results(session.session_id)

    return {
        **core_bounds.core_at_rest(life.status, life.memory.entries),
        "Switchboard._endpoints": connections,
        "Clients._connections": at_most(half_open),
        "ClientConnection.owed": asked,
        "RequestParser._fed": asked,
        "RequestParser._arguments": asked,
        "Links._links": connections,
        "Links._newest": others,
        "Routes._routes": others,
        "Links._once_members": everybody,
        "Links._client_addresses": everybody,
        "WriteAheadLog._segments": at_most(segments),
        "SnapshotFiles._finished": at_most(1),
        "ReadBack._reads": at_most(TRANSFERS_MAX),  # those that were given up
        "SessionTable._sessions": at_most(sessions.count),
        "LiveSession.results": results,
    }
