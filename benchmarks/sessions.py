"""How long one turn of a server lasts while it freezes, writes and restores 100,000 sessions.

The aim is 5 ms. Each of these is done in pieces, and here is the longest of each kind, in processor
time, with the garbage collector on (a full collection falls into some piece, and is most of
it) and off.
"""

import gc
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeVar

import attrs

from benchmarks.report import parser, run, table
from leto.kv import KeyValueMachine
from leto.server import Limits
from leto.server.disk.storage import RESTORED_BYTES_PER_TURN

T = TypeVar("T")

WITHIN_S: Final = 300
SESSIONS: Final = 100_000
STAMP_MS: Final = 1_000


@attrs.define
class Stopwatch:
    """The longest turn of each kind, in milliseconds."""

    longest_ms: dict[str, float] = attrs.field(factory=dict[str, float])

    def timed(self, kind: str, work: Callable[[], T]) -> T:
        """Do it, and look at the processor's clock before and after."""
        before = time.process_time()
        result = work()
        took_ms = (time.process_time() - before) * 1_000
        self.longest_ms[kind] = max(took_ms, self.longest_ms.get(kind, 0))
        return result


def measure(sessions: int) -> Stopwatch:
    """Fill a machine, and take it through all of it."""
    watch, machine = Stopwatch(), KeyValueMachine()
    gc.collect()
    for number in range(1, sessions + 1):
        machine.apply((b"SESSION", b"REGISTER"), STAMP_MS)
        key = b"key:%d" % number
        perform = (b"SESSION", b"PERFORM", b"%d" % number, b"1", b"1", b"SET", key, b"value")
        machine.apply(perform, STAMP_MS)
    chunks = watch.timed("freeze", lambda: machine.snapshot(Limits().snapshot_chunk_bytes))
    content = bytearray()
    while (chunk := watch.timed("write a chunk", lambda: next(chunks, None))) is not None:
        content += chunk
    watch.timed("forget what was there", machine.begin_restore)
    for at in range(0, len(content), RESTORED_BYTES_PER_TURN):
        piece = bytes(content[at : at + RESTORED_BYTES_PER_TURN])
        watch.timed("restore a slice", partial(machine.restore_chunk, piece))
    watch.timed("finish", machine.finish_restore)
    return watch


@attrs.frozen(kw_only=True)
class Longest:
    """The longest turn of each kind, in milliseconds."""

    sessions: int
    with_collector_ms: dict[str, float]
    without_collector_ms: dict[str, float]

    @property
    def violations(self) -> Sequence[str]:
        """There is an aim here, and no promise."""
        return ()

    def lines(self) -> Sequence[str]:
        """A table."""
        rows = [
            (kind, f"{self.with_collector_ms[kind]:.1f}", f"{took_ms:.1f}")
            for kind, took_ms in self.without_collector_ms.items()
        ]
        return table((f"{self.sessions:,} sessions: longest, ms", "collector on", "off"), rows)


def compare(sessions: int) -> Longest:
    """Measure with the collector and without."""
    collected = measure(sessions)
    gc.disable()
    plain = measure(sessions)
    gc.enable()
    return Longest(
        sessions=sessions,
        with_collector_ms=collected.longest_ms,
        without_collector_ms=plain.longest_ms,
    )


def main() -> int:
    """Parse the flags and measure."""
    flags = parser(__doc__)
    flags.add_argument("--sessions", type=int, default=SESSIONS)
    arguments = flags.parse_args()
    return run(lambda: compare(arguments.sessions), as_json=arguments.json, within_s=WITHIN_S)


if __name__ == "__main__":
    sys.exit(main())
