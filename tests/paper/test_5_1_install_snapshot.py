"""§5.1 InstallSnapshot: the leader's snapshot for whoever is too far behind (figure 5.3)."""

import attrs

from leto.raft.config import Config
from leto.raft.configuration import AddMember, MemberRole
from leto.raft.messages import (
    InstallSnapshot,
    InstallSnapshotResponse,
)
from leto.raft.types import EntryId
from tests.support.hosts import Cluster, Make, entries, member
from tests.support.situations import KEEP_NOTHING, behind, snapshot_of


def test_a_follower_that_needs_discarded_entries_is_sent_the_snapshot() -> None:
    """§5, §5.1: Whoever needs an entry that is discarded is sent the snapshot, then entries
    again.
    """
    cluster = behind()

    cluster.beat(1)

    assert cluster[1].status.last_applied == cluster[3].status.last_applied
    assert cluster[1].snapshot.last_included == cluster[3].snapshot.last_included


def test_a_new_server_is_sent_the_snapshot() -> None:
    """§5, §5.1: Whoever needs an entry that is discarded is sent the snapshot, then entries
    again.
    """
    cluster = Make.cluster(blank=[4], config=KEEP_NOTHING)
    cluster.elect(1)
    cluster[1].propose(b"aaaa")
    cluster.settle()
    cluster[1].request_snapshot()
    cluster.settle()

    cluster[1].change(AddMember(member(4, MemberRole.LEARNER)))
    cluster.beat(1)
    cluster.beat(1)

    assert cluster[1].snapshot.last_included == cluster[4].snapshot.last_included
    assert cluster[1].status.last_applied == cluster[4].status.last_applied


def test_a_leader_needs_no_snapshot_for_what_its_log_holds() -> None:
    """§5.1, figure 5.3: A snapshot is sent only if the next entry is discarded."""
    cluster = Cluster([Make.host(1, log=entries(1)), Make.host(2), Make.host(3)])

    cluster.elect(1)

    assert [] == cluster[1].sent(InstallSnapshot)
    assert cluster[1].disk.log == cluster[3].disk.log


def test_a_snapshot_comes_with_what_a_restart_needs() -> None:
    """§5.1, figure 5.3: With it come index and term of its last entry, and the configuration."""
    cluster = behind()
    cluster[1].tick()
    for _ in range(2):
        cluster.deliver()
    cluster[1].work_all()

    sent = cluster[1].sent(InstallSnapshot, to=3)[0].snapshot

    assert (EntryId(1, 3), (1, 2, 3)) == (sent.last_included, sent.configuration.voters)


def test_a_snapshot_is_split_into_chunks_that_go_in_order() -> None:
    """§5.1, figure 5.3: A snapshot goes in chunks, one after the other, each with its offset."""
    cluster = behind()
    offsets: list[int] = []

    cluster[1].tick()
    while cluster.deliver():
        for host in cluster.hosts.values():
            host.work_all()
        offsets += [m.offset for m in cluster[1].sent(InstallSnapshot)]

    assert [0, 4] == offsets


def test_a_chunk_is_answered_with_where_the_next_one_begins() -> None:
    """§5.1, figure 5.3: A chunk that is durable is answered with where the next one begins."""
    message = snapshot_of(behind())
    host = Make.host(3, term=1)

    host.receive(1, attrs.evolve(message, data=message.data[:4]))
    before = host.sent(InstallSnapshotResponse)
    host.written()

    assert [] == before
    assert [4] == [m.next_offset for m in host.sent(InstallSnapshotResponse)]


def test_a_chunk_that_does_not_follow_is_asked_for_again() -> None:
    """§5.1, figure 5.3: What does not follow what has arrived is asked for again."""
    message = snapshot_of(behind())
    host = Make.host(3, term=1)

    host.receive(1, attrs.evolve(message, offset=4, data=message.data[4:]))

    assert [0] == [m.next_offset for m in host.sent(InstallSnapshotResponse)]
    assert [] == host.writes


def test_a_chunk_that_was_lost_is_sent_again() -> None:
    """§5.1: A chunk that was lost is sent again."""
    cluster = behind()
    cluster[1].tick()
    for _ in range(2):
        cluster.deliver()
    cluster[1].work_all()
    lost = cluster[1].take_sent(InstallSnapshot)

    for _ in range(8):
        cluster.beat(1)

    assert 1 == len(lost)
    assert cluster[1].snapshot.last_included == cluster[3].snapshot.last_included


def test_each_chunk_is_a_sign_of_life() -> None:
    """§5.1, figure 5.3: Each chunk is a sign of life that puts the follower's election off."""
    cluster = behind()
    follower = cluster[3]
    cluster[1].tick()
    for _ in range(2):
        cluster.deliver()
    cluster[1].work_all()
    follower.now = follower.deadline - 1

    follower.receive(1, cluster[1].sent(InstallSnapshot)[0])

    assert follower.deadline >= follower.now + Config().election_timeout_min_us


def test_a_snapshot_of_a_stale_term_is_rejected() -> None:
    """§5.1, figure 5.3: A chunk of an earlier term is rejected, and told the later one."""
    message = snapshot_of(behind())
    host = Make.host(3, term=7)

    host.receive(1, message)

    assert [7] == [m.term for m in host.sent(InstallSnapshotResponse)]
    assert [] == host.writes


def test_a_snapshot_with_news_replaces_the_whole_log() -> None:
    """§5.1, figure 5.3: A snapshot with news replaces the whole log, what contradicts it too."""
    message = snapshot_of(behind())
    host = Make.host(3, log=entries(1, 1))
    other = Make.host(3, term=1, log=entries(*[0] * 5))

    for follower in (host, other):
        follower.receive(1, message)
        follower.work_all()

    assert [[], []] == [host.disk.log, other.disk.log]
    assert [EntryId(1, 3)] * 2 == [host.status.last_log, other.status.last_log]


def test_a_newer_snapshot_takes_the_place_of_a_part() -> None:
    """§5.1, figure 5.3: A newer snapshot takes the place of what has arrived of another one."""
    cluster = behind()
    part = snapshot_of(cluster)
    cluster.cut_off = {3}
    cluster[1].propose(b"cccc")
    cluster.settle()
    cluster[1].request_snapshot()
    cluster.settle()
    newer = snapshot_of(cluster)
    host = Make.host(3, term=1)
    host.receive(1, attrs.evolve(part, data=part.data[:4]))

    host.receive(1, newer)
    host.work_all()

    assert EntryId(1, 4) == host.snapshot.last_included
    assert newer.data == host.disk.contents[EntryId(1, 4)]


def test_a_snapshot_of_a_prefix_leaves_the_entries_behind_it() -> None:
    """§5.1, figure 5.3: A snapshot of what the log holds already leaves the entries behind it."""
    message = snapshot_of(behind())
    host = Make.host(3, log=entries(1, 1, 1, 1, 1))

    host.receive(1, message)
    host.work_all()

    assert EntryId(1, 5) == host.status.last_log
    assert [3] == [m.match_index for m in host.sent(InstallSnapshotResponse)]


def test_the_state_machine_becomes_what_a_leaders_snapshot_holds() -> None:
    """§5.1, figure 5.3: The state machine becomes what the snapshot holds, and so does the
    configuration.
    """
    message = snapshot_of(behind())
    host = Make.host(3, voters=(3, 8, 9), log=entries(1, 1))

    host.receive(1, message)
    host.written()
    ordered = host.restores[0].snapshot
    host.restore()

    assert EntryId(1, 3) == ordered.last_included
    assert message.data == host.disk.contents[ordered.last_included]
    assert (3, (1, 2, 3)) == (host.status.last_applied, host.status.configuration.voters)
