"""§3.3 Raft basics: terms, messages, and who may speak."""

from typing import TYPE_CHECKING

import pytest

from leto.raft.actions import RoleName
from leto.raft.messages import (
    AppendEntriesResponse,
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
from tests.support.hosts import Cluster, Host, Make
from tests.support.situations import answer, campaigns, candidate, led, question, vote, word

if TYPE_CHECKING:
    from collections.abc import Callable


def wonders(host: Host) -> Host:
    """Make a host ask whether it could win."""
    host.tick()
    return host


def say_yes(host: Host) -> None:
    """Grant a host what it asks in advance, if it asks."""
    for asked in host.sent(PreVote):
        answer(host, 2, asked)


def test_roles_change_as_figure_3_3_draws_them() -> None:
    """§3.3, figure 3.3: Roles change as figure 3.3 draws them; §9.6 adds one that asks first."""
    of_each_role: list[Callable[[], Host]] = [
        Make.host,
        lambda: wonders(Make.host()),
        candidate,
        lambda: led()[1],
    ]
    told: list[Callable[[Host], object]] = [
        Host.tick,
        lambda host: [host.receive(2, vote(host.term)), host.receive(3, vote(host.term))],
        lambda host: host.receive(2, word(host.term)),
        lambda host: host.receive(2, word(host.term + 1)),
        lambda host: host.receive(2, question(host.term + 1)),
        lambda host: host.receive(
            2, AppendEntriesResponse(term=host.term + 1, round=1, match_index=0)
        ),
        say_yes,
    ]
    moves: set[tuple[RoleName, RoleName]] = set()

    for make in of_each_role:
        for tell in told:
            host = make()
            before = host.role
            tell(host)
            moves.add((before, host.role))

    assert {
        (RoleName.FOLLOWER, RoleName.PRE_CANDIDATE),
        (RoleName.PRE_CANDIDATE, RoleName.FOLLOWER),
        (RoleName.PRE_CANDIDATE, RoleName.CANDIDATE),
        (RoleName.CANDIDATE, RoleName.PRE_CANDIDATE),
        (RoleName.CANDIDATE, RoleName.FOLLOWER),
        (RoleName.CANDIDATE, RoleName.LEADER),
        (RoleName.LEADER, RoleName.FOLLOWER),
    } == {(before, after) for before, after in moves if before is not after}


def test_terms_are_consecutive_and_each_begins_with_an_election() -> None:
    """§3.3: Terms are numbered one after the other, and an election opens each."""
    host = candidate(term=7)

    assert RoleName.CANDIDATE is host.role
    assert 8 == host.term


def test_a_term_may_end_without_a_leader() -> None:
    """§3.3, §3.4: If the votes of a term are split, it ends without a leader."""
    cluster = Make.cluster(1, 2, 3, 4)
    for number, voter in ((1, 3), (2, 4)):
        cluster[number].tick()
        asked = cluster[number].take_sent(PreVote)[0]
        for other in (3, 4):
            granted = PreVoteResponse(term=0, round=asked.round, vote_granted=True)
            cluster[number].receive(other, granted)
        cluster[number].written()
        cluster[voter].receive(number, cluster[number].sent(RequestVote, to=voter)[0])

    cluster.settle()

    assert [1] * 4 == [host.term for host in cluster.hosts.values()]
    assert RoleName.LEADER not in {host.role for host in cluster.hosts.values()}


def test_a_term_has_at_most_one_leader() -> None:
    """§3.3, §3.4, figure 3.2: A term has one leader at most (election safety)."""
    cluster = Make.cluster()
    for number, supporter in ((1, 3), (2, 3)):
        campaigns(cluster[number], supporter)

    cluster.settle()

    assert [1, 1, 1] == [host.term for host in cluster.hosts.values()]
    assert [RoleName.LEADER] == [
        host.role for host in cluster.hosts.values() if host.role is not RoleName.FOLLOWER
    ]


def test_every_message_bears_its_senders_term() -> None:
    """§3.3, figure 3.1: Every message bears its sender's current term."""
    cluster = Cluster([Make.host(number, term=6) for number in (1, 2, 3)])
    borne: set[tuple[int, int]] = set()

    cluster[1].tick()
    while any(host.outbox for host in cluster.hosts.values()):
        for host in cluster.hosts.values():
            borne |= {(host.term, send.message.term) for send in host.outbox}
        cluster.deliver()
        for host in cluster.hosts.values():
            host.work_all()

    assert {(6, 6), (7, 7)} == borne


@pytest.mark.parametrize(
    "message",
    [
        word(5),
        question(5),
        AppendEntriesResponse(term=5, round=0, match_index=0),
        RequestVoteResponse(term=5, vote_granted=False),
        InstallSnapshotResponse(term=5, transfer=1, next_offset=0),
        TimeoutNow(term=5),
        ReadIndex(term=5, read=1),
        ReadIndexResponse(term=5, read=1, index=1),
        PreVoteResponse(term=5, round=1, vote_granted=False),
    ],
    ids=lambda message: type(message).__name__,
)
def test_a_newer_term_is_adopted_from_whatever_message(
    message: Message,
) -> None:
    """§3.3, figure 3.1: Whoever meets a later term, in whatever message, makes it its own."""
    host = Make.host(term=3)

    host.receive(2, message)

    assert 5 == host.term


def test_a_candidate_whose_term_is_out_of_date_reverts_to_follower() -> None:
    """§3.3, figure 3.1: A candidate or leader that meets a later term is a follower at once."""
    host = candidate()

    host.receive(3, RequestVoteResponse(term=4, vote_granted=False))

    assert (RoleName.FOLLOWER, 4) == (host.role, host.term)


def test_a_leader_whose_term_is_out_of_date_reverts_to_follower() -> None:
    """§3.3, figure 3.1: A candidate or leader that meets a later term is a follower at once."""
    leader = led()[1]

    leader.receive(3, AppendEntriesResponse(term=4, round=0, match_index=0))

    assert (RoleName.FOLLOWER, 4) == (leader.role, leader.term)


def test_a_request_of_a_stale_term_is_rejected() -> None:
    """§3.3, figure 3.1: A request of an earlier term is rejected, and told the later one."""
    host = Make.host(term=3)

    host.receive(2, question(2))
    host.receive(2, word(2))

    assert [RequestVoteResponse(term=3, vote_granted=False)] == host.sent(RequestVoteResponse)
    assert 3 == host.sent(AppendEntriesResponse)[0].term
    assert host.status.leader is None


def test_followers_are_passive() -> None:
    """§3.3, figure 3.3: A follower asks for nothing; it answers leaders and candidates."""
    cluster = led()
    follower = cluster[2]

    follower.receive(1, word(1, round_=9))

    assert [AppendEntriesResponse] == [type(send.message) for send in follower.outbox]


def test_what_is_not_answered_is_sent_again() -> None:
    """§3.3, §3.5: What is not answered in time is sent again."""
    cluster = led()
    cluster.cut_off = {2, 3}
    cluster[1].propose(b"x")
    cluster.deliver()
    cluster.cut_off = set()

    cluster.beat(1)

    assert cluster[1].disk.log == cluster[2].disk.log


def test_an_answer_that_comes_late_or_twice_takes_nothing_back() -> None:
    """§3.3, figure 3.1: Messages may come late, twice or out of order; `match_index` only grows."""
    leader = led()[1]
    leader.propose(b"x", b"y")
    leader.written()

    for match_index in (3, 1, 3):
        leader.receive(2, AppendEntriesResponse(term=1, round=1, match_index=match_index))

    assert [3, 1] == [follower.match_index for follower in leader.status.followers]
    assert 3 == leader.status.commit_index
