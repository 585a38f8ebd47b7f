"""`leto-sim drift`: measures how far clocks may differ before a lease breaks its promise.

Responsible for its flags and its table.
"""

import json
from argparse import ArgumentParser, Namespace

import attrs

from leto.raft.leases import DRIFT_TOLERANCE
from leto_sim.commands.arguments import positive
from leto_sim.node_level.drift import Measured, measure

PERCENTS = (0, 5, 10, 11, 12, 14, 16, 20)


def add_flags(parser: ArgumentParser) -> None:
    """Its flags."""
    parser.add_argument(
        "--seeds", type=positive, default=4, metavar="N", help="runs for each drift (4)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")


def run(arguments: Namespace) -> int:
    """Measures; wrong is only a lease that breaks within the drift that it tolerates."""
    measured = measure((percent / 100 for percent in PERCENTS), range(arguments.seeds))
    if arguments.json:
        print(json.dumps({"measured": [attrs.asdict(row) for row in measured]}))
    else:
        print("leader slower by   runs   leases broken")
        for row in measured:
            print(f"{row.drift:16.0%} {row.runs:6} {row.broken:15}")
    return 1 if any(map(_is_wrong, measured)) else 0


def _is_wrong(row: Measured) -> bool:
    return bool(row.broken) and row.drift <= DRIFT_TOLERANCE
