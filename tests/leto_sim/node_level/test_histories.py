"""What clients saw, where the cluster's history was cut short by an operator."""

import attrs

from leto.raft.types import EntryId
from leto_sim.checkers.forcings import Forcing
from leto_sim.node_level.histories import histories
from leto_sim.registers import Registers
from leto_sim.workloads import Propose, Query, Seen
from tests.support.observed import voters

FORCED = attrs.evolve(voters(1, 2), is_forced=True)
FORCING = Forcing(at_us=100, entry=EntryId(5, 8), configuration=FORCED, agreed=7)
QUERY = Query.of(Registers, lambda registers: registers.read(1), key=1)
KEPT = Seen(request=Propose(b""), number=1, invoked=1, returned=10, index=7, result=b"a")
VOID = Seen(request=Propose(b""), number=2, invoked=2, returned=20, index=8, result=b"b")
VOID_READ = Seen(request=QUERY, number=3, invoked=21, returned=30, index=8, result=2)
LATER = Seen(request=Propose(b""), number=4, invoked=90, returned=110, index=9, result=b"c")
NEVER = Seen(request=Propose(b""), number=5, invoked=95, returned=None, given_up=99)
AFTERWARDS = Seen(request=QUERY, number=6, invoked=120, returned=130, index=9, result=4)
ALL = (KEPT, VOID, VOID_READ, LATER, NEVER, AFTERWARDS)


def unanswered(seen: Seen) -> Seen:
    return attrs.evolve(seen, returned=None, given_up=100, result=None, index=None)


def test_without_a_forcing_there_is_one_history() -> None:
    assert [ALL] == list(histories(ALL, ()))


def test_before_the_forcing_all_that_was_answered_holds() -> None:
    before, _ = histories(ALL, (FORCING,))

    unanswered_never = attrs.evolve(unanswered(NEVER), given_up=99)
    assert [KEPT, VOID, VOID_READ, unanswered(LATER), unanswered_never] == before


def test_after_it_what_is_void_may_be_done_again_and_was_never_read() -> None:
    _, after = histories(ALL, (FORCING,))

    assert [KEPT, unanswered(VOID), LATER, NEVER, AFTERWARDS] == after


def test_a_second_forcing_begins_with_what_the_first_one_left() -> None:
    again = Forcing(at_us=200, entry=EntryId(9, 9), configuration=FORCED, agreed=8)

    _, between, after = histories(ALL, (FORCING, again))

    given_up_then = attrs.evolve(unanswered(LATER), given_up=200)
    assert [KEPT, unanswered(VOID), LATER, NEVER, AFTERWARDS] == between
    assert [KEPT, unanswered(VOID), given_up_then, NEVER] == after
