"""The core: a random quorum that alone is healed in the end, and what it may be expected to do.

Responsible for choosing the nodes that must go on while everything else stays broken
for ever, and for the oracle that says whether being stuck is nobody's fault.

Who is in the core is a quorum of the configuration that is committed and of each one
that may yet be: all that some disk or memory still holds behind it, what
comes of a change that a paused or slow leader has yet to hear of, and those in which a
leader makes voters of members that join.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import combinations
from random import Random

import attrs

from leto.raft.actions import RoleName
from leto.raft.configuration import Configuration, ConfigurationChange, MemberRole
from leto.raft.events import ChangeRequested
from leto.raft.types import NodeId
from leto_sim.core import draw_core
from leto_sim.node_level.cluster import Cluster, Host
from leto_sim.node_level.process import Process

_SHARE_OF_GUESTS = 0.3  # of those who are not needed for a quorum


def choose_core(
    cluster: Cluster, rng: Random, asked: tuple[ConfigurationChange, ...] = ()
) -> list[Host] | None:
    """A random quorum, and some more; None if none is left whose data is not lost.

    Somebody waits for the changes that were `asked` for.
    """
    configurations = _configurations_to_come(cluster, asked)
    hosts = [host for host in cluster.hosts if not host.has_lost_data]
    return draw_core(hosts, lambda host: host.node_id, configurations, rng, guests=_SHARE_OF_GUESTS)


def why_stuck(core: Collection[Host], alive: Iterable[Process] = ()) -> str | None:
    """Why nobody may be blamed that the core makes no progress; None if somebody may."""
    processes = [host.alive for host in core if host.alive is not None]
    return _who_stands_still(processes, alive) or _who_is_unwanted(processes)


def _who_stands_still(core: Sequence[Process], alive: Iterable[Process]) -> str | None:
    """A leader by whose clock no time passes never notices that a quorum has left it.

    As long as some of the core hear from it, and others do not, the latter find no quorum.
    """
    for leader in alive:
        status = leader.status
        if leader in core or leader.clock.rate or status.role is not RoleName.LEADER:
            continue
        following = sum(process.status.leader == leader.node_id for process in core)
        if 0 < following < len(core):
            return f"the clock of {leader.name} stands still, and some of the core follow it"
    return None


def _who_is_unwanted(processes: Sequence[Process]) -> str | None:
    """Nobody may campaign.

    Who could win by its log may be forbidden to campaign: its priority is 0. It may be
    the only one, for it may hold what the leader that sent it never wrote.
    """
    winners = [process for process in processes if _could_win(process, processes)]
    if not winners or any(map(_may_campaign, winners)):
        return None
    names = ", ".join(process.name for process in winners)
    return f"only {names} could win an election, and has no priority"


def _configurations_to_come(
    cluster: Cluster, asked: tuple[ConfigurationChange, ...]
) -> Sequence[Configuration]:
    logs = [host.platter.log for host in cluster.hosts if not host.has_lost_data]
    logs += [process.memory for process in cluster.alive]
    configurations = list(cluster.panel.configurations_to_come(logs))
    if any(_has_yet_to_hear(process, asked) for process in cluster.alive):
        configurations += [each.changed(asked) for each in configurations if not each.is_joint]
    return [promoted for each in configurations for promoted in with_promotions(each)]


def _has_yet_to_hear(process: Process, asked: tuple[ConfigurationChange, ...]) -> bool:
    return any(type(e) is ChangeRequested and e.changes == asked for e in process.held_back)


def with_promotions(configuration: Configuration) -> Iterator[Configuration]:
    """The configuration as it is, and as it may be once members that join are voters."""
    joining = [each for each in configuration.members if each.role is MemberRole.JOINING]
    for count in range(len(joining) + 1):
        for promoted in combinations(joining, count):
            members = [
                attrs.evolve(member, role=MemberRole.VOTER) if member in promoted else member
                for member in configuration.members
            ]
            yield attrs.evolve(configuration, members=tuple(members))


def _could_win(process: Process, voters: Iterable[Process]) -> bool:
    """Whether a quorum of its configuration would vote for its log (§3.6.1)."""
    last = process.status.last_log
    granting = {v.node_id for v in voters if v.status.last_log <= last}
    return process.status.configuration.has_quorum(granting.__contains__)


def _may_campaign(process: Process) -> bool:
    """Also if its vote was taken away, as long as that is not committed (figure 4.6)."""
    status = process.status
    for configuration in (status.configuration, status.committed_configuration):
        member = configuration.member(process.node_id)
        if member is not None and configuration.is_voter(process.node_id):
            return member.priority > 0
    return False


def ids_of(hosts: Iterable[Host]) -> frozenset[NodeId]:
    """Their nodes."""
    return frozenset(host.node_id for host in hosts)
