"""What is left of clients' histories where an operator has given a quorum up."""

from leto_sim.lincheck.model import Operation
from leto_sim.lincheck.strings import KeyCommand, KeyOperation, KeyReply, Verb
from leto_sim.server_level.chapters import Cut, chapters

KEPT, VOID = b"<a.1>", b"<a.2>"
CUT = Cut(at=10, known_until=6, applied=frozenset({KEPT, VOID}), void=frozenset({VOID}))


def operation(
    verb: Verb, invoked: int, returned: int | None, argument: bytes = b"", result: KeyReply = None
) -> KeyOperation:
    command = KeyCommand(verb, argument)
    return Operation(key=b"k", command=command, invoked=invoked, returned=returned, result=result)


def judged(*operations: KeyOperation) -> list[list[KeyOperation]]:
    return [list(chapter) for chapter in chapters(operations, [CUT])]


def test_without_a_cut_there_is_one_history() -> None:
    one = operation(Verb.INCR, 1, 2, result=1)

    assert [[one]] == [list(chapter) for chapter in chapters([one], [])]


def test_what_was_answered_before_anything_void_was_applied_stays() -> None:
    read, count = operation(Verb.GET, 1, 2), operation(Verb.INCR, 3, 6, result=1)

    assert [[read, count]] * 2 == judged(read, count)


def test_a_write_on_the_survivors_disk_stays_and_a_void_one_goes() -> None:
    kept, void = operation(Verb.SET, 5, 8, KEPT, b"OK"), operation(Verb.SET, 6, 9, VOID, b"OK")

    assert [[kept, void], [kept]] == judged(kept, void)


def test_a_read_that_may_have_seen_what_is_void_is_judged_before_the_cut_only() -> None:
    read = operation(Verb.GET, 5, 8, result=VOID)

    assert [[read], []] == judged(read)


def test_a_count_that_may_be_void_may_have_happened() -> None:
    count = operation(Verb.INCR, 5, 8, result=3)

    assert [[count], [operation(Verb.INCR, 5, None)]] == judged(count)


def test_what_was_answered_after_the_cut_was_open_until_then() -> None:
    late = operation(Verb.SET, 5, 12, KEPT, b"OK")

    assert [[operation(Verb.SET, 5, None, KEPT)], [late]] == judged(late)


def test_a_late_answer_to_a_read_counts_for_nothing() -> None:
    assert [[], []] == judged(operation(Verb.GET, 5, 12, result=VOID))


def test_a_write_that_nobody_had_applied_by_the_cut_had_not_happened() -> None:
    late = operation(Verb.SET, 5, 12, b"<a.3>", b"OK")

    assert [[], [late]] == judged(late)


def test_what_is_asked_after_the_cut_is_judged_after_it() -> None:
    after = operation(Verb.GET, 11, 12)

    assert [[], [after]] == judged(after)
