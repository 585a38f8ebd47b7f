"""Promises of leases are kept, and every lease rests on some."""

import attrs
import pytest

from leto.raft.actions import Answer, Outcome, Readable, Refusal, Refused, RoleName, Send
from leto.raft.configuration import Configuration
from leto.raft.entries import Entry, HardState, SnapshotMark
from leto.raft.events import ReadPolicy
from leto.raft.messages import (
    AppendEntries,
    AppendEntriesResponse,
    Message,
    RequestVote,
    TimeoutNow,
)
from leto.raft.types import BEFORE_LOG, EntryId, Micros, NodeId
from leto_sim.checkers.lease_promises import LeasePromises
from leto_sim.clock import Clock
from leto_sim.platter import LogImage
from leto_sim.result import PropertyViolated
from tests.support.observed import StandingNode, voters

LEASE_US = 1_000
LEASED = attrs.evolve(voters(1, 2, 3), lease_us=LEASE_US)
CHANGED_AT = EntryId(1, 1)


class Promising:
    """Three voters, of whom the first leads term 1; all know of leases, or `know_later`."""

    def __init__(self, *, know_later: bool = False, trusts_clocks: bool = True) -> None:
        self.now: Micros = 0
        self.issued = {CHANGED_AT: LEASED}
        self.checker = LeasePromises(self.issued, trusts_clocks=trusts_clocks)
        self.nodes = {number: StandingNode(NodeId(number)) for number in (1, 2, 3)}
        self.clocks: dict[int, Clock] = {}
        for number, node in self.nodes.items():
            node.status.current_term, node.status.configuration = 1, LEASED
            configuration = voters(1, 2, 3) if know_later else LEASED
            mark = SnapshotMark(configuration=configuration, size_bytes=0, checksum=0)
            node.platter.snapshot = mark
            self.start(number)
        self.nodes[1].status.role = RoleName.LEADER

    def start(self, number: int) -> None:
        clock = self.clocks[number] = Clock(10_000 * number + self.now, since=self.now)
        self.checker.started(self.nodes[number], clock, lambda: self.now)

    def hear(self, number: int, message: Message, sender: int = 1) -> None:
        self.checker.heard(self.nodes[number], NodeId(sender), message)

    def promise(self, number: int, *, round_: int = 1, term: int = 1) -> None:
        self.hear(number, leased(round_, term))
        self.keep(number)
        self.acknowledge(number, round_=round_, term=term)

    def keep(self, number: int) -> None:
        until = self.clocks[number].at(self.now) + LEASE_US
        status = self.nodes[number].status
        status.promised_until = max(status.promised_until, until)

    def acknowledge(self, number: int, *, round_: int = 1, term: int = 1) -> None:
        response = AppendEntriesResponse(term=term, round=round_, match_index=0)
        self.checker.sent(self.nodes[number], Send(NodeId(1), response))

    def change_membership(self, configuration: Configuration) -> None:
        changed, leader = attrs.evolve(configuration, lease_us=LEASE_US), self.nodes[1]
        self.issued[EntryId(1, 2)] = changed
        leader.memory = LogImage(entries=[Entry(CHANGED_AT, LEASED), Entry(EntryId(1, 2), changed)])
        leader.status.configuration, leader.status.commit_index = changed, 1

    def vote(self, number: int, candidate: int | None, term: int = 2) -> None:
        voted_for = None if candidate is None else NodeId(candidate)
        self.checker.write_issued(self.nodes[number], HardState(term, voted_for))

    def read(self, *, lasts_us: Micros = 900) -> None:
        shown = self.clocks[1].at(self.now + lasts_us)
        self.answer(Readable(0, ReadPolicy.LEASE, shown))

    def answer(self, outcome: Outcome) -> None:
        platters = {node.node_id: node.platter for node in self.nodes.values()}
        self.checker.answered(self.nodes[1], Answer(7, outcome), platters)


def leased(round_: int = 1, term: int = 1) -> AppendEntries:
    return AppendEntries(
        term=term, prev=BEFORE_LOG, entries=(), leader_commit=0, round=round_, lease_us=LEASE_US
    )


def test_a_vote_may_be_given_once_the_promise_is_over() -> None:
    cluster = Promising()
    cluster.promise(2)
    cluster.now = LEASE_US

    cluster.vote(2, 3)


def test_a_vote_before_that_breaks_the_promise() -> None:
    cluster = Promising()
    cluster.promise(2)
    cluster.now = LEASE_US - 1

    with pytest.raises(PropertyViolated, match="id2 votes in term 2, 1 µs before it may"):
        cluster.vote(2, 3)


def test_to_learn_a_term_is_no_vote_and_to_store_a_vote_again_is_none_either() -> None:
    cluster = Promising()
    cluster.vote(2, 1, term=1)
    cluster.promise(2)

    cluster.vote(2, 1, term=1)
    cluster.vote(2, None)


def test_what_is_not_acknowledged_is_not_promised() -> None:
    cluster = Promising()
    cluster.hear(2, leased())

    cluster.vote(2, 3)


def test_a_shorter_promise_does_not_end_a_longer_one() -> None:
    cluster = Promising()
    cluster.hear(2, leased(1))
    cluster.now = 500
    cluster.promise(2, round_=2)
    cluster.promise(2, round_=1)
    cluster.now = LEASE_US

    with pytest.raises(PropertyViolated, match="500 µs before"):
        cluster.vote(2, 3)


def test_a_promise_that_is_over_may_be_forgotten() -> None:
    cluster = Promising()
    cluster.promise(2)
    cluster.now = LEASE_US + 1

    cluster.hear(2, leased(2))


def test_a_round_is_promised_when_it_is_first_heard() -> None:
    cluster = Promising()
    cluster.promise(2)
    cluster.now = 500
    cluster.hear(2, leased())
    cluster.promise(2)
    cluster.now = LEASE_US

    cluster.vote(2, 3)


def test_rounds_are_told_apart_by_their_terms() -> None:
    cluster = Promising()
    cluster.promise(2, round_=5)
    cluster.now = 500
    cluster.promise(2, round_=5, term=2)
    cluster.now = LEASE_US

    with pytest.raises(PropertyViolated, match="500 µs before"):
        cluster.vote(2, 3, term=3)


def test_the_leader_itself_releases_whom_it_asks_and_who_votes_for_that() -> None:
    cluster = Promising()
    cluster.promise(2)
    cluster.promise(3)
    cluster.hear(2, TimeoutNow(term=1))
    cluster.hear(3, RequestVote(term=2, last=BEFORE_LOG, is_transfer=True), sender=2)

    cluster.vote(2, 2)
    cluster.vote(3, 2)


def test_a_candidate_releases_nobody() -> None:
    cluster = Promising()
    cluster.promise(2)
    cluster.hear(2, RequestVote(term=2, last=BEFORE_LOG, is_transfer=False), sender=3)

    with pytest.raises(PropertyViolated, match="votes for nobody"):
        cluster.vote(2, 3)


def test_a_promise_outlives_a_restart() -> None:
    cluster = Promising()
    cluster.promise(2)
    cluster.now = 400
    cluster.start(2)
    cluster.now = LEASE_US - 1

    with pytest.raises(PropertyViolated, match="1 µs before"):
        cluster.vote(2, 3)


def test_who_never_knew_of_leases_may_forget_one() -> None:
    cluster = Promising(know_later=True)
    cluster.promise(2)
    cluster.start(2)
    cluster.start(3)

    cluster.vote(2, 3)


def test_a_lease_that_a_quorum_has_promised_is_one() -> None:
    cluster = Promising()
    cluster.promise(2)

    cluster.read()


def test_until_a_change_is_committed_the_quorum_before_it_is_enough() -> None:
    cluster = Promising()
    cluster.promise(2)
    cluster.change_membership(voters(1, 3, outgoing=(1, 2, 3)))

    cluster.read()


def test_once_a_change_is_committed_its_own_quorum_must_promise() -> None:
    cluster = Promising()
    cluster.promise(2)
    cluster.change_membership(voters(1, 3, outgoing=(1, 2, 3)))
    cluster.nodes[1].status.commit_index = 2

    with pytest.raises(PropertyViolated):
        cluster.read()


def test_a_lease_that_nobody_else_has_promised_is_none() -> None:
    cluster = Promising()

    with pytest.raises(PropertyViolated, match="id1 answers by a lease of term 1, and no quorum"):
        cluster.read()


def test_a_promise_to_the_next_leader_is_none_to_this_one() -> None:
    cluster = Promising()
    cluster.promise(2, term=2)

    with pytest.raises(PropertyViolated):
        cluster.read()


def test_a_lease_ends_before_the_promises_do() -> None:
    cluster = Promising()
    cluster.promise(2)

    with pytest.raises(PropertyViolated):
        cluster.read(lasts_us=LEASE_US + 1)


def test_while_the_clock_of_the_leader_stands_still_a_lease_is_measured_now() -> None:
    cluster = Promising()
    cluster.promise(2)
    cluster.clocks[1].run_at(0, 0)

    cluster.read(lasts_us=LEASE_US)


def test_who_would_forget_a_promise_has_made_none() -> None:
    cluster = Promising(know_later=True)
    cluster.promise(2)

    with pytest.raises(PropertyViolated):
        cluster.read()


def test_a_configuration_on_the_disk_is_known() -> None:
    cluster = Promising(know_later=True)
    cluster.promise(2)
    cluster.nodes[2].platter.log = LogImage(entries=[Entry(CHANGED_AT, LEASED)])

    cluster.read()


def test_whose_disk_is_lost_keeps_every_promise() -> None:
    cluster = Promising()
    del cluster.nodes[2]

    cluster.read()


def test_who_has_asked_another_one_to_lead_has_no_lease() -> None:
    cluster = Promising()
    cluster.promise(2)
    cluster.checker.sent(cluster.nodes[1], Send(NodeId(2), TimeoutNow(term=1)))

    with pytest.raises(PropertyViolated):
        cluster.read()


@pytest.mark.parametrize(
    "outcome", [Readable(0), Readable(0, ReadPolicy.STALE), Refused(Refusal.NOT_LEADER, None)]
)
def test_other_answers_rest_on_no_lease(outcome: Outcome) -> None:
    Promising().answer(outcome)


def test_where_clocks_err_too_much_a_lease_rests_on_nothing() -> None:
    Promising(trusts_clocks=False).read()


def test_without_clocks_nobody_is_judged() -> None:
    checker = LeasePromises(dict[EntryId, Configuration]())
    node = StandingNode()

    checker.heard(node, NodeId(2), leased())
    checker.sent(node, Send(NodeId(2), TimeoutNow(term=1)))
    checker.write_issued(node, HardState(1, NodeId(2)))
    checker.answered(node, Answer(1, Readable(0, ReadPolicy.LEASE, 1)), {})


def test_who_has_promised_knows_it_when_the_leader_speaks_again() -> None:
    cluster = Promising()
    cluster.now = 10
    cluster.promise(2)
    cluster.nodes[2].status.promised_until -= 1
    cluster.now = 20

    with pytest.raises(PropertyViolated, match="id2 takes itself for free, 990 µs before it may"):
        cluster.hear(2, leased(2))


def test_so_does_who_has_started_again() -> None:
    cluster = Promising()
    cluster.promise(2)
    cluster.now = 100
    cluster.start(2)
    cluster.nodes[2].status.promised_until = cluster.clocks[2].at(cluster.now)
    cluster.now = 101

    with pytest.raises(PropertyViolated, match="takes itself for free, 899 µs"):
        cluster.hear(2, leased(2))


def test_in_the_moment_of_its_start_nobody_knows_anything() -> None:
    cluster = Promising()
    cluster.promise(2)
    cluster.now = 100
    cluster.start(2)
    cluster.nodes[2].status.promised_until = 0

    cluster.hear(2, leased(2))


def test_what_was_acknowledged_is_promised_once() -> None:
    """It may come again while the disk hangs, and is not even listened to."""
    cluster = Promising()
    cluster.promise(2)
    cluster.now = 500
    cluster.hear(2, leased(1))
    cluster.acknowledge(2)
    cluster.now = LEASE_US

    cluster.vote(2, 3)


def test_a_round_that_is_heard_twice_is_promised_from_the_first_time_on() -> None:
    cluster = Promising()
    cluster.hear(2, leased(1))
    cluster.now = 500
    cluster.hear(2, leased(1))
    cluster.acknowledge(2)
    cluster.now = LEASE_US

    cluster.vote(2, 3)
    assert cluster.clocks[2].at(LEASE_US) == cluster.checker.owed_until(cluster.nodes[2])


def test_a_round_that_is_asked_for_again_by_less_promises_less() -> None:
    cluster = Promising()
    cluster.hear(2, leased())
    cluster.now = 10

    cluster.hear(2, attrs.evolve(leased(), lease_us=LEASE_US // 2))  # the first was ignored
    cluster.acknowledge(2)

    cluster.now = LEASE_US // 2 + 10
    cluster.vote(2, 3)


def test_who_was_never_seen_to_start_owes_nothing() -> None:
    assert 0 == Promising().checker.owed_until(StandingNode(NodeId(9)))


def test_a_round_is_promised_nothing_when_its_last_word_asks_for_nothing() -> None:
    stage = Promising()
    stage.hear(2, leased(1))  # and its disk hangs: it is ignored
    stage.hear(2, attrs.evolve(leased(1), lease_us=0))
    stage.acknowledge(2)

    stage.hear(2, leased(2))

    assert stage.clocks[2].at(stage.now) == stage.checker.owed_until(stage.nodes[2])
