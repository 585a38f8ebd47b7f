"""An operator's forced configuration: when one may be forced, and what it may cost.

Responsible for the one account of it that the checkers share. A forced log is a history
of its own: what was committed beyond the last entry in which both agree is void, and so
are the terms that only the lost nodes knew, for the survivors count on from theirs. Each
checker that remembers entries or terms is told (`Historian`) and forgets exactly that;
everything else holds on.

And for three properties. Nobody stands by an operator's word who has not been without a
leader for an election timeout of its own clock, asking for votes in vain if it may ask. What is
forced is what an operator has ordered: these survivors, the node among them, each with a vote.
And it costs no more than it must: every survivor's vote for the node in that very term is
durable, and none of them holds a longer log.

A node may force yet what another one, in a later term and without it, has made pointless: that
begins no history any more.

Where no clocks are shown (in whole servers), it judges nobody.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import attrs

from leto.raft.actions import Answer, RoleName
from leto.raft.configuration import Configuration
from leto.raft.events import ConfigurationForced
from leto.raft.types import EntryId, Index, Micros, NodeId, RequestId, Term
from leto_sim.checkers.electorates import Electorates
from leto_sim.checkers.observed import Observed
from leto_sim.checkers.patience import Patience
from leto_sim.clock import Clock
from leto_sim.platter import Platter
from leto_sim.result import PropertyViolated
from leto_sim.units import duration

FORCED_IN_DESPAIR = "nothing is forced while a quorum may be alive"
FORCED_AS_ORDERED = "what is forced is what an operator ordered"
FORCED_FOR_THE_BEST = "what a survivor holds is not lost by forcing"


@attrs.frozen(kw_only=True)
class Forcing:
    """A quorum is given up: with this entry another history begins."""

    at_us: Micros
    entry: EntryId
    configuration: Configuration
    agreed: Index  # up to here the forced log is what was committed

    def is_void(self, index: Index) -> bool:
        """Whether what was committed there before is lost."""
        return index > self.agreed

    def is_new(self, term: Term) -> bool:
        """Whether the survivors come to that term for the first time, whoever led it before."""
        return term >= self.entry.term


class Historian(Protocol):
    """A checker that remembers entries or terms."""

    def forced(self, forcing: Forcing) -> None:
        """Forgets what is void."""
        ...


class Forcings:
    """Judges each forcing, and remembers it."""

    def __init__(self, electorates: Electorates, patience: Patience, patience_us: Micros) -> None:
        self.all: list[Forcing] = []
        self._electorates = electorates
        self._patience = patience
        self._patience_us = patience_us
        self._clocks: dict[NodeId, Clock] = {}
        self._leaderless_since: dict[NodeId, Micros] = {}  # by its own clock
        # That are not answered: another one may come while the first is carried out.
        self._orders: dict[NodeId, dict[RequestId, ConfigurationForced]] = {}
        self._stood_in: dict[NodeId, Term] = {}  # by an operator's word, the last time
        self._now: Callable[[], Micros] = int  # of the world, once there is one

    def started(self, node: Observed, clock: Clock, now: Callable[[], Micros]) -> None:
        """A node starts a life, with another clock than the one before."""
        self._clocks[node.node_id], self._now = clock, now
        for memory in (self._leaderless_since, self._orders, self._stood_in):
            memory.pop(node.node_id, None)

    def requested(self, node: Observed, event: ConfigurationForced) -> None:
        """The node is told by an operator to go on with these survivors."""
        self._orders.setdefault(node.node_id, {})[event.request_id] = event

    def answered(self, node: Observed, answer: Answer) -> None:
        """The node answers a request: if it is an order, it will not be carried out any more."""
        self._orders.get(node.node_id, {}).pop(answer.request_id, None)

    def may_be_told(self, node_id: NodeId, event: ConfigurationForced) -> None:
        """Somebody tells the node so by a way of its own, where the world does not see it arrive."""
        self._orders.setdefault(node_id, {})[event.request_id] = event

    def is_not_told(self, node_id: NodeId, request_id: RequestId) -> None:
        """That was answered."""
        self._orders.get(node_id, {}).pop(request_id, None)

    def has_order(self, node: Observed) -> bool:
        """Whether an operator's order waits to be carried out."""
        return bool(self._orders.get(node.node_id))

    def role_changed(self, node: Observed, role: RoleName) -> None:
        """The node plays another role than a candidate's, or the same one in another term."""
        if role is RoleName.PRE_CANDIDATE:
            if node.node_id in self._clocks:
                self._leaderless_since.setdefault(node.node_id, self._shown(node))
        elif role is RoleName.LEADER or not self._has_only_been_refused(node):
            self._leaderless_since.pop(node.node_id, None)

    def stood(self, node: Observed) -> None:
        """The node has become a candidate as others do."""
        self._leaderless_since.pop(node.node_id, None)

    def stood_as_ordered(self, node: Observed) -> None:
        """The node has become a candidate by an operator's word."""
        if node.node_id in self._clocks:
            self._check_despair(node)
            self._stood_in[node.node_id] = node.status.current_term

    def force(
        self,
        node: Observed,
        entry: EntryId,
        configuration: Configuration,
        agreed: Index,
        platters: Mapping[NodeId, Platter],
    ) -> Forcing | None:
        """The node begins a history of its own, or nothing. `node.memory` is as before that."""
        if node.node_id in self._clocks:
            order = self._check_order(node, entry, configuration)
            self._check_survivors(node, entry, configuration, platters)
            del self._orders[node.node_id][order.request_id]
        if self.all and self.all[-1].entry.term >= entry.term:
            return None
        forcing = Forcing(
            at_us=self._now(), entry=entry, configuration=configuration, agreed=agreed
        )
        self.all.append(forcing)
        return forcing

    def _shown(self, node: Observed) -> Micros:
        return self._clocks[node.node_id].at(self._now())

    def _has_only_been_refused(self, node: Observed) -> bool:
        """Whether it follows nobody now, since not every survivor has voted for it."""
        return self._stood_in.get(node.node_id) == node.status.current_term

    def _check_despair(self, node: Observed) -> None:
        since = self._leaderless_since.get(node.node_id)
        # Who must not lead asks nobody: its leader's silence is all that it knows.
        waited_us = self._patience.silence_us(node) if since is None else self._shown(node) - since
        if waited_us is not None and waited_us < self._patience_us:
            raise _violation(
                FORCED_IN_DESPAIR, node, f"has been in despair for {duration(waited_us)} only"
            )
        if waited_us is not None:
            self._leaderless_since[node.node_id] = self._shown(node) - waited_us

    def _check_order(
        self, node: Observed, entry: EntryId, configuration: Configuration
    ) -> ConfigurationForced:
        """Which of the orders it carries out: the first that is like that."""
        orders = self._orders.get(node.node_id, {}).values()
        voters = sorted(member.node_id for member in configuration.members if member.is_voter)
        order = next((order for order in orders if sorted(order.survivors) == voters), None)
        if order is None or configuration.outgoing or node.node_id not in voters:
            ordered = [order.survivors for order in orders]
            raise _violation(FORCED_AS_ORDERED, node, f"goes on with {voters}, not {ordered}")
        if len(configuration.members) != len(voters) or entry.term != node.status.current_term:
            raise _violation(FORCED_AS_ORDERED, node, f"appends {configuration} as {entry}")
        return order

    def _check_survivors(
        self,
        node: Observed,
        entry: EntryId,
        configuration: Configuration,
        platters: Mapping[NodeId, Platter],
    ) -> None:
        electors = self._electorates.voters_of(entry.term, node.node_id)
        for survivor in (member.node_id for member in configuration.members):
            if survivor not in electors:
                text = f"{survivor} has not voted for it in term {entry.term}"
                raise _violation(FORCED_FOR_THE_BEST, node, text)
            platter = platters.get(survivor)
            if platter is None or platter.hard_state.current_term > entry.term:
                continue  # it is gone, or follows another one by now
            if platter.last > node.memory.last and survivor != node.node_id:
                text = f"{survivor} holds {platter.last}, beyond {node.memory.last}"
                raise _violation(FORCED_FOR_THE_BEST, node, text)


def _violation(property_name: str, node: Observed, what: str) -> PropertyViolated:
    return PropertyViolated(
        property_name, f"{node.name} forces a configuration: {what}", node=node.name
    )
