"""Nodes in processes of their own: fixtures for whoever meets them as users do."""

import socket
from collections.abc import Iterator
from typing import Protocol

import pytest

from leto_adapters.processes import NodeProcess, wait_until

LOCALHOST = ("127.0.0.1", 0)


class NewNode(Protocol):
    """Makes a node on free ports, with a directory of its own unless told; to be started."""

    def __call__(self, name: str, *flags: str, raftdir: str | None = None) -> NodeProcess: ...


@pytest.fixture(scope="module")
def new_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewNode]:
    """Nodes in processes of their own, which are gone afterwards."""
    made: list[NodeProcess] = []

    def make(name: str, *flags: str, raftdir: str | None = None) -> NodeProcess:
        path = tmp_path_factory.mktemp(name)
        with socket.create_server(LOCALHOST) as first, socket.create_server(LOCALHOST) as second:
            port, peer_port = first.getsockname()[1], second.getsockname()[1]
        data = ("-id", name, "-raftdir", raftdir or str(path / "data"))
        ports = (f"-listen=127.0.0.1:{port}", f"-raftbind=127.0.0.1:{peer_port}")
        made.append(NodeProcess(name, (*data, *ports, *flags), port, path / "log"))
        return made[-1]

    yield make
    for node in made:
        if node.process is not None:
            node.kill()


@pytest.fixture(scope="module")
def cluster_of_three(new_node: NewNode) -> tuple[NodeProcess, NodeProcess, NodeProcess]:
    """Three nodes that serve; the first founded the cluster."""
    first = new_node("id1")
    start(first)
    others = [new_node(name, "-join", f"127.0.0.1:{first.port}") for name in ("id2", "id3")]
    for node in others:
        start(node)
    return first, others[0], others[1]


def start(node: NodeProcess) -> None:
    """Start a node and wait until it serves."""
    node.start()
    assert wait_until(node.is_ready, within_s=20), node.log.read_text()
