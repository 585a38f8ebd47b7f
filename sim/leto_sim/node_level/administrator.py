"""Whoever adds and removes nodes, and replaces those whose disk is lost.

Responsible for carrying out membership changes against whatever leads, one after
the other, asking again until the committed configuration shows them.
"""

from collections import deque

import attrs

from leto.raft.actions import Outcome
from leto.raft.configuration import AddMember, ConfigurationChange, MemberRole, RemoveMember
from leto.raft.events import ChangeRequested
from leto.raft.types import NodeId
from leto_sim.node_level.cluster import Cluster, Host, member
from leto_sim.node_level.process import Process

MEMBERS_MAX = 7
VOTERS_MIN = 3  # to remove or lose one: two are left


@attrs.frozen(kw_only=True)
class Errand:
    """Make the node of one machine a member, another one a member no more, or both at once."""

    joining: Host | None = None
    leaving: NodeId | None = None

    @property
    def changes(self) -> tuple[ConfigurationChange, ...]:
        """What to ask for. Both at once is a joint change (§4.3), of two voters."""
        changes: list[ConfigurationChange] = []
        if self.leaving is not None:
            changes.append(RemoveMember(self.leaving))
        if self.joining is not None:
            role = MemberRole.JOINING if self.leaving is None else MemberRole.VOTER
            changes.append(AddMember(member(self.joining.node_id, self.joining.name, role)))
        return tuple(changes)

    def is_done(self, leader: Process) -> bool:
        """Whether the committed configuration shows it."""
        committed = leader.status.committed_configuration
        has_joined = self.joining is None or committed.member(self.joining.node_id) is not None
        has_left = self.leaving is None or committed.member(self.leaving) is None
        return has_joined and has_left and leader.status.is_ready


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
            self._errands.append(Errand(joining=self._cluster.add_blank_host()))

    def remove_node(self, host: Host) -> None:
        """Removes a node, if enough voters are left."""
        if self._can_spare(host):
            self._errands.append(Errand(leaving=host.node_id))

    def lose_disk(self, host: Host, *, at_once: bool) -> None:
        """Wipes a disk if that can be borne, and replaces the node by a stranger of its name.

        The one leaves and the other joins `at_once`, or one after the other.
        """
        if self._can_spare(host):
            self._cluster.wipe(host)
            stranger = self._cluster.add_blank_host(host.name)
            if at_once:
                self._errands.append(Errand(leaving=host.node_id, joining=stranger))
            else:
                self._errands.append(Errand(leaving=host.node_id))
                self._errands.append(Errand(joining=stranger))

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
        if errand.is_done(leader):
            self._errands.popleft()
            self._finish(errand)
        elif not self._is_waiting:
            self._ask(leader, errand)

    def _finish(self, errand: Errand) -> None:
        """A node that was removed runs on for a while, and might disturb (§4.2.3)."""
        if errand.leaving is not None:
            host = self._cluster.host_of(errand.leaving)
            assert host is not None, "who is removed was a member"
            if not host.is_gone:
                self._cluster.scheduler.after(10 * self._round_us, self._retire, host)

    def _retire(self, host: Host) -> None:
        self._cluster.retire(host)

    def _ask(self, leader: Process, errand: Errand) -> None:
        request_id = self._cluster.new_request_id()
        self._is_waiting = True
        leader.request(ChangeRequested(request_id, errand.changes), {request_id: self._on_outcome})

    def _on_outcome(self, _: Outcome | None) -> None:
        self._is_waiting = False
