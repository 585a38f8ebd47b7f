"""What an event costs at either level, counted: bytecodes, and calls of Python functions.

Over scenarios of five nodes, or of three servers, as seeds draw them, with every online
check on, by the part of the program that executes them. A count is the same on a busy
machine as on an idle one, and a change of a hundredth shows; what it is worth in time,
`benchmarks.simulation` says.

What is written in C (the heap, dictionaries, digests, the collector) does not count.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Protocol

import attrs

from benchmarks.report import parser, run, table
from leto_sim.levels import LEVELS, level_named

WITHIN_S = 900
NODES = {"node": 5, "server": 3}
EVENTS = 1_500
FIRST_SEED = 500_000
ROOT = str(Path(__file__).resolve().parents[1])  # a checkout may itself be called leto
PARTS = {  # of a file's path below the root the first that it contains
    "leto/raft/": "the core",
    "leto/": "the server",
    "leto_sim/checkers/": "the checkers",
    "leto_sim/lookout": "the checkers",
    "leto_sim/node_level/clients": "clients",
    "leto_sim/workloads": "clients",
    "leto_sim/node_level/datagrams": "network",
    "leto_sim/randomness": "network",
    "leto_sim/node_level/process": "process",
    "leto_sim/node_level/machine_work": "process",
    "leto_sim/node_level/canonical": "journal",
    "leto_sim/journal": "journal",
    "leto_sim/node_level/disk": "disk",
    "leto_sim/platter": "disk",
    "leto_sim/server_level/watch": "the checkers",
    "leto_sim/server_level/overheard": "the checkers",
    "leto_sim/server_level/punctuality": "the checkers",
    "leto_sim/server_level/leading": "the checkers",
    "leto_sim/server_level/lookout": "the checkers",
    "leto_sim/server_level/promises": "the checkers",
    "leto_sim/server_level/session_log": "the checkers",
    "leto_sim/server_level/exactly_once": "the checkers",
    "leto_sim/server_level/resp_client": "clients",
    "leto_sim/server_level/errands": "clients",
    "leto_sim/server_level/random_errands": "clients",
    "leto_sim/server_level/streams": "network",
    "leto_sim/server_level/paths": "network",
    "leto_sim/server_level/process": "process",
    "leto_sim/server_level/diary": "journal",
    "leto_sim/server_level/cluster": "process",
    "leto_sim/server_level/canonical": "journal",
    "leto_sim/server_level/disk": "disk",
    "leto_sim/server_level/files": "disk",
    "leto_sim/server_level/platter": "disk",
    "leto_sim/server_level/records": "disk",
    "leto_sim/lincheck/": "lincheck",
    "generated methods leto.raft": "the core",
    "generated methods leto.": "the server",
}
REST = "the rest"


class _Tracer(Protocol):
    def __call__(self, frame: FrameType, what: str, _: object) -> "_Tracer": ...


@attrs.frozen(kw_only=True)
class Part:
    """What one part of the program executes for an event, on average."""

    name: str
    bytecodes: float
    calls: float


@attrs.frozen(kw_only=True)
class Bytecodes:
    """All that was counted."""

    events: int
    parts: tuple[Part, ...]
    dearest: tuple[Part, ...]
    violations: tuple[str, ...] = ()

    def lines(self) -> Sequence[str]:
        """Two tables: the parts, and the functions that execute most."""
        bytecodes = sum(part.bytecodes for part in self.parts)
        calls = sum(part.calls for part in self.parts)
        total = Part(name="together", bytecodes=bytecodes, calls=calls)
        return [
            f"{self.events:,} events",
            "",
            *_table((*self.parts, total), bytecodes),
            "",
            *_table(self.dearest, bytecodes),
        ]


def _table(parts: Sequence[Part], total: float) -> Sequence[str]:
    rows = [
        (part.name, f"{part.bytecodes:,.1f}", f"{part.bytecodes / total:.1%}", f"{part.calls:.2f}")
        for part in parts
    ]
    return table(("an event", "bytecodes", "share", "calls"), rows)


def measure(level_name: str, seeds: int, functions: int) -> Bytecodes:
    """Counts what so many runs execute from founding to judgement."""
    level = level_named(level_name)
    bytecodes, calls, events = Counter[CodeType](), Counter[CodeType](), 0

    def execute(frame: FrameType, what: str, _: object) -> _Tracer:
        bytecodes[frame.f_code] += what == "opcode"
        return execute

    def call(frame: FrameType, what: str, _: object) -> _Tracer:
        assert what == "call", what
        calls[frame.f_code] += 1
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        return execute

    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        course = level.begin(level.draw(seed, nodes=NODES[level_name], events_max=EVENTS))
        sys.settrace(call)
        result = course.run()
        sys.settrace(None)
        events += result.events
    names = {code: _part_of(code) for code in bytecodes}
    return Bytecodes(
        events=events,
        parts=tuple(
            Part(
                name=name,
                bytecodes=sum(n for code, n in bytecodes.items() if names[code] == name) / events,
                calls=sum(n for code, n in calls.items() if names[code] == name) / events,
            )
            for name in (*dict.fromkeys(PARTS.values()), REST)
            if name in names.values()
        ),
        dearest=tuple(
            Part(name=code.co_qualname, bytecodes=n / events, calls=calls[code] / events)
            for code, n in bytecodes.most_common(functions)
        ),
    )


def _part_of(code: CodeType) -> str:
    file = code.co_filename.removeprefix(ROOT)
    found = (name for text, name in PARTS.items() if text in file)
    return next(found, REST)


def main(arguments: Sequence[str] | None = None) -> int:
    """Count and print."""
    flags = parser(__doc__)
    flags.add_argument("--level", choices=sorted(LEVELS), default="node")
    flags.add_argument("--seeds", type=int, default=8, help="so many runs (default: 8)")
    flags.add_argument("--functions", type=int, default=20, help="shown (default: 20)")
    given = flags.parse_args(arguments)
    return run(
        lambda: measure(given.level, given.seeds, given.functions),
        as_json=given.json,
        within_s=WITHIN_S,
    )


if __name__ == "__main__":
    sys.exit(main())
