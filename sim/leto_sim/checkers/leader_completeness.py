"""Leader completeness: a committed entry is in the logs of the leaders of all later
terms (figure 3.2).

Checked twice. When a leader is elected, against what is committed by then. And when
an entry is committed, against the elections that could follow: if the disks would
let a voter without the entry win, the entry was not committed safely, whether such
an election comes or not (figure 3.7 is such a case).
"""

from collections.abc import Iterable, Mapping

from leto.raft.configuration import Configuration
from leto.raft.types import BEFORE_LOG, EntryId, NodeId, Term
from leto_sim.checkers.forcings import Forcing
from leto_sim.checkers.observed import Observed
from leto_sim.checkers.quorums import has_quorum
from leto_sim.platter import Platter
from leto_sim.result import PropertyViolated

LEADER_COMPLETENESS = "leader completeness"


class CommittedInTerms:
    """Remembers how far the leader of each term committed."""

    def __init__(self) -> None:
        self._last: dict[Term, EntryId] = {}

    def forced(self, forcing: Forcing, last: EntryId) -> None:
        """What is void need not be held; `last` is the last committed entry that is not."""
        for term in [term for term in self._last if forcing.is_new(term)]:
            del self._last[term]
        for term, entry in self._last.items():
            if forcing.is_void(entry.index):
                self._last[term] = last

    def committed(self, node: Observed, entry: EntryId) -> None:
        """The node, in its term, is the first to take the entry for committed."""
        self._last[node.status.current_term] = entry

    def elected(self, node: Observed) -> None:
        """The new leader has the last entry that an earlier term committed.

        By log matching it then has every one. An election that was decided long ago
        may be noticed late: what later terms have committed it need not have.
        """
        term = node.status.current_term
        earlier = [entry for in_term, entry in self._last.items() if in_term < term]
        last_committed = max(earlier, key=lambda entry: entry.index, default=BEFORE_LOG)
        if not node.memory.holds(last_committed):
            raise PropertyViolated(
                LEADER_COMPLETENESS,
                f"{node.name} leads term {term} without {last_committed}, which is committed",
                node=node.name,
            )


def check_committed(
    node: Observed,
    entry: EntryId,
    platters: Mapping[NodeId, Platter],
    configurations: Iterable[Configuration],
) -> None:
    """No voter that lacks the entry could be elected by what is on the disks."""
    usurpers = [_usurper(entry, platters, configuration) for configuration in configurations]
    if None not in usurpers:
        raise PropertyViolated(
            LEADER_COMPLETENESS,
            f"{node.name} takes {entry} for committed, but {usurpers[0]}, who lacks it,"
            " could be elected (§3.6.2)",
            node=node.name,
        )


def _usurper(
    entry: EntryId, platters: Mapping[NodeId, Platter], configuration: Configuration
) -> NodeId | None:
    """A voter without the entry for whose log a quorum would vote (§3.6.1)."""
    for candidate in configuration.voters:
        platter = platters.get(candidate)
        if platter is None or platter.holds(entry):
            continue
        last = platter.last

        def would_vote(voter: NodeId, last: EntryId = last) -> bool:
            return voter in platters and last >= platters[voter].log.last

        if has_quorum(configuration, would_vote):
            return candidate
    return None
