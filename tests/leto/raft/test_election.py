"""Elections: pre-vote, votes, and the winner's first steps (§3.4, §3.6.1, §9.6)."""

from typing import TYPE_CHECKING

import attrs
import pytest

from leto.raft.actions import AnnounceRole, RoleName
from leto.raft.configuration import Configuration, MemberRole
from leto.raft.election import _durable_last
from leto.raft.entries import Command, HardState, Noop, SnapshotMark
from leto.raft.events import ConfigurationForced, PeerGone, TimerFired
from leto.raft.messages import (
    AppendEntries,
    InstallSnapshot,
    PreVote,
    PreVoteResponse,
    RequestVote,
    RequestVoteResponse,
)
from leto.raft.traces import Reason
from leto.raft.traces.elections import (
    MessageIgnored,
    PreVoteGranted,
    PreVoteRefused,
    VoteGranted,
    VoteRefused,
)
from leto.raft.types import BEFORE_LOG, EntryId, NodeId

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Host, Make


def heartbeat(term: int = 1) -> AppendEntries:
    return AppendEntries(term=term, round=0, prev=BEFORE_LOG, entries=(), leader_commit=0)


def pre_candidate(host: "Host") -> PreVote:
    """Let the host's patience end; its question."""
    host.tick()
    assert host.plays(RoleName.PRE_CANDIDATE)
    return host.take_sent(PreVote)[0]


def candidate(host: "Host") -> None:
    """Let the host become a candidate whose own vote is still being written."""
    question = pre_candidate(host)
    host.receive(2, PreVoteResponse(term=question.term, round=question.round, vote_granted=True))
    assert host.plays(RoleName.CANDIDATE)


def recoverer(host: "Host") -> None:
    """Let the host stand by an operator's word, and ask only node 2 for its vote."""
    for _ in range(4):
        host.tick()
    host.outbox.clear()
    survivors = (host.id, NodeId(2))
    host.ask(lambda request_id: ConfigurationForced(request_id, survivors))
    host.written()


# --- when a node campaigns -----------------------------------------------------------


def test_a_follower_without_a_leader_asks_the_other_voters(make: "type[Make]") -> None:
    host = make.host(term=3, log=make.entries(1, 2))

    host.tick()

    assert [2, 3] == [send.to for send in host.outbox]
    (question, _) = host.sent(PreVote)
    assert (3, EntryId(2, 2)) == (question.term, question.last)
    assert (3, []) == (host.term, host.writes)


def test_patience_is_within_the_election_timeout_and_differs(make: "type[Make]") -> None:
    hosts = [make.host(number) for number in (1, 2, 3)]

    assert all(1_000_000 <= host.deadline < 2_000_000 for host in hosts)
    assert 3 == len({host.deadline for host in hosts})


@pytest.mark.parametrize("kind", ["learner", "stranger", "blank"])
def test_only_a_voter_campaigns(make: "type[Make]", kind: str) -> None:
    others = make.configuration(2, 3, learner=[1] if kind == "learner" else [])
    host = make.host(1, configuration=others, blank=kind == "blank")

    host.tick()
    host.tick()

    assert ([], []) == (host.outbox, host.writes)
    assert host.now < host.deadline


def test_a_timer_that_fires_early_does_nothing(make: "type[Make]") -> None:
    host = make.host()
    deadline = host.deadline

    actions = host.handle(TimerFired(), after=deadline - 1)

    assert ([], deadline) == (actions, host.deadline)


def test_a_pre_vote_that_nobody_answers_is_asked_again_in_a_new_round(make: "type[Make]") -> None:
    host = make.host()

    first = pre_candidate(host)
    second = pre_candidate(host)

    assert first.round != second.round
    assert 0 == host.term


def test_a_candidate_that_is_not_elected_asks_again_first(make: "type[Make]") -> None:
    host = make.host()
    candidate(host)
    host.written()

    host.outbox.clear()
    question = pre_candidate(host)

    assert 1 == question.term
    assert HardState(1, NodeId(1)) == host.disk.hard_state


def test_a_pre_vote_advertises_only_what_is_durable(make: "type[Make]") -> None:
    host = make.host(term=1, log=make.entries(1))
    host.receive(
        2,
        AppendEntries(
            term=1, round=0, prev=EntryId(1, 1), entries=make.entries(1, after=1), leader_commit=0
        ),
    )
    host.handle(PeerGone(NodeId(2)))

    question = pre_candidate(host)

    assert EntryId(1, 1) == question.last


def test_a_node_whose_disk_hangs_does_not_campaign(make: "type[Make]") -> None:
    host = make.host()
    host.receive(2, heartbeat())  # its term is being written

    host.tick()

    assert host.plays(RoleName.FOLLOWER)
    host.written()
    host.tick()
    assert host.plays(RoleName.PRE_CANDIDATE)


def test_a_lone_voter_is_elected_by_its_own_durable_vote(make: "type[Make]") -> None:
    host = make.host(voters=[1])

    host.tick()
    assert host.plays(RoleName.CANDIDATE)
    host.written()

    assert host.plays(RoleName.LEADER)
    assert [] == host.outbox


# --- pre-votes -----------------------------------------------------------------------


def test_a_pre_vote_is_granted_and_changes_nothing(make: "type[Make]") -> None:
    voter = make.host(term=1)
    deadline = voter.deadline

    voter.receive(2, PreVote(term=1, round=7, last=BEFORE_LOG))

    assert [PreVoteResponse(term=1, round=7, vote_granted=True)] == voter.sent(PreVoteResponse)
    assert (1, None, deadline) == (voter.term, voter.status.voted_for, voter.deadline)
    assert [] == voter.writes


@pytest.mark.parametrize(
    "term, last, granted",
    [
        (2, EntryId(2, 3), True),
        (2, EntryId(2, 4), True),
        (5, EntryId(3, 1), True),
        (2, EntryId(2, 2), False),  # shorter
        (5, EntryId(1, 9), False),  # longer, but of an earlier term
        (1, EntryId(2, 3), False),  # a term that is over
    ],
)
def test_a_pre_vote_goes_to_who_could_win(
    make: "type[Make]", term: int, last: EntryId, *, granted: bool
) -> None:
    voter = make.host(log=make.entries(1, 2, 2))

    voter.receive(2, PreVote(term=term, round=7, last=last))

    assert [PreVoteResponse(term=2, round=7, vote_granted=granted)] == voter.sent(PreVoteResponse)


def test_a_follower_of_a_live_leader_grants_no_pre_vote(make: "type[Make]") -> None:
    voter = make.host()
    voter.receive(3, heartbeat())
    voter.written()
    voter.outbox.clear()

    for passed, granted in ((999_999, False), (1, True)):
        voter.now += passed
        voter.receive(2, PreVote(term=1, round=7, last=BEFORE_LOG))

        assert [granted] == [r.vote_granted for r in voter.take_sent(PreVoteResponse)]


def test_a_leader_grants_no_pre_vote(make: "type[Make]") -> None:
    leader = make.leader()

    leader.receive(2, PreVote(term=9, round=7, last=EntryId(9, 9)))

    assert [PreVoteResponse(term=1, round=7, vote_granted=False)] == leader.sent(PreVoteResponse)


def test_a_candidate_grants_a_pre_vote(make: "type[Make]") -> None:
    host = make.host()
    pre_candidate(host)

    host.receive(2, PreVote(term=0, round=7, last=BEFORE_LOG))

    assert [True] == [response.vote_granted for response in host.sent(PreVoteResponse)]


def test_a_majority_of_pre_votes_begins_an_election(make: "type[Make]") -> None:
    host = make.host(voters=[1, 2, 3, 4, 5])
    round_ = pre_candidate(host).round
    granted = PreVoteResponse(term=0, round=round_, vote_granted=True)

    host.receive(2, granted)
    host.receive(2, granted)
    assert host.plays(RoleName.PRE_CANDIDATE)
    host.receive(3, granted)

    assert (RoleName.CANDIDATE, 1) == (host.role, host.term)
    host.receive(4, granted)
    assert (RoleName.CANDIDATE, 1) == (host.role, host.term)


def test_pre_votes_of_another_round_or_refused_or_of_strangers_do_not_count(
    make: "type[Make]",
) -> None:
    host = make.host()
    round_ = pre_candidate(host).round

    host.receive(2, PreVoteResponse(term=0, round=round_ - 1, vote_granted=True))
    host.receive(2, PreVoteResponse(term=0, round=round_, vote_granted=False))
    host.receive(9, PreVoteResponse(term=0, round=round_, vote_granted=True))

    assert host.plays(RoleName.PRE_CANDIDATE)


def test_pre_vote_rounds_of_two_lives_differ(make: "type[Make]") -> None:
    host = make.host()
    before = pre_candidate(host).round

    restarted = host.restarted()
    after = pre_candidate(restarted).round
    restarted.receive(2, PreVoteResponse(term=0, round=before, vote_granted=True))

    assert before != after
    assert restarted.plays(RoleName.PRE_CANDIDATE)


def test_a_refused_pre_vote_of_a_newer_term_is_adopted(make: "type[Make]") -> None:
    host = make.host()
    round_ = pre_candidate(host).round

    host.receive(2, PreVoteResponse(term=5, round=round_, vote_granted=False))

    assert (RoleName.FOLLOWER, 5) == (host.role, host.term)


# --- votes: the candidate ------------------------------------------------------------


def test_votes_are_asked_for_once_term_own_vote_and_log_are_durable(make: "type[Make]") -> None:
    host = make.host(term=1)
    host.receive(
        2,
        AppendEntries(term=1, round=0, prev=BEFORE_LOG, entries=make.entries(1), leader_commit=0),
    )
    host.handle(PeerGone(NodeId(2)))
    candidate(host)

    assert [None, HardState(2, NodeId(1))] == [write.hard_state for write in host.writes]
    host.written(writes=1)
    assert [] == host.sent(RequestVote)
    host.written()

    asked = RequestVote(term=2, last=EntryId(1, 1))
    assert [asked] == host.sent(RequestVote, to=2)
    assert [asked] == host.sent(RequestVote, to=3)


def test_a_majority_of_votes_elects_and_a_vote_counts_once(make: "type[Make]") -> None:
    host = make.host(voters=[1, 2, 3, 4, 5])
    round_ = pre_candidate(host).round
    for voter in (2, 3):
        host.receive(voter, PreVoteResponse(term=0, round=round_, vote_granted=True))
    host.written()

    vote = RequestVoteResponse(term=1, vote_granted=True)
    for voter in (2, 2, 9):
        host.receive(voter, vote)
    host.receive(4, RequestVoteResponse(term=1, vote_granted=False))
    assert host.plays(RoleName.CANDIDATE)
    host.receive(3, vote)

    assert host.plays(RoleName.LEADER)


def test_the_own_vote_counts_once_it_is_durable(make: "type[Make]") -> None:
    host = make.host()
    candidate(host)

    host.receive(1, RequestVoteResponse(term=1, vote_granted=True))
    host.receive(2, RequestVoteResponse(term=1, vote_granted=True))
    assert host.plays(RoleName.CANDIDATE)
    host.written()

    assert host.plays(RoleName.LEADER)


def test_an_earlier_write_does_not_make_the_own_vote_durable(make: "type[Make]") -> None:
    host = make.host(voters=[1, 2, 3], term=1)
    host.receive(
        2,
        AppendEntries(term=1, round=0, prev=BEFORE_LOG, entries=make.entries(1), leader_commit=0),
    )
    host.handle(PeerGone(NodeId(2)))
    candidate(host)
    host.receive(2, RequestVoteResponse(term=2, vote_granted=True))

    host.written(writes=1)

    assert host.plays(RoleName.CANDIDATE)


def test_votes_of_an_earlier_candidacy_do_not_count(make: "type[Make]") -> None:
    host = make.host()
    candidate(host)
    host.written()
    candidate(host)
    host.written()

    host.receive(3, RequestVoteResponse(term=1, vote_granted=True))

    assert (RoleName.CANDIDATE, 2) == (host.role, host.term)


def test_a_late_vote_does_not_disturb_a_leader(make: "type[Make]") -> None:
    leader = make.cluster().elect(1)

    actions = leader.receive(3, RequestVoteResponse(term=1, vote_granted=True))

    assert ([], RoleName.LEADER) == (actions, leader.role)


def test_the_winner_opens_its_term_with_a_noop_and_says_so_to_everybody(
    make: "type[Make]",
) -> None:
    host = make.host(term=3, log=make.entries(3))
    candidate(host)
    host.written()
    host.outbox.clear()

    actions = host.receive(2, RequestVoteResponse(term=4, vote_granted=True))

    assert AnnounceRole(RoleName.LEADER, 4, NodeId(1)) in actions
    noop = make.entry(2, 4, Noop())
    assert [(noop,)] == [write.entries for write in host.writes]
    (said,) = host.sent(AppendEntries, to=3)
    assert (1, EntryId(3, 1), (noop,)) == (said.round, said.prev, said.entries)


def test_a_vote_request_of_an_abandoned_candidacy_may_still_go_out(make: "type[Make]") -> None:
    host = make.host()
    candidate(host)
    host.receive(2, heartbeat(term=1))

    host.written()

    assert [1, 1] == [request.term for request in host.sent(RequestVote)]
    host.receive(3, RequestVoteResponse(term=1, vote_granted=True))
    assert host.plays(RoleName.FOLLOWER)


# --- votes: the voter ----------------------------------------------------------------


def test_a_vote_is_said_once_it_is_durable(make: "type[Make]") -> None:
    voter = make.host()

    voter.receive(2, RequestVote(term=1, last=BEFORE_LOG))

    assert [HardState(1, NodeId(2))] == [write.hard_state for write in voter.writes]
    assert [] == voter.outbox
    voter.written()
    assert [RequestVoteResponse(term=1, vote_granted=True)] == voter.sent(RequestVoteResponse, to=2)


def test_a_vote_is_given_once_in_a_term(make: "type[Make]") -> None:
    voter = make.host()

    for asking in (2, 3, 2):
        voter.receive(asking, RequestVote(term=1, last=BEFORE_LOG))
    voter.written()

    assert [True, False, True] == [r.vote_granted for r in voter.sent(RequestVoteResponse)]


def test_a_restart_does_not_forget_the_vote(make: "type[Make]") -> None:
    voter = make.host()
    voter.receive(2, RequestVote(term=1, last=BEFORE_LOG))
    voter.written()

    restarted = voter.restarted()
    restarted.receive(3, RequestVote(term=1, last=BEFORE_LOG))

    assert [False] == [r.vote_granted for r in restarted.sent(RequestVoteResponse)]


def test_stepping_down_within_a_term_keeps_the_vote(make: "type[Make]") -> None:
    host = make.host()
    candidate(host)
    host.written()
    host.receive(2, heartbeat(term=1))
    host.outbox.clear()

    host.receive(3, RequestVote(term=1, last=BEFORE_LOG))

    assert [False] == [r.vote_granted for r in host.sent(RequestVoteResponse)]
    assert 1 == host.status.voted_for


@pytest.mark.parametrize(
    "last, granted",
    [
        (EntryId(2, 3), True),
        (EntryId(3, 1), True),
        (EntryId(2, 2), False),
        (EntryId(1, 9), False),
    ],
)
def test_a_vote_goes_to_a_log_at_least_as_up_to_date(
    make: "type[Make]", last: EntryId, *, granted: bool
) -> None:
    """§3.6.1."""
    voter = make.host(log=make.entries(1, 2, 2))

    voter.receive(2, RequestVote(term=4, last=last))
    voter.written()

    assert [granted] == [r.vote_granted for r in voter.sent(RequestVoteResponse)]
    assert (4, NodeId(2) if granted else None) == (voter.term, voter.status.voted_for)


def test_a_log_counts_in_a_vote_though_it_is_not_durable_yet(make: "type[Make]") -> None:
    voter = make.host(term=1)
    voter.receive(
        3,
        AppendEntries(
            term=1, round=0, prev=BEFORE_LOG, entries=make.entries(1, 1), leader_commit=0
        ),
    )
    voter.now += voter.config.election_timeout_min_us

    voter.receive(2, RequestVote(term=2, last=EntryId(1, 1)))
    voter.written()

    assert [False] == [r.vote_granted for r in voter.sent(RequestVoteResponse)]


def test_granting_a_vote_starts_patience_anew(make: "type[Make]") -> None:
    voter = make.host(term=1)
    voter.now = voter.deadline - 1

    voter.receive(2, RequestVote(term=1, last=BEFORE_LOG))

    assert voter.now + 1_000_000 <= voter.deadline


def test_a_candidate_refuses_others_of_its_term(make: "type[Make]") -> None:
    host = make.host()
    candidate(host)
    host.written()
    host.outbox.clear()

    host.receive(3, RequestVote(term=1, last=EntryId(1, 9)))

    assert [False] == [r.vote_granted for r in host.sent(RequestVoteResponse)]


def test_a_follower_of_a_live_leader_does_not_learn_a_term_from_who_asks(
    make: "type[Make]",
) -> None:
    """§4.2.3."""
    voter = make.host()
    voter.receive(3, heartbeat())
    voter.written()
    voter.outbox.clear()

    actions = voter.receive(2, RequestVote(term=9, last=EntryId(9, 9)))

    assert ([], 1) == (actions, voter.term)


def test_a_leader_does_not_learn_a_term_from_who_asks(make: "type[Make]") -> None:
    leader = make.leader()

    assert [] == leader.receive(2, RequestVote(term=9, last=EntryId(9, 9)))


def test_a_member_that_does_not_know_that_it_votes_votes(make: "type[Make]") -> None:
    """It may have been promoted by an entry that it has not got yet."""
    learner = make.host(4, configuration=make.configuration(1, 2, 3, learner=[4]))

    learner.receive(2, RequestVote(term=1, last=BEFORE_LOG))
    learner.written()

    assert [True] == [r.vote_granted for r in learner.sent(RequestVoteResponse)]


def test_a_restarted_leader_never_leads_its_term_again(make: "type[Make]") -> None:
    cluster = make.cluster()
    host = cluster.elect(1)

    restarted = host.restarted()
    restarted.receive(3, RequestVoteResponse(term=1, vote_granted=True))
    assert restarted.plays(RoleName.FOLLOWER)
    candidate(restarted)

    assert 2 == restarted.term


def test_learners_are_not_asked(make: "type[Make]") -> None:
    host = make.host(configuration=make.configuration(1, 2, 3, learner=[4], joining=[5]))

    host.tick()

    assert [2, 3] == [send.to for send in host.outbox]


def test_a_quorum_that_is_half_is_none(make: "type[Make]") -> None:
    host = make.host(voters=[1, 2, 3, 4])
    round_ = pre_candidate(host).round

    host.receive(2, PreVoteResponse(term=0, round=round_, vote_granted=True))
    assert host.plays(RoleName.PRE_CANDIDATE)
    host.receive(3, PreVoteResponse(term=0, round=round_, vote_granted=True))

    assert host.plays(RoleName.CANDIDATE)


# --- priorities and dead leaders -----------------------------------------------------


def test_a_voter_without_priority_never_campaigns(make: "type[Make]") -> None:
    members = (attrs.evolve(make.member(1), priority=0), make.member(2), make.member(3))
    host = make.host(configuration=Configuration(members))

    host.tick()

    assert host.plays(RoleName.FOLLOWER)
    assert [] == host.outbox


def test_who_has_promised_a_leader_its_vote_waits(make: "type[Make]") -> None:
    """§6.4.1."""
    host = make.host()
    host.receive(2, attrs.evolve(heartbeat(), lease_us=5_000_000))
    since = host.now
    host.written()

    host.tick()

    assert host.plays(RoleName.FOLLOWER)
    assert since + 5_000_000 == host.deadline


def test_survivors_of_a_leader_campaign_one_after_the_other(make: "type[Make]") -> None:
    members = (
        make.member(1),
        make.member(2),
        attrs.evolve(make.member(3), priority=2),
        make.member(4, MemberRole.LEARNER),
    )
    deadlines: list[int] = []
    for number in (2, 3, 4):
        host = make.host(number, configuration=Configuration(members))
        host.receive(1, heartbeat())
        host.handle(PeerGone(NodeId(1)))
        deadlines.append(host.deadline)

    assert [20_000, 10_000, 30_000] == deadlines


def test_a_dead_leader_binds_nobody(make: "type[Make]") -> None:
    cluster = make.cluster()
    cluster.elect(1)
    cluster.cut_off = {1}
    for number in (2, 3):
        cluster[number].handle(PeerGone(NodeId(1)))

    assert cluster.elect(2).term == 2


def test_the_death_of_another_follower_changes_no_patience(make: "type[Make]") -> None:
    host = make.host()
    host.receive(2, heartbeat())
    deadline = host.deadline

    assert [] == host.handle(PeerGone(NodeId(3)))
    assert deadline == host.deadline


def test_a_leader_repeats_what_was_on_its_way_to_one_that_died(make: "type[Make]") -> None:
    cluster = make.cluster()
    leader = cluster.elect(1)
    leader.propose(b"x")
    leader.outbox.clear()

    leader.handle(PeerGone(NodeId(3)))

    assert [b"x"] == [
        entry.payload.data
        for message in leader.sent(AppendEntries, to=3)
        for entry in message.entries
        if isinstance(entry.payload, Command)
    ]
    assert [] == leader.handle(PeerGone(NodeId(3)))
    assert [] == leader.handle(PeerGone(NodeId(9)))


@pytest.mark.parametrize("commit_index, campaigns", [(0, True), (1, False)])
def test_a_node_whose_vote_was_taken_away_campaigns_until_that_is_committed(
    make: "type[Make]",
    commit_index: int,
    campaigns: bool,  # noqa: FBT001 # an example
) -> None:
    without = make.entry(1, 1, make.configuration(2, 3, learner=[1]))
    host = make.host(1, log=(without,))
    host.receive(
        2,
        AppendEntries(term=1, round=0, prev=EntryId(1, 1), entries=(), leader_commit=commit_index),
    )

    host.tick()

    assert campaigns == (host.sent(PreVote) != [])


@pytest.mark.parametrize("blank", [False, True])
def test_a_pre_vote_does_not_advertise_a_snapshot_that_is_not_named_yet(
    make: "type[Make]",
    blank: bool,  # noqa: FBT001 # an example
) -> None:
    host = make.host(blank=blank)
    mark = SnapshotMark(last_included=EntryId(1, 5), configuration=make.configuration(1, 2, 3))
    host.receive(2, InstallSnapshot(term=1, transfer=1, snapshot=mark, offset=0, data=b""))

    assert BEFORE_LOG == _durable_last(host.node._state)
    host.written()
    assert EntryId(1, 5) == _durable_last(host.node._state)


# --- why, for whoever listens --------------------------------------------------------


def test_why_a_pre_vote_is_refused_is_traced(make: "type[Make]") -> None:
    host = make.host(term=2, log=make.entries(2), traced=True)
    short = PreVote(term=2, round=1, last=EntryId(1, 1))
    host.receive(3, attrs.evolve(short, term=1))
    host.receive(3, short)
    host.receive(3, attrs.evolve(short, last=EntryId(2, 1)))
    host.receive(2, heartbeat(term=2))
    host.receive(3, short)
    host.receive(2, attrs.evolve(heartbeat(term=2), lease_us=5_000_000))
    host.receive(3, short)

    three = NodeId(3)
    assert [
        PreVoteRefused(three, Reason.TERM_OVER),
        PreVoteRefused(three, Reason.LOG_BEHIND),
        PreVoteGranted(three),
        PreVoteRefused(three, Reason.FOLLOWS_A_LEADER),
        PreVoteRefused(three, Reason.PROMISED),
    ] == [record for record in host.records if isinstance(record, PreVoteGranted | PreVoteRefused)]


def test_why_a_vote_is_refused_is_traced(make: "type[Make]") -> None:
    host = make.host(term=2, log=make.entries(2), traced=True)
    host.receive(3, RequestVote(term=2, last=EntryId(1, 1)))
    host.receive(2, RequestVote(term=2, last=EntryId(2, 1)))
    host.receive(3, RequestVote(term=2, last=EntryId(2, 1)))
    host.written()
    candidate(host)
    host.receive(3, RequestVote(term=3, last=EntryId(2, 1)))

    two, three = NodeId(2), NodeId(3)
    assert [
        VoteRefused(three, Reason.LOG_BEHIND),
        VoteGranted(two),
        VoteRefused(three, Reason.VOTED_FOR_ANOTHER),
        VoteRefused(three, Reason.CAMPAIGNS_ITSELF),
    ] == [record for record in host.records if isinstance(record, VoteGranted | VoteRefused)]


def test_that_a_promise_refuses_a_vote_or_an_ear_is_traced(make: "type[Make]") -> None:
    host = make.host(term=2, log=make.entries(2), traced=True)
    host.receive(2, attrs.evolve(heartbeat(term=2), lease_us=5_000_000))
    host.now += 2_000_000
    ballot = RequestVote(term=2, last=EntryId(2, 1))

    host.receive(3, ballot)
    host.receive(3, attrs.evolve(ballot, term=3))

    ignored = MessageIgnored(NodeId(3), "RequestVote", Reason.PROMISED)
    assert [VoteRefused(NodeId(3), Reason.PROMISED), ignored] == host.records[-2:]


# --- by an operator's word ------------------------------------------------------------


def test_only_the_survivors_are_asked_for_their_votes(make: "type[Make]") -> None:
    host = make.host(voters=(1, 2, 3, 4, 5))

    recoverer(host)

    assert [2] == [send.to for send in host.outbox]
    assert [RequestVote(term=1, last=BEFORE_LOG)] == host.sent(RequestVote)


@pytest.mark.parametrize("is_refused", [True, False])
def test_who_is_not_followed_by_every_survivor_soon_begins_anew(
    make: "type[Make]", *, is_refused: bool
) -> None:
    host = make.host(voters=(1, 2, 3, 4, 5))
    recoverer(host)

    if is_refused:
        host.receive(2, RequestVoteResponse(term=1, vote_granted=False))
    else:
        host.tick()

    assert (RoleName.FOLLOWER, 1, host.now) == (host.role, host.term, host.deadline)


def test_a_vote_that_comes_too_late_counts_for_nothing(make: "type[Make]") -> None:
    host = make.host(voters=(1, 2, 3, 4, 5))
    recoverer(host)
    host.tick()

    host.receive(2, RequestVoteResponse(term=1, vote_granted=True))

    assert host.plays(RoleName.FOLLOWER)


def test_a_refusal_in_an_ordinary_campaign_changes_nothing(make: "type[Make]") -> None:
    host = make.host()
    candidate(host)

    host.receive(2, RequestVoteResponse(term=host.term, vote_granted=False))

    assert host.plays(RoleName.CANDIDATE)
