"""§3.5 Log replication."""

from leto.raft.actions import Committed, RoleName
from leto.raft.config import Config
from leto.raft.messages import AppendEntries, AppendEntriesResponse
from leto.raft.types import BEFORE_LOG, EntryId
from tests.support.hosts import Cluster, Make, entries, entry
from tests.support.situations import PATIENCE_US, led


def test_a_command_is_appended_and_sent_to_all_others_at_once() -> None:
    """§3.5, figure 3.1: A leader appends a command to its log, then sends it to all others at
    once.
    """
    leader = led()[1]

    leader.propose(b"x")

    assert EntryId(1, 2) == leader.status.last_log
    assert [2, 3] == [send.to for send in leader.outbox]
    assert (entry(2, 1, b"x"),) == leader.sent(AppendEntries)[0].entries


def test_an_entry_bears_the_term_in_which_it_was_made_and_the_next_index() -> None:
    """§3.5: An entry has the term in which its leader made it, and the next index."""
    cluster = led()
    cluster[1].propose(b"x")
    cluster.settle()
    cluster[1].now += PATIENCE_US * 2
    cluster[3].now += PATIENCE_US * 2

    cluster.elect(2)
    cluster[2].propose(b"y")

    cluster.settle()

    assert [(1, 1), (2, 1), (3, 2), (4, 2)] == [
        (e.id.index, e.id.term) for e in cluster[1].disk.log
    ]


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


def test_a_slow_follower_holds_nobody_up() -> None:
    """§3.5: A slow minority holds nobody up."""
    cluster = led()
    cluster[3].disk_is_stuck = True

    request = cluster[1].propose(b"x")
    cluster.settle()

    assert Committed(EntryId(1, 2)) == cluster[1].answers[request]
    assert [] == cluster[3].disk.log[1:]


def test_one_round_of_messages_to_a_majority_commits_an_entry() -> None:
    """§3.5: One round of messages to a majority commits an entry."""
    cluster = led()
    cluster.cut_off = {3}
    leader, follower = cluster[1], cluster[2]
    leader.propose(b"x")
    leader.written()

    cluster.deliver()
    follower.written()
    cluster.deliver()

    assert 2 == leader.status.commit_index


def test_entries_are_committed_as_long_as_a_majority_is_up() -> None:
    """§3.5, §3.3: Commands are taken, replicated and applied as long as a majority is up."""
    cluster = Make.cluster(1, 2, 3, 4, 5)
    leader = cluster.elect(1)

    cluster.cut_off = {4, 5}
    with_three = leader.propose(b"x")
    cluster.settle()
    cluster.cut_off = {3, 4, 5}
    with_two = leader.propose(b"y")
    cluster.settle()

    assert [True, False] == [request in leader.answers for request in (with_three, with_two)]


def test_one_entry_a_message_is_enough() -> None:
    """§3.5: A message need never carry more than one entry."""
    cluster = Make.cluster(config=Config(append_bytes_max=1))
    cluster.elect(1)
    cluster.cut_off = {3}
    cluster[1].propose(b"x", b"y", b"z")
    cluster.settle()
    cluster.cut_off = set()

    cluster[1].tick()
    carried: list[int] = []
    while any(host.outbox for host in cluster.hosts.values()):
        carried += [len(m.entries) for m in cluster[1].sent(AppendEntries)]
        cluster.deliver()
        for host in cluster.hosts.values():
            host.work_all()

    assert {0, 1} == set(carried)
    assert cluster[1].disk.log == cluster[3].disk.log
