"""Faults strike when they are planned to, and end."""

from random import Random

import attrs
import pytest

from leto.raft.actions import RoleName, Write
from leto.raft.events import CommandsProposed, Proposal
from leto_sim.clock import MS, NEVER
from leto_sim.faults import (
    LEADER,
    Crash,
    CutLinks,
    FailDisk,
    FailReads,
    LoseDisk,
    Pause,
    RemoveNode,
    StallDisk,
    TakeSnapshotNow,
)
from leto_sim.node_level.administrator import Administrator
from leto_sim.node_level.cluster import Cluster
from leto_sim.node_level.datagrams import CALM
from leto_sim.node_level.disk import DiskSpeed
from leto_sim.node_level.faults import (
    AddNode,
    AdvanceClock,
    Ambush,
    AskInVain,
    AskLeaders,
    Blunder,
    CorruptDisk,
    CrashWhenSending,
    CrashWhileWriting,
    CutOffWhenSending,
    Direction,
    DriftClock,
    Fault,
    FillDisk,
    Freeze,
    Impossible,
    Isolate,
    Oust,
    PlannedFault,
    Reshape,
    Revolt,
    SetLease,
    SlowDown,
    StopClock,
    Storm,
    Strand,
    TakeSnapshotWhileBusy,
    TransferLeadership,
)
from leto_sim.node_level.nemesis import Nemesis
from leto_sim.node_level.scenario import Scenario
from leto_sim.registers import encode_write
from tests.support.sims import QUIET, elect, pass_time, wait

STRIKES_AT = 1_000 * MS
FOR_US = 300 * MS


class Victims:
    """Three nodes, and a plan of faults that strike after a second."""

    def __init__(self, *faults: Fault, scenario: Scenario = QUIET) -> None:
        plan = tuple(PlannedFault(STRIKES_AT, fault) for fault in faults)
        self.cluster = Cluster(attrs.evolve(scenario, plan=plan))
        self.administrator = Administrator(self.cluster)
        self.nemesis = Nemesis(self.cluster, self.administrator)
        self.first = self.cluster.hosts[0]
        self.others = [host.node_id for host in self.cluster.hosts[1:]]

    def strike(self) -> None:
        pass_time(self.cluster, STRIKES_AT + 1 - self.cluster.scheduler.now)

    def reaches(self, source: int, target: int) -> bool:
        ids = [host.node_id for host in self.cluster.hosts]
        return self.cluster.network.reaches(ids[source], ids[target])


def test_a_crashed_node_starts_again() -> None:
    victims = Victims(Crash(0, FOR_US))

    victims.strike()
    assert None is victims.first.alive
    pass_time(victims.cluster, FOR_US + MS)

    assert victims.first.alive is not None


def test_the_leader_is_whoever_leads_then() -> None:
    victims = Victims(Crash(LEADER, FOR_US))
    leader = elect(victims.cluster)

    victims.strike()

    assert leader.is_over


def test_without_a_leader_nobody_is_struck() -> None:
    victims = Victims(CutLinks(0b111, 0b111, one_way=False, for_us=FOR_US), Crash(LEADER, FOR_US))
    for host in victims.cluster.hosts:
        victims.cluster.crash(host)

    victims.strike()

    assert [] == victims.cluster.alive


def test_a_paused_node_goes_on() -> None:
    victims = Victims(Pause(0, FOR_US))

    victims.strike()
    assert victims.first.alive is not None
    assert victims.first.alive.is_paused
    pass_time(victims.cluster, FOR_US + MS)

    assert not victims.first.alive.is_paused


def test_a_stalled_disk_costs_the_leader_its_office() -> None:
    victims = Victims(StallDisk(LEADER, 3_000 * MS))
    leader = elect(victims.cluster)
    victims.strike()

    victims.administrator.add_node()  # gives it something to write

    wait(victims.cluster, lambda: victims.cluster.leader not in (leader, None))


def test_a_failed_disk_is_found_by_the_next_sync_and_the_node_starts_again() -> None:
    victims = Victims(FailDisk(LEADER, FOR_US))
    host = victims.cluster.host_of(elect(victims.cluster).node_id)
    assert host is not None
    victims.strike()

    victims.administrator.add_node()

    wait(victims.cluster, lambda: host.incarnation == 2)


def test_a_full_disk_is_told_and_emptied() -> None:
    victims = Victims(FillDisk(0, FOR_US))

    victims.strike()
    events = victims.cluster.journal.events
    pass_time(victims.cluster, FOR_US + MS)

    assert victims.cluster.journal.events > events


def test_the_next_leaders_fall_into_an_ambush() -> None:
    victims = Victims(
        Crash(LEADER, FOR_US), Ambush(2, delay_us=5 * MS, down_us=FOR_US, unheard=True)
    )
    elect(victims.cluster)
    victims.strike()

    wait(victims.cluster, lambda: victims.cluster.panel.elections >= 4)

    # Three of them died, and came back.
    wait(victims.cluster, lambda: sum(host.incarnation for host in victims.cluster.hosts) >= 6)


def test_a_lost_disk_is_replaced() -> None:
    victims = Victims(LoseDisk(0, at_once=True))
    elect(victims.cluster)

    victims.strike()
    wait(victims.cluster, lambda: victims.administrator.is_idle)

    assert victims.first.is_gone
    assert ["id1", "id2", "id3", "id1"] == [host.name for host in victims.cluster.hosts]


def test_members_come_and_go() -> None:
    grown, shrunk = Victims(AddNode()), Victims(RemoveNode(0))

    def members_afterwards(victims: Victims) -> int:
        elect(victims.cluster)
        victims.strike()
        wait(victims.cluster, lambda: victims.administrator.is_idle)
        return len(elect(victims.cluster).status.committed_configuration.members)

    assert (4, 2) == (members_afterwards(grown), members_afterwards(shrunk))


def test_a_snapshot_is_asked_for() -> None:
    victims = Victims(TakeSnapshotNow(0))
    elect(victims.cluster)
    founding = victims.first.platter.snapshot

    victims.strike()

    wait(victims.cluster, lambda: victims.first.platter.snapshot != founding)


@pytest.mark.parametrize("victim", [LEADER, 0, 1, 2])
def test_leadership_is_handed_over(victim: int) -> None:
    victims = Victims(TransferLeadership(victim))
    elect(victims.cluster)

    victims.strike()
    pass_time(victims.cluster, FOR_US)

    elect(victims.cluster)
    assert [] == victims.cluster.panel.requests.open_requests


def test_who_is_down_is_spared() -> None:
    faults = (
        Pause(0, FOR_US),
        StallDisk(0, FOR_US),
        FailDisk(0, FOR_US),
        FillDisk(0, FOR_US),
        TakeSnapshotNow(0),
    )
    victims = Victims(*faults)
    victims.cluster.crash(victims.first)

    victims.strike()
    pass_time(victims.cluster, 2 * FOR_US)

    assert None is victims.first.alive


def test_healing_ends_everything() -> None:
    victims = Victims(
        Pause(1, 10**9),
        Isolate(2, Direction.BOTH, 10**9),
        Storm(loss=1.0, duplication=0.0, delay_tail_us=7, for_us=10**9),
        Crash(0, 10**9),
        Ambush(9, delay_us=1, down_us=1),
    )
    victims.strike()

    victims.nemesis.heal()

    elect(victims.cluster)
    assert CALM == victims.cluster.network.weather
    assert 3 == len(victims.cluster.running)


def test_what_was_to_end_or_strike_later_does_nothing_any_more() -> None:
    victims = Victims(
        Isolate(2, Direction.BOTH, FOR_US),
        Storm(loss=0.5, duplication=0.0, delay_tail_us=7, for_us=FOR_US),
        FailDisk(0, 10 * MS),
        Pause(1, FOR_US),
    )
    victims.strike()
    victims.nemesis.heal()
    victims.cluster.crash(victims.cluster.hosts[1])

    pass_time(victims.cluster, 2 * FOR_US)

    assert CALM == victims.cluster.network.weather
    assert victims.reaches(0, 2)


def test_after_healing_a_disk_does_not_hang_by_chance() -> None:
    worn = attrs.evolve(QUIET, disk=DiskSpeed(sync_tail_us=20 * MS))
    victims = Victims(scenario=worn)
    steady_us = worn.config.election_timeout_min_us // 10

    victims.nemesis.heal()

    assert victims.first.alive is not None
    assert [steady_us, steady_us] == [
        victims.first.alive.disk.speed.sync_tail_us,
        victims.cluster.disk_speed.sync_tail_us,
    ]


def test_after_healing_no_planned_fault_strikes() -> None:
    victims = Victims(Crash(0, 10**9))

    victims.nemesis.heal()
    victims.strike()

    assert victims.first.alive is not None


@pytest.mark.parametrize(
    "fault", [CrashWhileWriting(LEADER, FOR_US), CrashWhenSending(LEADER, "AppendEntries", FOR_US)]
)
def test_a_process_dies_just_when_it_does_something(fault: Fault) -> None:
    victims = Victims(fault)
    leader = elect(victims.cluster)
    host = victims.cluster.host_of(leader.node_id)
    assert host is not None
    victims.strike()

    victims.administrator.add_node()  # gives it something to write and to send
    wait(victims.cluster, lambda: leader.is_over)
    wait(victims.cluster, lambda: host.alive is not None)

    assert 2 == host.incarnation


def test_a_node_is_cut_off_just_when_it_says_something() -> None:
    victims = Victims(CutOffWhenSending(LEADER, "AppendEntries", FOR_US))
    leader = elect(victims.cluster)
    numbers = [host.node_id for host in victims.cluster.hosts]
    at = numbers.index(leader.node_id)
    victims.strike()

    wait(victims.cluster, lambda: not victims.reaches(at, (at + 1) % 3))
    assert not victims.reaches((at + 1) % 3, at)

    pass_time(victims.cluster, FOR_US + 1)
    assert victims.reaches(at, (at + 1) % 3)


def test_a_leader_that_hands_over_does_not_hear_of_its_successor() -> None:
    victims = Victims(Oust(FOR_US))
    leader = elect(victims.cluster)
    term = leader.status.current_term
    victims.strike()

    wait(victims.cluster, lambda: victims.cluster.leader not in (leader, None))

    assert (RoleName.LEADER, term) == (leader.status.role, leader.status.current_term)


def test_a_leader_whose_heir_is_frozen_gives_its_transfer_up() -> None:
    frozen_us = 2 * QUIET.config.election_timeout_max_us
    victims = Victims(AskInVain(frozen_us))
    leader = elect(victims.cluster)
    term = leader.status.current_term
    victims.strike()
    wait(victims.cluster, lambda: any(p.is_paused for p in victims.cluster.alive))
    (heir,) = (p for p in victims.cluster.alive if p.is_paused)
    asked = leader.status.transfer_target
    wait(victims.cluster, lambda: leader.status.transfer_target is None)
    given_up = (leader.status.role, leader.status.current_term)
    pass_time(victims.cluster, frozen_us)

    assert heir.node_id == asked
    assert (RoleName.LEADER, term) == given_up
    assert not heir.is_paused


def test_without_a_leader_nobody_is_ousted() -> None:
    victims = Victims(Oust(FOR_US))
    for host in victims.cluster.hosts:
        victims.cluster.crash(host)

    victims.strike()

    assert victims.reaches(0, 1)


def test_nobody_is_cut_off_after_healing() -> None:
    victims = Victims(CutOffWhenSending(LEADER, "AppendEntries", FOR_US))
    elect(victims.cluster)
    victims.strike()

    victims.nemesis.heal()
    pass_time(victims.cluster, FOR_US)

    assert victims.reaches(0, 1)


def test_a_trap_is_for_one_life() -> None:
    victims = Victims(CrashWhenSending(0, "AppendEntriesResponse", FOR_US), Crash(0, MS))
    victims.strike()

    pass_time(victims.cluster, FOR_US)

    assert 2 == victims.first.incarnation


def test_a_slow_processor_takes_its_time() -> None:
    victims = Victims(SlowDown(LEADER, 500 * MS, 2_000 * MS))
    leader = elect(victims.cluster)

    victims.strike()
    pass_time(victims.cluster, 1_900 * MS)

    assert victims.cluster.leader not in (leader, None)
    pass_time(victims.cluster, 600 * MS)
    assert leader.status.current_term > 1


@pytest.mark.parametrize(
    "fault,gained_us",
    [
        (AdvanceClock(0, 100 * MS), 100 * MS),
        (StopClock(0, FOR_US), -FOR_US),
        (DriftClock(0, 2_000_000, FOR_US), FOR_US),
    ],
)
def test_clocks_jump_stop_and_drift(fault: Fault, gained_us: int) -> None:
    victims = Victims(fault)
    assert victims.first.alive is not None
    clock = victims.first.alive.clock
    zero_us = clock.at(0)

    victims.strike()
    pass_time(victims.cluster, 2 * FOR_US)

    now = victims.cluster.scheduler.now
    assert gained_us == clock.at(now) - zero_us - now


def test_where_leases_rely_on_clocks_one_errs_at_a_time() -> None:
    scenario = attrs.evolve(QUIET, lease_us=100 * MS)
    victims = Victims(AdvanceClock(0, 4 * MS), AdvanceClock(1, 4 * MS), scenario=scenario)
    processes = victims.cluster.alive
    before = [process.clock.offset_us for process in processes]

    victims.strike()

    after = [process.clock.offset_us for process in processes]
    assert [4 * MS, 0, 0] == [b - a for a, b in zip(before, after, strict=True)]


def test_a_damaged_disk_is_found_at_the_next_start_and_replaced() -> None:
    victims = Victims(CorruptDisk(0))
    elect(victims.cluster)
    victims.strike()
    assert victims.first.alive is not None

    victims.cluster.crash(victims.first)
    victims.cluster.start(victims.first)
    wait(victims.cluster, lambda: victims.administrator.is_idle)

    assert victims.first.is_gone
    assert ["id1", "id2", "id3", "id1"] == [host.name for host in victims.cluster.hosts]


def test_a_disk_that_cannot_be_read_delays_the_start() -> None:
    victims = Victims(FailReads(0, 2), Crash(0, MS))
    victims.strike()
    pass_time(victims.cluster, 10 * MS)
    assert victims.first.alive is None

    wait(victims.cluster, lambda: victims.first.alive)

    assert 2 == victims.first.incarnation


def test_leases_are_turned_on() -> None:
    victims = Victims(SetLease(300 * MS))
    elect(victims.cluster)

    victims.strike()
    wait(victims.cluster, lambda: victims.administrator.is_idle)

    assert 300 * MS == elect(victims.cluster).status.committed_configuration.lease_us


def test_a_cluster_is_reshaped_at_once() -> None:
    fault = Reshape(joining=1, learning=1, leaving=(0,), demoted=(1,), priorities=((2, 3),))
    victims = Victims(fault)
    elect(victims.cluster)

    victims.strike()
    wait(victims.cluster, lambda: victims.administrator.is_idle)

    committed = elect(victims.cluster).status.committed_configuration
    roles = {m.name: (m.role.value, m.priority) for m in committed.members}
    assert {
        "id2": ("learner", 1),
        "id3": ("voter", 3),
        "id4": ("voter", 1),
        "id5": ("learner", 1),
    } == roles


def test_only_the_core_is_healed_and_the_others_are_a_nuisance() -> None:
    seen: set[str] = set()
    for seed in range(40):
        victims = Victims(Isolate(0, Direction.BOTH, FOR_US), Pause(1, FOR_US))
        outsider, *core = victims.cluster.hosts
        victims.strike()

        victims.nemesis.heal_core(core, Random(seed))
        pass_time(victims.cluster, 2 * FOR_US)

        assert {host.name for host in core} <= {p.name for p in victims.cluster.running}
        assert victims.reaches(1, 2)
        assert not victims.reaches(0, 1)
        alive = outsider.alive
        seen.add("down" if alive is None else "paused" if alive.is_paused else "runs")
    assert {"down", "paused", "runs"} == seen


def test_no_disk_outside_of_the_core_stays_full() -> None:
    victims = Victims(FillDisk(0, NEVER))
    outsider, *core = victims.cluster.hosts
    victims.strike()

    victims.nemesis.heal_core(core, Random(1))

    assert outsider.alive is not None
    assert outsider.alive.status.has_disk_room


@pytest.mark.parametrize("lease_us", [0, 150 * MS])
def test_no_clock_outside_of_the_core_stops_if_leases_rest_on_it(lease_us: int) -> None:
    rates: set[int] = set()
    for seed in range(40):
        victims = Victims(scenario=attrs.evolve(QUIET, lease_us=lease_us))
        outsider, *core = victims.cluster.hosts

        victims.nemesis.heal_core(core, Random(seed))

        if outsider.alive is not None:
            rates.add(outsider.alive.clock.rate)

    assert (lease_us == 0) == (0 in rates)


def test_whoever_was_to_fall_into_an_ambush_is_heard_again_after_healing() -> None:
    victims = Victims(Ambush(1, delay_us=10**9, down_us=1, unheard=True), Crash(LEADER, FOR_US))
    elect(victims.cluster)
    victims.strike()
    wait(victims.cluster, lambda: victims.cluster.panel.elections > 1)

    victims.nemesis.heal()

    elect(victims.cluster)


def test_a_stranded_leader_leads_on_until_it_hears_of_another_one() -> None:
    victims = Victims(Strand(10 * FOR_US))
    leader = elect(victims.cluster)
    victims.strike()

    wait(victims.cluster, lambda: victims.cluster.leader not in (leader, None))
    pass_time(victims.cluster, 2 * FOR_US)
    stranded = leader.status.role
    pass_time(victims.cluster, 10 * FOR_US)

    assert [RoleName.LEADER, RoleName.FOLLOWER] == [stranded, leader.status.role]


def test_where_leases_rest_on_clocks_a_stranded_leader_is_only_cut_off() -> None:
    scenario = attrs.evolve(QUIET, lease_us=FOR_US)
    victims = Victims(Strand(10 * FOR_US), scenario=scenario)
    leader = elect(victims.cluster)
    victims.strike()

    pass_time(victims.cluster, 2 * FOR_US)

    assert RoleName.LEADER is not leader.status.role


def test_without_a_leader_nobody_is_stranded() -> None:
    victims = Victims(Strand(FOR_US))
    for host in victims.cluster.hosts:
        victims.cluster.crash(host)

    victims.strike()

    assert victims.reaches(0, 1)


def test_a_snapshot_is_asked_for_once_the_state_machine_is_busy() -> None:
    victims = Victims(TakeSnapshotWhileBusy(LEADER))
    leader = elect(victims.cluster)
    victims.strike()
    request = victims.cluster.new_request_id()
    command = Proposal(request, encode_write(1, 7))
    leader.request(CommandsProposed((command,)), {request: lambda _: None})
    pass_time(victims.cluster, FOR_US)

    assert leader.status.snapshot is not None
    assert 0 < leader.status.snapshot.last_included.index


def test_after_healing_nobody_asks_for_a_snapshot() -> None:
    victims = Victims(TakeSnapshotWhileBusy(0))
    elect(victims.cluster)
    victims.strike()

    victims.nemesis.heal()
    process = victims.first.alive
    assert process is not None
    process.replica.begin("entries to be applied")
    victims.cluster.scheduler.step()
    process.replica.end()

    assert not victims.cluster.panel.requests.open_requests


@pytest.mark.parametrize("impossible", list(Impossible))
def test_what_cannot_be_is_refused(impossible: Impossible) -> None:
    victims = Victims(Blunder(impossible))
    leader = elect(victims.cluster)
    before = leader.status.configuration

    victims.strike()

    assert before == leader.status.configuration
    assert not victims.cluster.panel.requests.open_requests


def test_without_a_leader_nobody_blunders() -> None:
    victims = Victims(Blunder(Impossible.NO_VOTERS))
    for host in victims.cluster.hosts:
        victims.cluster.crash(host)

    victims.strike()

    assert not victims.cluster.panel.requests.open_requests


def test_who_learns_of_its_disks_end_while_it_is_healed_starts_again() -> None:
    victims = Victims(FailDisk(0, 100 * FOR_US), Pause(0, 100 * FOR_US))
    elect(victims.cluster)
    victims.strike()
    life = victims.first.alive
    assert life is not None
    life.disk.submit(Write(seq=3))  # its third
    pass_time(victims.cluster, FOR_US)
    assert victims.first.alive is life

    victims.nemesis.heal()

    assert victims.first.alive not in (life, None)


def test_who_is_frozen_goes_on_in_the_same_moment() -> None:
    victims = Victims(Freeze(0b011, FOR_US))
    elect(victims.cluster)
    processes = [host.alive for host in victims.cluster.hosts if host.alive is not None]

    victims.strike()
    assert [True, True, False] == [process.is_paused for process in processes]
    pass_time(victims.cluster, FOR_US + MS)

    assert [False] * 3 == [process.is_paused for process in processes]


def test_after_healing_nobody_is_woken_again() -> None:
    victims = Victims(Freeze(0b111, FOR_US))
    victims.strike()
    victims.nemesis.heal()
    assert victims.first.alive is not None
    victims.first.alive.pause()

    pass_time(victims.cluster, FOR_US)

    assert victims.first.alive.is_paused


def test_in_a_revolt_the_leader_alone_is_cut_off_and_goes_on() -> None:
    victims = Victims(Revolt(0b111, FOR_US), Crash(0, FOR_US))
    leader = elect(victims.cluster)
    at = [host.alive for host in victims.cluster.hosts].index(leader)

    victims.strike()

    lives = [host.incarnation for host in victims.cluster.hosts]
    assert 1 == lives[at]
    assert not victims.reaches(at, (at + 1) % 3)
    pass_time(victims.cluster, 2 * FOR_US)
    started = [host.incarnation > 1 for host in victims.cluster.hosts]
    assert [True, True] == [each for number, each in enumerate(started) if number != at]
    assert victims.reaches(at, (at + 1) % 3)


def test_without_a_leader_there_is_no_revolt() -> None:
    victims = Victims(Revolt(0b111, FOR_US))
    for host in victims.cluster.hosts:
        victims.cluster.crash(host)

    victims.strike()

    assert victims.reaches(0, 1)


def test_whoever_leads_is_asked_to_read_again_and_again() -> None:
    victims = Victims(AskLeaders(MS, 3, 0, by_lease=False))
    elect(victims.cluster)
    victims.strike()
    before = victims.cluster.new_request_id()

    pass_time(victims.cluster, 10 * MS)

    assert before + 3 == victims.cluster.new_request_id()


def test_the_next_leader_is_asked_as_soon_as_it_is_elected() -> None:
    victims = Victims(AskLeaders(MS, 2, 1, by_lease=True))
    for host in victims.cluster.hosts:
        victims.cluster.crash(host)
    victims.strike()
    before = victims.cluster.new_request_id()
    for host in victims.cluster.hosts:
        victims.cluster.start(host)

    elect(victims.cluster)
    pass_time(victims.cluster, 10 * MS)

    assert before + 3 == victims.cluster.new_request_id()
