"""Why what a program asked for has no result, as values that it may raise.

Responsible for the three kinds (certainly not done by a node that does not lead, certainly
not done for another reason, unknown), and for reading them out of what the core and the rest
of the server answer. Nothing here is raised: it is handed over in place of a result.
"""

from typing import Final

from leto.raft.actions import Outcome, Refusal
from leto.raft.actions import Refused as RefusedOutcome
from leto.resp import ErrorReply
from leto.server.clients import errors

_UNKNOWN: Final = "UNKNOWN "
_NOT_LEADER: Final = "not leader "


class NotDone(Exception):
    """A request was not carried out, or it is not known whether it was."""


class NotLeader(NotDone):
    """Certainly not done: this node does not lead. `leader` is the address of who does, if known."""

    def __init__(self, leader: str | None) -> None:
        super().__init__(f"not leader; ask {leader}" if leader else "no leader is known")
        self.leader = leader


class Refused(NotDone):
    """Certainly not done, for the reason given."""


class Unknown(NotDone):
    """It may have been done, or may be yet. Whoever repeats it may do it twice."""


def failure_of(outcome: Outcome, leader: str | None) -> NotDone:
    """What the core's answer means that is not a success."""
    match outcome:
        case RefusedOutcome(refusal=Refusal.NOT_LEADER):
            return NotLeader(leader)
        case RefusedOutcome(refusal=refusal):
            return Refused(refusal.value)
        case _:
            return Unknown("it may have been done, or may be yet")


def failure_in(error: ErrorReply) -> NotDone:
    """What an error means that a client would be told."""
    text = error.message
    if error == errors.NO_LEADER:
        return NotLeader(None)
    if text.startswith(_NOT_LEADER):
        return NotLeader(text.removeprefix(_NOT_LEADER))
    return Unknown(text) if text.startswith(_UNKNOWN) else Refused(text)
