"""Rare situations are recognized."""

import attrs
import pytest

from leto.raft.actions import (
    Answer,
    Committed,
    Outcome,
    Readable,
    Refusal,
    Refused,
    RoleName,
    Send,
    Transferred,
    Unknown,
    Write,
)
from leto.raft.configuration import Configuration
from leto.raft.entries import Entry, SnapshotMark
from leto.raft.events import (
    CommandsProposed,
    ReadPolicy,
    ReadRequested,
    SnapshotRequested,
    TransferRequested,
)
from leto.raft.messages import (
    AppendEntriesResponse,
    Conflict,
    InstallSnapshot,
    Message,
    PreVoteResponse,
    ReadIndex,
    RequestVote,
    RequestVoteResponse,
    TimeoutNow,
)
from leto.raft.progress import Mode
from leto.raft.status import FollowerStatus
from leto.raft.types import EntryId, NodeId
from leto_sim.checkers.requests import Requested
from leto_sim.lookout import Lookout
from tests.support.observed import StandingNode, node_with_log, voters

FOLLOWER, CANDIDATE, LEADER = RoleName.FOLLOWER, RoleName.CANDIDATE, RoleName.LEADER
JOINT = attrs.evolve(voters(1, 2), outgoing=voters(3).members)
MARK = SnapshotMark(configuration=voters(1), last_included=EntryId(1, 2))


def seen(lookout: Lookout) -> dict[str, int]:
    return dict(lookout.sometimes.counts)


def test_a_node_may_start_from_a_snapshot_within_a_joint_configuration() -> None:
    lookout, node = Lookout(), node_with_log(1, 1)
    lookout.started(node)
    assert {} == seen(lookout)
    node.platter.snapshot = MARK
    node.status.configuration = JOINT

    lookout.started(node)

    assert {"restarted from snapshot": 1, "restarted in joint configuration": 1} == seen(lookout)


@pytest.mark.parametrize(
    "role,commit_index,count", [(LEADER, 1, 1), (LEADER, 2, 0), (FOLLOWER, 1, 0)]
)
def test_a_leader_may_end_with_uncommitted_entries(
    role: RoleName, commit_index: int, count: int
) -> None:
    lookout, node = Lookout(), node_with_log(1, 1, 1)
    node.status.role, node.status.commit_index = role, commit_index

    lookout.ended(node)

    assert count == seen(lookout).get("leader crashed with uncommitted entries", 0)


def test_a_crash_may_lose_some_writes_and_keep_others() -> None:
    lookout = Lookout()

    lookout.crashed(lost=0, kept=0)
    lookout.crashed(lost=1, kept=2)

    assert {"writes lost": 1, "writes survived": 1} == seen(lookout)


def test_a_log_may_be_truncated() -> None:
    lookout, node = Lookout(), node_with_log(1, 1, 1)
    node.memory.entries.append(Entry(EntryId(1, 3), voters(1)))

    lookout.write_issued(node, Write(seq=1, truncate_from=4))
    lookout.write_issued(node, Write(seq=2, truncate_from=3))
    lookout.write_issued(node, Write(seq=3, truncate_from=2))

    assert {
        "log truncated": 2,
        "durable entries truncated": 1,
        "configuration rolled back": 2,
    } == seen(lookout)


def test_a_snapshot_is_ones_own_or_a_leaders() -> None:
    lookout, node = Lookout(), StandingNode()

    lookout.write_issued(node, Write(seq=1, snapshot=MARK))
    node.status.last_applied = 2
    lookout.write_issued(node, Write(seq=2, snapshot=MARK))

    assert {"snapshot taken": 1, "snapshot installed": 1} == seen(lookout)


@pytest.mark.parametrize(
    "message,expected",
    [
        (PreVoteResponse(term=1, round=1, vote_granted=False), "pre vote refused"),
        (RequestVoteResponse(term=1, vote_granted=False), "vote refused"),
        (RequestVote(term=1, last=EntryId(0, 0), is_transfer=True), "leadership handed over"),
        (ReadIndex(term=1, read=1), "follower asked for read index"),
        (
            AppendEntriesResponse(
                term=1,
                round=1,
                match_index=0,
                conflict=Conflict(rejected=EntryId(1, 3), hint=EntryId(1, 1)),
            ),
            "logs conflicted",
        ),
        (AppendEntriesResponse(term=1, round=1, match_index=0), None),
        (RequestVoteResponse(term=1, vote_granted=True), None),
        (TimeoutNow(term=1), None),
    ],
)
def test_messages_tell_of_situations(message: Message, expected: str | None) -> None:
    lookout = Lookout()

    lookout.sent(StandingNode(), Send(NodeId(2), message))

    assert ([] if expected is None else [expected]) == list(seen(lookout))


def chunk(transfer: int, offset: int) -> Send:
    message = InstallSnapshot(term=1, transfer=transfer, snapshot=MARK, offset=offset, data=b"1234")
    return Send(NodeId(2), message)


def test_a_transfer_is_resumed_when_it_skips_what_it_has_not_sent() -> None:
    lookout, node = Lookout(), StandingNode()

    for transfer, offset in ((1, 0), (1, 4), (2, 0), (2, 8), (2, 12)):
        lookout.sent(node, chunk(transfer, offset))

    assert {"snapshot in pieces": 3, "snapshot resumed": 1} == seen(lookout)


LEASE_READ = ReadRequested(1, ReadPolicy.LEASE)


@pytest.mark.parametrize(
    "event,outcome,expected",
    [
        (CommandsProposed(()), Unknown(), "outcome unknown"),
        (CommandsProposed(()), Refused(Refusal.TOO_MUCH_UNCOMMITTED), "quota refused"),
        (CommandsProposed(()), Refused(Refusal.DISK_FULL), "disk full refused"),
        (CommandsProposed(()), Refused(Refusal.CHANGE_PENDING), "change refused"),
        (CommandsProposed(()), Refused(Refusal.NOT_LEADER), None),
        (CommandsProposed(()), Committed(EntryId(1, 1)), None),
        (TransferRequested(1, None), Transferred(NodeId(2)), "transfer completed"),
        (TransferRequested(1, None), Refused(Refusal.TIMED_OUT), "transfer given up"),
        (LEASE_READ, Readable(1, ReadPolicy.LEASE, 5), "lease read"),
        (LEASE_READ, Readable(1), "lease read without lease"),
        (ReadRequested(1), Readable(1), None),
        (ReadRequested(1), Refused(Refusal.TIMED_OUT), None),
        (SnapshotRequested(1), Refused(Refusal.NOTHING_APPLIED), None),
    ],
)
def test_answers_tell_of_situations(
    event: Requested, outcome: Outcome, expected: str | None
) -> None:
    lookout = Lookout()

    lookout.requested(StandingNode(), event)
    lookout.answered(Answer(1, outcome))

    assert ([] if expected is None else [expected]) == list(seen(lookout))


def test_a_read_may_have_to_wait_for_the_leaders_own_term() -> None:
    lookout, node = Lookout(), StandingNode()
    node.status.role = LEADER
    lookout.requested(node, ReadRequested(1))
    node.status.is_ready = True

    lookout.requested(node, ReadRequested(2))

    assert {"read held for own term": 1} == seen(lookout)


@pytest.mark.parametrize("mode,count", [(Mode.REPLICATE, 1), (Mode.PROBE, 0)])
def test_a_window_may_be_full(mode: Mode, count: int) -> None:
    lookout, node = Lookout(), node_with_log(1, 1, 1)
    node.status.role = LEADER
    lookout.requested(node, CommandsProposed(()))
    follower = FollowerStatus(
        node_id=NodeId(2), match_index=0, next_index=2, mode=mode, last_ack_at=0
    )
    node.status.followers_by_id = {NodeId(2): follower}

    lookout.requested(node, CommandsProposed(()))

    assert count == seen(lookout).get("window full", 0)


def role_changes(lookout: Lookout, node: StandingNode, *steps: tuple[RoleName, int]) -> None:
    for role, term in steps:
        before = node.status.standing
        node.status.role, node.status.current_term = role, term
        lookout.changed(node, before, node.status.configuration)


@pytest.mark.parametrize(
    "steps,expected",
    [
        (((CANDIDATE, 1), (LEADER, 1), (FOLLOWER, 2)), ["leader deposed"]),
        (((CANDIDATE, 1), (LEADER, 1), (FOLLOWER, 1)), ["leader stepped down"]),
        (((CANDIDATE, 1), (FOLLOWER, 1)), ["election lost"]),
        (((CANDIDATE, 1), (CANDIDATE, 2)), ["election without winner"]),
        (((CANDIDATE, 1), (LEADER, 1)), []),
        (((FOLLOWER, 1), (FOLLOWER, 2)), []),
    ],
)
def test_roles_tell_of_situations(
    steps: tuple[tuple[RoleName, int], ...], expected: list[str]
) -> None:
    lookout, node = Lookout(), StandingNode()
    node.status.configuration = voters(1, 2)

    role_changes(lookout, node, *steps)

    assert expected == list(seen(lookout))


def test_a_leader_may_remove_itself() -> None:
    lookout, node = Lookout(), StandingNode()
    role_changes(lookout, node, (CANDIDATE, 1), (LEADER, 1))
    node.status.configuration = voters(2)

    role_changes(lookout, node, (FOLLOWER, 1))

    assert {"leader removed itself": 1} == seen(lookout)


def test_two_may_lead_at_once_until_one_of_them_ends() -> None:
    lookout, one, other = Lookout(), StandingNode(NodeId(1)), StandingNode(NodeId(2))
    role_changes(lookout, one, (CANDIDATE, 1), (LEADER, 1))

    role_changes(lookout, other, (CANDIDATE, 2), (LEADER, 2))
    lookout.ended(one)
    lookout.ended(other)
    role_changes(lookout, StandingNode(NodeId(3)), (CANDIDATE, 3), (LEADER, 3))

    assert {"two leaders": 1} == seen(lookout)


def test_a_configuration_becomes_joint_once_and_may_elect_leaders() -> None:
    lookout, node = Lookout(), StandingNode()
    node.status.configuration = JOINT
    lookout.changed(node, node.status.standing, voters(3))

    role_changes(lookout, node, (CANDIDATE, 1), (LEADER, 1))

    assert {"joint configuration": 1, "elected in joint configuration": 1} == seen(lookout)


@pytest.mark.parametrize("role,term,count", [(LEADER, 2, 1), (LEADER, 1, 0), (FOLLOWER, 2, 0)])
def test_a_commit_may_cover_an_earlier_term(role: RoleName, term: int, count: int) -> None:
    lookout, node = Lookout(), StandingNode()
    node.status.role, node.status.current_term = role, term

    lookout.committed(node, [EntryId(1, 1), EntryId(term, 2)])

    assert count == seen(lookout).get("earlier term committed", 0)


def test_a_configuration_is_not_joint_by_itself() -> None:
    lookout, node = Lookout(), StandingNode()

    lookout.changed(node, node.status.standing, Configuration())

    assert {} == seen(lookout)
