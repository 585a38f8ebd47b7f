"""Log lines for people and for programs: one event each, on standard error.

    2026-11-23T12:15:43.123Z INFO became leader term=3 members=3

Responsible for how a line looks and for writing it without ever stopping the node:
a terminal on which somebody pressed Ctrl-S blocks its writer, so a thread of its
own writes, and what it cannot keep up with is counted and dropped. What is worth a
line is `leto.server`'s affair.
"""

import json
import logging
import re
import sys
import time
from collections.abc import Sequence
from logging.handlers import QueueHandler, QueueListener
from queue import Full, Queue
from typing import Final

from leto.server.world import Log, LogLevel

PENDING_LINES_MAX = 10_000

LOGGER: Final = logging.getLogger("leto")

_LEVELS: Final = {
    LogLevel.DEBUG: logging.DEBUG,
    LogLevel.INFO: logging.INFO,
    LogLevel.WARNING: logging.WARNING,
    LogLevel.ERROR: logging.ERROR,
}
_PLAIN: Final = re.compile(r"[\w.:/@+\[\]-]+")


def write(order: Log) -> None:
    """Hand one event to the logger `leto`."""
    level = _LEVELS[order.level]
    if LOGGER.isEnabledFor(level):
        LOGGER.log(level, "%s", in_words(order.event, order.fields))


def in_words(event: str, fields: Sequence[tuple[str, str | int]]) -> str:
    """Put the event before its fields; a value is quoted unless it is one plain word."""
    return " ".join([event, *(f"{name}={_value(value)}" for name, value in fields)])


def _value(value: str | int) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


class LineFormatter(logging.Formatter):
    """Time in UTC with milliseconds, level, event and fields; always one line."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")


class DroppingHandler(QueueHandler):
    """Queues lines for the writing thread; drops and counts them while that is stuck."""

    def __init__(self, queue: "Queue[logging.LogRecord]") -> None:
        super().__init__(queue)
        self._lines = queue
        self._dropped = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        """Queue the line, and before it how many are missing."""
        try:
            if self._dropped:
                self._lines.put_nowait(_dropped_lines(self._dropped))
                self._dropped = 0
            self._lines.put_nowait(record)
        except Full:
            self._dropped += 1


def _dropped_lines(count: int) -> logging.LogRecord:
    text = in_words("log lines were dropped: their reader is too slow", (("count", count),))
    return LOGGER.makeRecord(LOGGER.name, logging.WARNING, "", 0, text, (), None)


class LogThread:
    """Writes what the logger `leto` is given to standard error, until stopped."""

    def __init__(self) -> None:
        lines: Queue[logging.LogRecord] = Queue(PENDING_LINES_MAX)
        writer = logging.StreamHandler(sys.stderr)
        writer.setFormatter(LineFormatter())
        self._handler = DroppingHandler(lines)
        self._listener = QueueListener(lines, writer)
        LOGGER.addHandler(self._handler)
        LOGGER.setLevel(logging.INFO)
        LOGGER.propagate = False
        self._listener.start()

    def close(self) -> None:
        """Write the lines that wait, and end."""
        LOGGER.removeHandler(self._handler)
        self._listener.stop()
