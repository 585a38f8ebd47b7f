"""Links between nodes: dialling, greeting, staying alive, giving up."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.config import Config
from leto.raft.configuration import AddMember, Configuration, Member
from leto.raft.entries import SnapshotMark
from leto.raft.messages import AppendEntries, InstallSnapshot, TimeoutNow
from leto.raft.types import BEFORE_LOG, NodeId
from leto.resp import OK
from leto.server.world import Dial, OutputBacklog, Port, Transmit
from leto.wire import (
    NO_CLUSTER,
    ClusterId,
    FrameReader,
    Goodbye,
    GoodbyeCode,
    Hello,
    Ping,
    Unreadable,
    decode,
    encode,
)
from leto.wire.frames import encode_frame
from leto.wire.messages import Word

if TYPE_CHECKING:
    from tests.leto.server.conftest import Client, Machine, World

PATIENT = Config()  # whoever waits for an election waits for seconds


class Stranger:
    """Somebody on the peer port who says what the test wants."""

    def __init__(self, world: "World", machine: "Machine") -> None:
        self.world = world
        self.machine = machine
        self.client: Client = world.client(machine)
        self.reader = FrameReader()
        machine.accept(
            Port.PEER, self.client.end, str(machine.settings.peer_bind_address), "10.0.0.9:1"
        )
        self.heard: list[Word] = []
        self.client.parser.feed = self._hear  # type: ignore[method-assign] # it is no RESP
        world.settle()

    def say(self, word: Word) -> None:
        self.client.send_raw(encode(word))

    def _hear(self, data: bytes) -> None:
        for frame in self.reader.feed(data):
            word = decode(frame)
            assert word is not None
            assert not isinstance(word, Unreadable)
            self.heard.append(word)


def hello_of(machine: "Machine") -> Hello:
    """The greeting of a member that nobody knows."""
    ours = machine.consensus.identity.hello(blank=False)
    return attrs.evolve(ours, node_id=NodeId(77), name="id7")


def test_every_two_nodes_have_one_link(world: "World") -> None:
    machines = world.cluster()
    world.run(3_000)

    ups = {m.name: sorted(str(line["peer"]) for line in m.messages("link up")) for m in machines}
    assert {"id1": ["id2", "id3"], "id2": ["id1", "id3"], "id3": ["id1", "id2"]} == ups


def test_a_lost_link_is_dialled_again(world: "World") -> None:
    machines = world.cluster()
    for end in list(machines[1].ends.values()):
        other = end.other
        assert other is not None
        if other.machine is not None:
            end.close("reset by the test")
            other.close("reset by the test")
    world.settle()

    world.run(1_500)

    links = machines[1].consensus.links
    others = [m for m in machines if m is not machines[1]]
    assert all(links.is_up(m.raft.node_id) for m in others)
    assert OK == world.client(world.leader()).ask("SET a b")


def test_a_dead_leader_is_replaced_without_waiting_for_a_timeout(world: "World") -> None:
    machines = world.cluster(raft=PATIENT)
    died_at = world.now_us

    machines[0].kill()

    world.leader(machines[1:])
    assert world.now_us - died_at < 300_000


def test_a_leader_that_stops_is_replaced_without_waiting_for_a_timeout(world: "World") -> None:
    machines = world.cluster(raft=PATIENT)
    stopped_at = world.now_us

    machines[0].ask_to_stop()

    world.leader(machines[1:])
    assert world.now_us - stopped_at < 300_000


def test_dials_are_repeated_with_growing_pauses_and_one_complaint(world: "World") -> None:
    machines = world.cluster()
    machines[2].kill()
    before = len(machines[0].orders)

    world.run(10_000)

    dials = [order for order in machines[0].orders[before:] if isinstance(order, Dial)]
    assert 5 <= len(dials) <= 14
    (complaint,) = machines[0].messages("peer unreachable")
    assert "connection refused" == complaint["reason"]


def test_a_silent_link_is_given_up(world: "World") -> None:
    machines = world.cluster()
    machines[2].is_frozen = True

    world.run(5_500)

    (down,) = machines[0].messages("link down")
    assert ("id3", "it has been silent for too long") == (down["peer"], down["reason"])


def test_whoever_is_no_member_any_more_is_told_by_the_leader(world: "World") -> None:
    machine = world.founded()
    stranger = Stranger(world, machine)

    stranger.say(hello_of(machine))

    assert isinstance(stranger.heard[-1], Goodbye)
    assert GoodbyeCode.REMOVED is stranger.heard[-1].code


def test_nobody_is_sent_to_an_address_without_a_host(world: "World") -> None:
    machines = world.cluster()
    leader = machines[0].consensus.identity
    links = machines[1].consensus.links
    known = links.client_address(leader.node_id)

    Stranger(world, machines[1]).say(
        attrs.evolve(leader.hello(blank=False), client_address=":5379")
    )

    assert str(leader.client_address) == known == links.client_address(leader.node_id)


@pytest.mark.parametrize(
    "address, says, found",
    [
        ("elsewhere:15379", ":5379", "elsewhere:5379"),
        (":15379", ":5379", None),
        ("nonsense", ":5379", None),
        ("elsewhere:15379", "nonsense", None),
    ],
)
def test_who_did_not_know_its_host_is_found_on_that_of_the_configuration(
    world: "World", address: str, says: str, found: str | None
) -> None:
    """A newcomer that has restarted says who it is before its log tells it where it is."""
    follower = world.cluster()[1]
    links, said = follower.consensus.links, hello_of(follower)
    Stranger(world, follower).say(attrs.evolve(said, client_address=says))
    assert links.client_address(said.node_id) is None
    newcomer = Member(node_id=said.node_id, name="id9", address=address)

    configuration = follower.raft.configuration.with_change(AddMember(newcomer))
    links.follow(configuration, follower.consensus.identity.node_id)

    assert found == links.client_address(said.node_id)


def test_pings_are_sent_each_second(world: "World") -> None:
    machines = world.cluster()
    before = len(machines[1].orders)

    world.run(3_050)

    sent = b"".join(o.data for o in machines[1].orders[before:] if isinstance(o, Transmit))
    words = [decode(frame) for frame in FrameReader().feed(sent)]
    assert 6 == sum(isinstance(word, Ping) for word in words)


def test_a_stranger_that_says_nothing_is_given_up(world: "World") -> None:
    stranger = Stranger(world, world.founded())

    assert isinstance(stranger.heard[0], Hello)
    world.run(2_100)

    assert stranger.client.is_closed


def test_a_stranger_that_does_not_greet_first_is_dropped(world: "World") -> None:
    stranger = Stranger(world, world.founded())

    stranger.say(AppendEntries(term=9, round=1, prev=BEFORE_LOG, entries=(), leader_commit=0))

    assert stranger.client.is_closed


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\n\r\n", encode(Ping())[:-1] + b"x", b"\x00" * 64]
)
def test_bytes_that_are_no_frames_end_the_link(world: "World", data: bytes) -> None:
    stranger = Stranger(world, world.founded())

    stranger.client.send_raw(data)

    world.run(2_100)
    assert stranger.client.is_closed


def test_a_frame_whose_body_is_wrong_ends_the_link(world: "World") -> None:
    machine = world.founded()
    stranger = Stranger(world, machine)
    number = FrameReader().feed(encode(hello_of(machine)))[0].type

    stranger.client.send_raw(encode_frame(number, [b"short"]))

    assert stranger.client.is_closed


def test_a_frame_of_a_newer_minor_version_is_passed_over(world: "World") -> None:
    stranger = Stranger(world, world.founded())

    stranger.client.send_raw(encode_frame(60_000, [b"whatever"]))

    assert not stranger.client.is_closed


INTRUDERS: list[tuple[Callable[[Hello], Hello], str]] = [
    (lambda hello: attrs.evolve(hello, cluster_id=ClusterId(5)), "it belongs to cluster"),
    (lambda hello: attrs.evolve(hello, major=9), "version 9"),
    (lambda hello: attrs.evolve(hello, blank=True), "it is no member yet"),
    (lambda hello: attrs.evolve(hello, cluster_id=NO_CLUSTER), "we did not ask for it"),
]


@pytest.mark.parametrize("change,says", INTRUDERS)
def test_whoever_does_not_belong_is_refused_with_a_word(
    world: "World", change: Callable[[Hello], Hello], says: str
) -> None:
    machine = world.founded()
    stranger = Stranger(world, machine)

    stranger.say(change(hello_of(machine)))

    goodbye = stranger.heard[-1]
    assert isinstance(goodbye, Goodbye)
    assert GoodbyeCode.REFUSED is goodbye.code
    assert says in goodbye.text
    assert stranger.client.is_closed
    assert says in str(machine.messages("peer refused")[-1]["reason"])


@pytest.mark.parametrize("length", [1_000, 60_000])
def test_a_stranger_with_a_long_name_is_sent_away_like_any_other(
    world: "World", length: int
) -> None:
    machine = world.founded()
    stranger = Stranger(world, machine)
    long = "\x01" * length

    stranger.say(attrs.evolve(hello_of(machine), cluster_id=ClusterId(5), name=long))

    assert stranger.client.is_closed
    assert OK == world.client(machine).ask("SET a b")


def test_a_node_that_a_peer_tells_that_it_was_removed_ends(world: "World") -> None:
    _, machine, _ = world.cluster()
    stranger = Stranger(world, machine)
    stranger.say(hello_of(machine))

    stranger.say(Goodbye(GoodbyeCode.REMOVED, "you are not a member any more"))

    assert machine.stop is not None
    assert "id7 says: you are not a member any more" in machine.stop.message


def test_whoever_has_not_greeted_cannot_end_a_node(world: "World") -> None:
    machine = world.founded()
    stranger = Stranger(world, machine)

    stranger.say(Goodbye(GoodbyeCode.REMOVED, "you are not a member any more"))

    assert machine.stop is None
    assert stranger.client.is_closed


def test_an_unknown_peer_of_our_cluster_is_heard_by_a_follower(world: "World") -> None:
    _, machine, _ = world.cluster()
    stranger = Stranger(world, machine)

    stranger.say(hello_of(machine))
    stranger.say(Ping())

    assert not stranger.client.is_closed
    assert machine.consensus.links.is_up(NodeId(77))
    assert "id7" == machine.consensus.links.name_of(NodeId(77))
    assert f"{78:016x}" == machine.consensus.links.name_of(NodeId(78))


def test_a_peer_that_starts_anew_replaces_every_link_of_its_former_life(world: "World") -> None:
    _, machine, _ = world.cluster()
    first, second = Stranger(world, machine), Stranger(world, machine)
    first.say(hello_of(machine))

    second.say(attrs.evolve(hello_of(machine), incarnation=9))

    assert first.client.is_closed
    assert not second.client.is_closed


def test_of_two_links_the_older_one_serves_when_the_newer_is_gone(world: "World") -> None:
    founder, other = world.cluster(2)
    links = founder.consensus.links
    (theirs,) = [end for end in other.ends.values() if end.other and end.other.machine]
    stranger = Stranger(world, founder)
    ours = other.consensus.identity.hello(blank=False)
    stranger.say(ours)
    assert theirs.connection in other.ends

    stranger.client.hang_up()

    assert links.is_up(other.raft.node_id)
    assert OK == world.client(founder).ask("SET a b")


def test_an_introduction_that_fails_is_told_with_its_reason(world: "World") -> None:
    machine = world.founded()
    other = world.founded(2)
    reasons: list[Hello | str] = []
    introduce = machine.consensus.links.introduce

    introduce("127.0.0.1:999", reasons.append)
    introduce("127.0.0.1:25379", reasons.append)
    world.run(200)

    assert "connection refused" == reasons[0]
    assert "it belongs to cluster" in str(reasons[1])
    assert other.stop is None


def test_a_member_whose_address_changes_is_dialled_there(world: "World") -> None:
    founder, other, _ = world.cluster()
    other.kill()
    moved = world.machine(2, peer_bind=":26379")
    moved.files = other.files
    moved.start()
    assert OK == world.client(founder).ask("JOIN 127.0.0.1:26379 id2")
    moved.kill()
    before = len(founder.orders)

    world.run(3_000)

    dials = {order.address for order in founder.orders[before:] if isinstance(order, Dial)}
    assert {"127.0.0.1:26379"} == dials


def test_goodbye_is_told_to_the_operator(world: "World") -> None:
    machines = world.cluster()
    machines[2].ask_to_stop()

    reasons = [line["reason"] for line in machines[0].messages("link down")]
    assert ["it said: this node stops"] == reasons


def test_a_peer_too_far_behind_gets_no_more_entries_but_heartbeats_only(world: "World") -> None:
    machines = world.cluster()
    links = machines[0].consensus.links
    tiny = attrs.evolve(links._limits, link_backlog_bytes_max=10)
    links._limits = tiny
    for connection, end in machines[0].ends.items():
        if end.other is not None and end.other.machine is machines[2]:
            machines[0].tell(OutputBacklog(connection, 11))
    applied = machines[2].raft.last_applied

    assert OK == world.client(machines[0]).ask("SET a b")

    assert applied == machines[2].raft.last_applied


def test_a_peer_too_far_behind_is_still_told_what_is_small(world: "World") -> None:
    machines = world.cluster()
    links, peer = machines[0].consensus.links, machines[2].consensus.identity.node_id
    links._limits = attrs.evolve(links._limits, link_backlog_bytes_max=10)
    link = links._newest[peer]
    link.unsent_bytes = 11
    chunk = InstallSnapshot(
        term=1, transfer=1, snapshot=SnapshotMark(configuration=Configuration()), offset=0, data=b""
    )

    links.send(peer, chunk)
    links.send(peer, TimeoutNow(term=1))

    assert [encode(TimeoutNow(term=1))] == link.outgoing


def test_a_link_in_the_same_direction_replaces_the_older_one(world: "World") -> None:
    machines = world.cluster(2)
    links = machines[0].consensus.links
    heard: list[object] = []

    links.introduce("127.0.0.1:25379", heard.append)
    world.run(100)

    assert isinstance(heard[0], Hello)
    assert 1 == sum(end.other is not None for end in machines[1].ends.values())
    assert OK == world.client(machines[0]).ask("SET a b")


def test_output_that_waits_is_counted_until_the_world_says_how_much_it_is(
    world: "World",
) -> None:
    machines = world.cluster()
    links = machines[0].consensus.links
    link = links._newest[machines[2].raft.node_id]
    link.backlog(5)

    assert OK == world.client(machines[0]).ask("SET a " + "x" * 1_000)

    assert link.unsent_bytes > 1_000
    link.backlog(0)
    assert OK == world.client(machines[0]).ask("SET a b")
    assert 0 == link.unsent_bytes


def test_a_node_that_stops_hangs_up_on_whoever_has_not_greeted_yet(world: "World") -> None:
    machine = world.founded()
    stranger = Stranger(world, machine)

    machine.ask_to_stop()

    assert stranger.client.is_closed
    assert not any(isinstance(word, Goodbye) for word in stranger.heard)


def test_a_stranger_that_hangs_up_before_it_greets_is_forgotten(world: "World") -> None:
    machine = world.founded()
    stranger = Stranger(world, machine)

    stranger.client.hang_up()

    assert [] == machine.messages("link down")


def test_a_member_that_leaves_while_its_link_is_up_is_told(world: "World") -> None:
    machines = world.cluster(raft=attrs.evolve(world.quick, heartbeat_interval_us=100_000))
    leader, removed = machines[0], machines[2]
    removed.is_frozen = True  # it hears of it only when it moves again
    assert OK == world.client(leader).ask("LEAVE id3")
    world.run(1_500)

    removed.is_frozen = False
    world.run(8_000)

    assert removed.has_ended


def test_an_introduction_whose_link_breaks_is_told_too(world: "World") -> None:
    machine = world.founded()
    other = world.founded(2)
    other.is_frozen = True
    reasons: list[Hello | str] = []

    machine.consensus.links.introduce("127.0.0.1:25379", reasons.append)
    world.run(2_200)

    assert ["it did not answer our greeting in time"] == reasons


def test_a_stranger_at_a_members_address_is_refused_and_the_member_dialled_again(
    world: "World",
) -> None:
    machines = world.cluster()
    machines[2].kill()
    stranger = world.machine(4, join=9, peer_bind=":35379")
    stranger.start()

    world.run(2_000)

    complaints = [str(m["reason"]) for m in machines[0].messages("peer unreachable")]
    assert any("was expected at that address" in reason for reason in complaints)
    stranger.kill()
    machines[2].start()
    world.run(3_000)
    assert machines[0].consensus.links.is_up(machines[2].raft.node_id)


def test_a_process_that_dies_slowly_is_found_dead_all_the_same(world: "World") -> None:
    machines = world.cluster()
    for follower in machines[1:]:
        follower.dials_reset = 3  # its sockets are closed one after the other

    machines[0].kill()
    world.run(100)

    assert world.leader(machines[1:]).raft.is_ready
    assert [] == [m.dials_reset for m in machines[1:] if m.dials_reset]


def test_a_peer_that_only_resets_dials_is_not_taken_for_dead(world: "World") -> None:
    machines = world.cluster()
    for follower in machines[1:]:
        follower.dials_reset = 10_000
    term = machines[1].raft.current_term

    machines[0].kill()
    world.run(190)  # less than an election timeout

    assert [term, term] == [m.raft.current_term for m in machines[1:]]
    dials = 10_000 - machines[1].dials_reset
    assert 20 < dials < 50
    world.run(10_000)
    assert machines[1].dials_reset > 10_000 - dials - 100  # only for a while at short intervals


def test_a_node_that_meets_itself_is_introduced_and_keeps_no_link(world: "World") -> None:
    machine = world.founded()

    reply = world.client(machine).ask("JOIN 127.0.0.1:15379 id1")

    assert OK == reply
    assert not machine.consensus.links.is_up(machine.raft.node_id)
    assert [] == machine.messages("link up")
