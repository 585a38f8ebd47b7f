"""What the tests of the real world share."""

import socket

import pytest

from tests.support.real_nodes import LOCALHOST, new_node

__all__ = ["free_ports", "new_node"]


@pytest.fixture
def free_ports() -> tuple[int, int]:
    """Two ports of 127.0.0.1 on which nobody listens."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(LOCALHOST)
        second.bind(LOCALHOST)
        return first.getsockname()[1], second.getsockname()[1]
