"""The operator of servers that have lost their quorum for good (docs/how-to/operate.md).

Responsible for losing it, and for going on by `RAFT RECOVER` as a human is told to: every
survivor is asked for `INFO raft`, the one with the newest log is told who is lost, until the
cluster goes on; then the lost machines come back empty and join. Sometimes the operator is
wrong: names too few or too many, asks another one, or two at once. Whom a forced configuration
does not name never comes back with its data. What may be lost thereby is for
`leto_sim.server_level.chapters` and the checkers to say.
"""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Final, Protocol

import attrs

from leto.raft.actions import RoleName
from leto.raft.configuration import Configuration
from leto.raft.events import ConfigurationForced
from leto.raft.types import EntryId, NodeId, RequestId
from leto.resp import OK, ErrorReply, Reply
from leto_sim.checkers.forcings import FORCED_AS_ORDERED, Forcing
from leto_sim.clock import MS
from leto_sim.lost_quorum import Left, are_no_quorum, least_lost, some_hold
from leto_sim.randomness import stream
from leto_sim.result import PropertyViolated
from leto_sim.server_level.cluster import Machine, ServerCluster
from leto_sim.server_level.errands import fate_of
from leto_sim.server_level.promises import Fate
from leto_sim.sometimes import Situation

RECOVERED: Final = "who is told that the survivors go on finds them doing so"
_BETWEEN_ROUNDS_US: Final = 300 * MS
_ROUNDS_OF_PATIENCE: Final = 30  # of an operator's: for a moment in which something will be lost
_MISTAKES: Final = (0, 0, 2, 4)  # before it gets things right
_SHARE_OF_MISTAKES: Final = 0.2
_SHARE_OF_CONTRADICTIONS: Final = 0.2
_NOBODY: Final = "nobody"
_BEGINNERS: Final = (RoleName.CANDIDATE, RoleName.LEADER)


class Ask(Protocol):
    """How an operator asks servers (`ServerOperator.ask`); what it returns hangs up."""

    def __call__(
        self,
        addresses: Sequence[str],
        arguments: tuple[bytes, ...],
        is_settled: Callable[[Reply], bool],
        then: Callable[[Reply], None],
        /,
    ) -> Callable[[], None]:
        """Ask until there is an answer that settles it."""
        ...


@attrs.frozen
class _Survivor:
    """What a survivor says of itself."""

    machine: Machine
    last: EntryId
    commit_index: int
    members: tuple[str, ...]


@attrs.define(eq=False)
class _Order:
    """Somebody was told to go on without these."""

    number: RequestId
    machine: Machine
    lost: tuple[str, ...]
    hang_up: Callable[[], None] = lambda: None


class Recovery:
    """Takes a quorum away, and goes on without it."""

    def __init__(self, cluster: ServerCluster, ask: Ask) -> None:
        self.is_needed = False
        self.on_forced: Callable[[Forcing], None] | None = None  # clients' memories are cut short
        self.on_given_up: Callable[[Machine], None] | None = None
        self._cluster = cluster
        self._ask = ask
        self._rng = stream(cluster.scenario.seed, "recovery")
        self._victims: Sequence[Machine] = ()  # of what is to come
        self._best_first = False
        self._rounds_left = 0
        self._mistakes_left = 0  # at least
        self._numbers = 0  # of orders
        self._is_asking = False  # how the survivors stand
        self._inquiries: dict[str, Callable[[], None]] = {}  # by machine: how to hang up
        self._orders: list[_Order] = []  # that are not answered
        self._lost_orders: list[_Order] = []  # whose answer was lost
        self._waits = False  # for its next round
        self.is_settled: Callable[[], bool] = lambda: cluster.is_whole  # nothing is on its way
        cluster.panel.on_forced = self._forced

    @property
    def is_busy(self) -> bool:
        """Whether a quorum is lost, or may be given up, or a machine was and is not back."""
        is_anybody_gone = any(machine.is_gone for machine in self._cluster.machines)
        return self.is_needed or is_anybody_gone or bool(self._orders)

    def threaten(self, victims: Sequence[Machine], *, best_first: bool) -> None:
        """Voters are to be destroyed, in this order or those who hold most before the others."""
        self._victims, self._best_first = victims, best_first
        self._rounds_left = _ROUNDS_OF_PATIENCE
        self._wait()

    def calm_down(self) -> None:
        """Nothing more is to be destroyed."""
        self._victims = ()

    def order_in_vain(self, machine: Machine) -> None:
        """Somebody takes the others for lost, while the machine's server hears of a leader."""
        life = machine.life
        if life is None or not machine.takes_part or life.status.leader is None:
            return
        others = [other.name for other in self._cluster.machines if other is not machine]
        if others:
            self._tell(machine, (self._rng.choice(others),))

    # --- what is lost --------------------------------------------------------------------

    def strike_if_settled(self) -> None:
        """Destroys voters until the others are no quorum, if these could go on."""
        if not self.is_settled():
            return
        victims = list(self._victims)
        if self._best_first:
            victims = sorted(self._cluster.machines, key=_last, reverse=True)
        lost = self._least_lost(victims)
        self._rounds_left -= 1
        if lost is None or (self._rounds_left > 0 and self._best_first and self._all_hold(lost)):
            return
        self._victims = ()
        for machine in lost:
            self._give_up(machine)
        self._cluster.remark(f"a quorum is lost: {', '.join(m.name for m in lost)}")
        self._mistakes_left = self._rng.choice(_MISTAKES)
        self.is_needed = True

    def _least_lost(self, victims: Sequence[Machine]) -> list[Machine] | None:
        damaged = [machine for machine in self._cluster.machines if machine.is_damaged]
        lost = least_lost(damaged, victims, lambda gone: are_no_quorum(self._left_without(gone)))
        if lost is None or all(machine in lost for machine in self._cluster.machines):
            return None
        left = [machine for machine in self._cluster.machines if machine not in lost]
        return lost if any(_may_be_asked(machine) for machine in left) else None

    def _all_hold(self, lost: Collection[Machine]) -> bool:
        return some_hold(self._left_without(lost), self._cluster.panel.ledger.last)

    def _left_without(self, lost: Collection[Machine]) -> list[Left]:
        return [
            left
            for machine in self._cluster.machines
            if machine not in lost and (left := _as_left(machine)) is not None
        ]

    def _give_up(self, machine: Machine) -> None:
        self._cluster.give_up(machine)
        if machine.name in self._inquiries:
            self._inquiries.pop(machine.name)()
        for order in [order for order in self._orders if order.machine is machine]:
            self._orders.remove(order)
            order.hang_up()
        self._lost_orders = [one for one in self._lost_orders if one.machine is not machine]
        if self.on_given_up is not None:
            self.on_given_up(machine)

    # --- going on without it -------------------------------------------------------------

    def _wait(self) -> None:
        if not self._waits:
            self._waits = True
            self._cluster.scheduler.after(_BETWEEN_ROUNDS_US, self._make_round)

    def _make_round(self) -> None:
        """Looks whether the cluster goes on by now, and asks how all stand if it does not."""
        self._waits = False
        if self._victims:
            self.strike_if_settled()
        if self.is_needed and not self._orders and not self._is_asking:
            if self._goes_on():
                self.is_needed = False
                self._restore()
            else:
                self._ask_survivors()
        if self._victims or self.is_needed:
            self._wait()

    def _goes_on(self) -> bool:
        leader = self._cluster.leader
        if leader is None or not leader.status.is_ready:
            return False
        left = {machine.node_id for machine in self._cluster.machines if not machine.is_gone}
        status = leader.status
        in_force = (status.committed_configuration, status.configuration)
        return all(configuration.has_quorum(left.__contains__) for configuration in in_force)

    def _ask_survivors(self) -> None:
        """`INFO raft`, of each; when all have answered, somebody is told to go on."""
        machines = [machine for machine in self._cluster.machines if not machine.is_gone]
        said: list[_Survivor] = []
        self._is_asking = True

        def heard(machine: Machine, reply: Reply) -> None:
            self._inquiries.pop(machine.name, None)
            said.append(_read_info(machine, reply))
            if not self._inquiries:
                self._is_asking = False
                self._choose([one for one in said if not one.machine.is_gone])

        for machine in machines:
            self._inquiries[machine.name] = self._ask(
                [machine.client_address],
                (b"INFO", b"raft"),
                _is_info,
                partial(heard, machine),
            )

    def _choose(self, survivors: Sequence[_Survivor]) -> None:
        """The one with the newest log; or another one, or two."""
        candidates = [one for one in survivors if one.members]
        if not candidates or self._goes_on():
            return
        is_wrong = self._mistakes_left > 0 or self._rng.random() < _SHARE_OF_MISTAKES
        self._mistakes_left = max(0, self._mistakes_left - 1)
        chosen = [max(candidates, key=lambda one: one.last)]
        if is_wrong and self._rng.random() < _SHARE_OF_CONTRADICTIONS:
            chosen = self._rng.sample(candidates, min(2, len(candidates)))
        elif is_wrong:
            chosen = [self._rng.choice(candidates)]
        for one in chosen:
            lost = self._lost_for(one, survivors)
            if is_wrong:
                lost = self._mistaken(one, lost)
            self._tell(one.machine, tuple(lost))

    def _lost_for(self, one: _Survivor, survivors: Sequence[_Survivor]) -> list[str]:
        """Whom it knows of and nobody finds; and who has committed what it lacks."""
        left = [
            other.machine.name
            for other in survivors
            if other is one or other.commit_index <= one.last.index
        ]
        return [name for name in one.members if name not in left]

    def _mistaken(self, one: _Survivor, lost: list[str]) -> list[str]:
        """Too few are named, or too many: oneself, somebody unknown, another survivor."""
        others = [name for name in one.members if name not in lost]
        mistakes = [lost, lost[1:], [*lost, one.machine.name], [*lost, _NOBODY]]
        mistakes += [[*lost, name] for name in others]
        return self._rng.choice([names for names in mistakes if names] or [[_NOBODY]])

    def _tell(self, machine: Machine, lost: tuple[str, ...]) -> None:
        """`RAFT RECOVER LOST`, once."""
        self._numbers += 1
        order = _Order(RequestId(self._numbers), machine, lost)
        self._orders.append(order)
        self._expect(order)
        words = (b"RAFT", b"RECOVER", b"LOST", *(name.encode() for name in lost))

        def heard(reply: Reply) -> None:
            self._orders.remove(order)
            if fate_of(reply) is Fate.UNKNOWN:
                self._lost_orders.append(order)
            else:
                self._cluster.panel.forcings.is_not_told(_id_of(machine), order.number)
            self._cluster.remark(f"{machine.name}, without {', '.join(lost)}: {_said(reply)}")
            if reply == OK:
                self.check_told(order.lost)
            elif isinstance(reply, ErrorReply) and "a quorum seems to be alive" in reply.message:
                sometimes = self._cluster.panel.lookout.sometimes
                sometimes.occurred(Situation.FORCING_REFUSED)

        order.hang_up = self._ask([machine.client_address], words, _is_any, heard)

    def check_told(self, lost: Collection[str]) -> None:
        """OK means that a configuration without the lost ones is committed."""
        forcings, ledger = self._cluster.panel.forcings.all, self._cluster.panel.ledger
        if not any(
            # Of what an earlier one has begun a later one may have left nothing.
            (forcing is not forcings[-1] or ledger.id_at(forcing.entry.index) == forcing.entry)
            and all(forcing.configuration.named(name) is None for name in lost)
            for forcing in forcings
        ):
            raise PropertyViolated(RECOVERED, f"nobody goes on without {', '.join(lost)}")

    def _expect(self, order: _Order) -> None:
        """From now on the server may stand for election as it is told."""
        event = ConfigurationForced(order.number, ())
        self._cluster.panel.forcings.may_be_told(_id_of(order.machine), event)

    def _forced(self, forced: Configuration) -> None:
        """A configuration is forced: whom it does not name must not come back with its data.

        A power cut may yet take the forced entry back: whoever forced it must go on.
        """
        forcing = self._cluster.panel.forcings.all[-1]
        self.check_order(forced)
        self.is_needed = True
        for machine in self._cluster.machines:
            is_named = machine.node_id is not None and forced.member(machine.node_id) is not None
            if not is_named and not machine.is_gone:
                self._give_up(machine)
        self._cluster.remark(f"forced: {', '.join(member.name for member in forced.members)}")
        if self.on_forced is not None:
            self.on_forced(forcing)
        self._wait()

    def check_order(self, forced: Configuration) -> None:
        """Somebody who is asked at this moment begins what was ordered."""
        names = {member.name for member in forced.members}
        for order in (*self._orders, *self._lost_orders):
            life, node_id = order.machine.life, order.machine.node_id
            if life is None or not order.machine.takes_part or node_id is None:
                continue
            if life.status.role not in _BEGINNERS or forced.member(node_id) is None:
                continue
            before = self._cluster.panel.configurations.last_of(life)
            left = {member.name for member in before.everyone} - set(order.lost)
            if left <= names and not names & set(order.lost) and _is_plain(forced):
                return
        raise PropertyViolated(FORCED_AS_ORDERED, f"nobody has ordered to go on with {forced}")

    # --- back to full size ---------------------------------------------------------------

    def _restore(self) -> None:
        """The lost machines come back empty, and join who went on."""
        leader = self._cluster.leader
        assert leader is not None, "the cluster goes on"
        address = self._cluster.machine_of(leader).client_address
        for machine in self._cluster.machines:
            if not machine.is_gone:
                continue
            if leader.status.configuration.named(machine.name) is None:
                self._cluster.replace_gone(machine, address)
            else:  # nothing was forced, or another one bears its name: others are voters by now
                self._let_leave(machine, address)

    def _let_leave(self, machine: Machine, address: str) -> None:
        def has_left(_: Reply) -> None:
            if machine.is_gone:
                self._cluster.replace_gone(machine, address)

        left = [other.client_address for other in self._cluster.machines if not other.is_gone]
        self._ask(left, (b"LEAVE", machine.name.encode()), _is_away, has_left)


def _id_of(machine: Machine) -> NodeId:
    assert machine.node_id is not None, "only members are told anything"
    return machine.node_id


def _as_left(machine: Machine) -> Left | None:
    if machine.is_gone or machine.node_id is None:
        return None
    platter, life = machine.disk.platter, machine.life
    if life is None or not life.has_begun:
        return Left(machine.node_id, platter)
    return Left(machine.node_id, platter, life.memory, life.status.configuration)


def _last(machine: Machine) -> EntryId:
    left = _as_left(machine)
    return EntryId(0, 0) if left is None else left.last


def _may_be_asked(machine: Machine) -> bool:
    life = machine.life
    if life is None or not life.has_begun:
        return True
    return life.node_id in life.status.possible_members


def _is_plain(forced: Configuration) -> bool:
    """Whether each has a vote, and nobody else has a say."""
    return not forced.outgoing and all(member.is_voter for member in forced.members)


def _is_any(reply: Reply) -> bool:
    """Whatever is heard settles it."""
    del reply
    return True


def _is_away(reply: Reply) -> bool:
    return not isinstance(reply, ErrorReply) or "no such member" in reply.message


def _is_info(reply: Reply) -> bool:
    return fate_of(reply) is Fate.ACKNOWLEDGED and not isinstance(reply, ErrorReply)


def _read_info(machine: Machine, reply: Reply) -> _Survivor:
    text = reply.decode() if isinstance(reply, bytes) else ""
    pairs = [line.split(":", 1) for line in text.split("\r\n") if ":" in line]
    fields = dict(pairs)
    last = EntryId(int(fields.get("last_log_term", 0)), int(fields.get("last_log_index", 0)))
    members = tuple(
        part.removeprefix("name=")
        for key, value in pairs
        if key.startswith("member")
        for part in value.split(",")
        if part.startswith("name=")
    )
    return _Survivor(machine, last, int(fields.get("commit_index", 0)), members)


def _said(reply: Reply) -> str:
    return reply.message if isinstance(reply, ErrorReply) else str(reply)
