"""The door: one event in, the actions that follow from it out."""

import gc
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leto.raft.actions import (
    Action,
    AnnounceRole,
    Answer,
    Committed,
    FailStop,
    Readable,
    Refusal,
    Refused,
    RoleName,
    Send,
    Trace,
    Transferred,
    Unknown,
    Write,
)
from leto.raft.config import Config
from leto.raft.configuration import Configuration, Member, MemberRole, RemoveMember
from leto.raft.entries import Command, Entry, HardState, Noop, Restored, SnapshotMark
from leto.raft.errors import ClockWentBack, EventOutOfOrder
from leto.raft.events import (
    Applied,
    ChangeRequested,
    CommandsProposed,
    ConfigurationForced,
    DiskRoomChanged,
    Event,
    MessageReceived,
    PeerGone,
    Proposal,
    ReadPolicy,
    ReadRequested,
    SnapshotChunkRead,
    SnapshotRequested,
    SnapshotRestored,
    SnapshotTaken,
    TimerFired,
    TransferRequested,
    WriteFailed,
    Written,
)
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    Conflict,
    InstallSnapshot,
    InstallSnapshotResponse,
    Message,
    PreVote,
    PreVoteResponse,
    ReadIndex,
    ReadIndexResponse,
    RequestVote,
    RequestVoteResponse,
    TimeoutNow,
)
from leto.raft.node import Node
from leto.raft.traces import Reason
from leto.raft.traces.cluster import ConfigurationCommitted
from leto.raft.traces.elections import MessageIgnored, SteppedDown
from leto.raft.traces.log import CommitAdvanced
from leto.raft.types import BEFORE_LOG, EntryId, NodeId

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Cluster, Host, Make


def heartbeat(term: int = 1) -> AppendEntries:
    return AppendEntries(term=term, round=0, prev=BEFORE_LOG, entries=(), leader_commit=0)


@pytest.fixture
def cluster(make: "type[Make]") -> "Cluster":
    """Three voters of which the first leads, its no-op committed everywhere."""
    cluster = make.cluster()
    cluster.elect(1)
    cluster.beat(1)
    return cluster


# --- the caller's mistakes -----------------------------------------------------------


def test_time_does_not_go_back(make: "type[Make]") -> None:
    host = make.host()
    host.handle(TimerFired(), after=10)

    with pytest.raises(ClockWentBack, match="now went back: 9 < 10"):
        host.node.handle(TimerFired(), 9)
    assert [] == host.node.handle(TimerFired(), 10)


def test_a_write_may_end_while_a_node_asks_whether_it_could_win(make: "type[Make]") -> None:
    host = make.host()
    heartbeat = AppendEntries(term=1, round=0, prev=BEFORE_LOG, entries=(), leader_commit=0)
    host.receive(2, heartbeat)
    host.handle(PeerGone(NodeId(2)))
    host.tick()

    host.written()

    assert host.plays(RoleName.PRE_CANDIDATE)


def test_a_clock_may_begin_anywhere(make: "type[Make]") -> None:
    restored = Restored(node_id=NodeId(1), incarnation=1)
    node = Node(Config(), restored, random.Random(0))
    assert 0 == node.deadline

    node.handle(TimerFired(), -5_000_000)

    assert node.deadline is not None
    assert -4_000_000 <= node.deadline < -3_000_000


@pytest.mark.parametrize(
    "mistake",
    [
        Written(7),
        Written(0),
        Applied(7),
        SnapshotTaken(last_included=EntryId(1, 1), size_bytes=0, checksum=0),
        SnapshotRestored(EntryId(1, 1)),
        SnapshotChunkRead(transfer=7, offset=0, data=b""),
    ],
)
def test_an_event_that_answers_no_order_changes_nothing(cluster: "Cluster", mistake: Event) -> None:
    leader = cluster[1]
    before = observed(leader)

    with pytest.raises(EventOutOfOrder):
        leader.node.handle(mistake, leader.now + 1)

    assert before == observed(leader)
    assert [] == leader.handle(TimerFired())  # its clock was not told of it either


def test_a_node_that_has_ordered_nothing_is_answered_nothing(make: "type[Make]") -> None:
    node = Node(Config(), make.host().restored, random.Random(0))

    with pytest.raises(EventOutOfOrder, match="nothing has been ordered yet"):
        node.handle(Written(1), 5_000_000)

    assert 0 == node.deadline
    assert [] == node.handle(TimerFired(), -5_000_000)


def observed(host: "Host") -> list[object]:
    """What can be seen of a node."""
    status = host.status
    names = [name for name in dir(type(status)) if not name.startswith("_")]
    return [host.node.deadline, *(getattr(status, name) for name in names)]


# --- terms and leaders ---------------------------------------------------------------


@pytest.mark.parametrize(
    "message, answer",
    [
        (heartbeat(term=1), AppendEntriesResponse(term=3, round=0, match_index=0)),
        (
            InstallSnapshot(
                term=1,
                transfer=7,
                snapshot=SnapshotMark(configuration=Configuration()),
                offset=0,
                data=b"",
            ),
            InstallSnapshotResponse(term=3, transfer=7, next_offset=0),
        ),
        (RequestVote(term=1, last=EntryId(9, 9)), RequestVoteResponse(term=3, vote_granted=False)),
        (RequestVoteResponse(term=1, vote_granted=True), None),
        (AppendEntriesResponse(term=1, round=9, match_index=9), None),
        (ReadIndex(term=1, read=7), None),
        (TimeoutNow(term=1), None),
    ],
)
def test_who_speaks_for_a_term_that_is_over_is_told_so(
    make: "type[Make]", message: Message, answer: Message | None
) -> None:
    host = make.host(term=3)

    actions = host.receive(2, message)

    assert ([] if answer is None else [Send(NodeId(2), answer)]) == actions


def test_a_newer_term_makes_a_follower_of_anybody(cluster: "Cluster") -> None:
    leader = cluster[1]

    actions = leader.receive(2, AppendEntriesResponse(term=5, round=0, match_index=0))

    assert AnnounceRole(RoleName.FOLLOWER, 5, None) in actions
    assert [HardState(5, None)] == [write.hard_state for write in leader.writes]


def test_a_candidate_follows_who_won_its_term(make: "type[Make]") -> None:
    host = make.host(voters=[1, 2])
    host.tick()
    question = host.sent(PreVote)[0]
    host.receive(2, PreVoteResponse(term=0, round=question.round, vote_granted=True))
    assert host.plays(RoleName.CANDIDATE)

    host.receive(2, heartbeat())

    assert (RoleName.FOLLOWER, 2, 1) == (host.role, host.status.leader, host.term)


def test_a_term_has_one_leader(cluster: "Cluster") -> None:
    """Figure 3.2. Whoever else claims it is not heard."""
    assert [] == cluster[1].receive(2, heartbeat())
    assert [] == cluster[3].receive(2, heartbeat())

    assert (1, 1) == (cluster[1].status.leader, cluster[3].status.leader)


def test_what_claims_to_come_from_ourselves_is_ignored(make: "type[Make]") -> None:
    assert [] == make.host(1).receive(1, heartbeat())


def test_a_node_with_a_newer_term_is_heard_of_by_the_leader(cluster: "Cluster") -> None:
    """Or it could never be reached again."""
    cluster[3].receive(2, RequestVoteResponse(term=7, vote_granted=False))
    cluster[3].work_all()

    cluster.beat(1)

    assert 7 == cluster[1].term
    assert cluster[1].plays(RoleName.FOLLOWER)


def test_a_stale_timeout_now_elects_nobody(cluster: "Cluster") -> None:
    cluster[3].receive(2, TimeoutNow(term=1))

    assert cluster[3].plays(RoleName.FOLLOWER)


# --- deadlines -----------------------------------------------------------------------


def test_a_leaders_deadline_is_its_heartbeat(cluster: "Cluster") -> None:
    leader = cluster[1]
    assert leader.now < leader.deadline <= leader.now + leader.config.heartbeat_interval_us

    leader.tick()

    assert leader.now + leader.config.heartbeat_interval_us == leader.deadline


def test_a_followers_deadline_is_its_patience_or_its_question(cluster: "Cluster") -> None:
    follower = cluster[2]
    assert follower.now + follower.config.election_timeout_min_us <= follower.deadline

    follower.read()

    assert follower.now + follower.config.heartbeat_interval_us == follower.deadline


def test_a_deadline_that_is_kept_is_followed_by_a_later_one(cluster: "Cluster") -> None:
    for host in cluster.hosts.values():
        for _ in range(50):
            host.tick()

            assert host.now < host.deadline


# --- writes and announcements --------------------------------------------------------


def test_the_write_comes_first(cluster: "Cluster") -> None:
    actions = cluster[1].handle(CommandsProposed(()))
    assert [] == actions

    cluster[1].propose(b"x")
    actions = cluster[2].receive(1, cluster[1].sent(AppendEntries, to=2)[0])

    assert isinstance(actions[0], Write)


def test_role_term_and_leader_are_announced_once(make: "type[Make]") -> None:
    host = make.host()

    first = host.receive(2, heartbeat())
    second = host.receive(2, heartbeat())

    assert AnnounceRole(RoleName.FOLLOWER, 1, NodeId(2)) in first
    assert [] == second


# --- every event has its place -------------------------------------------------------


def test_a_read_that_may_be_stale_is_answered_by_anybody(make: "type[Make]") -> None:
    host = make.host()

    request = host.ask(lambda request_id: ReadRequested(request_id, ReadPolicy.STALE))

    assert request in host.answers


def test_a_full_disk_refuses_proposals_until_there_is_room(make: "type[Make]") -> None:
    leader = make.leader()

    leader.handle(DiskRoomChanged(has_room=False))
    refused = leader.propose(b"x")
    leader.handle(DiskRoomChanged(has_room=True))
    accepted = leader.propose(b"x")
    leader.work_all()

    assert Refused(Refusal.DISK_FULL, NodeId(1)) == leader.answers[refused]
    assert Committed(EntryId(1, 2)) == leader.answers[accepted]


def test_survivors_are_forced_only_on_a_node_that_asks_in_vain(make: "type[Make]") -> None:
    leader = make.leader()

    request = leader.ask(lambda request_id: ConfigurationForced(request_id, (NodeId(1),)))

    assert {request: Refused(Refusal.QUORUM_ALIVE, NodeId(1))} == leader.answers


def test_whoever_follows_a_dead_leader_campaigns_soon(cluster: "Cluster") -> None:
    cluster[2].handle(PeerGone(NodeId(1)))

    assert cluster[2].deadline <= cluster[2].now + 20_000


def test_a_snapshot_is_asked_for_sent_and_installed(make: "type[Make]") -> None:
    cluster = make.cluster(config=Config(trailing_entries=0))
    cluster.cut_off = {3}
    leader = cluster.elect(1)
    leader.request_snapshot()
    cluster.settle()
    cluster.cut_off = set()

    for _ in range(6):
        cluster.beat(1)

    assert leader.snapshot.last_included == cluster[3].snapshot.last_included


def test_a_follower_reads_through_its_leader(cluster: "Cluster") -> None:
    request = cluster[2].read()

    cluster.settle()

    assert Readable(1) == cluster[2].answers[request]


def test_a_pre_vote_of_a_term_to_come_is_answered_in_the_present_one(make: "type[Make]") -> None:
    host = make.host(term=1)

    host.receive(2, PreVote(term=9, round=7, last=BEFORE_LOG))

    assert (1, [True]) == (host.term, [r.vote_granted for r in host.sent(PreVoteResponse)])


def test_a_bound_voter_ignores_who_asks_for_a_newer_term(cluster: "Cluster") -> None:
    """§4.2.3."""
    assert [] == cluster[3].receive(2, RequestVote(term=9, last=EntryId(9, 9)))


def test_the_leader_hands_over_when_it_is_asked_to(cluster: "Cluster") -> None:
    """§3.10."""
    request = cluster[1].ask(lambda request_id: TransferRequested(request_id, NodeId(2)))

    cluster.settle()

    assert cluster[2].plays(RoleName.LEADER)
    assert {request: Transferred(NodeId(2))} == cluster[1].answers


def test_a_leader_that_has_lost_its_quorum_steps_down(cluster: "Cluster") -> None:
    leader = cluster[1]

    while leader.now < 10_000_000:
        leader.tick()

    assert not leader.plays(RoleName.LEADER)


def test_a_removed_leader_steps_down(cluster: "Cluster") -> None:
    cluster[1].change(RemoveMember(NodeId(1)))

    cluster.settle()

    assert cluster[1].plays(RoleName.FOLLOWER)


# --- failure -------------------------------------------------------------------------


def test_a_failed_write_silences_the_node_for_good(cluster: "Cluster") -> None:
    leader = cluster[1]
    lost = leader.propose(b"x")
    read = leader.read()

    actions = leader.fail()

    assert FailStop("no space left on device") == actions[-1]
    assert {lost: Unknown(), read: Refused(Refusal.FAILED)} == leader.answers
    assert leader.node.deadline is None
    assert leader.status.has_failed
    for event in (
        TimerFired(),
        Written(99),
        WriteFailed("again"),
        MessageReceived(NodeId(2), heartbeat(term=9)),
    ):
        assert [] == leader.handle(event)


@pytest.mark.parametrize(
    "request_",
    [
        CommandsProposed((Proposal(7, b"x"),)),
        ReadRequested(7),
        ChangeRequested(7, ()),
        TransferRequested(7),
        ConfigurationForced(7, ()),
        SnapshotRequested(7),
    ],
)
def test_a_failed_node_refuses_what_it_is_asked(make: "type[Make]", request_: Event) -> None:
    host = make.host()
    host.fail()

    assert [Answer(7, Refused(Refusal.FAILED))] == host.node.handle(request_, host.now)


def test_a_failed_node_owes_no_answer(make: "type[Make]") -> None:
    leader = make.leader()
    requests = [
        leader.propose(b"x"),
        leader.read(),
        leader.request_snapshot(),
        leader.change(),
        leader.ask(TransferRequested),
    ]

    leader.fail()

    assert sorted(requests) == sorted(leader.answers)


def test_a_candidate_that_fails_owes_its_operator_no_answer(cluster: "Cluster") -> None:
    survivor = cluster[3]
    for _ in range(4):
        survivor.tick()
    order = survivor.ask(lambda request_id: ConfigurationForced(request_id, (NodeId(3),)))
    assert survivor.plays(RoleName.CANDIDATE)

    survivor.fail()

    assert {order: Refused(Refusal.FAILED)} == survivor.answers


def test_what_was_held_for_a_write_that_failed_never_leaves(make: "type[Make]") -> None:
    voter = make.host()
    voter.receive(2, RequestVote(term=1, last=BEFORE_LOG))

    actions = voter.fail()

    assert [FailStop("no space left on device")] == actions
    assert [] == voter.outbox


def test_a_node_whose_disk_hangs_falls_silent_until_it_answers(cluster: "Cluster") -> None:
    leader, follower = cluster[1], cluster[2]
    leader.propose(b"x")
    cluster.deliver()
    follower.outbox.clear()
    word = heartbeat()

    for _ in range(10):
        follower.receive(1, word, after=100_000)
    said = len(follower.outbox)
    for _ in range(100):
        follower.receive(1, word, after=100_000)
        follower.receive(3, RequestVote(term=9, last=EntryId(9, 9), is_transfer=True))

    assert said == len(follower.outbox)
    assert (RoleName.FOLLOWER, 1) == (follower.role, follower.term)
    follower.written()
    assert 2 == follower.sent(AppendEntriesResponse)[-1].match_index


# --- what peers may send -------------------------------------------------------------

Entries: TypeAlias = tuple[Entry, ...]

terms = st.integers(-1, 6)
indexes = st.integers(-2, 12)
ids = st.builds(EntryId, terms, indexes)
rounds = st.one_of(st.integers(-1, 5), st.integers(1 << 32, (1 << 32) + 5))
members = st.builds(
    Member,
    node_id=st.integers(1, 5).map(NodeId),
    name=st.sampled_from(["a", "b"]),
    address=st.sampled_from(["a:1", "b:1"]),
    role=st.sampled_from(MemberRole),
    priority=st.integers(0, 2),
)
member_sets = st.lists(members, max_size=4, unique_by=lambda member: member.node_id).map(tuple)
configurations = st.builds(
    Configuration, members=member_sets, outgoing=member_sets, lease_us=st.integers(-1, 10**9)
)
payloads = st.one_of(
    st.just(Noop()),
    st.binary(max_size=3).map(Command),
    st.just(Command(bytes(300))),
    configurations,
)


def run_of(start: int, terms: list[int], payload: Noop | Command | Configuration) -> Entries:
    """Entries as a log could hold them."""
    return tuple(
        Entry(EntryId(term, index), payload) for index, term in enumerate(sorted(terms), start)
    )


logs: st.SearchStrategy[Entries] = st.one_of(
    st.lists(st.builds(Entry, ids, payloads), max_size=3).map(tuple),
    st.builds(run_of, indexes, st.lists(terms, max_size=5), payloads),
)
marks = st.builds(
    SnapshotMark,
    last_included=ids,
    configuration=configurations,
    size_bytes=st.integers(-1, 3),
    checksum=st.sampled_from([0, 0x8CDC1683, 0x83DCEFB7]),
    before_log=ids,
)


@st.composite
def appends(draw: st.DrawFn) -> AppendEntries:
    """Arbitrary, but often with entries that follow `prev`."""
    entries = draw(logs)
    prev = draw(ids)
    if entries and draw(rounds) > 0:
        prev = EntryId(draw(terms), entries[0].id.index - 1)
    return AppendEntries(
        term=draw(terms),
        round=draw(rounds),
        prev=prev,
        entries=entries,
        leader_commit=draw(indexes),
        lease_us=draw(st.sampled_from([0, -1, 10**12])),
    )


messages: st.SearchStrategy[Message] = st.one_of(
    appends(),
    appends(),
    st.builds(
        AppendEntriesResponse,
        term=terms,
        round=rounds,
        match_index=indexes,
        conflict=st.one_of(st.none(), st.builds(Conflict, ids, ids)),
    ),
    st.builds(PreVote, term=terms, round=rounds, last=ids),
    st.builds(PreVoteResponse, term=terms, round=rounds, vote_granted=st.booleans()),
    st.builds(RequestVote, term=terms, last=ids, is_transfer=st.booleans()),
    st.builds(RequestVoteResponse, term=terms, vote_granted=st.booleans()),
    st.builds(TimeoutNow, term=terms),
    st.builds(
        InstallSnapshot,
        term=terms,
        transfer=rounds,
        snapshot=marks,
        offset=st.integers(-1, 3),
        data=st.sampled_from([b"", b"a", b"abc", b"1"]),
    ),
    st.builds(
        InstallSnapshotResponse,
        term=terms,
        transfer=rounds,
        next_offset=st.integers(-1, 5),
        match_index=indexes,
    ),
    st.builds(ReadIndex, term=terms, read=rounds),
    st.builds(ReadIndexResponse, term=terms, read=rounds, index=st.one_of(st.none(), indexes)),
)

SMALL = Config(
    append_bytes_max=200,
    appends_in_flight_max=2,
    apply_bytes_max=100,
    snapshot_chunk_bytes=2,
    snapshot_after_entries=3,
    trailing_entries=1,
)


@st.composite
def steps(draw: st.DrawFn) -> tuple[str, int, Message]:
    what = draw(st.sampled_from(["message"] * 6 + ["tick", "work", "work all", "propose", "gone"]))
    return what, draw(st.integers(1, 5)), draw(messages)


@settings(max_examples=150)
@given(st.lists(steps(), max_size=40), st.sampled_from([(1, 2, 3), (1,), (1, 2)]))
def test_whatever_peers_send_is_no_exception_and_no_step_back(
    make: "type[Make]", steps: list[tuple[str, int, Message]], voters: tuple[int, ...]
) -> None:
    host = make.host(voters=voters, config=SMALL)

    for what, sender, message in steps:
        term, commit_index, applied = host.term, host.status.commit_index, len(host.applied)
        match what:
            case "message":
                host.receive(sender, message, after=1000)
            case "tick":
                host.tick()
            case "work":
                host.work()
            case "work all":
                host.work_all()
            case "propose":
                host.propose(b"x")
                host.read()
            case _:
                host.handle(PeerGone(NodeId(sender)))

        assert term <= host.term
        assert commit_index <= host.status.commit_index
        assert applied <= len(host.applied)
        assert host.status.last_applied <= host.status.commit_index
        assert host.status.durable_index <= host.status.last_log.index
        observed(host)


@settings(max_examples=60)
@given(st.lists(steps(), max_size=40), st.sampled_from([(1, 2, 3), (1,), (1, 2)]))
def test_whoever_listens_changes_nothing_else(
    make: "type[Make]", steps: list[tuple[str, int, Message]], voters: tuple[int, ...]
) -> None:
    unheard = make.host(voters=voters, config=SMALL)
    traced = make.host(voters=voters, config=SMALL, traced=True)

    for what, sender, message in steps:
        done: list[list[Action]] = []
        for host in (unheard, traced):
            done.append(list(act(host, what, sender, message)))
            host.work()

        assert done[0] == [action for action in done[1] if not isinstance(action, Trace)]
        assert observed(unheard) == observed(traced)
    assert [] == unheard.records


def act(host: "Host", what: str, sender: int, message: Message) -> Sequence[Action]:
    """What the node orders when that happens."""
    match what:
        case "message":
            return host.receive(sender, message, after=1000)
        case "propose":
            proposal = Proposal(host.new_request(), b"x")
            return host.handle(CommandsProposed((proposal,)), after=1)
        case "gone":
            return host.handle(PeerGone(NodeId(sender)))
        case _:
            return host.tick()


@pytest.fixture
def traced(make: "type[Make]") -> "Cluster":
    """Three voters that say what they do, of which the first leads."""
    cluster = make.cluster(traced=True)
    cluster.elect(1)
    return cluster


def test_what_is_committed_is_traced_with_its_configuration(traced: "Cluster") -> None:
    leader = traced[1]
    leader.records.clear()
    leader.change(RemoveMember(NodeId(3)))

    traced.settle()

    assert [CommitAdvanced(2), ConfigurationCommitted(2)] == [
        record
        for record in leader.records
        if isinstance(record, CommitAdvanced | ConfigurationCommitted)
    ]


def test_why_nobody_is_heard_is_traced(traced: "Cluster") -> None:
    leader, follower = traced[1], traced[2]
    ballot = RequestVote(term=9, last=EntryId(9, 9))

    leader.receive(3, heartbeat(term=1))
    follower.receive(3, ballot)

    assert MessageIgnored(NodeId(3), "AppendEntries", Reason.OTHER_LEADER) == leader.records[-1]
    bound = MessageIgnored(NodeId(3), "RequestVote", Reason.FOLLOWS_A_LEADER)
    assert bound == follower.records[-1]


def test_why_a_leader_steps_down_is_traced(traced: "Cluster") -> None:
    leader = traced[1]
    traced.cut_off = {1}

    while leader.plays(RoleName.LEADER):
        traced.beat(1)

    assert SteppedDown(Reason.QUORUM_LOST) in leader.records
    traced.cut_off = set()
    traced.elect(2)
    assert SteppedDown(Reason.NEWER_TERM) not in leader.records
    traced[2].receive(3, ReadIndex(term=9, read=1))
    assert SteppedDown(Reason.NEWER_TERM) in traced[2].records


@settings(max_examples=20)
@given(messages, st.sampled_from(["follower", "leader"]))
def test_no_message_repeated_a_thousand_times_fills_memory(
    make: "type[Make]", message: Message, role: str
) -> None:
    host = make.leader(voters=[1]) if role == "leader" else make.host()
    for _ in range(1000):
        host.receive(2, message)
        host.outbox.clear()
        host.work_all()
        host.compactions.clear()

    assert weight(host.node) < 20_000


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 5), messages), min_size=2, max_size=6),
    st.sampled_from(["follower", "leader"]),
    st.sampled_from(["works", "hangs"]),
)
def test_no_conversation_repeated_for_long_fills_memory(
    make: "type[Make]", conversation: list[tuple[int, Message]], role: str, disk: str
) -> None:
    """From several senders, in several terms, with a disk that works or hangs."""
    host = make.leader(voters=[1]) if role == "leader" else make.host()
    for _ in range(200):
        for sender, message in conversation:
            host.receive(sender, message, after=5_000)
        host.handle(TimerFired())
        host.outbox.clear()
        if disk == "works":
            host.work_all()
            host.compactions.clear()

    assert weight(host.node) < 30_000


def weight(node: Node) -> int:
    """How many objects hang on a node, types and functions excepted."""
    seen: dict[int, object] = {}
    todo: list[object] = [node]
    while todo:
        thing = todo.pop()
        if id(thing) not in seen and not isinstance(thing, type | FunctionType | ModuleType):
            seen[id(thing)] = thing
            todo.extend(gc.get_referents(thing))
    return len(seen)


# --- determinism ---------------------------------------------------------------------

DETERMINISM = """
import random, zlib
from leto.raft.config import Config
from leto.raft.configuration import Configuration, Member
from leto.raft.entries import Restored, SnapshotMark
from leto.raft.events import *
from leto.raft.actions import *
from leto.raft.node import Node

members = tuple(Member(node_id=n, name=f"id{n}", address=f"h{n}:1") for n in (3, 1 << 60, 7, 2, 11))
mark = SnapshotMark(configuration=Configuration(members))
nodes = {
    m.node_id: Node(Config(), Restored(node_id=m.node_id, incarnation=1, snapshot=mark),
                    random.Random(m.node_id))
    for m in members
}
dice = random.Random(1)
events, now, digest = [], 0, 0
for turn in range(3000):
    if events and dice.random() < 0.9:
        to, event = events.pop(dice.randrange(len(events)) if dice.random() < 0.1 else 0)
    else:
        to = min(nodes, key=lambda n: (nodes[n].deadline, n))
        now, event = max(now, nodes[to].deadline), TimerFired()
        events.append((dice.choice(sorted(nodes)), CommandsProposed((Proposal(turn, b"x"),))))
        events.append((dice.choice(sorted(nodes)), ReadRequested(-turn)))
    try:
        actions = nodes[to].handle(event, now)
    except ValueError as error:
        actions = [str(error)]
    digest = zlib.crc32(repr(actions).encode(), digest)
    for action in actions:
        if isinstance(action, Send):
            events.append((action.to, MessageReceived(to, action.message)))
        elif isinstance(action, Write):
            events.append((to, Written(action.seq)))
        elif isinstance(action, Apply):
            events.append((to, Applied(action.entries[-1].id.index)))
print(digest, max(node.status.commit_index for node in nodes.values()))
"""


def test_the_same_events_give_the_same_actions_whatever_the_hash_seed() -> None:
    root = Path(__file__).resolve().parents[3]

    outputs = {
        subprocess.run(
            [sys.executable, "-c", DETERMINISM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=root,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "12345")
    }

    (output,) = outputs
    assert 10 < int(output.split()[1])
