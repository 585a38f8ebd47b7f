"""RAFT: what an operator may change of a cluster, beside who belongs to it.

Responsible for reading RAFT's subcommands and for the words of their answers. What they
lead to is the core's business, by way of `leto.server.peers.membership` and the replica.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from leto.kv.errors import wrong_arity
from leto.raft.actions import Committed, Outcome, Refusal, Refused, Transferred
from leto.raft.configuration import ChangeLease, ChangePriority, ChangeRole, MemberRole
from leto.resp import OK, ErrorReply, Reply, Request, Simple, parse_integer
from leto.server.clients import errors

if TYPE_CHECKING:
    from leto.server.live_node import LiveNode

Answer: TypeAlias = Callable[[Reply], None]

PRIORITY_MAX: Final = 100

_HELP: Final = (
    "RAFT <subcommand> [<arg> ...]. Subcommands are:",
    "TRANSFER [<name>]",
    "    Let that member lead, or without a name the best one.",
    "PRIORITY <name> <0..100>",
    "    Prefer members of higher priority as leaders; one with 0 never leads.",
    "ROLE <name> VOTER|LEARNER",
    "    A learner holds all data and answers reads, but has no vote.",
    "LEASE <milliseconds>",
    "    Let the leader answer reads alone for so long after a quorum has acknowledged it;",
    "    0: no leases. Only nodes with -reads lease make use of it.",
    "RECOVER LOST <name> [<name> ...]",
    "    When a quorum is lost for good: go on without these members. What they alone",
    "    had acknowledged is lost. Send it to the survivor with the longest log; all the",
    "    others, learners too, must vote for it.",
    "HELP",
    "    Print this help.",
)


@attrs.frozen
class Order:
    """Something to be done with the node; `answer` is called once."""

    perform: Callable[[LiveNode, Answer], None]
    needs_leadership: bool = True


def parse(request: Request) -> Order | Reply:
    """What a RAFT command orders; or its reply, if it orders nothing or makes no sense."""
    subcommand, arguments = request[1].upper(), [_text(argument) for argument in request[2:]]
    match subcommand, arguments:
        case b"HELP", []:
            return tuple(Simple(line) for line in _HELP)
        case b"TRANSFER", []:
            return Order(lambda node, answer: _transfer(node, None, answer))
        case b"TRANSFER", [name]:
            return Order(lambda node, answer: _transfer(node, name, answer))
        case b"PRIORITY", [name, text]:
            return _priority(name, text)
        case b"ROLE", [name, text]:
            return _role(name, text)
        case b"LEASE", [text]:
            return _lease(text)
        case b"RECOVER", [lost, *names] if lost.upper() == "LOST" and names:
            return Order(lambda node, answer: _recover(node, names, answer), needs_leadership=False)
        case b"RECOVER", _:
            return ErrorReply("ERR name the members that are lost for good: RAFT RECOVER LOST name")
        case ((b"HELP" | b"TRANSFER" | b"PRIORITY" | b"ROLE" | b"LEASE"), _):
            return wrong_arity(f"raft|{subcommand.decode().lower()}")
        case _:
            return ErrorReply(f"ERR unknown subcommand '{_text(request[1])}'. Try RAFT HELP.")


# --- changes of the configuration -------------------------------------------------------


def _priority(name: str, text: str) -> Order | ErrorReply:
    priority = parse_integer(text.encode())
    if priority is None or not 0 <= priority <= PRIORITY_MAX:
        return ErrorReply(f"ERR a priority is a number from 0 to {PRIORITY_MAX}")
    return Order(
        lambda node, answer: node.membership.change_member(
            name, lambda node_id: ChangePriority(node_id, priority), answer
        )
    )


_ROLES: Final = {
    # It has its vote once it has caught up (§4.2.1).
    "VOTER": MemberRole.JOINING,
    "LEARNER": MemberRole.LEARNER,
}


def _role(name: str, text: str) -> Order | ErrorReply:
    role = _ROLES.get(text.upper())
    if role is None:
        return ErrorReply(f"ERR a role is VOTER or LEARNER, not '{text}'")

    def perform(node: LiveNode, answer: Answer) -> None:
        member = node.replica.status.configuration.named(name)
        if role is MemberRole.JOINING and member is not None and member.is_voter:
            answer(OK)  # it would lose its vote for a while
        else:
            node.membership.change_member(name, lambda node_id: ChangeRole(node_id, role), answer)

    return Order(perform)


def _lease(text: str) -> Order | ErrorReply:
    milliseconds = parse_integer(text.encode())
    if milliseconds is None or milliseconds < 0:
        return ErrorReply("ERR a lease is a number of milliseconds, 0 for none")
    return Order(
        lambda node, answer: node.membership.change_lease(ChangeLease(milliseconds * 1000), answer)
    )


# --- leadership, and the loss of a quorum ---------------------------------------------


def _transfer(node: LiveNode, name: str | None, answer: Answer) -> None:
    target = None
    if name is not None:
        member = node.replica.status.configuration.named(name)
        if member is None:
            answer(ErrorReply(f"ERR no such member '{name}'"))
            return
        target = member.node_id
        if target == node.identity.node_id:
            answer(OK)
            return
    node.replica.request_transfer(target, lambda outcome: answer(_transfer_reply(outcome, name)))


def _transfer_reply(outcome: Outcome, name: str | None) -> Reply:
    match outcome:
        case Transferred():
            return OK
        case Refused(refusal=Refusal.CANNOT_LEAD) if name is None:
            return ErrorReply("ERR no other member can lead; nothing was changed")
        case Refused(refusal=Refusal.CANNOT_LEAD):
            return ErrorReply(
                f"ERR '{name}' cannot lead: it is no voter, has priority 0, or lacks too much"
            )
        case Refused(refusal=Refusal.TIMED_OUT):
            return ErrorReply("ERR the member did not take over in time; nothing was changed")
        case Refused(refusal=refusal):
            return ErrorReply(f"ERR {refusal.value}; nothing was changed")
        case _:
            return errors.CHANGE_UNKNOWN


def _recover(node: LiveNode, lost: list[str], answer: Answer) -> None:
    status = node.replica.status
    possible = status.possible_members.values()
    unknown = sorted(set(lost) - {member.name for member in possible})
    if unknown:
        answer(ErrorReply(f"ERR no such member '{unknown[0]}'; nothing was changed"))
        return
    asked = {node.identity.node_id, *(m.node_id for m in status.configuration.everyone)}
    # Whose removal is not committed survives if it is asked itself. Others of that kind are
    # let go: most often they left long ago, and only this node has not heard that it is final.
    survivors = tuple(
        member.node_id for member in possible if member.name not in lost and member.node_id in asked
    )
    node.recover(lost, survivors, lambda outcome: answer(_recover_reply(outcome)))


def _recover_reply(outcome: Outcome) -> Reply:
    match outcome:
        case Committed():
            return OK
        case Refused(refusal=Refusal.QUORUM_ALIVE):
            return ErrorReply(
                "ERR a quorum seems to be alive, or this node has not asked for votes in vain for"
                " long enough yet; nothing was changed"
            )
        case Refused(refusal=Refusal.CANNOT_LEAD):
            return ErrorReply(
                "ERR this node is itself among the lost, or was removed; send it to a survivor"
            )
        case Refused(refusal=Refusal.SURVIVOR_SILENT):
            return ErrorReply(
                "ERR a survivor has not voted for this node: it may have a longer log, and should"
                " be sent this instead; or it cannot be reached, and is to be named as lost too,"
                " for good; or it has just been asked by another one, and this may be repeated;"
                " nothing was changed"
            )
        case Refused(refusal=refusal):
            return ErrorReply(f"ERR {refusal.value}; nothing was changed")
        case _:
            return ErrorReply(
                "UNKNOWN the survivors have not agreed yet: look at INFO raft on each of them"
            )


def _text(argument: bytes) -> str:
    return argument.decode("utf-8", "replace")
