"""`docs/explanation/comparison.md` names modules and tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "comparison.md").read_text(encoding="utf-8")
SYSTEMS = 12
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.count("|") == SYSTEMS + 3
][2:]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_mark_for_leto_names_modules_and_tests_that_exist(row: list[str]) -> None:
    cell = row[-1]
    paths = re.findall(r"`([\w/]+\.(?:py|script))`", cell)

    if cell == "–":
        assert [] == paths
    else:
        assert any(not path.startswith("tests/") for path in paths), "no module"
        assert any(path.startswith("tests/") for path in paths), "no test"
        assert [] == [path for path in paths if not (ROOT / path).is_file()]


def test_every_other_system_has_a_plain_mark_for_every_feature() -> None:
    marks = {mark for row in ROWS for mark in row[1:-1]}

    assert {"Y", "p", "–", "?", "n/a", "append", "apply"} == marks
    assert len(ROWS) >= 47
