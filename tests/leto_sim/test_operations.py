"""What clients did, for the eyes."""

from leto_sim.operations import Asked


def test_what_is_neither_answered_nor_given_up_is_still_open() -> None:
    asked = Asked(client="c1", text="read 1", place=3, invoked_us=30)

    assert (None, None, None) == (asked.returned_us, asked.given_up_us, asked.result)
