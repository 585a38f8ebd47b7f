"""`docs/reference/leto-sim.md` has every subcommand with its options, in the words of `--help`."""

import re
from argparse import Action, ArgumentParser
from pathlib import Path

import pytest

from leto_sim.command_line import COMMANDS, command_named

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "leto-sim.md"
SECTION = re.compile(r"^## `leto-sim (\w+)`\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SECTIONS: dict[str, str] = dict(SECTION.findall(PAGE.read_text(encoding="utf-8")))


def parser_of(name: str) -> ArgumentParser:
    parser = ArgumentParser(name, add_help=False)
    command_named(name).add_flags(parser)
    return parser


def row(action: Action) -> str:
    value = action.metavar or "|".join(action.choices or ())
    assert action.nargs == 0 or value, f"{action.dest} has no metavar"
    option = " ".join(filter(None, (", ".join(action.option_strings), str(value))))
    shown = option.replace("|", "\\|")
    return f"| `{shown}` | {action.help} |"


def test_the_page_has_every_subcommand() -> None:
    assert list(COMMANDS) == list(SECTIONS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_subcommand_has_all_its_options_and_no_others(name: str) -> None:
    expected = [row(action) for action in parser_of(name)._actions]

    found = [line for line in SECTIONS[name].splitlines() if line.startswith("| `")]

    assert expected == found


@pytest.mark.parametrize("name", COMMANDS)
def test_a_subcommand_says_what_it_is_for(name: str) -> None:
    first = SECTIONS[name].strip().splitlines()[0].rstrip(".?")

    assert COMMANDS[name].rstrip("?").casefold() == first.casefold()
