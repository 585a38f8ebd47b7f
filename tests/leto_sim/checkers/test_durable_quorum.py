"""A committed entry is on the disks of a quorum."""

import pytest

from leto.raft.types import EntryId, NodeId
from leto_sim.checkers.durable_quorum import check_durable_quorum
from leto_sim.platter import Platter
from leto_sim.result import PropertyViolated
from tests.support.observed import log_of, node_with_log, voters


def platters(*lengths: int) -> dict[NodeId, Platter]:
    """Disks of nodes 1, 2, ... whose logs are that long, all of term 1."""
    made = {NodeId(number): Platter() for number in range(1, len(lengths) + 1)}
    for platter, length in zip(made.values(), lengths, strict=True):
        platter.log = log_of(*[1] * length)
    return made


def test_a_quorum_that_holds_it_is_enough() -> None:
    node = node_with_log(1, 1, 1)

    check_durable_quorum(node, EntryId(1, 2), platters(2, 2, 0), [voters(1, 2, 3)])


def test_less_than_a_quorum_is_a_violation() -> None:
    node = node_with_log(1, 1, 1)

    with pytest.raises(PropertyViolated, match=r"takes 2@1 for committed, durable only on \[1\]"):
        check_durable_quorum(node, EntryId(1, 2), platters(2, 1, 0), [voters(1, 2, 3)])


def test_a_quorum_of_one_of_the_configurations_is_enough() -> None:
    node = node_with_log(1, 1, 1)
    before, after = voters(1, 2, 3), voters(1, 2, 3, 4)

    check_durable_quorum(node, EntryId(1, 2), platters(2, 2, 0, 0), [before, after])


def test_a_node_without_a_disk_holds_nothing() -> None:
    node = node_with_log(1, 1)

    with pytest.raises(PropertyViolated, match="durable only on"):
        check_durable_quorum(node, EntryId(1, 1), platters(1), [voters(1, 2, 3)])
