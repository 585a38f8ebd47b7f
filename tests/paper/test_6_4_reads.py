"""§6.4 Processing read-only queries more efficiently."""

from leto.raft.actions import Readable, Refused, RoleName
from leto.raft.entries import Noop
from leto.raft.messages import AppendEntries, AppendEntriesResponse, ReadIndex, ReadIndexResponse
from leto.raft.types import BEFORE_LOG, EntryId
from tests.support.hosts import Cluster, Make, entries
from tests.support.situations import led


def test_a_read_writes_nothing() -> None:
    """§6.4: A read adds nothing to the log."""
    cluster = led()

    cluster[1].read()
    cluster.settle()

    assert EntryId(1, 1) == cluster[1].status.last_log
    assert [] == cluster[1].writes


def test_a_leader_opens_its_term_with_an_empty_entry() -> None:
    """§6.4: A leader opens its term with an empty entry, to learn what is committed."""
    cluster = Cluster([Make.host(number, log=entries(1)) for number in (1, 2, 3)])

    leader = cluster.elect(1)

    assert [Noop()] == [e.payload for e in leader.disk.log[1:]]
    assert 2 == leader.status.commit_index


def test_a_read_waits_until_the_leader_has_committed_in_its_term() -> None:
    """§6.4, figure 6.1: A read waits until the leader has committed in its own term."""
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
    """§6.4, figure 6.1: A read's index is the commit index of when it came."""
    cluster = led()
    leader = cluster[1]

    request = leader.read()
    leader.propose(b"x")
    cluster.settle()

    assert Readable(1) == leader.answers[request]


def test_a_read_waits_for_a_round_of_heartbeats_that_began_after_it() -> None:
    """§6.4, figure 6.1: A majority confirms the leader, in a round of heartbeats that began
    after the read came.
    """
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


def test_a_deposed_leader_answers_no_read() -> None:
    """§6.4: A leader that was deposed without knowing it answers no read."""
    cluster = led()
    cluster.cut_off = {1}
    request = cluster[1].read()
    cluster.settle()
    cluster.elect(2)

    cluster.cut_off = set()
    cluster.beat(2)

    assert isinstance(cluster[1].answers[request], Refused)


def test_a_read_waits_until_its_index_is_applied() -> None:
    """§6.4, figure 6.1: A read waits until its index is applied."""
    host = Make.leader()
    host.propose(b"x")
    host.written()

    request = host.read()
    before = request in host.answers
    host.apply()

    assert not before
    assert Readable(2) == host.answers[request]


def test_one_round_serves_all_reads_that_wait() -> None:
    """§6.4: One round serves all reads that wait."""
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
    """§6.4: A follower asks the leader for the index, and reads its own state machine once that
    is there.
    """
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
    """§6.4: A follower asks the leader for the index, and reads its own state machine once that
    is there.
    """
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
