"""§9.6 Preventing disruptions when a server rejoins the cluster: pre-vote."""

from leto.raft.actions import RoleName
from leto.raft.config import Config
from leto.raft.entries import HardState
from leto.raft.messages import PreVote, PreVoteResponse, RequestVote
from leto.raft.types import BEFORE_LOG, EntryId
from tests.support.hosts import Make, entries
from tests.support.situations import answer, asks, led, word


def test_a_server_asks_before_it_increments_its_term() -> None:
    """§9.6: A term begins only when a majority has said that it would vote for the candidate."""
    host = Make.host(voters=(1, 2, 3, 4, 5), term=3)
    asked = asks(host)

    answer(host, 2, asked)
    with_a_minority = host.term
    answer(host, 3, asked)

    assert (3, 4) == (with_a_minority, host.term)


def test_refusals_begin_no_election() -> None:
    """§9.6: A term begins only when a majority has said that it would vote for the candidate."""
    host = Make.host()
    asked = asks(host)

    for sender in (2, 3):
        answer(host, sender, asked, granted=False)

    assert (RoleName.PRE_CANDIDATE, 0) == (host.role, host.term)


def test_an_answer_to_an_earlier_question_does_not_count() -> None:
    """§9.6: A term begins only when a majority has said that it would vote for the candidate."""
    host = Make.host(voters=(1, 2, 3, 4, 5), term=3)
    earlier, asked = asks(host), asks(host)

    for sender in (2, 3):
        answer(host, sender, earlier)
    by_earlier = host.term
    for sender in (2, 3):
        answer(host, sender, asked)

    assert (3, 4) == (by_earlier, host.term)


def test_asking_makes_nothing_durable_and_asks_for_no_vote() -> None:
    """§9.6: Asking and answering change nothing: no term, no vote, no timer."""
    host = Make.host()

    asks(host)

    assert ([], []) == (host.writes, host.sent(RequestVote))


def test_answering_changes_neither_term_nor_vote() -> None:
    """§9.6: Asking and answering change nothing: no term, no vote, no timer."""
    host = Make.host(3)

    for sender in (1, 2):
        host.receive(sender, PreVote(term=7, round=1, last=BEFORE_LOG))

    assert [True, True] == [m.vote_granted for m in host.sent(PreVoteResponse)]
    assert (HardState(), []) == (host.disk.hard_state, host.writes)
    assert host.status.voted_for is None


def test_granting_a_pre_vote_does_not_put_ones_own_election_off() -> None:
    """§9.6: Asking and answering change nothing: no term, no vote, no timer."""
    host = Make.host(term=1)
    before = host.deadline

    host.receive(2, PreVote(term=1, round=1, last=BEFORE_LOG), after=100)

    assert [True] == [m.vote_granted for m in host.sent(PreVoteResponse)]
    assert before == host.deadline


def test_a_pre_vote_is_granted_to_an_up_to_date_log_only() -> None:
    """§9.6: Yes is said only to a log that is up to date."""
    host = Make.host(log=entries(1, 2))

    for last in (EntryId(2, 1), EntryId(2, 2)):
        host.receive(2, PreVote(term=2, round=1, last=last))

    assert [False, True] == [m.vote_granted for m in host.sent(PreVoteResponse)]


def test_a_pre_vote_is_refused_while_a_leader_is_heard() -> None:
    """§9.6: Yes is said only by who has heard no leader for an election timeout."""
    host = Make.host(term=1)
    host.receive(2, word())
    question = PreVote(term=5, round=1, last=EntryId(5, 5))

    host.receive(3, question, after=Config().election_timeout_min_us - 1)
    host.receive(3, question, after=1)

    assert [False, True] == [m.vote_granted for m in host.sent(PreVoteResponse)]
    assert 1 == host.term


def test_a_leader_grants_no_pre_vote() -> None:
    """§9.6: Yes is said only by who has heard no leader for an election timeout."""
    cluster = Make.cluster()
    leader = cluster.elect(1)

    leader.receive(3, PreVote(term=1, round=1, last=EntryId(9, 9)))

    assert [False] == [m.vote_granted for m in leader.sent(PreVoteResponse)]


def test_a_partitioned_server_does_not_increase_its_term() -> None:
    """§9.6: Who is cut off stays in its term, however long."""
    host = Make.host(term=2)

    for _ in range(100):
        host.tick()

    assert 2 == host.term


def test_a_server_that_asks_follows_a_leader_that_speaks() -> None:
    """§9.6: Who asked in vain follows the leader again, in the same term."""
    host = Make.host(term=1)
    asks(host)

    host.receive(2, word())

    assert (RoleName.FOLLOWER, 1) == (host.role, host.term)


def test_a_server_that_comes_back_disrupts_nobody() -> None:
    """§9.6: Who comes back from a partition deposes nobody, and follows in the same term."""
    cluster = led()
    cluster.cut_off = {3}
    for _ in range(50):
        cluster.beat(1)
        if cluster[3].deadline <= cluster[3].now:
            cluster[3].tick()
    assert cluster[3].plays(RoleName.PRE_CANDIDATE)

    cluster.cut_off = set()
    cluster[3].tick()
    cluster.settle()
    cluster.beat(1)

    assert [1, 1, 1] == [host.term for host in cluster.hosts.values()]
    assert (RoleName.LEADER, 1) == (cluster[1].role, cluster[3].status.leader)
