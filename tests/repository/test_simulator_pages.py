"""The reference pages of the simulator name every fault and every check that there is."""

import re
from pathlib import Path
from typing import get_args

from leto_sim.node_level.faults import Fault
from leto_sim.server_level.faults import ServerFault

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "reference"
SOURCE = ROOT / "sim" / "leto_sim"
CONSTANT = re.compile(r'^([A-Z_]+)(?:: Final)? = "([^"]+)"', re.MULTILINE)
RAISED = re.compile(r"(?:PropertyViolated|_violation)\(\s*([A-Z_]+)\b")


def first_cells(page: str) -> set[str]:
    rows = re.findall(r"^\| (.+?) \|", (PAGES / page).read_text(), re.MULTILINE)
    return {row.strip("`") for row in rows} - {"---", "Fault", "Property"}


def test_every_fault_is_on_its_page() -> None:
    faults = {fault.__name__ for fault in (*get_args(Fault), *get_args(ServerFault))}

    assert faults == first_cells("faults.md")


def test_every_check_is_on_its_page() -> None:
    texts = [file.read_text() for file in SOURCE.rglob("*.py")]
    constants = [dict(CONSTANT.findall(text)) for text in texts]
    everywhere = {name: value for found in constants for name, value in found.items()}

    properties = {
        own.get(name, everywhere.get(name))
        for text, own in zip(texts, constants, strict=True)
        for name in RAISED.findall(text)
    }

    assert first_cells("checks.md") == properties


def test_every_check_is_in_a_module_that_exists() -> None:
    rows = re.findall(r"^\| .+ \| (`[^|]+) \|$", (PAGES / "checks.md").read_text(), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([\w.]+)`", row)}

    modules = {
        ".".join(file.relative_to(SOURCE).with_suffix("").parts) for file in SOURCE.rglob("*.py")
    }

    assert len(named) > 30
    assert set() == named - modules
