"""How a blank node gets into a cluster."""

from typing import TYPE_CHECKING

import pytest

from leto.raft.configuration import MemberRole
from leto.resp import OK, ErrorReply, encode_reply
from leto.server.peers.joining import cluster_id_in
from leto.server.world import DiskRoomMeasured

if TYPE_CHECKING:
    from tests.leto.server.conftest import Machine, World


def roles(machine: "Machine") -> dict[str, MemberRole]:
    return {m.name: m.role for m in machine.raft.committed_configuration.members}


def test_a_joiner_becomes_a_voter(world: "World") -> None:
    founder, joiner = world.cluster(2)

    assert {"id1": MemberRole.VOTER, "id2": MemberRole.VOTER} == roles(founder) == roles(joiner)
    assert 1 == len(joiner.messages("joined"))


def test_a_joiner_that_asks_a_follower_is_sent_to_the_leader(world: "World") -> None:
    machines = world.cluster(2)
    joiner = world.machine(3, join=2)

    joiner.start()

    world.run_until(lambda: "id3" in roles(machines[0]))
    asked = [m["target"] for m in joiner.messages("asking to join")]
    assert ["127.0.0.1:2379", "127.0.0.1:1379"] == asked


def test_a_target_that_is_not_there_is_tried_again_and_said(world: "World") -> None:
    founder = world.machine(1)
    joiner = world.machine(2, join=1)
    joiner.start()
    world.run(30_000)

    assert joiner.stop is None
    complaints = joiner.messages("cannot join yet, trying again")
    assert [{"target": "127.0.0.1:1379", "reason": "connection refused"}] * 3 == complaints

    founder.start()
    world.run_until(lambda: "id2" in roles(founder))


def test_a_node_whose_disk_has_no_room_waits_for_some_and_says_so(world: "World") -> None:
    founder = world.machine(1)
    joiner = world.machine(2, join=1)
    joiner.start()
    joiner.tell(DiskRoomMeasured(0))
    founder.start()
    world.run(5_000)

    assert ["id1"] == [*roles(founder)]
    complaint = joiner.messages("cannot join yet, trying again")[-1]
    assert "the disk has no room: make some, or lower -diskreserve" == complaint["reason"]

    joiner.tell(DiskRoomMeasured(1 << 40))
    world.run_until(lambda: "id2" in roles(founder))


def test_a_node_that_joins_a_node_that_has_not_joined_waits(world: "World") -> None:
    blank = world.machine(2, join=1)
    joiner = world.machine(3, join=2)

    blank.start()
    joiner.start()
    world.run(1_000)

    reasons = {m["reason"] for m in joiner.messages("cannot join yet, trying again")}
    assert {"it belongs to no cluster yet"} == reasons


def test_a_taken_name_ends_the_joiner_with_the_remedy(world: "World") -> None:
    world.cluster(3)
    stranger = world.machine(2, join=1)
    world.machines[1].kill()

    stranger.start()
    world.run(3_000)

    assert stranger.stop is not None
    assert 5 == stranger.stop.exit_code
    assert "LEAVE id2 first" in stranger.stop.message
    assert "127.0.0.1:1379 refused the JOIN" in stranger.stop.message


def test_a_wiped_node_comes_back_after_leave(world: "World") -> None:
    machines = world.cluster(3)
    machines[2].kill()
    machines[2].files.clear()

    assert OK == world.client(machines[0]).ask("LEAVE id3")
    machines[2].start()

    world.run_until(lambda: roles(machines[0]).get("id3") is MemberRole.VOTER)


def test_join_is_ignored_once_the_log_knows_the_cluster(world: "World") -> None:
    founder, joiner = world.cluster(2)

    joiner.kill()
    joiner.start()
    world.run(1_000)

    assert 1 == len(joiner.messages("-join ignored: the log knows the cluster"))
    assert 1 == len(joiner.messages("asking to join"))
    assert "id2" in roles(founder)


def test_a_joiner_that_dies_before_it_is_in_asks_again(world: "World") -> None:
    founder = world.founded()
    joiner = world.machine(2, join=1)
    joiner.start()
    joiner.kill()

    joiner.start()

    world.run_until(lambda: roles(founder).get("id2") is MemberRole.VOTER)


def test_a_joiner_whose_answer_was_lost_finds_itself_a_member(world: "World") -> None:
    founder = world.founded()
    joiner = world.machine(2, join=1)
    joiner.start()
    world.run_until(lambda: "id2" in roles(founder))

    world.run(1_000)

    assert 1 == len(joiner.messages("joined"))


def test_a_blank_node_without_join_says_what_is_missing(world: "World") -> None:
    blank = world.machine(2, join=1)
    blank.start()
    blank.kill()
    bare = world.machine(2)
    bare.files = blank.files

    bare.start()

    assert bare.stop is not None
    assert 4 == bare.stop.exit_code
    assert "-join" in bare.stop.message


@pytest.mark.parametrize(
    "reply",
    ["LOADING wait", "CLUSTERDOWN no", "UNKNOWN perhaps", "BUSY now", "not leader nonsense"],
)
def test_a_passing_refusal_is_no_end(world: "World", reply: str) -> None:
    joiner = world.machine(2, join=1)
    talk = _Talk(world, joiner)

    talk.answer(b"$24\r\ncluster_id:" + b"%013d" % 5 + b"\r\n")
    talk.answer(encode_reply(ErrorReply(reply), 2))

    assert joiner.stop is None
    assert reply in [m["reason"] for m in joiner.messages("cannot join yet, trying again")]


def test_what_is_no_leto_is_said(world: "World") -> None:
    joiner = world.machine(2, join=1)
    talk = _Talk(world, joiner)

    talk.answer(b"HTTP/1.1 400 Bad Request\r\n")

    (complaint,) = joiner.messages("cannot join yet, trying again")
    assert "that is no Leto" in str(complaint["reason"])


def test_a_port_for_nodes_is_told_from_one_for_clients(world: "World") -> None:
    joiner = world.machine(2, join=1)
    talk = _Talk(world, joiner)

    talk.answer(b"LR\x00\x01")

    (complaint,) = joiner.messages("cannot join yet, trying again")
    assert "that is the port for nodes: give the member's -listen port" == complaint["reason"]


def test_a_conversation_that_ends_or_stalls_is_begun_again(world: "World") -> None:
    joiner = world.machine(2, join=1)
    talk = _Talk(world, joiner)

    talk.hang_up()
    world.run(300)
    talk.founder.kill()
    world.run(7_000)

    reasons = [m["reason"] for m in joiner.messages("cannot join yet, trying again")]
    assert "the client hung up" == reasons[0]
    assert len(reasons) >= 2


def test_a_silent_target_is_given_up(world: "World") -> None:
    joiner = world.machine(2, join=1)
    _Talk(world, joiner)

    world.run(6_100)

    assert "no answer in time" in [
        m["reason"] for m in joiner.messages("cannot join yet, trying again")
    ]


@pytest.mark.parametrize(
    "info,cluster_id",
    [
        (b"# Raft\r\ncluster_id:00000000000000ff\r\n", 255),
        (b"# Raft\r\nrole:leader\r\n", 0),
        (b"cluster_id:hello\r\n", 0),
        (b"cluster_id:" + b"f" * 17, 0),
        (b"", 0),
    ],
)
def test_cluster_id_is_read_from_info(info: bytes, cluster_id: int) -> None:
    assert cluster_id == cluster_id_in(info)


class _Talk:
    """A joiner, and a target that says only what the test wants: its process is frozen."""

    def __init__(self, world: "World", joiner: "Machine") -> None:
        self.world = world
        self.founder = world.machine(1)
        self.founder.start()
        self.founder.is_frozen = True
        joiner.start()

    def answer(self, data: bytes) -> None:
        (end,) = self.founder.ends.values()
        assert end.other is not None
        end.other.receive(data)
        self.world.settle()

    def hang_up(self) -> None:
        (end,) = self.founder.ends.values()
        assert end.other is not None
        end.other.close("the client hung up")
        self.world.settle()


def test_an_ok_is_followed_by_another_question_if_nothing_comes_of_it(world: "World") -> None:
    joiner = world.machine(2, join=1)
    talk = _Talk(world, joiner)
    talk.answer(b"=28\r\ntxt:cluster_id:" + b"%013d" % 5 + b"\r\n")
    assert 1 == len(joiner.messages("asking to join"))

    talk.answer(b"+OK\r\n")
    assert not talk.founder.ends
    world.run(6_100)

    assert joiner.stop is None
    assert 1 == len(talk.founder.ends)


def test_a_target_that_goes_while_its_cluster_is_written_down_is_not_asked(
    world: "World",
) -> None:
    joiner = world.machine(2, join=1)
    talk = _Talk(world, joiner)
    joiner.holds_disk = True
    talk.answer(b"$24\r\ncluster_id:" + b"%013d" % 5 + b"\r\n")

    talk.hang_up()
    joiner.release_disk()

    assert [] == joiner.messages("asking to join")
