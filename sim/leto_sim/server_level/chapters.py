"""What clients saw, where the cluster's history was cut short by an operator.

Responsible for telling apart what is judged together. Before a quorum is given up there is
one history; after it there is another, which begins with as much of the first one as the
survivor had. Each has an order of its own, from the very beginning.

What was answered before anything void was applied stays as it was; so does every write that
bears a token and is not void itself. Of a void write nothing stays; of a read that may have
seen one, nothing either; and a count without a token may have been void, or not.
"""

from collections.abc import Iterator, Sequence
from re import compile as pattern
from typing import Final

import attrs

from leto_sim.lincheck.strings import KeyOperation, Verb

_TOKEN: Final = pattern(rb"<[a-z0-9.]+>")


@attrs.frozen(kw_only=True)
class Cut:
    """A quorum is given up. Places are those of the clients' history."""

    at: int
    known_until: int  # what was answered by then rests on nothing that is void
    applied: frozenset[bytes]  # tokens, by then
    void: frozenset[bytes]  # tokens among them


def chapters(
    operations: Sequence[KeyOperation], cuts: Sequence[Cut]
) -> Iterator[Sequence[KeyOperation]]:
    """What was seen up to each cut, and at last all that has not been void since."""
    for cut in cuts:
        yield [seen for one in operations if (seen := _as_of(cut, one)) is not None]
        operations = [left for one in operations if (left := _left(cut, one)) is not None]
    yield operations


def _as_of(cut: Cut, operation: KeyOperation) -> KeyOperation | None:
    """As it stood at that moment: what was not answered by then never was."""
    if operation.invoked > cut.at:
        return None
    if operation.returned is not None and operation.returned <= cut.at:
        return operation
    token = token_of(operation)
    if token is not None and token not in cut.applied:
        return None
    return _without_answer(operation)


def _left(cut: Cut, operation: KeyOperation) -> KeyOperation | None:
    """What remains of it in the history after the cut."""
    if operation.invoked > cut.at:
        return operation
    if operation.returned is not None and operation.returned <= cut.known_until:
        return operation
    token = token_of(operation)
    if token is not None:
        return None if token in cut.void else operation
    return _without_answer(operation)


def _without_answer(operation: KeyOperation) -> KeyOperation | None:
    if operation.command.verb is Verb.GET:
        return None
    return attrs.evolve(operation, returned=None, result=None)


def token_of(operation: KeyOperation) -> bytes | None:
    """What tells this write from all others, if anything does."""
    found = _TOKEN.match(operation.command.argument)
    return None if found is None else found.group()
