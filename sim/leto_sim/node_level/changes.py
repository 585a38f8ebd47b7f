"""Changes of a configuration: which of them fit it, which cannot be, which it shows.

Responsible for judging by a configuration alone. Who asks for a change, and when, is
`leto_sim.node_level.administrator`.
"""

from collections.abc import Callable, Iterator
from typing import TypeAlias

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
from leto.raft.types import NodeId
from leto_sim.faults import Victim
from leto_sim.node_level.cluster import Host, member
from leto_sim.node_level.faults import Impossible, Reshape

Pick: TypeAlias = Callable[[Victim], Host | None]

_NOBODY = NodeId(0)


def fitting(
    fault: Reshape, pick: Pick, settled: Configuration, elsewhere: Callable[[Host], str]
) -> list[ConfigurationChange]:
    """What fits of the changes to those who are members: some voters stay what they are."""
    fit = _Fit(settled, pick)
    return [*fit.departures(fault), *fit.priorities(fault), *fit.moves(fault, elsewhere)]


class _Fit:
    """How much room a configuration leaves, while one change after the other takes of it."""

    def __init__(self, settled: Configuration, pick: Pick) -> None:
        self._settled = settled
        self._pick = pick
        self._spare = len(settled.voters) - 1
        self._leaders = {m.node_id for m in settled.members if m.is_voter and m.priority > 0}
        self._touched: set[NodeId] = set()  # a second change would hide that the first was made

    def departures(self, fault: Reshape) -> Iterator[ConfigurationChange]:
        """Members that go, or are voters no more, or at last."""
        for victim in (*fault.leaving, *fault.demoted):
            now = self._member(victim)
            if now is None or now.node_id in self._touched:
                continue
            if (now.is_voter and not self._spare) or self._leaders == {now.node_id}:
                continue
            self._leaders.discard(now.node_id)
            self._spare -= now.is_voter
            self._touched.add(now.node_id)
            if victim in fault.leaving:
                yield RemoveMember(now.node_id)
            else:
                role = MemberRole.LEARNER if now.is_voter else MemberRole.VOTER
                yield ChangeRole(now.node_id, role)

    def priorities(self, fault: Reshape) -> Iterator[ConfigurationChange]:
        """Members that are to lead rather than others, or not at all."""
        for victim, priority in fault.priorities:
            now = self._member(victim)
            if now is None or now.node_id in self._touched:
                continue
            if not priority and self._leaders == {now.node_id}:
                continue
            if not priority:
                self._leaders.discard(now.node_id)
            self._touched.add(now.node_id)
            yield ChangePriority(now.node_id, priority)

    def moves(
        self, fault: Reshape, elsewhere: Callable[[Host], str]
    ) -> Iterator[ConfigurationChange]:
        """Members that stay, and are to be dialled elsewhere."""
        gone = {host.node_id for victim in fault.leaving if (host := self._pick(victim))}
        for victim in fault.moving:
            host = self._pick(victim)
            if host is not None and host.node_id not in gone and self._member(victim):
                gone.add(host.node_id)  # from where it was: not twice
                yield ChangeAddress(host.node_id, elsewhere(host))

    def _member(self, victim: Victim) -> Member | None:
        host = self._pick(victim)
        return self._settled.member(host.node_id) if host is not None else None


def impossible_changes(
    now: Configuration, impossible: Impossible
) -> tuple[ConfigurationChange, ...]:
    """What must be refused, whoever leads."""
    match impossible:
        case Impossible.NO_VOTERS:
            return tuple(RemoveMember(voter) for voter in now.voters)
        case Impossible.NOBODY_TO_LEAD:
            return tuple(ChangePriority(voter, 0) for voter in now.voters)
        case Impossible.NAME_TAKEN:
            return (AddMember(member(_NOBODY, now.members[0].name)),)
        case Impossible.NO_SUCH_MEMBER:
            return (RemoveMember(_NOBODY),)
        case Impossible.ADDRESS_TAKEN:
            return (ChangeAddress(now.members[-1].node_id, now.members[0].address),)


def may_lead(configuration: Configuration, is_left: Callable[[NodeId], bool]) -> bool:
    """Whether one of those who are left has a priority above 0."""
    return any(m.is_voter and m.priority > 0 and is_left(m.node_id) for m in configuration.members)


def shows(committed: Configuration, change: ConfigurationChange) -> bool:
    """Whether the change has been made."""
    match change:
        case AddMember(member=new):
            return committed.member(new.node_id) is not None
        case RemoveMember(node_id=node_id):
            return committed.member(node_id) is None
        case ChangeRole(node_id=node_id, role=role):
            now = committed.member(node_id)
            return now is not None and now.role is role
        case ChangePriority(node_id=node_id, priority=priority):
            now = committed.member(node_id)
            return now is not None and now.priority == priority
        case ChangeAddress(node_id=node_id, address=address):
            now = committed.member(node_id)
            return now is not None and now.address == address
        case ChangeLease(lease_us=lease_us):
            return committed.lease_us == lease_us
