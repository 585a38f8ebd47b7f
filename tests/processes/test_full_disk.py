"""A node on a disk that fills up, as its users meet it."""

import contextlib
import itertools
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis

from leto_adapters.processes import wait_until
from tests.support.real_nodes import start

if TYPE_CHECKING:
    from tests.support.real_nodes import NewNode

MIB = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    options = ("-t", "tmpfs", "-o", f"size={64 * MIB}", "tmpfs", str(place))
    try:
        subprocess.run(("mount", *options), check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"only root may mount a small disk here: {error}")
    yield place
    subprocess.run(("umount", "--lazy", str(place)), check=True)


def test_a_full_disk_refuses_writes_until_there_is_room(
    new_node: "NewNode", small_disk: Path
) -> None:
    node = new_node("id1", "-diskreserve", "32mb", raftdir=str(small_disk / "data"))
    start(node)
    client = redis.Redis(port=node.port)
    assert client.set("a", "b")

    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(40 * MIB))

    def is_refused() -> bool:
        try:
            client.set("a", "c")
        except redis.ResponseError as error:
            assert str(error).startswith("MISCONF the leader's disk is full, not applied")  # noqa: PT017
            return True
        return False

    assert wait_until(is_refused, within_s=10)
    assert client.get("a") in {b"b", b"c"}
    ballast.unlink()
    assert wait_until(lambda: not is_refused(), within_s=10)
    assert b"c" == client.get("a")


def test_a_node_that_fills_its_disk_by_itself_stops_before_the_reserve(
    new_node: "NewNode", small_disk: Path
) -> None:
    node = new_node("id1", "-diskreserve", "24mb", raftdir=str(small_disk / "data"))
    start(node)
    client = redis.Redis(port=node.port)

    with pytest.raises(redis.ResponseError, match="disk is full"):
        _set_for_ever(client)

    assert node.exit_code is None
    assert "aof_last_write_status:err" in str(node.ask("INFO", "persistence"))
    assert MIB == node.ask("STRLEN", "a")


def test_a_follower_whose_disk_is_full_to_the_brim_comes_back(
    new_node: "NewNode", small_disk: Path
) -> None:
    leader = new_node("id1")
    start(leader)
    flags = ("-join", f"127.0.0.1:{leader.port}", "-diskreserve", "8mb", "-reads", "local")
    full = new_node("id2", *flags, raftdir=str(small_disk / "data"))
    other = new_node("id3", *flags)
    start(full)
    start(other)
    client = redis.Redis(port=leader.port)
    assert client.set("before", "b")
    ballast = small_disk / "ballast"
    _fill(ballast)

    for number in range(300):
        assert client.set("a", 100_000 * bytes((number % 256,)))
    assert full.exit_code is None
    assert "aof_last_write_status:err" in str(full.ask("INFO", "persistence"))
    ballast.unlink()

    assert wait_until(lambda: 100_000 == full.ask("STRLEN", "a"), within_s=20)
    assert full.exit_code is None


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def _set_for_ever(client: redis.Redis) -> None:
    for number in itertools.count():
        client.set("a", MIB * bytes((number % 256,)))
