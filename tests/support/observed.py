"""A node as the checkers see it, whose every side a test sets by hand."""

from collections.abc import Iterable, Mapping

import attrs

from leto.raft.actions import RoleName
from leto.raft.configuration import Configuration, Member
from leto.raft.entries import Command, Entry
from leto.raft.status import FollowerStatus
from leto.raft.types import EntryId, Index, Micros, NodeId, Term
from leto_sim.checkers.forcings import Forcing
from leto_sim.platter import LogImage, Platter


@attrs.define
class StandingStatus:
    """A status that stands still until the test changes it."""

    role: RoleName = RoleName.FOLLOWER
    current_term: Term = 0
    leader: NodeId | None = None
    voted_for: NodeId | None = None
    durable_index: Index = 0
    heard_at: Micros | None = None
    promised_until: Micros = 0
    writes_outstanding: int = 0
    disk_has_hung: bool = False
    commit_index: Index = 0
    last_applied: Index = 0
    configuration: Configuration = attrs.field(factory=Configuration)
    is_ready: bool = False
    transfer_target: NodeId | None = None
    was_admitted: bool = False
    followers_by_id: Mapping[NodeId, FollowerStatus] = attrs.field(
        factory=dict[NodeId, FollowerStatus]
    )

    @property
    def standing(self) -> tuple[RoleName, Term, Index, Index]:
        """What changes most."""
        return (self.role, self.current_term, self.commit_index, self.last_applied)


@attrs.define
class StandingNode:
    """A node that does nothing by itself."""

    node_id: NodeId = NodeId(1)  # noqa: RUF009 - a number by another name
    status: StandingStatus = attrs.field(factory=StandingStatus)
    memory: LogImage = attrs.field(factory=LogImage)
    platter: Platter = attrs.field(factory=Platter)

    @property
    def name(self) -> str:
        """`id1` for node 1."""
        return f"id{self.node_id}"


def voters(*node_ids: int, outgoing: Iterable[int] = ()) -> Configuration:
    """A configuration of these voters; a joint one if some others are on their way out."""
    return Configuration(_members(node_ids), outgoing=_members(outgoing))


def _members(node_ids: Iterable[int]) -> tuple[Member, ...]:
    return tuple(Member(node_id=NodeId(n), name=f"id{n}", address=f"id{n}:1") for n in node_ids)


def entry(term: Term, index: Index, data: bytes = b"x") -> Entry:
    """A command's entry."""
    return Entry(EntryId(term, index), Command(data))


def log_of(*terms: Term) -> LogImage:
    """A log whose entries, from index 1 on, are of these terms."""
    return LogImage(entries=[entry(term, index) for index, term in enumerate(terms, 1)])


def node_with_log(node_id: int, *terms: Term) -> StandingNode:
    """A node with that log, in memory and on its disk, in the term of its last entry."""
    node = StandingNode(NodeId(node_id), memory=log_of(*terms))
    node.platter.log = log_of(*terms)
    node.status.current_term = max(terms, default=0)
    return node


def forcing(*, agreed: Index = 0, term: Term = 1) -> Forcing:
    """An operator gives a quorum up, on a node whose log is the committed one up to there."""
    configuration = attrs.evolve(voters(1), is_forced=True)
    return Forcing(
        at_us=0, entry=EntryId(term, agreed + 1), configuration=configuration, agreed=agreed
    )
