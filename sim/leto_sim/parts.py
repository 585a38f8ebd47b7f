"""What is under test, and who uses it: all that a run is besides its scenario.

Responsible for the value alone. A scenario is data, and can be drawn, stored and
shrunk; these are a program's parts, and their user brings them.
"""

from collections.abc import Callable

import attrs

from leto.machine import StateMachine
from leto_sim.custom_faults import Strike
from leto_sim.invariants import Invariant
from leto_sim.registers import Registers
from leto_sim.workloads import RegisterWorkload, Workload


@attrs.frozen(kw_only=True)
class Parts:
    """A machine for each life of each node, its clients, and whatever else a user brings."""

    machine: Callable[[], StateMachine] = Registers
    workload: Workload = attrs.field(factory=RegisterWorkload)
    invariants: tuple[Invariant, ...] = ()
    faults: tuple[Strike, ...] = ()  # besides those of the scenario's plan
    compares_every_content: bool = False  # after each command, not only in snapshots


REGISTERS = Parts()


def keys_and_values() -> StateMachine:
    """Stands for Leto's own commands on keys, which whole servers bring with them."""
    raise NotImplementedError("only whole servers have keys and values")


KEYS_AND_VALUES = Parts(machine=keys_and_values)
"""Leto as it is: the clients speak the Redis protocol, and the workload is the scenario's."""
