"""What clients did, for the eyes."""

import attrs

from leto_sim.operations import Asked, as_asked
from leto_sim.workloads import Query, RegisterWorkload, Seen


def test_what_is_neither_answered_nor_given_up_is_still_open() -> None:
    asked = Asked(client="c1", text="read 1", place=3, invoked_us=30)

    assert (None, None, None) == (asked.returned_us, asked.given_up_us, asked.result)


def test_a_line_of_a_history_is_told_in_the_workloads_words() -> None:
    read = Query(answer=repr, key=1)
    answered = Seen(request=read, number=1, invoked=3, returned=9, result=7, client="c1")
    open_still = attrs.evolve(answered, returned=None, result=None)

    told = [as_asked(seen, RegisterWorkload()) for seen in (answered, open_still)]

    assert [("read 1", "7", 9), ("read 1", None, None)] == [
        (asked.text, asked.result, asked.returned_us) for asked in told
    ]
    assert ["c1"] * 2 == [asked.client for asked in told]
