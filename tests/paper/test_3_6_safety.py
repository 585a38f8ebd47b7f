"""§3.6 Safety: who may be elected, and what is committed."""

import pytest

from leto.raft.actions import (
    RoleName,
)
from leto.raft.entries import Command
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    PreVote,
    PreVoteResponse,
    RequestVote,
    RequestVoteResponse,
)
from leto.raft.types import BEFORE_LOG, EntryId
from tests.support.hosts import Cluster, Make, entries, entry
from tests.support.situations import (
    PATIENCE_US,
    campaigns,
    led,
    pass_patience,
    question,
)


@pytest.mark.parametrize(
    "last, granted",
    [
        (EntryId(3, 1), True),  # a later term, however short
        (EntryId(2, 3), True),  # the same
        (EntryId(2, 4), True),  # the same term, longer
        (EntryId(2, 2), False),  # the same term, shorter
        (EntryId(1, 9), False),  # an earlier term, however long
    ],
)
def test_a_vote_is_denied_to_a_log_that_is_less_up_to_date(last: EntryId, granted: bool) -> None:  # noqa: FBT001 # an example
    """§3.6.1, figure 3.1: A vote is denied to whoever's log is less up to date: by the last
    entry's term, then by its index.
    """
    host = Make.host(log=entries(1, 2, 2))

    host.receive(2, question(9, last))
    host.written()

    assert [granted] == [m.vote_granted for m in host.sent(RequestVoteResponse)]


def test_a_candidate_says_where_its_log_ends() -> None:
    """§3.6.1, figure 3.1: A candidate says with which index and term its log ends."""
    host = campaigns(Make.host(log=entries(1, 2, 2)))

    assert [question(3, EntryId(2, 3))] * 2 == host.sent(RequestVote)


def test_who_lacks_a_committed_entry_is_not_elected() -> None:
    """§3.6.1, §3.6.3, figure 3.2: Whoever is elected has every committed entry (leader
    completeness).
    """
    cluster = led()
    cluster.cut_off = {3}
    cluster[1].propose(b"x")
    cluster.settle()
    cluster[1].now += PATIENCE_US * 2
    cluster[2].now += PATIENCE_US * 2
    cluster.cut_off = set()

    for _ in range(3):
        cluster[3].tick()
        cluster.settle()

    assert not cluster[3].plays(RoleName.LEADER)
    assert 2 == cluster[1].status.commit_index


def test_entries_of_earlier_terms_are_not_committed_by_counting() -> None:
    """§3.6.2, figure 3.1, figure 3.7: Only entries of the leader's own term are committed by
    counting.
    """
    host = Make.host(log=entries(1, 2))
    host.tick()
    asked = host.take_sent(PreVote)[0]
    host.receive(2, PreVoteResponse(term=2, round=asked.round, vote_granted=True))
    host.written()
    host.receive(2, RequestVoteResponse(term=3, vote_granted=True))
    host.written()

    host.receive(2, AppendEntriesResponse(term=3, round=1, match_index=2))
    by_counting = host.status.commit_index
    host.receive(2, AppendEntriesResponse(term=3, round=1, match_index=3))

    assert (0, 3) == (by_counting, host.status.commit_index)


def figure_3_7() -> Cluster:
    """As in (c): the first is about to lead again, its entry of term 2 on three of five."""
    logs = [entries(1, 2), entries(1, 2), entries(1, 2), entries(1), entries(1, 3)]
    hosts = [
        Make.host(number, voters=(1, 2, 3, 4, 5), term=3, log=log)
        for number, log in enumerate(logs, 1)
    ]
    return Cluster(hosts)


def test_an_entry_of_an_earlier_term_on_a_majority_may_yet_be_replaced() -> None:
    """§3.6.2, figure 3.7: An entry of an earlier term may be replaced even if a majority has it."""
    cluster = figure_3_7()
    cluster.cut_off = {1}

    cluster.elect(5)
    cluster.beat(5)

    assert [[1, 3, 4]] * 4 == [[e.id.term for e in cluster[n].disk.log] for n in (2, 3, 4, 5)]
    assert entry(2, 3) == cluster[2].applied[1]


def test_an_entry_of_its_own_term_on_a_majority_settles_the_earlier_ones() -> None:
    """§3.6.2, figure 3.7: With an entry of the leader's own term on a majority it is settled."""
    cluster = figure_3_7()
    cluster.cut_off = {4, 5}

    leader = cluster.elect(1)
    leader.now += PATIENCE_US * 2
    cluster.cut_off = {1}
    pass_patience(cluster)
    for _ in range(3):
        cluster[5].tick()
        cluster.settle()

    assert [1, 2, 4] == [e.id.term for e in leader.applied]
    assert not cluster[5].plays(RoleName.LEADER)


def test_entries_of_earlier_terms_keep_their_terms() -> None:
    """§3.6.2: Entries keep the term in which they were made, whoever replicates them."""
    cluster = Cluster([Make.host(1, log=entries(1, 2)), Make.host(2), Make.host(3)])

    cluster.elect(1)

    assert [1, 2, 3] == [e.id.term for e in cluster[3].disk.log]


def test_who_votes_for_a_later_term_takes_no_more_entries_of_an_earlier_one() -> None:
    """§3.6.3: Who has voted in a later term takes no more entries of an earlier one."""
    voter = Make.host(3, term=1)
    voter.receive(2, question(2))
    voter.work_all()

    voter.receive(
        1, AppendEntries(term=1, round=1, prev=BEFORE_LOG, entries=entries(1), leader_commit=1)
    )

    assert (BEFORE_LOG, 0) == (voter.status.last_log, voter.status.commit_index)


def test_what_one_has_applied_nobody_applies_otherwise() -> None:
    """§3.6.3, figure 3.2: What one state machine has applied at an index, no other applies
    otherwise (state machine safety).
    """
    cluster = led()
    cluster.cut_off = {1}
    cluster[1].propose(b"lost")
    cluster.settle()
    cluster.elect(2)
    cluster[2].propose(b"kept")
    cluster.settle()

    cluster.cut_off = set()
    cluster.beat(2)
    cluster.beat(2)

    assert cluster[1].applied == cluster[2].applied == cluster[3].applied
    assert [b"kept"] == [
        e.payload.data for e in cluster[1].applied if isinstance(e.payload, Command)
    ]
