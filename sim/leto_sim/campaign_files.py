"""What a campaign remembers, and what it reports, as JSON.

Responsible for the state file, with which an interrupted campaign is taken up again,
and for the report.
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import Final

import attrs
from cattrs.errors import BaseValidationError
from cattrs.preconf.json import JsonConverter, make_converter

from leto_sim.campaign import Campaign, Found, Tally

STATE_FORMAT: Final = 1


class WrongStateFile(ValueError):
    """The file is no campaign's state, or another campaign's."""


@attrs.frozen(kw_only=True)
class _State:
    format: int
    campaign: Campaign
    done: list[tuple[int, int]]  # ranges of seeds, both ends included
    tally: Tally


def load_state(path: Path, campaign: Campaign) -> Tally:
    """What an earlier part of this campaign has found; an empty tally if there is no file.

    Raises:
        WrongStateFile: the file belongs to something else.
    """
    if not path.exists():
        return Tally()
    try:
        state = _converter().structure(json.loads(path.read_text(encoding="utf-8")), _State)
    except (ValueError, AttributeError, BaseValidationError) as error:
        raise WrongStateFile(f"{path} is not the state of a campaign") from error
    if (state.format, state.campaign) != (STATE_FORMAT, campaign):
        raise WrongStateFile(f"{path} is the state of another campaign: {state.campaign}")
    for first, last in state.done:
        state.tally.done.update(range(first, last + 1))
    return state.tally


def save_state(path: Path, campaign: Campaign, tally: Tally) -> None:
    """Writes the state aside, then in place of the old one."""
    state = _State(
        format=STATE_FORMAT,
        campaign=campaign,
        done=_ranges(tally.done),
        tally=attrs.evolve(tally, done=set()),
    )
    aside = path.with_name(path.name + ".new")
    aside.write_text(json.dumps(_converter().unstructure(state), indent=1), encoding="utf-8")
    aside.replace(path)


def report(campaign: Campaign, tally: Tally, *, jobs: int) -> dict[str, object]:
    """What a campaign has found, JSON-ready."""
    seeds = len(tally.done)
    return {
        "level": campaign.level,
        "first_seed": campaign.first_seed,
        "last_seed": campaign.last_seed,
        "seeds": seeds,
        "remaining_seeds": campaign.last_seed - campaign.first_seed + 1 - seeds,
        "nodes": campaign.nodes,
        "events_max": campaign.events_max,
        "jobs": jobs,
        "seconds": round(tally.seconds, 3),
        "events": tally.events,
        "events_per_s": round(tally.events / tally.seconds) if tally.seconds else 0,
        "seeds_per_s": round(seeds / tally.seconds, 3) if tally.seconds else 0,
        "virtual_seconds": round(tally.virtual_time_us / 1e6, 3),
        "elections": tally.elections,
        "commits": tally.commits,
        "violations": [_violation(found) for found in tally.violations],
        "sometimes": tally.sometimes,
        "never": tally.never(campaign.level),
    }


def _violation(found: Found) -> dict[str, object]:
    return {
        "property": found.property_name,
        "explanation": found.explanation,
        "level": found.level,
        "seed": found.seed,
        "nodes": found.nodes,
        "replay": found.replay,
        "shrink": found.shrink,
        **({"traceback": found.traceback} if found.traceback else {}),
    }


def _ranges(seeds: set[int]) -> list[tuple[int, int]]:
    if not seeds:
        return []
    ordered = sorted(seeds)
    gaps = [(one, other) for one, other in pairwise(ordered) if other != one + 1]
    firsts = [ordered[0], *(other for _, other in gaps)]
    lasts = [*(one for one, _ in gaps), ordered[-1]]
    return list(zip(firsts, lasts, strict=True))


def _converter() -> JsonConverter:
    return make_converter(forbid_extra_keys=True)
