"""Cutting a stream into frames."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.wire.frames import Frame, FrameReader, encode_frame

frames = st.builds(Frame, st.integers(0, 65535), st.binary(max_size=300))


def stream_of(several: list[Frame]) -> bytes:
    return b"".join(encode_frame(frame.type, [frame.body]) for frame in several)


@given(st.lists(frames, max_size=6), st.data())
def test_frames_come_out_however_the_stream_is_cut(
    several: list[Frame], data: st.DataObject
) -> None:
    stream = stream_of(several)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8).map(sorted))
    reader = FrameReader()

    found = [
        frame
        for start, end in pairwise([0, *cuts, len(stream)])
        for frame in reader.feed(stream[start:end])
    ]

    assert several == found
    assert reader.error is None


def test_parts_are_joined_into_one_body() -> None:
    assert encode_frame(7, [b"abcd"]) == encode_frame(7, [b"ab", b"", b"cd"])


def test_frames_before_a_bad_one_are_delivered() -> None:
    stream = bytearray(stream_of([Frame(1, b"one"), Frame(2, b"two")]))
    stream[-1] ^= 1
    reader = FrameReader()

    found = reader.feed(bytes(stream))

    assert [Frame(1, b"one")] == found
    assert reader.error == "the checksum of a frame of type 2 does not match"


def test_nothing_is_delivered_after_an_error() -> None:
    reader = FrameReader()
    reader.feed(bytes(12))

    found = reader.feed(stream_of([Frame(1, b"")]))

    assert [] == found
    assert reader.error == "this is no frame of Leto's: it begins with 0x0000"


def test_large_frame_is_refused_at_its_header() -> None:
    reader = FrameReader(body_bytes_max=10)

    found = reader.feed(encode_frame(1, [bytes(11)])[:12])

    assert [] == found
    assert reader.error == "a frame of 11 bytes exceeds the limit of 10"


@pytest.mark.parametrize("bit", range(8 * (12 + 3)))
def test_no_flipped_bit_goes_unnoticed(bit: int) -> None:
    stream = bytearray(encode_frame(3, [b"abc"]))
    stream[bit // 8] ^= 1 << bit % 8
    reader = FrameReader(body_bytes_max=100)

    found = reader.feed(bytes(stream) + bytes(100))

    assert [] == found
    assert reader.error is not None


@given(st.lists(st.binary(max_size=50)))
def test_hostile_bytes_never_raise(pieces: list[bytes]) -> None:
    reader = FrameReader()

    found = [frame for piece in pieces for frame in reader.feed(piece)]

    assert [] == found
