"""`docs/explanation/invariants.md` lists every numbered invariant, and names what exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "invariants.md").read_text(encoding="utf-8")


def numbered_invariants() -> set[str]:
    """`module.number` of each that a docstring of `leto.raft` promises."""
    found: set[str] = set()
    for path in (ROOT / "leto" / "raft").glob("*.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        _, _, invariants = docstring.partition("Invariants:\n")
        found |= {f"{path.stem}.{n}" for n in re.findall(r"^ +(\d+)\. ", invariants, re.MULTILINE)}
    return found


def test_every_numbered_invariant_is_listed() -> None:
    listed = set(re.findall(r"^\| (\w+\.\d+) \|", PAGE, re.MULTILINE))

    assert numbered_invariants() == listed


def test_every_planted_bug_is_listed_and_exists() -> None:
    planted = {path.stem for path in (ROOT / "tests" / "mutants").rglob("*.toml")}
    last_cells = re.findall(r"\| ([^|]*) \|$", PAGE, re.MULTILINE)

    listed = {name for cell in last_cells for name in re.findall(r"`(\w+)`", cell)}

    # Not every planted bug is of a numbered invariant of the core.
    assert set() == listed - planted


def test_every_assertion_named_is_a_function() -> None:
    rows = "\n".join(line for line in PAGE.splitlines() if line.startswith("| "))
    for module, name in re.findall(r"`(\w+)\.(?:\w+\.)?(\w+)`", rows):
        path = ROOT / "leto" / "raft" / f"{module}.py"
        assert path.exists(), module
        assert f"def {name}(" in path.read_text(encoding="utf-8"), f"{module}.{name}"


def test_no_cell_is_empty() -> None:
    """Whoever knows of no assertion, checker or planted bug says why there is none."""
    rows = [line for line in PAGE.splitlines() if re.match(r"\| [\w ]+(\.\d+)? \|", line)]

    unsaid = [row for row in rows if any(not cell.strip() for cell in row[1:-1].split("|"))]

    assert [] == unsaid
