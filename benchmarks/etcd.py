"""A cluster of three etcd nodes, as it is installed, on free ports of 127.0.0.1.

Responsible for starting them with their default settings and for finding out who leads.
It asks through etcd's HTTP gateway, as its users without gRPC do.
"""

import base64
import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import cast

import attrs

from benchmarks.client import HOST
from benchmarks.cluster import NODES, READY_WITHIN_S, installed
from benchmarks.processes import Program, free_ports, wait_until

ASK_WITHIN_S = 1.0


@attrs.frozen(kw_only=True)
class EtcdNode:
    """One node: a process of `etcd` and its port of clients."""

    name: str
    port: int
    program: Program

    @property
    def leads(self) -> bool:
        """Does it say that it is the leader?"""
        status = self._post("/v3/maintenance/status", {})
        header = cast("dict[str, str]", status.get("header", {}))
        return bool(header) and header.get("member_id") == status.get("leader")

    @property
    def serves(self) -> bool:
        """Does it answer a linearizable read?"""
        return "header" in self._post("/v3/kv/range", {"key": _encoded("a")})

    def _post(self, path: str, content: dict[str, str]) -> dict[str, object]:
        """Its answer; empty if it has none now."""
        request = urllib.request.Request(
            f"http://{HOST}:{self.port}{path}", json.dumps(content).encode()
        )
        try:
            with urllib.request.urlopen(request, timeout=ASK_WITHIN_S) as answer:  # noqa: S310
                return cast("dict[str, object]", json.load(answer))
        except (OSError, urllib.error.URLError, ValueError):
            return {}


def put(key: str, value: str) -> bytes:
    """The bytes of an HTTP request that writes; the node closes the connection behind its answer."""
    body = json.dumps({"key": _encoded(key), "value": _encoded(value)}).encode()
    head = f"POST /v3/kv/put HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@contextlib.contextmanager
def three_etcd_nodes(scratch: Path) -> Generator[Sequence[EtcdNode]]:
    """A cluster that serves; its processes are gone afterwards."""
    etcd = installed("etcd")
    ports = free_ports(2 * NODES)
    names = [f"etcd{place + 1}" for place in range(NODES)]
    peers = [f"http://{HOST}:{port}" for port in ports[NODES:]]
    everybody = ",".join(f"{name}={peer}" for name, peer in zip(names, peers, strict=True))
    nodes: list[EtcdNode] = []
    for name, port, peer in zip(names, ports[:NODES], peers, strict=True):
        client = f"http://{HOST}:{port}"
        command = [etcd, "--name", name, "--data-dir", str(scratch / name)]
        command += ["--listen-client-urls", client, "--advertise-client-urls", client]
        command += ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]
        command += ["--initial-cluster", everybody]
        program = Program(name=name, command=command, log=scratch / f"{name}.log")
        nodes.append(EtcdNode(name=name, port=port, program=program))
    try:
        for node in nodes:
            node.program.start()
        wait_until(
            "three etcd nodes that serve",
            lambda: all(node.serves for node in nodes),
            within_s=READY_WITHIN_S,
        )
        yield nodes
    finally:
        for node in nodes:
            node.program.stop()


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
