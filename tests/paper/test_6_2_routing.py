"""§6.2 Routing requests to the leader."""

from leto.raft.actions import Refusal, Refused, RoleName, Unknown
from leto.raft.config import Config
from leto.raft.messages import AppendEntriesResponse
from leto.raft.types import NodeId
from tests.support.situations import led


def test_a_server_that_does_not_lead_refuses_and_names_the_leader() -> None:
    """§6.2, §3.3, figure 6.1: Who does not lead refuses, and names the leader as far as known."""
    cluster = led()

    request = cluster[2].propose(b"x")

    assert Refused(Refusal.NOT_LEADER, NodeId(1)) == cluster[2].answers[request]


def test_a_leader_that_reaches_no_majority_for_an_election_timeout_steps_down() -> None:
    """§6.2: A leader that reaches no majority for an election timeout steps down."""
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


def test_a_leader_with_a_majority_stays_whoever_is_silent() -> None:
    """§6.2: A leader that reaches a majority stays, whoever else is silent."""
    cluster = led()
    cluster.cut_off = {3}

    for _ in range(50):
        cluster.beat(1)

    assert (RoleName.LEADER, 1) == (cluster[1].role, cluster[1].term)


def test_a_server_forgets_the_leader_when_it_begins_an_election() -> None:
    """§6.2: A server forgets the leader when it begins an election, or when the term changes."""
    follower = led()[2]
    known = follower.status.leader

    follower.tick()
    request = follower.propose(b"x")

    assert 1 == known
    assert Refused(Refusal.NOT_LEADER, None) == follower.answers[request]


def test_a_server_forgets_the_leader_when_the_term_changes() -> None:
    """§6.2: A server forgets the leader when it begins an election, or when the term changes."""
    follower = led()[2]

    follower.receive(3, AppendEntriesResponse(term=5, round=0, match_index=0))

    assert (5, None) == (follower.term, follower.status.leader)
