"""Whoever adds and removes nodes, and replaces those whose disk is lost.

Responsible for carrying out membership changes against whatever leads, one after
the other, asking again until the committed configuration shows them. And for the
atlas of losses: which disk may be lost or damaged without costing a quorum's data, so
that whatever is lost then is provably a bug. What of a change fits a configuration is told
by `leto_sim.node_level.changes`.
"""

from collections import deque
from collections.abc import Callable

import attrs

from leto.raft.actions import Outcome, Refused
from leto.raft.configuration import (
    AddMember,
    ChangeLease,
    Configuration,
    ConfigurationChange,
    MemberRole,
    RemoveMember,
)
from leto.raft.events import ChangeRequested
from leto.raft.types import Micros, NodeId
from leto_sim.faults import LoseQuorum, Victim
from leto_sim.node_level.changes import fitting, impossible_changes, may_lead, shows
from leto_sim.node_level.cluster import Cluster, Host, member
from leto_sim.node_level.core import with_promotions
from leto_sim.node_level.faults import Impossible, Reshape
from leto_sim.node_level.process import Process
from leto_sim.node_level.recovery import Recovery
from leto_sim.result import PropertyViolated
from leto_sim.sometimes import Situation

IMPOSSIBLE_REFUSED = "what cannot be is refused"
MEMBERS_MAX = 9
VOTERS_MIN = 3  # to remove one: two are left


@attrs.frozen(kw_only=True)
class Errand:
    """Changes to be made at once; of more than one voter, that is a joint change (§4.3)."""

    changes: tuple[ConfigurationChange, ...]
    replaces: bool = False  # somebody whose data is lost

    @property
    def leaving(self) -> list[NodeId]:
        """Who is a member no more afterwards."""
        return [c.node_id for c in self.changes if isinstance(c, RemoveMember)]

    def is_done(self, leader: Process) -> bool:
        """Whether the committed configuration shows it."""
        committed = leader.status.committed_configuration
        return leader.status.is_ready and all(shows(committed, c) for c in self.changes)


class Administrator:
    """Runs errands."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._errands: deque[Errand] = deque()
        self._asked: tuple[ConfigurationChange, ...] = ()  # what it waits for an answer to
        self._has_stopped = False
        self._moves = 0
        self._recovery = Recovery(cluster)
        self._recovery.on_forced = self._give_up_errands
        self._round_us = cluster.scenario.config.election_timeout_min_us // 2
        cluster.on_refusal = self._replace_corrupt
        cluster.scheduler.after(self._round_us, self._make_round)

    @property
    def is_idle(self) -> bool:
        """Whether every errand is done, and a quorum lives."""
        return not self._errands and not self.has_lost_quorum

    @property
    def has_lost_quorum(self) -> bool:
        """Whether a quorum was lost for good, and the survivors do not go on yet."""
        return self._recovery.is_needed

    @property
    def is_recovering(self) -> bool:
        """Whether a quorum was lost, or may yet be: somebody has been told to do without it."""
        return self._recovery.is_under_way

    @property
    def asked(self) -> tuple[ConfigurationChange, ...]:
        """The changes to which it has no answer yet."""
        return self._asked

    def stop(self) -> None:
        """Leaves everything as it is from now on."""
        self._errands.clear()
        self._has_stopped = True

    def add_node(self) -> None:
        """Has a blank node join, unless there are many already."""
        leader = self._cluster.leader
        if leader is None or not self.is_idle:
            return
        if len(leader.status.configuration.members) < MEMBERS_MAX:
            self._run(self._joins(self._cluster.add_blank_host(), MemberRole.JOINING))

    def remove_node(self, host: Host) -> None:
        """Removes a node, if enough voters are left and no data is lost anywhere."""
        settled = self._settled()
        if settled is None or not self.is_idle or settled.member(host.node_id) is None:
            return
        if len(settled.voters) < VOTERS_MIN or self._damaged(settled):
            return
        if may_lead(settled, lambda voter: voter != host.node_id):
            self._run(RemoveMember(host.node_id))

    def lose_disk(self, host: Host, *, at_once: bool) -> None:
        """Wipes a disk if that can be borne, and replaces the node by a stranger of its name.

        The one leaves and the other joins `at_once`, or one after the other.
        """
        if self._may_lose(host):
            self._cluster.wipe(host)
            self._replace(host, at_once=at_once)

    def corrupt_disk(self, host: Host) -> None:
        """Damages what is synced, if that can be borne. Nobody notices until the next start."""
        if self._may_lose(host):
            host.is_corrupt = True
            self._cluster.remark(f"{host.name}'s disk is damaged")

    def reshape(self, fault: Reshape, pick: Callable[[Victim], Host | None]) -> None:
        """Makes all of these changes at once, as far as they fit."""
        settled = self._settled()
        if settled is None or not self.is_idle or self._damaged(settled):
            return
        changes = fitting(fault, pick, settled, self._elsewhere)
        room = MEMBERS_MAX - len(settled.members)
        for number in range(min(room, fault.joining + fault.learning)):
            role = MemberRole.VOTER if number < fault.joining else MemberRole.LEARNER
            changes.append(self._joins(self._cluster.add_blank_host(), role))
        if changes:
            self._run(*changes)

    def blunder(self, impossible: Impossible) -> None:
        """Asks the leader for what cannot be."""
        leader = self._cluster.leader
        if leader is not None and leader.status.configuration.members:
            changes = impossible_changes(leader.status.configuration, impossible)
            request_id = self._cluster.new_request_id()
            leader.request(ChangeRequested(request_id, changes), {request_id: expect_refusal})

    def set_lease(self, lease_us: Micros) -> None:
        """Makes leases that long, unless something else is being done."""
        if self.is_idle:
            self._run(ChangeLease(lease_us))

    # --- a quorum that is lost -----------------------------------------------------------

    def lose_quorum(self, fault: LoseQuorum, pick: Callable[[Victim], Host | None]) -> None:
        """Destroys a quorum, as soon as nothing else is being done."""
        victims = (pick(victim) for victim in fault.victims)
        hosts = [host for host in victims if host is not None]
        self._recovery.threaten(hosts, best_first=fault.best_first)

    def force_in_vain(self, process: Process) -> None:
        """Somebody mistakes a cluster for lost that is not."""
        self._recovery.force_in_vain(process)

    def _recover(self) -> None:
        self._recovery.make_round()
        leader = self._cluster.leader
        if self.has_lost_quorum or leader is None:
            return
        members = leader.status.configuration.members
        hosts = (self._cluster.host_of(member.node_id) for member in members)
        gone = [host for host in hosts if host is not None and host.is_gone]
        for host in gone:  # nothing was forced: others became voters meanwhile
            self._run(RemoveMember(host.node_id))
        for _ in range(len(members) - len(gone), VOTERS_MIN):
            self._run(self._joins(self._cluster.add_blank_host(), MemberRole.JOINING))

    def _give_up_errands(self) -> None:
        """They are about members that may be gone: what is missing is seen to afterwards."""
        self._errands.clear()

    # --- what may be lost ----------------------------------------------------------------

    def _may_lose(self, host: Host) -> bool:
        """Whether a quorum's worth of the voters keeps its data without this one.

        Each entry that is committed is on a quorum, so on one of any quorum that is left;
        what replaces the lost ones is committed by such a quorum, and so is all before it.
        Members that join count as the voters that they are about to be.
        """
        settled = self._settled()
        if settled is None or host.has_lost_data or settled.member(host.node_id) is None:
            return False
        if not all(errand.replaces for errand in self._errands):
            return False
        damaged = {*self._damaged(settled), host.node_id}
        is_whole = all(
            configuration.has_quorum(lambda voter: voter not in damaged)
            for configuration in with_promotions(settled)
        )
        return is_whole and may_lead(settled, lambda voter: voter not in damaged)

    def _settled(self) -> Configuration | None:
        """The configuration, if it is committed and there is no other anywhere."""
        leader = self._cluster.leader
        if leader is None or not leader.status.is_ready:
            return None
        configuration = leader.status.committed_configuration
        is_latest = configuration == self._cluster.panel.configurations.latest
        return configuration if is_latest and not configuration.is_joint else None

    def _damaged(self, configuration: Configuration) -> list[NodeId]:
        hosts = (self._cluster.host_of(each.node_id) for each in configuration.everyone)
        return [host.node_id for host in hosts if host is not None and host.has_lost_data]

    def _replace_corrupt(self, host: Host) -> None:
        """A node refuses to start: its disk is thrown away, and a stranger takes its place."""
        if self._has_stopped:
            return
        self._cluster.wipe(host)
        if not self.has_lost_quorum:
            self._replace(host, at_once=False)

    def _replace(self, host: Host, *, at_once: bool) -> None:
        stranger = self._cluster.add_blank_host(host.name)
        leaves = RemoveMember(host.node_id)
        if at_once:
            joins = self._joins(stranger, MemberRole.VOTER)
            self._errands.append(Errand(changes=(leaves, joins), replaces=True))
        else:
            joins = self._joins(stranger, MemberRole.JOINING)
            self._errands.append(Errand(changes=(leaves,), replaces=True))
            self._errands.append(Errand(changes=(joins,), replaces=True))

    # --- errands -------------------------------------------------------------------------

    def _run(self, *changes: ConfigurationChange) -> None:
        self._errands.append(Errand(changes=changes))

    def _joins(self, host: Host, role: MemberRole) -> AddMember:
        return AddMember(member(host.node_id, host.name, role))

    def _elsewhere(self, host: Host) -> str:
        """An address at which nobody has been."""
        self._moves += 1
        return f"{host.name}:{host.node_id}:{self._moves}"

    def _make_round(self) -> None:
        if self._has_stopped:
            return
        self._cluster.scheduler.after(self._round_us, self._make_round)
        if self._recovery.threatens and self.is_idle:
            self._recovery.strike(self._settled())
        if self.has_lost_quorum:
            self._recover()
            return
        leader = self._cluster.leader
        if not self._errands or leader is None:
            return
        errand = self._errands[0]
        if errand.is_done(leader):
            self._errands.popleft()
            self._finish(errand)
        elif not self._asked:
            self._ask(leader, errand)

    def _finish(self, errand: Errand) -> None:
        """A node that was removed runs on for a while, and might disturb (§4.2.3)."""
        if errand.replaces and any(isinstance(change, AddMember) for change in errand.changes):
            self._cluster.panel.lookout.sometimes.occurred(Situation.STRANGER_ADMITTED)
        for node_id in errand.leaving:
            host = self._cluster.host_of(node_id)
            assert host is not None, "who is removed was a member"
            if not host.is_gone:
                self._cluster.scheduler.after(10 * self._round_us, self._retire, host)

    def _retire(self, host: Host) -> None:
        """Unless it is a member again: a survivor that lacks its removal may be all there is."""
        leader = self._cluster.leader
        if leader is None or leader.status.configuration.member(host.node_id) is None:
            self._cluster.retire(host)

    def _ask(self, leader: Process, errand: Errand) -> None:
        request_id = self._cluster.new_request_id()
        self._asked = errand.changes
        leader.request(ChangeRequested(request_id, errand.changes), {request_id: self._on_outcome})

    def _on_outcome(self, _: Outcome | None) -> None:
        self._asked = ()


def expect_refusal(outcome: Outcome | None) -> None:
    """Raises `PropertyViolated` if what cannot be was not refused."""
    if outcome is not None and not isinstance(outcome, Refused):
        raise PropertyViolated(IMPOSSIBLE_REFUSED, f"what cannot be is answered by {outcome}")
