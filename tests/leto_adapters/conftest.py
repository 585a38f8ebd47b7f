"""What the tests of the real world share."""

import socket

import pytest


@pytest.fixture
def free_ports() -> tuple[int, int]:
    """Two ports of 127.0.0.1 on which nobody listens."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]
