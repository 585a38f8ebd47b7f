"""All checkers, fed by what changes.

Responsible for telling each checker what it needs to know, when. It holds no rule.
A world calls it while the thing happens; the first property that does not hold
raises `PropertyViolated`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import attrs

from leto.raft import Config
from leto.raft.actions import Answer, Committed, Readable, RoleName, Send, Write
from leto.raft.configuration import EMPTY_CONFIGURATION, Configuration
from leto.raft.entries import Entry
from leto.raft.events import (
    ChangeRequested,
    CommandsProposed,
    ConfigurationForced,
    DiskRoomChanged,
    Event,
    MessageReceived,
    PeerGone,
    ReadRequested,
    TimerFired,
    TransferRequested,
    Written,
)
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    InstallSnapshot,
    InstallSnapshotResponse,
    Message,
    PreVote,
    PreVoteResponse,
    ReadIndex,
    ReadIndexResponse,
    RequestVote,
    RequestVoteResponse,
    TimeoutNow,
)
from leto.raft.types import EntryId, Index, Micros, NodeId, Term
from leto_sim.checkers.acceptance import Acceptance
from leto_sim.checkers.acknowledgements import Acknowledgements
from leto_sim.checkers.admissions import check_admission_kept, check_admission_known
from leto_sim.checkers.attestations import Attestations
from leto_sim.checkers.ballots import Ballots
from leto_sim.checkers.campaigns import Campaigns
from leto_sim.checkers.change_order import check_changes, check_joint_is_left
from leto_sim.checkers.changes import Changes
from leto_sim.checkers.chunks import Chunks
from leto_sim.checkers.configurations import Configurations
from leto_sim.checkers.determinism import Determinism
from leto_sim.checkers.durable_quorum import check_durable_quorum
from leto_sim.checkers.election_safety import ElectionSafety
from leto_sim.checkers.electorates import Electorates
from leto_sim.checkers.forcings import Forcings, Historian
from leto_sim.checkers.heartbeats import Heartbeats
from leto_sim.checkers.leader_append_only import LeaderAppendOnly
from leto_sim.checkers.leader_completeness import CommittedInTerms, check_committed
from leto_sim.checkers.leadership import Leadership
from leto_sim.checkers.lease_promises import LeasePromises
from leto_sim.checkers.ledger import Ledger
from leto_sim.checkers.log_matching import LogMatching
from leto_sim.checkers.match_indexes import MatchIndexes
from leto_sim.checkers.moment import Moment
from leto_sim.checkers.monotonicity import Monotonicity
from leto_sim.checkers.observed import Observed
from leto_sim.checkers.one_vote import OneVote
from leto_sim.checkers.patience import Patience
from leto_sim.checkers.read_leaders import ReadLeaders
from leto_sim.checkers.requests import Requested, Requests, request_ids_of
from leto_sim.checkers.searches import check_search
from leto_sim.checkers.state_machine_safety import StateMachineSafety
from leto_sim.checkers.telling import Telling
from leto_sim.checkers.terms import Terms
from leto_sim.checkers.trailing import check_trailing
from leto_sim.checkers.waking import Waking
from leto_sim.checkers.windows import Windows
from leto_sim.lookout import Lookout

if TYPE_CHECKING:
    from leto_sim.checkers.folds import Folds
    from leto_sim.checkers.waking import Deadline
    from leto_sim.platter import LogImage, Platter

Listener: TypeAlias = Callable[[Observed, Send], None]
Heed: TypeAlias = Callable[[Observed, Event, Micros], bool]
Echo: TypeAlias = Callable[[Observed, Event], None]
"""Is told an event before a node is, and what the node's clock shows; whether
`Panel.considered` is to be called once the node has handled it."""
# Looked up once: reaching into an enumeration takes longer than what is done with it here.
_ASKED = (CommandsProposed, ChangeRequested, TransferRequested)
_CANDIDATE, _LEADER = RoleName.CANDIDATE, RoleName.LEADER
_BEGINNERS = (_LEADER, _CANDIDATE)


@attrs.define
class _Before:
    """How a node stood after the event before."""

    standing: tuple[RoleName, Term, Index, Index]
    configuration: Configuration
    has_rewritten: bool = False  # in this event: its log, or its configuration


class Panel:
    """The checkers of one run."""

    def __init__(self, *, trusts_clocks: bool = True, config: Config | None = None) -> None:
        self.ledger = Ledger()
        self.configurations = Configurations()
        self.election_safety = ElectionSafety()
        self.safety = StateMachineSafety(self.ledger)
        self._read_leaders = ReadLeaders(
            self.election_safety, self.ledger, trusts_clocks=trusts_clocks
        )
        self.requests = Requests(self.safety, trusts_clocks=trusts_clocks)
        self.on_change: Callable[[], None] | None = None  # a user's invariants
        self.on_forced: Callable[[Configuration], None] | None = None  # by an operator
        self.folds: Folds | None = None  # where the world knows how commands are applied
        self.lookout = Lookout()
        self._one_vote = OneVote()
        self._electorates = Electorates()
        self.ballots = Ballots(config or Config())
        self._append_only = LeaderAppendOnly()
        self._log_matching = LogMatching()
        self._committed_in_terms = CommittedInTerms()
        self._monotonicity = Monotonicity()
        self._attestations = Attestations()
        self.determinism = Determinism()
        self._terms = Terms()
        self._campaigns = Campaigns()
        self._match_indexes = MatchIndexes()
        self.promises = LeasePromises(self.configurations.issued, trusts_clocks=trusts_clocks)
        self._acknowledgements = Acknowledgements()
        self._settings = config  # if they are known
        config = config or Config()
        self.moment = Moment()  # written by worlds that know it
        self._windows = Windows(config)
        self._waking = Waking(config, self.moment)
        self._heartbeats = Heartbeats(config, self.moment)
        self._telling = Telling(self.moment)
        self._leadership = Leadership(config, self.moment)
        self._patience = Patience(config, self.moment)
        self._acceptance = Acceptance(config, self.moment)
        self._chunks = Chunks(config, self.moment)
        self._changes = Changes()
        self.forcings = Forcings(self._electorates, self._patience, config.election_timeout_max_us)
        self._platters: dict[NodeId, Platter] = {}
        self._ever: dict[NodeId, Platter] = {}  # the lost ones too, as they were
        self._before: dict[NodeId, _Before] = {}
        self._voted_before: NodeId | None = None  # of who is asked for a vote
        self._heard_under = EMPTY_CONFIGURATION  # what a node acts by that is told something
        self.listeners = self._listeners_by_message()
        # By the class of an event, or of the message that is received. Worlds that know what
        # a node is told call these, before the node handles it and when all is done.
        self.before = self._by_event_to_come()
        self.after = self._by_event_done()

    @property
    def elections(self) -> int:
        """How many leaders were elected."""
        return len(self.election_safety.leaders)

    @property
    def commits(self) -> int:
        """How many entries were committed."""
        return self.ledger.last.index

    def configurations_to_come(self, logs: "Collection[LogImage]") -> Sequence[Configuration]:
        """The last committed configuration, and those behind it that one of the logs holds."""
        issued = self.configurations.issued
        committed = [entry for entry in issued if self.ledger.id_at(entry.index) == entry]
        if not committed:
            return ()
        last = max(committed, key=lambda entry: entry.index)
        behind = [entry for entry in issued if entry.index > last.index]
        held = [e for e in behind if any(log.id_at(e.index) == e for log in logs)]
        return [issued[entry] for entry in (last, *held)]

    def node_started(self, node: Observed) -> None:
        """A node starts a life; its platter is what it found."""
        self._platters[node.node_id] = self._ever[node.node_id] = node.platter
        self._before[node.node_id] = _Before(node.status.standing, node.status.configuration)
        self._monotonicity.started(node)
        self._one_vote.started(node)
        self._append_only.started(node)
        self._acknowledgements.started(node)
        self.ballots.started(node)
        self.configurations.started(node)
        check_admission_known(node)
        self.safety.started(node)
        self.lookout.started(node)

    def shown_closely(self, node: Observed, deadline: "Deadline") -> None:
        """The life that has just started is one of which the world shows what it is told."""
        self._waking.started(node, deadline)
        self._heartbeats.started(node)
        self._telling.started(node)
        self._campaigns.started(node)
        self._leadership.started(node)
        self._patience.started(node)
        self._acceptance.started(node)
        self._chunks.started(node)
        self._changes.started(node)

    def node_ended(self, node: Observed) -> None:
        """A node's life ends; its disk stays."""
        self.requests.ended(node)
        self.lookout.ended(node)

    def disk_lost(self, node_id: NodeId) -> None:
        """A node's disk is gone, and the node with it."""
        del self._platters[node_id]

    def write_issued(self, node: Observed, write: Write) -> None:
        """The node orders a write. Called before `node.memory` performs it."""
        self._leadership.write_issued(node)
        if write.hard_state is not None:
            self._terms.write_issued(node, write.hard_state)
            self.promises.write_issued(node, write.hard_state)
            self._telling.promised(node, write.seq, write.hard_state)
        if write.entries:
            self._telling.appended(node)
            check_changes(node, write, self.ledger)
            self._changes.write_issued(node, write, self.configurations.last_of(node))
            if node.status.role in _BEGINNERS:  # nobody else begins a forced configuration
                self._look_for_forced(node, write)
            self._acceptance.write_issued(node, write)
        if write.truncate_from is not None:
            self._append_only.write_issued(node, write)
            self.ledger.write_issued(node, write)
        if write.truncate_from is not None or write.snapshot is not None:
            self.lookout.write_issued(node, write)
        if write.snapshot is not None:
            self.configurations.named(node, write.snapshot, self.ledger)
            if self._settings is not None:
                check_trailing(node, write, self._settings)
        if write.truncate_from is not None or write.snapshot is not None or write.entries:
            self._before[node.node_id].has_rewritten = True
            self.configurations.write_issued(node, write)

    def _look_for_forced(self, node: Observed, write: Write) -> None:
        for entry in write.entries:
            configuration = entry.payload
            if type(configuration) is Configuration and configuration.is_forced:
                self._force(node, entry.id, configuration)

    def _force(self, node: Observed, entry: EntryId, configuration: Configuration) -> None:
        """An operator gives a quorum up: another history begins, with what this node holds."""
        agreed = self.ledger.agreement(node.memory)
        forcing = self.forcings.force(node, entry, configuration, agreed, self._platters)
        if forcing is None:
            return  # it is begun, or another one since
        if self.on_forced is not None:  # before anybody forgets: what dies may write its last
            self.on_forced(configuration)
        self.lookout.forced(lost=self.ledger.last.index - agreed)
        historians: list[Historian] = [
            self.ledger,
            self.configurations,
            self.election_safety,
            self.safety,
            self._read_leaders,
            self.requests,
            self._log_matching,
            self.determinism,
        ]
        if self.folds is not None:
            historians.append(self.folds)
        for historian in historians:
            historian.forced(forcing)
        self._committed_in_terms.forced(forcing, self.ledger.last)

    def write_durable(self, node: Observed, write: Write) -> None:
        """A write is about to be durable. Called before `node.platter` performs it."""
        self._leadership.write_durable(node)
        if write.hard_state is not None:
            self._one_vote.became_durable(node, write.hard_state)
            self._electorates.became_durable(node, write.hard_state)
        self._log_matching.became_durable(node, write)
        self._attestations.write_durable(node, write)
        if (
            write.truncate_from is not None
            or write.snapshot is not None
            or (write.hard_state is not None and node.platter.hard_state.was_admitted)
        ):
            check_admission_kept(node, write)
        if write.truncate_from is not None:
            self._acknowledgements.write_durable(node, write)

    def considered(self, node: Observed) -> None:
        """The node has handled an event that asked for an answer."""
        self.ballots.considered(node)
        self._changes.considered(node)

    def sent(self, node: Observed, send: Send) -> None:
        """The node sends a message."""
        for listener in self.listeners[type(send.message)]:
            listener(node, send)

    def _listeners_by_message(self) -> Mapping[type[Message], Sequence[Listener]]:
        """Whom each message matters to, in the order in which they look at it."""
        one_vote, acknowledgements = self._one_vote.sent, self._acknowledgements.sent
        look, attest = self.lookout.sent, self._attestations.sent
        tell, answer = self.ballots.told_of_term, self.ballots.answered
        takes_part, tells = self._leadership.sent, self._telling.sent
        return {
            AppendEntries: (
                self._match_indexes.sent,
                self._heartbeats.sent,
                self._windows.sent,
                attest,
            ),
            AppendEntriesResponse: (acknowledgements, self._responded, tells, takes_part, attest),
            InstallSnapshot: (self._chunks.sent, look, attest),
            InstallSnapshotResponse: (acknowledgements, tell, tells, takes_part, attest),
            PreVote: (self._campaigned, self._sounds_out, takes_part, attest),
            PreVoteResponse: (self._campaigned, answer, takes_part, look, attest),
            ReadIndex: (look, attest),
            ReadIndexResponse: (attest,),
            RequestVote: (one_vote, self._campaigned, takes_part, look, attest),
            RequestVoteResponse: (one_vote, answer, takes_part, look, attest),
            TimeoutNow: (self._campaigned, self.promises.sent, self._hands_over, attest),
        }

    def _by_event_to_come(self) -> Mapping[type, Heed]:
        """Who wants to know what a node is about to be told."""
        return {
            TimerFired: self._timer_fires,
            AppendEntries: self._hears_leader,
            InstallSnapshot: self._hears_leader,
            PreVote: self._hears_candidate,
            RequestVote: self._hears_candidate,
            TimeoutNow: self._hears_order,
            InstallSnapshotResponse: self._is_answered,
            CommandsProposed: self._is_asked,
            ChangeRequested: self._is_asked,
            TransferRequested: self._is_asked,
            DiskRoomChanged: self._is_told_of_room,
            ConfigurationForced: self._is_ordered,
        }

    def _by_event_done(self) -> Mapping[type, Echo]:
        """Who wants to know what a node has made of that."""
        return {
            TimerFired: self._timer_fired,
            AppendEntries: self._heard_leader,
            InstallSnapshot: self._heard_leader,
            PreVote: self._heard_candidate,
            RequestVote: self._heard_candidate,
            AppendEntriesResponse: self._was_answered,
            InstallSnapshotResponse: self._was_answered,
            PeerGone: self._learnt_of_a_death,
            TimeoutNow: self._was_told_to_lead,
            Written: self._was_written,
        }

    def _hears_leader(self, node: Observed, event: Event, now: Micros) -> bool:
        assert type(event) is MessageReceived, "it is a message"
        message = event.message
        if type(message) is AppendEntries:
            if message.lease_us or self.promises.are_given:
                self.promises.heard(node, event.sender, message)
        else:
            assert type(message) is InstallSnapshot, message
        self._leadership.is_told(node)
        self._heard_under = node.status.configuration
        return self.ballots.leader_spoke(node, event.sender, message, now)

    def _heard_leader(self, node: Observed, event: Event) -> None:
        assert type(event) is MessageReceived, "it is a message"
        self._leadership.was_told(node)
        self._patience.heard(node, event, self._heard_under)
        self._waking.heard(node, self._heard_under)
        self._telling.heard(node, event)

    def _hears_candidate(self, node: Observed, event: Event, now: Micros) -> bool:
        assert type(event) is MessageReceived, "it is a message"
        message = event.message
        assert isinstance(message, PreVote | RequestVote), message
        self.promises.heard(node, event.sender, message)
        owed_until = self.promises.owed_until(node)
        self._leadership.is_told(node)
        self.ballots.asked(node, event.sender, message, now, owed_until)
        self._waking.is_asked(node)
        self._voted_before = node.status.voted_for
        return True

    def _heard_candidate(self, node: Observed, event: Event) -> None:
        assert type(event) is MessageReceived, "it is a message"
        self._leadership.was_told(node)
        self._waking.was_asked(node, event)
        if self._voted_before != event.sender == node.status.voted_for:
            self._patience.voted(node)

    def _hears_order(self, node: Observed, event: Event, _: Micros) -> bool:
        assert type(event) is MessageReceived, "it is a message"
        self.promises.heard(node, event.sender, event.message)
        self._campaigns.is_told_to_lead(node)
        return False

    def _timer_fires(self, node: Observed, _: Event, _now: Micros) -> bool:
        self._leadership.is_told(node, by_timer=True)
        self._acceptance.timer_fires(node)
        return False

    def _timer_fired(self, node: Observed, _: Event) -> None:
        self._leadership.was_told(node)
        self._leadership.timer_fired(node)
        self._acceptance.timer_fired(node)
        self._waking.timer_fired(node)
        if node.status.role is _LEADER:
            self._heartbeats.timer_fired(node, self.configurations.effective_index(node))
            self._windows.timer_fired(node)

    def _is_answered(self, node: Observed, event: Event, _: Micros) -> bool:
        assert type(event) is MessageReceived, "it is a message"
        self._chunks.was_answered(node, event)
        return False

    def _was_answered(self, node: Observed, event: Event) -> None:
        assert type(event) is MessageReceived, "it is a message"
        self._leadership.was_answered(node, event)
        if type(event.message) is AppendEntriesResponse and event.message.conflict is not None:
            check_search(node, event)

    def _learnt_of_a_death(self, node: Observed, event: Event) -> None:
        assert type(event) is PeerGone, event
        self._patience.told_of_a_death(node, event)
        self._waking.told_of_a_death(node, event)

    def _was_told_to_lead(self, node: Observed, _: Event) -> None:
        self._campaigns.was_told_to_lead(node)

    def _was_written(self, node: Observed, event: Event) -> None:
        assert type(event) is Written, event
        self._telling.written(node, event.seq)

    def _is_told_of_room(self, node: Observed, event: Event, _: Micros) -> bool:
        assert type(event) is DiskRoomChanged, event
        self._acceptance.told_of_room(node, has_room=event.has_room)
        return False

    def _is_ordered(self, node: Observed, event: Event, _: Micros) -> bool:
        assert type(event) is ConfigurationForced, event
        self.forcings.requested(node, event)
        return False

    def _is_asked(self, node: Observed, event: Event, _: Micros) -> bool:
        assert isinstance(event, _ASKED), "those are requests"
        self.requests.taken(event)
        if type(event) is TransferRequested:
            self._acceptance.asked_to_transfer(node, event)
        elif type(event) is ChangeRequested:
            self._changes.asked(node, event)
            return True
        return False

    def _sounds_out(self, node: Observed, _: Send) -> None:
        self._patience.asked(node, self.configurations.since(node, node.status.commit_index))

    def _responded(self, node: Observed, send: Send) -> None:
        """The most frequent message: most of it matters to nobody below."""
        message = send.message
        assert type(message) is AppendEntriesResponse, "only those are shown here"
        if self.promises.are_given:
            self.promises.sent(node, send)
        if self.ballots.stale is not None:
            self.ballots.told_of_term(node, send)
        if message.conflict is not None:
            self.lookout.sent(node, send)

    def _campaigned(self, node: Observed, send: Send) -> None:
        self._campaigns.sent(node, send, self._platters)

    def _hands_over(self, node: Observed, _: Send) -> None:
        self._acceptance.asked_another(node)

    def failed(self, node: Observed, untold: Iterable[Event]) -> None:
        """The node has fallen silent for good; it was not told of these events yet."""
        self.requests.failed(node, request_ids_of(untold))

    def requested(self, node: Observed, event: Requested) -> None:
        """Somebody asks the node for something. Called before it is told."""
        if type(event) is ReadRequested:
            self._read_leaders.requested(event)
        self.requests.requested(node, event)
        self.lookout.requested(node, event)

    def answered(self, node: Observed, answer: Answer) -> None:
        """The node answers a request."""
        if type(answer.outcome) is not Committed:  # else it was no read
            self._read_leaders.answered(node, answer)
            if type(answer.outcome) is Readable:
                self.promises.answered(node, answer, self._platters)
            else:
                self.forcings.answered(node, answer)
            committed = self._before[node.node_id].standing[2]
            self._acceptance.answered(node, answer, committed)
            self.lookout.answered(answer)
        self.requests.answered(node, answer)

    def applied(self, node: Observed, entries: Sequence[Entry]) -> None:
        """The node's state machine has applied these entries."""
        self.safety.applied(node, entries)
        self.requests.applied(node, entries)
        self._windows.applied(node, entries)

    def has_content(self, node: Observed, index: Index, content: bytes) -> None:
        """The node's state machine holds this as of `index`."""
        self.safety.has_content(node, index, content)
        if self.folds is not None:
            self.folds.has_content(node, index, content)

    def restored(self, node: Observed, index: Index, content: bytes) -> None:
        """The node's state machine was replaced by a snapshot as of `index`."""
        self.safety.restored(node, index, content)
        if self.folds is not None:
            self.folds.has_content(node, index, content)

    def handled(self, node: Observed) -> None:
        """The node has handled an event, and every order of it was performed.

        Most events change nothing that is looked at here: that must cost little.
        """
        before = self._before[node.node_id]
        standing = node.status.standing
        if standing != before.standing or before.has_rewritten:
            has_another_role = standing[:2] != before.standing[:2]
            self._monotonicity.stands(node, standing)
            if before.has_rewritten or has_another_role:
                self._append_only.handled(node)
            if before.has_rewritten:
                self.configurations.handled(node)
            if standing[2] != before.standing[2]:
                self._commit_advanced(node, before)
            if has_another_role:
                self._role_changed(node, before, standing[0])
            configuration = node.status.configuration
            if has_another_role or configuration is not before.configuration:
                self.lookout.changed(node, before.standing, before.configuration)
            if configuration is not before.configuration:
                self.configurations.check_admission(node, self.ledger)
            if configuration.outgoing:
                check_joint_is_left(node, self.configurations.effective_index(node))
            before.standing, before.configuration = standing, configuration
            before.has_rewritten = False
            if self.on_change is not None:
                self.on_change()

    def _role_changed(self, node: Observed, before: _Before, role: RoleName) -> None:
        """The node plays another role, or the same one in another term."""
        if role is not _CANDIDATE:
            self.forcings.role_changed(node, role)
        elif self.forcings.has_order(node):
            # It stands by nothing else while that waits; leave may be on its way to it, too.
            self.forcings.stood_as_ordered(node)
        else:
            self._campaigns.stood(node, before.configuration)
            self.forcings.stood(node)
        self._telling.changed(node)
        if role is _LEADER:
            self._leadership.elected(node)
            self._heartbeats.elected(node)
            self._waking.elected(node)
            self.election_safety.elected(node)
            self._electorates.elected(node)
            self._committed_in_terms.elected(node)
        elif before.standing[0] is _LEADER:
            self.requests.deposed(node)
            if before.standing[1] == node.status.current_term:
                self._leadership.ceased(node, self.configurations.effective_index(node))

    def _commit_advanced(self, node: Observed, before: _Before) -> None:
        fresh = self.ledger.commit_advanced(node)
        if fresh:
            self.lookout.committed(node, fresh)
            self._committed_in_terms.committed(node, fresh[-1])
            now = node.status.configuration
            # A joint configuration is left when it is committed, by both of its quorums:
            # what follows in the same event has no part in that.
            same = before.configuration is now or before.configuration.is_joint
            configurations = (before.configuration,) if same else (before.configuration, now)
            # What a node acknowledged before its disk was lost still counts: it cannot
            # vote for anybody who lacks it, since it cannot vote any more.
            check_durable_quorum(node, fresh[-1], self._ever, configurations)
            check_committed(node, fresh[-1], self._platters, configurations)
