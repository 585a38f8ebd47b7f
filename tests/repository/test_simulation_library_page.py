"""The page about the simulation library names all of it, and nothing else."""

import re
from pathlib import Path

import pytest

import leto_sim

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "simulation-library.md").read_text()
ENTRIES = [line for line in PAGE.splitlines() if line.startswith("- ")]
NAMED = {name for entry in ENTRIES for name in re.findall(r"`([A-Za-z_]\w*)", entry)}


@pytest.mark.parametrize("name", leto_sim.__all__)
def test_a_public_name_is_on_the_page(name: str) -> None:
    assert name in NAMED


def test_the_page_tells_of_no_class_that_is_not_there() -> None:
    classes = {entry.split("`")[1].split("(")[0] for entry in ENTRIES if entry.startswith("- `")}

    assert {name for name in classes if "." not in name} <= set(leto_sim.__all__)
