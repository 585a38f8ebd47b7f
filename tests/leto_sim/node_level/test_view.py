"""A cluster by the names of its nodes: what is seen, and what is done."""

import attrs
import pytest

from leto.raft.actions import RoleName
from leto_sim.clock import MS
from leto_sim.cluster_view import NodeDown, NodeView
from leto_sim.node_level.administrator import Administrator
from leto_sim.node_level.cluster import Cluster
from leto_sim.node_level.view import NodeLevelView
from leto_sim.registers import Registers
from tests.support.sims import QUIET, elect, pass_time, wait


class Stage:
    """Three nodes, and a view of them."""

    def __init__(self, nodes: int = 3) -> None:
        self.cluster = Cluster(attrs.evolve(QUIET, nodes=nodes))
        self.view = NodeLevelView(self.cluster, Administrator(self.cluster))

    def elect(self) -> NodeView:
        return self.view.node(elect(self.cluster).name)

    def elect_another(self, than: str) -> NodeView:
        wait(self.cluster, lambda: self.view.leader and self.view.leader.name != than)
        assert self.view.leader is not None
        return self.view.leader

    def follower(self) -> str:
        leader = self.elect().name
        return next(node.name for node in self.view.nodes if node.name != leader)

    def pass_time(self, for_us: int = 500 * MS) -> None:
        pass_time(self.cluster, for_us)


def test_nodes_are_seen_by_their_names() -> None:
    stage = Stage()

    assert ["id1", "id2", "id3"] == [node.name for node in stage.view.nodes]
    assert None is stage.view.leader
    with pytest.raises(KeyError, match="no node id4; there are id1, id2, id3"):
        stage.view.node("id4")


def test_what_a_node_says_of_itself_is_seen() -> None:
    stage = Stage()

    leader = stage.elect()

    assert RoleName.LEADER is leader.role
    assert f"<{leader.name}: leader>" == repr(leader)
    assert leader.current_term >= 1
    wait(stage.cluster, lambda: leader.last_applied == 1)
    assert 1 == leader.commit_index == leader.last_log_index == stage.view.commits
    assert ["id1", "id2", "id3"] == sorted(leader.members)
    assert (1, True, False) == (leader.lives, leader.is_running, leader.is_paused)
    assert isinstance(leader.machine, Registers)
    assert leader.machine is leader.machine_as(Registers)
    assert stage.view.events > 5
    assert stage.cluster.scheduler.now == stage.view.now_us


def test_a_machine_is_of_the_class_that_was_asked_for() -> None:
    class Others(Registers):
        pass

    with pytest.raises(AssertionError, match="not a Others"):
        Stage().view.node("id1").machine_as(Others)


def test_who_is_down_says_nothing_until_it_starts() -> None:
    stage = Stage()

    stage.view.crash("id2")

    node = stage.view.node("id2")
    assert (False, False, "<id2: down>") == (node.is_running, node.is_paused, repr(node))
    assert ["id1", "id3"] == [node.name for node in stage.view.running]
    with pytest.raises(NodeDown, match="id2 does not run"):
        _ = node.role
    stage.view.start("id2")
    assert 2 == stage.view.node("id2").lives


def test_who_is_paused_is_overtaken() -> None:
    stage = Stage()
    old = stage.elect()

    stage.view.pause(old.name)

    assert old.is_paused
    assert old.name != stage.elect_another(old.name).name
    stage.view.resume(old.name)
    stage.pass_time()
    assert RoleName.FOLLOWER is old.role


def test_who_is_isolated_leads_no_more() -> None:
    stage = Stage()
    old = stage.elect()

    stage.view.isolate(old.name)

    stage.elect_another(old.name)
    stage.pass_time()
    assert RoleName.LEADER is not old.role
    stage.view.mend_links()
    stage.pass_time()
    assert 1 == len({node.current_term for node in stage.view.nodes})


def test_a_partition_leaves_the_majority_in_office() -> None:
    stage = Stage(nodes=5)
    old = stage.elect()
    others = [node.name for node in stage.view.nodes if node.name != old.name]

    stage.view.partition([old.name, others[0]], others[1:])

    assert stage.elect_another(old.name).name in others[1:]


def test_a_link_is_cut_one_way_or_both() -> None:
    stage = Stage()
    ids = {host.name: host.node_id for host in stage.cluster.hosts}

    stage.view.cut("id1", "id2", one_way=True)
    stage.view.cut("id2", "id3")

    reaches = stage.cluster.network.reaches
    assert (False, True) == (reaches(ids["id1"], ids["id2"]), reaches(ids["id2"], ids["id1"]))
    assert (False, False) == (reaches(ids["id2"], ids["id3"]), reaches(ids["id3"], ids["id2"]))


def test_a_disk_that_fails_silences_its_node() -> None:
    stage = Stage()
    leader = stage.elect()

    stage.view.fail_disk(leader.name)
    stage.view.transfer_leadership()

    wait(stage.cluster, lambda: not leader.is_running)


def test_a_disk_that_stalls_unseats_its_leader() -> None:
    stage = Stage(nodes=1)

    stage.view.stall_disk("id1", 1_000 * MS)
    stage.pass_time(900 * MS)

    assert None is stage.view.leader


def test_a_full_disk_is_told_to_the_node_and_an_empty_one_too() -> None:
    stage = Stage()
    leader = stage.elect()

    for is_full in (True, False):
        stage.view.fill_disk(leader.name, is_full=is_full)
        stage.pass_time()

    assert leader.is_running


def test_a_snapshot_is_taken_on_demand() -> None:
    stage = Stage()
    leader = stage.elect()

    stage.view.take_snapshot(leader.name)
    stage.pass_time()

    snapshot = stage.cluster.hosts[0].platter.snapshot, leader.name
    host = next(host for host in stage.cluster.hosts if host.name == leader.name)
    assert host.platter.snapshot is not None, snapshot
    assert 1 == host.platter.snapshot.last_included.index


def test_leadership_is_handed_to_a_name() -> None:
    stage = Stage()
    stage.view.transfer_leadership()  # nobody leads yet: nothing happens
    follower = stage.follower()

    stage.view.transfer_leadership(follower)

    wait(stage.cluster, lambda: stage.view.leader and stage.view.leader.name == follower)


def test_members_come_and_go() -> None:
    stage = Stage()
    stage.elect()

    stage.view.add_node()
    assert stage.view.is_changing
    wait(stage.cluster, lambda: not stage.view.is_changing)

    follower = stage.follower()
    assert 4 == len(stage.elect().members)
    stage.view.remove_node(follower)
    wait(stage.cluster, lambda: not stage.view.is_changing)
    assert follower not in stage.elect().members


def test_a_lost_disk_makes_room_for_a_stranger_of_the_same_name() -> None:
    stage = Stage()
    follower = stage.follower()

    stage.view.lose_disk(follower)
    wait(stage.cluster, lambda: not stage.view.is_changing)

    assert 3 == len(stage.view.nodes)
    assert 1 == stage.view.node(follower).lives


def test_what_is_down_cannot_be_paused_nor_its_disk_harmed() -> None:
    view = Stage().view
    view.crash("id1")

    view.pause("id1")
    view.resume("id1")
    view.fail_disk("id1")
    view.stall_disk("id1", MS)
    view.fill_disk("id1")
    view.take_snapshot("id1")

    assert not view.node("id1").is_running


def test_healing_brings_everything_back() -> None:
    stage = Stage()
    stage.elect()
    stage.view.crash("id1")
    stage.view.pause("id2")
    stage.view.isolate("id3")
    stage.view.fail_disk("id3")

    stage.view.heal()

    stage.elect()
    stage.pass_time()
    assert 3 == len(stage.view.running)
    assert 1 == len({node.current_term for node in stage.view.nodes})
