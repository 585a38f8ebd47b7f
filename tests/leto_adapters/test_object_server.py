import pytest

from leto.raft.actions import Refusal, Unknown
from leto.raft.actions import Refused as RefusedOutcome
from leto.resp import OK, ErrorReply, Reply
from leto.server.clients import errors
from leto.server.switchboard import Endpoint
from leto.server.world import ConnectionAccepted, ConnectionId, Port
from leto_adapters import object_server
from leto_adapters.object_server import NotDone

ACCEPTED = ConnectionAccepted(ConnectionId(1), Port.PEER, "127.0.0.1:1", "127.0.0.1:2")


class Room:
    """Remembers who came in, and what they said."""

    def __init__(self) -> None:
        self.heard: list[str | bytes | int] = []

    def accept(self, fact: ConnectionAccepted) -> Endpoint:
        assert ACCEPTED == fact
        return self

    def received(self, data: bytes) -> None:
        self.heard.append(data)

    def backlog(self, unsent_bytes: int) -> None:
        self.heard.append(unsent_bytes)

    def closed(self, reason: str) -> None:
        self.heard.append(reason)


@pytest.mark.parametrize(
    "pieces,nodes,people",
    [
        ([b"LR", b"..."], [b"LR", b"...", 7, "gone"], []),
        ([b"L", b"R..."], [b"LR...", 7, "gone"], []),
        ([b"LEAVE b\r\n"], [], [b"LEAVE b\r\n", 7, "gone"]),
        ([b"*", b"1\r\n"], [], [b"*1\r\n", 7, "gone"]),
        ([b"L"], [], []),
        ([], [], []),
    ],
)
def test_the_first_bytes_say_who_is_at_the_door(
    pieces: list[bytes], nodes: list[object], people: list[object]
) -> None:
    for_nodes, for_people = Room(), Room()
    door = object_server._Door(ACCEPTED, for_nodes.accept, for_people.accept)

    for piece in pieces:
        door.received(piece)
    door.backlog(7)
    door.closed("gone")

    assert nodes == for_nodes.heard
    assert people == for_people.heard


@pytest.mark.parametrize(
    "reply,failure",
    [
        (errors.CHANGE_UNKNOWN, object_server.Unknown(errors.CHANGE_UNKNOWN.message)),
        (errors.not_leader("h:1"), object_server.NotLeader("h:1")),
        (errors.NO_LEADER, object_server.NotLeader(None)),
        (ErrorReply("ERR no"), object_server.Refused("ERR no")),
    ],
)
def test_a_refused_change_is_an_exception_with_a_name(reply: Reply, failure: NotDone) -> None:
    result = object_server._of_reply(reply)

    assert (type(failure), str(failure)) == (type(result), str(result))


def test_a_change_that_was_made_has_no_result() -> None:
    assert b"" == object_server._of_reply(OK)


def test_what_was_refused_and_what_is_unknown_are_told_apart() -> None:
    def failure(outcome: RefusedOutcome | Unknown) -> tuple[type, str]:
        told = object_server._failure(outcome, "h:1")
        return type(told), str(told)

    assert failure(RefusedOutcome(Refusal.NOT_LEADER)) == (
        object_server.NotLeader,
        "not leader; ask h:1",
    )
    assert failure(RefusedOutcome(Refusal.DISK_FULL)) == (
        object_server.Refused,
        Refusal.DISK_FULL.value,
    )
    assert object_server.Unknown is failure(Unknown())[0]


def test_a_snapshot_is_the_content_at_the_moment_at_which_it_was_asked_for() -> None:
    machine = Text()
    content = object_server._Content(machine)

    chunks = content.snapshot(2)
    machine.text = b"changed"

    assert [b"on", b"ce"] == list(chunks)


def test_a_snapshot_that_comes_in_pieces_is_restored_at_once() -> None:
    machine = Text()
    content = object_server._Content(machine)

    content.begin_restore()
    content.restore_chunk(b"given up")
    content.begin_restore()
    content.restore_chunk(b"aft")
    content.restore_chunk(b"er")
    assert b"once" == machine.text
    content.finish_restore()

    assert b"after" == machine.text


class Text:
    """A machine."""

    def __init__(self) -> None:
        self.text = b"once"

    def apply(self, command: bytes) -> bytes:
        return command

    def snapshot(self) -> bytes:
        return self.text

    def restore(self, content: bytes) -> None:
        self.text = content
