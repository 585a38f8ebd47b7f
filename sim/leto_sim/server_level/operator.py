"""Whoever looks after the machines: restarts what stopped, replaces what is lost.

Responsible for what an operator of real servers does by the documented way: a server
that has ended its process is started again; a machine whose disk is lost comes back
empty under its old name, must be refused, and is admitted once LEAVE has removed the
old member. Everything goes through the servers' own commands.
"""

from collections.abc import Callable, Sequence
from typing import Final

import attrs

from leto.resp import OK, ErrorReply, Reply
from leto.server.world import Stop
from leto_sim.clock import MS
from leto_sim.randomness import stream
from leto_sim.result import PropertyViolated
from leto_sim.server_level.cluster import Machine, ServerCluster
from leto_sim.server_level.damage import DiskDamage, inflict
from leto_sim.server_level.errands import Question, fate_of
from leto_sim.server_level.promises import Fate
from leto_sim.server_level.recovery import Recovery
from leto_sim.server_level.resp_client import Manners
from leto_sim.sometimes import Situation

HEALTHY_SERVER: Final = "a server stops only for a reason"
RESTART_US: Final = 300 * MS  # on average
REPLACEABLE_MIN: Final = 3  # machines: two are left
_ELSEWHERE_SHARE: Final = 0.5  # of the machines whose disk is lost
_IS_DAMAGED: Final = "the data directory is damaged"
_MANNERS: Final = Manners(think_us=50 * MS, retry_us=100 * MS)


@attrs.define
class _Replacement:
    """A machine on its way back as another node, since its disk was lost or it was removed."""

    machine: Machine
    has_left: bool = False  # the old member
    hang_up: Callable[[], None] = lambda: None  # ends the asking for the old member to leave
    has_exited: bool = False  # the old member's server: it was told that it is one no more


class ServerOperator:
    """Runs the cluster as its documentation says."""

    def __init__(self, cluster: ServerCluster) -> None:
        self._cluster = cluster
        self._rng = stream(cluster.scenario.seed, "operator")
        self._where = stream(cluster.scenario.seed, "moves")
        self._replacement: _Replacement | None = None
        self._is_moving = False  # a server: the others are to be told where it is
        self._inquiries = 0
        cluster.on_stop = self._on_stop
        self.recovery = Recovery(cluster, self.ask)
        self.recovery.on_given_up = self._forget
        self.recovery.is_settled = lambda: self.is_idle

    @property
    def is_idle(self) -> bool:
        """Whether every machine runs a server that is a voter, where the others look for it."""
        if self._is_moving or self.recovery.is_busy or not self._cluster.is_whole:
            return False
        return self._replacement is None or self._replacement.has_left

    @property
    def changes_nothing(self) -> bool:
        """Whether no machine is on its way back as another node, or to another address."""
        replacement = self._replacement
        return not (self._is_moving or self.recovery.is_busy) and (
            replacement is None or (replacement.has_left and not replacement.machine.is_stranger)
        )

    def ask(
        self,
        addresses: Sequence[str],
        arguments: tuple[bytes, ...],
        is_settled: Callable[[Reply], bool],
        then: Callable[[Reply], None],
        manners: Manners = _MANNERS,
    ) -> Callable[[], None]:
        """Ask until there is an answer that settles it, then hang up; or sooner, by what it returns."""
        self._inquiries += 1
        name = f"operator{self._inquiries}"
        inquiry = _Inquiry(arguments, is_settled)
        self._cluster.run_client(name, addresses, inquiry.next_errands, manners)

        def hang_up() -> None:
            if name in self._cluster.clients:
                self._cluster.scheduler.after(0, self._cluster.clients.pop(name).kill)

        def settled(reply: Reply) -> None:
            hang_up()
            then(reply)

        inquiry.then = settled
        return hang_up

    def lose_disk(self, machine: Machine) -> None:
        """The machine's disk is replaced by an empty one, if that can be borne."""
        cluster = self._cluster
        if not self._may_lose(machine):
            return
        self._replacement = _Replacement(machine)
        cluster.wipe(machine, self._some_other(machine).client_address)
        if self._where.random() < _ELSEWHERE_SHARE:
            cluster.move(machine)  # a stranger at another address is one all the same
        machine.is_stranger = True
        cluster.start(machine)

    def lose_quorum(self, victims: Sequence[Machine], *, best_first: bool) -> None:
        """A quorum is to be lost for good, as soon as every machine runs a voter.

        But for a user's machine: nobody could say which of its clients' answers are void.
        """
        if not self._cluster.runs_own_machine:
            self.recovery.threaten(victims, best_first=best_first)

    def recover_in_vain(self, machine: Machine) -> None:
        """Somebody takes a member for lost who is not, and asks a server that hears of a leader."""
        if self.is_idle and not self._cluster.runs_own_machine:
            self.recovery.order_in_vain(machine)

    def move_server(self, machine: Machine) -> bool:
        """The machine's server is to be found elsewhere; false if that cannot be now."""
        if not self.is_idle:
            return False
        self._is_moving = True
        self._cluster.move(machine)

        def told(_: Reply) -> None:
            self._is_moving = False
            self._cluster.panel.lookout.sometimes.occurred(Situation.SERVER_MOVED)
            self._cluster.remark(f"{machine.name} has moved")

        words = (b"JOIN", machine.peer_address.encode(), machine.name.encode())
        self.ask(self._cluster.addresses, words, has_moved, told)
        return True

    def damage_disk(self, machine: Machine, damage: DiskDamage) -> None:
        """Something that the machine's disk had synced is damaged, if that can be borne."""
        if not self._may_lose(machine):
            return
        wound = inflict(damage, machine.directory, machine.disk, self._rng, machine.lives)
        if wound is not None:
            machine.wounds.append(wound)
            self._cluster.remark(f"{machine.name}: {wound}: {damage.value}")

    def _may_lose(self, machine: Machine) -> bool:
        """The atlas: with one machine's data gone, a quorum of the voters has all of its own."""
        machines = self._cluster.machines
        if len(machines) < REPLACEABLE_MIN or not self.is_idle:
            return False
        return not any(other.is_damaged for other in machines if other is not machine)

    def remove_node(self, machine: Machine) -> None:
        """The node is removed; the machine comes back empty, when its server has seen that."""
        if not self._may_lose(machine):
            return
        replacement = self._replacement = _Replacement(machine)

        def has_left(_: Reply) -> None:
            replacement.has_left = True
            self._bring_back(replacement)

        replacement.hang_up = self._ask_to_leave(machine, self._cluster.machines, has_left)

    def _forget(self, machine: Machine) -> None:
        """The machine is given up with a quorum: whatever was to become of it."""
        machine.is_stranger = False
        if self._replacement is not None and self._replacement.machine is machine:
            self._replacement.hang_up()  # what is asked of its name would befall the next one
            self._replacement = None

    def _on_stop(self, machine: Machine, stop: Stop) -> None:
        self._cluster.remark(f"{machine.name} exits {stop.exit_code}: {stop.message}")
        replacement = self._replacement
        if replacement is not None and replacement.machine is machine:
            if machine.is_stranger and "LEAVE" in stop.message:
                self._let_leave(replacement)
                return
            if not machine.is_stranger and "move its data directory away" in stop.message:
                replacement.has_exited = True
                self._bring_back(replacement)
                return
        if machine.is_damaged and _IS_DAMAGED in stop.message:
            self._replace_damaged(machine)
            return
        if not machine.may_stop:
            raise PropertyViolated(
                HEALTHY_SERVER,
                f"{machine.name} exits {stop.exit_code}: {stop.message}",
                node=machine.name,
            )
        delay_us = int(self._rng.expovariate(1.0) * RESTART_US)
        self._cluster.scheduler.after(delay_us, self._cluster.start, machine)

    def _replace_damaged(self, machine: Machine) -> None:
        """As its last words say: LEAVE on a live member, then start over."""
        earlier = self._replacement
        if earlier is not None and earlier.machine is machine and not earlier.has_left:
            return  # somebody has started it again meanwhile
        replacement = self._replacement = _Replacement(machine)

        def has_left(_: Reply) -> None:
            if self._replacement is not replacement:
                return  # it was given up meanwhile
            replacement.has_left = True
            self._cluster.remark(f"{machine.name} has left, since its disk is damaged")
            self._cluster.wipe(machine, self._some_other(machine).client_address)
            self._cluster.start(machine)

        replacement.hang_up = self._ask_to_leave(machine, self._cluster.machines, has_left)

    def _let_leave(self, replacement: _Replacement) -> None:
        machine = replacement.machine

        def has_left(_: Reply) -> None:
            replacement.has_left = True
            machine.is_stranger = False
            self._cluster.remark(f"{machine.name} has left")
            self._cluster.start(machine)

        others = [other for other in self._cluster.machines if other is not machine]
        replacement.hang_up = self._ask_to_leave(machine, others, has_left)

    def _bring_back(self, replacement: _Replacement) -> None:
        """Wait for both: a LEAVE that is still on its way must not meet the new node."""
        if replacement.has_left and replacement.has_exited:
            machine = replacement.machine
            self._cluster.remark(f"{machine.name} was removed")
            self._cluster.wipe(machine, self._some_other(machine).client_address)
            self._cluster.start(machine)

    def _ask_to_leave(
        self, machine: Machine, whom: Sequence[Machine], then: Callable[[Reply], None]
    ) -> Callable[[], None]:
        addresses = [other.client_address for other in whom]
        return self.ask(addresses, (b"LEAVE", machine.name.encode()), _is_gone, then)

    def _some_other(self, machine: Machine) -> Machine:
        others = [other for other in self._cluster.machines if other is not machine]
        return self._rng.choice(others)


class _Inquiry:
    """A question that is asked again until it is settled."""

    def __init__(self, arguments: tuple[bytes, ...], is_settled: Callable[[Reply], bool]) -> None:
        self.then: Callable[[Reply], None] | None = None
        self._arguments = arguments
        self._is_settled = is_settled
        self._is_open = True  # to be asked (again)

    def next_errands(self) -> Sequence[Question]:
        """The question, unless it is on its way or settled."""
        if not self._is_open:
            return ()
        self._is_open = False
        return (Question(self._arguments, self._heard),)

    def _heard(self, reply: Reply) -> None:
        if not self._is_settled(reply):
            self._is_open = True
        elif self.then is not None:
            self.then(reply)


def _is_gone(reply: Reply) -> bool:
    """Whether the member has left: now, or before we asked again."""
    return not isinstance(reply, ErrorReply) or "no such member" in reply.message


def has_moved(reply: Reply) -> bool:
    """Whether the member is found where it is; or its disk is lost, and what is there is another."""
    return reply == OK or (isinstance(reply, ErrorReply) and "first" in reply.message)


def is_carried_out(reply: Reply) -> bool:
    """Whether the server has done what it was asked for."""
    return fate_of(reply) is Fate.ACKNOWLEDGED


def is_heard_of(reply: Reply) -> bool:
    """Whether the server has dealt with the command, or nobody will know."""
    return fate_of(reply) is not Fate.REFUSED
