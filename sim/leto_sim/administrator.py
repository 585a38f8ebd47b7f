"""Whoever adds and removes nodes, and replaces those whose disk is lost.

Responsible for carrying out membership changes against whatever leads, one after
the other, asking again until the committed configuration shows them.
"""

from collections import deque
from typing import TypeAlias

import attrs

from leto.raft.actions import Outcome
from leto.raft.configuration import AddMember, ConfigurationChange, MemberRole, RemoveMember
from leto.raft.events import ChangeRequested
from leto.raft.types import NodeId
from leto_sim.cluster import Cluster, Host, member
from leto_sim.process import Process

MEMBERS_MAX = 7
VOTERS_MIN = 3  # to remove or lose one: two are left


@attrs.frozen
class Join:
    """Make the node of this machine a member."""

    host: Host


@attrs.frozen
class Leave:
    """Make the node a member no more."""

    node_id: NodeId


Errand: TypeAlias = Join | Leave


class Administrator:
    """Runs errands."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._errands: deque[Errand] = deque()
        self._is_waiting = False  # for an answer
        self._round_us = cluster.scenario.config.election_timeout_min_us // 2
        cluster.scheduler.after(self._round_us, self._make_round)

    @property
    def is_idle(self) -> bool:
        """Whether every errand is done."""
        return not self._errands

    def add_node(self) -> None:
        """Has a blank node join, unless there are many already."""
        leader = self._cluster.leader
        if leader is None or not self.is_idle:
            return
        if len(leader.status.configuration.members) < MEMBERS_MAX:
            self._errands.append(Join(self._cluster.add_blank_host()))

    def remove_node(self, host: Host) -> None:
        """Removes a node, if enough voters are left."""
        if self._can_spare(host):
            self._errands.append(Leave(host.node_id))

    def lose_disk(self, host: Host) -> None:
        """Wipes a disk if that can be borne, and replaces the node by a stranger of its name."""
        if self._can_spare(host):
            self._cluster.wipe(host)
            self._errands.append(Leave(host.node_id))
            self._errands.append(Join(self._cluster.add_blank_host(host.name)))

    def _can_spare(self, host: Host) -> bool:
        leader = self._cluster.leader
        if leader is None or not self.is_idle or host.is_gone:
            return False
        configuration = leader.status.committed_configuration
        settled = configuration == leader.status.configuration and leader.status.is_ready
        return (
            settled
            and configuration.member(host.node_id) is not None
            and len(configuration.voters) >= VOTERS_MIN
        )

    def _make_round(self) -> None:
        self._cluster.scheduler.after(self._round_us, self._make_round)
        leader = self._cluster.leader
        if not self._errands or leader is None:
            return
        errand = self._errands[0]
        if _is_done(errand, leader):
            self._errands.popleft()
            self._finish(errand)
        elif not self._is_waiting:
            self._ask(leader, _change(errand))

    def _finish(self, errand: Errand) -> None:
        """A node that was removed runs on for a while, and might disturb (§4.2.3)."""
        if isinstance(errand, Leave):
            host = self._cluster.host_of(errand.node_id)
            assert host is not None, "who is removed was a member"
            if not host.is_gone:
                self._cluster.scheduler.after(10 * self._round_us, self._retire, host)

    def _retire(self, host: Host) -> None:
        self._cluster.retire(host)

    def _ask(self, leader: Process, change: ConfigurationChange) -> None:
        request_id = self._cluster.new_request_id()
        self._is_waiting = True
        leader.request(ChangeRequested(request_id, (change,)), {request_id: self._on_outcome})

    def _on_outcome(self, _: Outcome | None) -> None:
        self._is_waiting = False


def _is_done(errand: Errand, leader: Process) -> bool:
    committed = leader.status.committed_configuration
    if isinstance(errand, Join):
        return committed.member(errand.host.node_id) is not None
    return committed.member(errand.node_id) is None and leader.status.is_ready


def _change(errand: Errand) -> ConfigurationChange:
    if isinstance(errand, Join):
        return AddMember(member(errand.host.node_id, errand.host.name, MemberRole.JOINING))
    return RemoveMember(errand.node_id)
