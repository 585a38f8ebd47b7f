"""Configurations are those of the logs, and never decide apart."""

import attrs
import pytest

from leto.raft.actions import Write
from leto.raft.configuration import AddMember, ChangeAddress, Configuration, Member, RemoveMember
from leto.raft.entries import Entry, SnapshotMark
from leto.raft.types import EntryId, NodeId
from leto_sim.checkers.configurations import (
    AS_OF_ITS_INDEX,
    LAST_IN_LOG,
    MEMBERS_DIFFER,
    QUORUMS_INTERSECT,
    Configurations,
    quorums_intersect,
)
from leto_sim.checkers.ledger import Ledger
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, entry, voters


def standing(term: int, index: int, configuration: Configuration) -> Entry:
    return Entry(EntryId(term, index), configuration)


def started(configuration: Configuration) -> tuple[Configurations, StandingNode]:
    node, checker = StandingNode(), Configurations()
    node.platter.snapshot = SnapshotMark(configuration=configuration)
    node.status.configuration = configuration
    checker.started(node)
    return checker, node


def test_a_configuration_is_in_effect_once_it_is_in_the_log() -> None:
    checker, node = started(voters(1, 2, 3))

    checker.write_issued(node, Write(seq=1, entries=(standing(1, 1, voters(1, 2)),)))

    with pytest.raises(PropertyViolated, match=LAST_IN_LOG):
        checker.handled(node)
    node.status.configuration = voters(1, 2)
    checker.handled(node)
    assert voters(1, 2) == checker.latest


@pytest.mark.parametrize(
    "name,address", [("id1", "id2:1"), ("id2", "id1:1")], ids=["names", "addresses"]
)
def test_members_share_nothing(name: str, address: str) -> None:
    checker, node = started(voters(1, 3))
    twin = Member(node_id=NodeId(2), name=name, address=address)
    clashing = attrs.evolve(voters(1, 3), members=(*voters(1, 3).members, twin))

    with pytest.raises(PropertyViolated, match=MEMBERS_DIFFER):
        checker.write_issued(node, Write(seq=1, entries=(standing(1, 1, clashing),)))


def test_members_have_one_id_each() -> None:
    checker, node = started(voters(1, 3))
    twin = Member(node_id=NodeId(3), name="x", address="x:1")
    clashing = attrs.evolve(voters(1, 3), members=(*voters(1, 3).members, twin))

    with pytest.raises(PropertyViolated, match=MEMBERS_DIFFER):
        checker.write_issued(node, Write(seq=1, entries=(standing(1, 1, clashing),)))


def test_it_is_in_effect_no_more_when_the_log_has_lost_it() -> None:
    checker, node = started(voters(1, 2, 3))
    checker.write_issued(node, Write(seq=1, entries=(standing(1, 7, voters(1, 2)),)))

    checker.write_issued(node, Write(seq=2, truncate_from=7))

    checker.handled(node)
    node.status.configuration = voters(1, 2)
    with pytest.raises(PropertyViolated, match=LAST_IN_LOG):
        checker.handled(node)


def test_a_snapshot_says_what_was_in_effect_there() -> None:
    checker, node = started(voters(1, 2, 3))
    checker.write_issued(node, Write(seq=1, entries=(standing(1, 9, voters(1, 2)),)))
    mark = SnapshotMark(last_included=EntryId(1, 8), configuration=voters(1, 2, 3, 4))

    checker.write_issued(node, Write(seq=2, snapshot=mark))
    node.status.configuration = voters(1, 2)
    checker.handled(node)
    mark = SnapshotMark(last_included=EntryId(2, 20), configuration=voters(1))
    checker.write_issued(node, Write(seq=3, snapshot=mark))

    node.status.configuration = voters(1)
    checker.handled(node)


def test_what_a_disk_holds_is_in_effect_after_a_start() -> None:
    node, checker = StandingNode(), Configurations()
    node.platter.snapshot = SnapshotMark(last_included=EntryId(1, 5), configuration=voters(1, 2, 3))
    node.platter.log.entries = [standing(1, 5, voters(1)), standing(1, 6, voters(1, 2))]
    node.status.configuration = voters(1, 2)

    checker.started(node)

    assert voters(1, 2) == checker.latest


def test_two_voters_must_not_change_at_once() -> None:
    checker, node = started(voters(1, 2, 3))

    with pytest.raises(PropertyViolated, match=QUORUMS_INTERSECT):
        checker.write_issued(node, Write(seq=1, entries=(standing(1, 1, voters(1, 4, 5)),)))


def test_an_operator_may_force_what_does_not_intersect() -> None:
    checker, node = started(voters(1, 2, 3))
    forced = attrs.evolve(voters(1), is_forced=True)

    checker.write_issued(node, Write(seq=1, entries=(standing(1, 1, forced),)))

    assert forced == checker.latest


def test_joint_configurations_intersect_with_those_before_and_after() -> None:
    before = voters(1, 2, 3)
    new = Member(node_id=NodeId(4), name="id4", address="id4:1")
    joint = before.changed((AddMember(new), RemoveMember(NodeId(1)), RemoveMember(NodeId(2))))

    assert joint.is_joint
    assert quorums_intersect(before, joint)
    assert quorums_intersect(joint, joint.left())
    assert not quorums_intersect(before, joint.left())


def named(index: int, configuration: Configuration) -> SnapshotMark:
    return SnapshotMark(last_included=EntryId(1, index), configuration=configuration)


def test_a_snapshot_names_what_was_committed_last_at_its_index() -> None:
    checker, node = started(voters(1, 2, 3))
    change = standing(1, 2, voters(1, 2))
    checker.write_issued(node, Write(seq=1, entries=(change,)))
    node.memory.entries += [entry(1, 1), change]
    node.status.commit_index = 2
    ledger = Ledger()
    ledger.commit_advanced(node)

    checker.named(node, named(1, voters(1, 2, 3)), ledger)
    checker.named(node, named(2, voters(1, 2)), ledger)
    with pytest.raises(PropertyViolated, match=AS_OF_ITS_INDEX):
        checker.named(node, named(1, voters(1, 2)), ledger)


def test_where_no_configuration_is_committed_nothing_is_expected() -> None:
    checker = Configurations()

    checker.named(StandingNode(), named(1, voters(1)), Ledger())


def test_a_node_without_any_acts_by_none() -> None:
    checker, node = Configurations(), StandingNode()
    checker.started(node)

    assert 0 == checker.effective_index(node)


def test_a_node_acts_by_the_last_one() -> None:
    checker, node = started(voters(1, 2, 3))

    checker.write_issued(node, Write(seq=1, entries=(standing(1, 7, voters(1, 2)),)))

    assert 7 == checker.effective_index(node)


def test_what_counts_is_the_configuration_as_of_an_index_and_all_behind_it() -> None:
    checker, node = started(voters(1, 2, 3))
    changes = (standing(1, 2, voters(1, 2)), standing(1, 4, voters(1)))
    checker.write_issued(node, Write(seq=1, entries=changes))

    assert [voters(1, 2, 3), voters(1, 2), voters(1)] == checker.since(node, 1)
    assert [voters(1, 2), voters(1)] == checker.since(node, 3)


def test_who_was_admitted_is_in_a_committed_configuration() -> None:
    checker, node = started(voters(2, 3))
    node.status.was_admitted = True
    change = standing(1, 1, voters(1, 2, 3))
    checker.write_issued(node, Write(seq=1, entries=(change,)))
    node.memory.entries.append(change)
    ledger = Ledger()
    with pytest.raises(PropertyViolated, match="id1 was admitted, it says, by nothing committed"):
        checker.check_admission(node, ledger)

    node.status.commit_index = 1
    ledger.commit_advanced(node)

    checker.check_admission(node, ledger)


def test_who_does_not_say_that_it_was_admitted_need_not_be() -> None:
    checker, node = started(voters(2, 3))

    checker.check_admission(node, Ledger())


def test_who_moves_in_a_joint_change_is_dialled_where_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checker, node = started(voters(1, 2, 3))
    moved = voters(1, 2).with_change(ChangeAddress(NodeId(2), "elsewhere:1"))
    joint = attrs.evolve(moved, outgoing=voters(1, 2, 3).members)
    checker.write_issued(node, Write(seq=1, entries=(standing(1, 1, joint),)))

    def confused(_: Configuration, _node_id: NodeId) -> Member:
        return voters(1).members[0]

    monkeypatch.setattr(Configuration, "member", confused)

    with pytest.raises(PropertyViolated, match="id1 dials its peers at"):
        checker.write_issued(node, Write(seq=2, entries=(standing(1, 2, moved),)))
