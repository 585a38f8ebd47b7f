"""Chapter 6, client interaction, as far as the core has to do with it (§6.2, §6.4).

Sessions (§6.3) are a state machine around a state machine: `test_section_6_3.py`.
"""

import attrs

from leto.raft.actions import Outcome, Readable, Refusal, Refused, RoleName, Unknown
from leto.raft.config import Config
from leto.raft.events import ReadPolicy, ReadRequested, TransferRequested
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    ReadIndex,
    ReadIndexResponse,
    RequestVote,
)
from leto.raft.types import BEFORE_LOG, EntryId, NodeId
from tests.support.hosts import Cluster, Host, Make, entries

LEASE_US = 500_000


def led(*, lease_us: int = 0) -> Cluster:
    """Three of whom the first leads; its no-op is committed everywhere."""
    configuration = attrs.evolve(Make.configuration(1, 2, 3), lease_us=lease_us)
    cluster = Make.cluster(1, 2, 3, configuration=configuration)
    cluster.elect(1)
    cluster.beat(1)
    return cluster


def lease_read(host: Host) -> Outcome | None:
    request = host.ask(lambda request_id: ReadRequested(request_id, ReadPolicy.LEASE))
    return host.answers.get(request)


# --- §6.2 routing ----------------------------------------------------------------------


def test_a_server_that_does_not_lead_refuses_and_names_the_leader() -> None:
    """§6.2: so that the client finds it quickly."""
    cluster = led()

    request = cluster[2].propose(b"x")

    assert Refused(Refusal.NOT_LEADER, NodeId(1)) == cluster[2].answers[request]


def test_a_leader_that_reaches_no_majority_for_an_election_timeout_steps_down() -> None:
    """§6.2: or its clients would wait for ever."""
    cluster = led()
    leader = cluster[1]
    cluster.cut_off = {1}
    request = leader.propose(b"x")

    started = leader.now
    while leader.plays(RoleName.LEADER):
        leader.tick()

    waited = leader.now - started
    assert waited <= Config().election_timeout_min_us + 2 * Config().heartbeat_interval_us
    assert Unknown() == leader.answers[request]


def test_a_server_forgets_the_leader_when_it_begins_an_election() -> None:
    """§6.2: or it would send clients to one that may be gone."""
    follower = led()[2]
    known = follower.status.leader

    follower.tick()
    request = follower.propose(b"x")

    assert 1 == known
    assert Refused(Refusal.NOT_LEADER, None) == follower.answers[request]


def test_a_server_forgets_the_leader_when_the_term_changes() -> None:
    """§6.2: who leads the new one, it does not know yet."""
    follower = led()[2]

    follower.receive(3, AppendEntriesResponse(term=5, round=0, match_index=0))

    assert (5, None) == (follower.term, follower.status.leader)


# --- §6.4 read-only queries ------------------------------------------------------------


def test_a_read_writes_nothing() -> None:
    """§6.4: it bypasses the log."""
    cluster = led()

    cluster[1].read()
    cluster.settle()

    assert EntryId(1, 1) == cluster[1].status.last_log
    assert [] == cluster[1].writes


def test_a_read_waits_until_the_leader_has_committed_in_its_term() -> None:
    """§6.4, step 1: before, it does not know which entries are committed."""
    cluster = Cluster([Make.host(number, log=entries(1)) for number in (1, 2, 3)])
    leader = cluster[1]
    leader.tick()
    while not leader.plays(RoleName.LEADER):
        for host in cluster.hosts.values():
            host.work_all()
        cluster.deliver()
    leader.outbox.clear()

    request = leader.read()
    before = leader.sent(AppendEntries)
    cluster.beat(1)

    assert [] == before
    assert Readable(2) == leader.answers[request]


def test_a_read_index_is_the_commit_index_of_when_the_read_came() -> None:
    """§6.4, step 2: what is committed later need not be seen."""
    cluster = led()
    leader = cluster[1]

    request = leader.read()
    leader.propose(b"x")
    cluster.settle()

    assert Readable(1) == leader.answers[request]


def test_a_read_waits_for_a_round_of_heartbeats_that_began_after_it() -> None:
    """§6.4, step 3: that a majority answers shows that no newer leader existed then."""
    cluster = led()
    leader = cluster[1]
    leader.tick()
    before_read = leader.sent(AppendEntries)[0].round

    request = leader.read()
    leader.receive(2, AppendEntriesResponse(term=1, round=before_read, match_index=1))
    after_the_earlier_round = request in leader.answers
    leader.receive(2, AppendEntriesResponse(term=1, round=before_read + 1, match_index=1))

    assert not after_the_earlier_round
    assert Readable(1) == leader.answers[request]


def test_a_read_waits_until_its_index_is_applied() -> None:
    """§6.4, step 4: the state machine must be as new as that."""
    host = Make.leader()
    host.propose(b"x")
    host.written()

    request = host.read()
    before = request in host.answers
    host.apply()

    assert not before
    assert Readable(2) == host.answers[request]


def test_one_round_serves_all_reads_that_wait() -> None:
    """§6.4: the cost of confirming is shared."""
    cluster = led()
    leader = cluster[1]
    first = leader.read()
    requests = [leader.read() for _ in range(10)]
    rounds_before = leader.sent(AppendEntries)[-1].round

    cluster.settle()

    assert all(isinstance(leader.answers[r], Readable) for r in (first, *requests))
    leader.tick()
    assert rounds_before + 2 == leader.sent(AppendEntries)[-1].round


def test_a_follower_reads_at_an_index_that_the_leader_confirms() -> None:
    """§6.4: so that followers help with reads, and none is stale."""
    cluster = led()
    cluster[1].propose(b"x")
    cluster.settle()
    cluster.beat(1)

    request = cluster[2].read()
    asked = cluster[2].sent(ReadIndex, to=1)
    cluster.settle()

    assert 1 == len(asked)
    assert Readable(2) == cluster[2].answers[request]


def test_a_follower_reads_once_it_has_applied_what_the_leader_had_committed() -> None:
    """§6.4: the index is the leader's, the state machine its own."""
    host = Make.host(2)
    host.receive(
        1, AppendEntries(term=1, round=1, prev=BEFORE_LOG, entries=entries(1), leader_commit=1)
    )
    host.written()
    request = host.read()
    (asked,) = host.sent(ReadIndex)

    host.receive(1, ReadIndexResponse(term=1, read=asked.read, index=1))
    before = request in host.answers
    host.apply()

    assert not before
    assert Readable(1) == host.answers[request]


def test_a_read_without_confirmation_says_as_of_when_it_is() -> None:
    """§6.4: a client may hold it against what it saw before, so that it never goes back."""
    cluster = led()
    cluster[1].propose(b"x")
    cluster.settle()

    request = cluster[2].ask(lambda request_id: ReadRequested(request_id, ReadPolicy.STALE))

    applied = cluster[2].status.last_applied
    assert Readable(applied, ReadPolicy.STALE) == cluster[2].answers[request]


def test_a_deposed_leader_answers_no_read() -> None:
    """§6.4: that is what the round is for."""
    cluster = led()
    cluster.cut_off = {1}
    request = cluster[1].read()
    cluster.settle()
    cluster.elect(2)

    cluster.cut_off = set()
    cluster.beat(2)

    assert isinstance(cluster[1].answers[request], Refused)


# --- §6.4.1 clocks ---------------------------------------------------------------------


def test_a_lease_begins_when_the_round_was_sent_and_ends_before_the_promise() -> None:
    """§6.4.1: the leader's clock and the followers' may differ in rate."""
    cluster = led(lease_us=LEASE_US)
    leader = cluster[1]
    sent_at = leader.now

    read = lease_read(leader)

    assert isinstance(read, Readable)
    assert read.valid_until is not None
    assert sent_at < read.valid_until < sent_at + LEASE_US


def test_a_lease_that_has_run_out_is_none() -> None:
    """§6.4.1: then a round is needed, as without."""
    leader = led(lease_us=LEASE_US)[1]
    leader.now += LEASE_US

    assert lease_read(leader) is None


def test_a_lease_is_none_before_the_leader_has_committed_in_its_term() -> None:
    """§6.4, §6.4.1: a lease says who leads, not what is committed."""
    configuration = attrs.evolve(Make.configuration(1), lease_us=LEASE_US)
    host = Make.host(configuration=configuration, voters=(1,))
    host.tick()
    host.written()

    before = (host.role, lease_read(host))
    host.work_all()

    assert (RoleName.LEADER, None) == before
    assert isinstance(lease_read(host), Readable)


def test_whoever_acknowledged_grants_no_vote_while_the_lease_may_last() -> None:
    """§6.4.1: the lease is safe only because of that."""
    cluster = led(lease_us=LEASE_US)
    follower = cluster[2]
    follower.now += LEASE_US - 1

    follower.receive(3, RequestVote(term=2, last=EntryId(9, 9)))

    assert 1 == follower.term


def test_a_leader_that_hands_over_gives_up_its_lease() -> None:
    """§6.4.1: the target may be elected before the lease has run out."""
    leader = led(lease_us=LEASE_US)[1]

    leader.ask(lambda request_id: TransferRequested(request_id, NodeId(2)))

    assert lease_read(leader) is None
