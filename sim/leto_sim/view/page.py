"""One HTML file that needs nothing else: the page, its style, its program, the run.

Responsible for putting them together.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from leto_sim.view.document import Json

_HERE: Final = files("leto_sim.view")


def render_page(document: Mapping[str, Json]) -> str:
    """The file's text."""
    data = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    parts = {
        "@@STYLE@@": _read("page.css"),
        "@@PROGRAM@@": _read("page.js"),
        # No text of a run may end the element that it stands in.
        "@@RUN@@": data.replace("<", "\\u003c"),
    }
    page = _read("page.html")
    for mark, part in parts.items():
        page = page.replace(mark, part)
    return page


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
