"""Leases rest on promises, and promises are kept (§6.4.1).

Responsible for two properties. Whoever has acknowledged a message that states a lease votes
for nobody, itself included, before so much of its own time has passed, a restart or
not; only the leader itself may release it (§3.10). And whoever answers a read by its
lease has the promises of a quorum until the answer expires: of voters that know durably, so
after a restart too, that they may have promised as much. While its configuration is not
committed, a quorum of the one before is enough: nobody is elected without a member of it
(§4.1, §4.3). Who has asked another node to lead has released everybody.

Where no clocks are shown (in whole servers), it judges nobody.
"""

from collections.abc import Callable, Mapping

import attrs

from leto.raft.actions import Answer, Readable, Send
from leto.raft.configuration import Configuration
from leto.raft.entries import HardState
from leto.raft.events import ReadPolicy
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    Message,
    RequestVote,
    TimeoutNow,
)
from leto.raft.types import EntryId, Micros, NodeId, Term
from leto_sim.checkers.observed import Observed
from leto_sim.checkers.quorums import has_quorum
from leto_sim.clock import Clock
from leto_sim.platter import Platter
from leto_sim.result import PropertyViolated
from leto_sim.units import duration

PROMISES_KEPT = "who has promised a lease votes for nobody"
LEASES_PROMISED = "a lease rests on the promises of a quorum"


@attrs.frozen
class _Promise:
    """To the leader of `term`; `until` is what the node's own clock shows then."""

    term: Term
    until: Micros
    lease_us: Micros
    anew_us: Micros = 0  # so much longer a restart binds it: for the whole lease again


@attrs.define
class _Voter:
    """What one node has promised, in all of its lives."""

    clock: Clock
    started_at: Micros  # by that clock
    promises: dict[Micros, _Promise] = attrs.field(factory=dict[Micros, _Promise])
    """The last one of each length: a restart may make it forget the long ones alone."""
    owed_until: Micros = 0  # the end of the longest
    released: tuple[Term, NodeId] | None = None  # may be voted for all the same
    vote: tuple[Term, NodeId | None] = (0, None)
    heard: dict[tuple[Term, int], _Promise] = attrs.field(factory=dict[tuple[Term, int], _Promise])
    """What acknowledging each round promises: the least of what its messages ask for, since
    whose disk hangs may have ignored any."""
    resigned_in: Term = 0  # it has asked another node to lead


class LeasePromises:
    """Remembers what each node has promised, and to whom."""

    def __init__(
        self, issued: Mapping[EntryId, Configuration], *, trusts_clocks: bool = True
    ) -> None:
        self._issued = issued
        self._trusts_clocks = trusts_clocks
        self.are_given = False  # there are no leases, most often
        self._voters: dict[NodeId, _Voter] = {}
        self._now: Callable[[], Micros] = int  # of the world, once there is one

    def started(self, node: Observed, clock: Clock, now: Callable[[], Micros]) -> None:
        """A node starts a life, with another clock than the one before."""
        self._now = now
        before = self._voters.get(node.node_id)
        voter = self._voters[node.node_id] = _Voter(clock, clock.at(now()))
        if before is None:
            return
        voter.vote = before.vote
        for lease_us, promise in before.promises.items():
            known_us = _known_us(self._issued, node.platter)
            lasting = promise.until - max(lease_us - known_us, 0)
            left_us = max(lasting - before.clock.at(now()), 0)  # the clocks' rates may differ
            voter.promises[lease_us] = attrs.evolve(
                promise, until=clock.at(now()) + left_us, anew_us=lease_us - left_us
            )
            voter.owed_until = max(voter.owed_until, voter.promises[lease_us].until)

    def heard(self, node: Observed, sender: NodeId, message: Message) -> None:
        """The node is about to handle a message."""
        voter = self._voters.get(node.node_id)
        if voter is None:
            return
        shown = voter.clock.at(self._now())
        is_bound = voter.started_at < shown < voter.owed_until
        if is_bound and voter.owed_until > node.status.promised_until:
            raise _broken(node, "takes itself for free", voter, shown)
        match message:
            case AppendEntries(lease_us=lease_us) if lease_us or voter.heard:
                # One that asks for nothing may repeat a round whose first word was ignored.
                self.are_given = True
                promise = _Promise(message.term, shown + lease_us, lease_us)
                asked_before = voter.heard.setdefault((message.term, message.round), promise)
                if promise.until < asked_before.until:
                    voter.heard[message.term, message.round] = promise
            case RequestVote(is_transfer=True):
                voter.released = (message.term, sender)
            case TimeoutNow():
                voter.released = (message.term + 1, node.node_id)
            case _:
                pass

    def sent(self, node: Observed, send: Send) -> None:
        """The message leaves the node now."""
        voter, message = self._voters.get(node.node_id), send.message
        if voter is None:
            return
        if type(message) is TimeoutNow:
            voter.resigned_in = message.term
        elif type(message) is AppendEntriesResponse and voter.heard:  # only where there are leases
            promise = voter.heard.get((message.term, message.round))
            if promise is not None:
                _acknowledged(voter, promise, message.round)

    def write_issued(self, node: Observed, hard_state: HardState) -> None:
        """The node orders a write of its term and vote."""
        voter = self._voters.get(node.node_id)
        vote = (hard_state.current_term, hard_state.voted_for)
        if voter is None or vote == voter.vote:
            return
        voter.vote = vote
        if vote[1] is None or vote == voter.released:
            return
        now = voter.clock.at(self._now())
        if now < voter.owed_until:
            raise _broken(node, f"votes in term {vote[0]}", voter, now)

    def owed_until(self, node: Observed) -> Micros:
        """Until when, by its own clock, the node has promised to grant no vote."""
        voter = self._voters.get(node.node_id)
        return 0 if voter is None else voter.owed_until

    def answered(self, node: Observed, answer: Answer, platters: Mapping[NodeId, Platter]) -> None:
        """The node answers a request."""
        outcome, leader = answer.outcome, self._voters.get(node.node_id)
        if leader is None or type(outcome) is not Readable or not self._trusts_clocks:
            return
        if outcome.policy is not ReadPolicy.LEASE or outcome.valid_until is None:
            return
        term = node.status.current_term
        expires = leader.clock.when(outcome.valid_until) if leader.clock.rate else self._now()

        def has_promised(node_id: NodeId) -> bool:
            return node_id == node.node_id or self._has_promised(
                node_id, term, expires, platters.get(node_id)
            )

        if leader.resigned_in == term or not self._bars_others(node, has_promised):
            raise PropertyViolated(
                LEASES_PROMISED,
                f"{node.name} answers by a lease of term {term}, and no quorum has promised it",
                node=node.name,
            )

    def _bars_others(self, node: Observed, has_promised: Callable[[NodeId], bool]) -> bool:
        in_effect = node.status.configuration
        return has_quorum(in_effect, has_promised) or has_quorum(
            self._committed(node), has_promised
        )

    def _committed(self, node: Observed) -> Configuration:
        """The last configuration of its log that it knows to be committed."""
        committed = [
            entry
            for entry in self._issued
            if entry.index <= node.status.commit_index and node.memory.id_at(entry.index) == entry
        ]
        if committed:
            return self._issued[max(committed)]
        mark = node.platter.snapshot
        return node.status.configuration if mark is None else mark.configuration

    def _has_promised(
        self, node_id: NodeId, term: Term, expires: Micros, platter: Platter | None
    ) -> bool:
        if platter is None:
            return True  # whose disk is lost never votes again
        voter = self._voters[node_id]
        known_us = _known_us(self._issued, platter)
        return any(
            promise.term == term and voter.clock.when(_lasting(promise, known_us)) >= expires
            for promise in voter.promises.values()
        )


def _acknowledged(voter: _Voter, promise: _Promise, number: int) -> None:
    if _is_longer(promise, voter.promises.get(promise.lease_us)):
        voter.promises[promise.lease_us] = promise
        voter.owed_until = max(voter.owed_until, promise.until)
    done = (promise.term, number)
    voter.heard = {round_: later for round_, later in voter.heard.items() if round_ >= done}


def _broken(node: Observed, what: str, voter: _Voter, now: Micros) -> PropertyViolated:
    promise = max(voter.promises.values(), key=lambda each: each.until)
    return PropertyViolated(
        PROMISES_KEPT,
        f"{node.name} {what}, {duration(promise.until - now)} before it may:"
        f" it has promised a lease of {duration(promise.lease_us)} in term {promise.term}",
        node=node.name,
    )


def _is_longer(promise: _Promise, before: _Promise | None) -> bool:
    return before is None or (promise.term, promise.until) > (before.term, before.until)


def _lasting(promise: _Promise, known_us: Micros) -> Micros:
    """How long it binds a node whatever happens, if a restart binds it for that long."""
    return promise.until + promise.anew_us - max(promise.lease_us - known_us, 0)


def _known_us(issued: Mapping[EntryId, Configuration], platter: Platter) -> Micros:
    """The longest lease of the configurations that a start from that disk would find."""
    mark = platter.snapshot
    included = 0 if mark is None else mark.last_included.index
    held = [
        configuration.lease_us
        for entry, configuration in issued.items()
        if entry.index > included and platter.log.id_at(entry.index) == entry
    ]
    return max(held, default=0) if mark is None else max(mark.configuration.lease_us, *held, 0)
