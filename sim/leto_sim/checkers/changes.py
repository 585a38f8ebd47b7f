"""A change of the configuration is what somebody asked for, and nothing else (chapter 4).

Responsible for what a leader appends, held against what it was asked for: who is a member
afterwards, under which name, in which role, with which priority, and where its peers dial it.
What nobody asks for is to leave a joint configuration, which changes no member (§4.3), and to
promote one that has joined (§4.2.1), which changes nothing else. When a change may be
appended, and whether quorums fit, are other matters.

Where it is not shown what a node is told (in whole servers), it judges nobody.
"""

from collections.abc import Mapping
from typing import assert_never

import attrs

from leto.raft.actions import RoleName, Write
from leto.raft.configuration import (
    AddMember,
    ChangeAddress,
    ChangeLease,
    ChangePriority,
    ChangeRole,
    Configuration,
    ConfigurationChange,
    Member,
    MemberRole,
    RemoveMember,
)
from leto.raft.events import ChangeRequested
from leto.raft.types import EntryId, Micros, NodeId
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

ONLY_WHAT_WAS_ASKED = "a change is what was asked for, and nothing else"
_LEADER = RoleName.LEADER  # looked up once


@attrs.define
class _Expected:
    """What a configuration is to become, by an arithmetic of its own."""

    members: dict[NodeId, Member]
    lease_us: Micros

    def make(self, change: ConfigurationChange) -> None:
        match change:
            case AddMember(member=member):
                self.members[member.node_id] = member
            case RemoveMember(node_id=node_id):
                del self.members[node_id]
            case ChangeRole(node_id=node_id, role=role):
                self.members[node_id] = attrs.evolve(self.members[node_id], role=role)
            case ChangePriority(node_id=node_id, priority=priority):
                self.members[node_id] = attrs.evolve(self.members[node_id], priority=priority)
            case ChangeAddress(node_id=node_id, address=address):
                self.members[node_id] = attrs.evolve(self.members[node_id], address=address)
            case ChangeLease(lease_us=lease_us):
                self.lease_us = lease_us
            case _:
                assert_never(change)


class Changes:
    """Remembers what each node is asked for while it considers that."""

    def __init__(self) -> None:
        self._asked: dict[NodeId, ChangeRequested | None] = {}  # of those who are shown closely

    def started(self, node: Observed) -> None:
        """A node starts a life."""
        self._asked[node.node_id] = None

    def asked(self, node: Observed, event: ChangeRequested) -> None:
        """The node is about to be asked for changes."""
        self._asked[node.node_id] = event

    def considered(self, node: Observed) -> None:
        """The node has dealt with that."""
        self._asked[node.node_id] = None

    def write_issued(self, node: Observed, write: Write, before: Configuration) -> None:
        """The node orders entries to be written, behind that configuration."""
        if node.status.role is not _LEADER or node.node_id not in self._asked:
            return
        for entry in write.entries:
            after = entry.payload
            if type(after) is Configuration and entry.id.term == node.status.current_term:
                if not after.is_forced:
                    self._check(node, entry.id, before, after)
                before = after

    def _check(
        self, node: Observed, change: EntryId, before: Configuration, after: Configuration
    ) -> None:
        expected = _Expected({m.node_id: m for m in before.members}, before.lease_us)
        event = self._asked[node.node_id]
        if before.is_joint:
            pass  # it is left as it is
        elif event is not None:
            for each in event.changes:
                expected.make(each)
        else:
            _promote(expected.members, after)
        if after.lease_us != expected.lease_us:
            raise _violation(node, change, f"a lease of {after.lease_us} us")
        _compare(node, change, expected.members, {m.node_id: m for m in after.members})


def _promote(members: dict[NodeId, Member], after: Configuration) -> None:
    """Make a voter of the first joining member that is one afterwards."""
    for member in after.members:
        known = members.get(member.node_id)
        if member.is_voter and known is not None and known.role is MemberRole.JOINING:
            members[member.node_id] = attrs.evolve(known, role=MemberRole.VOTER)
            return


def _compare(
    node: Observed,
    change: EntryId,
    expected: Mapping[NodeId, Member],
    actual: Mapping[NodeId, Member],
) -> None:
    for node_id in sorted({*expected, *actual}):
        wanted, appended = expected.get(node_id), actual.get(node_id)
        if wanted != appended:
            raise _violation(node, change, f"{appended}, and not {wanted}")


def _violation(node: Observed, change: EntryId, what: str) -> PropertyViolated:
    return PropertyViolated(
        ONLY_WHAT_WAS_ASKED, f"{node.name} appends with {change} {what}", node=node.name
    )
