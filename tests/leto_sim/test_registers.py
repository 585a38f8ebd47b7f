"""Registers, and their snapshots."""

from leto_sim.registers import Registers, decode_write, encode_write


def test_a_register_holds_what_was_written_last() -> None:
    machine = Registers()
    machine.apply(encode_write(1, 10))
    machine.apply(encode_write(1, 11))

    assert (11, None) == (machine.read(1), machine.read(2))


def test_a_command_is_what_it_was_made_of() -> None:
    assert (65_535, 2**48 - 1) == decode_write(encode_write(65_535, 2**48 - 1))


def test_a_restored_machine_is_the_same() -> None:
    machine, other = Registers(), Registers()
    other.apply(encode_write(9, 9))
    for key in (3, 1, 2):
        machine.apply(encode_write(key, key * 10))

    other.restore(machine.snapshot())

    assert (10, None) == (other.read(1), other.read(9))
    assert machine.snapshot() == other.snapshot()


def test_an_empty_snapshot_is_of_an_empty_machine() -> None:
    machine = Registers()
    machine.apply(encode_write(1, 10))

    machine.restore(b"")

    assert b"" == machine.snapshot() == Registers().snapshot()


def test_machines_with_another_past_differ_for_ever() -> None:
    one, other = Registers(), Registers()
    other.apply(encode_write(1, 5))
    for machine in (one, other):
        machine.apply(encode_write(1, 6))

    assert one.read(1) == other.read(1)
    assert one.snapshot() != other.snapshot()
