"""JOIN, LEAVE, and every other change of the configuration, at the leader.

Responsible for everything that must be right before a change is proposed: the
address, the name, and that whoever answers there is the node that wants to join.
The handshake comes first, so a wrong address changes nothing. That one change at
a time is made, and when, is the core's business (§4.1); here it is asked again
while another one is under way.

Invariants:
    1. Nothing is proposed before the joiner has answered at its address.
    2. Each request is answered once, within `_PATIENCE_US`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from leto.raft.actions import Committed, Outcome, Refusal, Refused
from leto.raft.configuration import (
    AddMember,
    ChangeAddress,
    ChangeLease,
    Configuration,
    ConfigurationChange,
    Member,
    MemberRole,
    RemoveMember,
)
from leto.resp import OK, ErrorReply, Reply
from leto.server.addresses import Address, parse_address
from leto.server.clients import errors

if TYPE_CHECKING:
    from leto.raft.status import Status
    from leto.raft.types import Micros, NodeId
    from leto.server.commit.replica import Replica
    from leto.server.identity import Identity
    from leto.server.peers.links import Links
    from leto.server.turn import Turn
    from leto.wire import Hello

_PATIENCE_US: Final = 3_600_000  # the slot's own patience is 4 s, and knows less
_RETRY_US: Final = 50_000
_PROMOTION_US: Final = 3_000_000  # how long JOIN waits for the joiner to become a voter

Answer: TypeAlias = Callable[[Reply], None]
Next: TypeAlias = Callable[[], None]

_TOO_LONG: Final = ErrorReply("CLUSTERDOWN it took too long; nothing was changed")

_PASSING: Final = frozenset(
    {Refusal.CHANGE_PENDING, Refusal.LEADER_NOT_READY, Refusal.TRANSFER_PENDING}
)


@attrs.define(eq=False)
class _Request:
    """A request on its way. `again` is called at `again_at`."""

    answer: Answer
    give_up_at: Micros
    too_late: Callable[[], Reply]
    again: Next | None = None
    again_at: Micros = 0
    is_in_doubt: bool = False  # something was proposed, and may still be committed
    is_done: bool = False

    def finish(self, reply: Reply) -> None:
        assert not self.is_done, "each request is answered once (invariant 2)"
        self.is_done = True
        self.answer(reply)


class Membership:
    """The changes that are being made."""

    def __init__(self, turn: Turn, replica: Replica, links: Links, identity: Identity) -> None:
        self._turn = turn
        self._replica = replica
        self._status: Status = replica.status
        self._links = links
        self._identity = identity
        self._requests: list[_Request] = []

    @property
    def deadline(self) -> Micros | None:
        """When `tick` must be called."""
        if not self._requests:
            return None
        return min(
            request.give_up_at
            if request.again is None
            else min(request.give_up_at, request.again_at)
            for request in self._requests
        )

    def tick(self) -> None:
        """Go on with what had to wait, and give up what took too long."""
        if not self._requests:
            return  # as almost always
        for request in list(self._requests):
            again = request.again
            if not request.is_done and self._turn.now >= request.give_up_at:
                request.finish(request.too_late() if request.is_in_doubt else _TOO_LONG)
            elif not request.is_done and again is not None and self._turn.now >= request.again_at:
                request.again = None
                again()
            if request.is_done:
                self._requests.remove(request)

    # --- JOIN --------------------------------------------------------------------

    def join(self, address: str, name: str, seen_at: str, answer: Answer) -> None:
        """Make the node that answers at `address` a member of that name.

        `seen_at` is our end of the connection that brought the JOIN: an address
        of ours that others can use.
        """
        self._identity.learn_host(seen_at)
        request = self._open(
            answer, lambda: ErrorReply(f"{errors.CHANGE_UNKNOWN.message}: JOIN of {name}")
        )
        objection = objection_to_address(address, self._other_addresses(address))
        if objection is not None:
            request.finish(ErrorReply(f"ERR {objection}; nothing was changed"))
            return
        self._links.introduce(address, lambda who: self._introduced(request, address, name, who))

    def _introduced(self, request: _Request, address: str, name: str, who: Hello | str) -> None:
        if request.is_done:
            return
        if isinstance(who, str):
            text = f"ERR cannot reach {address}: {who}; nothing was changed"
            request.finish(ErrorReply(text))
        elif who.name != name:
            text = f"ERR the node at {address} is named '{who.name}', not '{name}'"
            request.finish(ErrorReply(f"{text}; nothing was changed"))
        else:
            self._admit(
                request,
                Member(node_id=who.node_id, name=name, address=address, role=MemberRole.JOINING),
            )

    def _admit(self, request: _Request, joiner: Member) -> None:
        """Propose whatever is still missing, then wait until it is committed."""
        configuration = self._status.configuration
        ours = configuration.member(self._identity.node_id)
        our_address = self._identity.peer_address
        is_joiner = ours is not None and ours.node_id == joiner.node_id  # we are to be elsewhere
        if (
            ours is not None
            and not is_joiner
            and our_address.names_a_host
            and ours.address != str(our_address)
        ):
            change: ConfigurationChange = ChangeAddress(ours.node_id, str(our_address))
            self._propose(request, change, lambda: self._admit(request, joiner))
            return
        known = configuration.member(joiner.node_id)
        objection = _objection_to_joiner(configuration, joiner)
        if objection is not None:
            request.finish(ErrorReply(f"ERR {objection}"))
        elif known is None:
            self._propose(request, AddMember(joiner), lambda: self._admit(request, joiner))
        elif known.address != joiner.address:
            change = ChangeAddress(joiner.node_id, joiner.address)
            self._propose(request, change, lambda: self._admit(request, joiner))
        else:
            self._await_membership(request, joiner.node_id)

    def _await_membership(self, request: _Request, node_id: NodeId) -> None:
        member = self._status.committed_configuration.member(node_id)
        asked_at = request.give_up_at - _PATIENCE_US
        if member is None and not self._replica.is_leading:
            request.finish(errors.CHANGE_UNKNOWN)
        elif member is not None and (
            member.role is MemberRole.VOTER or self._turn.now - asked_at >= _PROMOTION_US
        ):
            self._turn.info("node joined", peer=member.name, address=member.address)
            request.finish(OK)
        else:
            self._later(request, lambda: self._await_membership(request, node_id))

    def _other_addresses(self, address: str) -> Iterable[Address]:
        members = self._status.configuration.members
        addresses = [
            parse_address(member.address)
            for member in members
            if member.node_id != self._identity.node_id and member.address != address
        ]
        return [a for a in (*addresses, self._identity.peer_address) if a is not None]

    # --- LEAVE -------------------------------------------------------------------

    def leave(self, name: str, answer: Answer) -> None:
        """End the membership of the node of that name."""
        request = self._open(answer, lambda: self._no_quorum(name))
        self._remove(request, name)

    def _remove(self, request: _Request, name: str) -> None:
        configuration = self._status.configuration
        member = configuration.named(name)
        if member is None:
            request.finish(ErrorReply(f"ERR no such member '{name}'"))
        elif configuration.voters == (member.node_id,):
            text = f"ERR '{name}' is the last voter: a cluster without one can do nothing"
            request.finish(ErrorReply(text))
        else:
            self._propose(
                request,
                RemoveMember(member.node_id),
                lambda: self._removed(request, member),
                again=lambda: self._remove(request, name),
            )

    def _removed(self, request: _Request, member: Member) -> None:
        self._turn.info("node left", peer=member.name, address=member.address)
        request.finish(OK)

    def _no_quorum(self, name: str) -> Reply:
        return ErrorReply(
            f"{errors.CHANGE_UNKNOWN.message}: LEAVE of {name} is not committed{self.missing()}"
        )

    def missing(self) -> str:
        """The members to whom there is no link, as the end of a sentence; empty if none."""
        names = [
            member.name
            for member in self._status.configuration.members
            if member.node_id != self._identity.node_id and not self._links.is_up(member.node_id)
        ]
        return f"; no link to {', '.join(names)}" if names else ""

    # --- other changes -----------------------------------------------------------

    def change_member(
        self, name: str, change_of: Callable[[NodeId], ConfigurationChange], answer: Answer
    ) -> None:
        """Change something about the member of that name."""
        request = self._open(answer, lambda: errors.CHANGE_UNKNOWN)
        self._change_member(request, name, change_of)

    def _change_member(
        self, request: _Request, name: str, change_of: Callable[[NodeId], ConfigurationChange]
    ) -> None:
        member = self._status.configuration.named(name)
        if member is None:
            request.finish(ErrorReply(f"ERR no such member '{name}'"))
            return
        self._propose(
            request,
            change_of(member.node_id),
            lambda: request.finish(OK),
            again=lambda: self._change_member(request, name, change_of),
        )

    def change_lease(self, change: ChangeLease, answer: Answer) -> None:
        """Set how long whoever acknowledges the leader grants no vote (§6.4.1)."""
        request = self._open(answer, lambda: errors.CHANGE_UNKNOWN)
        self._change_lease(request, change)

    def _change_lease(self, request: _Request, change: ChangeLease) -> None:
        self._propose(
            request,
            change,
            lambda: request.finish(OK),
            again=lambda: self._change_lease(request, change),
        )

    # --- all of them --------------------------------------------------------------------

    def _open(self, answer: Answer, too_late: Callable[[], Reply]) -> _Request:
        request = _Request(answer, self._turn.now + _PATIENCE_US, too_late)
        self._requests.append(request)
        return request

    def _propose(
        self, request: _Request, change: ConfigurationChange, done: Next, again: Next | None = None
    ) -> None:
        """Propose a change; if another one is in the way, look at it all `again`."""

        def answered(outcome: Outcome) -> None:
            if request.is_done:
                return
            if isinstance(outcome, Committed):
                done()
            elif isinstance(outcome, Refused) and outcome.refusal in _PASSING:
                request.is_in_doubt = False
                self._later(request, again or done)
            elif isinstance(outcome, Refused):
                request.finish(self._refusal(outcome))
            else:
                request.finish(request.too_late())

        request.is_in_doubt = True
        self._replica.request_change(change, answered)

    def _later(self, request: _Request, again: Next) -> None:
        request.again = again
        request.again_at = self._turn.now + _RETRY_US

    def _refusal(self, refused: Refused) -> Reply:
        if refused.refusal is Refusal.NOT_LEADER:
            leader = refused.leader
            return errors.not_leader(None if leader is None else self._links.client_address(leader))
        return ErrorReply(f"ERR {refused.refusal.value}; nothing was changed")


def objection_to_address(text: str, others: Iterable[Address]) -> str | None:
    """Why no node can be added at this address, or None."""
    address = parse_address(text)
    if address is None or address.port == 0 or not address.names_a_host:
        return f"'{text}' is not the host:port of a peer port (the joiner's -raftbind)"
    for other in others:
        if other.names_a_host and other.is_loopback is not address.is_loopback:
            return (
                f"loopback and other addresses do not mix: {text} joins {other};"
                " start the nodes with -advertise and a host that all of them can reach"
            )
    return None


def _objection_to_joiner(configuration: Configuration, joiner: Member) -> str | None:
    for member in configuration.members:
        if member.node_id == joiner.node_id:
            continue
        if member.name == joiner.name:
            return (
                f"the name '{joiner.name}' belongs to a member with other data;"
                f" LEAVE {joiner.name} first"
            )
        if member.address == joiner.address:
            return (
                f"the address {joiner.address} belongs to '{member.name}';"
                f" LEAVE {member.name} first"
            )
    return None
