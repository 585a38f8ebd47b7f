"""The operator of a cluster that has lost its quorum for good.

Responsible for losing it, and for forcing a configuration on a survivor: this one or that
one is asked, sometimes in a wrong way, or two at once and not the same of both, until the
cluster goes on. Whom the forced configuration does not name never comes back. What may be
lost thereby, and that nothing else is, is for the checkers to say
(`leto_sim.checkers.forcings`).
"""

from collections.abc import Callable, Collection, Sequence

from leto.raft.actions import Outcome, Refusal, Refused
from leto.raft.configuration import Configuration
from leto.raft.events import ConfigurationForced
from leto.raft.types import EntryId, NodeId
from leto_sim.lost_quorum import Left, are_no_quorum, least_lost, some_hold
from leto_sim.node_level.cluster import Cluster, Host
from leto_sim.node_level.process import Listener, Process
from leto_sim.randomness import stream
from leto_sim.sometimes import Situation

_SHARE_OF_MISTAKES = 0.3
_SHARE_OF_CONTRADICTIONS = 0.2
_SHARE_OF_THE_REMOVED = 0.1
_ROUNDS_OF_PATIENCE = 30  # of an operator's: for a moment in which something will be lost
_MISTAKES = (0, 2, 6)  # before it gets things right
_NOBODY = NodeId(1)


class Recovery:
    """Takes a quorum away, and goes on without it."""

    def __init__(self, cluster: Cluster) -> None:
        self.is_needed = False
        self.on_forced: Callable[[], None] | None = None
        self._cluster = cluster
        self._rng = stream(cluster.seed, "recovery")
        self._mistakes_left = 0  # at least
        self._orders_open = 0
        self._victims: Sequence[Host] = ()  # of what is to come
        self._best_first = False
        self._rounds_left = 0
        cluster.panel.on_forced = self._give_up_others

    def threaten(self, victims: Sequence[Host], *, best_first: bool) -> None:
        """Voters are to be destroyed, in this order or those who hold most before the others."""
        self._victims, self._best_first = victims, best_first
        self._rounds_left = _ROUNDS_OF_PATIENCE

    @property
    def is_under_way(self) -> bool:
        """Whether it is needed, or may yet be: somebody has been told to go on alone."""
        return self.is_needed or self._orders_open > 0

    @property
    def threatens(self) -> bool:
        """Whether voters are to be destroyed."""
        return bool(self._victims)

    def strike(self, settled: Configuration | None) -> None:
        """Destroys voters until the others are no quorum, if these could go on."""
        if settled is None:
            return
        victims = self._victims
        if self._best_first:
            victims = sorted(self._cluster.hosts, key=_last, reverse=True)
        lost = self._least_lost(settled, victims)
        self._rounds_left -= 1
        if lost is None or (self._rounds_left > 0 and self._best_first and self._all_hold(lost)):
            return
        self._victims = ()
        for host in self._cluster.hosts:
            if host in lost or host.is_corrupt:
                self._destroy(host)
        self._mistakes_left = self._rng.choice(_MISTAKES)
        self.is_needed = True

    def make_round(self) -> None:
        """Looks whether the cluster goes on by now, and asks somebody if it does not."""
        if self._goes_on():
            self.is_needed = False
        elif not self._orders_open:
            self._ask()

    def force_in_vain(self, process: Process) -> None:
        """Asks a node to go on alone that must refuse: it follows or leads, for all it knows."""
        if process.status.leader is not None and not process.holds_back:
            self._orders_open += 1
            self._order(process, (process.node_id,), self._on_outcome)

    # --- what is lost --------------------------------------------------------------------

    def _least_lost(self, settled: Configuration, victims: Sequence[Host]) -> list[Host] | None:
        """The first of the victims that make up a lost quorum; None if nobody could go on."""
        voters = [self._host(node_id) for node_id in settled.voters]
        lost = [host for host in voters if host.has_lost_data]
        to_come = [host for host in victims if host in voters]
        losing = least_lost(lost, to_come, lambda gone: are_no_quorum(self._left_without(gone)))
        if losing is None or not any(_may_be_asked(h) for h in voters if h not in losing):
            return None
        return losing

    def _all_hold(self, lost: Collection[Host]) -> bool:
        """Whether nothing is committed that everybody else lacks."""
        lost = [*lost, *(host for host in self._cluster.hosts if host.has_lost_data)]
        return some_hold(self._left_without(lost), self._cluster.panel.ledger.last)

    def _left_without(self, lost: Collection[Host]) -> list[Left]:
        hosts = self._cluster.hosts
        return [_as_left(host) for host in hosts if host not in lost and not host.is_gone]

    def _destroy(self, host: Host) -> None:
        if host.is_gone:
            return
        self._cluster.wipe(host)
        self._cluster.silence(host)

    def _give_up_others(self, forced: Configuration) -> None:
        """A configuration is forced: whom it does not name must not come back.

        Whoever forced it by mistake has lost a quorum thereby, and must see to it that the
        cluster goes on: a power cut may yet take the forced entry back.
        """
        self.is_needed = True
        for host in self._cluster.hosts:
            if forced.member(host.node_id) is None and not host.is_gone:
                self._cluster.retire(host)
                self._cluster.silence(host)
        if self.on_forced is not None:
            self.on_forced()

    # --- going on without it -------------------------------------------------------------

    def _goes_on(self) -> bool:
        leader = self._cluster.leader
        if leader is None or not leader.status.is_ready:
            return False
        left = {host.node_id for host in self._cluster.hosts if not host.is_gone}
        status = leader.status
        in_force = (status.committed_configuration, status.configuration)
        # Perhaps without any forcing: who was joining may have become a voter meanwhile.
        return all(configuration.has_quorum(left.__contains__) for configuration in in_force)

    def _ask(self) -> None:
        candidates = [p for p in self._cluster.alive if _is_member(p)]
        is_contradiction = self._rng.random() < _SHARE_OF_CONTRADICTIONS
        for process in self._rng.sample(candidates, min(len(candidates), 1 + is_contradiction)):
            survivors = self._survivors_for(process)
            if is_contradiction:
                self._leave_some_out(process, survivors)
            self._ask_to_go_on(process, survivors)

    def _leave_some_out(self, process: Process, survivors: list[NodeId]) -> None:
        """Each is told of others than the next one."""
        for node_id in list(survivors):
            if node_id != process.node_id and self._rng.random() < 1 / len(survivors):
                survivors.remove(node_id)

    def _ask_to_go_on(self, process: Process, survivors: list[NodeId]) -> None:
        if self._mistakes_left or self._rng.random() < _SHARE_OF_MISTAKES:
            self._mistakes_left = max(0, self._mistakes_left - 1)
            survivors = self._mistaken(process, survivors)
        self._orders_open += 1
        self._order(process, tuple(survivors), self._on_outcome)

    def _order(self, process: Process, survivors: tuple[NodeId, ...], listener: Listener) -> None:
        request_id = self._cluster.new_request_id()
        process.request(ConfigurationForced(request_id, survivors), {request_id: listener})

    def _on_outcome(self, outcome: Outcome | None) -> None:
        self._orders_open -= 1
        if isinstance(outcome, Refused) and outcome.refusal is Refusal.QUORUM_ALIVE:
            self._cluster.panel.lookout.sometimes.occurred(Situation.FORCING_REFUSED)

    def _survivors_for(self, process: Process) -> list[NodeId]:
        """Whom it knows of the members that are left, but for those who know more.

        Itself in any case, and sometimes others whose removal may not be committed.
        """
        known = {member.node_id: None for member in process.status.configuration.everyone}
        if self._rng.random() < _SHARE_OF_THE_REMOVED:
            known |= dict.fromkeys(process.status.possible_members)
        known[process.node_id] = None
        left = [node_id for node_id in known if not self._host(node_id).is_gone]
        return [node_id for node_id in left if not self._knows_more(self._host(node_id), process)]

    def _knows_more(self, host: Host, process: Process) -> bool:
        """Whether it has committed what this one lacks."""
        if host.alive is None:
            return False
        committed = host.alive.memory.id_at(host.alive.status.commit_index)
        return committed is not None and not process.memory.holds(committed)

    def _mistaken(self, process: Process, survivors: Sequence[NodeId]) -> list[NodeId]:
        """One too few, or one too many who cannot vote for it: dead, unknown."""
        wrong = [host.node_id for host in self._cluster.hosts if host.is_gone]
        mistakes = [
            [node_id for node_id in survivors if node_id != process.node_id],
            [*survivors, _NOBODY],
            *([*survivors, node_id] for node_id in wrong),
        ]
        return self._rng.choice(mistakes)

    def _host(self, node_id: NodeId) -> Host:
        host = self._cluster.host_of(node_id)
        assert host is not None, "configurations name nodes of this cluster"
        return host


def _as_left(host: Host) -> Left:
    if host.alive is None:
        return Left(host.node_id, host.platter)
    return Left(host.node_id, host.platter, host.alive.memory, host.alive.status.configuration)


def _last(host: Host) -> EntryId:
    return _as_left(host).last


def _may_be_asked(host: Host) -> bool:
    return host.alive is None or _is_member(host.alive)


def _is_member(process: Process) -> bool:
    """Whether it may be one, for all it knows: its removal may not be committed."""
    return process.node_id in process.status.possible_members
