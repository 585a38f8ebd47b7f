"""What the tutorial quotes is what the examples say."""

import re
from pathlib import Path
from textwrap import indent

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial" / "embed-the-core.md"
BLOCK = re.compile(r"<!-- (?P<source>.*?) -->\n```python\n(?P<code>.*?)```", re.DOTALL)
QUOTES = [
    (match["source"], match["code"])
    for match in BLOCK.finditer(PAGE.read_text())
    if not match["source"].startswith("not ours")
]


def test_every_block_of_python_says_where_it_is_from() -> None:
    assert PAGE.read_text().count("```python") == len(BLOCK.findall(PAGE.read_text()))


@pytest.mark.parametrize("source,code", QUOTES)
def test_a_quotation_stands_in_its_file(source: str, code: str) -> None:
    text = (ROOT / source).read_text()

    assert any(indent(code, " " * depth) in text for depth in range(0, 20, 4))
