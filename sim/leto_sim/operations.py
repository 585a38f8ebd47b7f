"""What clients asked for and were told, for the eyes.

Responsible for the value, and for making it of a workload's history. What is judged are histories (`leto_sim.lincheck`); here
stands also what nobody had answered when the run ended, and when a client gave up.
"""

import attrs

from leto.raft.types import Micros
from leto_sim.workloads import Seen, Workload


@attrs.frozen(kw_only=True)
class Asked:
    """One operation of a client."""

    client: str
    text: str
    place: int  # when it was invoked, as the history counts
    invoked_us: Micros
    returned_us: Micros | None = None  # answered then
    given_up_us: Micros | None = None  # the outcome is not known since then; else still open
    result: str | None = None  # what the client was told, if it was answered


def as_asked(seen: Seen, workload: Workload) -> Asked:
    """One line of a history, in the workload's words."""
    text, result = workload.describe(seen)
    return Asked(
        client=seen.client,
        text=text,
        place=seen.invoked,
        invoked_us=seen.invoked,
        returned_us=seen.returned,
        given_up_us=seen.given_up,
        result=None if seen.returned is None else result,
    )
