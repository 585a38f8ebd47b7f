"""The fate of each write that bears a token, against the log."""

import pytest

from leto.raft.entries import Command, Entry, Noop
from leto.raft.types import EntryId
from leto_sim.result import PropertyViolated
from leto_sim.server_level.promises import Fate, Promises


def entry(index: int, data: bytes) -> Entry:
    return Entry(EntryId(term=1, index=index), Command(data))


@pytest.fixture
def promises() -> Promises:
    promises = Promises()
    promises.asked(b"<a.1>")
    return promises


def test_acknowledged_write_that_was_applied_is_fine(promises: Promises) -> None:
    promises.applied([entry(1, b"SET k <a.1>---")])

    promises.told(b"<a.1>", Fate.ACKNOWLEDGED)

    promises.settle()


def test_acknowledgement_may_come_before_the_news_of_its_application(promises: Promises) -> None:
    promises.told(b"<a.1>", Fate.ACKNOWLEDGED)

    promises.applied([entry(1, b"<a.1>")])

    promises.settle()


def test_acknowledged_write_that_nobody_applies_is_a_violation(promises: Promises) -> None:
    promises.told(b"<a.1>", Fate.ACKNOWLEDGED)

    with pytest.raises(PropertyViolated, match="acknowledged writes survive"):
        promises.settle()


def test_refused_write_must_not_be_applied_later(promises: Promises) -> None:
    promises.told(b"<a.1>", Fate.REFUSED)

    with pytest.raises(PropertyViolated, match="refused writes are never applied"):
        promises.applied([entry(1, b"<a.1>")])


def test_applied_write_must_not_be_refused_later(promises: Promises) -> None:
    promises.applied([entry(1, b"<a.1>")])

    with pytest.raises(PropertyViolated, match="refused writes are never applied"):
        promises.told(b"<a.1>", Fate.REFUSED)


def test_write_is_applied_once(promises: Promises) -> None:
    promises.applied([entry(1, b"<a.1>")])

    with pytest.raises(PropertyViolated, match="only what was asked for is applied, once"):
        promises.applied([entry(2, b"<a.1>")])


def test_same_entry_on_another_node_is_no_second_application(promises: Promises) -> None:
    entries = [entry(1, b"<a.1>"), Entry(EntryId(term=1, index=2), Noop())]

    promises.applied(entries)
    promises.applied(entries)

    promises.settle()


def test_write_that_nobody_asked_for_is_a_violation(promises: Promises) -> None:
    with pytest.raises(PropertyViolated, match="nobody asked for"):
        promises.applied([entry(1, b"<b.1>")])


def test_unknown_write_may_be_applied_or_not(promises: Promises) -> None:
    promises.asked(b"<a.2>")
    promises.told(b"<a.1>", Fate.UNKNOWN)
    promises.told(b"<a.2>", Fate.UNKNOWN)

    promises.applied([entry(1, b"<a.1>")])

    promises.settle()
    assert promises.may_be_applied(b"<a.1>---")
    assert not promises.may_be_applied(b"<a.2>---")
    assert promises.may_be_applied(b"no token")


def test_token_is_used_once(promises: Promises) -> None:
    with pytest.raises(AssertionError, match="used twice"):
        promises.asked(b"<a.1>")


def test_what_is_given_up_with_a_quorum_is_owed_to_nobody(promises: Promises) -> None:
    promises.asked(b"<a.2>")
    promises.applied([entry(1, b"SET k <a.1>"), entry(2, b"SET k <a.2>")])
    promises.told(b"<a.1>", Fate.ACKNOWLEDGED)

    cut = promises.forced(1)
    promises.told(b"<a.2>", Fate.ACKNOWLEDGED)

    assert frozenset({b"<a.1>", b"<a.2>"}) == cut.applied
    assert frozenset({b"<a.2>"}) == cut.void
    assert promises.place_of(b"<a.2>") is None
    promises.settle()


def test_what_the_survivor_holds_is_still_owed(promises: Promises) -> None:
    promises.told(b"<a.1>", Fate.ACKNOWLEDGED)

    promises.forced(1)

    with pytest.raises(PropertyViolated, match="acknowledged writes survive"):
        promises.settle()


def test_what_is_void_does_not_come_back(promises: Promises) -> None:
    promises.applied([entry(1, b"SET k <a.1>")])
    promises.forced(0)

    with pytest.raises(PropertyViolated, match="only what was asked for is applied, once"):
        promises.applied([entry(1, b"SET k <a.1>")])


def test_what_was_void_must_not_be_refused_afterwards(promises: Promises) -> None:
    promises.applied([entry(1, b"SET k <a.1>")])
    promises.forced(0)

    with pytest.raises(PropertyViolated, match="refused writes are never applied"):
        promises.told(b"<a.1>", Fate.REFUSED)


def test_what_was_answered_before_the_first_void_entry_is_known(promises: Promises) -> None:
    places = iter((3, 7, 9))
    promises.place = lambda: next(places)
    promises.applied([entry(1, b"SET k <a.1>"), entry(2, b"SET k")])

    cut = promises.forced(1)

    assert (7, 9) == (cut.known_until, cut.at)
