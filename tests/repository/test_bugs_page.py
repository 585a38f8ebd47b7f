"""What the page of bugs says is kept somewhere is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "bugs-found.md"
KEPT = sorted(set(re.findall(r"`(tests/[\w/.]+)`", PAGE.read_text())))


@pytest.mark.parametrize("path", KEPT)
def test_what_keeps_a_bug_exists(path: str) -> None:
    assert (ROOT / path).is_file()
