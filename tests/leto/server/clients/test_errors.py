"""What clients are told when something was not done, or may not have been."""

from leto.resp import ErrorReply
from leto.server.clients import errors


def test_not_leader_names_the_leaders_address() -> None:
    assert ErrorReply("not leader 10.0.0.1:5379") == errors.not_leader("10.0.0.1:5379")


def test_without_an_address_there_is_no_leader_to_name() -> None:
    assert errors.NO_LEADER == errors.not_leader(None)


def test_each_text_says_whether_it_was_applied() -> None:
    certain = [errors.NO_LEADER, errors.NOT_PROPOSED, errors.STOPPING, errors.TOO_MUCH]

    assert all("not applied" in error.message for error in certain)
    assert errors.UNKNOWN.message.startswith("UNKNOWN ")


def test_what_fits_no_frame_is_told_its_size() -> None:
    assert "100" in errors.too_large(100, 10).message
