"""What clients asked for and were told, for the eyes.

Responsible for the value alone. What is judged are histories (`leto_sim.lincheck`); here
stands also what nobody had answered when the run ended, and when a client gave up.
"""

import attrs

from leto.raft.types import Micros


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
