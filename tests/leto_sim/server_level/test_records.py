"""What is ordered and then durable is read twice, and decoded once if the bytes are the same."""

import pytest

from leto.wal import ClusterJoined
from leto.wal.records import encode_record
from leto.wire.values import ClusterId, MalformedError
from leto_sim.server_level.records import _KEPT_MAX, Records


def body_of(number: int) -> bytes:
    return b"".join(encode_record(ClusterJoined(ClusterId(number))))


def test_durable_record_is_the_ordered_one() -> None:
    records = Records()
    ordered = records.ordered(body_of(1))

    durable = records.durable(body_of(1))

    assert ordered is durable


def test_other_bytes_are_another_record() -> None:
    records = Records()
    records.ordered(body_of(1))

    durable = records.durable(body_of(2))

    assert ClusterJoined(ClusterId(2)) == durable


def test_each_reading_from_the_platters_needs_an_order() -> None:
    records = Records()
    ordered = records.ordered(body_of(1))
    records.durable(body_of(1))

    again = records.durable(body_of(1))

    assert ordered == again
    assert ordered is not again


def test_what_is_never_durable_is_forgotten() -> None:
    records = Records()
    first = records.ordered(body_of(0))
    for number in range(1, _KEPT_MAX + 1):
        records.ordered(body_of(number))

    durable = records.durable(body_of(0))

    assert first == durable
    assert first is not durable


def test_bytes_that_are_no_record_are_malformed_at_each_reading() -> None:
    records = Records()
    with pytest.raises(MalformedError):
        records.ordered(b"\xff")

    with pytest.raises(MalformedError):
        records.durable(b"\xff")
