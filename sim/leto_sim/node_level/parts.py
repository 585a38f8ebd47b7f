"""What is under test, and who uses it: all that a run is besides its scenario.

Responsible for the value alone. A scenario is data, and can be drawn, stored and
shrunk; these are a program's parts, and their user brings them.
"""

from collections.abc import Callable

import attrs

from leto.machine import StateMachine
from leto_sim.node_level.machine import Registers
from leto_sim.node_level.workloads import RegisterWorkload, Workload


@attrs.frozen(kw_only=True)
class Parts:
    """A machine for each life of each node, and its clients."""

    machine: Callable[[], StateMachine] = Registers
    workload: Workload = attrs.field(factory=RegisterWorkload)
    compares_every_content: bool = False  # after each command, not only in snapshots


REGISTERS = Parts()
