"""The log in memory, held against a plain list."""

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.raft.entries import Command, Entry
from leto.raft.log import Log
from leto.raft.types import BEFORE_LOG, EntryId

if TYPE_CHECKING:
    from tests.leto.raft.conftest import Make

ids = st.builds(EntryId, st.integers(-1, 6), st.integers(-2, 30))


def entry(index: int, term: int, size: int = 0) -> Entry:
    return Entry(EntryId(term, index), Command(bytes(size)))


@st.composite
def before_and_entries(draw: st.DrawFn) -> tuple[EntryId, list[Entry]]:
    """An entry before the log, and what follows it: terms never fall."""
    before = EntryId(draw(st.integers(0, 2)), draw(st.integers(0, 5)))
    terms = sorted(draw(st.lists(st.integers(before.term, 5), max_size=12)))
    sizes = draw(st.lists(st.integers(0, 50), min_size=len(terms), max_size=len(terms)))
    return before, [
        entry(index, term, size)
        for index, (term, size) in enumerate(zip(terms, sizes, strict=True), before.index + 1)
    ]


def log_of(before: EntryId, entries: list[Entry]) -> Log:
    log = Log(before)
    log.append(entries)
    return log


def weight(entries: list[Entry]) -> int:
    return sum(entry.size_bytes for entry in entries)


def assert_is(log: Log, before: EntryId, entries: list[Entry]) -> None:
    """The log is this list behind that entry."""
    assert before == log.before_log
    assert before.index + 1 == log.first_index
    assert (entries[-1].id if entries else before) == log.last
    assert weight(entries) == log.size_bytes
    for index in range(-1, log.last.index + 3):
        here = [e.id.term for e in entries if e.id.index == index]
        expected = before.term if index == before.index else next(iter(here), None)
        assert expected == log.term_at(index)
    if entries:
        everything = log.entries_from(log.first_index, until=log.last.index, bytes_max=10**9)
        assert tuple(entries) == everything


@given(before_and_entries(), st.data())
def test_the_log_is_a_list_however_it_is_cut_and_extended(
    start: tuple[EntryId, list[Entry]], data: st.DataObject
) -> None:
    before, model = start
    log = log_of(before, model)

    for step in data.draw(st.lists(st.sampled_from(["cut", "extend", "compact", "reset"]))):
        match step:
            case "cut":
                index = data.draw(st.integers(before.index + 1, log.last.index + 1))
                log.truncate_from(index)
                model = [e for e in model if e.id.index < index]
            case "extend":
                more = [entry(log.last.index + 1, log.last.term + data.draw(st.integers(0, 1)), 3)]
                log.append(more)
                model = [*model, *more]
            case "compact":
                before = data.draw(st.sampled_from([before, *(e.id for e in model)]))
                log.compact_to(before)
                model = [e for e in model if e.id.index > before.index]
            case _:
                before = EntryId(log.last.term + 1, log.last.index + 2)
                log.reset_to(before)
                model = []

        assert_is(log, before, model)


@given(before_and_entries(), ids)
def test_a_log_holds_what_is_in_it_and_the_entry_before(
    start: tuple[EntryId, list[Entry]], wanted: EntryId
) -> None:
    before, model = start

    holds = log_of(before, model).holds(wanted)

    assert (wanted in [before, *(e.id for e in model)]) == holds


@given(before_and_entries(), ids)
def test_the_last_entry_not_after_another_is_found(
    start: tuple[EntryId, list[Entry]], wanted: EntryId
) -> None:
    before, model = start
    fitting = [e.id for e in model if e.id.index <= wanted.index and e.id.term <= wanted.term]

    found = log_of(before, model).last_not_after(wanted)

    assert ([before, *fitting][-1]) == found


@given(before_and_entries(), st.integers(0, 500), st.data())
def test_a_piece_is_as_long_as_its_bytes_allow_but_one_entry_at_least(
    start: tuple[EntryId, list[Entry]], bytes_max: int, data: st.DataObject
) -> None:
    before, model = start
    log = log_of(before, model)
    first = data.draw(st.integers(before.index + 1, log.last.index + 1))
    until = data.draw(st.integers(before.index, log.last.index + 3))
    wanted = [e for e in model if first <= e.id.index <= until]
    expected = next(
        (wanted[:n] for n in range(len(wanted), 1, -1) if weight(wanted[:n]) <= bytes_max),
        wanted[:1],
    )

    piece = log.entries_from(first, until=until, bytes_max=bytes_max)

    assert tuple(expected) == piece


@given(before_and_entries(), st.data())
def test_a_run_of_entries_is_weighed(
    start: tuple[EntryId, list[Entry]], data: st.DataObject
) -> None:
    before, model = start
    log = log_of(before, model)
    first = data.draw(st.integers(before.index + 1, log.last.index + 1))
    until = data.draw(st.integers(first - 1, log.last.index))

    assert weight([e for e in model if first <= e.id.index <= until]) == log.size_of(
        first, until=until
    )


@given(before_and_entries(), st.integers(0, 15), st.integers(0, 800), st.data())
def test_trailing_entries_are_bounded_in_number_and_weight(
    start: tuple[EntryId, list[Entry]], entries_max: int, bytes_max: int, data: st.DataObject
) -> None:
    before, model = start
    log = log_of(before, model)
    end = data.draw(st.sampled_from([before, *(e.id for e in model)]))
    behind = [e for e in model if e.id.index <= end.index]
    kept = next(
        tail
        for n in range(min(entries_max, len(behind)), -1, -1)
        if weight(tail := behind[len(behind) - n :]) <= bytes_max
    )

    start_id = log.trailing_start(end, entries_max=entries_max, bytes_max=bytes_max)

    assert end.index - len(kept) == start_id.index
    assert log.holds(start_id)


def test_the_order_of_entries_is_that_of_how_up_to_date_they_are() -> None:
    """§3.6.1."""
    assert EntryId(1, 9) < EntryId(2, 1) < EntryId(2, 2)


def test_what_is_not_there_has_no_id(make: "type[Make]") -> None:
    log = log_of(BEFORE_LOG, list(make.entries(1, 1)))

    assert EntryId(1, 2) == log.id_at(2)
    with pytest.raises(AssertionError, match=r"no entry at 3: 0@0\.\.2@1"):
        log.id_at(3)


def test_a_log_has_no_gaps_and_its_terms_never_fall(make: "type[Make]") -> None:
    log = log_of(BEFORE_LOG, list(make.entries(2)))

    with pytest.raises(AssertionError, match="gap: 3@2 after 1@2"):
        log.append([make.entry(3, 2)])
    with pytest.raises(AssertionError, match="term fell: 2@1 after 1@2"):
        log.append([make.entry(2, 1)])


def test_what_is_compacted_is_neither_read_nor_cut(make: "type[Make]") -> None:
    log = log_of(BEFORE_LOG, list(make.entries(1, 1)))
    log.compact_to(EntryId(1, 1))

    for touch in (
        lambda: log.truncate_from(1),
        lambda: log.entries_from(1, until=2, bytes_max=1),
        lambda: log.compact_to(BEFORE_LOG),
    ):
        with pytest.raises(AssertionError):
            touch()
