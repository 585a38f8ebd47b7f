"""What is written down of a run for whoever wants to look at it later.

Responsible for listening to a traced run, and for remembering: every moment that has a
line in the trace, how the nodes stood after it if that changed, the messages with the
moments of their departure and arrival, which links were cut, and which connections were
broken. A run that nobody records pays nothing for it.
"""

from collections.abc import Sequence
from typing import Protocol

import attrs

from leto_sim.result import TraceLine
from leto_sim.standing import Standing


@attrs.frozen
class Change:
    """A node stands otherwise since that moment."""

    moment: int  # the position in `Recording.moments`
    standing: Standing


@attrs.define(eq=False)
class Arrival:
    """A message, or a copy of it, has reached its target, who may not get to it at once."""

    reached_event: int  # the one at which it came, or the last before that
    taken_event: int | None = None  # the one at which it was taken in


@attrs.define(eq=False)
class Passage:
    """A message on its way."""

    source: str
    target: str
    text: str
    sent_event: int
    arrivals: list[Arrival] = attrs.Factory(list[Arrival])  # of copies, several


@attrs.frozen
class Cuts:
    """These links, by the names of their ends, let nothing through since that moment."""

    moment: int
    links: tuple[tuple[str, str], ...]


@attrs.frozen
class Reset:
    """Every connection between these two is broken at that moment."""

    moment: int
    ends: tuple[str, str]


class Recorded(Protocol):
    """A run, as far as recording it is concerned."""

    def standings(self) -> Sequence[Standing]:
        """How every machine stands now."""
        ...


class Recording:
    """A run's record, which grows while it runs."""

    def __init__(self, run: Recorded) -> None:
        self.moments: list[TraceLine] = []
        self.changes: list[Change] = []
        self.passages: list[Passage] = []
        self.cuts: list[Cuts] = []
        self.resets: list[Reset] = []
        self._run = run
        self._latest: dict[str, Standing] = {}

    def moment(self, line: TraceLine) -> None:
        """Something has happened."""
        position = len(self.moments)
        self.moments.append(line)
        for standing in self._run.standings():
            if self._latest.get(standing.name) != standing:
                self._latest[standing.name] = standing
                self.changes.append(Change(position, standing))

    def links_cut(self, links: Sequence[tuple[str, str]]) -> None:
        """From the next moment on exactly these links are cut."""
        position = len(self.moments)
        if self.cuts and self.cuts[-1].moment == position:
            self.cuts.pop()  # nobody has seen them
        self.cuts.append(Cuts(position, tuple(sorted(links))))

    def reset(self, one: str, other: str) -> None:
        """At the next moment every connection between these two breaks."""
        self.resets.append(Reset(len(self.moments), (one, other)))
