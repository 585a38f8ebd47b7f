"""The reference pages name what there is, and nothing else."""

import re
from pathlib import Path

from leto.kv.commands import COMMANDS
from leto.resp import Simple
from leto.server.console.administration import parse
from leto.server.settings import ReadMode
from leto_adapters.command_line import FLAGS

ESCAPED_BAR = "\\|"
REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def test_the_page_of_commands_has_a_row_for_each() -> None:
    rows = (REFERENCE / "commands.md").read_text().splitlines()

    for command in COMMANDS:
        row = f"| `{command.name.upper()}` | {command.summary.replace('|', ESCAPED_BAR)} |"
        assert [row] == [found[: len(row)] for found in rows if found.startswith(row)]


def test_the_page_of_commands_has_every_subcommand_of_raft() -> None:
    page = (REFERENCE / "commands.md").read_text()
    told = parse((b"RAFT", b"HELP"))
    assert isinstance(told, tuple)
    lines = [line.text for line in told if isinstance(line, Simple)]

    helped = {line.split()[0] for line in lines[1:] if not line.startswith(" ")}

    assert helped == set(re.findall(r"`RAFT (\w+)", page))


def test_the_page_of_the_command_line_has_every_flag_and_its_default() -> None:
    page = (REFERENCE / "command-line.md").read_text()

    for flag in FLAGS:
        default = f"`{flag.default}`" if flag.default else ""
        assert f"| `-{flag.name}` | {default} |".replace("|  |", "| |") in page
    assert all(f"`{mode.value}`" in page for mode in ReadMode)
