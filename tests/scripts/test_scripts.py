"""Each script tells what a cluster does, and the cluster still does it.

`pytest tests/scripts --update` rewrites the scripts; read the difference before it is committed.
"""

import re
from pathlib import Path

import pytest

from tests.support.script import run

README = Path(__file__).parent / "README.md"
SCRIPTS = sorted(Path(__file__).parent.glob("*.script"))


@pytest.mark.parametrize("path", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_the_cluster_does_what_the_script_tells(path: Path, pytestconfig: pytest.Config) -> None:
    script = path.read_text(encoding="utf-8")

    happened = run(script)

    if pytestconfig.getoption("--update"):
        path.write_text(happened, encoding="utf-8")
    else:
        assert script == happened


def test_every_script_that_the_readme_names_for_others_scenarios_exists() -> None:
    tables = README.read_text(encoding="utf-8").partition("## What etcd's")[2]
    here = [row.split("|")[2] for row in tables.splitlines() if row.startswith("| `")]

    named = {name for cell in here for name in re.findall(r"`(\w+)`", cell)}

    assert set() == named - {script.stem for script in SCRIPTS}
    assert 24 + 28 == len(here)  # some rows are of two scenarios
