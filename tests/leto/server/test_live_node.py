"""A node at work: what only the whole of it shows."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.actions import Outcome, Unknown
from leto.raft.entries import Entry
from leto.raft.status import Status
from leto.raft.types import NodeId
from leto.resp import OK
from leto.server import Limits
from leto.wal.frames import HEADER_BYTES, segment_number
from leto.wal.records import FORMAT

if TYPE_CHECKING:
    from tests.leto.server.conftest import Machine, World


def test_every_applied_entry_is_shown_to_the_observer_once_and_in_order(world: "World") -> None:
    machines = world.cluster()
    client = world.client(machines[0])
    for n in range(5):
        assert OK == client.ask(f"SET a {n}")
    world.run(200)

    for machine in machines:
        assert all(isinstance(entry, Entry) for entry in machine.applied)
        indexes = [entry.id.index for entry in machine.applied]
        assert list(range(1, machine.raft.last_applied + 1)) == indexes


def test_roles_are_told_to_the_operator(world: "World") -> None:
    machines = world.cluster()
    machines[0].kill()
    leader = world.leader(machines[1:])
    world.run(500)

    assert leader.messages("leading")
    (other,) = [m for m in machines[1:] if m is not leader]
    assert leader.name == other.messages("following")[-1]["leader"]


def test_a_disk_that_fails_during_a_read_ends_the_node_too(world: "World") -> None:
    machine = world.founded()
    assert OK == world.client(machine).ask("SET a b")
    machine.holds_disk = True
    world.client(machine).send("SNAPSHOT")

    machine.fail_disk()

    assert machine.stop is not None
    assert 1 == machine.stop.exit_code


def test_a_node_needs_no_observer(world: "World") -> None:
    machine = world.machine()
    machine.is_observed = False
    machine.start()
    world.leader()

    assert OK == world.client(machine).ask("SET a b")
    assert [] == machine.applied


def test_a_leader_that_removed_itself_lets_the_others_learn_it_first(world: "World") -> None:
    machines = world.cluster()
    assert OK == world.client(machines[0]).ask("LEAVE id1")
    left_at = world.now_us

    world.run_until(lambda: machines[0].has_ended)

    assert world.now_us - left_at >= 200_000
    assert world.leader(machines[1:]).members.keys() == {"id2", "id3"}
    assert "start id1 with -join" in str(machines[0].stop)


def test_a_leader_that_hears_nobody_ends_by_its_own_log(world: "World") -> None:
    machine = world.founded()
    node = machine.node_at_work
    consensus = machine.raft.committed_configuration

    node._mind_membership(attrs.evolve(consensus, members=()))
    world.run(1_100)

    assert machine.stop is not None
    assert "this node was removed from the cluster" in machine.stop.message


def test_a_taken_name_ends_the_node(world: "World") -> None:
    world.cluster()
    stranger = world.machine(3, join=1)
    world.machines[2].kill()

    stranger.start()
    world.run(2_000)

    assert stranger.stop is not None
    assert 5 == stranger.stop.exit_code


def test_a_removed_follower_is_told(world: "World") -> None:
    machines = world.cluster()
    machines[2].kill()
    assert OK == world.client(machines[0]).ask("LEAVE id3")

    machines[2].start()
    world.run(2_000)

    assert machines[2].stop is not None
    assert "id1 says: " in machines[2].stop.message


def lose_an_admission(world: "World", *, join: int | None) -> "Machine":
    """id4, which holds the entry that admitted it; whoever else held that has lost it."""
    machines = world.cluster()
    for follower in machines[1:]:
        follower.holds_disk = True
    joiner = world.machine(4, join=1)
    joiner.start()
    world.run_until(lambda: bool(joiner.raft.configuration.members))
    assert joiner.raft.commit_index < joiner.raft.configuration_index
    for machine in machines:
        machine.holds_disk = False
        machine.kill()  # and with it what was not written yet
    joiner.kill()
    joiner.settings = attrs.evolve(
        joiner.settings, join=None if join is None else f"127.0.0.1:{join}379"
    )
    for follower in machines[1:]:
        follower.start()
    assert world.leader(machines[1:]).raft.configuration.named("id4") is None
    joiner.start()
    return joiner


def test_a_node_whose_admission_was_lost_asks_again(world: "World") -> None:
    joiner = lose_an_admission(world, join=2)

    world.run_until(lambda: "id4" in world.leader().members)

    assert joiner.stop is None
    assert joiner.messages("joined")


def test_a_node_whose_admission_was_lost_ends_if_it_knows_nobody_to_ask(world: "World") -> None:
    joiner = lose_an_admission(world, join=None)

    world.run_until(lambda: joiner.has_ended)

    assert "start id4 with -join" in str(joiner.stop)


def test_a_member_that_was_removed_while_it_was_down_does_not_ask_again(world: "World") -> None:
    machines = world.cluster()
    removed = machines[2]
    removed.kill()
    assert OK == world.client(machines[0]).ask("LEAVE id3")

    removed.start()  # with the same -join
    assert removed.raft.commit_index < removed.raft.configuration_index  # as after every start
    world.run_until(lambda: removed.has_ended)

    assert "start id3 with -join" in str(removed.stop)
    assert {"id1", "id2"} == world.leader(machines[:2]).members.keys()


@pytest.mark.parametrize("snapshot_after_entries", [1, 6, 7, 100])
def test_a_removed_member_that_is_started_again_ends_again(
    world: "World", snapshot_after_entries: int
) -> None:
    """Whatever of the log that admitted it a snapshot has replaced."""
    raft = attrs.evolve(
        world.quick,
        trailing_entries=0,
        trailing_bytes=0,
        snapshot_after_entries=snapshot_after_entries,
    )
    machines = world.cluster(raft=raft)
    removed = machines[2]
    assert OK == world.client(machines[0]).ask("LEAVE id3")
    world.run_until(lambda: removed.has_ended)

    removed.start()  # with the same -join
    world.run_until(lambda: removed.has_ended)

    assert "start id3 with -join" in str(removed.stop)
    assert {"id1", "id2"} == world.leader(machines[:2]).members.keys()


def remove_by_a_snapshot(world: "World") -> "Machine":
    """id3, whose removal was behind a snapshot when it was heard of again; it has ended."""
    raft = attrs.evolve(world.quick, trailing_entries=0, trailing_bytes=0, snapshot_after_entries=3)
    machines = world.cluster(raft=raft)
    removed = machines[2]
    removed.is_frozen = True
    client = world.client(machines[0])
    assert OK == client.ask("LEAVE id3")
    for n in range(6):
        assert OK == client.ask(f"SET a {n}")
    removed.is_frozen = False
    world.run_until(lambda: removed.raft.configuration.named("id3") is None)
    world.run_until(lambda: removed.has_ended)
    return removed


def test_who_learns_of_its_removal_by_a_snapshot_does_not_ask_again(world: "World") -> None:
    removed = remove_by_a_snapshot(world)

    removed.start()  # with the same -join
    assert removed.raft.was_admitted
    world.run_until(lambda: removed.has_ended)

    assert "start id3 with -join" in str(removed.stop)
    assert {"id1", "id2"} == world.leader(world.machines[:2]).members.keys()


def formats_of(machine: "Machine") -> set[int]:
    """Of the segments in its directory: what follows the kind of their first record."""
    segments = [name for name in machine.files if segment_number(name) is not None]
    begins = HEADER_BYTES + 1
    return {int.from_bytes(machine.files[name][begins : begins + 2]) for name in segments}


def test_a_directory_of_the_format_before_is_opened_and_gone_on_with(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("leto.wal.records.FORMAT", 1)
        machine = world.founded()
        assert OK == world.client(machine).ask("SET a b")
        machine.kill()
    formats_before = formats_of(machine)

    machine.start()
    world.run_until(lambda: machine.raft.is_ready)

    assert b"b" == world.client(machine).ask("GET a")
    assert machine.raft.was_admitted
    assert ({1}, {1, FORMAT}) == (formats_before, formats_of(machine))


def test_a_node_that_knows_of_its_removal_does_not_ask_again(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = world.founded()
    machine.kill()
    machine.settings = attrs.evolve(machine.settings, join="127.0.0.1:2379")
    machine.start()
    world.run_until(lambda: machine.raft.is_ready)
    node = machine.node_at_work
    node._mind_membership(attrs.evolve(machine.raft.committed_configuration, members=()))
    monkeypatch.setattr(Status, "was_admitted", False)  # a snapshot has made its log forget that

    node.told_removed(node.our_hello(), "you are no member any more")

    assert machine.node._has_ended
    assert node._joining is None


def test_a_leader_that_stops_lets_another_one_lead_first(world: "World") -> None:
    machines = world.cluster()

    machines[0].ask_to_stop()
    world.run_until(lambda: machines[0].has_ended)

    assert (0, ["id2", "id3"]) == (machines[0].exit_code, sorted(m.name for m in machines[1:]))
    assert world.leader(machines[1:]).raft.current_term > 1


def test_a_follower_that_stops_has_nothing_to_hand_over(world: "World") -> None:
    machines = world.cluster()

    machines[1].ask_to_stop()

    assert 0 == machines[1].exit_code


def test_recovery_is_loud(world: "World") -> None:
    machines = world.cluster()
    machines[0].kill()
    machines[1].kill()
    world.run(5_000)

    world.client(machines[2]).send("RAFT RECOVER LOST id1 id2")
    world.run(1_000)

    (warning,) = machines[2].messages("RECOVERY: members are said to be lost for good")
    assert "id1,id2" == warning["lost"]
    assert {"id3"} == machines[2].members.keys()
    assert [{"members": "id3"}] == machines[2].messages("RECOVERY: the configuration was forced")
    assert [{"lost": "id1,id2"}] == machines[2].messages("RECOVERY: the survivors go on")


def test_a_recovery_that_is_refused_is_told_of(world: "World") -> None:
    machines = world.cluster()

    world.client(machines[2]).ask("RAFT RECOVER LOST id1 id2")

    (told,) = machines[2].messages("RECOVERY: refused")
    assert "a quorum seems to be alive" == told["reason"]


def test_a_recovery_that_nobody_has_followed_yet_is_told_of(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = world.founded()
    node, outcomes = machine.node_at_work, list[Outcome]()
    requested = list[Callable[[Outcome], None]]()

    def request(_: tuple[NodeId, ...], then: Callable[[Outcome], None]) -> None:
        requested.append(then)

    monkeypatch.setattr(node.replica, "force_configuration", request)

    node.recover(["id9"], (), outcomes.append)
    requested[0](Unknown())
    world.client(machine).ask("PING")

    assert [Unknown()] == outcomes
    assert machine.messages("RECOVERY: the survivors have not agreed yet")


def test_a_full_batch_is_proposed_however_busy_the_disk(world: "World") -> None:
    machine = world.founded(limits=Limits(batch_commands_max=2))
    machine.holds_disk = True
    client = world.client(machine)
    for _ in range(3):
        client.send("INCR a")
    before = machine.raft.last_log.index

    client.send("INCR a")

    assert before + 1 == machine.raft.last_log.index


def test_a_node_that_nobody_has_admitted_any_more_asks_again(world: "World") -> None:
    blank = world.machine(2, join=9)
    blank.start()
    node = blank.node_at_work
    node._joining = None  # it was in the log, until that was rolled back
    node._configuration = None

    node._follow_configuration()

    assert node._joining is not None
