"""Who belongs to the cluster, and how many of them make a quorum (chapter 4).

Responsible for the arithmetic of configurations: members and their roles,
quorums (of joint configurations too, §4.3), and the single change (§4.1). It
does not know when a change may be proposed or becomes effective: that is
`leto.raft.membership`.

Invariants:
    1. Members are sorted by id, and ids, names and addresses are unique.
    2. A change touches one voter at most, so that any quorum of the old and
       any quorum of the new configuration share a node (§4.1, figure 4.3).
"""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import TypeAlias

import attrs

from leto.raft.types import Index, NodeId


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


@attrs.frozen
class AddMember:
    """Adds a node. One voter at a time (§4.1); a joiner is added as `JOINING`."""

    member: Member


@attrs.frozen
class PromoteMember:
    """Makes a learner a voter."""

    node_id: NodeId


@attrs.frozen
class RemoveMember:
    """Removes a node, alive or dead, the leader included (§4.2.2)."""

    node_id: NodeId


@attrs.frozen
class ChangeAddress:
    """Says where a member is to be dialled from now on."""

    node_id: NodeId
    address: str


ConfigurationChange: TypeAlias = AddMember | PromoteMember | RemoveMember | ChangeAddress


def _sorted_by_id(members: Iterable[Member]) -> tuple[Member, ...]:
    return tuple(sorted(members, key=lambda member: member.node_id))


@attrs.frozen
class Configuration:
    """A set of members, sorted by id, and while joint the outgoing voters (§4.3)."""

    members: tuple[Member, ...] = attrs.field(default=(), converter=_sorted_by_id)
    outgoing_voters: tuple[NodeId, ...] = ()
    voters: tuple[NodeId, ...] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        voters = tuple(m.node_id for m in self.members if m.role is MemberRole.VOTER)
        object.__setattr__(self, "voters", voters)

    def member(self, node_id: NodeId) -> Member | None:
        """The member of that id. O(members)."""
        return next((m for m in self.members if m.node_id == node_id), None)

    def named(self, name: str) -> Member | None:
        """The member of that name. O(members)."""
        return next((m for m in self.members if m.name == name), None)

    def is_voter(self, node_id: NodeId) -> bool:
        """Whether its vote counts, in either part of a joint configuration."""
        return node_id in self.voters or node_id in self.outgoing_voters

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
        return min(_reached_by_majority(map(value_of, voters)) for voters in self._parts())

    def changed(self, change: ConfigurationChange) -> "Configuration":
        """The configuration after the change, which must be a legal one (see `objection`)."""
        match change:
            case AddMember(member=member):
                return Configuration((*self.members, member))
            case RemoveMember(node_id=node_id):
                return Configuration(tuple(m for m in self.members if m.node_id != node_id))
            case PromoteMember(node_id=node_id):
                return self._replacing(node_id, lambda m: attrs.evolve(m, role=MemberRole.VOTER))
            case ChangeAddress(node_id=node_id, address=address):
                return self._replacing(node_id, lambda m: attrs.evolve(m, address=address))

    def _replacing(self, node_id: NodeId, evolve: Callable[[Member], Member]) -> "Configuration":
        return Configuration(tuple(evolve(m) if m.node_id == node_id else m for m in self.members))

    def _parts(self) -> Iterable[tuple[NodeId, ...]]:
        return (self.voters, self.outgoing_voters) if self.outgoing_voters else (self.voters,)


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

    @property
    def effective(self) -> Configuration:
        """The latest in the log, committed or not."""
        return self._history[-1][1]

    @property
    def effective_index(self) -> Index:
        """Where the effective one stands; 0 for the founding one."""
        return self._history[-1][0]

    def as_of(self, index: Index) -> Configuration:
        """The one that was effective at `index`. O(configurations kept)."""
        return next(c for at, c in reversed(self._history) if at <= index)

    def append(self, index: Index, configuration: Configuration) -> None:
        """The log has a new one at `index`."""
        assert index > self.effective_index, f"{index} <= {self.effective_index}"
        self._history.append((index, configuration))

    def truncate_from(self, index: Index) -> None:
        """The log lost its entries from `index` on."""
        self._history = [entry for entry in self._history if entry[0] < index]

    def start_from(self, index: Index, configuration: Configuration) -> None:
        """A snapshot as of `index` says what was effective there; later ones stay."""
        later = [entry for entry in self._history if entry[0] > index]
        self._history = [(index, configuration), *later]
