"""The search for an order, on the string model: it knows no quicker way."""

import pytest
from hypothesis import HealthCheck, given, settings

from leto_sim.lincheck import search
from leto_sim.lincheck.model import Verdict
from leto_sim.lincheck.register import Register, RegisterOperation
from leto_sim.lincheck.search import Search, check_history
from leto_sim.lincheck.strings import KeyCommand, KeyOperation, KeyReply, SetOption, StringKey, Verb
from tests.support.histories import key_histories, register_histories
from tests.support.orders import has_order


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


def test_two_that_set_and_got_nothing_cannot_both_be_first() -> None:
    command = KeyCommand(Verb.SET, b"2", frozenset({SetOption.GET}))
    both = [
        KeyOperation(key="k", command=command, invoked=0, returned=0, result=None) for _ in range(2)
    ]

    assert Verdict.ILLEGAL is check_history(both, StringKey()).verdict


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


@given(key_histories())
def test_the_search_finds_an_order_exactly_if_there_is_one(history: list[KeyOperation]) -> None:
    verdict = check_history(history, StringKey()).verdict

    assert has_order(history, StringKey()) == (verdict is Verdict.LINEARIZABLE)


@given(history=key_histories())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_inferred_before_the_search_does_not_change_the_verdict(
    monkeypatch: pytest.MonkeyPatch, history: list[KeyOperation]
) -> None:
    monkeypatch.setattr(search, "STEPS_PER_TURN", 1)  # so that it is inferred at once

    verdict = check_history(history, StringKey()).verdict

    assert has_order(history, StringKey()) == (verdict is Verdict.LINEARIZABLE)


@given(history=register_histories())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("steps_per_turn", [1, 1000])
def test_registers_are_judged_as_by_trying_every_order(
    monkeypatch: pytest.MonkeyPatch, steps_per_turn: int, history: list[RegisterOperation]
) -> None:
    monkeypatch.setattr(search, "STEPS_PER_TURN", steps_per_turn)

    verdict = check_history(history, Register()).verdict

    assert has_order(history, Register()) == (verdict is Verdict.LINEARIZABLE)


def test_the_longest_order_is_remembered() -> None:
    write = operation(Verb.SET, b"1", at=(0, 1), result=b"OK")
    stale = operation(Verb.GET, at=(2, 3), result=None)
    attempt = Search(StringKey(), [write, stale])

    verdict = attempt.run(1_000)

    assert Verdict.ILLEGAL is verdict
    assert [write] == attempt.longest_order


def test_an_order_that_was_found_is_one() -> None:
    first = operation(Verb.SET, b"1", at=(0, 9), result=b"OK")
    second = operation(Verb.APPEND, b"2", at=(1, 5), result=1)
    seen = operation(Verb.GET, at=(6, 9), result=b"1")
    attempt = Search(StringKey(), [first, second, seen])

    verdict = attempt.run(1_000)

    assert Verdict.LINEARIZABLE is verdict
    assert [second, first, seen] == attempt.longest_order
