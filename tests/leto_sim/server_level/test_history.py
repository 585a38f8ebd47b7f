"""What clients saw, in one order."""

import pytest

from leto_sim.lincheck.strings import KeyCommand, Verb
from leto_sim.server_level.errands import KeyErrand
from leto_sim.server_level.history import History
from leto_sim.server_level.promises import Promises

KEY = b"k0"


class Desk:
    """A history and promises for some errands."""

    def __init__(self) -> None:
        self.history = History()
        self.promises = Promises()

    def errand(self, verb: Verb, argument: bytes = b"", token: bytes | None = None) -> KeyErrand:
        command = KeyCommand(verb, argument)
        return KeyErrand(KEY, command, self.history, self.promises, token)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_what_is_open_at_the_end_may_have_happened(desk: Desk) -> None:
    desk.errand(Verb.INCR)

    desk.history.close()

    (operation,) = desk.history.operations
    assert (Verb.INCR, None) == (operation.command.verb, operation.returned)


def test_unknown_write_that_nobody_applied_is_not_judged(desk: Desk) -> None:
    desk.errand(Verb.SET, b"<a.1>", b"<a.1>").lost()
    desk.errand(Verb.INCR).lost()

    judged = desk.history.judged(desk.promises)

    assert [Verb.INCR] == [operation.command.verb for operation in judged]


def test_the_history_knows_who_gave_up_and_who_still_waited(desk: Desk) -> None:
    desk.errand(Verb.GET).lost()
    desk.errand(Verb.GET)

    desk.history.close()

    assert 2 == len(desk.history.operations)
    assert [1] == list(desk.history.given_up_us)
