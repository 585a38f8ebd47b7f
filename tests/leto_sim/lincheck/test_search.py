"""The search for an order, on the string model: it knows no quicker way."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto_sim.lincheck.models import KeyCommand, KeyOperation, KeyReply, StringKey, Verb
from leto_sim.lincheck.search import IMPOSSIBLE, Verdict, check_history


def operation(
    verb: Verb,
    argument: bytes = b"",
    *,
    at: tuple[int, int | None],
    result: KeyReply = None,
    key: str = "k",
) -> KeyOperation:
    invoked, returned = at
    return KeyOperation(
        key=key,
        command=KeyCommand(verb, argument),
        invoked=invoked,
        returned=returned,
        result=result,
    )


def test_an_empty_history_is_linearizable() -> None:
    assert Verdict.LINEARIZABLE is check_history([], StringKey()).verdict


def test_overlapping_operations_may_take_effect_in_either_order() -> None:
    history = [
        operation(Verb.SET, b"1", at=(0, 10), result=b"OK"),
        operation(Verb.GET, at=(1, 2), result=None),
        operation(Verb.GET, at=(3, 4), result=b"1"),
    ]

    assert Verdict.LINEARIZABLE is check_history(history, StringKey()).verdict


def test_a_stale_read_is_illegal_and_named() -> None:
    history = [
        operation(Verb.SET, b"1", at=(0, 1), result=b"OK"),
        operation(Verb.GET, at=(2, 3), result=None),
        operation(Verb.GET, at=(2, 3), result=None, key="other"),
    ]

    finding = check_history(history, StringKey())

    assert (Verdict.ILLEGAL, "k") == (finding.verdict, finding.key)
    assert tuple(history[:2]) == finding.operations


def test_a_lost_increment_is_illegal() -> None:
    history = [
        operation(Verb.INCR, at=(0, 3), result=1),
        operation(Verb.INCR, at=(1, 4), result=1),
    ]

    assert Verdict.ILLEGAL is check_history(history, StringKey()).verdict


@pytest.mark.parametrize("seen", [b"ab", b"a"])
def test_an_unfinished_operation_may_have_happened_or_not(seen: bytes) -> None:
    history = [
        operation(Verb.APPEND, b"a", at=(0, 1), result=1),
        operation(Verb.APPEND, b"b", at=(2, None)),
        operation(Verb.GET, at=(3, 4), result=seen),
    ]

    assert Verdict.LINEARIZABLE is check_history(history, StringKey()).verdict


def test_an_unfinished_operation_does_not_happen_before_it_is_invoked() -> None:
    history = [
        operation(Verb.GET, at=(0, 1), result=b"a"),
        operation(Verb.SET, b"a", at=(2, None)),
    ]

    assert Verdict.ILLEGAL is check_history(history, StringKey()).verdict


def hopeless() -> list[KeyOperation]:
    """Nothing but the order of all appends, tried in full, shows that the read is impossible."""
    letters = (b"%c" % letter for letter in b"abcdefghijkl")
    appends = [operation(Verb.APPEND, letter, at=(0, None)) for letter in letters]
    return [*appends, operation(Verb.GET, at=(1, 2), result=b"never written")]


def test_a_spent_budget_is_unknown_and_never_good() -> None:
    finding = check_history(hopeless(), StringKey(), step_budget=2_000)

    assert (Verdict.UNKNOWN, "k") == (finding.verdict, finding.key)


def test_one_hopeless_key_does_not_hide_an_easy_violation() -> None:
    easy = operation(Verb.GET, at=(0, 1), result=b"never written", key="easy")

    finding = check_history([*hopeless(), easy], StringKey())

    assert (Verdict.ILLEGAL, "easy") == (finding.verdict, finding.key)


def by_trying_every_order(history: list[KeyOperation]) -> bool:
    """What linearizable means, word by word. Every operation must have returned."""
    model = StringKey()
    for order in permutations(history):
        ends = [-1]
        state = model.initial()
        for one in order:
            assert one.returned is not None
            ends.append(one.returned)
            after = model.step(state, one)
            if after is IMPOSSIBLE:
                break
            state = after
        else:
            respected = all(
                not (later.returned is not None and later.returned < earlier.invoked)
                for position, earlier in enumerate(order)
                for later in order[position + 1 :]
            )
            if respected:
                return True
    return False


@st.composite
def finished_histories(draw: st.DrawFn) -> list[KeyOperation]:
    history: list[KeyOperation] = []
    for _ in range(draw(st.integers(0, 5))):
        invoked = draw(st.integers(0, 6))
        returned = invoked + draw(st.integers(0, 4))
        verb, argument, result = draw(
            st.sampled_from(
                [
                    (Verb.SET, b"1", b"OK"),
                    (Verb.SET, b"2", b"OK"),
                    (Verb.GET, b"", None),
                    (Verb.GET, b"", b"1"),
                    (Verb.GET, b"", b"2"),
                    (Verb.INCR, b"", 2),
                    (Verb.DEL, b"", 1),
                    (Verb.DEL, b"", 0),
                ]
            )
        )
        history.append(operation(verb, argument, at=(invoked, returned), result=result))
    return history


@given(finished_histories())
def test_the_search_finds_an_order_exactly_if_there_is_one(history: list[KeyOperation]) -> None:
    verdict = check_history(history, StringKey()).verdict

    assert by_trying_every_order(history) == (verdict is Verdict.LINEARIZABLE)
