import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.resp.integers import INTEGER_MAX, INTEGER_MIN, parse_integer


@given(st.integers(min_value=INTEGER_MIN, max_value=INTEGER_MAX))
def test_every_64_bit_number_is_read_in_its_one_spelling(number: int) -> None:
    assert number == parse_integer(str(number).encode())


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"-",
        b"+1",
        b" 1",
        b"1 ",
        b"01",
        b"-0",
        b"-01",
        b"1_0",
        b"1.0",
        b"0x1",
        b"one",
        b"1" * 99,
    ],
)
def test_another_spelling_is_no_number(text: bytes) -> None:
    assert parse_integer(text) is None


@pytest.mark.parametrize("number", [INTEGER_MIN - 1, INTEGER_MAX + 1])
def test_a_number_beyond_64_bits_is_no_number(number: int) -> None:
    assert parse_integer(b"%d" % number) is None
