"""Lease reads: a quorum's promise instead of a quorum's answer (§6.4.1)."""

from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.actions import Readable, RoleName
from leto.raft.configuration import ChangeLease, Configuration
from leto.raft.events import ReadPolicy, ReadRequested, TransferRequested
from leto.raft.leases import LEASE_MAX_US
from leto.raft.messages import AppendEntries, PreVote, PreVoteResponse, RequestVote
from leto.raft.messages import RequestVoteResponse as Vote
from leto.raft.roles import Leader
from leto.raft.types import BEFORE_LOG, EntryId, NodeId

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Cluster, Host, Make

LEASE_US = 1_500_000


def leased(make: "type[Make]", lease_us: int = LEASE_US) -> Configuration:
    return attrs.evolve(make.configuration(1, 2, 3), lease_us=lease_us)


def read(host: "Host") -> int:
    return host.ask(lambda request_id: ReadRequested(request_id, ReadPolicy.LEASE))


def heartbeat(lease_us: int = LEASE_US) -> AppendEntries:
    return AppendEntries(
        term=1, round=0, prev=BEFORE_LOG, entries=(), leader_commit=0, lease_us=lease_us
    )


@pytest.fixture
def cluster(make: "type[Make]") -> "Cluster":
    """Three voters with leases on, of which the first leads and has just been acknowledged."""
    cluster = make.cluster(configuration=leased(make))
    cluster.elect(1)
    cluster.beat(1)
    return cluster


# --- the leader ----------------------------------------------------------------------


def test_a_lease_answers_at_once_and_says_until_when(cluster: "Cluster") -> None:
    leader = cluster[1]
    since = leader.now
    leader.now += 1000

    request = read(leader)

    end = since + LEASE_US * 9 // 10
    assert {request: Readable(1, ReadPolicy.LEASE, end)} == leader.answers
    assert [] == leader.outbox


def test_a_lease_begins_when_the_round_was_sent(cluster: "Cluster") -> None:
    leader = cluster[1]
    leader.tick()
    sent_at = leader.now
    leader.now += 50_000

    cluster.settle()
    request = read(leader)

    outcome = leader.answers[request]
    assert isinstance(outcome, Readable)
    assert sent_at + LEASE_US * 9 // 10 == outcome.valid_until


def test_a_lease_ends(cluster: "Cluster") -> None:
    leader = cluster[1]
    leader.now += LEASE_US * 9 // 10

    request = read(leader)

    assert request not in leader.answers
    assert 2 == len(leader.sent(AppendEntries))


@pytest.mark.parametrize("lease_us", [0, LEASE_US])
def test_without_a_lease_a_quorum_is_asked(make: "type[Make]", lease_us: int) -> None:
    cluster = make.cluster(configuration=leased(make, lease_us))
    leader = cluster.elect(1)
    leader.now += LEASE_US

    request = read(leader)
    cluster.settle()

    assert {request: Readable(1)} == leader.answers


def test_no_lease_before_anybody_has_promised(make: "type[Make]") -> None:
    cluster = make.cluster(configuration=leased(make))
    leader = cluster.elect(1)
    leader.tick()
    restarted = leader.restarted()
    restarted.now += 2 * LEASE_US
    restarted.tick()
    restarted.receive(
        2, PreVoteResponse(term=1, round=restarted.sent(PreVote)[0].round, vote_granted=True)
    )
    restarted.written()
    restarted.receive(2, Vote(term=2, vote_granted=True))

    assert restarted.plays(RoleName.LEADER)
    assert read(restarted) not in restarted.answers


def test_a_lease_waits_for_the_state_machine(make: "type[Make]") -> None:
    cluster = make.cluster(configuration=leased(make))
    leader = cluster.elect(1)
    cluster.beat(1)
    leader.propose(b"x")
    leader.written()
    for follower in (2, 3):
        cluster[follower].receive(1, leader.sent(AppendEntries, to=follower)[0])
    leader.outbox.clear()
    cluster[2].written()
    cluster.deliver()
    assert (2, 1) == (leader.status.commit_index, leader.status.last_applied)

    request = read(leader)

    assert request not in leader.answers


def test_a_lease_of_one_is_its_own(make: "type[Make]") -> None:
    alone = attrs.evolve(make.configuration(1), lease_us=LEASE_US)
    leader = make.cluster(1, configuration=alone).elect(1)
    leader.tick()

    request = read(leader)

    assert isinstance(leader.answers[request], Readable)
    assert ReadPolicy.LEASE is getattr(leader.answers[request], "policy", None)


def test_an_acknowledgement_counts_only_from_who_knows_of_leases_durably(
    make: "type[Make]",
) -> None:
    """After a restart it would have forgotten the promise."""
    cluster = make.cluster()
    leader = cluster.elect(1)
    cluster.beat(1)
    for number in (2, 3):
        cluster[number].disk_is_stuck = True
    leader.change(ChangeLease(LEASE_US))
    cluster.settle()

    cluster.beat(1)
    early = read(leader)
    cluster.settle()
    assert Readable(1) == leader.answers[early]
    for number in (2, 3):
        cluster[number].disk_is_stuck = False
    cluster.settle()
    cluster.beat(1)
    late = read(leader)

    outcome = leader.answers[late]
    assert isinstance(outcome, Readable)
    assert ReadPolicy.LEASE is outcome.policy


def test_a_longer_lease_does_not_lengthen_what_was_promised_before(cluster: "Cluster") -> None:
    leader = cluster[1]
    since = leader.now
    read(leader)

    leader.change(ChangeLease(10 * LEASE_US))
    leader.now += LEASE_US * 9 // 10 - 1
    in_time = read(leader)
    leader.now += 1
    too_late = read(leader)

    outcome = leader.answers[in_time]
    assert isinstance(outcome, Readable)
    assert since + LEASE_US * 9 // 10 == outcome.valid_until
    assert too_late not in leader.answers


def test_a_shorter_lease_shortens_what_was_promised_before(cluster: "Cluster") -> None:
    """A voter that knows of it keeps no longer promise after a restart."""
    leader = cluster[1]
    in_time = read(leader)
    before = leader.answers[in_time]
    assert isinstance(before, Readable)
    assert before.valid_until is not None

    leader.change(ChangeLease(LEASE_US // 2))
    after = leader.answers[read(leader)]

    assert isinstance(after, Readable)
    assert before.valid_until - LEASE_US // 2 * 9 // 10 - 1 == after.valid_until


def test_leases_that_were_turned_off_do_not_come_back(cluster: "Cluster") -> None:
    leader = cluster[1]
    for number in (2, 3):
        cluster[number].disk_is_stuck = True
    leader.change(ChangeLease(0))
    cluster.settle()
    off = read(leader)

    assert off not in leader.answers or leader.answers[off] == Readable(leader.status.last_applied)
    assert leader.status.leased_until is None


def test_rounds_that_nobody_acknowledges_are_not_remembered_for_ever(make: "type[Make]") -> None:
    cluster = make.cluster(configuration=leased(make, 300_000))
    leader = cluster.elect(1)
    role = leader.node._state.role
    assert isinstance(role, Leader)

    for _ in range(9):
        leader.tick()

    assert len(role.leased_rounds) <= 4


def test_rounds_are_forgotten_when_leases_are_turned_off(cluster: "Cluster") -> None:
    leader = cluster[1]
    role = leader.node._state.role
    assert isinstance(role, Leader)
    for number in (2, 3):
        cluster[number].disk_is_stuck = True
    leader.tick()
    leader.tick()
    remembered = len(role.leased_rounds)

    leader.change(ChangeLease(0))

    assert remembered > 0
    assert not role.leased_rounds


def test_a_leader_that_has_asked_another_to_take_over_has_no_lease(cluster: "Cluster") -> None:
    leader = cluster[1]
    leader.ask(lambda request_id: TransferRequested(request_id, NodeId(2)))
    leader.outbox.clear()

    request = read(leader)

    assert request not in leader.answers


# --- who promised --------------------------------------------------------------------


def test_whoever_acknowledges_grants_nothing_for_the_lease(make: "type[Make]") -> None:
    voter = make.host()
    voter.receive(2, heartbeat())
    voter.written()
    voter.outbox.clear()

    for passed, granted in ((LEASE_US - 1, False), (1, True)):
        voter.now += passed
        voter.receive(3, PreVote(term=1, round=7, last=BEFORE_LOG))
        voter.receive(3, RequestVote(term=2, last=BEFORE_LOG))
        voter.work_all()

        assert [granted] == [r.vote_granted for r in voter.take_sent(PreVoteResponse)]
        assert (2 if granted else 1) == voter.term


def test_a_promise_outlives_its_leader(make: "type[Make]") -> None:
    voter = make.host()
    voter.receive(2, heartbeat())
    voter.receive(3, PreVoteResponse(term=5, round=0, vote_granted=False))
    voter.written()
    voter.outbox.clear()

    voter.receive(3, RequestVote(term=5, last=EntryId(5, 5)))

    assert [False] == [vote.vote_granted for vote in voter.sent(Vote)]


def test_who_has_promised_does_not_vote_for_itself_either(make: "type[Make]") -> None:
    voter = make.host()
    voter.receive(2, heartbeat(lease_us=5_000_000))
    since = voter.now
    voter.written()

    voter.tick()

    assert voter.plays(RoleName.FOLLOWER)
    assert since + 5_000_000 == voter.deadline
    voter.tick()
    assert voter.plays(RoleName.PRE_CANDIDATE)


def test_a_promise_is_kept_across_a_restart(cluster: "Cluster") -> None:
    restarted = cluster[2].restarted()

    restarted.now += LEASE_US - 1
    restarted.receive(3, PreVote(term=9, round=7, last=EntryId(9, 9)))
    restarted.now += 1
    restarted.receive(3, PreVote(term=9, round=7, last=EntryId(9, 9)))

    assert [False, True] == [r.vote_granted for r in restarted.sent(PreVoteResponse)]


def test_nobody_promises_more_than_the_maximum(make: "type[Make]") -> None:
    voter = make.host()
    voter.receive(2, heartbeat(lease_us=10**15))
    voter.written()
    voter.outbox.clear()

    voter.now += LEASE_MAX_US
    voter.receive(3, PreVote(term=1, round=7, last=BEFORE_LOG))

    assert [True] == [r.vote_granted for r in voter.sent(PreVoteResponse)]


def test_the_promise_is_forgotten_for_whom_the_leader_itself_sent(make: "type[Make]") -> None:
    """§3.10: such a leader has no lease any more."""
    voter = make.host()
    voter.receive(2, heartbeat())
    voter.written()
    voter.outbox.clear()

    voter.receive(3, RequestVote(term=2, last=BEFORE_LOG, is_transfer=True))
    voter.written()

    assert [True] == [vote.vote_granted for vote in voter.sent(Vote)]
