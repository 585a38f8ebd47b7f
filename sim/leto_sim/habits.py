"""How busy the clients of a run are.

Responsible for the value alone; what they ask for is `leto_sim.workloads`.
"""

import attrs

from leto.raft.types import Micros
from leto_sim.clock import MS


@attrs.frozen(kw_only=True)
class Habits:
    """What the clients do."""

    clients: int = 3
    keys: int = 3
    reads: float = 0.4  # the share of reads among the operations
    thinking_us: Micros = 20 * MS  # between two operations, on average
    burst_max: int = 1  # writes that one client proposes at once
    patience_us: Micros = 2_000 * MS  # then it goes on without knowing
    lease_reads: float = 0.0  # the share of reads that rest on the leader's lease
    repeats: bool = False  # clients count up in sessions, and repeat what they hear nothing of
    stale_reads: float = 0.0  # the share of reads that take whatever a node has applied
    loyalty: float = 0.5  # how often a reader asks whom it takes for the leader
