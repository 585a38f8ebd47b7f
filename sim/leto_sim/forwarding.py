"""A cluster's view that passes everything on to another one.

Responsible for that alone: whoever is a `ClusterView` and more, and does not care at which
level the cluster is simulated, derives from it.
"""

from collections.abc import Iterable, Sequence

from leto.raft.types import Micros
from leto_sim.cluster_view import ClusterView, NodeView


class Forwarding(ClusterView):
    """The same cluster."""

    def __init__(self, view: ClusterView) -> None:
        self._view = view

    # --- looking ------------------------------------------------------------------------

    @property
    def now_us(self) -> Micros:
        """Virtual time since the beginning."""
        return self._view.now_us

    @property
    def events(self) -> int:
        """How many events have happened."""
        return self._view.events

    @property
    def nodes(self) -> Sequence[NodeView]:
        """Every node that is not gone for good, running or not."""
        return self._view.nodes

    @property
    def leader(self) -> NodeView | None:
        """Who leads the latest term that has a leader."""
        return self._view.leader

    @property
    def commits(self) -> int:
        """How many entries are committed."""
        return self._view.commits

    def node(self, name: str) -> NodeView:
        """The node of that name."""
        return self._view.node(name)

    # --- nodes --------------------------------------------------------------------------

    def crash(self, name: str) -> None:
        """Cuts its power: what its disk has not synced may be lost."""
        self._view.crash(name)

    def start(self, name: str) -> None:
        """Starts it from its disk, unless it runs."""
        self._view.start(name)

    def pause(self, name: str) -> None:
        """It gets no processor; what happens meanwhile waits for it."""
        self._view.pause(name)

    def resume(self, name: str) -> None:
        """It goes on, late."""
        self._view.resume(name)

    def fail_disk(self, name: str) -> None:
        """Its next sync fails, and silences it: `start` it again."""
        self._view.fail_disk(name)

    def stall_disk(self, name: str, for_us: Micros) -> None:
        """Its disk syncs nothing for a while."""
        self._view.stall_disk(name, for_us)

    def fill_disk(self, name: str, *, is_full: bool = True) -> None:
        """Its disk has no room for commands any more, or has room again."""
        self._view.fill_disk(name, is_full=is_full)

    def take_snapshot(self, name: str) -> None:
        """Somebody asks it for a snapshot."""
        self._view.take_snapshot(name)

    # --- links --------------------------------------------------------------------------

    def cut(self, source: str, target: str, *, one_way: bool = False) -> None:
        """Nothing arrives that the one sends to the other, nor back unless `one_way`."""
        self._view.cut(source, target, one_way=one_way)

    def partition(self, *groups: Iterable[str]) -> None:
        """Nothing arrives between different groups. Who is in none talks to all."""
        self._view.partition(*groups)

    def mend_links(self) -> None:
        """Undoes every `cut`, `isolate` and `partition`."""
        self._view.mend_links()

    def heal(self) -> None:
        """Mends links and disks, resumes who is paused, starts who is down."""
        self._view.heal()

    # --- members ------------------------------------------------------------------------

    @property
    def is_changing(self) -> bool:
        """Whether a membership change is under way."""
        return self._view.is_changing

    def add_node(self) -> None:
        """Has a blank node join, unless nobody leads or another change is under way."""
        self._view.add_node()

    def remove_node(self, name: str) -> None:
        """Removes it, unless too few voters would be left, or another change is under way."""
        self._view.remove_node(name)

    def lose_disk(self, name: str) -> None:
        """Its data is gone, and a stranger takes its name; not where that costs too much."""
        self._view.lose_disk(name)

    def transfer_leadership(self, to: str | None = None) -> None:
        """Asks the leader, if there is one, to hand over: to whom it likes, if not to a name."""
        self._view.transfer_leadership(to)
