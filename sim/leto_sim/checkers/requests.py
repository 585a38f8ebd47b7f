"""What clients were told is true.

Every request gets exactly one answer; what was acknowledged was applied, at the
place that the answer names; what was refused is never applied; nothing is applied
that nobody proposed, and nothing twice; who ceases to lead tells at once whoever cannot
be told better later; a read sees everything that was
acknowledged before it was requested (§6.4).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import attrs

from leto.raft.actions import (
    Answer,
    Committed,
    Readable,
    Refused,
    SnapshotDone,
    Transferred,
    Unknown,
)
from leto.raft.entries import Command, Entry
from leto.raft.events import (
    ChangeRequested,
    CommandsProposed,
    ConfigurationForced,
    Event,
    ReadPolicy,
    ReadRequested,
    SnapshotRequested,
    TransferRequested,
)
from leto.raft.types import EntryId, Index, NodeId, RequestId
from leto_sim.checkers.forcings import Forcing
from leto_sim.checkers.observed import Observed
from leto_sim.checkers.state_machine_safety import StateMachineSafety
from leto_sim.result import PropertyViolated

ONE_ANSWER = "exactly one answer to each request"
ACKNOWLEDGED_SURVIVES = "acknowledged writes survive"
REFUSED_NEVER_APPLIED = "refused writes are never applied"
NOTHING_INVENTED = "only what was proposed is applied, once"
FRESH_READS = "reads see what was acknowledged before"

Requested: TypeAlias = (
    CommandsProposed
    | ReadRequested
    | ChangeRequested
    | TransferRequested
    | ConfigurationForced
    | SnapshotRequested
)


# No command of the simulator's is so short.
_CHANGE, _TRANSFER = b"C", b"T"
_WANTED: Final[Mapping[type, bytes]] = {ChangeRequested: _CHANGE, TransferRequested: _TRANSFER}


@attrs.define
class _Open:
    """A request without answer, and what was acknowledged when it was made."""

    node_id: NodeId
    data: bytes | None  # of a proposal
    wants: bytes | None  # of a leader: the same, or another name for what only it can do
    acknowledged: Index
    is_taken: bool = False  # the node has been told; a slow one may not have come to that


class Requests:
    """Remembers every request that is open, and the fate of every proposal."""

    def __init__(self, safety: StateMachineSafety, *, trusts_clocks: bool = True) -> None:
        self._safety = safety
        # Where clocks err more than leases allow, reads by lease alone may be old.
        self._may_be_old = {ReadPolicy.STALE}
        if not trusts_clocks:
            self._may_be_old.add(ReadPolicy.LEASE)
        self._open: dict[RequestId, _Open] = {}
        self._proposed: dict[bytes, EntryId | None] = {}  # and where it was applied
        self._refused: set[bytes] = set()
        self._acknowledged: Index = 0  # the highest index of a write that was acknowledged

    @property
    def open_requests(self) -> Sequence[tuple[RequestId, NodeId]]:
        """The requests that are not answered yet, and whom they were made to."""
        return [(request_id, request.node_id) for request_id, request in self._open.items()]

    def requested(self, node: Observed, event: Requested) -> None:
        """Somebody asks the node for something. Proposals must all differ in their data."""
        if isinstance(event, CommandsProposed):
            for proposal in event.proposals:
                self._proposed[proposal.data] = None
                self._opened(node, proposal.request_id, proposal.data, proposal.data)
        else:
            wants = _WANTED.get(type(event))
            self._opened(node, event.request_id, None, wants)

    def answered(self, node: Observed, answer: Answer) -> None:
        """The node answers."""
        request = self._open.pop(answer.request_id, None)
        if request is None or request.node_id != node.node_id:
            raise _violation(ONE_ANSWER, node, f"answers {answer}, which nobody asks")
        match answer.outcome:
            case Refused():
                self._check_refused(node, request)
            case Committed(id=entry):
                self._check_committed(node, request, entry)
                self._acknowledged = max(self._acknowledged, entry.index)
            case Readable(index=index, policy=policy):
                if index < request.acknowledged and policy not in self._may_be_old:
                    raise _violation(
                        FRESH_READS, node, f"reads at {index}; {request.acknowledged} was told"
                    )
                if node.status.last_applied < index:
                    raise _violation(FRESH_READS, node, f"reads at {index} before applying it")
            case SnapshotDone() | Transferred() | Unknown():
                pass

    def taken(self, event: Requested) -> None:
        """The node is told now what was asked of it."""
        if isinstance(event, CommandsProposed):
            for proposal in event.proposals:
                self._open[proposal.request_id].is_taken = True
        else:
            self._open[event.request_id].is_taken = True

    def deposed(self, node: Observed) -> None:
        """The node has ceased to lead: who asked it to lead somewhere must know.

        Only what is committed may yet be answered: once it is applied. O(open requests).
        """
        status = node.status
        to_apply = node.memory.between(status.last_applied, status.commit_index)
        committed = {_asked_for(entry) for entry in to_apply}
        for request_id, request in self._open.items():
            wants = request.wants
            owes = request.is_taken and request.node_id == node.node_id
            if owes and wants is not None and wants not in committed:
                raise _violation(
                    ONE_ANSWER, node, f"leads no more, and owes {request_id} an answer"
                )

    def forced(self, forcing: Forcing) -> None:
        """What was acknowledged and is void, no read sees any more."""
        self._acknowledged = min(self._acknowledged, forcing.agreed)
        for request in self._open.values():
            request.acknowledged = min(request.acknowledged, forcing.agreed)

    def failed(self, node: Observed, untold: Collection[RequestId]) -> None:
        """The node has fallen silent for good. What it was not told of yet it owes nobody."""
        for request_id, request in self._open.items():
            if request.node_id == node.node_id and request_id not in untold:
                raise _violation(ONE_ANSWER, node, f"fails, and owes {request_id} an answer")

    def ended(self, node: Observed) -> None:
        """The node's life is over: what it was asked is never answered."""
        lost = [key for key, request in self._open.items() if request.node_id == node.node_id]
        for request_id in lost:
            del self._open[request_id]

    def applied(self, node: Observed, entries: Sequence[Entry]) -> None:
        """The node's state machine has applied these entries."""
        for entry in entries:
            payload = entry.payload
            # Seen before is judged before: were it refused since, that would have been noticed.
            if type(payload) is Command and self._proposed.get(payload.data) is not entry.id:
                self._check_applied(node, entry.id, payload.data)

    def _opened(
        self, node: Observed, request_id: RequestId, data: bytes | None, wants: bytes | None
    ) -> None:
        assert request_id not in self._open, f"request {request_id} is made twice"
        self._open[request_id] = _Open(node.node_id, data, wants, self._acknowledged)

    def _check_committed(self, node: Observed, request: _Open, entry_id: EntryId) -> None:
        entry = self._safety.entry_at(entry_id.index)
        if entry is None or (entry.id is not entry_id and entry.id != entry_id):
            raise _violation(
                ACKNOWLEDGED_SURVIVES, node, f"acknowledges {entry_id}; applied is {entry}"
            )
        if request.data is not None and not _carries(entry, request.data):
            raise _violation(
                ACKNOWLEDGED_SURVIVES, node, f"acknowledges another proposal with {entry_id}"
            )

    def _check_refused(self, node: Observed, request: _Open) -> None:
        if request.data is None:
            return
        self._refused.add(request.data)
        if (applied := self._proposed[request.data]) is not None:
            raise _violation(REFUSED_NEVER_APPLIED, node, f"refuses what is applied: {applied}")

    def _check_applied(self, node: Observed, entry: EntryId, data: bytes) -> None:
        if data in self._refused:
            raise _violation(REFUSED_NEVER_APPLIED, node, f"applies {entry}, which was refused")
        if data not in self._proposed:
            raise _violation(NOTHING_INVENTED, node, f"applies {entry}, which nobody proposed")
        first = self._proposed[data]
        if first is None:
            self._proposed[data] = entry
        elif first != entry:
            raise _violation(NOTHING_INVENTED, node, f"applies {entry} again, after {first}")


def request_ids_of(events: Iterable[Event]) -> set[RequestId]:
    """Whatever is asked for in these events."""
    found: set[RequestId] = set()
    for event in events:
        if isinstance(event, CommandsProposed):
            found.update(proposal.request_id for proposal in event.proposals)
        elif isinstance(event, Requested):
            found.add(event.request_id)
    return found


def _asked_for(entry: Entry) -> bytes:
    """What a leader was asked for that became this entry."""
    payload = entry.payload
    return payload.data if type(payload) is Command else _CHANGE


def _carries(entry: Entry, data: bytes) -> bool:
    return type(entry.payload) is Command and entry.payload.data == data


def _violation(property_name: str, node: Observed, what: str) -> PropertyViolated:
    return PropertyViolated(property_name, f"{node.name} {what}", node=node.name)
