"""The vocabulary of consensus."""

from leto.raft.types import BEFORE_LOG, EntryId


def test_the_later_term_is_more_up_to_date_then_the_longer_log() -> None:
    """§3.6.1."""
    shuffled = [EntryId(2, 1), EntryId(1, 9), BEFORE_LOG, EntryId(2, 3), EntryId(1, 2)]

    assert [BEFORE_LOG, EntryId(1, 2), EntryId(1, 9), EntryId(2, 1), EntryId(2, 3)] == sorted(
        shuffled
    )


def test_an_entry_is_neither_before_nor_behind_itself() -> None:
    one, same, other = EntryId(2, 1), EntryId(2, 1), EntryId(2, 2)

    assert (True, True, False, False) == (one <= same, one >= same, one < same, one > same)
    assert (True, False, True, False) == (one <= other, one >= other, one < other, one > other)


def test_an_entry_reads_as_index_at_term() -> None:
    assert "7@3" == str(EntryId(term=3, index=7))
