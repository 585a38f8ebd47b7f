"""What a run of the simulator ends with, whichever level it simulated.

Responsible for the values that a run hands to whoever started it. It knows
neither how they come about (`leto_sim.course`) nor how they are shown
(`leto_sim.screen`).
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import attrs

from leto.raft.types import Micros


@attrs.frozen(kw_only=True)
class Evidence:
    """The part of what clients saw that shows a violation."""

    lines: tuple[str, ...] = ()  # for the eyes
    # Each one's client, when it was invoked as the history counts, and what was asked.
    operations: tuple[tuple[str, int, str], ...] = ()


class PropertyViolated(Exception):
    """A checker found that a property does not hold. Ends the run, never the program.

    `evidence` finds what shows it, which may take long; it is asked in traced runs only.
    """

    def __init__(
        self,
        property_name: str,
        explanation: str,
        *,
        node: str | None = None,
        evidence: Callable[[], Evidence] = Evidence,
    ) -> None:
        super().__init__(f"{property_name}: {explanation}")
        self.property_name = property_name
        self.explanation = explanation
        self.node = node
        self.evidence = evidence


@attrs.frozen(kw_only=True)
class Violation:
    """Which property was violated, and where."""

    property_name: str
    explanation: str
    event: int  # the number of the event that revealed it; counts from 1
    time_us: Micros
    node: str | None = None  # the member's name, if it is one node's doing
    evidence: Evidence = Evidence()

    @classmethod
    def found(
        cls,
        fault: PropertyViolated,
        *,
        event: int,
        time_us: Micros,
        evidence: Evidence = Evidence(),
    ) -> "Violation":
        """The violation that a checker raised, when, and what shows it."""
        return cls(
            property_name=fault.property_name,
            explanation=fault.explanation,
            event=event,
            time_us=time_us,
            node=fault.node,
            evidence=evidence,
        )


@attrs.frozen(kw_only=True)
class TraceLine:
    """One event for the eyes: what happened, and how the nodes stood after it."""

    event: int
    time_us: Micros
    lanes: tuple[tuple[str, str], ...]  # each node's name and state, such as ("id1", "L3")
    text: str
    steps: tuple[str, ...] = ()  # of the protocol, done at this event, and why


@attrs.frozen(kw_only=True)
class RunResult:
    """What happened in a run. `last_events` is empty unless the run was traced."""

    seed: int
    level: str
    events: int
    virtual_time_us: Micros
    elections: int  # leaders that were elected
    commits: int  # entries that were committed
    digest: str  # over every event in canonical form: equal digests, equal runs
    violation: Violation | None = None
    last_events: tuple[TraceLine, ...] = ()
    # How often which rare situation occurred (`leto_sim.sometimes`).
    sometimes: Mapping[str, int] = attrs.field(factory=dict[str, int])

    def raise_if_violated(self) -> None:
        """Makes a violation an error, for whoever wants one.

        Raises:
            SimulationFailed: a property was violated.
        """
        if self.violation is not None:
            raise SimulationFailed(self)

    def as_json(self) -> "JsonObject":
        """The run's outcome as JSON-ready values: the stable part of the result."""
        found = self.violation
        return {
            "seed": self.seed,
            "level": self.level,
            "events": self.events,
            "virtual_time_us": self.virtual_time_us,
            "elections": self.elections,
            "commits": self.commits,
            "digest": self.digest,
            "violation": None
            if found is None
            else {
                "property": found.property_name,
                "explanation": found.explanation,
                "event": found.event,
                "time_us": found.time_us,
                "node": found.node,
            },
        }


class SimulationFailed(AssertionError):
    """A run violated a property; `result` says all about it."""

    def __init__(self, result: RunResult) -> None:
        violation = result.violation
        assert violation is not None, "a run that failed violated something"
        super().__init__(
            f"{violation.property_name}: {violation.explanation}"
            f" (seed {result.seed}, event {violation.event})"
        )
        self.result = result
        self.violation = violation


JsonObject: TypeAlias = dict[str, "str | int | float | JsonObject | None"]
"""As much of JSON as results need."""
