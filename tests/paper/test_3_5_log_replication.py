"""§3.5 Log replication."""

from leto.raft.actions import Committed, RoleName
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    PreVote,
    PreVoteResponse,
    RequestVoteResponse,
)
from leto.raft.types import BEFORE_LOG, EntryId
from tests.support.hosts import Cluster, Make, entries, entry
from tests.support.situations import led


def test_a_command_is_appended_and_sent_to_all_others_at_once() -> None:
    """§3.5, figure 3.1: A leader appends a command to its log, then sends it to all others at
    once.
    """
    leader = led()[1]

    leader.propose(b"x")

    assert EntryId(1, 2) == leader.status.last_log
    assert [2, 3] == [send.to for send in leader.outbox]
    assert (entry(2, 1, b"x"),) == leader.sent(AppendEntries)[0].entries


def test_the_client_is_answered_when_the_entry_was_replicated_and_applied() -> None:
    """§3.5, figure 3.1: A client is answered when its command is committed and applied."""
    cluster = led()
    leader = cluster[1]

    request = leader.propose(b"x")
    answered_early = request in leader.answers
    cluster.settle()

    assert not answered_early
    assert Committed(EntryId(1, 2)) == leader.answers[request]
    assert entry(2, 1, b"x") == leader.applied[-1]


def test_entries_are_sent_until_all_followers_store_them_also_after_the_answer() -> None:
    """§3.5: Entries are sent until every follower has them, even after the client was answered."""
    cluster = led()
    cluster.cut_off = {3}
    request = cluster[1].propose(b"x")
    cluster.settle()
    answered = request in cluster[1].answers

    cluster.cut_off = set()
    cluster.beat(1)

    assert answered
    assert cluster[1].disk.log == cluster[3].disk.log


def test_an_entry_is_committed_once_a_majority_stores_it() -> None:
    """§3.5, figure 3.1: An entry is committed once the leader that made it has it on a majority."""
    cluster = led()
    leader = cluster[1]
    leader.propose(b"x")
    leader.written()

    leader.receive(2, AppendEntriesResponse(term=1, round=1, match_index=2))

    assert 2 == leader.status.commit_index


def test_committing_an_entry_commits_those_before_it() -> None:
    """§3.5, §3.6.2: An entry that is committed commits all before it, earlier leaders' too."""
    cluster = Cluster(
        [Make.host(1, log=entries(1, 2)), Make.host(2, log=entries(1, 2)), Make.host(3)]
    )

    cluster.elect(1)

    assert [1, 2, 3] == [e.id.index for e in cluster[1].applied]


def test_followers_learn_the_commit_index_and_apply_in_log_order() -> None:
    """§3.5, §3.6.3, figure 3.1: Followers learn the commit index from AppendEntries, and apply
    in the log's order.
    """
    cluster = led()
    cluster[1].propose(b"x", b"y")

    cluster.settle()
    cluster.beat(1)

    assert [1, 2, 3] == [e.id.index for e in cluster[3].applied]
    assert 3 == cluster[3].status.commit_index


def test_nothing_is_applied_before_it_is_committed() -> None:
    """§3.5, figure 3.1: Nothing is applied that is not committed."""
    host = Make.host()
    message = AppendEntries(term=1, round=1, prev=BEFORE_LOG, entries=entries(1), leader_commit=0)

    host.receive(2, message)
    host.work_all()

    assert (EntryId(1, 1), []) == (host.status.last_log, host.applied)


def test_a_follower_commits_no_further_than_what_it_was_sent() -> None:
    """§3.5, figure 3.1: A follower commits up to the lesser of `leader_commit` and the last
    entry it was sent.
    """
    host = Make.host(log=entries(1, 1, 1))
    message = AppendEntries(
        term=2, round=1, prev=EntryId(1, 1), entries=entries(1, after=1), leader_commit=3
    )

    host.receive(2, message)

    assert 2 == host.status.commit_index


def test_a_leader_makes_one_entry_an_index_and_never_moves_or_drops_it() -> None:
    """§3.5, figure 3.2: A leader only appends: it makes one entry an index, and never moves,
    drops or replaces it (leader append-only).
    """
    leader = led()[1]

    leader.propose(b"x")
    leader.propose(b"y")

    assert all(write.truncate_from is None for write in leader.writes)
    assert [2, 3] == [e.id.index for write in leader.writes for e in write.entries]


def test_a_leader_never_overwrites_its_own_log() -> None:
    """§3.5, figure 3.2: A leader only appends: it makes one entry an index, and never moves,
    drops or replaces it (leader append-only).
    """
    leader = led()[1]
    before = leader.status.last_log

    leader.receive(
        2, AppendEntries(term=1, round=1, prev=BEFORE_LOG, entries=entries(1), leader_commit=1)
    )

    assert (RoleName.LEADER, before) == (leader.role, leader.status.last_log)


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


def test_a_new_leader_drops_nothing_and_asks_for_nothing() -> None:
    """§3.5: A new leader does nothing special: logs converge by the consistency check alone."""
    cluster = Cluster([Make.host(number, log=entries(1, 2)) for number in (1, 2, 3)])

    leader = cluster.elect(1)

    assert list(entries(1, 2)) == leader.disk.log[:2]
    assert EntryId(3, 3) == leader.status.last_log


def test_a_slow_follower_holds_nobody_up() -> None:
    """§3.5: A slow minority holds nobody up."""
    cluster = led()
    cluster[3].disk_is_stuck = True

    request = cluster[1].propose(b"x")
    cluster.settle()

    assert Committed(EntryId(1, 2)) == cluster[1].answers[request]
    assert [] == cluster[3].disk.log[1:]
