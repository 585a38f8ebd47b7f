"""Each script tells what a cluster does, and the cluster still does it.

`pytest tests/scripts --update` rewrites the scripts; read the difference before it is committed.
"""

from pathlib import Path

import pytest

from tests.support.script import run

SCRIPTS = sorted(Path(__file__).parent.glob("*.script"))


@pytest.mark.parametrize("path", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_the_cluster_does_what_the_script_tells(path: Path, pytestconfig: pytest.Config) -> None:
    script = path.read_text(encoding="utf-8")

    happened = run(script)

    if pytestconfig.getoption("--update"):
        path.write_text(happened, encoding="utf-8")
    else:
        assert script == happened
