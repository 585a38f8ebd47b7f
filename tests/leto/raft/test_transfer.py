"""Handing leadership over (§3.10)."""

from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.actions import Committed, Refusal, Refused, RoleName, Transferred, Unknown
from leto.raft.configuration import Configuration, RemoveMember
from leto.raft.events import DiskRoomChanged, TransferRequested
from leto.raft.messages import AppendEntries, AppendEntriesResponse, RequestVote, TimeoutNow
from leto.raft.traces.cluster import TransferAsked, TransferStarted
from leto.raft.traces.reads import LeaseVoided
from leto.raft.types import EntryId, NodeId

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Cluster, Host, Make


def transfer(host: "Host", to: int | None = None) -> int:
    return host.ask(
        lambda request_id: TransferRequested(request_id, None if to is None else NodeId(to))
    )


@pytest.fixture
def cluster(make: "type[Make]") -> "Cluster":
    """Three voters and a learner; the first leads, its no-op committed everywhere."""
    cluster = make.cluster(1, 2, 3, 4, configuration=make.configuration(1, 2, 3, learner=[4]))
    cluster.elect(1)
    cluster.beat(1)
    return cluster


def test_the_target_leads_at_once(cluster: "Cluster") -> None:
    request = transfer(cluster[1], to=3)

    cluster.settle()

    assert cluster[3].plays(RoleName.LEADER)
    assert {request: Transferred(NodeId(3))} == cluster[1].answers
    assert (2, 3) == (cluster[1].term, cluster[1].status.leader)


def test_the_target_is_asked_once_it_holds_everything_durably(cluster: "Cluster") -> None:
    leader = cluster[1]
    cluster[2].disk_is_stuck = True
    written = leader.propose(b"x")
    cluster.settle()

    transfer(leader, to=2)
    cluster.settle()
    assert [] == leader.sent(TimeoutNow)
    assert leader.plays(RoleName.LEADER)
    cluster[2].disk_is_stuck = False
    cluster.settle()

    assert cluster[2].plays(RoleName.LEADER)
    assert Committed(EntryId(1, 2)) == leader.answers[written]


def test_the_target_is_asked_once(cluster: "Cluster") -> None:
    leader = cluster[1]

    transfer(leader, to=2)
    leader.tick()

    assert [TimeoutNow(term=1)] == leader.sent(TimeoutNow)


def test_proposals_are_refused_while_leadership_is_handed_over(cluster: "Cluster") -> None:
    leader = cluster[1]
    transfer(leader, to=2)

    request = leader.propose(b"x")

    assert Refused(Refusal.TRANSFER_PENDING, NodeId(1)) == leader.answers[request]


def test_a_transfer_that_comes_to_nothing_is_given_up_in_time(cluster: "Cluster") -> None:
    leader = cluster[1]
    cluster.cut_off = {2}
    since = leader.now
    request = transfer(leader, to=2)

    while request not in leader.answers:
        cluster.beat(1)

    assert Unknown(NodeId(1)) == leader.answers[request]  # it was asked, and may campaign yet
    assert 2_000_000 <= leader.now - since <= 2_200_000
    accepted = leader.propose(b"x")
    cluster.settle()
    assert isinstance(leader.answers[accepted], Committed)


def test_a_target_that_does_not_catch_up_in_time_was_not_asked(cluster: "Cluster") -> None:
    leader = cluster[1]
    cluster.cut_off = {2}
    leader.propose(b"x")
    cluster.settle()
    request = transfer(leader, to=2)

    while request not in leader.answers:
        cluster.beat(1)

    assert Refused(Refusal.TIMED_OUT, NodeId(1)) == leader.answers[request]


def test_a_second_transfer_waits_for_the_first(cluster: "Cluster") -> None:
    transfer(cluster[1], to=2)

    request = transfer(cluster[1], to=3)

    assert {request: Refused(Refusal.TRANSFER_PENDING, NodeId(1))} == cluster[1].answers


@pytest.mark.parametrize("to", [1, 4, 9])
def test_a_learner_a_stranger_and_the_leader_itself_cannot_take_over(
    cluster: "Cluster", to: int
) -> None:
    request = transfer(cluster[1], to=to)

    assert {request: Refused(Refusal.CANNOT_LEAD, NodeId(1))} == cluster[1].answers


def test_nobody_else_can_lead_a_cluster_of_one(make: "type[Make]") -> None:
    leader = make.leader()

    request = transfer(leader)

    assert {request: Refused(Refusal.CANNOT_LEAD, NodeId(1))} == leader.answers


def test_only_a_leader_can_hand_over(cluster: "Cluster") -> None:
    request = transfer(cluster[2])

    assert {request: Refused(Refusal.NOT_LEADER, NodeId(1))} == cluster[2].answers


def test_the_best_target_lacks_least(cluster: "Cluster") -> None:
    cluster.cut_off = {2}
    cluster[1].propose(b"x")
    cluster.settle()

    transfer(cluster[1])

    assert 1 == len(cluster[1].sent(TimeoutNow, to=3))


def test_the_best_target_is_preferred_by_priority(make: "type[Make]") -> None:
    voters = [attrs.evolve(make.member(n), priority=n) for n in (1, 2, 3)]
    cluster = make.cluster(1, 2, 3, configuration=Configuration(tuple(voters)))
    cluster.elect(1)
    cluster.beat(1)

    transfer(cluster[1])

    assert 1 == len(cluster[1].sent(TimeoutNow, to=3))


def fill_disk(host: "Host", *, has_room: bool = False) -> None:
    host.handle(DiskRoomChanged(has_room))


def beat_on(cluster: "Cluster") -> "Host":
    """The first node's heartbeats, for two of the longest election timeouts."""
    leader = cluster[1]
    until = leader.now + 4_200_000
    while leader.now < until and leader.plays(RoleName.LEADER):
        cluster.beat(1)
    return leader


def test_a_leader_whose_disk_stays_full_hands_over_to_one_with_room(cluster: "Cluster") -> None:
    fill_disk(cluster[1])
    fill_disk(cluster[1])
    fill_disk(cluster[4])
    since = cluster[1].now

    leader = beat_on(cluster)

    assert leader.plays(RoleName.FOLLOWER)
    assert cluster[2].plays(RoleName.LEADER)
    assert {} == leader.answers
    assert 2_000_000 <= leader.now - since <= 2_200_000


def test_a_leader_with_room_again_leads_on(cluster: "Cluster") -> None:
    fill_disk(cluster[1])
    cluster.beat(1)
    fill_disk(cluster[1], has_room=True)

    leader = beat_on(cluster)

    assert [] == leader.sent(TimeoutNow)


def test_a_full_leader_leads_on_while_no_quorum_may_have_room(cluster: "Cluster") -> None:
    fill_disk(cluster[1])
    fill_disk(cluster[2])

    leader = beat_on(cluster)

    assert [] == leader.sent(TimeoutNow)


def test_a_full_leader_leads_on_while_nobody_says_that_there_is_room(make: "type[Make]") -> None:
    configuration = make.configuration(1, 2, 3, 4, 5)
    cluster = make.cluster(1, 2, 3, 4, 5, configuration=configuration)
    cluster.elect(1)
    cluster.cut_off = {4, 5}
    cluster.beat(1)
    for number in (1, 2, 3):
        fill_disk(cluster[number])
        cluster.beat(1)

    leader = beat_on(cluster)

    assert [] == leader.sent(TimeoutNow)


def test_a_full_disk_hands_nothing_over_in_a_cluster_of_one(make: "type[Make]") -> None:
    alone = make.cluster(1, configuration=make.configuration(1))
    alone.elect(1)
    fill_disk(alone[1])

    assert beat_on(alone).plays(RoleName.LEADER)


def test_a_full_leader_waits_as_long_again_after_an_attempt_in_vain(cluster: "Cluster") -> None:
    fill_disk(cluster[1])
    for _ in range(100):
        cluster[1].tick()
        if cluster[1].status.transfer_target is not None:
            break
        cluster.settle()
    cluster.cut_off = {2}
    for _ in range(100):
        if cluster[1].status.transfer_target is None:
            break
        cluster.beat(1)
    given_up_at = cluster[1].now
    cluster.cut_off = set()

    leader = beat_on(cluster)

    assert leader.plays(RoleName.FOLLOWER)
    assert 2_000_000 <= leader.now - given_up_at <= 2_200_000


def test_a_transfer_ends_with_the_leadership(cluster: "Cluster") -> None:
    leader = cluster[1]
    leader.propose(b"x")
    request = transfer(leader, to=2)
    assert [] == leader.sent(TimeoutNow)

    leader.receive(3, AppendEntriesResponse(term=7, round=0, match_index=0))

    assert Refused(Refusal.NOT_LEADER) == leader.answers[request]


def test_a_leader_that_hands_nothing_over_owes_nothing(cluster: "Cluster") -> None:
    leader = cluster[1]

    leader.receive(3, AppendEntriesResponse(term=7, round=0, match_index=0))

    assert {} == leader.answers


def test_a_member_that_is_leaving_is_no_target(cluster: "Cluster") -> None:
    """It is still replicated to, but no member any more."""
    leader = cluster[1]
    leader.change(RemoveMember(NodeId(2)))

    transfer(leader)
    cluster.settle()

    assert cluster[3].plays(RoleName.LEADER)


def test_the_target_campaigns_without_asking_first(cluster: "Cluster") -> None:
    target = cluster[3]

    target.receive(1, TimeoutNow(term=1))

    assert (RoleName.CANDIDATE, 2) == (target.role, target.term)
    target.written()
    assert [True, True] == [request.is_transfer for request in target.sent(RequestVote)]


@pytest.mark.parametrize("target, sender", [(3, 2), (4, 1), (1, 1)])
def test_only_the_leader_may_ask_and_only_a_voter(
    cluster: "Cluster", target: int, sender: int
) -> None:
    assert [] == cluster[target].receive(sender, TimeoutNow(term=1))


def test_a_second_candidacy_is_an_ordinary_one(cluster: "Cluster") -> None:
    target = cluster[3]
    target.receive(1, TimeoutNow(term=1))
    target.written()

    target.tick()

    assert target.plays(RoleName.PRE_CANDIDATE)
    assert [] == target.sent(AppendEntries)


def test_a_transfer_says_that_it_ends_the_lease_if_there_is_one(make: "type[Make]") -> None:
    configuration = attrs.evolve(make.configuration(1, 2, 3), lease_us=500_000)
    cluster = make.cluster(configuration=configuration, traced=True)
    cluster.elect(1)
    cluster[1].records.clear()

    transfer(cluster[1], to=2)

    assert [
        TransferStarted(NodeId(2)),
        TransferAsked(NodeId(2)),
        LeaseVoided(),
    ] == cluster[1].records
