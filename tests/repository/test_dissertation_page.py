"""`docs/explanation/dissertation.md` lists what the dissertation demands, as `tests/paper` tells it.

A demand is told once, in the docstring of the test that shows it: where it stands, a colon, what is
demanded. The page's tables are made of those; `--update` makes them anew. The rest of the page is
written by hand: what Leto does otherwise, and what demands nothing.
"""

import ast
import re
from itertools import groupby
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).parents[2]
EXPLANATION = ROOT / "docs" / "explanation"
PAGE = EXPLANATION / "dissertation.md"
PLACE = r"§\d+(?:\.\d+)*|figure \d+\.\d+"
DOCSTRING = re.compile(rf"((?:{PLACE})(?:, (?:{PLACE}))*): (.+)")


@attrs.frozen
class Demand:
    """What a test shows."""

    places: tuple[str, ...]  # in the dissertation, the first one that of its file
    text: str
    path: Path
    test: str


def sections_of(path: Path) -> tuple[int, ...]:
    """The section that a file's name bears, as numbers."""
    return tuple(map(int, re.findall(r"\d+", path.stem)))


PAPER_TESTS = sorted(
    (ROOT / "tests" / "paper").glob("test_[0-9]*.py"),
    key=lambda path: (sections_of(path), path.name),
)


def demands_of(path: Path) -> list[Demand]:
    """What each test of a file shows."""
    functions = [
        node
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    demands: list[Demand] = []
    for function in functions:
        docstring = " ".join((ast.get_docstring(function) or "").split())
        told = DOCSTRING.fullmatch(docstring)
        assert told is not None, f"{path.name}: {function.name} says no section and demand"
        places, text = told.groups()
        demands.append(Demand(tuple(places.split(", ")), text, path, function.name))
    return demands


DEMANDS = [demand for path in PAPER_TESTS for demand in demands_of(path)]


def table_of(place: str) -> list[str]:
    """A row for each demand of a place, with the tests that show it."""
    there = [demand for demand in DEMANDS if place in demand.places]
    rows = [
        f"| {text} | {', '.join(map(link_to, demands))} |"
        for text, demands in groupby(there, key=lambda demand: demand.text)
    ]
    return ["| Demand | Shown by |", "|---|---|", *rows, ""] if rows else []


def link_to(demand: Demand) -> str:
    """The test by its name, linked to its file."""
    return f"[`{demand.test}`](../../{demand.path.relative_to(ROOT)})"


def place_of(heading: str) -> str:
    """What a heading of the page is about."""
    found = re.match(PLACE, heading, re.IGNORECASE)
    assert found is not None, f"no section and no figure: {heading}"
    return found[0].lower()


def renewed(page: str) -> str:
    """The page with its tables as they must be."""
    intro, *parts = re.split(r"^### ", page, flags=re.MULTILINE)
    written: list[str] = [intro]
    for part in parts:
        heading, _, *rest = part.split("\n")
        by_hand = [line for line in rest if not line.startswith("|")]
        text = "\n".join(by_hand).lstrip("\n")
        written.append("\n".join([f"### {heading}", "", *table_of(place_of(heading)), text]))
    return "".join(written)


def anchor_of(heading: str) -> str:
    """Where a link finds a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_the_tables_are_what_the_tests_say(pytestconfig: pytest.Config) -> None:
    if pytestconfig.getoption("--update"):
        PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

    page = PAGE.read_text(encoding="utf-8")

    assert renewed(page) == page


def test_every_place_that_is_cited_has_a_heading() -> None:
    headings = re.findall(r"^### (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    cited = {place for demand in DEMANDS for place in demand.places}

    assert set() == cited - {place_of(heading) for heading in headings}


@pytest.mark.parametrize("path", PAPER_TESTS, ids=lambda path: path.stem)
def test_a_file_shows_what_the_section_in_its_name_demands(path: Path) -> None:
    section = "§" + ".".join(map(str, sections_of(path)))

    cited = [demand.places for demand in demands_of(path)]

    assert [] == [places for places in cited if not any(p.startswith(section) for p in places)]


def test_equal_demands_stand_together() -> None:
    texts = [text for text, _ in groupby(DEMANDS, key=lambda demand: demand.text)]

    assert len(texts) == len(set(texts))


def test_every_departure_that_is_linked_is_there() -> None:
    page = PAGE.read_text(encoding="utf-8")
    departures = (EXPLANATION / "departures.md").read_text(encoding="utf-8")
    anchors = {anchor_of(heading) for heading in re.findall(r"^## (.*)$", departures, re.MULTILINE)}

    linked = set(re.findall(r"\(departures\.md#([\w-]+)\)", page))

    assert set() == linked - anchors


def test_every_other_test_that_is_named_is_there() -> None:
    named: list[tuple[str, str]] = re.findall(
        r"`(tests/[\w/]+\.py)::(\w+)`", PAGE.read_text(encoding="utf-8")
    )

    for path, test in named:
        assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{test}"
