"""What faults of each kind are like."""

from random import Random

import pytest

from leto.raft import Config
from leto_sim.node_level.faults import (
    AdvanceClock,
    AskLeaders,
    Blunder,
    DriftClock,
    Impossible,
    SetLease,
    StopClock,
    Strand,
)
from leto_sim.node_level.kinds import KINDS, SOON_AFTER_A_LEASE, Kind
from leto_sim.node_level.stage import Stage, stage_of

LEASE_US = 300_000
STAGE = stage_of(5, Config(), lease_us=LEASE_US)
SEEDS = range(40)


def drawn(kind: Kind, stage: Stage = STAGE) -> list[object]:
    return [kind(Random(seed), stage) for seed in SEEDS]


def name_of(kind: Kind) -> str:
    return kind.__name__.lstrip("_")


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_the_same_seed_draws_the_same_fault(kind: Kind) -> None:
    assert drawn(kind) == drawn(kind)


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_a_cluster_of_one_has_faults_too(kind: Kind) -> None:
    assert any(drawn(kind, stage_of(1, Config(), lease_us=LEASE_US)))


def test_where_clocks_must_not_err_no_kind_lets_them() -> None:
    stage = stage_of(5, Config(), clock_fault_max_us=0)

    faults = [fault for kind in KINDS for fault in drawn(kind, stage)]

    assert not any(isinstance(f, AdvanceClock | StopClock | DriftClock | Strand) for f in faults)


def test_where_there_are_no_leases_none_are_changed_or_read_by() -> None:
    faults = [fault for kind in KINDS for fault in drawn(kind, stage_of(5, Config()))]

    assert not any(isinstance(fault, SetLease) for fault in faults)
    assert {False} == {fault.by_lease for fault in faults if isinstance(fault, AskLeaders)}


def test_no_lease_is_shorter_than_the_shortest_but_none() -> None:
    faults = [fault for kind in KINDS for fault in drawn(kind)]

    lengths = {fault.lease_us for fault in faults if isinstance(fault, SetLease)}

    assert {0, LEASE_US, 2 * LEASE_US} == lengths


def test_an_address_that_is_taken_is_for_those_who_move() -> None:
    faults = [fault for kind in KINDS for fault in drawn(kind)]

    blunders = {fault.impossible for fault in faults if isinstance(fault, Blunder)}

    assert set(Impossible) - {Impossible.ADDRESS_TAKEN} == blunders


def test_what_comes_soon_after_a_lease_is_of_the_kinds_there_are() -> None:
    assert set(SOON_AFTER_A_LEASE) <= set(KINDS)
