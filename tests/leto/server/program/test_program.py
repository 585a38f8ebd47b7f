"""Nodes whose program replicates an object of its own; nobody connects to ask for anything."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from leto.raft.actions import Readable, Refusal
from leto.raft.events import ReadPolicy
from leto.resp import OK
from leto.server.clients import errors
from leto.server.program import NotDone, NotLeader, ObjectMachine, Refused, Unknown
from leto.server.settings import Limits
from leto.server.world import ClockTicked, DiskRoomMeasured, Port

if TYPE_CHECKING:
    from tests.leto.server.conftest import Machine, World

T = TypeVar("T")


class Ledger:
    """Remembers every command."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def apply(self, command: bytes) -> bytes:
        self.lines.append(command)
        return b"%d" % len(self.lines)

    def snapshot(self) -> bytes:
        return b"\n".join(self.lines)

    def restore(self, content: bytes) -> None:
        self.lines = content.split(b"\n") if content else []


class Office:
    """A machine with a ledger, and what its program was told."""

    def __init__(self, world: "World", number: int = 1, join: int | None = None) -> None:
        port = f":{number}379"
        self.machine = world.machine(number, join=join, listen=port, peer_bind=port)
        self.ledger = Ledger()
        self.told: list[bytes | NotDone] = []
        self.readable: list[Readable | NotDone] = []

    def open(self) -> "Office":
        self.ledger = Ledger()
        self.machine.content = ObjectMachine(self.ledger)
        self.machine.start()
        return self

    def propose(self, *commands: bytes) -> "list[bytes | NotDone]":
        """What they came to, as far as that is known by now."""
        for command in commands:
            self.machine.node.program.propose(command, self.told.append)
        return self.next_turn()

    def read(self, policy: ReadPolicy = ReadPolicy.INDEX) -> "list[Readable | NotDone]":
        self.machine.node.program.read(policy, self.readable.append)
        self.next_turn()
        return self.readable

    def next_turn(self) -> "list[bytes | NotDone]":
        self.machine.tell(ClockTicked())
        self.machine.world.settle()
        return self.told


def founded(world: "World") -> Office:
    office = Office(world).open()
    world.run_until(lambda: office.machine.raft.is_ready)
    return office


def offices(world: "World", count: int = 3) -> list[Office]:
    first = founded(world)
    others = [Office(world, number, join=1).open() for number in range(2, count + 1)]
    world.run_until(lambda: all(office.machine.node.program.is_settled for office in others))
    world.run(500)
    return [first, *others]


def one(told: "list[T | NotDone]", kind: type[NotDone]) -> str:
    (failure,) = told
    assert kind is type(failure)
    return str(failure)


def test_a_command_is_told_what_the_machine_returned(world: "World") -> None:
    office = founded(world)

    told = office.propose(b"one", b"")

    assert [b"1", b"2"] == told
    assert [b"one", b""] == office.ledger.lines


def test_commands_of_one_turn_share_an_entry(world: "World") -> None:
    office = founded(world)
    before = office.machine.raft.last_log.index

    office.propose(*(b"%d" % number for number in range(100)))

    assert before + 1 == office.machine.raft.last_log.index
    assert 100 == len(office.told)


def test_every_node_holds_what_was_proposed_at_one(world: "World") -> None:
    everybody = offices(world)

    everybody[0].propose(b"one", b"two")
    world.run(200)

    assert [[b"one", b"two"]] * 3 == [office.ledger.lines for office in everybody]


def test_what_is_asked_while_the_node_boots_is_done_when_it_has_booted(world: "World") -> None:
    office = Office(world)
    office.machine.holds_disk = True
    office.open()
    assert office.machine.node.program.leader_address is None
    assert not office.machine.node.program.is_settled

    assert [] == office.read(ReadPolicy.STALE)
    office.machine.release_disk()

    assert [True] == [isinstance(answer, Readable) for answer in office.readable]


def test_a_cluster_of_one_is_settled_when_it_leads(world: "World") -> None:
    office = Office(world)
    office.machine.holds_disk = True
    office.open()
    while not office.machine.node.program.is_settled:
        office.machine.do_one_job()
        world.run(1)

    office.machine.release_disk()

    assert [b"1"] == office.propose(b"one")


def test_the_content_is_there_again_after_a_restart(world: "World") -> None:
    office = founded(world)
    office.propose(b"one")
    client = world.client(office.machine)
    assert OK == client.ask("SNAPSHOT")
    office.propose(b"two")

    office.machine.kill()
    office.open()
    world.run_until(lambda: office.machine.raft.is_ready)

    assert [b"one", b"two"] == office.ledger.lines


def test_a_follower_names_the_leader(world: "World") -> None:
    everybody = offices(world)

    told = everybody[1].propose(b"refused")

    assert "not leader; ask 127.0.0.1:1379" == one(told, NotLeader)
    assert "127.0.0.1:1379" == everybody[1].machine.node.program.leader_address
    assert "127.0.0.1:1379" == everybody[0].machine.node.program.leader_address


def test_a_node_alone_knows_no_leader(world: "World") -> None:
    everybody = offices(world, 2)
    everybody[0].machine.kill()
    world.run(2_000)

    told = everybody[1].propose(b"refused")

    assert "no leader is known" == one(told, NotLeader)
    assert everybody[1].machine.node.program.leader_address is None


def test_a_command_that_fits_no_frame_is_refused(world: "World") -> None:
    office = founded(world)

    told = office.propose(bytes(Limits().write_bytes_max))

    assert "at most" in one(told, Refused)


def test_only_what_still_waits_when_leadership_ends_was_certainly_not_done(
    world: "World",
) -> None:
    everybody = offices(world)
    leader = everybody[0]
    leader.machine.holds_disk = True
    for command in (b"first", b"second", b"third"):  # two writes are under way at the most
        leader.propose(command)

    world.run(10_000)
    one(leader.told, NotLeader)
    leader.machine.release_disk()
    world.run(1_000)

    assert [b"1", b"2"] == leader.told[1:]
    assert [b"first", b"second"] == everybody[1].ledger.lines


def test_what_nobody_else_heard_of_may_have_been_done(world: "World") -> None:
    everybody = offices(world)
    leader = everybody[0]
    leader.machine.cut_off()
    leader.propose(b"first")
    world.run_until(lambda: everybody[1].machine.raft.leader != leader.machine.raft.leader)

    leader.machine.unreachable = False
    world.run_until(lambda: bool(leader.told))

    one(leader.told, Unknown)


def test_who_waits_when_the_node_stops_is_told_that_it_was_not_done(world: "World") -> None:
    office = founded(world)
    office.machine.holds_disk = True
    for command in (b"first", b"second", b"third"):
        office.propose(command)

    office.machine.ask_to_stop()

    assert errors.STOPPING.message == one(office.told, Refused)


def test_a_full_disk_is_a_refusal(world: "World") -> None:
    office = founded(world)
    office.machine.tell(DiskRoomMeasured(0))

    told = office.propose(b"refused")

    assert errors.DISK_FULL.message == one(told, Refused)


def test_leave_to_read_comes_on_any_node(world: "World") -> None:
    everybody = offices(world)

    for office in everybody:
        office.read()
    world.run(200)

    assert [True] * 3 == [isinstance(office.readable[0], Readable) for office in everybody]


def test_leave_to_read_is_refused_where_there_is_no_leader(world: "World") -> None:
    everybody = offices(world, 2)
    everybody[0].machine.kill()
    world.run(2_000)

    everybody[1].read()
    world.run(2_000)

    assert isinstance(everybody[1].readable[0], NotLeader | Refused)


def test_a_machine_that_is_being_restored_is_not_read(world: "World") -> None:
    office = founded(world)
    office.machine.node_at_work.storage.is_restoring = True

    assert "the state machine is being restored" == one(office.read(ReadPolicy.STALE), Refused)


def ask(office: Office, request: Callable[["Machine"], None]) -> list[bytes | NotDone]:
    office.told.clear()
    request(office.machine)
    office.next_turn()
    office.machine.world.run(1_000)
    return office.told


def test_leadership_goes_to_whom_the_leader_is_told(world: "World") -> None:
    first, second, third = offices(world)

    def transfer(office: Office, name: str | None) -> list[bytes | NotDone]:
        return ask(office, lambda m: m.node.program.transfer(name, office.told.append))

    assert "no leader is known" not in one(transfer(second, "id1"), NotLeader)
    assert Refusal.NOT_A_MEMBER.value == one(transfer(first, "z"), Refused)
    assert [b""] == transfer(first, "id3")
    assert [b""] == transfer(third, None)
    assert world.leader() is not third.machine


def test_a_lease_is_changed(world: "World") -> None:
    office = founded(world)

    def change(lease_us: int) -> list[bytes | NotDone]:
        return ask(office, lambda m: m.node.program.change_lease(lease_us, office.told.append))

    assert [b""] == change(100_000)
    assert 100_000 == office.machine.raft.configuration.lease_us


def test_a_member_is_removed(world: "World") -> None:
    first, second = offices(world, 2)

    def remove(office: Office, name: str) -> list[bytes | NotDone]:
        return ask(office, lambda m: m.node.program.remove(name, office.told.append))

    one(remove(second, "id1"), NotLeader)
    assert "no such member" in one(remove(first, "z"), Refused)
    assert [b""] == remove(first, "id2")
    assert {"id1"} == first.machine.members.keys()
    assert second.machine.has_ended


def test_one_port_serves_nodes_and_people_who_find_no_keys(world: "World") -> None:
    office = founded(world)
    client = world.client(office.machine, Port.PEER)

    assert errors.NO_KEYS == client.ask("SET a b")
    assert errors.NO_KEYS == client.ask("GET a")
    assert isinstance(client.ask("ROLE"), tuple)


def test_a_node_that_boots_beside_a_full_disk_refuses(world: "World") -> None:
    office = Office(world)
    office.machine.holds_disk = True
    office.open()
    office.machine.tell(DiskRoomMeasured(0))
    office.machine.release_disk()
    world.run_until(lambda: office.machine.raft.is_ready)

    told = office.propose(b"refused")

    assert errors.DISK_FULL.message == one(told, Refused)
