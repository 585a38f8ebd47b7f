"""Linearizable reads without a log entry (§6.4)."""

from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.actions import Readable, Refusal, Refused, RoleName
from leto.raft.config import Config
from leto.raft.events import ReadPolicy, ReadRequested, TimerFired
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    ReadIndex,
    ReadIndexResponse,
)
from leto.raft.types import BEFORE_LOG, EntryId, NodeId

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Cluster, Host, Make


@pytest.fixture
def cluster(make: "type[Make]") -> "Cluster":
    """Three voters of which the first leads, its no-op committed everywhere."""
    cluster = make.cluster()
    cluster.elect(1)
    cluster.beat(1)
    return cluster


# --- on the leader -------------------------------------------------------------------


def test_leader_confirms_a_read_in_a_round_that_began_after_it(cluster: "Cluster") -> None:
    leader = cluster[1]

    request = leader.read()

    (heartbeat,) = leader.sent(AppendEntries, to=2)
    assert request not in leader.answers
    old = AppendEntriesResponse(term=1, round=heartbeat.round - 1, match_index=0)
    leader.receive(2, old)
    leader.receive(3, old)
    assert request not in leader.answers
    leader.receive(2, AppendEntriesResponse(term=1, round=heartbeat.round, match_index=0))
    assert Readable(1) == leader.answers[request]


def test_reads_that_come_while_a_round_runs_wait_for_the_next(cluster: "Cluster") -> None:
    leader = cluster[1]
    first = leader.read()
    (heartbeat,) = leader.take_sent(AppendEntries, to=2)

    second, third = leader.read(), leader.read()

    assert [] == leader.sent(AppendEntries)
    leader.receive(2, AppendEntriesResponse(term=1, round=heartbeat.round, match_index=0))
    assert {first: Readable(1)} == leader.answers
    (following,) = leader.sent(AppendEntries, to=2)
    assert heartbeat.round < following.round
    leader.receive(3, AppendEntriesResponse(term=1, round=following.round, match_index=0))
    assert [first, second, third] == list(leader.answers)


def test_leader_answers_no_read_before_it_has_committed_an_entry_of_its_term(
    make: "type[Make]",
) -> None:
    """§6.4: until then it does not know what is committed."""
    leader = make.host(voters=[1])
    leader.tick()
    leader.written()
    assert leader.plays(RoleName.LEADER)

    request = leader.read()

    assert not leader.status.is_ready
    assert {} == leader.answers
    leader.work_all()
    assert {request: Readable(1)} == leader.answers


def test_read_waits_until_its_index_is_applied(make: "type[Make]") -> None:
    leader = make.leader()
    leader.propose(b"x")
    leader.written()
    assert (2, 1) == (leader.status.commit_index, leader.status.last_applied)

    late = leader.read()

    assert late not in leader.answers
    leader.apply()
    assert Readable(2) == leader.answers[late]


def test_reads_are_answered_as_far_as_the_state_machine_has_come(make: "type[Make]") -> None:
    leader = make.leader(config=Config(apply_bytes_max=1))
    leader.propose(b"x")
    leader.written()
    early = leader.read()
    leader.propose(b"y")
    leader.written()
    late = leader.read()

    leader.apply()

    assert Readable(2) == leader.answers[early]
    assert late not in leader.answers
    leader.work_all()
    assert Readable(3) == leader.answers[late]


def test_a_former_leader_refuses_the_reads_that_it_cannot_confirm(cluster: "Cluster") -> None:
    leader = cluster[1]
    running, waiting = leader.read(), leader.read()
    leader.receive(2, ReadIndex(term=1, read=7))
    leader.receive(3, ReadIndex(term=1, read=8))
    leader.outbox.clear()

    leader.receive(2, AppendEntriesResponse(term=2, round=0, match_index=0))

    refused = Refused(Refusal.NOT_LEADER)
    assert {running: refused, waiting: refused} == leader.answers
    leader.written()
    assert [ReadIndexResponse(term=2, read=7, index=None)] == leader.sent(ReadIndexResponse, to=2)
    assert [ReadIndexResponse(term=2, read=8, index=None)] == leader.sent(ReadIndexResponse, to=3)


def test_a_leader_without_waiting_reads_loses_none(cluster: "Cluster") -> None:
    leader = cluster[1]

    leader.receive(2, AppendEntriesResponse(term=2, round=0, match_index=0))

    assert leader.plays(RoleName.FOLLOWER)
    assert {} == leader.answers


def test_a_candidate_refuses_reads(make: "type[Make]") -> None:
    host = make.host()
    host.tick()

    request = host.read()

    assert {request: Refused(Refusal.NOT_LEADER)} == host.answers


def test_a_stream_of_reads_does_not_put_off_the_heartbeat_timer(cluster: "Cluster") -> None:
    """Check-quorum, the stuck disk, promotions and lost chunks all hang on that timer."""
    leader = cluster[1]
    deadline = leader.deadline

    leader.now += 1000
    leader.read()
    cluster.settle()

    assert 1 == len(leader.answers)
    assert deadline == leader.deadline


def test_a_stream_of_reads_does_not_repeat_probes(cluster: "Cluster") -> None:
    leader = cluster[1]
    cluster.cut_off = {3}
    leader.propose(b"x")
    cluster.settle()
    cluster.beat(1)
    cluster.cut_off = set()
    leader.tick()
    conflict = cluster[3].receive(1, leader.take_sent(AppendEntries, to=3)[0])
    assert conflict
    cluster.deliver()
    assert [1] == [len(m.entries) for m in leader.sent(AppendEntries, to=3)]
    leader.outbox.clear()

    leader.read()

    assert [()] == [message.entries for message in leader.sent(AppendEntries, to=3)]


# --- on a follower -------------------------------------------------------------------


def test_follower_reads_at_the_index_that_the_leader_names(cluster: "Cluster") -> None:
    cluster[1].propose(b"x")
    cluster.settle()

    request = cluster[2].read()
    cluster.settle()

    assert Readable(2) == cluster[2].answers[request]
    assert 2 == cluster[2].status.last_applied


def test_follower_asks_for_many_reads_at_once(cluster: "Cluster") -> None:
    follower = cluster[2]
    first, second, third = follower.read(), follower.read(), follower.read()
    (asked,) = follower.take_sent(ReadIndex)

    follower.receive(1, ReadIndexResponse(term=1, read=asked.read, index=1))

    assert {first: Readable(1)} == follower.answers
    (again,) = follower.sent(ReadIndex)
    assert asked.read != again.read
    follower.receive(1, ReadIndexResponse(term=1, read=again.read, index=1))
    assert [first, second, third] == list(follower.answers)


def test_an_answer_to_an_earlier_question_means_nothing(cluster: "Cluster") -> None:
    follower = cluster[2]
    request = follower.read()
    (asked,) = follower.sent(ReadIndex)

    follower.receive(1, ReadIndexResponse(term=1, read=asked.read - 1, index=0))
    assert {} == follower.answers
    follower.receive(1, ReadIndexResponse(term=1, read=asked.read, index=1))
    follower.receive(1, ReadIndexResponse(term=1, read=asked.read, index=0))

    assert {request: Readable(1)} == follower.answers


def test_questions_of_two_lives_differ(cluster: "Cluster") -> None:
    cluster[2].read()
    (before,) = cluster[2].sent(ReadIndex)
    restarted = cluster[2].restarted()
    restarted.receive(
        1, AppendEntries(term=1, round=0, prev=BEFORE_LOG, entries=(), leader_commit=0)
    )

    restarted.read()

    (after,) = restarted.sent(ReadIndex)
    assert before.read != after.read


def test_follower_asks_again_and_gives_up_in_the_end(cluster: "Cluster") -> None:
    follower = cluster[2]
    request = follower.read()
    give_up_at = follower.now + follower.config.election_timeout_max_us
    heartbeat = AppendEntries(term=1, round=0, prev=BEFORE_LOG, entries=(), leader_commit=0)

    while request not in follower.answers:
        assert follower.deadline <= follower.now + follower.config.heartbeat_interval_us
        follower.tick()
        follower.receive(1, heartbeat)

    assert Refused(Refusal.TIMED_OUT, NodeId(1)) == follower.answers[request]
    assert give_up_at <= follower.now
    questions = follower.sent(ReadIndex)
    assert [questions[0]] * len(questions) == questions
    assert 20 == len(questions)


def test_follower_that_never_hears_of_the_index_gives_the_read_up(cluster: "Cluster") -> None:
    """It may have been removed since it asked."""
    follower = cluster[2]
    request = follower.read()
    (question,) = follower.take_sent(ReadIndex)
    since = follower.now
    follower.receive(1, ReadIndexResponse(term=1, read=question.read, index=99))

    while request not in follower.answers:
        follower.tick()

    assert isinstance(outcome := follower.answers[request], Refused)
    assert Refusal.TIMED_OUT is outcome.refusal
    assert since + follower.config.election_timeout_max_us == follower.now


def test_a_read_waits_as_long_as_it_takes_to_apply_what_is_committed(
    cluster: "Cluster",
) -> None:
    cluster[1].propose(b"x")
    cluster.deliver()
    follower = cluster[2]
    follower.written()
    word = AppendEntries(term=1, round=9, prev=EntryId(1, 2), entries=(), leader_commit=2)
    follower.receive(1, word)
    request = follower.read()
    (question,) = follower.take_sent(ReadIndex)
    follower.receive(1, ReadIndexResponse(term=1, read=question.read, index=2))
    for _ in range(50):
        follower.handle(TimerFired(), after=100_000)
        follower.receive(1, word)
    assert {} == follower.answers

    follower.apply()

    assert {request: Readable(2)} == follower.answers


def test_follower_whose_timer_fires_early_does_not_repeat_its_question(
    cluster: "Cluster",
) -> None:
    follower = cluster[2]
    follower.read()
    follower.outbox.clear()

    follower.handle(TimerFired(), after=1)

    assert [] == follower.sent(ReadIndex)


def test_reads_that_wait_are_asked_when_the_earlier_ones_are_given_up(cluster: "Cluster") -> None:
    follower = cluster[2]
    heartbeat = AppendEntries(term=1, round=0, prev=BEFORE_LOG, entries=(), leader_commit=0)
    first = follower.read()
    second = follower.read()

    while first not in follower.answers:
        follower.tick()
        follower.receive(1, heartbeat)

    assert second not in follower.answers
    assert 2 == len({question.read for question in follower.sent(ReadIndex)})


def test_follower_refuses_its_reads_when_it_loses_the_leader(cluster: "Cluster") -> None:
    follower = cluster[2]
    asked, waiting = follower.read(), follower.read()

    while follower.role is RoleName.FOLLOWER:
        follower.tick()

    refused = Refused(Refusal.NOT_LEADER)
    assert {asked: refused, waiting: refused} == follower.answers


def test_follower_asks_the_new_leader_what_the_old_one_left_open(cluster: "Cluster") -> None:
    follower = cluster[2]
    asked, waiting = follower.read(), follower.read()
    follower.outbox.clear()

    follower.receive(
        3, AppendEntries(term=2, round=0, prev=BEFORE_LOG, entries=(), leader_commit=0)
    )
    follower.written()

    (question,) = follower.sent(ReadIndex, to=3)
    follower.receive(3, ReadIndexResponse(term=2, read=question.read, index=1))
    assert {asked: Readable(1), waiting: Readable(1)} == follower.answers


def test_a_refusal_from_a_newer_term_leaves_no_read_unanswered(cluster: "Cluster") -> None:
    """The deposed leader answers in the new term, when nobody knows who leads that."""
    follower = cluster[2]
    asked, waiting = follower.read(), follower.read()
    (question,) = follower.sent(ReadIndex)

    follower.receive(1, ReadIndexResponse(term=2, read=question.read, index=None))

    assert {
        asked: Refused(Refusal.LEADER_NOT_READY),
        waiting: Refused(Refusal.NOT_LEADER),
    } == follower.answers


def test_a_node_that_does_not_lead_refuses_a_followers_question(cluster: "Cluster") -> None:
    cluster[2].receive(3, ReadIndex(term=1, read=7))

    assert [ReadIndexResponse(term=1, read=7, index=None)] == cluster[2].sent(ReadIndexResponse)


def test_a_repeated_question_replaces_what_the_leader_has_waiting(cluster: "Cluster") -> None:
    leader = cluster[1]
    leader.read()
    (running,) = leader.take_sent(AppendEntries, to=2)
    for read in (7, 7, 8):
        leader.receive(2, ReadIndex(term=1, read=read))
    leader.receive(3, ReadIndex(term=1, read=9))

    leader.receive(2, AppendEntriesResponse(term=1, round=running.round, match_index=0))
    (following,) = leader.sent(AppendEntries, to=2)
    leader.receive(2, AppendEntriesResponse(term=1, round=following.round, match_index=0))

    assert [8] == [answer.read for answer in leader.sent(ReadIndexResponse, to=2)]
    assert [9] == [answer.read for answer in leader.sent(ReadIndexResponse, to=3)]


def test_a_failed_leader_refuses_the_reads_that_it_owes(cluster: "Cluster") -> None:
    leader = cluster[1]
    running, waiting = leader.read(), leader.read()
    leader.receive(2, ReadIndex(term=1, read=7))

    leader.fail()

    refused = Refused(Refusal.FAILED)
    assert {running: refused, waiting: refused} == leader.answers


def test_a_failed_leader_whose_reads_wait_for_the_state_machine_refuses_them(
    make: "type[Make]",
) -> None:
    leader = make.leader()
    leader.propose(b"x")
    leader.written()
    request = leader.read()

    leader.fail()

    assert Refused(Refusal.FAILED) == leader.answers[request]


def test_a_failed_follower_refuses_the_reads_that_it_owes(cluster: "Cluster") -> None:
    follower = cluster[2]
    asked, waiting = follower.read(), follower.read()

    follower.fail()

    refused = Refused(Refusal.FAILED)
    assert {asked: refused, waiting: refused} == follower.answers


# --- other policies ------------------------------------------------------------------


def test_a_stale_read_is_answered_by_anybody_at_once(make: "type[Make]") -> None:
    host = make.host()

    request = host.ask(lambda request_id: ReadRequested(request_id, ReadPolicy.STALE))

    assert {request: Readable(0, ReadPolicy.STALE)} == host.answers


def lease_read(host: "Host") -> int:
    return host.ask(lambda request_id: ReadRequested(request_id, ReadPolicy.LEASE))


@pytest.fixture
def leased(make: "type[Make]") -> "Cluster":
    """Three voters with leases on, of which the first leads and was just acknowledged."""
    configuration = attrs.evolve(make.configuration(1, 2, 3), lease_us=1_500_000)
    cluster = make.cluster(configuration=configuration)
    cluster.elect(1)
    cluster.beat(1)
    return cluster


def test_a_leased_read_asks_nobody(leased: "Cluster") -> None:
    leader = leased[1]

    request = lease_read(leader)

    assert [] == leader.outbox
    assert {request: Readable(1, ReadPolicy.LEASE, leader.now + 1_350_000)} == leader.answers


def test_a_leased_read_asks_a_quorum_once_the_lease_has_ended(leased: "Cluster") -> None:
    leader = leased[1]
    leader.now += 1_350_000

    request = lease_read(leader)
    leased.settle()

    assert {request: Readable(1)} == leader.answers


def test_a_leased_read_does_not_overtake_the_state_machine(make: "type[Make]") -> None:
    alone = attrs.evolve(make.configuration(1), lease_us=1_500_000)
    leader = make.cluster(1, configuration=alone).elect(1)
    leader.propose(b"x")
    leader.written()

    request = lease_read(leader)

    assert {} == leader.answers
    leader.apply()
    assert Readable(2) == leader.answers[request]


def test_a_followers_leased_read_goes_to_the_leader(leased: "Cluster") -> None:
    request = lease_read(leased[2])
    leased.settle()

    assert {request: Readable(1)} == leased[2].answers
