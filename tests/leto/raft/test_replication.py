"""Replication (§3.5): the leader's AppendEntries and the follower's consent."""

from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.actions import Committed, Refusal, Refused, RoleName, Unknown
from leto.raft.config import Config
from leto.raft.configuration import AddMember
from leto.raft.entries import ENTRY_OVERHEAD_BYTES, Command, Entry, Noop
from leto.raft.events import (
    CommandsProposed,
    DiskRoomChanged,
    SnapshotRequested,
    TimerFired,
    TransferRequested,
)
from leto.raft.messages import NO_ROOM, AppendEntries, AppendEntriesResponse, Conflict
from leto.raft.progress import Mode
from leto.raft.types import BEFORE_LOG, EntryId, Index, NodeId, Term

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Cluster, Host, Make


def append(
    *entries: Entry,
    prev: EntryId = BEFORE_LOG,
    term: Term = 1,
    round_: int = 0,
    leader_commit: Index = 0,
) -> AppendEntries:
    return AppendEntries(
        term=term, round=round_, prev=prev, entries=entries, leader_commit=leader_commit
    )


def matched(match_index: Index, *, term: Term = 1, round_: int = 0) -> AppendEntriesResponse:
    return AppendEntriesResponse(term=term, round=round_, match_index=match_index)


def rejected(prev: EntryId, hint: EntryId, *, match_index: Index = 0) -> AppendEntriesResponse:
    return AppendEntriesResponse(
        term=1, round=0, match_index=match_index, conflict=Conflict(prev, hint)
    )


def responses(host: "Host") -> list[AppendEntriesResponse]:
    return host.take_sent(AppendEntriesResponse)


def mode(leader: "Host", number: int) -> Mode:
    return next(f.mode for f in leader.status.followers if f.node_id == number)


@pytest.fixture
def cluster(make: "type[Make]") -> "Cluster":
    """Three voters of which the first leads, its no-op committed everywhere."""
    cluster = make.cluster()
    cluster.elect(1)
    cluster.beat(1)
    return cluster


# --- proposals -----------------------------------------------------------------------


def test_a_command_is_answered_once_it_is_committed_and_applied(cluster: "Cluster") -> None:
    leader = cluster[1]

    request = leader.propose(b"x")
    assert {} == leader.answers
    cluster.settle()

    assert {request: Committed(EntryId(1, 2))} == leader.answers
    assert [b"x"] * 3 == [host.content() for host in cluster.hosts.values()]


def test_many_commands_are_one_write_and_one_message_a_follower(cluster: "Cluster") -> None:
    leader = cluster[1]

    leader.propose(b"x", b"y", b"z")

    assert [3] == [len(write.entries) for write in leader.writes]
    assert [3] == [len(message.entries) for message in leader.sent(AppendEntries, to=2)]


def test_no_commands_write_nothing(cluster: "Cluster") -> None:
    assert [] == cluster[1].handle(CommandsProposed(()))


def test_follower_refuses_proposals_and_names_the_leader(cluster: "Cluster") -> None:
    request = cluster[2].propose(b"x")

    assert {request: Refused(Refusal.NOT_LEADER, NodeId(1))} == cluster[2].answers


def test_proposals_are_refused_while_too_much_is_uncommitted(make: "type[Make]") -> None:
    leader = make.leader(config=Config(uncommitted_bytes_max=2 * ENTRY_OVERHEAD_BYTES))
    leader.propose(b"x", b"y")

    refused = leader.propose(b"z")

    assert Refused(Refusal.TOO_MUCH_UNCOMMITTED, NodeId(1)) == leader.answers[refused]
    leader.work_all()
    accepted = leader.propose(b"z")
    leader.work_all()
    assert Committed(EntryId(1, 4)) == leader.answers[accepted]


def test_uncommitted_proposals_of_a_lost_leadership_are_unknown(cluster: "Cluster") -> None:
    leader = cluster[1]
    committed = leader.propose(b"x")
    leader.receive(2, matched(2))
    leader.receive(3, matched(2))
    lost = leader.propose(b"y")

    leader.receive(2, append(term=2))
    assert {lost: Unknown(NodeId(2))} == leader.answers
    leader.work_all()

    assert Committed(EntryId(1, 2)) == leader.answers[committed]


def test_a_proposal_whose_entry_another_leader_replaces_and_commits_is_unknown(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    """The first word of the new leader may bring the step-down, the other entry and its commit."""
    leader = cluster[1]
    lost = leader.propose(b"lost")

    leader.receive(
        2, append(make.entry(2, 2, b"other"), prev=EntryId(1, 1), term=2, leader_commit=2)
    )
    leader.work_all()

    assert (b"other", {lost: Unknown(NodeId(2))}) == (leader.content(), leader.answers)


def test_a_proposal_that_another_leader_commits_is_committed(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    leader = cluster[1]
    kept = leader.propose(b"kept")

    leader.receive(2, append(prev=EntryId(1, 2), term=2, leader_commit=2))
    leader.work_all()

    assert {kept: Committed(EntryId(1, 2))} == leader.answers


# --- what the leader sends -----------------------------------------------------------


def test_entries_go_out_while_the_leader_still_writes_them(cluster: "Cluster") -> None:
    """§10.2.1."""
    leader = cluster[1]

    leader.propose(b"x")

    assert 1 == len(leader.writes)
    assert [2] == [message.entries[-1].id.index for message in leader.sent(AppendEntries, to=2)]


def test_replication_does_not_wait_for_answers_as_far_as_the_window_goes(
    make: "type[Make]",
) -> None:
    cluster = make.cluster(config=Config(appends_in_flight_max=2))
    leader = cluster.elect(1)
    cluster.beat(1)

    for command in (b"a", b"b", b"c"):
        leader.propose(command)

    assert [2, 3] == [message.entries[0].id.index for message in leader.sent(AppendEntries, to=2)]
    leader.take_sent(AppendEntries)
    leader.receive(2, matched(2))
    assert [4] == [message.entries[0].id.index for message in leader.sent(AppendEntries, to=2)]


def test_the_window_counts_bytes_too(make: "type[Make]") -> None:
    cluster = make.cluster(config=Config(bytes_in_flight_max=100))
    leader = cluster.elect(1)
    cluster.beat(1)

    leader.propose(bytes(100))
    leader.propose(b"waits")

    assert [2] == [message.entries[0].id.index for message in leader.sent(AppendEntries, to=2)]


def test_a_message_has_a_size_but_one_entry_always_goes(make: "type[Make]") -> None:
    cluster = make.cluster(config=Config(append_bytes_max=2 * ENTRY_OVERHEAD_BYTES + 2))
    leader = cluster.elect(1)
    cluster.beat(1)

    leader.propose(b"a", b"b", bytes(1000), b"c")

    sent = leader.sent(AppendEntries, to=2)
    assert [[2, 3], [4], [5]] == [[e.id.index for e in m.entries] for m in sent]


def test_an_idle_follower_hears_at_once_what_is_committed(cluster: "Cluster") -> None:
    leader = cluster[1]
    leader.propose(b"x")
    leader.written()
    leader.receive(3, matched(2))
    leader.outbox.clear()

    leader.receive(2, matched(2))

    assert [2] == [message.leader_commit for message in leader.sent(AppendEntries, to=2)]
    assert [] == leader.receive(2, matched(2))


def test_a_heartbeat_does_not_wait_for_the_window(make: "type[Make]") -> None:
    cluster = make.cluster(config=Config(appends_in_flight_max=1))
    leader = cluster.elect(1)
    cluster.beat(1)
    leader.propose(b"x")
    leader.propose(b"y")
    leader.outbox.clear()

    leader.tick()

    (heartbeat,) = leader.sent(AppendEntries, to=2)
    assert (EntryId(1, 2), ()) == (heartbeat.prev, heartbeat.entries)


def test_followers_learn_the_commit_index_with_the_next_entries(cluster: "Cluster") -> None:
    leader = cluster[1]
    leader.propose(b"x")
    leader.receive(2, matched(2))
    leader.written()
    leader.outbox.clear()

    leader.propose(b"y")

    assert [2] == [message.leader_commit for message in leader.sent(AppendEntries, to=2)]


# --- finding the match again ---------------------------------------------------------


def test_lost_entries_are_noticed_by_a_heartbeat_and_sent_again(cluster: "Cluster") -> None:
    leader, follower = cluster[1], cluster[3]
    leader.propose(b"x")
    leader.propose(b"y")
    leader.outbox.clear()

    cluster.beat(1)
    cluster.beat(1)

    assert leader.status.last_log == follower.status.last_log
    assert Mode.REPLICATE is mode(leader, 3)


def test_a_probe_is_sent_once_until_it_is_answered_or_a_heartbeat_interval_has_passed(
    cluster: "Cluster",
) -> None:
    leader = cluster[1]
    leader.propose(b"x")
    leader.outbox.clear()
    leader.receive(2, rejected(EntryId(1, 2), EntryId(1, 1)))
    assert Mode.PROBE is mode(leader, 2)
    assert [1] == [len(message.entries) for message in leader.take_sent(AppendEntries, to=2)]

    leader.propose(b"y")
    assert [] == leader.take_sent(AppendEntries, to=2)
    leader.tick()

    assert [0, 2] == [len(message.entries) for message in leader.sent(AppendEntries, to=2)]


def test_the_logs_are_compared_a_term_at_a_time(make: "type[Make]") -> None:
    """§3.5: not one entry at a time, or a hundred entries would be a hundred messages."""
    host = make.host(log=make.entries(*[1] * 10, *[4] * 10))
    follower = make.host(2, log=make.entries(*[1] * 10, *[2] * 50, *[3] * 50))
    cluster = type(make.cluster())([host, follower])
    round_trips = 0

    host.tick()
    cluster.settle()
    while follower.status.last_log != host.status.last_log:
        host.tick()
        cluster.settle()
        round_trips += 1

    assert round_trips <= 2
    assert host.plays(RoleName.LEADER)


def test_whoever_acknowledges_promises_what_the_message_asks_for(make: "type[Make]") -> None:
    follower = make.host()
    heartbeat = attrs.evolve(append(), lease_us=5_000_000)
    follower.receive(2, heartbeat)
    follower.written()
    since = follower.now

    follower.tick()

    assert since + 5_000_000 == follower.deadline


def test_a_rejection_names_where_the_logs_may_agree(make: "type[Make]") -> None:
    follower = make.host(log=make.entries(1, 1, 1, 3, 3))

    follower.receive(2, append(prev=EntryId(2, 5), term=4))
    follower.receive(2, append(prev=EntryId(4, 9), term=4))
    follower.written()

    assert [
        Conflict(EntryId(2, 5), EntryId(1, 3)),
        Conflict(EntryId(4, 9), EntryId(3, 5)),
    ] == [response.conflict for response in responses(follower)]


def test_late_rejections_change_nothing(cluster: "Cluster") -> None:
    leader = cluster[1]
    leader.propose(b"x")
    leader.receive(2, matched(2))
    leader.outbox.clear()

    leader.receive(2, rejected(EntryId(1, 2), BEFORE_LOG))
    assert Mode.REPLICATE is mode(leader, 2)

    leader.propose(b"y")
    leader.propose(b"z")
    leader.receive(2, rejected(EntryId(1, 4), EntryId(1, 2)))
    assert Mode.PROBE is mode(leader, 2)
    leader.outbox.clear()
    leader.receive(2, rejected(EntryId(1, 4), BEFORE_LOG))
    assert [] == leader.outbox


def test_a_rejection_in_the_middle_of_a_snapshot_changes_nothing(make: "type[Make]") -> None:
    cluster = make.cluster(config=Config(trailing_entries=0))
    cluster.cut_off = {3}
    leader = cluster.elect(1)
    leader.request_snapshot()
    leader.work_all()
    assert Mode.SNAPSHOT is mode(leader, 3)
    leader.outbox.clear()

    leader.receive(3, rejected(EntryId(1, 1), BEFORE_LOG))
    leader.propose(b"x")
    leader.tick()

    assert Mode.SNAPSHOT is mode(leader, 3)
    assert [(BEFORE_LOG, ())] == [(m.prev, m.entries) for m in leader.sent(AppendEntries, to=3)]


@pytest.mark.parametrize(
    "sender, response",
    [
        (9, matched(2)),  # a stranger
        (2, matched(2, round_=99)),  # of a round that has not begun
        (2, matched(3)),  # of more than there is
    ],
)
def test_an_acknowledgement_that_cannot_be_does_not_count(
    cluster: "Cluster", sender: int, response: AppendEntriesResponse
) -> None:
    leader = cluster[1]
    leader.propose(b"x")
    leader.written()
    before = leader.status.followers

    leader.receive(sender, response)

    assert (before, 1) == (leader.status.followers, leader.status.commit_index)


def test_a_late_acknowledgement_takes_nothing_back(cluster: "Cluster") -> None:
    leader = cluster[1]
    leader.propose(b"x")
    leader.receive(2, matched(2))

    leader.receive(2, matched(1))

    assert [2, 1] == [follower.match_index for follower in leader.status.followers]


def test_a_follower_ignores_acknowledgements(cluster: "Cluster") -> None:
    assert [] == cluster[2].receive(3, matched(1))


# --- the follower --------------------------------------------------------------------


def test_following_is_attested_at_once_and_the_log_once_it_is_durable(make: "type[Make]") -> None:
    follower = make.host(term=1)

    follower.receive(2, append(*make.entries(1, 1), round_=5))
    assert [matched(0, round_=5)] == responses(follower)
    follower.written()

    assert [matched(2, round_=5)] == responses(follower)


def test_nothing_is_attested_in_a_term_that_is_not_durable(make: "type[Make]") -> None:
    follower = make.host()

    follower.receive(2, append(round_=5))

    assert [] == responses(follower)
    follower.written()
    assert [matched(0, round_=5)] == responses(follower)


def test_one_response_is_enough_if_the_round_is_no_news(make: "type[Make]") -> None:
    follower = make.host(term=1)
    follower.receive(2, append(round_=5))
    responses(follower)

    follower.receive(2, append(*make.entries(1), round_=5))

    assert [] == responses(follower)
    follower.written()
    assert [matched(1, round_=5)] == responses(follower)


def test_each_write_is_told_until_all_that_matched_is_durable(make: "type[Make]") -> None:
    follower = make.host(term=1)
    follower.receive(2, append(*make.entries(1)))
    follower.receive(2, append(*make.entries(1, after=1), prev=EntryId(1, 1)))

    follower.written(writes=1)
    assert [matched(1)] == responses(follower)
    follower.written()
    assert [matched(2)] == responses(follower)

    follower.request_snapshot()
    follower.receive(2, append(prev=EntryId(1, 2), leader_commit=2))
    follower.apply()
    responses(follower)
    follower.request_snapshot()
    follower.take()
    follower.written()
    assert [] == responses(follower)


def test_entries_that_are_there_already_are_answered_at_once_but_no_sooner_counted(
    make: "type[Make]",
) -> None:
    follower = make.host(term=1)
    follower.receive(2, append(*make.entries(1, 1)))

    follower.receive(2, append(*make.entries(1, 1)))

    assert [matched(0)] == responses(follower)
    assert 1 == len(follower.writes)


def test_a_follower_acknowledges_no_more_than_the_leader_has_shown(make: "type[Make]") -> None:
    """What lies behind may contradict the leader's log."""
    follower = make.host(log=make.entries(1, 1, 1, 1), term=2)

    follower.receive(2, append(prev=EntryId(1, 2), term=2, leader_commit=4))

    assert [matched(2, term=2)] == responses(follower)
    assert 2 == follower.status.commit_index


def test_follower_rejects_entries_when_prev_log_term_differs(make: "type[Make]") -> None:
    follower = make.host(log=make.entries(1, 1), term=2)

    follower.receive(2, append(make.entry(3, 2), prev=EntryId(2, 2), term=2, leader_commit=2))

    assert [Conflict(EntryId(2, 2), EntryId(1, 2))] == [r.conflict for r in responses(follower)]
    assert (EntryId(1, 2), 0) == (follower.status.last_log, follower.status.commit_index)


def test_follower_replaces_entries_that_contradict_the_leader(make: "type[Make]") -> None:
    follower = make.host(log=make.entries(1, 1, 1), term=2)

    follower.receive(
        2, append(make.entry(2, 2, b"a"), make.entry(3, 2, b"b"), prev=EntryId(1, 1), term=2)
    )

    assert [2] == [write.truncate_from for write in follower.writes]
    follower.written()
    assert [1, 2, 2] == [entry.id.term for entry in follower.disk.log]


def test_a_late_short_message_does_not_shorten_the_log(make: "type[Make]") -> None:
    follower = make.host(log=make.entries(1, 1, 1))

    follower.receive(2, append(make.entry(1, 1)))

    assert EntryId(1, 3) == follower.status.last_log
    assert [] == follower.writes


def test_commit_index_never_falls(make: "type[Make]") -> None:
    follower = make.host(log=make.entries(1, 1, 1))
    follower.receive(2, append(prev=EntryId(1, 3), leader_commit=3))

    follower.receive(2, append(prev=EntryId(1, 3), leader_commit=1))

    assert 3 == follower.status.commit_index


def test_entries_that_are_compacted_here_agree(make: "type[Make]") -> None:
    cluster = make.cluster(config=Config(trailing_entries=0))
    leader = cluster.elect(1)
    leader.propose(b"x", b"y")
    cluster.settle()
    cluster.beat(1)
    follower = cluster[2]
    follower.request_snapshot()
    follower.work_all()
    assert 4 == follower.status.first_index
    follower.outbox.clear()

    follower.receive(1, append(*make.entries(1, 1, 1, 1), leader_commit=3))
    follower.work_all()

    assert [4] == [response.match_index for response in responses(follower)]


def test_entries_that_contradict_a_committed_one_are_ignored(make: "type[Make]") -> None:
    """No leader can send them; whoever did is not one of ours."""
    follower = make.host(log=make.entries(1, 1))
    follower.receive(2, append(prev=EntryId(1, 2), leader_commit=2))
    follower.work_all()
    follower.outbox.clear()

    follower.receive(2, append(make.entry(2, 3), prev=EntryId(1, 1), term=3))

    assert (EntryId(1, 2), []) == (follower.status.last_log, responses(follower))


def test_entries_that_contradict_what_is_compacted_are_ignored(make: "type[Make]") -> None:
    follower = make.host(config=Config(trailing_entries=0), log=make.entries(2, 2))
    follower.receive(2, append(prev=EntryId(2, 2), term=2, leader_commit=2))
    follower.work_all()
    follower.request_snapshot()
    follower.work_all()
    follower.outbox.clear()

    follower.receive(2, append(*make.entries(1, 1, 1), term=2))

    assert (EntryId(2, 2), []) == (follower.status.last_log, responses(follower))


@pytest.mark.parametrize("case", ["gap", "falling term", "future term", "future prev"])
def test_entries_that_are_no_log_are_ignored(make: "type[Make]", case: str) -> None:
    follower = make.host(term=2)
    message = {
        "gap": append(make.entry(1, 1), make.entry(3, 1), term=2),
        "falling term": append(make.entry(1, 2), make.entry(2, 1), term=2),
        "future term": append(make.entry(1, 3), term=2),
        "future prev": append(prev=EntryId(3, 0), term=2),
    }[case]

    follower.receive(2, message)

    assert ([], []) == (follower.outbox, follower.writes)


def test_the_leaders_word_starts_patience_anew(make: "type[Make]") -> None:
    follower = make.host(term=1)
    follower.now = follower.deadline - 1

    follower.receive(2, append())

    assert follower.now + 1_000_000 <= follower.deadline


# --- stepping down -------------------------------------------------------------------


def test_a_leader_without_a_quorum_steps_down(cluster: "Cluster") -> None:
    leader = cluster[1]
    lost = leader.propose(b"x")
    since = leader.now

    while leader.role is RoleName.LEADER:
        leader.tick()

    assert 1_000_000 < leader.now - since <= 1_200_000
    assert (None, {lost: Unknown()}) == (leader.status.leader, leader.answers)


def test_a_leader_with_a_quorum_stays(cluster: "Cluster") -> None:
    leader = cluster[1]
    since = leader.now

    while leader.now - since < 3_000_000:
        leader.tick()
        leader.receive(2, matched(0))

    assert leader.plays(RoleName.LEADER)


def test_a_leader_whose_disk_is_stuck_steps_down(cluster: "Cluster") -> None:
    leader = cluster[1]
    leader.propose(b"x")
    since = leader.now

    while leader.role is RoleName.LEADER:
        leader.tick()
        leader.receive(2, matched(2))
        leader.receive(3, matched(2))
        leader.read()

    assert 1_000_000 < leader.now - since <= 1_200_000


def test_a_leaders_timer_that_fires_early_does_nothing(cluster: "Cluster") -> None:
    assert [] == cluster[1].handle(TimerFired(), after=1)


def test_each_response_is_to_the_round_of_its_message(make: "type[Make]") -> None:
    follower = make.host(term=1)

    follower.receive(2, append(round_=5))
    follower.receive(2, append(round_=3))

    assert [5, 3] == [response.round for response in responses(follower)]


# --- other reasons to refuse, and to give up -----------------------------------------


def test_a_full_disk_refuses_proposals(cluster: "Cluster") -> None:
    leader = cluster[1]
    leader.handle(DiskRoomChanged(has_room=False))

    request = leader.propose(b"x")

    assert {request: Refused(Refusal.DISK_FULL, NodeId(1))} == leader.answers


# --- a follower's disk is full -------------------------------------------------------


def fill_disk(host: "Host") -> None:
    host.handle(DiskRoomChanged(has_room=False))


def no_room(match_index: Index) -> AppendEntriesResponse:
    return AppendEntriesResponse(term=1, round=0, match_index=match_index, conflict=NO_ROOM)


def test_a_follower_with_a_full_disk_takes_no_commands(make: "type[Make]") -> None:
    follower = make.host(term=1)
    follower.receive(2, append(make.entry(1, 1, b"x")))
    follower.work_all()
    fill_disk(follower)
    follower.outbox.clear()

    follower.receive(
        2, append(make.entry(2, 1, b"y"), prev=EntryId(1, 1), round_=4, leader_commit=2)
    )
    follower.work_all()

    assert [attrs.evolve(no_room(1), round=4)] == responses(follower)
    assert (1, 1) == (follower.status.last_log.index, follower.status.commit_index)


def test_a_full_disk_still_takes_what_is_rafts_own(make: "type[Make]") -> None:
    follower = make.host(term=1)
    follower.receive(2, append(make.entry(1, 1, b"x")))
    follower.work_all()
    fill_disk(follower)
    follower.outbox.clear()
    opening = Entry(EntryId(1, 2), Noop())

    follower.receive(2, append(make.entry(1, 1, b"x"), opening, make.entry(3, 1, b"y")))
    follower.work_all()

    assert [no_room(2)] == responses(follower)
    assert EntryId(1, 2) == follower.status.last_log


def test_a_full_disk_compares_nothing_with_what_is_compacted(make: "type[Make]") -> None:
    follower = make.host(term=1, config=Config(trailing_entries=0, trailing_bytes=0))
    follower.receive(2, append(make.entry(1, 1), make.entry(2, 1), leader_commit=2))
    follower.work_all()
    follower.request_snapshot()
    follower.work_all()
    assert 3 == follower.status.first_index
    fill_disk(follower)
    follower.outbox.clear()

    follower.receive(2, append(make.entry(1, 1), make.entry(2, 1)))

    assert [no_room(2)] == responses(follower)


def test_a_follower_with_room_again_takes_what_it_is_sent(make: "type[Make]") -> None:
    follower = make.host(term=1)
    fill_disk(follower)
    follower.receive(2, append(make.entry(1, 1, b"x")))
    follower.handle(DiskRoomChanged(has_room=True))
    follower.outbox.clear()

    follower.receive(2, append(make.entry(1, 1, b"x")))
    follower.work_all()

    assert [matched(1)] == responses(follower)


def test_a_follower_with_a_full_disk_is_sent_heartbeats_only(cluster: "Cluster") -> None:
    leader = cluster[1]
    leader.propose(b"x")
    leader.receive(2, no_room(1))
    leader.outbox.clear()

    leader.propose(b"y")
    leader.tick()

    (heartbeat,) = leader.sent(AppendEntries, to=2)
    assert (EntryId(1, 1), ()) == (heartbeat.prev, heartbeat.entries)
    assert Mode.PROBE is mode(leader, 2)
    assert [b"y"] == [
        entry.payload.data
        for message in leader.sent(AppendEntries, to=3)
        for entry in message.entries
        if isinstance(entry.payload, Command)
    ]


def test_a_follower_with_room_again_is_sent_what_it_lacks(cluster: "Cluster") -> None:
    leader = cluster[1]
    leader.propose(b"x")
    leader.receive(2, no_room(1))
    leader.receive(2, no_room(1))
    leader.outbox.clear()

    leader.receive(2, matched(1))

    assert [[2]] == [[e.id.index for e in m.entries] for m in leader.sent(AppendEntries, to=2)]
    assert Mode.REPLICATE is mode(leader, 2)


def test_what_is_rafts_own_goes_to_a_full_disk_too(cluster: "Cluster", make: "type[Make]") -> None:
    leader = cluster[1]
    leader.receive(2, no_room(1))
    leader.outbox.clear()

    leader.change(AddMember(make.member(4)))

    assert [2] == [m.entries[0].id.index for m in leader.sent(AppendEntries, to=2)]


def test_a_full_disk_gets_no_snapshot_until_it_has_room(make: "type[Make]") -> None:
    cluster = make.cluster(config=Config(trailing_entries=0, trailing_bytes=0))
    leader = cluster.elect(1)
    cluster.beat(1)
    leader.receive(2, no_room(1))
    leader.propose(b"x")
    leader.receive(3, matched(2))
    leader.work_all()
    leader.ask(SnapshotRequested)
    leader.work_all()
    assert 3 == leader.status.first_index
    leader.tick()
    assert Mode.PROBE is mode(leader, 2)

    leader.receive(2, matched(1))

    assert Mode.SNAPSHOT is mode(leader, 2)


def test_proposals_are_refused_while_a_quorum_of_disks_is_full(cluster: "Cluster") -> None:
    leader = cluster[1]
    leader.receive(2, no_room(1))
    taken = leader.propose(b"x")
    leader.receive(3, no_room(1))

    refused = leader.propose(b"y")

    assert {refused: Refused(Refusal.DISKS_FULL, NodeId(1))} == leader.answers
    leader.receive(2, matched(1))
    leader.receive(2, matched(2))
    leader.receive(3, matched(1))
    leader.propose(b"y")
    cluster.settle()
    assert Committed(EntryId(1, 2)) == leader.answers[taken]


def test_a_cluster_goes_on_without_a_follower_whose_disk_is_full(cluster: "Cluster") -> None:
    leader, full = cluster[1], cluster[2]
    fill_disk(full)

    for command in (b"a", b"b", b"c"):
        leader.propose(command)
        cluster.settle()
        cluster.beat(1)
    assert b"" == full.content()
    assert 3 == len(leader.answers)
    full.handle(DiskRoomChanged(has_room=True))
    cluster.beat(1)

    assert b"abc" == full.content()


def test_proposals_are_refused_while_leadership_is_handed_over(cluster: "Cluster") -> None:
    leader = cluster[1]
    leader.ask(lambda request_id: TransferRequested(request_id, NodeId(2)))

    request = leader.propose(b"x")

    assert {request: Refused(Refusal.TRANSFER_PENDING, NodeId(1))} == leader.answers


def test_a_change_that_is_half_done_is_unknown_when_leadership_is_lost(
    cluster: "Cluster", make: "type[Make]"
) -> None:
    leader = cluster[1]
    request = leader.change(AddMember(make.member(4)), AddMember(make.member(5)))

    leader.receive(2, append(term=2))

    assert {request: Unknown(NodeId(2))} == leader.answers
