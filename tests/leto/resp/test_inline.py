import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.resp.inline import split_inline


@pytest.mark.parametrize(
    "line, arguments",
    [
        (b"", ()),
        (b" \t\v\f ", ()),
        (b"SET key value", (b"SET", b"key", b"value")),
        (b"  SET\tkey  value ", (b"SET", b"key", b"value")),
        (b'SET key "two words"', (b"SET", b"key", b"two words")),
        (b"SET key 'two words'", (b"SET", b"key", b"two words")),
        (b'""', (b"",)),
        (b"''", (b"",)),
        (rb'"\n\r\t\b\a\\\""', (b'\n\r\t\b\a\\"',)),
        (rb'"\x41\xfF\xg0\q"', (b"A\xffxg0q",)),
        (rb"'\' \n'", (rb"' \n",)),
        (b'pre"quoted part"', (b"prequoted part",)),
        (b"pre'quoted part' next", (b"prequoted part", b"next")),
        (b"\"'\" '\"'", (b"'", b'"')),
        (b"\xff\x00", (b"\xff\x00",)),
    ],
)
def test_a_line_splits_into_words(line: bytes, arguments: tuple[bytes, ...]) -> None:
    assert arguments == split_inline(line)


@pytest.mark.parametrize(
    "line",
    [b'"', b"'", b'SET "key', b"SET 'key", b'"a"b', b"'a'b", b'"a""b"', rb'"a\"', rb"'a\'", b'a"'],
)
def test_quotes_that_do_not_balance_are_refused(line: bytes) -> None:
    assert split_inline(line) is None


@given(st.lists(st.binary(), min_size=1))
def test_any_arguments_can_be_quoted(arguments: list[bytes]) -> None:
    quoted = [b'"%b"' % b"".join([b"\\x%02x" % byte for byte in word]) for word in arguments]

    assert tuple(arguments) == split_inline(b" ".join(quoted))


@given(st.text(alphabet="ab \"'\\x4\t").map(str.encode))
def test_no_line_raises(line: bytes) -> None:
    words = split_inline(line)

    assert words is None or all(len(word) <= len(line) for word in words)
