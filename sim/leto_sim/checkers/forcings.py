"""An operator's forced configuration: when one may be forced, and what it may cost.

Responsible for the one account of it that the checkers share. A forced log is a history
of its own: what was committed beyond the last entry in which both agree is void, and so
are the terms that only the lost nodes knew, for the survivors count on from theirs. Each
checker that remembers entries or terms is told (`Historian`) and forgets exactly that;
everything else holds on.

And for three properties. Nobody forces anything who has not asked for votes in vain for
an election timeout of its own clock. What is forced is what an operator has ordered:
these survivors, the node among them, each with a vote. And it costs no more than it
must: every other survivor has just granted the node a pre-vote, and holds no longer log.

Two survivors that have each other's leave may both do as they are told. Whoever is later
begins no history: it appends the very entry that the other one did. That one may hold it,
and whatever has followed since.

Where no clocks are shown (in whole servers), it judges nobody.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import attrs

from leto.raft.actions import RoleName
from leto.raft.configuration import Configuration
from leto.raft.events import ConfigurationForced
from leto.raft.types import EntryId, Index, Micros, NodeId, Term
from leto_sim.checkers.campaigns import Campaigns
from leto_sim.checkers.observed import Observed
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

    def begins_with(self, entry: EntryId, configuration: Configuration) -> bool:
        """Whether it is this very entry that its history begins with."""
        return self.entry == entry and self.configuration == configuration

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

    def __init__(self, campaigns: Campaigns, patience_us: Micros) -> None:
        self.all: list[Forcing] = []
        self._campaigns = campaigns
        self._patience_us = patience_us
        self._clocks: dict[NodeId, Clock] = {}
        self._pre_candidate_since: dict[NodeId, Micros] = {}  # by its own clock
        self._ordered: dict[NodeId, tuple[NodeId, ...]] = {}  # the last survivors that it was told
        self._now: Callable[[], Micros] = int  # of the world, once there is one

    def started(self, node: Observed, clock: Clock, now: Callable[[], Micros]) -> None:
        """A node starts a life, with another clock than the one before."""
        self._clocks[node.node_id], self._now = clock, now
        self._pre_candidate_since.pop(node.node_id, None)
        self._ordered.pop(node.node_id, None)

    def requested(self, node: Observed, event: ConfigurationForced) -> None:
        """An operator wants the node to go on with these survivors."""
        self._ordered[node.node_id] = event.survivors

    def role_changed(self, node: Observed, role: RoleName) -> None:
        """The node plays another role, or the same one in another term."""
        if role is not RoleName.PRE_CANDIDATE:
            self._pre_candidate_since.pop(node.node_id, None)
        elif node.node_id in self._clocks:
            shown = self._clocks[node.node_id].at(self._now())
            self._pre_candidate_since.setdefault(node.node_id, shown)

    def is_followed(self, node: Observed, survivor: NodeId) -> bool:
        """Whether the survivor may have told the node lately that it would vote for it."""
        return self._campaigns.has_granted_lately(survivor, node.node_id)

    def force(
        self,
        node: Observed,
        entry: EntryId,
        configuration: Configuration,
        agreed: Index,
        platters: Mapping[NodeId, Platter],
    ) -> Forcing | None:
        """The node begins a history of its own, or nothing new. `node.memory` is as before that."""
        is_begun = bool(self.all) and self.all[-1].begins_with(entry, configuration)
        if node.node_id in self._clocks:
            self._check_despair(node)
            self._check_order(node, entry, configuration)
            self._check_survivors(node, configuration, platters, entry if is_begun else None)
        if is_begun:
            return None
        forcing = Forcing(
            at_us=self._now(), entry=entry, configuration=configuration, agreed=agreed
        )
        self.all.append(forcing)
        return forcing

    def _check_despair(self, node: Observed) -> None:
        since = self._pre_candidate_since.get(node.node_id)
        if since is None:
            raise _violation(FORCED_IN_DESPAIR, node, "has asked nobody for a vote")
        waited_us = self._clocks[node.node_id].at(self._now()) - since
        if waited_us < self._patience_us:
            raise _violation(
                FORCED_IN_DESPAIR, node, f"has asked in vain for {duration(waited_us)} only"
            )

    def _check_order(self, node: Observed, entry: EntryId, configuration: Configuration) -> None:
        ordered = self._ordered.get(node.node_id, ())
        voters = sorted(member.node_id for member in configuration.members if member.is_voter)
        if voters != sorted(ordered) or configuration.outgoing or node.node_id not in voters:
            raise _violation(FORCED_AS_ORDERED, node, f"goes on with {voters}, not {ordered}")
        if len(configuration.members) != len(voters) or entry.term != node.status.current_term:
            raise _violation(FORCED_AS_ORDERED, node, f"appends {configuration} as {entry}")

    def _check_survivors(
        self,
        node: Observed,
        configuration: Configuration,
        platters: Mapping[NodeId, Platter],
        begun: EntryId | None,
    ) -> None:
        for survivor in (member.node_id for member in configuration.members):
            if survivor == node.node_id:
                continue
            if not self.is_followed(node, survivor):
                text = f"{survivor} has not granted it a pre-vote lately"
                raise _violation(FORCED_FOR_THE_BEST, node, text)
            platter = platters.get(survivor)
            if platter is None or (begun is not None and platter.holds(begun)):
                continue  # what it holds is what the node appends, and what has followed
            if platter.last > node.memory.last:
                text = f"{survivor} holds {platter.last}, beyond {node.memory.last}"
                raise _violation(FORCED_FOR_THE_BEST, node, text)


def _violation(property_name: str, node: Observed, what: str) -> PropertyViolated:
    return PropertyViolated(
        property_name, f"{node.name} forces a configuration: {what}", node=node.name
    )
