"""One HTML file that needs nothing else: the page, its style, its program, the run.

Responsible for putting them together. The parts of the program share one scope, and
come in this order, since each stands on those before it.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from leto_sim.view.document import Json

PROGRAM: Final = (
    "run",
    "colours",
    "state",
    "stage",
    "arrows",
    "clients",
    "overview",
    "moment",
    "list",
    "moving",
    "beginning",
)
_HERE: Final = files("leto_sim.view")


def render_page(document: Mapping[str, Json]) -> str:
    """The file's text."""
    data = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    parts = {
        "@@STYLE@@": _read("page.css"),
        "@@PROGRAM@@": "\n".join(_read("program", f"{part}.js") for part in PROGRAM),
        # No text of a run may end the element that it stands in.
        "@@RUN@@": data.replace("<", "\\u003c"),
    }
    page = _read("page.html")
    for mark, part in parts.items():
        page = page.replace(mark, part)
    return page


def _read(*path: str) -> str:
    return _HERE.joinpath(*path).read_text(encoding="utf-8")
