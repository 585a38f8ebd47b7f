"""A run at server level: whole servers, bytes and all; a storm, a calm, the last judgement.

Responsible for the course of a run. A cluster is founded by the operator's way, and in
the storm faults strike while clients work. In the calm a random quorum is healed while all
else stays broken, and must carry out a write within a bounded virtual time; then everything
is healed, and the cluster must be whole, commit, and agree. Then every key is read from
every node, and the clients' histories are judged.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import attrs

from leto.raft.types import Micros
from leto.resp import Reply
from leto_sim.checkers.forcings import Forcing
from leto_sim.clock import MS, SECOND
from leto_sim.course import Course, run_then_trace
from leto_sim.custom_faults import Mischief
from leto_sim.inspection import describe_disk, describe_life
from leto_sim.invariants import Watch
from leto_sim.judging import check_order
from leto_sim.lincheck.dialects import KeyDialect
from leto_sim.lincheck.history import write_history
from leto_sim.lincheck.strings import KeyOperation, StringKey
from leto_sim.lincheck.timeline import describe_operation
from leto_sim.operations import Asked
from leto_sim.parts import KEYS_AND_VALUES, Parts, keys_and_values
from leto_sim.randomness import stream
from leto_sim.result import PropertyViolated, RunResult
from leto_sim.server_level.audit import Audit
from leto_sim.server_level.bounds import check_at_work, rest_of
from leto_sim.server_level.chapters import Cut, chapters
from leto_sim.server_level.cluster import ServerCluster
from leto_sim.server_level.core import choose_core
from leto_sim.server_level.exactly_once import SessionErrands, tally_keys
from leto_sim.server_level.history import History
from leto_sim.server_level.lone_client import LoneClient
from leto_sim.server_level.nemesis import ServerNemesis
from leto_sim.server_level.operator import ServerOperator, is_carried_out
from leto_sim.server_level.promises import Promises
from leto_sim.server_level.random_errands import RandomErrands, expiring_keys, lasting_keys
from leto_sim.server_level.resp_client import RespClient
from leto_sim.server_level.scenario import ServerScenario, draw_server_scenario
from leto_sim.server_level.view import ServerLevelView
from leto_sim.server_level.watch import ServerLife
from leto_sim.standing import Standing, standing_of
from leto_sim.units import duration
from leto_sim.view.recording import Recording

SERVER_LEVEL: Final = "server"
PROGRESS: Final = "progress after everything is healed"

_ELECTIONS_TO_RECOVER: Final = 60  # election timeouts: many, since the settings are extreme
_SECONDS_TO_RECOVER: Final = 60  # beside them: for dials, handshakes and clients' patience
_EVENTS_BETWEEN_LOOKS: Final = 20
_EXPIRY_SLACK_MS: Final = 500
_CORE_SHARE: Final = 0.2  # it takes as long as all the rest
_COUNTERS_ABANDON: Final = 0.02  # hang up so often: then they have something to repeat
_BETWEEN_LOOKS_US: Final = 200 * MS
_BETWEEN_GLANCES_US: Final = 7 * MS  # at servers that have nothing to do
_REST_US: Final = 10 * SECOND  # so long a snapshot may take, and a link that nobody answers on
_RESIDUE_US: Final = 5 * SECOND  # so long those outside are asked in vain: all patience ends


def run_server_level(seed: int, nodes: int | None = None, events_max: int = 10_000) -> RunResult:
    """Run the scenario of that seed."""
    return run_server_scenario(draw_server_scenario(seed, nodes=nodes, events_max=events_max))


def run_server_scenario(scenario: ServerScenario) -> RunResult:
    """Run a scenario; if a property is violated, once more to see the last events."""
    return run_then_trace(lambda traced: ServerLevelRun(scenario, traced=traced))


class ServerLevelRun(Course):
    """One run."""

    level = SERVER_LEVEL

    def __init__(
        self,
        scenario: ServerScenario,
        parts: Parts = KEYS_AND_VALUES,
        *,
        traced: bool = False,
        promises: Promises | None = None,
    ) -> None:
        self._scenario = scenario
        own = None if parts.machine is keys_and_values else parts
        self.cluster = ServerCluster(scenario, own, traced=traced, promises=promises)
        super().__init__(scenario, self.cluster)
        self.operator = ServerOperator(self.cluster)
        self._employ()
        self.nemesis = ServerNemesis(self.cluster, self.operator)
        self.view = ServerLevelView(self.cluster, self.operator)
        self._mischief = Mischief(parts.faults, self.cluster, self.view)
        self._watch = Watch(parts.invariants, self.view)
        if parts.invariants:
            self.cluster.panel.on_change = self._watch.look
        self._look_in_turn(0)

    def _look_in_turn(self, number: int) -> None:
        """Look at what one server holds, then, after a while, at the next one."""
        machines = self.cluster.machines
        check_at_work(machines[number], self._scenario.limits)
        self.cluster.scheduler.after(
            _BETWEEN_LOOKS_US, self._look_in_turn, (number + 1) % len(machines)
        )

    def _employ(self) -> None:
        """Let the clients begin."""
        scenario = self._scenario
        self.history = History(lambda: self.cluster.scheduler.now)
        self.cluster.promises.place = lambda: self.history.place
        self._cuts: list[Cut] = []
        self.operator.recovery.on_forced = self._cut_short
        self._errands = [self._new_errands(number) for number in range(scenario.workload.clients)]
        self._clients = [self._new_client(number) for number in range(scenario.workload.clients)]
        self._counters = [self._new_counter(n) for n in range(scenario.workload.counters)]
        self._loners = [self._new_loner(n) for n in range(scenario.workload.loners)]
        self._askers: Sequence[RandomErrands | LoneClient] = (*self._errands, *self._loners)

    def _cut_short(self, forcing: Forcing) -> None:
        self._cuts.append(self.cluster.promises.forced(forcing.agreed))
        for errands in self._askers:
            errands.forced()

    @property
    def node_names(self) -> Sequence[str]:
        """The machines."""
        return [machine.name for machine in self.cluster.machines]

    def describe_node(self, name: str) -> Sequence[str]:
        """Its server's role and log, and its disk."""
        (machine,) = (machine for machine in self.cluster.machines if machine.name == name)
        name_of, life = self.cluster.name_of, machine.life
        lines: Sequence[str] = ["down" if life is None else "starting"]
        if life is not None and life.has_begun:
            lines = describe_life(life.status, life.memory, name_of)
        return [*lines, *describe_disk(machine.disk.platter, name_of)]

    def standings(self) -> Sequence[Standing]:
        """How every machine stands."""
        return [
            standing_of(
                machine.name,
                machine.disk.platter,
                machine.life.status
                if machine.life is not None and machine.life.has_begun
                else None,
                None if machine.life is None else machine.life.memory,
                self.cluster.name_of,
                is_up=machine.process is not None,
                is_paused=machine.process is not None and machine.process.is_paused,
            )
            for machine in self.cluster.machines
        ]

    def record(self) -> Recording:
        """What servers say to each other is recorded too."""
        recording = super().record()
        self.cluster.record(recording)
        return recording

    def history_lines(self) -> Iterator[str]:
        """What clients saw on the keys that do not expire."""
        self.history.close()
        return write_history(self.history.operations, KeyDialect())

    def operations(self) -> Iterator[Asked]:
        """The same, with what was still open."""
        self.history.close()
        times_us, dialect = self.history.times_us, KeyDialect()
        for one in self.history.operations:
            returned = None if one.returned is None else times_us[one.returned]
            asked, told = describe_operation(one, dialect)
            yield Asked(
                client=one.client,
                text=asked,
                place=one.invoked,
                invoked_us=times_us[one.invoked],
                returned_us=returned,
                given_up_us=self.history.given_up_us.get(one.invoked),
                result=None if returned is None else told,
            )

    def _new_errands(self, number: int) -> RandomErrands:
        name = f"c{number + 1}"
        rng = stream(self._scenario.seed, "errands", name)
        promises = self.cluster.promises
        return RandomErrands(name, self._scenario.workload, self.history, promises, rng)

    def _new_client(self, number: int) -> RespClient:
        return self.cluster.run_client(
            f"c{number + 1}",
            self.cluster.addresses,
            self._errands[number],
            self._scenario.manners,
        )

    def _new_counter(self, number: int) -> SessionErrands:
        """A client that counts in a session, at work."""
        name, scenario = f"s{number + 1}", self._scenario
        rng = stream(scenario.seed, "errands", name)
        promises = self.cluster.promises
        counter = SessionErrands(name, scenario.workload, self.history, promises, rng)
        manners = attrs.evolve(scenario.manners, abandon_chance=_COUNTERS_ABANDON)
        self.cluster.run_client(name, self.cluster.addresses, counter, manners)
        return counter

    def _new_loner(self, number: int) -> LoneClient:
        """A client that is alone with its keys, at work."""
        name, scenario = f"q{number + 1}", self._scenario
        rng = stream(scenario.seed, "errands", name)
        loner = LoneClient(name, scenario.workload.pipeline_max, rng)
        addresses, manners = self.cluster.addresses, scenario.manners
        self._clients.append(self.cluster.run_client(name, addresses, loner, manners, loner))
        return loner

    def lives(self) -> Sequence[ServerLife]:
        """The servers that take part."""
        lives = [machine.life for machine in self.cluster.machines if machine.takes_part]
        return [life for life in lives if life is not None]

    def _calm(self) -> None:
        self._mischief.heal()
        self.view.mend_links()
        self._recover()
        rng = stream(self._scenario.seed, "core")
        core = choose_core(self.cluster, rng) if self.operator.changes_nothing else None
        if core is not None and rng.random() < _CORE_SHARE:
            self.nemesis.heal_core(core, rng)
            self._await_write()
            self._run_for(_RESIDUE_US)
        self.nemesis.heal()
        self._await_write()
        # With these settings a joiner may never catch up with the clients.
        self._stop_clients()
        self._run_until(self._are_clients_answered, "clients are not answered")
        self._run_until(lambda: self.operator.is_idle, "not every server becomes a voter")

    def _recover(self) -> None:
        """Who has lost a quorum for good goes on without it first."""
        recovery = self.operator.recovery
        recovery.calm_down()
        if recovery.is_busy:
            self.nemesis.heal()
            self._run_until(lambda: not recovery.is_busy, "the survivors do not go on")

    def _stop_clients(self) -> None:
        """Let them ask for nothing more."""
        for errands in self._askers:
            errands.is_over = True
        for counter in self._counters:
            counter.is_over = True

    def _are_clients_answered(self) -> bool:
        return all(client.is_idle for client in self._clients) and all(
            counter.is_done for counter in self._counters
        )

    def _await_write(self) -> None:
        """Somebody who tries everywhere writes something, within the time recovery may take."""
        is_written = False

        def written(_: Reply) -> None:
            nonlocal is_written
            is_written = True

        write = (b"SET", b"progress", b"made")
        self.operator.ask(self.cluster.addresses, write, is_carried_out, written)
        self._run_until(lambda: is_written, "nothing is written")

    def _audit(self) -> None:
        """Every node knows every key, and none that has expired."""
        life_ms = self._scenario.workload.life_ms_max + _EXPIRY_SLACK_MS
        self._run_for(life_ms * MS * 11 // 10)
        workload = self._scenario.workload
        tallies = tally_keys(workload)
        lasting, expiring = (*lasting_keys(workload), *tallies), expiring_keys(workload)
        audits = [
            Audit(self.cluster, machine, lasting, expiring, self.history)
            for machine in self.cluster.machines
        ]
        self._run_until(lambda: all(audit.is_done for audit in audits), "the last reads fail")
        for audit in audits:
            audit.compare_with(audits[0])
        self.cluster.promises.sessions.settle({key: audits[0].holds[key] for key in tallies})

    def _come_to_rest(self) -> None:
        """Every client leaves, and no server holds anything more that is of no use."""
        for process in self.cluster.clients.values():
            process.kill()
        rest, scheduler = rest_of(self.cluster), self.cluster.scheduler
        give_up_at = scheduler.now + _REST_US
        while not rest.is_reached:
            self._run_for(_BETWEEN_GLANCES_US)
            rest.look()
            if scheduler.now > give_up_at:
                rest.complain()

    def _run_for(self, duration_us: Micros) -> None:
        scheduler = self.cluster.scheduler
        end = scheduler.now + duration_us
        while scheduler.now < end:
            scheduler.step()

    def _run_until(self, is_reached: Callable[[], bool], otherwise: str) -> None:
        scheduler, config = self.cluster.scheduler, self._scenario.config
        patience_us = _ELECTIONS_TO_RECOVER * config.election_timeout_max_us
        patience_us += _SECONDS_TO_RECOVER * SECOND
        give_up_at = scheduler.now + patience_us
        while not is_reached():
            if scheduler.now > give_up_at:
                raise PropertyViolated(PROGRESS, f"{otherwise} within {duration(patience_us)}")
            for _ in range(_EVENTS_BETWEEN_LOOKS):
                scheduler.step()

    def _judge(self) -> None:
        self._audit()
        self._come_to_rest()
        self._watch.look_at_last()
        self.cluster.promises.settle()
        for errands in self._errands:
            errands.order.check(self.cluster.promises.place_of)
        self.history.close()
        for chapter in self._chapters():
            check_order(chapter, StringKey(), KeyDialect())

    def _chapters(self) -> Iterator[Sequence[KeyOperation]]:
        """What is judged together, without what nobody can judge."""
        unknowable: Sequence[bytes] = ()
        if self.cluster.promises.sessions.is_confused:
            unknowable = tally_keys(self._scenario.workload)
        judged = self.history.judged(self.cluster.promises, self._cuts)
        for chapter in chapters(judged, self._cuts):
            yield [operation for operation in chapter if operation.key not in unknowable]

    def _break_off(self) -> None:
        self.cluster.break_off()
