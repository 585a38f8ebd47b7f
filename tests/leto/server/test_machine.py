"""The shape of a machine that a server replicates."""

from typing import TYPE_CHECKING

from leto.kv import KeyValueMachine
from leto.server import machine as shapes

if TYPE_CHECKING:
    from leto.server.machine import Content, Machine


def test_keys_and_values_are_such_a_machine() -> None:
    keys: Machine = KeyValueMachine()
    content: Content = keys

    shape = [name for name in vars(shapes.Machine) if not name.startswith("_")]

    assert all(hasattr(content, name) for name in shape)
