"""What a node keeps."""

from typing import TYPE_CHECKING

from leto.raft.entries import ENTRY_OVERHEAD_BYTES, Noop

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Make


def test_an_entry_weighs_its_command_and_something_for_itself(make: "type[Make]") -> None:
    assert ENTRY_OVERHEAD_BYTES + 5 == make.entry(1, 1, b"hello").size_bytes
    assert ENTRY_OVERHEAD_BYTES == make.entry(1, 1, Noop()).size_bytes
    assert ENTRY_OVERHEAD_BYTES == make.entry(1, 1, make.configuration(1)).size_bytes
