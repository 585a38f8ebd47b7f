"""JOIN and LEAVE, at the leader."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import attrs
import pytest

from leto.raft.actions import Committed, Outcome, Refusal, Refused, RoleName, Unknown
from leto.raft.configuration import ChangeLease, ChangePriority, ConfigurationChange
from leto.raft.types import EntryId, NodeId
from leto.resp import OK, ErrorReply, Reply
from leto.server.addresses import Address
from leto.server.clients import errors
from leto.server.peers.membership import Membership, objection_to_address
from leto.server.turn import Turn
from leto.wire import Hello

if TYPE_CHECKING:
    from leto.server.commit.replica import Replica
    from leto.server.peers.links import Links
    from tests.leto.server.conftest import Machine, World


def names(machine: "Machine") -> list[str]:
    return sorted(member.name for member in machine.raft.committed_configuration.members)


def text(reply: object) -> str:
    assert isinstance(reply, ErrorReply)
    return reply.message


def test_join_of_an_unreachable_address_changes_nothing(world: "World") -> None:
    machine = world.founded()
    client = world.client(machine)
    before = machine.raft.last_log

    reply = client.ask("JOIN 127.0.0.1:999 id2")

    assert "ERR cannot reach 127.0.0.1:999: connection refused; nothing was changed" == text(reply)
    assert ["id1"] == names(machine)
    assert before.index <= 2  # its no-op, and at most where it says it lives
    assert OK == client.ask("SET a b")


@pytest.mark.parametrize("address", ["nonsense", ":999", "0.0.0.0:999", "127.0.0.1:0", "host:x"])
def test_join_of_what_is_no_address_says_what_one_is(world: "World", address: str) -> None:
    reply = world.client(world.founded()).ask(f"JOIN {address} id2")

    assert f"ERR '{address}' is not the host:port of a peer port" in text(reply)


def test_join_of_the_wrong_arity_is_redis_text(world: "World") -> None:
    client = world.client(world.founded())

    expected = ErrorReply("ERR wrong number of arguments for 'join' command")
    assert expected == client.ask("JOIN 127.0.0.1:999")


def test_join_of_an_address_whose_node_has_another_name_is_refused(world: "World") -> None:
    founder = world.founded()
    blank = world.machine(2, join=9)
    blank.start()
    client = world.client(founder)
    blank.consensus.identity.cluster_id = founder.consensus.identity.cluster_id

    reply = client.ask("JOIN 127.0.0.1:25379 id3")

    assert "is named 'id2', not 'id3'; nothing was changed" in text(reply)


def test_a_leader_that_has_moved_is_told_where_it_is(world: "World") -> None:
    founder = world.founded()
    assert OK == world.client(founder).ask("JOIN 127.0.0.1:15379 id1")
    founder.kill()
    moved = world.machine(1, peer_bind=":16379")
    moved.files = founder.files
    moved.start()
    world.run_until(lambda: moved.role is RoleName.LEADER)
    before = moved.members["id1"].address

    reply = world.client(moved).ask("JOIN 127.0.0.1:16379 id1")

    assert OK == reply
    assert ["127.0.0.1:15379", "127.0.0.1:16379"] == [before, moved.members["id1"].address]


def test_join_of_a_copy_of_our_data_is_refused(world: "World") -> None:
    founder = world.founded()
    copy = world.machine(1, peer_bind=":16379", listen=":6379")
    copy.files = {name: data[:] for name, data in founder.files.items()}
    copy.start()

    reply = world.client(founder).ask("JOIN 127.0.0.1:16379 id1")

    assert "this is ourselves, or a copy of our data" in text(reply)
    assert ["id1"] == names(founder)


def test_join_of_a_node_of_another_cluster_is_refused(world: "World") -> None:
    founder = world.founded()
    other = world.founded(2)

    reply = world.client(founder).ask("JOIN 127.0.0.1:25379 id2")

    assert "cannot reach 127.0.0.1:25379" in text(reply)
    assert "it belongs to cluster" in text(reply)
    assert (["id1"], ["id2"]) == (names(founder), names(other))


def test_join_of_a_member_at_its_address_is_ok_again(world: "World") -> None:
    founder, _ = world.cluster(2)

    assert OK == world.client(founder).ask("JOIN 127.0.0.1:25379 id2")


def test_join_of_a_member_at_a_new_address_changes_it(world: "World") -> None:
    founder, other, _ = world.cluster(3)
    other.kill()
    moved = world.machine(2, peer_bind=":26379")
    moved.files = other.files
    moved.start()

    assert OK == world.client(founder).ask("JOIN 127.0.0.1:26379 id2")

    assert "127.0.0.1:26379" == founder.members["id2"].address


def test_join_of_an_address_that_another_member_has_is_refused(world: "World") -> None:
    founder, other, _ = world.cluster(3)
    other.kill()
    stranger = world.machine(4, join=1, peer_bind=":25379")
    stranger.start()
    world.run(2_000)

    assert stranger.stop is not None
    assert "belongs to 'id2'; LEAVE id2 first" in stranger.stop.message
    assert ["id1", "id2", "id3"] == names(founder)


def test_the_first_join_shows_the_founder_its_own_address(world: "World") -> None:
    founder, joiner = world.cluster(2)

    addresses = {name: member.address for name, member in joiner.members.items()}

    assert {"id1": "127.0.0.1:15379", "id2": "127.0.0.1:25379"} == addresses
    assert founder.role is RoleName.LEADER


def test_joins_at_the_same_time_are_done_one_after_the_other(world: "World") -> None:
    founder = world.founded()
    joiners = [world.machine(number, join=1) for number in (2, 3)]

    for joiner in joiners:
        joiner.start()

    world.run_until(lambda: ["id1", "id2", "id3"] == names(founder))


def test_a_join_that_cannot_be_committed_is_unknown_in_the_end(world: "World") -> None:
    _, other = world.cluster(2)
    joiner = world.machine(3, join=1)
    other.kill()

    joiner.start()
    world.run(5_000)

    reasons = [str(m["reason"]) for m in joiner.messages("cannot join yet, trying again")]
    assert "UNKNOWN the change may still be made" in reasons[0]
    assert "CLUSTERDOWN" in reasons[-1]
    assert joiner.stop is None


def test_loopback_and_other_addresses_do_not_mix() -> None:
    local, remote = Address("127.0.0.1", 15379), Address("10.0.0.1", 15379)

    assert objection_to_address("127.0.0.1:1", [local]) is None
    assert objection_to_address("10.0.0.2:1", [remote, Address("", 1)]) is None
    assert "do not mix" in str(objection_to_address("10.0.0.2:1", [local]))
    assert "-advertise" in str(objection_to_address("127.0.0.1:1", [remote]))


def test_leave_of_a_follower_ends_it_with_the_remedy(world: "World") -> None:
    machines = world.cluster()

    assert OK == world.client(machines[0]).ask("LEAVE id3")

    assert ["id1", "id2"] == names(machines[0])
    world.run_until(lambda: machines[2].stop is not None)
    stop = machines[2].stop
    assert stop is not None
    assert 1 == stop.exit_code
    assert "removed" in stop.message or "not a member" in stop.message
    assert "move its data directory away and start id3 with -join" in stop.message


def test_leave_of_a_dead_node_needs_only_a_quorum(world: "World") -> None:
    machines = world.cluster()
    machines[2].kill()

    assert OK == world.client(machines[0]).ask("LEAVE id3")

    assert ["id1", "id2"] == names(machines[0])


def test_a_removed_node_that_comes_back_is_told(world: "World") -> None:
    machines = world.cluster()
    machines[2].kill()
    assert OK == world.client(machines[0]).ask("LEAVE id3")

    machines[2].start()

    world.run_until(lambda: machines[2].stop is not None)
    assert "not a member of this cluster any more" in str(machines[2].stop)


def test_leave_of_the_leader_is_answered_and_the_others_go_on(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[0])

    assert OK == client.ask("LEAVE id1")

    world.run_until(lambda: machines[0].stop is not None)
    leader = world.leader(machines[1:])
    assert ["id2", "id3"] == names(leader)
    assert OK == world.client(leader).ask("SET a b")


def test_leave_of_a_stranger_is_refused(world: "World") -> None:
    client = world.client(world.founded())

    assert ErrorReply("ERR no such member 'id9'") == client.ask("LEAVE id9")


def test_the_last_voter_stays(world: "World") -> None:
    client = world.client(world.founded())

    assert "is the last voter" in text(client.ask("LEAVE id1"))
    assert OK == client.ask("SET a b")


def test_leave_without_a_quorum_names_who_is_missing(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[0])
    machines[1].kill()
    machines[2].kill()

    reply = text(client.ask("LEAVE id3"))

    assert reply.startswith("UNKNOWN the change may still be made")
    assert reply.endswith("; no link to id2")  # without id3, it is id2 that makes a quorum
    world.run(3_000)
    later = text(client.ask("LEAVE id3"))
    assert later.startswith("CLUSTERDOWN no leader is known, not applied; no link to ")


def test_requests_wait_for_one_another(world: "World") -> None:
    machines = world.cluster()
    one, two = world.client(machines[0]), world.client(machines[0])
    machines[0].holds_disk = True

    one.send("LEAVE id2")
    two.send("LEAVE id2")
    machines[0].release_disk()
    world.run(200)

    assert [OK] == one.received()
    assert [ErrorReply("ERR no such member 'id2'")] == two.received()


class Bench:
    """Membership alone, over a core and links that say what the test wants."""

    def __init__(self, machine: "Machine") -> None:
        self.turn = Turn()
        self.turn.begin(1_000_000, 0)
        self.is_leading = True
        self.status = machine.raft
        self.changes: list[tuple[ConfigurationChange, Callable[[Outcome], None]]] = []
        self.introduced: list[Callable[[Hello | str], None]] = []
        self.replies: list[Reply] = []
        self.membership = Membership(
            self.turn,
            cast("Replica", self),
            cast("Links", self),
            machine.consensus.identity,
        )

    def request_change(self, change: ConfigurationChange, then: Callable[[Outcome], None]) -> None:
        self.changes.append((change, then))

    def introduce(self, address: str, introduced: Callable[[Hello | str], None]) -> None:
        self.introduced.append(introduced)

    def is_up(self, node_id: NodeId) -> bool:
        return True

    def client_address(self, node_id: NodeId) -> str | None:
        return "10.0.0.1:5379"

    def answer(self, outcome: Outcome) -> None:
        self.changes.pop(0)[1](outcome)

    def pass_time(self, microseconds: int) -> None:
        self.turn.begin(self.turn.now + microseconds, 0)
        self.membership.tick()


@pytest.fixture
def bench(world: "World") -> Bench:
    """At the leader of three."""
    return Bench(world.cluster()[0])


@pytest.mark.parametrize(
    "outcome,reply",
    [
        (Refused(Refusal.NOT_LEADER), errors.NO_LEADER),
        (Refused(Refusal.NOT_LEADER, NodeId(9)), errors.not_leader("10.0.0.1:5379")),
        (
            Refused(Refusal.FAILED),
            ErrorReply("ERR this node's disk has failed; nothing was changed"),
        ),
        (
            Unknown(),
            ErrorReply("UNKNOWN the change may still be made: LEAVE of id3 is not committed"),
        ),
    ],
)
def test_what_the_core_answers_is_told(bench: Bench, outcome: Outcome, reply: Reply) -> None:
    bench.membership.leave("id3", bench.replies.append)

    bench.answer(outcome)

    assert [reply] == bench.replies


@pytest.mark.parametrize(
    "refusal", [Refusal.CHANGE_PENDING, Refusal.LEADER_NOT_READY, Refusal.TRANSFER_PENDING]
)
def test_a_change_that_must_wait_is_looked_at_again(bench: Bench, refusal: Refusal) -> None:
    bench.membership.leave("id3", bench.replies.append)

    bench.answer(Refused(refusal))
    assert [] == bench.changes
    assert bench.turn.now < (bench.membership.deadline or 0)
    bench.pass_time(50_000)

    assert 1 == len(bench.changes)
    assert [] == bench.replies


def test_answers_that_come_after_patience_has_ended_are_dropped(bench: Bench) -> None:
    bench.membership.leave("id3", bench.replies.append)
    bench.membership.join("127.0.0.1:45379", "id4", "127.0.0.1:1", bench.replies.append)

    bench.pass_time(3_600_000)
    bench.answer(Committed(EntryId(1, 9)))
    bench.introduced[0]("too late")

    left, joined = map(text, bench.replies)
    assert "UNKNOWN the change may still be made: LEAVE of id3 is not committed" == left
    assert "CLUSTERDOWN it took too long; nothing was changed" == joined
    assert bench.membership.deadline is None


def test_a_member_that_is_not_committed_when_leadership_ends_is_unknown(
    world: "World", bench: Bench
) -> None:
    request = bench.membership._open(bench.replies.append, lambda: OK)
    bench.is_leading = False

    bench.membership._await_membership(request, NodeId(99))

    assert [errors.CHANGE_UNKNOWN] == bench.replies


def test_an_address_of_another_member_is_refused_before_anything_is_proposed(
    world: "World",
) -> None:
    machines = world.cluster()
    bench = Bench(machines[0])
    bench.membership.join("127.0.0.1:35379", "id4", "127.0.0.1:1", bench.replies.append)
    hello = machines[1].consensus.identity.hello(blank=True)

    bench.introduced[0](attrs.evolve(hello, node_id=NodeId(44), name="id4"))

    assert [
        ErrorReply("ERR the address 127.0.0.1:35379 belongs to 'id3'; LEAVE id3 first")
    ] == bench.replies
    assert [] == bench.changes


def test_loopback_and_others_are_refused_before_anybody_is_dialled(bench: Bench) -> None:
    bench.membership.join("10.1.2.3:15379", "id4", "127.0.0.1:1", bench.replies.append)

    (reply,) = bench.replies
    assert "do not mix" in text(reply)
    assert [] == bench.introduced


def test_a_name_that_belongs_to_other_data_is_refused_with_the_remedy(world: "World") -> None:
    machines = world.cluster()
    bench = Bench(machines[0])
    bench.membership.join("127.0.0.1:45379", "id3", "127.0.0.1:1", bench.replies.append)
    hello = machines[2].consensus.identity.hello(blank=True)

    bench.introduced[0](attrs.evolve(hello, node_id=NodeId(44)))

    (reply,) = bench.replies
    assert "the name 'id3' belongs to a member with other data; LEAVE id3 first" in text(reply)


def test_a_priority_is_changed_of_whoever_has_that_name(bench: Bench) -> None:
    bench.membership.change_member(
        "id3", lambda node: ChangePriority(node, 7), bench.replies.append
    )
    bench.membership.change_member(
        "id9", lambda node: ChangePriority(node, 7), bench.replies.append
    )
    bench.answer(Committed(EntryId(1, 9)))

    assert [ErrorReply("ERR no such member 'id9'"), OK] == bench.replies


def test_a_lease_is_asked_for_again_while_another_change_is_under_way(bench: Bench) -> None:
    bench.membership.change_lease(ChangeLease(100_000), bench.replies.append)
    bench.answer(Refused(Refusal.CHANGE_PENDING))
    bench.pass_time(50_000)
    bench.answer(Committed(EntryId(1, 9)))

    assert [OK] == bench.replies


def test_a_change_of_a_member_is_asked_for_again_too(bench: Bench) -> None:
    bench.membership.change_member(
        "id3", lambda node: ChangePriority(node, 7), bench.replies.append
    )
    bench.answer(Refused(Refusal.CHANGE_PENDING))
    bench.pass_time(50_000)
    bench.answer(Committed(EntryId(1, 9)))

    assert [OK] == bench.replies


def test_a_change_that_takes_too_long_may_still_be_made(bench: Bench) -> None:
    bench.membership.change_lease(ChangeLease(100_000), bench.replies.append)
    bench.membership.change_member(
        "id3", lambda node: ChangePriority(node, 7), bench.replies.append
    )

    bench.pass_time(3_600_000)

    assert [errors.CHANGE_UNKNOWN] * 2 == bench.replies
