"""A run at node level: a storm, a calm, and the last judgement.

Responsible for the course of a run. In the storm faults strike while clients work.
In the calm everything is healed, or a random quorum alone while all else stays broken for
ever; the cluster must elect, commit and answer within a bounded virtual time. Then the
clients' histories are judged.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

from leto.raft.configuration import MemberRole
from leto_sim.clock import MS
from leto_sim.course import Course, run_then_trace
from leto_sim.custom_faults import Mischief
from leto_sim.inspection import describe_disk, describe_life
from leto_sim.invariants import Watch
from leto_sim.node_level.administrator import Administrator
from leto_sim.node_level.bounds import check_at_work, rest_of
from leto_sim.node_level.clients import Client
from leto_sim.node_level.cluster import Cluster, Host
from leto_sim.node_level.core import choose_core, ids_of, why_stuck
from leto_sim.node_level.exactly_once import EXACTLY_ONCE_PARTS
from leto_sim.node_level.histories import histories
from leto_sim.node_level.nemesis import Nemesis
from leto_sim.node_level.process import Process
from leto_sim.node_level.scenario import Scenario, draw_scenario
from leto_sim.node_level.view import NodeLevelView
from leto_sim.operations import Asked, as_asked
from leto_sim.parts import REGISTERS, Parts
from leto_sim.randomness import stream
from leto_sim.result import PropertyViolated, RunResult
from leto_sim.standing import Standing, standing_of
from leto_sim.units import duration
from leto_sim.view.recording import Recording
from leto_sim.workloads import asked

if TYPE_CHECKING:
    from leto.raft.types import Micros
    from leto_sim.workloads import Seen

NODE_LEVEL = "node"
PROGRESS = "progress after the storm"
SAME_CONTENT = "state machines agree in the end"

_ELECTIONS_TO_RECOVER = 30  # election timeouts: many, since the settings are extreme
_CLIENTS_TO_RETURN = 3  # whole patiences of theirs, spent on somebody who says nothing
_MOST_PATIENCE = 20  # that much of it: elections without end store something each
_EVENTS_BETWEEN_LOOKS = 20
_BETWEEN_HOLDINGS_US = 200 * MS
_ELECTIONS_TO_REST = 100


def run_node_level(seed: int, nodes: int | None = None, events_max: int = 10_000) -> RunResult:
    """Runs the scenario of that seed."""
    return run_scenario(draw_scenario(seed, nodes=nodes, events_max=events_max))


def run_scenario(scenario: Scenario, parts: Parts | None = None) -> RunResult:
    """Runs a scenario; if a property is violated, once more to see the last events."""
    return run_then_trace(lambda traced: NodeLevelRun(scenario, parts, traced=traced))


def usual_parts(scenario: Scenario) -> Parts:
    """What the simulator runs of itself in such a scenario."""
    return EXACTLY_ONCE_PARTS if scenario.habits.repeats else REGISTERS


class _StuckLegally(Exception):
    """Nothing moves any more, and nothing has to."""


class NodeLevelRun(Course):
    """One run."""

    level = NODE_LEVEL

    def __init__(
        self, scenario: Scenario, parts: Parts | None = None, *, traced: bool = False
    ) -> None:
        self._scenario = scenario
        parts = parts or usual_parts(scenario)
        self.cluster = Cluster(scenario, parts, traced=traced)
        super().__init__(scenario, self.cluster)
        self.history: list[Seen] = []
        self._core: Sequence[Host] = ()
        self._is_whole = True  # in the end: all members run and agree
        self.administrator = Administrator(self.cluster)
        self.nemesis = Nemesis(self.cluster, self.administrator)
        self.view = NodeLevelView(self.cluster, self.administrator)
        self._mischief = Mischief(parts.faults, self.cluster, self.view)
        self._watch = Watch(parts.invariants, self.view)
        if parts.invariants:
            self.cluster.panel.on_change = self._watch.look
        self._look_in_turn(0)
        self._clients = [
            Client(self.cluster, number, self.history) for number in range(scenario.habits.clients)
        ]

    @property
    def node_names(self) -> Sequence[str]:
        """The machines that are not gone."""
        return [host.name for host in self.cluster.hosts if not host.is_gone]

    def describe_node(self, name: str) -> Sequence[str]:
        """Its role, log and disk."""
        (host,) = (host for host in self.cluster.hosts if host.name == name and not host.is_gone)
        name_of, process = self.cluster.name_of, host.alive
        life: Sequence[str] = ["down"]
        if process is not None:
            life = describe_life(process.status, process.memory, name_of)
        return [*life, *describe_disk(host.platter, name_of)]

    def standings(self) -> Sequence[Standing]:
        """How every host that is not gone stands."""
        return [
            standing_of(
                host.name,
                host.platter,
                None if host.alive is None else host.alive.status,
                None if host.alive is None else host.alive.memory,
                self.cluster.name_of,
                is_up=host.alive is not None,
                is_paused=host.alive is not None and host.alive.is_paused,
            )
            for host in self.cluster.hosts
            if not host.is_gone
        ]

    def record(self) -> Recording:
        """Messages and cuts are recorded too."""
        recording = super().record()
        self.cluster.record(recording)
        return recording

    def history_lines(self) -> Iterator[str]:
        """What clients saw and was not given up, if `leto-sim lincheck` has a model for it."""
        *_, history = histories(self.history, self.cluster.panel.forcings.all)
        return self.cluster.parts.workload.write(history)

    def operations(self) -> Iterator[Asked]:
        """What clients asked some node for, or still want to."""
        workload = self.cluster.parts.workload
        still_open = [seen for client in self._clients for seen in client.still_open()]
        for seen in [*asked(self.history), *still_open]:
            yield as_asked(seen, workload)

    def _calm(self) -> None:
        self._mischief.heal()
        self.view.mend_links()
        try:
            self._recover()
            if self._scenario.heals_core_only:
                self._heal_core()
            else:
                self._heal_all()
        except _StuckLegally as stuck:
            self._is_whole = False
            self.cluster.remark(f"stuck, and nobody is to blame: {stuck}")
            for client in self._clients:
                client.leave()

    def _recover(self) -> None:
        """Who has lost a quorum for good goes on without it first."""
        if self.administrator.is_recovering:
            self._core = self.cluster.hosts
            self.nemesis.heal()
            self._run_until(
                lambda: not self.administrator.is_recovering, "the survivors do not go on"
            )

    def _heal_all(self) -> None:
        """Everything is healed: the nodes must come to agree, and every request be answered."""
        self._core = self.cluster.hosts
        self.nemesis.heal()
        self._wait_for_commit()
        self._run_until(lambda: self.administrator.is_idle, "a membership change does not end")
        for client in self._clients:
            client.is_stopped = True
        self._run_until(self._is_quiet, "the nodes do not come to agree")
        self._clients[0].take_last_look()
        self._run_until(self._is_quiet, "the last reads are not answered")
        self._come_to_rest()

    def _come_to_rest(self) -> None:
        """No node holds anything more that is of no use."""
        rest, scheduler = rest_of(self._members), self.cluster.scheduler
        give_up_at = (
            scheduler.now + _ELECTIONS_TO_REST * self._scenario.config.election_timeout_max_us
        )
        while not rest.is_reached:
            for _ in range(_EVENTS_BETWEEN_LOOKS):
                scheduler.step()
            self._run_until(self._is_quiet, "the nodes do not go on agreeing")
            rest.look()
            if scheduler.now > give_up_at:
                rest.complain()

    def _look_in_turn(self, number: int) -> None:
        """Look at what one node holds, then, after a while, at the next one."""
        alive = self.cluster.alive
        if alive:
            check_at_work(alive[number % len(alive)])
        self.cluster.scheduler.after(_BETWEEN_HOLDINGS_US, self._look_in_turn, number + 1)

    def _heal_core(self) -> None:
        """A quorum is healed: it must commit, and answer, whatever the others do."""
        rng = stream(self._scenario.seed, "core")
        core = choose_core(self.cluster, rng, self.administrator.asked)
        if core is None:
            raise PropertyViolated(PROGRESS, "no quorum is left whose data is not lost")
        self._is_whole = False
        self._core, self.cluster.core = core, ids_of(core)
        self.administrator.stop()
        self.nemesis.heal_core(core, rng)
        self._wait_for_commit()
        for client in self._clients:
            client.is_stopped = True
        self._run_until(self._are_idle, "clients are not answered")
        self._clients[0].take_last_look()
        self._run_until(self._are_idle, "the last reads are not answered")

    def _wait_for_commit(self) -> None:
        commits = self.cluster.panel.commits
        self._run_until(lambda: self.cluster.panel.commits > commits, "nothing is committed")

    def _are_idle(self) -> bool:
        return all(client.is_idle for client in self._clients)

    def _run_until(self, is_reached: Callable[[], bool], otherwise: str) -> None:
        """Lets things happen until then. Whoever still gets on is given more time, within bounds."""
        scheduler, scenario = self.cluster.scheduler, self._scenario
        patience_us: Micros = _ELECTIONS_TO_RECOVER * scenario.config.election_timeout_max_us
        patience_us += _CLIENTS_TO_RETURN * scenario.habits.patience_us
        give_up_at, achieved = scheduler.now + patience_us, self._achieved()
        limit = scheduler.now + _MOST_PATIENCE * patience_us
        while not is_reached():
            for _ in range(_EVENTS_BETWEEN_LOOKS):
                scheduler.step()
            if self._achieved() > achieved:
                give_up_at, achieved = scheduler.now + patience_us, self._achieved()
            if scheduler.now > min(give_up_at, limit):
                self._complain(f"{otherwise}; nothing moves for {duration(patience_us)}")

    def _complain(self, what: str) -> NoReturn:
        excuse = why_stuck(self._core, self.cluster.alive)
        if excuse is not None:
            raise _StuckLegally(excuse)
        raise PropertyViolated(PROGRESS, what)

    def _achieved(self) -> int:
        """Grows with everything that is stored, committed or applied."""
        statuses = [host.alive.status for host in self._core if host.alive is not None]
        return sum(status.durable_index + status.last_applied for status in statuses)

    def _is_quiet(self) -> bool:
        """Whether every member has applied everything, and nobody waits for an answer."""
        members = self._members()
        if not members or self.cluster.panel.requests.open_requests:
            return False
        if not self._are_idle():
            return False
        last_indexes = {process.status.last_log.index for process in members}
        last_indexes |= {process.status.last_applied for process in members}
        return len(last_indexes) == 1

    def _members(self) -> list[Process]:
        """The processes of all members; nobody unless all have joined, and run."""
        leader = self.cluster.leader
        if leader is None:
            return []
        processes: list[Process] = []
        for member in leader.status.configuration.members:
            host = self.cluster.host_of(member.node_id)
            if member.role is MemberRole.JOINING or host is None or host.alive is None:
                return []
            processes.append(host.alive)
        return processes

    def _judge(self) -> None:
        if self._is_whole:
            self._compare_contents()
        self._watch.look_at_last()
        for part in histories(self.history, self.cluster.panel.forcings.all):
            self.cluster.parts.workload.judge(part)

    def _compare_contents(self) -> None:
        contents = {process.machine.snapshot() for process in self._members()}
        if len(contents) != 1:
            raise PropertyViolated(SAME_CONTENT, f"there are {len(contents)} different contents")

    def _break_off(self) -> None:
        """Whatever happens at this level has been noted when it begins."""
