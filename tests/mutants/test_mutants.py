"""The planted bugs that die soon; `leto-sim mutants` hunts all of them.

Nothing is hunted here for longer than a few seeds: enough to notice that the world or a
checker has lost its teeth.
"""

from pathlib import Path

import pytest

from leto_sim.mutants.hunting import hunt_bug
from leto_sim.mutants.planted import PlantedBug, read_collection

COLLECTION = read_collection(Path(__file__).parent)
SOON = {  # a second or two each, of every sort
    "append_acknowledged_before_durable",
    "applied_before_durable",
    "change_while_one_is_pending",
    "commit_index_falls",
    "consistency_check_left_out",
    "follower_reads_by_itself",
    "forced_while_a_leader_is_heard",
    "head_forgets_the_vote",
    "leader_counts_itself_before_durable",
    "log_kept_under_an_installed_snapshot",
    "log_not_synced",
    "match_index_falls",
    "pre_vote_begins_a_term",
    "replies_out_of_order",
    "snapshot_acknowledged_before_durable",
    "snapshot_renamed_without_directory_sync",
    "step_down_forgets_the_vote",
    "time_passes_on_the_leader_only",
    "truncates_without_contradiction",
    "vote_not_persisted",
    "wrong_median_of_even_numbers",
}
SEEDS_MAX = 100


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "bug", [bug for bug in COLLECTION.bugs if bug.name in SOON], ids=lambda bug: bug.name
)
def test_planted_bug_is_killed_by_a_property_it_was_planted_for(bug: PlantedBug) -> None:
    outcome = hunt_bug(COLLECTION, bug, seeds=SEEDS_MAX)

    assert outcome.is_expected, outcome


def test_the_bugs_hunted_here_exist() -> None:
    assert set() == SOON - {bug.name for bug in COLLECTION.bugs}
