"""Replication (§3.5): the leader's AppendEntries and the follower's consent."""

from typing import TYPE_CHECKING

from leto.raft.actions import Refusal, Refused, Unknown
from leto.raft.messages import AppendEntries
from leto.raft.types import EntryId, NodeId

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Make


def test_a_proposal_whose_entry_another_leader_replaces_and_commits_is_unknown(
    make: "type[Make]",
) -> None:
    """The first word of the new leader may bring the step-down, the other entry and its commit."""
    leader = make.cluster().elect(1)
    lost = leader.propose(b"lost")
    last = leader.status.last_log

    leader.receive(
        2,
        AppendEntries(
            term=2,
            round=0,
            prev=EntryId(1, last.index - 1),
            entries=(make.entry(last.index, 2, b"other"),),
            leader_commit=last.index,
        ),
    )
    leader.work_all()

    assert last.index == leader.status.last_applied
    assert {lost: Unknown(NodeId(2))} == leader.answers


def test_follower_refuses_proposals_and_names_the_leader(make: "type[Make]") -> None:
    cluster = make.cluster()
    cluster.elect(1)

    request = cluster[2].propose(b"x")

    assert Refused(Refusal.NOT_LEADER, NodeId(1)) == cluster[2].answers[request]
