"""What the tutorial quotes is what the examples say."""

import re
import subprocess
import sys
from pathlib import Path
from textwrap import indent

import pytest

from examples.peers import free_address

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial" / "embed-the-core.md"
BLOCK = re.compile(r"<!-- (?P<source>.*?) -->\n```python\n(?P<code>.*?)```", re.DOTALL)
QUOTES = [
    (match["source"], match["code"])
    for match in BLOCK.finditer(PAGE.read_text())
    if match["source"].startswith("examples/")
]
PROGRAM = re.compile(r"<!-- count.py.*?-->\n```python\n(.*?)```\n\n```console\n(.*?)```", re.DOTALL)


def test_every_block_of_python_says_where_it_is_from() -> None:
    assert PAGE.read_text().count("```python") == len(BLOCK.findall(PAGE.read_text()))


@pytest.mark.parametrize("source,code", QUOTES)
def test_a_quotation_stands_in_its_file(source: str, code: str) -> None:
    text = (ROOT / source).read_text()

    assert any(indent(code, " " * depth) in text for depth in range(0, 20, 4))


def test_the_program_in_a_folder_of_ones_own_does_as_the_page_says(tmp_path: Path) -> None:
    (found,) = PROGRAM.finditer(PAGE.read_text())
    code, session = found.groups()
    host, _, port = free_address().rpartition(":")
    (tmp_path / "counter.py").write_text((ROOT / "examples" / "counter.py").read_text())
    (tmp_path / "count.py").write_text(code.replace("127.0.0.1:7001", f"{host}:{port}"))

    said: list[str] = []
    for line in session.splitlines():
        if line.startswith("$ "):
            command = [sys.executable, *line.split()[2:]]
            run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
            said += [line, *run.stdout.splitlines()]

    assert session.splitlines() == said
