"""One stream: words out of bytes."""

import pytest

from leto.server.peers.link import Link
from leto.server.turn import Turn
from leto.server.world import ConnectionId
from leto.wire import FrameReader, Goodbye, GoodbyeCode, Ping, Word, encode
from leto.wire.frames import encode_frame

PING = encode(Ping())
UNKNOWN_TYPE = 60_000


class Keeper:
    """Notes what a link says of itself."""

    def __init__(self) -> None:
        self.turn = Turn()
        self.words: list[Word] = []
        self.ends: list[str] = []

    def take_in(self, link: Link, word: Word) -> bool:
        self.words.append(word)
        return not isinstance(word, Goodbye)

    def drop(self, link: Link, reason: str) -> None:
        self.ends.append(f"dropped: {reason}")

    def hung_up(self, link: Link, reason: str) -> None:
        self.ends.append(f"hung up: {reason}")


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
def link(keeper: Keeper) -> Link:
    return Link(keeper, ConnectionId(1), "there", dialled=True, expected=None, introduced=None)


def test_words_arrive_however_their_bytes_are_cut(keeper: Keeper, link: Link) -> None:
    for byte in PING + PING:
        link.received(bytes([byte]))

    assert [Ping(), Ping()] == keeper.words


def test_it_remembers_when_it_last_heard_anything(keeper: Keeper, link: Link) -> None:
    keeper.turn.begin(500, 0)

    link.received(PING[:1])

    assert (0, 500) == (link.since, link.heard_at)


def test_nothing_is_taken_in_behind_the_word_that_ends_it(keeper: Keeper, link: Link) -> None:
    goodbye = Goodbye(GoodbyeCode.STOPPING, "enough")

    link.received(encode(goodbye) + PING)

    assert [goodbye] == keeper.words


def test_a_word_of_a_later_version_is_passed_over(keeper: Keeper, link: Link) -> None:
    link.received(encode_frame(UNKNOWN_TYPE, [b"?"]) + PING)

    assert [Ping()] == keeper.words


def test_a_word_that_makes_no_sense_ends_it(keeper: Keeper, link: Link) -> None:
    (frame,) = FrameReader().feed(encode(Goodbye(GoodbyeCode.STOPPING, "enough")))

    link.received(encode_frame(frame.type, [b""]) + PING)

    (end,) = keeper.ends
    assert end.startswith("dropped: ")
    assert [] == keeper.words


def test_bytes_that_are_no_frames_end_it(keeper: Keeper, link: Link) -> None:
    link.received(b"GET / HTTP/1.1\r\n\r\n" * 3)

    (end,) = keeper.ends
    assert end.startswith("dropped: ")


def test_its_keeper_is_told_that_the_other_side_hung_up(keeper: Keeper, link: Link) -> None:
    link.backlog(7)
    link.closed("reset")

    assert 7 == link.unsent_bytes
    assert ["hung up: reset"] == keeper.ends
