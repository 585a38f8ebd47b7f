"""The checkers' own arithmetic of quorums, against brute force over sets."""

import attrs
from hypothesis import given
from hypothesis import strategies as st

from leto.raft.configuration import Configuration, MemberRole
from leto.raft.types import NodeId
from leto_sim.checkers.quorums import has_quorum
from tests.support.observed import voters

IDS = st.sets(st.integers(1, 5), min_size=1)


def learning(configuration: Configuration, node_id: int) -> Configuration:
    members = [
        attrs.evolve(m, role=MemberRole.LEARNER) if m.node_id == node_id else m
        for m in configuration.members
    ]
    return attrs.evolve(configuration, members=members)


@given(new=IDS, old=st.sets(st.integers(1, 5)), holders=st.sets(st.integers(1, 5)))
def test_a_quorum_is_more_than_half_of_each_part(
    new: set[int], old: set[int], holders: set[int]
) -> None:
    configuration = attrs.evolve(voters(*new), outgoing=voters(*old).members)

    expected = all(2 * len(part & holders) > len(part) for part in (new, old) if part)

    assert expected == has_quorum(configuration, {NodeId(n) for n in holders}.__contains__)


def test_a_learner_does_not_count() -> None:
    configuration = learning(voters(1, 2, 3), 3)

    assert not has_quorum(configuration, {NodeId(1), NodeId(3)}.__contains__)


def test_nobody_is_no_quorum() -> None:
    assert not has_quorum(Configuration(), lambda _: True)
