"""What a run is, besides its scenario."""

from leto_sim.parts import REGISTERS, Parts
from leto_sim.registers import Registers
from leto_sim.workloads import RegisterWorkload


def test_without_a_user_registers_are_written_and_read() -> None:
    assert REGISTERS == Parts()
    assert Registers is REGISTERS.machine
    assert RegisterWorkload() == REGISTERS.workload
