"""INFO and ROLE."""

from importlib.metadata import version
from typing import TYPE_CHECKING

from leto.resp import OK, Verbatim
from leto.server.console.info import LETO_VERSION

if TYPE_CHECKING:
    from tests.leto.server.conftest import Client, World


def fields(client: "Client", sections: str = "") -> dict[str, str]:
    reply = client.ask(f"INFO {sections}".strip())
    assert isinstance(reply, bytes)
    lines = (line for line in reply.decode().split("\r\n") if line and not line.startswith("#"))
    return dict(line.split(":", 1) for line in lines)


def headings(client: "Client", sections: str) -> list[str]:
    reply = client.ask(f"INFO {sections}".strip())
    assert isinstance(reply, bytes)
    return [line[2:] for line in reply.decode().split("\r\n") if line.startswith("#")]


def test_the_version_is_the_packages() -> None:
    assert version("leto-raft") == LETO_VERSION


def test_sections_come_as_asked_for(world: "World") -> None:
    client = world.client(world.founded())
    everything = [
        "Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "Raft", "Keyspace"
    ]  # fmt: skip

    assert everything == headings(client, "")
    assert everything == headings(client, "everything")
    assert ["Server", "Raft"] == headings(client, "RAFT server")
    assert [] == headings(client, "nonsense")


def test_info_is_verbatim_text_in_resp3(world: "World") -> None:
    client = world.client(world.founded())
    client.ask("HELLO 3")

    assert isinstance(client.ask("INFO raft"), Verbatim)


def test_a_leader_shows_its_replicas(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[0])

    seen = fields(client)

    assert ("master", "2") == (seen["role"].replace("leader", "master"), seen["connected_slaves"])
    assert seen["slave0"].startswith("ip=127.0.0.1,port=")
    assert "state=online" in seen["slave0"]
    assert ("id1", "127.0.0.1:1379") == (seen["leader"], seen["leader_address"])
    assert {"id1", "id2", "id3"} == {
        seen[f"member{n}"].split(",")[0].removeprefix("name=") for n in range(3)
    }
    role = client.ask("ROLE")
    assert isinstance(role, tuple)
    assert b"master" == role[0]
    assert isinstance(role[2], tuple)
    assert 2 == len(role[2])


def test_a_dead_replica_is_not_online(world: "World") -> None:
    machines = world.cluster()
    machines[2].kill()
    world.run(100)

    seen = fields(world.client(machines[0]), "replication raft")

    assert "1" == seen["connected_slaves"]
    assert 1 == sum("link=down" in value for value in seen.values())


def test_a_follower_shows_its_leader(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[1])

    seen = fields(client, "replication")

    assert "slave" == seen["role"]
    assert ("127.0.0.1", "1379") == (seen["master_host"], seen["master_port"])
    assert "up" == seen["master_link_status"]
    role = client.ask("ROLE")
    assert isinstance(role, tuple)
    assert (b"slave", b"127.0.0.1", 1379, b"connected") == role[:4]


def test_a_node_without_a_leader_says_so(world: "World") -> None:
    machines = world.cluster()
    machines[0].kill()
    machines[1].kill()
    world.run(1_000)
    client = world.client(machines[2])

    seen = fields(client, "replication")

    assert ("down", "") == (seen["master_link_status"], seen["master_host"])
    role = client.ask("ROLE")
    assert isinstance(role, tuple)
    assert (b"slave", b"", 0, b"connect") == role[:4]


def test_a_booting_node_says_that_it_is_loading(world: "World") -> None:
    machine = world.machine()
    machine.holds_disk = True
    machine.start()

    seen = fields(world.client(machine))

    assert ("1", "slave", f"{0:016x}") == (seen["loading"], seen["role"], seen["cluster_id"])


def test_keys_and_commands_are_counted(world: "World") -> None:
    client = world.client(world.founded())
    assert OK == client.ask("SET a b EX 100")
    assert OK == client.ask("SET c d")

    seen = fields(client)

    assert "keys=2,expires=1,avg_ttl=0" == seen["db0"]
    assert "2" == seen["total_commands_applied"]
    assert "3" == seen["total_commands_processed"]
    assert int(seen["used_memory"]) > int(seen["used_memory_dataset"]) > 0


def test_a_snapshot_is_seen(world: "World") -> None:
    client = world.client(world.founded())
    assert OK == client.ask("SET a b")
    before = fields(client, "persistence")

    assert OK == client.ask("SNAPSHOT")

    after = fields(client, "persistence")
    assert ("0", "0") == (before["snapshot_last_index"], before["snapshot_size_bytes"])
    assert int(after["snapshot_last_index"]) > 0
    assert int(after["snapshot_size_bytes"]) > 0


def test_a_booting_node_has_the_role_of_one_that_is_not_connected(world: "World") -> None:
    machine = world.machine()
    machine.start_with_held_disk()

    assert (b"slave", b"", 0, b"connect", 0) == world.client(machine).ask("ROLE")
