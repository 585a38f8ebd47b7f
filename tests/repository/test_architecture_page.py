"""The architecture page names modules; a reader must find each where it says."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "architecture.md"
NAMED = sorted(set(re.findall(r"`(leto(?:_sim|_adapters)?(?:\.[a-z_]+)+)`", PAGE.read_text())))


def test_the_page_names_modules_of_every_package() -> None:
    packages = {name.split(".")[0] for name in NAMED}

    assert {"leto", "leto_sim", "leto_adapters"} == packages


@pytest.mark.parametrize("name", NAMED)
def test_named_module_exists(name: str) -> None:
    assert find_spec(name) is not None
