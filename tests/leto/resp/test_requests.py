import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.resp.inline import split_inline
from leto.resp.integers import parse_integer
from leto.resp.requests import (
    Request,
    RequestLimits,
    RequestParser,
    encode_request,
    encode_requests,
)

SMALL = RequestLimits(
    arguments_max=100, bulk_bytes_max=2_000, inline_bytes_max=60, request_bytes_max=20_000
)
ENOUGH = 1_000_000


def read_plainly(data: bytes, limits: RequestLimits) -> tuple[list[Request], str | None]:
    """Read by the rules in the order in which Redis states them: no window, no resumption."""
    requests: list[Request] = []
    rest: bytes = data
    while rest:
        if not rest.startswith(b"*"):
            line, end, rest = rest.partition(b"\n")
            if len(line) > limits.inline_bytes_max:
                return requests, "too big inline request"
            if not end:
                break
            words = split_inline(line.removesuffix(b"\r"))
            if words is None:
                return requests, "unbalanced quotes in request"
            requests.extend([words] if words else [])
            continue
        line, end, rest = rest.partition(b"\r")
        if len(line) > limits.inline_bytes_max:
            return requests, "too big mbulk count string"
        if not end or not rest:
            break
        count = parse_integer(line[1:])
        if count is None or count > limits.arguments_max:
            return requests, "invalid multibulk length"
        arguments, rest, error = read_bulks_plainly(rest[1:], count, limits)
        if error or len(arguments) < count:
            return requests, error
        requests.extend([tuple(arguments)] if arguments else [])
    return requests, None


def read_bulks_plainly(
    data: bytes, count: int, limits: RequestLimits
) -> tuple[list[bytes], bytes, str | None]:
    arguments: list[bytes] = []
    rest: bytes = data
    while len(arguments) < count:
        line, end, rest = rest.partition(b"\r")
        if len(line) > limits.inline_bytes_max:
            return arguments, rest, "too big bulk count string"
        if not end or not rest:
            break
        if not line.startswith(b"$"):
            return arguments, rest, f"expected '$', got '{line[:1].decode() or chr(13)}'"
        length = parse_integer(line[1:])
        if length is None or not 0 <= length <= limits.bulk_bytes_max:
            return arguments, rest, "invalid bulk length"
        if sum(map(len, arguments)) + length > limits.request_bytes_max:
            return arguments, rest, "too big request"
        if len(rest) < 1 + length + 2:
            break
        arguments.append(rest[1 : 1 + length])
        rest = rest[1 + length + 2 :]
    return arguments, rest, None


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def read_pieces(parser: RequestParser, pieces: list[bytes], limit: int) -> list[Request]:
    requests: list[Request] = []
    for piece in pieces:
        parser.feed(piece)
        while taken := parser.take(limit):
            requests += taken
    return requests


ARGUMENTS = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [b"SET", b"GET", b"\r\n", b"a\r\nb", b"*1\r\n$1\r\nx\r\n", b"v" * 64, b"w" * 1500]
    ),
)
REQUESTS = st.lists(ARGUMENTS, min_size=1, max_size=5).map(tuple)
FRAGMENTS = st.sampled_from(
    [
        *[b"*1", b"*2", b"*3", b"*0", b"*-1", b"*11", b"*101", b"*99", b"*02", b"*x"],
        *[b"$0", b"$1", b"$3", b"$-1", b"$2001", b"$1999", b"$01", b":1", b"SET", b"GET", b"k"],
        *[b"'q ' ", b'"', b'"a" ', b"inline", b"x" * 61],
        *[b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\r", b"\n"],
        *[b"$3\r\nGET\r\n", b"*1\r\n$4\r\nPING\r\n", b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"],
        b"$1990\r\n" + b"x" * 1990 + b"\r\n",
    ]
)
CUTS = st.lists(st.integers(min_value=0, max_value=10_000), max_size=12)


@given(st.lists(REQUESTS, max_size=20), CUTS, st.integers(min_value=1, max_value=30))
def test_what_was_encoded_is_read_however_it_is_cut(
    requests: list[Request], cuts: list[int], limit: int
) -> None:
    parser = RequestParser()

    read = read_pieces(parser, cut(encode_requests(requests), cuts), limit)

    assert requests == read
    assert parser.error is None
    assert 0 == parser.buffered_bytes


@given(st.lists(FRAGMENTS, max_size=30).map(b"".join), CUTS, st.integers(min_value=1, max_value=9))
def test_any_bytes_are_read_as_the_plain_rules_say(
    data: bytes, cuts: list[int], limit: int
) -> None:
    requests, error = read_plainly(data, SMALL)
    parser = RequestParser(SMALL)

    read = read_pieces(parser, cut(data, cuts), limit)

    assert requests == read
    assert (None if error is None else f"Protocol error: {error}") == parser.error


@given(st.lists(st.binary(), max_size=10), st.integers(min_value=1, max_value=9))
def test_no_bytes_raise(pieces: list[bytes], limit: int) -> None:
    parser = RequestParser(SMALL)

    requests = read_pieces(parser, pieces, limit)

    assert all(requests)
    assert parser.error is None or parser.error.startswith("Protocol error: ")


@pytest.mark.parametrize("argument_count", [1, 2, 3, 4, 64, 65, 1000])
@pytest.mark.parametrize("size", [0, 1, 1024, 1025, 20_000])
def test_requests_of_every_shape_are_read(argument_count: int, size: int) -> None:
    requests = [(b"x" * size,) * argument_count] * 20
    parser = RequestParser()

    read = read_pieces(parser, [encode_requests(requests)], ENOUGH)

    assert requests == read


def test_a_long_pipeline_is_read_to_its_end() -> None:
    requests = [(b"SET", b"key:%d" % number, b"v" * 64) for number in range(5_000)]
    parser = RequestParser()

    read = read_pieces(parser, [encode_requests(requests)], 300)

    assert requests == read


def test_no_more_requests_are_taken_than_asked_for() -> None:
    parser = RequestParser()
    parser.feed(encode_requests([(b"GET", b"a"), (b"GET", b"b"), (b"GET", b"c")]))

    assert [(b"GET", b"a"), (b"GET", b"b")] == parser.take(2)
    assert [(b"GET", b"c")] == parser.take(2)
    assert [] == parser.take(2)


def test_inline_commands_and_arrays_may_alternate() -> None:
    parser = RequestParser()
    parser.feed(b"PING\r\n*1\r\n$4\r\nPING\r\n\r\n\nSET k 'v w'\n")

    assert [(b"PING",), (b"PING",), (b"SET", b"k", b"v w")] == parser.take(ENOUGH)


@pytest.mark.parametrize("data", [b"\r\n", b"\n", b"  \r\n", b"*0\r\n", b"*-1\r\n", b"*-7\r\n"])
def test_empty_requests_are_passed_over(data: bytes) -> None:
    parser = RequestParser()
    parser.feed(data * 3 + b"PING\r\n")

    assert [(b"PING",)] == parser.take(ENOUGH)


@pytest.mark.parametrize(
    "data, error",
    [
        (b"*x\r\n", "invalid multibulk length"),
        (b"*101\r\n", "invalid multibulk length"),
        (b"*1\r\n:1\r\n", "expected '$', got ':'"),
        (b"*1\r\n\r\n", "expected '$', got '\r'"),
        (b"*1\r\n$x\r\n", "invalid bulk length"),
        (b"*1\r\n$-1\r\n", "invalid bulk length"),
        (b"*1\r\n$2001\r\n", "invalid bulk length"),
        (b"*" + b"1" * 60, "too big mbulk count string"),
        (b"*1\r\n$" + b"1" * 60, "too big bulk count string"),
        (b"x" * 61, "too big inline request"),
        (b"x" * 61 + b"\r\n", "too big inline request"),
        (b"GET 'k\r\n", "unbalanced quotes in request"),
        (b"POST / HTTP/1.1\r\n", "that is HTTP"),
        (b"hOst: localhost\n", "that is HTTP"),
        (b"*11\r\n" + 11 * (b"$2000\r\n" + b"x" * 2000 + b"\r\n"), "too big request"),
    ],
)
def test_a_violation_is_named_after_the_requests_before_it(data: bytes, error: str) -> None:
    parser = RequestParser(SMALL)
    parser.feed(encode_request([b"GET", b"k"]) + data)

    requests = parser.take(ENOUGH)

    assert [(b"GET", b"k")] == requests
    assert f"Protocol error: {error}" == parser.error


def test_a_violation_behind_the_limit_is_not_met_yet() -> None:
    parser = RequestParser()
    parser.feed(b"PING\r\n*x\r\n")

    assert [(b"PING",)] == parser.take(1)
    assert parser.error is None
    assert [] == parser.take(1)
    assert "Protocol error: invalid multibulk length" == parser.error


def test_nothing_is_kept_after_a_violation() -> None:
    parser = RequestParser()
    parser.feed(b"*2\r\n$3\r\nGET\r\n:1\r\n")
    parser.take(1)
    parser.feed(b"PING\r\n")

    assert [] == parser.take(1)
    assert 0 == parser.buffered_bytes


def test_buffered_bytes_count_what_no_request_has_carried_away() -> None:
    parser = RequestParser()
    data = b"PING\r\n*2\r\n$5\r\nhello\r\n$5\r\nwor"
    parser.feed(data)
    assert len(data) == parser.buffered_bytes

    parser.take(ENOUGH)

    assert len(b"hello") + len(b"wor") == parser.buffered_bytes


@pytest.mark.parametrize("limit", ["arguments_max", "bulk_bytes_max", "request_bytes_max"])
def test_limits_below_what_the_window_takes_are_refused(limit: str) -> None:
    with pytest.raises(ValueError, match=limit):
        RequestLimits(**{limit: 1})


@pytest.mark.parametrize("arguments", [(b"PING",), (b"GET", b"k"), (b"SET", b"k", b"\r\n")])
def test_a_request_is_encoded_as_an_array_of_bulk_strings(arguments: Request) -> None:
    bulks = [b"$%d\r\n%b\r\n" % (len(argument), argument) for argument in arguments]

    assert b"*%d\r\n" % len(arguments) + b"".join(bulks) == encode_request(arguments)
