"""The last judgement of what clients saw: is there an order that explains it?

Responsible for turning a history without an order into a violation, and for the small
part of it that people are shown. That part is looked for only if somebody wants to see it:
it takes far longer than the judgement.
"""

from collections.abc import Sequence
from typing import Final

from leto_sim.lincheck.model import CommandT, Model, Operation, ResultT, Verdict
from leto_sim.lincheck.search import check_history
from leto_sim.lincheck.timeline import Wording, describe_operation, timeline
from leto_sim.lincheck.witness import find_witness
from leto_sim.result import Evidence, PropertyViolated

LINEARIZABILITY: Final = "linearizability"
EXACTLY_ONCE: Final = "a command of a session is performed exactly once"  # each level looks itself
_ROWS_MAX: Final = 9  # with the rest, one screen


def check_order(
    operations: Sequence[Operation[CommandT, ResultT]],
    model: Model[CommandT, ResultT],
    wording: Wording[CommandT, ResultT],
) -> None:
    """Raises `PropertyViolated` unless the operations are linearizable, or nobody can tell."""
    finding = check_history(operations, model)
    if finding.verdict is Verdict.ILLEGAL:
        on_key = finding.operations
        raise PropertyViolated(
            LINEARIZABILITY,
            f"the {len(on_key)} operations on key {finding.key!r} have no order",
            evidence=lambda: _evidence(on_key, model, wording),
        )


def _evidence(
    on_key: Sequence[Operation[CommandT, ResultT]],
    model: Model[CommandT, ResultT],
    wording: Wording[CommandT, ResultT],
) -> Evidence:
    witness = find_witness(on_key, model)
    count = len(witness.operations)
    return Evidence(
        lines=(
            f"{count} of them show it; in front, the longest order that there is:",
            *timeline(witness, wording, rows_max=_ROWS_MAX),
        ),
        operations=tuple(
            (one.client, one.invoked, describe_operation(one, wording)[0])
            for one in witness.operations
        ),
    )
