"""Situations from which the dissertation's demands are tested: `tests/paper` starts here.

Responsible for bringing nodes to where a sentence of the dissertation begins: a
candidate, a cluster that is led, one of whose members is behind. What happens then,
and what must come of it, a test says itself.
"""

import attrs

from leto.raft.config import Config
from leto.raft.configuration import Configuration
from leto.raft.messages import (
    AppendEntries,
    InstallSnapshot,
    PreVote,
    PreVoteResponse,
    RequestVote,
    RequestVoteResponse,
)
from leto.raft.types import BEFORE_LOG, EntryId
from tests.support.hosts import Cluster, Host, Make, member

PATIENCE_US = Config().election_timeout_max_us
LEASE_US = 500_000
KEEP_NOTHING = Config(trailing_entries=0, snapshot_chunk_bytes=4)


def word(term: int = 1, *, round_: int = 0) -> AppendEntries:
    """A leader's word that says nothing of the log."""
    return AppendEntries(term=term, round=round_, prev=BEFORE_LOG, entries=(), leader_commit=0)


def question(term: int, last: EntryId = BEFORE_LOG) -> RequestVote:
    """A candidate asks for a vote."""
    return RequestVote(term=term, last=last)


def vote(term: int) -> RequestVoteResponse:
    """A vote that was granted."""
    return RequestVoteResponse(term=term, vote_granted=True)


def asks(host: Host) -> PreVote:
    """Its patience ends, and it asks whether it could win."""
    host.tick()
    return host.take_sent(PreVote)[0]


def answer(host: Host, sender: int, asked: PreVote, *, granted: bool = True) -> None:
    """Somebody says whether it could."""
    host.receive(sender, PreVoteResponse(term=asked.term, round=asked.round, vote_granted=granted))


def campaigns(host: Host, *supporters: int) -> Host:
    """Make a candidate of a host, with its own vote durable and its requests out."""
    asked = asks(host)
    for supporter in supporters or (2,):
        answer(host, supporter, asked)
    host.written()
    return host


def candidate(*, term: int = 0) -> Host:
    """The first of three, which campaigns for the term after that."""
    return campaigns(Make.host(term=term))


def candidate_of_five() -> Host:
    """The first of five, which campaigns for the first term."""
    return campaigns(Make.host(voters=(1, 2, 3, 4, 5)), 2, 3)


def led(*, lease_us: int = 0) -> Cluster:
    """Three of whom the first leads; its no-op is committed everywhere."""
    configuration = attrs.evolve(Make.configuration(1, 2, 3), lease_us=lease_us)
    cluster = Make.cluster(1, 2, 3, configuration=configuration)
    cluster.elect(1)
    cluster.beat(1)
    return cluster


def with_newcomers(*, blank: tuple[int, ...] = (4, 5)) -> Cluster:
    """The same, beside whom some blank ones wait to be added."""
    cluster = Make.cluster(blank=blank)
    cluster.elect(1)
    cluster.beat(1)
    return cluster


def joint(old: tuple[int, ...] = (1, 2, 3), new: tuple[int, ...] = (1, 4, 5)) -> Configuration:
    """Both the old configuration and the new one (§4.3)."""
    return attrs.evolve(Make.configuration(*new), outgoing=tuple(map(member, old)))


def behind() -> Cluster:
    """Three of whom the third lacks what the leader, which is the first, has compacted."""
    cluster = Make.cluster(config=KEEP_NOTHING)
    cluster.elect(1)
    cluster.cut_off = {3}
    cluster[1].propose(b"aaaa", b"bbbb")
    cluster.settle()
    cluster[1].request_snapshot()
    cluster.settle()
    cluster.cut_off = set()
    return cluster


def snapshot_of(cluster: Cluster) -> InstallSnapshot:
    """All of the leader's snapshot, in one chunk."""
    mark = cluster[1].snapshot
    content = cluster[1].disk.contents[mark.last_included]
    return InstallSnapshot(term=1, transfer=1, snapshot=mark, offset=0, data=content)


def alone() -> Host:
    """A cluster of one that has applied two commands, and keeps nothing behind a snapshot."""
    host = Make.leader(config=KEEP_NOTHING)
    host.propose(b"a", b"b")
    host.work_all()
    return host


def voters(host: Host) -> tuple[int, ...]:
    """Whose votes count, as a node has it."""
    return host.status.configuration.voters


def pass_patience(cluster: Cluster) -> None:
    """Nobody has heard of a leader for long."""
    for host in cluster.hosts.values():
        host.now += 2 * host.config.election_timeout_max_us
