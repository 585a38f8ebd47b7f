"""Where a follower has rejected entries, its leader does not ask it again (§3.5).

The search for the place where two logs agree moves on with every rejection, so that it ends.
Looked at when a leader has handled one: it was late, or the search goes on before that place, or
a snapshot takes its place.
"""

from leto.raft.actions import RoleName
from leto.raft.events import MessageReceived
from leto.raft.messages import AppendEntriesResponse
from leto.raft.progress import Mode
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

SEARCH_MOVES_ON = "where entries were rejected nobody asks again"
_LEADER = RoleName.LEADER  # looked up once


def check_search(node: Observed, event: MessageReceived) -> None:
    """The node has handled a follower's answer."""
    message = event.message
    assert type(message) is AppendEntriesResponse, "only those are shown here"
    conflict, status = message.conflict, node.status
    if conflict is None or status.role is not _LEADER or status.current_term != message.term:
        return
    follower = status.followers_by_id.get(event.sender)
    if follower is None or follower.mode is Mode.SNAPSHOT or status.disk_has_hung:
        return  # there is no search, or it has not listened
    rejected = conflict.rejected.index
    if follower.match_index < rejected and follower.next_index == rejected + 1:
        raise PropertyViolated(
            SEARCH_MOVES_ON,
            f"{node.name} asks {event.sender} again behind {conflict.rejected}, which it rejected",
            node=node.name,
        )
