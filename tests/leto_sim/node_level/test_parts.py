"""What a run is, besides its scenario."""

from leto_sim.node_level.machine import Registers
from leto_sim.node_level.parts import REGISTERS, Parts
from leto_sim.node_level.workloads import RegisterWorkload


def test_without_a_user_registers_are_written_and_read() -> None:
    assert REGISTERS == Parts()
    assert Registers is REGISTERS.machine
    assert RegisterWorkload() == REGISTERS.workload
