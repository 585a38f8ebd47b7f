"""The configurations of all logs: each node acts by the last of its log, and successive
ones cannot decide apart.

Responsible for five properties. Members are sorted by id, and share neither id nor name
nor address. The effective configuration is the last one in the log,
or the snapshot's (§4.1). A snapshot names the configuration that was committed last at its
index (§5.1). Who says that it was admitted is in a committed one. And where one configuration follows another in a log, no
quorum of the one is disjoint from every quorum of the other (§4.1, figure 4.3; §4.3): else
two leaders of one term could be elected, or two entries committed at one index. An
operator's forced configuration alone is exempt.
"""

from collections.abc import Sequence
from itertools import combinations

import attrs

from leto.raft.actions import Write
from leto.raft.configuration import EMPTY_CONFIGURATION, Configuration
from leto.raft.entries import SnapshotMark
from leto.raft.types import BEFORE_LOG, EntryId, Index, NodeId
from leto_sim.checkers.forcings import Forcing
from leto_sim.checkers.ledger import Ledger
from leto_sim.checkers.observed import Observed
from leto_sim.platter import LogImage
from leto_sim.result import PropertyViolated

QUORUMS_INTERSECT = "quorums of successive configurations intersect"
MEMBERS_DIFFER = "members have ids, names and addresses of their own"
WHERE_TO_DIAL = "every peer is dialled where the configuration says"
LAST_IN_LOG = "the last configuration in the log is in effect"
ADMITTED = "who was admitted is in a committed configuration"
AS_OF_ITS_INDEX = "a snapshot names the configuration as of its index"


@attrs.define
class _History:
    """What the log of one node says, oldest first: where each configuration stands."""

    known: list[tuple[Index, Configuration]]

    @property
    def last(self) -> Configuration:
        return self.known[-1][1] if self.known else EMPTY_CONFIGURATION

    def start_from(self, index: Index, configuration: Configuration) -> None:
        later = [(at, c) for at, c in self.known if at > index]
        self.known = [(index, configuration), *later]


class Configurations:
    """Follows the configurations of every log. `latest` is the newest of all."""

    def __init__(self) -> None:
        self.latest: Configuration | None = None
        self.issued: dict[EntryId, Configuration] = {}  # by anybody, ever
        self._latest_id: EntryId = BEFORE_LOG
        self._histories: dict[NodeId, _History] = {}
        self._compared: dict[tuple[Configuration, Configuration], bool] = {}

    def forced(self, forcing: Forcing) -> None:
        """The forced one is the latest, which is about to be appended."""
        for entry in [entry for entry in self.issued if forcing.is_new(entry.term)]:
            del self.issued[entry]
        self._latest_id = BEFORE_LOG

    def started(self, node: Observed) -> None:
        """A new life: what its disk holds is in effect."""
        history = self._histories[node.node_id] = _History([])
        mark = node.platter.snapshot
        if mark is not None:
            history.start_from(mark.last_included.index, mark.configuration)
            if self.latest is None:
                self.latest = self.issued[mark.last_included] = mark.configuration
        self._append(node, history, node.platter.log)
        self.handled(node)

    def write_issued(self, node: Observed, write: Write) -> None:
        """The node orders a write that changes its log, or names a snapshot."""
        history = self._histories[node.node_id]
        if write.truncate_from is not None:
            history.known = [known for known in history.known if known[0] < write.truncate_from]
        if write.entries:
            self._append(node, history, LogImage(entries=write.entries))
        mark = write.snapshot
        if mark is not None:
            history.start_from(mark.last_included.index, mark.configuration)

    def named(self, node: Observed, mark: SnapshotMark, ledger: Ledger) -> None:
        """The node orders that a snapshot be named. O(configurations)."""
        behind = mark.last_included.index
        expected = self.committed(ledger, behind)
        if expected is not None and mark.configuration != expected:
            raise PropertyViolated(
                AS_OF_ITS_INDEX,
                f"{node.name} names {_brief(mark.configuration)} as of {behind};"
                f" committed was {_brief(expected)}",
                node=node.name,
            )

    def check_admission(self, node: Observed, ledger: Ledger) -> None:
        """The node's configuration has changed: was it a member, as far as it says so?"""
        if node.status.was_admitted and not any(
            configuration.member(node.node_id) is not None and ledger.id_at(entry.index) == entry
            for entry, configuration in self.issued.items()
        ):
            raise PropertyViolated(
                ADMITTED, f"{node.name} was admitted, it says, by nothing committed", node=node.name
            )

    def last_of(self, node: Observed) -> Configuration:
        """The last configuration in the node's log, as far as that has been told."""
        return self._histories[node.node_id].last

    def committed(self, ledger: Ledger, until: Index | None = None) -> Configuration | None:
        """The last one that is known to be committed, until that index. O(configurations)."""
        committed = [
            entry
            for entry in self.issued
            if (until is None or entry.index <= until) and ledger.id_at(entry.index) == entry
        ]
        if not committed:
            return None
        return self.issued[max(committed, key=lambda entry: entry.index)]

    def effective_index(self, node: Observed) -> Index:
        """Where the configuration stands by which the node has to act."""
        known = self._histories[node.node_id].known
        return known[-1][0] if known else 0

    def since(self, node: Observed, index: Index) -> Sequence[Configuration]:
        """The configuration as of that index in the node's log, and all behind it."""
        known = self._histories[node.node_id].known
        first = max((at for at, (where, _) in enumerate(known) if where <= index), default=0)
        return [configuration for _, configuration in known[first:]]

    def handled(self, node: Observed) -> None:
        """The event is done with, and every order of it given."""
        expected = self._histories[node.node_id].last
        configuration = node.status.configuration
        if configuration is not expected and configuration != expected:
            raise PropertyViolated(
                LAST_IN_LOG,
                f"{node.name} acts by {_brief(configuration)};"
                f" the last in its log is {_brief(expected)}",
                node=node.name,
            )

    def _append(self, node: Observed, history: _History, log: LogImage) -> None:
        for entry in log.entries:
            configuration = entry.payload
            if type(configuration) is not Configuration:
                continue
            at = entry.id.index
            if history.known and at <= history.known[0][0]:
                continue  # behind a snapshot
            _check_members(node, configuration)
            _check_peers(node, configuration)
            self._check(node, history.last, configuration)
            history.known.append((at, configuration))
            self.issued[entry.id] = configuration
            if entry.id > self._latest_id:
                self._latest_id, self.latest = entry.id, configuration

    def _check(self, node: Observed, before: Configuration, after: Configuration) -> None:
        if after.is_forced or not before.voters:
            return
        pair = (before, after)
        if pair not in self._compared:
            self._compared[pair] = quorums_intersect(before, after)
        if not self._compared[pair]:
            raise PropertyViolated(
                QUORUMS_INTERSECT,
                f"{node.name} puts {_brief(after)} behind {_brief(before)}",
                node=node.name,
            )


def _check_members(node: Observed, configuration: Configuration) -> None:
    members = configuration.members
    ids = [member.node_id for member in members]
    names, addresses = {m.name for m in members}, {m.address for m in members}
    if ids != sorted(set(ids)) or len(names) != len(ids) or len(addresses) != len(ids):
        raise PropertyViolated(
            MEMBERS_DIFFER, f"{node.name} appends the members {members}", node=node.name
        )


def _check_peers(node: Observed, configuration: Configuration) -> None:
    """What a driver is told of its peers: a member that moves within a joint change has moved."""
    told = {peer.node_id: peer.address for peer in configuration.everyone}
    expected = {m.node_id: m.address for m in configuration.outgoing}
    expected |= {m.node_id: m.address for m in configuration.members}
    asked = {node_id: configuration.member(node_id) for node_id in expected}
    by_id = {node_id: member.address for node_id, member in asked.items() if member is not None}
    if told != expected or by_id != expected:
        raise PropertyViolated(
            WHERE_TO_DIAL,
            f"{node.name} dials its peers at {told}, or {by_id}, and not at {expected}",
            node=node.name,
        )


def quorums_intersect(one: Configuration, other: Configuration) -> bool:
    """Whether every quorum of the one shares a node with every quorum of the other.

    Tries every set of the one's voters that is a quorum. O(2^voters); rarely asked.
    """
    voters = sorted({m.node_id for c in (one, other) for m in (*c.members, *c.outgoing)})
    return not any(
        one.has_quorum(set(some).__contains__)
        and other.has_quorum(set(voters).difference(some).__contains__)
        for size in range(len(voters) + 1)
        for some in combinations(voters, size)
    )


def _brief(configuration: Configuration) -> str:
    names = ",".join(member.name for member in configuration.members if member.is_voter)
    outgoing = ",".join(member.name for member in configuration.outgoing)
    return f"[{names}]" + (f" from [{outgoing}]" if outgoing else "")
