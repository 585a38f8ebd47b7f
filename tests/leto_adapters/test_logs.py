"""How a log line looks, and that writing it stops nobody."""

import logging
import re
from queue import Queue

import pytest

from leto.server.world import Log, LogLevel
from leto_adapters import logs
from leto_adapters.logs import LOGGER, DroppingHandler, LogThread, in_words


def test_fields_follow_the_event_and_plain_words_stay_bare() -> None:
    line = in_words("link up", (("peer", "id2"), ("address", "[::1]:15379"), ("term", 3)))

    assert "link up peer=id2 address=[::1]:15379 term=3" == line


@pytest.mark.parametrize(
    "value, written",
    [("", '""'), ("two words", '"two words"'), ('say "x"', '"say \\"x\\""'), ("a\nb", '"a\\nb"')],
)
def test_other_values_are_quoted_on_one_line(value: str, written: str) -> None:
    assert f"refused reason={written}" == in_words("refused", (("reason", value),))


def test_line_has_time_level_event_and_fields(
    capsys: pytest.CaptureFixture[str],
) -> None:
    thread = LogThread()

    logs.write(Log(LogLevel.WARNING, "slow sync", (("ms", 700),)))

    thread.close()
    line = capsys.readouterr().err
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING slow sync ms=700\n", line)


def test_debug_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    thread = LogThread()

    logs.write(Log(LogLevel.DEBUG, "heartbeat"))

    thread.close()
    assert "" == capsys.readouterr().err


def test_lines_that_nobody_takes_are_dropped_and_counted() -> None:
    lines: Queue[logging.LogRecord] = Queue(2)
    handler = DroppingHandler(lines)
    for number in range(5):
        handler.handle(LOGGER.makeRecord("leto", logging.INFO, "", 0, str(number), (), None))
    taken = [lines.get().getMessage(), lines.get().getMessage()]

    handler.handle(LOGGER.makeRecord("leto", logging.INFO, "", 0, "5", (), None))

    taken += [lines.get().getMessage(), lines.get().getMessage()]
    missing = "log lines were dropped: their reader is too slow count=3"
    assert ["0", "1", missing, "5"] == taken
