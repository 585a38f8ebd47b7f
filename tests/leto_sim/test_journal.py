"""The record of a run."""

import pytest

from leto_sim.journal import TRACE_LINES, Halted, Journal
from leto_sim.result import TraceLine


def journal_of(*events: bytes) -> Journal:
    journal = Journal()
    for number, event in enumerate(events):
        journal.note(number, b"id1", (event,))
    return journal


def test_events_are_counted() -> None:
    assert 3 == journal_of(b"a", b"b", b"c").events


def test_equal_runs_have_equal_digests_however_often_one_looks() -> None:
    looked_at = journal_of(b"a")
    assert looked_at.digest == looked_at.digest
    looked_at.note(1, b"id1", (b"b",))

    assert journal_of(b"a", b"b").digest == looked_at.digest


def test_another_event_order_time_or_place_is_another_digest() -> None:
    elsewhere = Journal()
    elsewhere.note(0, b"id2", (b"a",))
    later = Journal()
    later.note(1, b"id1", (b"a",))
    journals = [journal_of(b"a", b"b"), journal_of(b"b", b"a"), journal_of(b"a"), elsewhere, later]

    assert 5 == len({journal.digest for journal in journals})


def test_a_long_run_is_digested_in_batches() -> None:
    events = [b"%d" % number for number in range(1_000)]

    assert journal_of(*events).digest == journal_of(*events).digest
    assert journal_of(*events).digest != journal_of(*events[:-1]).digest


def test_a_digest_is_the_same_everywhere() -> None:
    """Recorded once: neither the process nor the Python may change it."""
    journal = Journal()
    for number in range(300):
        journal.note(number, b"id1", (b"append", 2**63 + number, -1, (number, b"x")))

    assert "f2f0925307aa872491a6c1df59089fd6" == journal.digest


def test_lines_are_made_only_when_traced() -> None:
    journal = Journal()

    journal.trace(0, lambda: 1 // 0, lambda: 1 // 0)  # type: ignore[arg-type, return-value]

    assert () == journal.last_events


def test_a_traced_run_keeps_its_last_lines() -> None:
    journal = Journal(traced=True)
    for number in range(TRACE_LINES + 5):
        journal.note(number, b"id1", (b"x",))
        journal.trace(number, lambda: (("id1", "f1"),), lambda: "happened")

    lines = journal.last_events

    assert TRACE_LINES == len(lines)
    assert (
        TraceLine(
            event=TRACE_LINES + 5,
            time_us=TRACE_LINES + 4,
            lanes=(("id1", "f1"),),
            text="happened",
        )
        == lines[-1]
    )


def test_a_traced_run_halts_at_the_event_that_its_user_wants_to_see() -> None:
    journal = Journal(traced=True)
    journal.halt_at = 2
    journal.note(1, b"id1", (b"one",))
    journal.trace(1, lambda: (), lambda: "one")
    journal.note(2, b"id1", (b"two",))

    with pytest.raises(Halted):
        journal.trace(2, lambda: (), lambda: "two")

    assert ["one", "two"] == [line.text for line in journal.last_events]
