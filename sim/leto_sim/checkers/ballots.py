"""A vote goes only to whom it may go, and is refused for a reason (§3.4, §3.6.1, §9.6).

Responsible for judging each answer of a voter by what the voter knew when it was asked,
pre-votes like votes:

    granted    only if the candidate's log is not behind, its term is not over, the vote
               is free, and nothing binds the voter: no promise of a lease (§6.4.1), and,
               for a later term, no leader that is alive (§4.2.3)
    refused    only if one of these stands against it
    no answer  only if a candidate of a later term disturbs a bound voter

Whoever speaks in an earlier term is answered too: that its term is over (figure 3.1).

What is judged here harms nobody at once: a vote that should not have been given needs
another election to lose an entry, one that is refused for nothing a rare log on each
side until nobody is elected any more. Where messages are not shown (in whole servers),
it judges nobody.
"""

from typing import TypeAlias

import attrs

from leto.raft import Config
from leto.raft.actions import RoleName, Send
from leto.raft.messages import (
    AppendEntries,
    InstallSnapshot,
    PreVote,
    PreVoteResponse,
    RequestVote,
    RequestVoteResponse,
)
from leto.raft.types import EntryId, Micros, NodeId, Term
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated
from leto_sim.units import duration

_FOLLOWER, _LEADER = RoleName.FOLLOWER, RoleName.LEADER  # looked up once
ADMISSIBLE = "a vote goes only to whom it may go"
REASONED = "a vote is refused for a reason"
ANSWERED = "who asks for a vote, or speaks in an earlier term, is answered"

_Key: TypeAlias = tuple[NodeId, NodeId, int]
"""The voter, the candidate, and the round of pre-votes; 0 for votes."""


@attrs.frozen(kw_only=True)
class _Question:
    """What a voter was asked, and how it stood then."""

    key: _Key
    term: Term
    shown: Micros  # by the voter's clock
    forbidden: str | None  # why it must not be granted
    may_refuse: bool  # promises apart: they are looked up when it is answered
    may_ignore: bool = False
    is_transfer: bool = False

    @property
    def is_vote(self) -> bool:
        """Whether it changes terms and votes."""
        return self.key[2] == 0


class Ballots:
    """Remembers what voters were asked and have not answered yet."""

    def __init__(self, config: Config) -> None:
        self._patience_us = config.election_timeout_min_us
        self._words: dict[NodeId, Micros] = {}  # when some leader last spoke to it
        self._open: dict[_Key, list[_Question]] = {}
        # What the event asks for that is being handled: a vote, or to be told of a later term.
        self._question: _Question | None = None
        self.stale: NodeId | None = None

    def started(self, node: Observed) -> None:
        """A node starts a life: what it was asked in another one is not answered any more."""
        self._words.pop(node.node_id, None)
        for key in [key for key in self._open if key[0] == node.node_id]:
            del self._open[key]

    def leader_spoke(
        self, node: Observed, sender: NodeId, message: AppendEntries | InstallSnapshot, now: Micros
    ) -> bool:
        """The node is about to handle it. Whether `considered` is to be called."""
        self._words[node.node_id] = now
        if message.term >= node.platter.hard_state.current_term:
            return False
        self.stale = sender
        return True

    def asked(
        self,
        node: Observed,
        sender: NodeId,
        message: PreVote | RequestVote,
        now: Micros,
        owed_until: Micros,
    ) -> None:
        """The node is about to be asked for its vote; it has promised to give none until then."""
        promise = _promise(now, owed_until)
        if type(message) is PreVote:
            question = self._of_pre_vote(node, sender, message, now, promise)
        else:
            assert type(message) is RequestVote, message
            question = self._of_vote(node, sender, message, now, promise)
        self._question = question
        self._open.setdefault(question.key, []).append(question)

    def told_of_term(self, _: Observed, send: Send) -> None:
        """The node answers a leader."""
        if send.to == self.stale:
            self.stale = None

    def answered(self, node: Observed, send: Send) -> None:
        """The node answers a candidate."""
        message = send.message
        if type(message) is PreVoteResponse:
            key, is_granted = (node.node_id, send.to, message.round), message.vote_granted
        else:
            assert type(message) is RequestVoteResponse, message
            key, is_granted = (node.node_id, send.to, 0), message.vote_granted
        questions = self._open.get(key)
        if not questions:
            return
        # Asked twice, it may answer twice: an answer that waits for the disk may be overtaken.
        judged = [
            (question, _judge(node, question, is_granted=is_granted)) for question in questions
        ]
        question, violation = min(judged, key=lambda each: each[1] is not None)
        if violation is not None:
            raise violation
        self._close(question)
        if question is self._question:
            self._question = None

    def _close(self, question: _Question) -> None:
        questions = self._open[question.key]
        questions.remove(question)
        if not questions:
            del self._open[question.key]

    def considered(self, node: Observed) -> None:
        """The event that asked is over. An answer waits for the disk at most."""
        question, self._question = self._question, None
        stale, self.stale = self.stale, None
        status = node.status
        if status.disk_has_hung:
            if question is not None:
                self._close(question)
        elif question is not None and question.is_vote and status.current_term < question.term:
            self._close(question)
            if not (question.may_ignore or _is_bound(node, question)):
                raise _violation(ANSWERED, node, f"says nothing to {question.key[1]}")
        elif (question is not None or stale is not None) and not status.writes_outstanding:
            raise _violation(ANSWERED, node, "answers neither yes nor no")

    # --- what stands against a candidate ---------------------------------------------------

    def _of_pre_vote(
        self, node: Observed, sender: NodeId, message: PreVote, now: Micros, promise: str | None
    ) -> _Question:
        is_over = message.term < node.status.current_term
        flaw = "its term is over" if is_over else _flaw_of_log(node, message.last)
        return _Question(
            key=(node.node_id, sender, message.round),
            term=message.term,
            shown=now,
            forbidden=flaw or promise or self._live_leader(node, now),
            may_refuse=flaw is not None or self._may_follow(node, now),
        )

    def _of_vote(
        self, node: Observed, sender: NodeId, message: RequestVote, now: Micros, promise: str | None
    ) -> _Question:
        flaw = self._flaw_of_term(node, sender, message) or _flaw_of_log(node, message.last)
        disturbs = not message.is_transfer and message.term > node.status.current_term
        bound = None if message.is_transfer else promise
        if disturbs:
            bound = bound or self._live_leader(node, now)
        return _Question(
            key=(node.node_id, sender, 0),
            term=message.term,
            shown=now,
            forbidden=flaw or bound,
            # Who sounds the others out in that term (§9.6) need not vote in it.
            may_refuse=flaw is not None or (not disturbs and node.status.role is not _FOLLOWER),
            may_ignore=disturbs and self._may_follow(node, now),
            is_transfer=message.is_transfer,
        )

    def _flaw_of_term(self, node: Observed, sender: NodeId, message: RequestVote) -> str | None:
        status = node.status
        if message.term < status.current_term:
            return "its term is over"
        has_voted = status.voted_for not in (None, sender)
        return (
            "another one has the vote"
            if message.term == status.current_term and has_voted
            else None
        )

    def _live_leader(self, node: Observed, now: Micros) -> str | None:
        if node.status.role is _LEADER:
            return "the voter leads"
        heard_at = node.status.heard_at
        is_alive = heard_at is not None and now - heard_at < self._patience_us
        return "the voter follows a leader that is alive" if is_alive else None

    def _may_follow(self, node: Observed, now: Micros) -> bool:
        """Whether it may well follow a leader that is alive, as seen from outside."""
        heard_at = self._words.get(node.node_id)
        is_alive = heard_at is not None and now - heard_at < self._patience_us
        return is_alive or node.status.role is _LEADER


def _promise(now: Micros, owed_until: Micros) -> str | None:
    left_us = owed_until - now
    return f"the voter has promised a lease, for {duration(left_us)} more" if left_us > 0 else None


def _flaw_of_log(node: Observed, last: EntryId) -> str | None:
    own = node.memory.last
    is_behind = last.term < own.term or (last.term == own.term and last.index < own.index)
    return f"its log ends with {last}, the voter's with {own}" if is_behind else None


def _is_bound(node: Observed, question: _Question) -> bool:
    """By its own word, which is good enough here: a node that has started is bound too."""
    return not question.is_transfer and question.shown < node.status.promised_until


def _judge(node: Observed, question: _Question, *, is_granted: bool) -> PropertyViolated | None:
    candidate = question.key[1]
    if is_granted and question.forbidden is not None:
        return _violation(ADMISSIBLE, node, f"would vote for {candidate}: {question.forbidden}")
    if not (is_granted or question.may_refuse or _is_bound(node, question)):
        return _violation(REASONED, node, f"refuses {candidate}; nothing stands against it")
    return None


def _violation(property_name: str, node: Observed, what: str) -> PropertyViolated:
    return PropertyViolated(property_name, f"{node.name} {what}", node=node.name)
