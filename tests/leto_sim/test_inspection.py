"""A node in words."""

from leto.raft.configuration import AddMember, Configuration, Member, MemberRole
from leto.raft.entries import Command, Entry, HardState, Noop, SnapshotMark
from leto.raft.events import ChangeRequested
from leto.raft.types import EntryId, NodeId
from leto_sim import inspection
from leto_sim.inspection import describe_disk, describe_life
from leto_sim.platter import LogImage, Platter
from tests.support.sims import cluster_of, elect, pass_time

MS = 1_000


def entry(index: int, data: bytes | None = None) -> Entry:
    return Entry(EntryId(term=1, index=index), Noop() if data is None else Command(data))


def name_of(node_id: NodeId) -> str:
    return f"id{node_id}"


def test_a_leader_tells_how_far_its_followers_are() -> None:
    cluster = cluster_of(2)
    leader = elect(cluster)
    pass_time(cluster, 5 * MS)
    (follower,) = (process for process in cluster.alive if process is not leader)

    lines = describe_life(leader.status, leader.memory, cluster.name_of)

    assert "role           leader" == lines[0]
    assert f"term           1, voted for {leader.name}, leader {leader.name}" == lines[1]
    assert f"  {follower.name:<12} replicate, match 1, next 2" in lines
    assert ["log            after 0@0", "  1@1          applied     no-op"] == list(lines[-2:])


def test_a_node_that_has_heard_of_nothing_says_so() -> None:
    cluster = cluster_of(1)
    blank = cluster.add_blank_host().alive
    assert blank is not None

    lines = describe_life(blank.status, blank.memory, cluster.name_of)

    assert "term           0, voted for nobody, leader unknown" == lines[1]
    assert "snapshot       none" in lines
    assert "configuration  from 0: none" in lines


def test_entries_have_a_fate_and_a_content() -> None:
    cluster = cluster_of(1)
    leader = elect(cluster)
    member = Member(node_id=NodeId(9), name="id9", address="id9:9", role=MemberRole.LEARNER)
    leader.request(ChangeRequested(1, (AddMember(member),)), {1: lambda _: None})
    pass_time(cluster, 5 * MS)
    memory = LogImage()
    memory.entries = [*leader.memory.entries, entry(3, b"x" * 40)]

    lines = describe_life(leader.status, memory, cluster.name_of)

    assert "  2@1          applied     configuration: id9 learner, id1 voter" in lines
    assert f"  3@1          in memory   {b'x' * 32!r}… (40 bytes)" == lines[-1]


def test_a_joint_configuration_shows_both_halves() -> None:
    one, other = (Member(node_id=NodeId(n), name=f"id{n}", address=f"id{n}") for n in (1, 2))

    text = inspection._configuration(Configuration((one,), outgoing=(other,)))

    assert "id1 voter; joint with id2 voter" == text


def test_an_entry_may_be_committed_or_durable_only() -> None:
    cluster = cluster_of(1)
    status = elect(cluster).status
    waiting = cluster.alive[0].node._state

    waiting.commit_index = 1
    waiting.last_applied = 0
    committed = inspection._fate(entry(1), status)
    waiting.commit_index = 0
    durable = inspection._fate(entry(1), status)

    assert ("committed", "durable") == (committed, durable)


def test_only_the_end_of_a_long_log_is_shown() -> None:
    cluster = cluster_of(1)
    memory = LogImage(entries=[entry(index) for index in range(1, 26)])

    lines = describe_life(elect(cluster).status, memory, cluster.name_of)

    assert "log            after 0@0, 5 more" in lines
    assert lines[-inspection.ENTRIES_SHOWN].startswith("  6@1 ")


def test_a_disk_tells_what_a_power_cut_would_leave() -> None:
    mark = SnapshotMark(configuration=Configuration())
    platter = Platter(mark)
    platter.hard_state = HardState(current_term=4, voted_for=NodeId(2))
    platter.log = LogImage(entries=[entry(1), entry(2)])

    assert [
        "on its disk    term 4, voted for id2",
        "               log 1@1 to 2@1",
        "               snapshot 0@0, 0 bytes, log kept after 0@0",
    ] == describe_disk(platter, name_of)


def test_an_empty_disk_holds_nothing() -> None:
    assert [
        "on its disk    term 0, voted for nobody",
        "               log nothing after 0@0",
        "               snapshot none",
    ] == describe_disk(Platter(), name_of)
