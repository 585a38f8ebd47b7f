"""`leto-sim drift` prints what was measured."""

import json
from collections.abc import Iterable

import pytest

from leto_sim import command_line
from leto_sim.commands import drift
from leto_sim.node_level.drift import Measured


@pytest.fixture
def breaks_at(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """From which drift on leases break."""
    limit = {"drift": 0.12}

    def measure(drifts: Iterable[float], seeds: range) -> list[Measured]:
        runs = len(seeds)
        return [
            Measured(drift=each, runs=runs, broken=runs if each >= limit["drift"] else 0)
            for each in drifts
        ]

    monkeypatch.setattr(drift, "measure", measure)
    return limit


@pytest.mark.usefixtures("breaks_at")
def test_a_table_shows_where_leases_break(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == command_line.main(["drift", "--seeds", "2"])

    lines = capsys.readouterr().out.splitlines()
    assert "             11%      2               0" in lines
    assert "             12%      2               2" in lines


def test_a_lease_that_breaks_within_its_tolerance_is_wrong(
    breaks_at: dict[str, float], capsys: pytest.CaptureFixture[str]
) -> None:
    breaks_at["drift"] = 0.1

    exit_code = command_line.main(["drift", "--json"])

    assert 1 == exit_code
    measured = json.loads(capsys.readouterr().out)["measured"]
    assert {"drift": 0.1, "runs": 4, "broken": 4} in measured
