"""What a quorum is, said once more.

Responsible for the checkers' own arithmetic: were they to ask the code that they judge,
a mistake in it would hide itself.
"""

from collections.abc import Callable, Iterable

from leto.raft.configuration import Configuration, Member, MemberRole
from leto.raft.types import NodeId

_VOTER = MemberRole.VOTER  # looked up once


def has_quorum(configuration: Configuration, holds: Callable[[NodeId], bool]) -> bool:
    """Whether more than half of the voters hold; of a joint configuration, of both parts (§4.3)."""
    if not _is_majority(configuration.members, holds):
        return False
    return not configuration.outgoing or _is_majority(configuration.outgoing, holds)


def _is_majority(members: Iterable[Member], holds: Callable[[NodeId], bool]) -> bool:
    votes = [holds(member.node_id) for member in members if member.role is _VOTER]
    return 2 * sum(votes) > len(votes)
