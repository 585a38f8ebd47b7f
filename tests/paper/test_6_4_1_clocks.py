"""§6.4.1 Using clocks to reduce messaging for read-only queries."""

import attrs

from leto.raft.actions import Outcome, Readable, RoleName
from leto.raft.events import ReadPolicy, ReadRequested, TransferRequested
from leto.raft.messages import AppendEntries, AppendEntriesResponse, RequestVote
from leto.raft.types import EntryId, NodeId
from tests.support.hosts import Host, Make
from tests.support.situations import LEASE_US, led


def lease_read(host: Host) -> Outcome | None:
    request = host.ask(lambda request_id: ReadRequested(request_id, ReadPolicy.LEASE))
    return host.answers.get(request)


def test_a_lease_begins_when_the_round_was_sent_and_ends_before_the_promise() -> None:
    """§6.4.1, figure 6.3: A lease counts from when the heartbeats were sent, and leaves room for
    clocks that drift.
    """
    cluster = led(lease_us=LEASE_US)
    leader = cluster[1]
    sent_at = leader.now

    read = lease_read(leader)

    assert isinstance(read, Readable)
    assert read.valid_until is not None
    assert sent_at < read.valid_until < sent_at + LEASE_US


def test_a_lease_is_extended_when_a_majority_has_acknowledged() -> None:
    """§6.4.1, figure 6.3: A lease is extended when a majority has acknowledged the heartbeats."""
    leader = led(lease_us=LEASE_US)[1]
    leader.now += LEASE_US
    leader.tick()
    (heartbeat,) = leader.sent(AppendEntries, to=2)[-1:]
    before = lease_read(leader)

    leader.receive(2, AppendEntriesResponse(term=1, round=heartbeat.round, match_index=1))

    assert before is None
    assert isinstance(lease_read(leader), Readable)


def test_a_lease_that_has_run_out_is_none() -> None:
    """§6.4.1: A lease that has run out serves no read."""
    leader = led(lease_us=LEASE_US)[1]
    leader.now += LEASE_US

    assert lease_read(leader) is None


def test_a_lease_is_none_before_the_leader_has_committed_in_its_term() -> None:
    """§6.4.1, §6.4: A lease says who leads, not what is committed: a read waits for that as
    ever.
    """
    configuration = attrs.evolve(Make.configuration(1), lease_us=LEASE_US)
    host = Make.host(configuration=configuration, voters=(1,))
    host.tick()
    host.written()

    before = (host.role, lease_read(host))
    host.work_all()

    assert (RoleName.LEADER, None) == before
    assert isinstance(lease_read(host), Readable)


def test_whoever_acknowledged_grants_no_vote_while_the_lease_may_last() -> None:
    """§6.4.1: Nobody else is elected while a lease may last."""
    cluster = led(lease_us=LEASE_US)
    follower = cluster[2]
    follower.now += LEASE_US - 1

    follower.receive(3, RequestVote(term=2, last=EntryId(9, 9)))

    assert 1 == follower.term


def test_a_leader_that_hands_over_gives_up_its_lease() -> None:
    """§6.4.1: A leader that hands over gives up its lease."""
    leader = led(lease_us=LEASE_US)[1]

    leader.ask(lambda request_id: TransferRequested(request_id, NodeId(2)))

    assert lease_read(leader) is None


def test_a_read_without_confirmation_says_as_of_when_it_is() -> None:
    """§6.4.1: An answer says as of which index it is, so that a client can see to it that time
    does not go back.
    """
    cluster = led()
    cluster[1].propose(b"x")
    cluster.settle()

    request = cluster[2].ask(lambda request_id: ReadRequested(request_id, ReadPolicy.STALE))

    applied = cluster[2].status.last_applied
    assert Readable(applied, ReadPolicy.STALE) == cluster[2].answers[request]
