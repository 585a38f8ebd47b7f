"""§3.5 Log replication: how logs that differ become the leader's."""

from itertools import combinations

import pytest

from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    Conflict,
    PreVote,
    PreVoteResponse,
    RequestVoteResponse,
)
from leto.raft.types import BEFORE_LOG, EntryId, Term
from tests.support.hosts import Cluster, Make, entries
from tests.support.situations import led


def test_entries_come_with_the_id_of_the_one_before_them() -> None:
    """§3.5, figure 3.1: Entries come with index and term of the one before them."""
    leader = led()[1]

    leader.propose(b"x")
    leader.propose(b"y")

    assert [EntryId(1, 1), EntryId(1, 2)] == [m.prev for m in leader.sent(AppendEntries, to=2)]


def test_a_follower_refuses_entries_whose_predecessor_it_lacks() -> None:
    """§3.5, figure 3.1: A follower refuses entries unless its log has the one before them, of
    that index and term.
    """
    short, other = Make.host(log=entries(1)), Make.host(log=entries(1, 2))
    message = AppendEntries(
        term=3, round=1, prev=EntryId(1, 2), entries=entries(3, after=2), leader_commit=0
    )

    for host in (short, other):
        host.receive(2, message)
        host.written()

    assert all(h.sent(AppendEntriesResponse)[0].conflict is not None for h in (short, other))
    assert [EntryId(1, 1), EntryId(2, 2)] == [h.status.last_log for h in (short, other)]


def test_logs_that_share_an_entry_share_all_before_it() -> None:
    """§3.5, figure 3.2: Two logs that share an entry are the same up to it (log matching)."""
    cluster = Cluster(
        [
            Make.host(1, log=entries(1, 1, 4, 4)),
            Make.host(2, log=entries(1, 1, 2, 2, 3)),
            Make.host(3, log=entries(1, 2)),
        ]
    )
    leader = cluster[1]
    leader.tick()

    talks = True
    while talks:
        for host in cluster.hosts.values():
            host.work_all()
        for one, other in combinations(cluster.hosts.values(), 2):
            shared = [
                a.id.index
                for a, b in zip(one.disk.log, other.disk.log, strict=False)
                if a.id == b.id
            ]
            last = max(shared, default=0)
            assert one.disk.log[:last] == other.disk.log[:last]
        talks = cluster.deliver()

    assert leader.disk.log == cluster[2].disk.log == cluster[3].disk.log


def test_conflicting_entries_are_overwritten_and_what_follows_them_too() -> None:
    """§3.5, figure 3.1: An entry that contradicts the leader's goes, and all that follow it."""
    host = Make.host(log=entries(1, 2, 2, 2))

    host.receive(
        2,
        AppendEntries(
            term=3, round=1, prev=EntryId(1, 1), entries=entries(3, after=1), leader_commit=0
        ),
    )
    host.work_all()

    assert list(entries(1, 3)) == host.disk.log


def test_entries_that_agree_leave_what_follows_them() -> None:
    """§3.5, figure 3.1: Entries that agree leave what follows them: the message may be an old
    one.
    """
    host = Make.host(log=entries(1, 1, 1))
    message = AppendEntries(term=1, round=1, prev=BEFORE_LOG, entries=entries(1), leader_commit=0)

    host.receive(2, message)

    assert (EntryId(1, 3), []) == (host.status.last_log, host.writes)


def test_next_index_begins_behind_the_leaders_last_entry() -> None:
    """§3.5, figure 3.1: A new leader takes it that all logs are like its own: `next_index`
    begins behind its last entry.
    """
    host = Make.host(log=entries(1, 1, 1))
    host.tick()
    asked = host.take_sent(PreVote)[0]
    host.receive(2, PreVoteResponse(term=1, round=asked.round, vote_granted=True))
    host.written()

    host.receive(2, RequestVoteResponse(term=2, vote_granted=True))

    assert [4, 4] == [follower.next_index for follower in host.status.followers]


def test_an_acknowledgement_moves_match_index_and_next_index() -> None:
    """§3.5, figure 3.1: An acknowledgement moves `match_index` and `next_index` forward."""
    cluster = Cluster([Make.host(1, log=entries(1, 1, 1)), Make.host(2), Make.host(3)])
    cluster.cut_off = {3}
    leader = cluster.elect(1)
    rejected = Conflict(rejected=EntryId(1, 3), hint=BEFORE_LOG)
    leader.receive(3, AppendEntriesResponse(term=2, round=1, match_index=0, conflict=rejected))
    before = leader.status.followers[1]

    leader.receive(3, AppendEntriesResponse(term=2, round=1, match_index=4))

    after = leader.status.followers[1]
    assert (0, 1) == (before.match_index, before.next_index)
    assert (4, 5) == (after.match_index, after.next_index)


def test_a_rejection_moves_next_index_back_until_the_logs_match() -> None:
    """§3.5, figure 3.1: A rejection moves `next_index` back, until the logs are found to match."""
    cluster = Cluster(
        [
            Make.host(1, log=entries(1, 1, 4, 4, 5)),
            Make.host(2, log=entries(1, 1, 4, 4, 5)),
            Make.host(3, log=entries(1, 1, 2, 2, 3, 3, 3)),
        ]
    )

    cluster.elect(1)
    cluster.beat(1)

    assert cluster[1].disk.log == cluster[3].disk.log


@pytest.mark.parametrize(
    "terms",
    [
        pytest.param((1, 1, 1, 4, 4, 5, 5, 6, 6), id="a"),
        pytest.param((1, 1, 1, 4), id="b"),
        pytest.param((1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6), id="c"),
        pytest.param((1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7), id="d"),
        pytest.param((1, 1, 1, 4, 4, 4, 4), id="e"),
        pytest.param((1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3), id="f"),
    ],
)
def test_each_log_of_figure_3_6_becomes_the_leaders(terms: tuple[Term, ...]) -> None:
    """§3.5, figure 3.6: A log that lacks entries, has others or both becomes the leader's."""
    of_the_leader = entries(1, 1, 1, 4, 4, 5, 5, 6, 6, 6)
    cluster = Cluster(
        [
            Make.host(1, term=7, log=of_the_leader),
            Make.host(2, term=7, log=of_the_leader),
            Make.host(3, term=7, log=entries(*terms)),
        ]
    )

    cluster.elect(1)
    cluster.beat(1)

    assert [*of_the_leader, *cluster[1].disk.log[10:]] == cluster[3].disk.log
    assert EntryId(8, 11) == cluster[3].status.last_log


def test_one_rejection_skips_a_whole_term() -> None:
    """§3.5: A rejection may say more, so that a whole term is skipped at once."""
    cluster = Cluster(
        [
            Make.host(1, log=entries(1, 1, *[4] * 9)),
            Make.host(2, log=entries(1, 1, *[4] * 9)),
            Make.host(3, log=entries(1, 1, *[2] * 9)),
        ]
    )
    cluster.cut_off = {3}
    leader = cluster.elect(1)
    follower = cluster[3]

    leader.tick()
    follower.receive(1, leader.take_sent(AppendEntries, to=3)[-1])
    follower.written()
    leader.receive(3, follower.take_sent(AppendEntriesResponse)[-1])

    assert EntryId(1, 2) == leader.sent(AppendEntries, to=3)[-1].prev


def test_until_the_match_is_found_one_message_is_sent_at_a_time() -> None:
    """§3.5: While a leader looks for the match it sends little; then it sends all there is."""
    cluster = Make.cluster()
    cluster.cut_off = {3}
    leader = cluster.elect(1)
    for _ in range(5):
        leader.propose(b"x")

    while_it_looks = leader.take_sent(AppendEntries, to=3)
    leader.receive(3, AppendEntriesResponse(term=1, round=1, match_index=1))

    assert [] == while_it_looks
    assert 5 == sum(len(m.entries) for m in leader.sent(AppendEntries, to=3))


def test_a_new_leader_drops_nothing_and_asks_for_nothing() -> None:
    """§3.5: A new leader does nothing special: logs converge by the consistency check alone."""
    cluster = Cluster([Make.host(number, log=entries(1, 2)) for number in (1, 2, 3)])

    leader = cluster.elect(1)

    assert list(entries(1, 2)) == leader.disk.log[:2]
    assert EntryId(3, 3) == leader.status.last_log
