"""The table of contents: every name that it promises is there."""

import subprocess
import sys

import pytest

import leto_sim


@pytest.mark.parametrize("name", leto_sim.__all__)
def test_a_public_name_is_found(name: str) -> None:
    public = getattr(leto_sim, name)

    assert name == getattr(public, "__name__", name)
    assert leto_sim._HOMES[name] == getattr(public, "__module__", leto_sim._HOMES[name])


def test_the_table_is_complete_and_in_order() -> None:
    assert sorted(leto_sim._HOMES) == leto_sim.__all__ == list(leto_sim._HOMES)


def test_no_other_name_is_found() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        getattr(leto_sim, "nonsense")  # noqa: B009 - the type checkers know that it is not there


def test_the_table_itself_loads_nothing() -> None:
    script = "import leto_sim, sys; print([name for name in sys.modules if 'leto' in name])"

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert "['leto_sim']\n" == done.stdout
