"""How a node stands at a moment, as whoever draws it wants to know it.

Responsible for the value and for reading it off a node's status, log and disk.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import TypeAlias

import attrs

from leto.raft.actions import RoleName
from leto.raft.entries import Entry
from leto.raft.status import Status
from leto.raft.traces import NameOf
from leto.raft.types import Index, Term
from leto_sim.platter import LogImage, Platter

Runs: TypeAlias = tuple[tuple[Term, int], ...]
"""Terms of successive entries, and how many of each."""


@attrs.frozen(kw_only=True)
class Standing:
    """A machine and its node. What is not known of a node that is down is 0 or empty."""

    name: str
    is_up: bool = False
    is_paused: bool = False
    role: RoleName | None = None  # None: it is down, or has not begun to take part
    term: Term = 0
    voted_for: str = ""
    commit_index: Index = 0
    last_applied: Index = 0
    log_after: Index = 0  # the log begins behind this index
    log: Runs = ()
    on_disk_after: Index = 0
    on_disk: Runs = ()  # what a power cut would leave


def standing_of(
    name: str,
    platter: Platter,
    status: Status | None,
    memory: LogImage | None,
    name_of: NameOf,
    *,
    is_up: bool,
    is_paused: bool = False,
) -> Standing:
    """How that machine stands. `status` and `memory` are those of a node that takes part."""
    disk = platter.log
    standing = Standing(
        name=name,
        is_up=is_up,
        is_paused=is_paused,
        on_disk_after=disk.before_log.index,
        on_disk=_runs(disk.entries),
    )
    if status is None or memory is None:
        return standing
    return attrs.evolve(
        standing,
        role=status.role,
        term=status.current_term,
        voted_for="" if status.voted_for is None else name_of(status.voted_for),
        commit_index=status.commit_index,
        last_applied=status.last_applied,
        log_after=memory.before_log.index,
        log=_runs(memory.entries),
    )


def _runs(entries: Sequence[Entry]) -> Runs:
    terms = groupby(entry.id.term for entry in entries)
    return tuple((term, sum(1 for _ in group)) for term, group in terms)
