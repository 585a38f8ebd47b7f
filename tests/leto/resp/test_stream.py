from leto.resp.stream import StreamParser


class Lines(StreamParser):
    """The smallest parser: lines, each of which may announce as many bytes as it is long."""

    def take_line(self) -> bytes | None:
        return self._take_line("too big line") if self._join_fed() else None

    def take_bytes(self, count: int) -> bytes | None:
        return self._take_bytes(count) if self._join_fed() else None

    @property
    def unread_bytes(self) -> int:
        return self._unread_bytes


def test_pieces_are_joined_into_lines() -> None:
    parser = Lines(10)
    parser.feed(b"on")
    assert parser.take_line() is None
    parser.feed(b"e\r")
    assert parser.take_line() is None
    parser.feed(b"\ntwo\r\nthr")

    assert b"one" == parser.take_line()
    assert b"two" == parser.take_line()
    assert parser.take_line() is None
    assert 3 == parser.unread_bytes


def test_counted_bytes_may_contain_line_ends_and_arrive_in_pieces() -> None:
    parser = Lines(10)
    parser.feed(b"\r\n")
    assert parser.take_bytes(4) is None
    parser.feed(b"\r\n\r")
    assert parser.take_bytes(4) is None
    parser.feed(b"\nrest")

    assert b"\r\n\r\n" == parser.take_bytes(4)
    assert 4 == parser.unread_bytes


def test_pieces_are_not_joined_before_the_counted_bytes_are_there() -> None:
    parser = Lines(10)
    parser.feed(b"1")
    assert parser.take_bytes(1000) is None

    for _ in range(100):
        parser.feed(b"22")
        assert parser.take_bytes(1000) is None

    assert 100 == len(parser._fed)


def test_a_line_may_be_as_long_as_the_limit_and_no_longer() -> None:
    parser = Lines(3)
    parser.feed(b"abc\r\nabcd\r\n")

    assert b"abc" == parser.take_line()
    assert parser.take_line() is None
    assert "Protocol error: too big line" == parser.error


def test_a_line_that_will_be_too_long_is_refused_before_it_ends() -> None:
    parser = Lines(3)
    parser.feed(b"abcd")

    assert parser.take_line() is None
    assert "Protocol error: too big line" == parser.error


def test_nothing_is_read_or_kept_after_a_violation() -> None:
    parser = Lines(3)
    parser.feed(b"abcd")
    parser.take_line()
    parser.feed(b"ok\r\n")

    assert parser.take_line() is None
    assert 0 == parser.unread_bytes


def test_counted_bytes_wait_for_nothing_behind_them() -> None:
    parser = Lines(10)
    parser.feed(b"wo")
    assert parser.take_bytes(4) is None
    parser.feed(b"rd\r\n")

    assert b"word" == parser.take_bytes(4)
