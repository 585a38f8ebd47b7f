"""Whole servers by the names of their machines: what is seen, and what is done."""

from collections.abc import Callable

import pytest

from examples.tickets import BetterOffice, TicketOffice
from leto.raft.actions import RoleName
from leto_sim import CommandWorkload, NodeDown
from leto_sim.clock import MS
from leto_sim.parts import Parts
from leto_sim.server_level.cluster import ServerCluster
from leto_sim.server_level.operator import ServerOperator
from leto_sim.server_level.scenario import ServerScenario
from leto_sim.server_level.view import ServerLevelView


class Stage:
    """Three servers, and a view of them."""

    def __init__(self) -> None:
        parts = Parts(machine=BetterOffice, workload=CommandWorkload(commands=[b"buy"]))
        self.cluster = ServerCluster(ServerScenario(seed=1, nodes=3), parts)
        self.view = ServerLevelView(self.cluster, ServerOperator(self.cluster))

    def wait(self, until: Callable[[], object]) -> None:
        scheduler = self.cluster.scheduler
        give_up_at = scheduler.now + 60_000 * MS
        while not until():
            assert scheduler.now < give_up_at, "it does not come"
            scheduler.step()

    def found(self) -> "Stage":
        self.wait(lambda: not self.view.is_changing)
        return self


def test_nodes_are_seen_by_their_names() -> None:
    stage = Stage()

    assert ["id1", "id2", "id3"] == [node.name for node in stage.view.nodes]
    assert [] == list(stage.view.running)
    assert None is stage.view.leader
    with pytest.raises(KeyError, match="no node id4; there are id1, id2, id3"):
        stage.view.node("id4")
    with pytest.raises(NodeDown, match="id2 does not run"):
        _ = stage.view.node("id2").role


def test_what_a_node_says_of_itself_is_seen() -> None:
    stage = Stage().found()

    leader = stage.view.leader

    assert leader is not None
    assert (RoleName.LEADER, "<id1: leader>") == (leader.role, repr(leader))
    assert leader.current_term >= 1
    assert leader.commit_index <= leader.last_log_index
    assert leader.last_applied <= leader.last_log_index
    assert ["id1", "id2", "id3"] == sorted(leader.members)
    assert (1, True, False) == (leader.lives, leader.is_running, leader.is_paused)
    assert isinstance(leader.machine, BetterOffice)
    assert leader.machine is leader.machine_as(TicketOffice)
    assert stage.view.events > 5
    assert stage.view.commits > 2
    assert stage.cluster.scheduler.now == stage.view.now_us


def test_who_loses_power_is_down_until_it_starts() -> None:
    stage = Stage().found()

    stage.view.crash("id2")
    stage.view.crash("id2")

    assert ["id1", "id3"] == [node.name for node in stage.view.running]
    stage.view.start("id2")
    stage.wait(lambda: stage.view.node("id2").is_running)
    assert 2 == stage.view.node("id2").lives


def test_who_is_paused_is_passed_over_until_it_goes_on() -> None:
    stage = Stage().found()

    stage.view.pause("id1")

    assert stage.view.node("id1").is_paused
    stage.wait(lambda: stage.view.leader and stage.view.leader.name != "id1")
    stage.view.resume("id1")
    assert not stage.view.node("id1").is_paused
    stage.wait(lambda: stage.view.node("id1").role is RoleName.FOLLOWER)


def test_who_is_cut_off_leads_no_more() -> None:
    stage = Stage().found()

    stage.view.isolate("id1")

    stage.wait(lambda: stage.view.node("id1").role is not RoleName.LEADER)
    stage.wait(lambda: stage.view.leader)
    stage.view.mend_links()
    stage.wait(lambda: stage.view.node("id1").role is RoleName.FOLLOWER)


def test_a_cut_may_be_of_one_direction() -> None:
    stage = Stage().found()

    blocked: list[tuple[str, str]] = []
    stage.cluster.network.block = lambda *path: blocked.append(path)  # type: ignore[method-assign]

    stage.view.cut("id1", "id2", one_way=True)
    stage.view.cut("id2", "id3")

    one, two, three = (machine.host for machine in stage.cluster.machines)
    assert [(one, two), (two, three), (three, two)] == blocked


def test_everything_is_healed() -> None:
    stage = Stage().found()
    stage.view.partition(["id1"], ["id2", "id3"])
    stage.view.crash("id2")
    stage.view.pause("id3")

    stage.view.heal()

    stage.wait(lambda: len(stage.view.running) == 3 and not stage.view.is_changing)
    assert not any(node.is_paused for node in stage.view.nodes)


def test_a_disk_that_fails_ends_the_server_which_somebody_starts_again() -> None:
    stage = Stage().found()

    stage.view.fail_disk("id1")
    stage.view.transfer_leadership()  # so that it has something to write

    stage.wait(lambda: stage.view.node("id1").lives == 2)


def test_a_disk_that_hangs_ends_a_leadership() -> None:
    stage = Stage().found()

    stage.view.stall_disk("id1", 30_000 * MS)
    stage.view.transfer_leadership("id2")

    stage.wait(lambda: stage.view.leader and stage.view.leader.name == "id2")


def test_a_full_disk_is_told_of() -> None:
    stage = Stage().found()

    stage.view.fill_disk("id1")

    life = stage.cluster.machines[0].life
    assert life is not None
    assert not life.status.has_disk_room
    stage.view.fill_disk("id1", is_full=False)
    assert life.status.has_disk_room


def test_a_snapshot_is_taken_when_asked_for() -> None:
    stage = Stage().found()
    platter = stage.cluster.machines[0].disk

    stage.view.take_snapshot("id1")

    stage.wait(lambda: platter.platter.snapshot and platter.platter.snapshot.last_included.index)


def test_leadership_is_handed_over() -> None:
    stage = Stage().found()

    stage.view.transfer_leadership()

    stage.wait(lambda: stage.view.leader and stage.view.leader.name != "id1")


@pytest.mark.parametrize("lose", [ServerLevelView.remove_node, ServerLevelView.lose_disk])
def test_a_machine_comes_back_as_another_node(
    lose: Callable[[ServerLevelView, str], None],
) -> None:
    stage = Stage().found()
    before = stage.cluster.machines[2].node_id

    lose(stage.view, "id3")
    stage.view.add_node()

    stage.wait(lambda: stage.cluster.machines[2].node_id not in {None, before})
    stage.found()
