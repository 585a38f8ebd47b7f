import pytest

from leto.kv import errors
from leto.kv.commands import COMMANDS, Command, Kind, command_for, find_command
from leto.resp import Request


@pytest.mark.parametrize("name", [b"get", b"GET", b"Get", b"gEt"])
def test_a_command_is_found_in_any_case(name: bytes) -> None:
    command = find_command(name)

    assert command is not None
    assert "get" == command.name


@pytest.mark.parametrize("name", [b"", b"nosuch", b"GET ", b"\xff"])
def test_what_is_not_in_the_table_is_not_found(name: bytes) -> None:
    assert find_command(name) is None


def test_names_are_unique_and_lower_case() -> None:
    names = [command.name for command in COMMANDS]

    assert len(names) == len(set(names))
    assert names == [name.lower() for name in names]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_row_is_consistent(command: Command) -> None:
    is_on_keys = command.is_executed and command.name != "session"

    assert is_on_keys == (command.function is not None)
    assert (command.kind is Kind.WRITE) == ("write" in command.flags)
    assert (command.kind is Kind.READ) == ("readonly" in command.flags)
    assert command.summary.endswith(".")


@pytest.mark.parametrize(
    "request_, right",
    [
        ((b"GET", b"k"), True),
        ((b"GET",), False),
        ((b"GET", b"k", b"k"), False),
        ((b"SET", b"k"), False),
        ((b"SET", b"k", b"v"), True),
        ((b"SET", b"k", b"v", b"NX"), True),
        ((b"ping",), True),
    ],
)
def test_a_request_has_the_right_number_of_arguments(request_: Request, right: bool) -> None:  # noqa: FBT001
    name = request_[0].decode().lower()

    found = command_for(request_)

    assert (find_command(request_[0]) if right else errors.wrong_arity(name)) == found


def test_a_request_for_what_does_not_exist_is_told_so() -> None:
    assert errors.unknown_command((b"foo", b"a")) == command_for((b"foo", b"a"))


@pytest.mark.parametrize(
    "request_, keys",
    [
        ((b"GET", b"a"), (b"a",)),
        ((b"SET", b"a", b"v", b"NX"), (b"a",)),
        ((b"DEL", b"a", b"b", b"c"), (b"a", b"b", b"c")),
        ((b"MSET", b"a", b"1", b"b", b"2"), (b"a", b"b")),
        ((b"KEYS", b"*"), ()),
        ((b"PING", b"a"), ()),
    ],
)
def test_a_command_knows_its_keys(request_: Request, keys: Request) -> None:
    command = find_command(request_[0])

    assert command is not None
    assert keys == command.keys_of(request_)
