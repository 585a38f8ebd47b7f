"""A base class for state machines of Hypothesis whose rules happen to a cluster.

Responsible for the rules that any cluster has, and for what is checked after each.
Whoever derives from it says which machine is replicated, at which level, and which commands
are sent, and adds rules and invariants of its own.

    class Counters(ClusterStateMachine):
        machine = Counter
        commands = st.integers(0, 9).map(encoded)

        @invariant()
        def never_negative(self):
            assert all(node.machine_as(Counter).value >= 0 for node in self.cluster.running)

    TestCounters = Counters.TestCase
"""

from contextlib import suppress
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import DataObject, SearchStrategy

from leto.machine import StateMachine
from leto.raft.actions import RoleName
from leto_sim.by_hand import MaybeApplied, NotApplied, Pending
from leto_sim.clock import MS
from leto_sim.cluster_view import NodeDown
from leto_sim.registers import Registers, encode_write
from leto_sim.simulated_cluster import DidNotHappen, SimulatedCluster

_LONGEST_MS = 1_000
_PATIENCE_US = 60_000 * MS
_UNANSWERED = (NotApplied, MaybeApplied, DidNotHappen, NodeDown)
_nodes = st.integers(0, 6)


class ClusterStateMachine(RuleBasedStateMachine):
    """A cluster to which Hypothesis lets things happen, one rule at a time.

    After each rule every check of the simulator has been made, and the contents of all
    nodes compared command by command. In the end everything is healed, and the nodes
    must come to agree.
    """

    machine: ClassVar[type[StateMachine]] = Registers
    commands: ClassVar[SearchStrategy[bytes]] = st.builds(
        encode_write, st.integers(0, 3), st.integers(0, 999)
    )
    level: ClassVar[str] = "node"
    nodes: ClassVar[int] = 3
    seed: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        kind = type(self)
        self.cluster = SimulatedCluster(
            kind.machine, level=kind.level, nodes=kind.nodes, seed=kind.seed
        )
        self.pending: list[Pending] = []
        self.acknowledged: list[bytes] = []  # commands that were certainly applied

    # --- clients ------------------------------------------------------------------------

    @rule(data=st.data())
    def propose(self, data: DataObject) -> None:
        """A client proposes a command to the leader, and waits."""
        command = data.draw(self.commands)
        with suppress(*_UNANSWERED):
            self.cluster.propose(command, within_us=_LONGEST_MS * MS)
            self.acknowledged.append(command)

    @rule(data=st.data(), node=_nodes)
    def submit(self, data: DataObject, node: int) -> None:
        """A client proposes a command to some node, and does not wait."""
        command = data.draw(self.commands)
        with suppress(*_UNANSWERED):
            self.pending.append(self.cluster.submit(command, to=self.name(node)))

    @rule(node=_nodes)
    def query(self, node: int) -> None:
        """A client asks some node, and waits."""
        with suppress(*_UNANSWERED):
            name = self.name(node)
            kind = type(self.cluster.node(name).machine)
            self.cluster.query(kind, kind.snapshot, at=name, within_us=_LONGEST_MS * MS)

    # --- time ---------------------------------------------------------------------------

    @rule(milliseconds=st.integers(1, _LONGEST_MS))
    def let_time_pass(self, milliseconds: int) -> None:
        """Nothing but what is under way happens."""
        self.cluster.run_for(milliseconds * MS)

    # --- faults -------------------------------------------------------------------------

    @rule(node=_nodes)
    def crash(self, node: int) -> None:
        """The power of a node is cut."""
        self.cluster.crash(self.name(node))

    @rule(node=_nodes)
    def restart(self, node: int) -> None:
        """A node starts from its disk, unless it runs."""
        self.cluster.start(self.name(node))

    @rule(sides=st.lists(st.booleans(), min_size=2, max_size=7))
    def partition(self, sides: list[bool]) -> None:
        """Nothing arrives between the two sides. Who is on neither is a bridge."""
        names = [node.name for node in self.cluster.nodes]
        both = list(zip(names, sides, strict=False))
        self.cluster.partition(
            [name for name, is_left in both if is_left],
            [name for name, is_left in both if not is_left],
        )

    @rule()
    def heal(self) -> None:
        """Everything is mended, and everybody starts."""
        self.cluster.heal()

    # --- members ------------------------------------------------------------------------

    @rule()
    def add_node(self) -> None:
        """A blank node joins, if that is possible now."""
        self.cluster.add_node()

    @rule(node=_nodes)
    def remove_node(self, node: int) -> None:
        """A node is removed, if enough are left."""
        self.cluster.remove_node(self.name(node))

    @rule(node=_nodes)
    def transfer_leadership(self, node: int) -> None:
        """The leader is asked to hand over."""
        self.cluster.transfer_leadership(self.name(node))

    # --- checks -------------------------------------------------------------------------

    @invariant()
    def at_most_one_leader_of_a_term(self) -> None:
        """Election safety (figure 3.2), told in terms of what is seen."""
        leaders = [node for node in self.cluster.running if node.role is RoleName.LEADER]
        assert len(leaders) == len({node.current_term for node in leaders}), leaders

    def teardown(self) -> None:
        """Everything is healed; the nodes must come to agree, and still be able to work."""
        self.cluster.heal()
        self.cluster.settle(within_us=_PATIENCE_US)

    def name(self, node: int) -> str:
        """The n-th node that is not gone, counted round."""
        nodes = self.cluster.nodes
        return nodes[node % len(nodes)].name
