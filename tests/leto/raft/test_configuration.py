"""The arithmetic of configurations, held against counting by hand (chapter 4)."""

from itertools import combinations
from typing import TYPE_CHECKING

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.raft.configuration import (
    EMPTY_CONFIGURATION,
    AddMember,
    ChangeAddress,
    ChangeLease,
    ChangePriority,
    ChangeRole,
    Configuration,
    ConfigurationChange,
    ConfigurationHistory,
    Member,
    MemberRole,
    RemoveMember,
)
from leto.raft.types import NodeId

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Make

numbers = st.sets(st.integers(1, 9), max_size=6)
voters = st.sets(st.integers(1, 9), min_size=1, max_size=6)


def configuration(voters: set[int], outgoing: set[int], learners: set[int]) -> Configuration:
    def member(number: int, role: MemberRole) -> Member:
        return Member(node_id=NodeId(number), name=f"id{number}", address=f"{number}", role=role)

    members = [member(number, MemberRole.VOTER) for number in voters]
    members += [member(number, MemberRole.LEARNER) for number in learners - voters]
    leaving = [member(number, MemberRole.VOTER) for number in outgoing]
    return Configuration(members=tuple(members), outgoing=tuple(leaving))


def is_majority(some: set[int], of: set[int]) -> bool:
    return len(some & of) > len(of) / 2


@given(voters, numbers, numbers, numbers)
def test_a_quorum_is_a_majority_of_each_part(
    voters: set[int], outgoing: set[int], learners: set[int], some: set[int]
) -> None:
    """§4.3: while joint, of both; learners never count."""
    expected = is_majority(some, voters) and (not outgoing or is_majority(some, outgoing))

    assert expected == configuration(voters, outgoing, learners).has_quorum(some.__contains__)


@given(voters, numbers, st.lists(st.integers(0, 20), min_size=10, max_size=10))
def test_the_quorum_value_is_the_largest_that_a_quorum_has_reached(
    voters: set[int], outgoing: set[int], values: list[int]
) -> None:
    joint = configuration(voters, outgoing, set())

    found = joint.quorum_value(values.__getitem__)

    assert max(v for v in [*values, 0] if _is_reached(joint, values, v)) == found


def _is_reached(joint: Configuration, values: list[int], value: int) -> bool:
    return joint.has_quorum(lambda node_id: values[node_id] >= value) or value == 0


def test_nobody_is_no_quorum() -> None:
    assert not EMPTY_CONFIGURATION.has_quorum(lambda _: True)
    assert 0 == EMPTY_CONFIGURATION.quorum_value(lambda _: 7)
    assert () == EMPTY_CONFIGURATION.voters


def test_members_are_sorted_by_id(make: "type[Make]") -> None:
    assert make.configuration(3, 1, 2) == make.configuration(1, 2, 3)
    assert (1, 2) == make.configuration(2, 1, learner=[3]).voters


def test_members_are_found_by_id_and_by_name(make: "type[Make]") -> None:
    three = make.configuration(1, 2, 3)

    assert make.member(2) == three.member(NodeId(2)) == three.named("id2")
    assert (None, None) == (three.member(NodeId(4)), three.named("id4"))


def test_a_member_has_those_above_it_whose_priority_is_higher(make: "type[Make]") -> None:
    members = [attrs.evolve(make.member(n), priority=p) for n, p in ((1, 3), (2, 1), (3, 3))]
    leaving = (attrs.evolve(make.member(4), priority=2),)

    configuration = Configuration(tuple(members), leaving)

    assert [0, 1, 0, 1, 0] == [configuration.priorities_above(NodeId(n)) for n in range(1, 6)]


def test_a_voter_is_one_in_either_part(make: "type[Make]") -> None:
    joint = attrs.evolve(make.configuration(1, 2, learner=[4]), outgoing=(make.member(3),))

    assert [1, 2, 3] == [number for number in range(6) if joint.is_voter(NodeId(number))]
    assert make.member(3) == joint.member(NodeId(3))
    assert [1, 2, 4, 3] == [member.node_id for member in joint.everyone]


def test_one_voter_at_a_time_needs_no_joint_configuration(make: "type[Make]") -> None:
    """§4.1."""
    two = make.configuration(1, 2)
    three = make.configuration(1, 2, learner=[3])
    voter, learner = MemberRole.VOTER, MemberRole.LEARNER

    assert three == two.changed([AddMember(make.member(3, learner))])
    assert make.configuration(1, 2, 3) == three.changed([ChangeRole(NodeId(3), voter)])
    assert make.configuration(1, learner=[2, 3]) == three.changed([ChangeRole(NodeId(2), learner)])
    assert make.configuration(1, learner=[3]) == three.changed([RemoveMember(NodeId(2))])
    assert not three.changed([RemoveMember(NodeId(3)), RemoveMember(NodeId(2))]).is_joint


def test_several_voters_change_through_a_joint_configuration(make: "type[Make]") -> None:
    """§4.3."""
    three = make.configuration(1, 2, 3)

    joint = three.changed([RemoveMember(NodeId(1)), AddMember(make.member(4))])

    assert attrs.evolve(make.configuration(2, 3, 4), outgoing=three.members) == joint
    assert joint.is_joint
    assert make.configuration(2, 3, 4) == joint.left()
    with pytest.raises(AssertionError, match="is left first"):
        joint.changed([])


def test_what_is_no_matter_of_quorums_changes_at_once(make: "type[Make]") -> None:
    one = make.configuration(1)
    moved = attrs.evolve(make.member(1), address="elsewhere:1", priority=3)

    changed = one.changed(
        [
            ChangeAddress(NodeId(1), "elsewhere:1"),
            ChangePriority(NodeId(1), 3),
            ChangeLease(500_000),
        ]
    )

    assert Configuration((moved,), lease_us=500_000) == changed


def test_a_change_forgets_that_the_configuration_was_forced(
    make: "type[Make]",
) -> None:
    forced = attrs.evolve(make.configuration(1), is_forced=True)

    assert not forced.changed([AddMember(make.member(2))]).is_forced
    assert not forced.changed([ChangeLease(500_000)]).is_forced


changes = st.one_of(
    st.integers(1, 6).map(
        lambda n: AddMember(Member(node_id=NodeId(n + 10), name=f"new{n}", address=f"new{n}"))
    ),
    st.builds(ChangeRole, st.integers(1, 6).map(NodeId), st.sampled_from(MemberRole)),
    st.integers(1, 6).map(lambda n: RemoveMember(NodeId(n))),
)


@given(
    st.sets(st.integers(1, 6), min_size=1),
    st.sets(st.integers(1, 6)),
    st.lists(changes, max_size=4, unique_by=repr),
)
def test_quorums_before_and_after_a_change_share_a_node(
    voters: set[int], learners: set[int], changes: list[ConfigurationChange]
) -> None:
    """§4.1 and figure 4.3, §4.3."""
    before = configuration(voters, set(), learners)
    after = before.changed(changes)

    assert _all_overlap(_quorums(before), _quorums(after))
    assert _all_overlap(_quorums(after), _quorums(after.left()))


def _quorums(of: Configuration) -> list[set[NodeId]]:
    voters = [member.node_id for member in of.everyone]
    return [
        set(some)
        for size in range(len(voters) + 1)
        for some in combinations(voters, size)
        if of.has_quorum(some.__contains__)
    ]


def _all_overlap(some: list[set[NodeId]], others: list[set[NodeId]]) -> bool:
    return all(one & other for one in some for other in others)


def test_the_longest_lease_is_that_of_any_configuration_that_may_count() -> None:
    history = ConfigurationHistory(
        [(index, Configuration(lease_us=lease_us)) for index, lease_us in ((0, 5), (3, 9), (7, 2))]
    )

    assert 9 == history.longest_lease_us


@pytest.mark.parametrize(
    "leases, since",
    [([5], 0), ([5, 9], 3), ([9, 5], 0), ([5, 2, 5], 7), ([5, 9, 5], 0), ([0, 9, 9], 3)],
)
def test_a_lease_is_known_since_the_last_configuration_that_allowed_less(
    leases: list[int], since: int
) -> None:
    history = ConfigurationHistory(
        [
            (index, Configuration(lease_us=lease_us))
            for index, lease_us in zip((0, 3, 7), leases, strict=False)
        ]
    )

    assert since == history.lease_index


@pytest.mark.parametrize("number, since", [(1, 0), (2, 4), (3, 4)])
def test_who_joined_knows_of_leases_once_it_is_told_that_it_did(
    make: "type[Make]", number: int, since: int
) -> None:
    founding = attrs.evolve(make.configuration(1), lease_us=5)
    grown = attrs.evolve(make.configuration(1, 2), lease_us=5)

    history = ConfigurationHistory([(0, founding), (4, grown)])

    assert since == history.named_since(NodeId(number))


def test_a_configuration_is_effective_from_its_index_until_it_is_rolled_back(
    make: "type[Make]",
) -> None:
    one, two, three = (make.configuration(*range(1, n + 1)) for n in (1, 2, 3))
    history = ConfigurationHistory([(0, one)])

    history.append(5, two)
    history.append(9, three)

    assert (9, three) == (history.effective_index, history.effective)
    assert [one, two, two, three] == [history.as_of(index) for index in (4, 5, 8, 9)]
    assert ((one, two), (one, two, three)) == (history.settled(8), history.settled(9))
    history.truncate_from(9)
    assert (5, two) == (history.effective_index, history.effective)
    history.truncate_from(5)
    assert (0, one) == (history.effective_index, history.effective)


def test_a_snapshot_forgets_what_was_effective_before(make: "type[Make]") -> None:
    one, two, three = (make.configuration(*range(1, n + 1)) for n in (1, 2, 3))
    history = ConfigurationHistory([(0, one), (5, two), (9, three)])

    history.start_from(7, two)

    assert [two, three] == [history.as_of(index) for index in (7, 9)]
    with pytest.raises(StopIteration):
        history.as_of(6)


def test_configurations_are_appended_in_order(make: "type[Make]") -> None:
    history = ConfigurationHistory([(5, make.configuration(1))])

    with pytest.raises(AssertionError, match="5 <= 5"):
        history.append(5, make.configuration(1, 2))


def test_what_may_count_is_what_was_effective_at_an_index_and_all_since(
    make: "type[Make]",
) -> None:
    first, second, third = (make.configuration(*range(1, n)) for n in (2, 3, 4))
    history = ConfigurationHistory([(0, first), (4, second), (7, third)])

    assert (first, second, third) == history.since(3)
    assert (second, third) == history.since(4)
    assert (third,) == history.since(9)


def test_a_node_was_admitted_by_what_is_committed_for_certain(make: "type[Make]") -> None:
    one, two = make.configuration(1), make.configuration(1, 2)
    history = ConfigurationHistory([(0, one), (5, two)])

    assert (False, True) == (
        history.have_admitted(NodeId(2), 4),
        history.have_admitted(NodeId(2), 5),
    )
    history.append(9, one)
    assert history.have_admitted(NodeId(2), 0)


def test_what_a_forced_configuration_follows_need_not_be_committed(make: "type[Make]") -> None:
    one, two = make.configuration(1), make.configuration(1, 2)
    forced = attrs.evolve(make.configuration(2), is_forced=True)
    history = ConfigurationHistory([(0, one), (5, two)])

    history.append(6, forced)

    assert ((one,), (one, two), (one, two, forced)) == tuple(map(history.settled, (4, 5, 6)))


def test_what_follows_a_forced_configuration_settles_all_before(make: "type[Make]") -> None:
    one, two, three = (make.configuration(*range(1, n + 1)) for n in (1, 2, 3))
    forced = attrs.evolve(make.configuration(2), is_forced=True)
    history = ConfigurationHistory([(0, one), (5, two), (6, forced)])

    history.append(9, three)

    assert (one, two, forced) == history.settled(0)


def test_what_stands_first_is_committed_whatever_follows(make: "type[Make]") -> None:
    forced = attrs.evolve(make.configuration(1), is_forced=True)

    history = ConfigurationHistory([(4, forced), (5, forced)])

    assert (forced,) == history.settled(0)


def test_who_was_removed_may_be_a_member_until_another_configuration_follows(
    make: "type[Make]",
) -> None:
    history = ConfigurationHistory([(0, make.configuration(1, 2, 3))])

    history.append(5, make.configuration(1, 2))
    assert {1, 2, 3} == history.possible_members(4).keys()
    assert {1, 2} == history.possible_members(5).keys()
    history.append(9, make.configuration(1, 4))

    assert {1, 2, 4} == history.possible_members(4).keys()


def test_a_possible_member_is_as_the_latest_configuration_knows_it(make: "type[Make]") -> None:
    before = make.configuration(1, 2)
    moved = before.changed([ChangeAddress(NodeId(2), "elsewhere:1")])
    history = ConfigurationHistory([(0, before), (5, moved)])

    assert "elsewhere:1" == history.possible_members(0)[NodeId(2)].address
