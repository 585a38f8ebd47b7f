"""What a campaign remembers and reports."""

import json
from pathlib import Path

import attrs
import pytest

from leto_sim.campaign import Campaign, Found, SeedOutcome, Tally
from leto_sim.campaign_files import WrongStateFile, load_state, report, save_state

CAMPAIGN = Campaign(level="node", first_seed=1, last_seed=10)
FOUND = Found(
    property_name="log matching",
    explanation="it differs",
    level="node",
    seed=2,
    nodes=3,
    events_max=10_000,
)


def tally_of(*seeds: int) -> Tally:
    tally = Tally(seconds=2.0)
    for seed in seeds:
        tally.add(
            SeedOutcome(
                seed=seed,
                events=100,
                virtual_time_us=500_000,
                elections=1,
                commits=10,
                sometimes={"log truncated": 2},
                found=FOUND if seed == FOUND.seed else None,
            )
        )
    return tally


@pytest.mark.parametrize("seeds", [(), (1,), (1, 2, 3, 7, 9, 10)])
def test_what_is_saved_is_found_again(seeds: tuple[int, ...], tmp_path: Path) -> None:
    file, tally = tmp_path / "state.json", tally_of(*seeds)

    save_state(file, CAMPAIGN, tally)

    assert tally == load_state(file, CAMPAIGN)
    assert [file] == list(tmp_path.iterdir())


def test_a_thousand_seeds_in_a_row_are_two_numbers(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    tally = Tally(done=set(range(1, 1_001)))

    save_state(file, CAMPAIGN, tally)

    assert [[1, 1_000]] == json.loads(file.read_text())["done"]


def test_without_a_file_nothing_is_done_yet(tmp_path: Path) -> None:
    assert Tally() == load_state(tmp_path / "state.json", CAMPAIGN)


@pytest.mark.parametrize("content", ["", "3", '{"format": 1}'])
def test_what_is_no_state_is_refused(content: str, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text(content)

    with pytest.raises(WrongStateFile, match="is not the state of a campaign"):
        load_state(file, CAMPAIGN)


def test_the_state_of_another_campaign_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    save_state(file, attrs.evolve(CAMPAIGN, level="server"), Tally())

    with pytest.raises(WrongStateFile, match="is the state of another campaign"):
        load_state(file, CAMPAIGN)


def test_a_report_says_what_was_found() -> None:
    told = report(CAMPAIGN, tally_of(1, 2, 3), jobs=2)

    assert (3, 7, 300, 150, 1.5) == (
        told["seeds"],
        told["remaining_seeds"],
        told["events"],
        told["events_per_s"],
        told["virtual_seconds"],
    )
    assert {"log truncated": 6} == told["sometimes"]
    assert [
        {
            "property": "log matching",
            "explanation": "it differs",
            "level": "node",
            "seed": 2,
            "nodes": 3,
            "replay": "leto-sim replay 2 --level node --nodes 3 --events 10000",
            "shrink": "leto-sim shrink 2 --level node --nodes 3 --events 10000",
        }
    ] == told["violations"]


def test_a_report_of_nothing_divides_by_nothing() -> None:
    told = report(CAMPAIGN, Tally(), jobs=2)

    assert (0, 0, []) == (told["events_per_s"], told["seeds_per_s"], told["violations"])
