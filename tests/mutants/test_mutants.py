"""The planted bugs that die soon; `leto-sim mutants` hunts all of them.

Nothing is hunted here for longer than a few seeds: enough to notice that the world or a
checker has lost its teeth.
"""

from pathlib import Path

import pytest

from leto_sim.mutants.hunting import hunt_bug
from leto_sim.mutants.planted import PlantedBug, read_collection

COLLECTION = read_collection(Path(__file__).parent)
SOON = {  # of each checker the bug that it kills soonest
    "vote_not_persisted",
}
SEEDS_MAX = 100


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "bug", [bug for bug in COLLECTION.bugs if bug.name in SOON], ids=lambda bug: bug.name
)
def test_planted_bug_is_killed_by_a_property_it_was_planted_for(bug: PlantedBug) -> None:
    outcome = hunt_bug(COLLECTION, bug, seeds=SEEDS_MAX)

    assert outcome.is_expected, outcome


def test_ids_are_unique() -> None:
    ids = [bug.description.id for bug in COLLECTION.bugs]

    assert len(ids) == len(set(ids))
