"""A server that is asked to stop ends in time, in good order.

Responsible for the time between `StopRequested` and the end of the process: a leader hands
over first, if there is somebody who could lead, and takes no more writes; nobody is left
without an answer, nobody is given up on before the time that there is for stopping has run
out, and nobody stays once there is nothing left to wait for.
"""

from typing import TYPE_CHECKING, Final

from leto.raft.actions import RoleName, Send
from leto.raft.entries import Command, Entry
from leto.raft.messages import TimeoutNow
from leto.raft.progress import Mode
from leto.server.commit.batches import HEADER
from leto_sim.result import PropertyViolated
from leto_sim.units import duration

if TYPE_CHECKING:
    from leto.raft.status import Status
    from leto.raft.types import Micros
    from leto.server import Limits

GOOD_ORDER: Final = "who stops answers everybody, and hands over first"

_SLACK_PARTS: Final = 100  # timers fire a little late, and clocks do not run alike


class Stopping:
    """The last moments of one life of a server, from when it is asked to stop.

    Args:
        status: what it says of itself; None if it does not take part yet.
        transfer_us: after which a leader gives up to hand over.
    """

    def __init__(
        self, name: str, limits: "Limits", status: "Status | None", now: "Micros", transfer_us: int
    ) -> None:
        self._name = name
        self._status = status
        self._asked_at = now
        self._within_us = limits.stop_within_us
        self._transfer_us = transfer_us
        self._led = status is not None and status.role is RoleName.LEADER
        self._was_handing_over = status is not None and status.transfer_target is not None
        self._had_heirs = status is not None and _has_heirs(status)
        self._has_handed_over = False
        self._term = 0 if status is None else status.current_term
        self._leads_still = self._led  # before this event

    def sends(self, send: Send) -> None:
        """A peer is told this."""
        if isinstance(send.message, TimeoutNow):
            self._has_handed_over = True

    def proposes(self, entry: Entry) -> None:
        """It leads, and adds this entry to its log."""
        if isinstance(entry.payload, Command) and len(entry.payload.data) > HEADER.size:
            raise self._violation(f"takes {entry.id} while it stops")

    def handled(self, now: "Micros", *, is_owing: bool) -> None:
        """An event is over, and it still runs. Whether clients wait for answers."""
        elapsed_us = now - self._asked_at
        if elapsed_us > self._within_us + self._within_us // _SLACK_PARTS:
            raise self._violation(f"has not stopped {duration(elapsed_us)} after it was asked to")
        status = self._status
        if status is None:
            return
        self._check_hand_over(status)
        self._leads_still = self._leads_still and status.role is RoleName.LEADER
        if not is_owing and status.leader not in {None, status.node_id}:
            raise self._violation("stays though another leads and nobody waits for an answer")

    def stopped(self, now: "Micros", *, is_owing: bool, gave_up: bool) -> None:
        """It ends itself now.

        Args:
            now: when.
            is_owing: whether there are clients who have not been answered.
            gave_up: whether it has told one in this event that it did not wait any longer,
                before the patience was over that it owes to everybody.
        """
        if is_owing:
            raise self._violation("stops without a word to a client that waits")
        elapsed_us = now - self._asked_at
        status = self._status
        if status is None or elapsed_us >= self._within_us - self._within_us // _SLACK_PARTS:
            return
        self._check_hand_over(status)
        stepped_down = self._leads_still and status.role is not RoleName.LEADER
        if gave_up and not stepped_down:
            raise self._violation("gives up on a client before its time has run out")
        if (
            self._led
            and self._has_handed_over
            and not self._was_handing_over
            and elapsed_us < self._transfer_us - self._transfer_us // _SLACK_PARTS
            and status.leader in {None, status.node_id}
        ):
            raise self._violation("stops before anybody leads in its place (§3.10)")

    def _check_hand_over(self, status: "Status") -> None:
        """A leader begins to hand over in the event in which it is asked to stop."""
        had_heirs, self._had_heirs = self._had_heirs, False
        if (
            had_heirs
            and _has_heirs(status)
            and status.current_term == self._term
            and status.transfer_target is None
        ):
            raise self._violation("tells nobody to take over (§3.10)")

    def _violation(self, what: str) -> PropertyViolated:
        return PropertyViolated(GOOD_ORDER, f"{self._name} {what}", node=self._name)


def _has_heirs(status: "Status") -> bool:
    """Whether it leads, and another voter may lead and is not in need of a snapshot."""
    if status.role is not RoleName.LEADER:
        return False
    for follower in status.followers:
        member = status.configuration.member(follower.node_id)
        may_lead = member is not None and member.is_voter and member.priority > 0
        if may_lead and follower.mode is not Mode.SNAPSHOT:
            return True
    return False
