"""Parts of the core against models that a child could check, for as long as Hypothesis likes.

Each machine does the same to the part and to plain lists and sets. The log's model is in
`tests/leto/raft/test_log.py`, that of client sessions in `tests/leto/test_sessions.py`.
"""

from itertools import combinations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from leto.raft.configuration import (
    AddMember,
    ChangeRole,
    Configuration,
    ConfigurationHistory,
    Member,
    MemberRole,
    RemoveMember,
)
from leto.raft.progress import Mode, Progress
from leto.raft.types import NodeId

NUMBERS = st.integers(1, 5)
STEPS = settings(max_examples=60, stateful_step_count=40)


def member(number: int, role: MemberRole = MemberRole.VOTER) -> Member:
    return Member(node_id=NodeId(number), name=f"id{number}", address=f"h{number}", role=role)


def quorums(configuration: Configuration) -> list[frozenset[NodeId]]:
    """Every set of nodes that is a quorum, by the definition: a majority of each part."""
    outgoing = {m.node_id for m in configuration.outgoing if m.is_voter}
    parts = [set(configuration.voters), *([outgoing] if outgoing else [])]
    everyone = sorted({voter for part in parts for voter in part})
    return [
        frozenset(some)
        for size in range(len(everyone) + 1)
        for some in combinations(everyone, size)
        if all(2 * len(part & set(some)) > len(part) for part in parts)
    ]


class ConfigurationChanges(RuleBasedStateMachine):
    """A log of configurations that grows, is cut and compacted, beside a plain dict of them."""

    def __init__(self) -> None:
        super().__init__()
        founding = Configuration((member(1), member(2), member(3)))
        self.history = ConfigurationHistory([(0, founding)])
        self.model = {0: founding}
        self.last_index = 0

    def _append(self, configuration: Configuration) -> None:
        before = self.history.effective
        self.last_index += 1
        self.history.append(self.last_index, configuration)
        self.model[self.last_index] = configuration
        # §4.1, §4.3: whoever decides by the one and whoever decides by the other share a node.
        assert all(one & other for one in quorums(before) for other in quorums(configuration))

    @precondition(lambda self: not self.history.effective.is_joint)
    @rule(numbers=st.sets(NUMBERS, min_size=1), learners=st.sets(NUMBERS, max_size=2))
    def change(self, numbers: set[int], learners: set[int]) -> None:
        """Any set of voters and learners after any other."""
        now = self.history.effective
        wanted = {
            NodeId(n): MemberRole.LEARNER if n in learners - numbers else MemberRole.VOTER
            for n in numbers | learners
        }
        gone = [RemoveMember(m.node_id) for m in now.members if m.node_id not in wanted]
        come = [AddMember(member(n, r)) for n, r in wanted.items() if now.member(n) is None]
        other = [ChangeRole(n, r) for n, r in wanted.items() if now.member(n) is not None]

        self._append(now.changed([*come, *other, *gone]))

        after = self.history.effective
        assert {n for n, r in wanted.items() if r is MemberRole.VOTER} == set(after.voters)
        assert set(wanted) == {m.node_id for m in after.members}
        assert after.is_joint == (len(set(now.voters) ^ set(after.voters)) > 1)

    @precondition(lambda self: self.history.effective.is_joint)
    @rule()
    def leave(self) -> None:
        """C_new after C_old,new."""
        self._append(self.history.effective.left())

    @rule(entries=st.integers(1, 3))
    def append_commands(self, entries: int) -> None:
        """Entries that are no configurations."""
        self.last_index += entries

    @rule(back=st.integers(1, 6))
    def truncate(self, back: int) -> None:
        """A new leader replaces the end of the log."""
        index = max(self.last_index - back + 1, min(self.model) + 1)
        self.history.truncate_from(index)
        self.model = {at: c for at, c in self.model.items() if at < index}
        self.last_index = min(self.last_index, index - 1)

    @rule(back=st.integers(0, 6))
    def compact(self, back: int) -> None:
        """A snapshot takes the place of the beginning of the log."""
        index = max(self.last_index - back, min(self.model))
        effective = self.model[max(at for at in self.model if at <= index)]
        self.history.start_from(index, effective)
        self.model = {index: effective} | {at: c for at, c in self.model.items() if at > index}

    @invariant()
    def the_last_one_is_effective(self) -> None:
        """And each index knows its own."""
        assert max(self.model) == self.history.effective_index
        assert self.model[max(self.model)] == self.history.effective
        for index in range(min(self.model), self.last_index + 1):
            expected = self.model[max(at for at in self.model if at <= index)]
            assert expected == self.history.as_of(index)

    @invariant()
    def quorums_are_those_of_sets(self) -> None:
        """`has_quorum` and `quorum_value` agree with the definition, whoever is asked."""
        now = self.history.effective
        of_sets = quorums(now)
        voters = sorted({v for quorum in of_sets for v in quorum})
        for size in range(len(voters) + 1):
            for some in combinations(voters, size):
                assert now.has_quorum(set(some).__contains__) == (frozenset(some) in of_sets)
        values = {voter: int(voter) * 7 % 5 for voter in voters}
        best = max(min(values[voter] for voter in quorum) for quorum in of_sets)
        assert best == now.quorum_value(values.__getitem__)


class FollowersProgress(RuleBasedStateMachine):
    """A leader's view of a follower, beside a list of what is on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.progress = Progress(NodeId(2), next_index=1, last_ack_at=0)
        self.in_flight: list[tuple[int, int]] = []
        self.match_index = 0
        self.last_index = 0  # of what was ever sent

    @precondition(lambda self: self.progress.mode is Mode.REPLICATE)
    @rule(entries=st.integers(1, 4), size_bytes=st.integers(1, 100))
    def send(self, entries: int, size_bytes: int) -> None:
        """Optimistically, behind all that was sent."""
        last = self.progress.next_index + entries - 1
        self.progress.sent(last, size_bytes)
        self.in_flight.append((last, size_bytes))
        self.last_index = max(self.last_index, last)

    @precondition(lambda self: self.progress.mode is Mode.PROBE)
    @rule(entries=st.integers(0, 4), size_bytes=st.integers(1, 100))
    def probe(self, entries: int, size_bytes: int) -> None:
        """One message, to find where the logs agree."""
        last = self.progress.next_index + entries - 1
        self.progress.probe = (last, size_bytes)
        self.last_index = max(self.last_index, last)

    @rule(ahead=st.integers(-3, 12))
    def acknowledge(self, ahead: int) -> None:
        """Late, twice, or of many at once, but never of what was not sent."""
        index = min(self.match_index + ahead, self.last_index)
        self.progress.advance(index)
        self.match_index = max(self.match_index, index)
        while self.in_flight and self.in_flight[0][0] <= index:
            self.in_flight.pop(0)

    @rule(next_index=st.integers(0, 30))
    def lose(self, next_index: int) -> None:
        """Something was rejected or lost: look again."""
        self.progress.become_probe(min(next_index, self.last_index + 1))
        self.in_flight.clear()

    @precondition(lambda self: self.progress.mode is Mode.PROBE)
    @rule()
    def match(self) -> None:
        """The probe's place is found."""
        probe = self.progress.probe
        self.progress.become_replicate()
        self.in_flight = [probe] if probe is not None and probe[0] > self.match_index else []

    @invariant()
    def it_counts_what_is_on_its_way(self) -> None:
        """And match stays below next, and never falls."""
        progress = self.progress
        size_bytes = sum(size for _, size in self.in_flight)
        assert self.match_index == progress.match_index < progress.next_index
        assert (not self.in_flight) == progress.is_idle
        appends_max, bytes_max = len(self.in_flight) + 1, size_bytes + 1
        assert progress.has_room(appends_max=appends_max, bytes_max=bytes_max)
        assert not progress.has_room(appends_max=appends_max - 1, bytes_max=bytes_max)
        assert not progress.has_room(appends_max=appends_max, bytes_max=bytes_max - 1)
        if self.in_flight:
            assert self.in_flight[-1][0] < progress.next_index


ConfigurationChanges.TestCase.settings = STEPS
FollowersProgress.TestCase.settings = STEPS
TestConfigurationChanges = ConfigurationChanges.TestCase
TestFollowersProgress = FollowersProgress.TestCase
