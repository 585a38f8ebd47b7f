"""Who may talk to whom."""

from collections.abc import Callable

import attrs
import pytest

from leto.raft.types import NodeId
from leto.wire.frames import Frame, FrameReader
from leto.wire.handshake import Goodbye, GoodbyeCode, Hello, Ping, judge_hello
from leto.wire.messages import Unreadable, decode, encode
from leto.wire.values import NO_CLUSTER, ClusterId

CLUSTER = ClusterId(0xC1)
OURS = Hello(
    cluster_id=CLUSTER,
    node_id=NodeId(1),
    name="id1",
    incarnation=3,
    peer_address="10.0.0.1:15379",
    client_address="10.0.0.1:5379",
    blank=False,
)
THEIRS = attrs.evolve(OURS, node_id=NodeId(2), name="id2", peer_address="10.0.0.2:15379")
BLANK = attrs.evolve(THEIRS, cluster_id=NO_CLUSTER, blank=True)


def frame_of(word: Hello | Ping | Goodbye) -> Frame:
    (frame,) = FrameReader().feed(encode(word))
    return frame


@pytest.mark.parametrize(
    "word", [OURS, BLANK, Ping(), Goodbye(GoodbyeCode.REMOVED, "you are not a member any more")]
)
def test_word_survives_a_round_trip(word: Hello | Ping | Goodbye) -> None:
    assert word == decode(frame_of(word))


def test_fields_of_a_newer_minor_version_are_ignored() -> None:
    frame = frame_of(OURS)

    assert OURS == decode(Frame(frame.type, frame.body + b"more"))


def test_unknown_code_of_a_goodbye_is_other() -> None:
    frame = frame_of(Goodbye(GoodbyeCode.REMOVED, "so long"))
    body = b"\xff\xff" + frame.body[2:]

    assert Goodbye(GoodbyeCode.OTHER, "so long") == decode(Frame(frame.type, body))


WITH_TEXT: list[Callable[[str], Hello]] = [
    lambda text: attrs.evolve(THEIRS, name=text),
    lambda text: attrs.evolve(THEIRS, peer_address=text),
    lambda text: attrs.evolve(THEIRS, client_address=text),
]


@pytest.mark.parametrize("with_text", WITH_TEXT)
def test_hello_with_a_text_that_no_node_has_is_unreadable(
    with_text: Callable[[str], Hello],
) -> None:
    longest, too_long = with_text("x" * 1024), with_text("x" * 1025)

    assert longest == decode(frame_of(longest))
    unreadable = decode(frame_of(too_long))
    assert isinstance(unreadable, Unreadable)
    assert "no name or address has 1025 bytes" in unreadable.reason


def test_long_goodbye_is_cut() -> None:
    said = decode(frame_of(Goodbye(GoodbyeCode.REFUSED, "\U0001f600" * 70_000)))

    assert Goodbye(GoodbyeCode.REFUSED, "\U0001f600" * 4096) == said


def test_member_of_the_same_cluster_is_accepted() -> None:
    assert judge_hello(OURS, THEIRS, expected_cluster=CLUSTER) is None


def test_newer_minor_version_is_accepted() -> None:
    newer = attrs.evolve(THEIRS, minor=THEIRS.minor + 1)

    assert judge_hello(OURS, newer, expected_cluster=CLUSTER) is None


def test_expected_node_is_accepted() -> None:
    assert judge_hello(OURS, THEIRS, expected_cluster=CLUSTER, expected_node=THEIRS.node_id) is None


def test_other_major_version_is_refused_and_both_sides_are_named() -> None:
    alien = attrs.evolve(THEIRS, major=2, minor=7)

    refusal = judge_hello(OURS, alien, expected_cluster=CLUSTER)

    assert refusal == (
        "'id1' (node 0000000000000001 at 10.0.0.1:15379) refuses "
        "'id2' (node 0000000000000002 at 10.0.0.2:15379): "
        "it speaks version 2.7 of the wire, we speak 1.0"
    )


def test_node_does_not_talk_to_itself() -> None:
    refusal = judge_hello(OURS, OURS, expected_cluster=CLUSTER)

    assert refusal is not None
    assert refusal.endswith("it has our own id: this is ourselves, or a copy of our data")


def test_wrong_node_at_an_address_is_refused() -> None:
    refusal = judge_hello(OURS, THEIRS, expected_cluster=CLUSTER, expected_node=NodeId(9))

    assert refusal is not None
    assert refusal.endswith("node 0000000000000009 was expected at that address")


def test_other_cluster_is_refused() -> None:
    stranger = attrs.evolve(THEIRS, cluster_id=ClusterId(0xC2))

    refusal = judge_hello(OURS, stranger, expected_cluster=CLUSTER)

    assert refusal is not None
    assert refusal.endswith("it belongs to cluster 00000000000000c2, we to 00000000000000c1")


def test_blank_node_is_welcome_only_when_we_dialled_it() -> None:
    asked = judge_hello(OURS, BLANK, expected_cluster=CLUSTER, we_dialled=True)
    unasked = judge_hello(OURS, BLANK, expected_cluster=CLUSTER)

    assert asked is None
    assert unasked is not None
    assert unasked.endswith("it belongs to no cluster, and we did not ask for it")


def test_blank_node_accepts_nobody_before_its_join_is_answered() -> None:
    refusal = judge_hello(BLANK, OURS, expected_cluster=NO_CLUSTER)

    assert refusal is not None
    assert refusal.endswith("we belong to no cluster yet")


def test_blank_node_accepts_peers_of_the_cluster_that_answered_its_join() -> None:
    assert judge_hello(BLANK, OURS, expected_cluster=CLUSTER) is None


def test_node_without_an_address_is_named_nevertheless() -> None:
    nowhere = attrs.evolve(OURS, peer_address="")

    assert "'id1' (node 0000000000000001 at an unnamed address)" == str(nowhere)
