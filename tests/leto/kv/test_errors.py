from leto.kv import errors
from leto.resp import ErrorReply


def test_an_unknown_command_shows_the_beginning_of_its_arguments() -> None:
    assert ErrorReply(
        "ERR unknown command 'foo', with args beginning with: 'a' 'b' "
    ) == errors.unknown_command((b"foo", b"a", b"b"))


def test_an_unknown_command_shows_no_more_than_redis_does() -> None:
    error = errors.unknown_command((b"n" * 200, b"a" * 100, b"b" * 100, b"c"))

    shown = f"'{'a' * 100}' '{'b' * 25}' "
    assert (
        ErrorReply(f"ERR unknown command '{'n' * 128}', with args beginning with: {shown}") == error
    )


def test_what_a_client_sent_is_shown_up_to_a_nul_on_one_line() -> None:
    error = errors.unknown_command((b"a\r\nb\0c",))

    assert ErrorReply("ERR unknown command 'a  b', with args beginning with: ") == error


def test_an_unknown_subcommand_points_to_the_help() -> None:
    assert ErrorReply(
        "ERR unknown subcommand 'foo'. Try CLIENT HELP."
    ) == errors.unknown_subcommand("client", b"foo")


def test_errors_name_the_command_or_option() -> None:
    assert ErrorReply("ERR wrong number of arguments for 'get' command") == errors.wrong_arity(
        "get"
    )
    assert ErrorReply("ERR invalid expire time in 'set' command") == errors.invalid_expire_time(
        "set"
    )
    assert ErrorReply("ERR Unsupported option XY") == errors.unsupported_option(b"XY")


def test_errors_of_sessions_say_whether_something_was_done() -> None:
    told = (errors.no_session(7), errors.reply_forgotten(3), errors.too_many_unanswered(7))

    codes = [error.message.split()[0] for error in told]

    assert ["NOSESSION", "FORGOTTEN", "BUSY"] == codes
    assert all("not performed now" in error.message for error in told[:2])
    assert "not applied" in told[2].message
    assert errors.not_for_sessions("get").message.startswith("ERR 'get'")
