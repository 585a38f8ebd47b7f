"""Who belongs to the cluster, and how many of them make a quorum (chapter 4).

Responsible for the arithmetic of configurations: members and their roles,
quorums, and the configuration that follows from a set of changes. It does not
know when a change may be proposed or becomes effective: that is
`leto.raft.membership`.

Invariants:
    1. Members are sorted by id, and ids, names and addresses are unique.
    2. Any quorum of a configuration and any quorum of the one that `changed` or
       `left` makes of it share a node: where more than one voter changes, the
       next configuration is joint (§4.3), else the two overlap by themselves
       (§4.1, figure 4.3).
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from itertools import pairwise
from typing import TypeAlias, assert_never

import attrs

from leto.raft.types import Index, Micros, NodeId


class MemberRole(Enum):
    """What a member may do."""

    VOTER = "voter"
    LEARNER = "learner"  # receives the log, has no vote (§4.2.1 "non-voting")
    JOINING = "joining"  # a learner that the leader promotes once it has caught up


@attrs.frozen(kw_only=True)
class Member:
    """A node as the configuration knows it.

    `name` is what people call it; `address` is where its peers dial it, opaque
    to the core.
    """

    node_id: NodeId
    name: str
    address: str
    role: MemberRole = MemberRole.VOTER
    priority: int = 1  # who leads rather than others; with 0 it never campaigns

    @property
    def is_voter(self) -> bool:
        """Whether its vote counts."""
        return self.role is MemberRole.VOTER


@attrs.frozen
class AddMember:
    """Adds a node; one that is to become a voter is best added as `JOINING`."""

    member: Member


@attrs.frozen
class ChangeRole:
    """Promotes a learner, or takes a voter's vote away."""

    node_id: NodeId
    role: MemberRole


@attrs.frozen
class RemoveMember:
    """Removes a node, alive or dead, the leader included (§4.2.2)."""

    node_id: NodeId


@attrs.frozen
class ChangePriority:
    """Says how much a member is to be preferred as leader; 0: not at all."""

    node_id: NodeId
    priority: int


@attrs.frozen
class ChangeLease:
    """Sets how long whoever acknowledges the leader grants no vote; 0: no leases."""

    lease_us: Micros


@attrs.frozen
class ChangeAddress:
    """Says where a member is to be dialled from now on."""

    node_id: NodeId
    address: str


ConfigurationChange: TypeAlias = (
    AddMember | ChangeRole | ChangePriority | ChangeAddress | RemoveMember | ChangeLease
)


def _sorted_by_id(members: Iterable[Member]) -> tuple[Member, ...]:
    return tuple(sorted(members, key=lambda member: member.node_id))


def _voters_of(members: Iterable[Member]) -> tuple[NodeId, ...]:
    return tuple(member.node_id for member in members if member.is_voter)


@attrs.frozen
class Configuration:
    """A set of members, sorted by id; while joint also the voters it comes from (§4.3).

    `outgoing` are the voters of the configuration before, as they were then; one
    that is no member any more is a voter of this configuration until it is left.
    """

    members: tuple[Member, ...] = attrs.field(default=(), converter=_sorted_by_id)
    outgoing: tuple[Member, ...] = attrs.field(default=(), converter=_sorted_by_id)
    lease_us: Micros = 0  # 0: no leases
    is_forced: bool = False  # by an operator, after a quorum was lost for good
    # What follows from that, once and for all: it is asked at every message.
    voters: tuple[NodeId, ...] = attrs.field(init=False, eq=False, repr=False)
    everyone: tuple[Member, ...] = attrs.field(init=False, eq=False, repr=False)
    """The members, and the voters that are leaving."""
    _outgoing_voters: tuple[NodeId, ...] = attrs.field(init=False, eq=False, repr=False)
    _by_id: Mapping[NodeId, Member] = attrs.field(init=False, eq=False, repr=False)
    _priorities_above: Mapping[NodeId, int] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        by_id = {member.node_id: member for member in (*self.outgoing, *self.members)}
        staying = {member.node_id for member in self.members}
        leaving = (member for member in self.outgoing if member.node_id not in staying)
        object.__setattr__(self, "voters", _voters_of(self.members))
        object.__setattr__(self, "everyone", (*self.members, *leaving))
        object.__setattr__(self, "_outgoing_voters", _voters_of(self.outgoing))
        object.__setattr__(self, "_by_id", by_id)
        priorities = {member.priority for member in self.members}
        above = {m.node_id: sum(p > m.priority for p in priorities) for m in by_id.values()}
        object.__setattr__(self, "_priorities_above", above)

    @property
    def is_joint(self) -> bool:
        """Whether agreement needs quorums of two sets of voters (§4.3)."""
        return bool(self.outgoing)

    @property
    def has_distinct_members(self) -> bool:
        """Whether no two members share an id, a name or an address. O(members)."""
        kinds = zip(*((m.node_id, m.name, m.address) for m in self.members), strict=True)
        return all(len(set(kind)) == len(self.members) for kind in kinds)

    def member(self, node_id: NodeId) -> Member | None:
        """The member, or leaving voter, of that id."""
        return self._by_id.get(node_id)

    def priorities_above(self, node_id: NodeId) -> int:
        """How many priorities there are above that of the member; 0 for a stranger."""
        return self._priorities_above.get(node_id, 0)

    def named(self, name: str) -> Member | None:
        """The member of that name. O(members)."""
        return next((m for m in self.members if m.name == name), None)

    def is_voter(self, node_id: NodeId) -> bool:
        """Whether its vote counts, in either part of a joint configuration."""
        return node_id in self.voters or node_id in self._outgoing_voters

    def has_quorum(self, holds: Callable[[NodeId], bool]) -> bool:
        """Whether the nodes of which `holds` is true are a quorum (§4.3: of both parts)."""
        return all(sum(map(holds, voters)) * 2 > len(voters) for voters in self._parts()) and bool(
            self.voters
        )

    def quorum_value(self, value_of: Callable[[NodeId], int]) -> int:
        """The largest value that a quorum has reached; 0 without voters.

        With `value_of` a match index it is the index that a quorum stores; with
        an acknowledged round or time, the one that a quorum has acknowledged.
        """
        if not self.voters:
            return 0
        reached = _reached_by_majority([value_of(voter) for voter in self.voters])
        if not self.outgoing:
            return reached
        return min(reached, _reached_by_majority(map(value_of, self._outgoing_voters)))

    def changed(self, changes: Iterable[ConfigurationChange]) -> "Configuration":
        """The configuration to propose for these changes, joint if it must be.

        The changes must fit (see `leto.raft.membership`), and this one not be joint.
        """
        assert not self.is_joint, "§4.3: a joint configuration is left first"
        target = self
        for change in changes:
            target = target.with_change(change)
        assert target.has_distinct_members, "§4.1: one member an id, a name, an address"
        if len(set(self.voters).symmetric_difference(target.voters)) <= 1:
            return target
        return attrs.evolve(target, outgoing=tuple(m for m in self.members if m.is_voter))

    def left(self) -> "Configuration":
        """The configuration that a joint one leads to: C_new (§4.3)."""
        return attrs.evolve(self, outgoing=())

    def with_change(self, change: ConfigurationChange) -> "Configuration":
        """The members after one change, whatever that does to quorums."""
        match change:
            case AddMember(member=member):
                return self._with_members((*self.members, member))
            case RemoveMember(node_id=node_id):
                return self._with_members(m for m in self.members if m.node_id != node_id)
            case ChangeLease(lease_us=lease_us):
                return attrs.evolve(self, lease_us=lease_us, is_forced=False)
            case ChangePriority(node_id=node_id, priority=priority):
                return self._replacing(node_id, lambda m: attrs.evolve(m, priority=priority))
            case ChangeRole(node_id=node_id, role=role):
                return self._replacing(node_id, lambda m: attrs.evolve(m, role=role))
            case ChangeAddress(node_id=node_id, address=address):
                return self._replacing(node_id, lambda m: attrs.evolve(m, address=address))
            case _:
                assert_never(change)

    def _replacing(self, node_id: NodeId, evolve: Callable[[Member], Member]) -> "Configuration":
        return self._with_members(evolve(m) if m.node_id == node_id else m for m in self.members)

    def _with_members(self, members: Iterable[Member]) -> "Configuration":
        return attrs.evolve(self, members=tuple(members), is_forced=False)

    def _parts(self) -> Iterable[tuple[NodeId, ...]]:
        return (self.voters, self._outgoing_voters) if self.outgoing else (self.voters,)


EMPTY_CONFIGURATION = Configuration()


def _reached_by_majority(values: Iterable[int]) -> int:
    ascending = sorted(values)
    # Of 3 the second largest, of 4 the third largest: a majority has it or more.
    return ascending[(len(ascending) - 1) // 2]


@attrs.define
class ConfigurationHistory:
    """The configurations in force and behind: each with the index it stands at.

    A configuration is effective as soon as it is appended (§4.1), so the last
    one counts; a truncation rolls back to the one before.
    """

    _history: list[tuple[Index, Configuration]]
    effective: Configuration = attrs.field(init=False)
    """The latest in the log, committed or not."""

    def __attrs_post_init__(self) -> None:
        self.effective = self._history[-1][1]

    @property
    def longest_lease_us(self) -> Micros:
        """The longest lease that any of them allows."""
        return max(configuration.lease_us for _, configuration in self._history)

    @property
    def lease_index(self) -> Index:
        """Since which index every configuration has allowed leases as long as now."""
        lease_us = self.effective.lease_us
        since = self.effective_index
        for index, configuration in reversed(self._history):
            if configuration.lease_us < lease_us:
                break
            since = index
        return since

    def named_since(self, node_id: NodeId) -> Index:
        """Where the first configuration stands that names the node; the last one, if none does.

        A member whose log reaches there has been told of it, and of what is in force with it:
        who joined did not start from the founding configuration, which is in no log.
        O(configurations kept).
        """
        return next(
            (index for index, configuration in self._history if configuration.member(node_id)),
            self.effective_index,
        )

    @property
    def effective_index(self) -> Index:
        """Where the effective one stands; 0 for the founding one."""
        return self._history[-1][0]

    def as_of(self, index: Index) -> Configuration:
        """The one that was effective at `index`. O(configurations kept)."""
        return next(c for at, c in reversed(self._history) if at <= index)

    def since(self, index: Index) -> tuple[Configuration, ...]:
        """The one that was effective at `index`, and all later ones. O(configurations kept)."""
        later = tuple(c for at, c in self._history if at > index)
        return (self.as_of(index), *later)

    def settled(self, commit_index: Index) -> tuple[Configuration, ...]:
        """Those that are committed for certain. O(configurations kept)."""
        certain = self._certain_until(commit_index)
        return tuple(configuration for at, configuration in self._history if at <= certain)

    def possible_members(self, commit_index: Index) -> Mapping[NodeId, Member]:
        """Everyone of the last one that is committed for certain, and of those since.

        What follows that one may be rolled back. Each member is as the latest of them knows it.
        O(configurations kept).
        """
        possible = self.since(self._certain_until(commit_index))
        return {m.node_id: m for configuration in possible for m in configuration.everyone}

    def _certain_until(self, commit_index: Index) -> Index:
        """Up to where all are committed for certain.

        A leader proposes none before it has committed the one before (`leto.raft.membership`,
        invariant 1): so those before one that was proposed are, whatever this node has been
        told. One that an operator forced follows whatever its log holds. The first is the
        founding one, or a snapshot's.
        """
        certain = max(commit_index, self._history[0][0])
        for (before, _), (_, configuration) in pairwise(self._history):
            if not configuration.is_forced:
                certain = max(certain, before)
        return certain

    def have_admitted(self, node_id: NodeId, commit_index: Index) -> bool:
        """Whether one that is committed for certain holds, or held, this node."""
        return any(c.member(node_id) is not None for c in self.settled(commit_index))

    def append(self, index: Index, configuration: Configuration) -> None:
        """The log has a new one at `index`."""
        assert index > self.effective_index, f"{index} <= {self.effective_index}"
        self._history.append((index, configuration))
        self.effective = configuration

    def truncate_from(self, index: Index) -> None:
        """The log lost its entries from `index` on."""
        self._history = [entry for entry in self._history if entry[0] < index]
        self.effective = self._history[-1][1]

    def start_from(self, index: Index, configuration: Configuration) -> None:
        """A snapshot as of `index` says what was effective there; later ones stay."""
        later = [entry for entry in self._history if entry[0] > index]
        self._history = [(index, configuration), *later]
        self.effective = self._history[-1][1]
