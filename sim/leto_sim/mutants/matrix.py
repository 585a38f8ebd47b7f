"""The kill matrix: which planted bug was killed by which property, and how soon.

Responsible for hunting many bugs, several at once, and for showing what came of it.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Final

from leto_sim.mutants.hunt import Finding
from leto_sim.mutants.hunting import Outcome
from leto_sim.mutants.planted import PlantedBug
from leto_sim.result import JsonObject

COLUMNS: Final = ("Id", "Planted bug", "Level", "In", "Killed by", "Expected", "Seeds", "CPU s")
NOT_HUNTED: Final = Finding(seeds=0, cpu_seconds=0.0)
"""When there was no time for it."""

_SURVIVES = "survives"
_NO_TIME = "not hunted: there was no time"


def hunt_all(
    bugs: Sequence[PlantedBug],
    hunt: Callable[[PlantedBug], Outcome],
    *,
    jobs: int,
) -> Iterator[Outcome]:
    """Hunts all of them, so many at once; what became of each, as soon as it is known."""
    with ThreadPoolExecutor(jobs) as pool:
        hunts = [pool.submit(hunt, bug) for bug in bugs]
        try:
            for ended in as_completed(hunts):
                yield ended.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def render_head() -> str:
    """The first lines of a table in Markdown."""
    return "\n".join([render_line(COLUMNS), render_line(["---"] * len(COLUMNS))])


def render_row(outcome: Outcome) -> str:
    """The line of one bug."""
    return render_line(cells_of(outcome))


def render_summary(outcomes: Sequence[Outcome], planted: int) -> str:
    """How many of so many were hunted, and killed."""
    hunted = sum(outcome.is_hunted for outcome in outcomes)
    missed = (
        f"{planted} planted, only {hunted} hunted" if hunted < planted else f"{planted} planted"
    )
    killed = sum(outcome.is_killed for outcome in outcomes)
    expected = sum(outcome.is_expected for outcome in outcomes)
    cpu_seconds = sum(finding.cpu_seconds for outcome in outcomes for finding in _findings(outcome))
    return (
        f"{missed}, {killed} killed, {expected} of them by a property expected"
        f" to; {cpu_seconds:.0f} s of CPU time."
    )


def matrix_as_json(outcomes: Sequence[Outcome], planted: int) -> JsonObject:
    """The matrix as JSON-ready values: of so many, those that something came of."""
    return {
        "planted": planted,
        "hunted": sum(outcome.is_hunted for outcome in outcomes),
        "killed": sum(outcome.is_killed for outcome in outcomes),
        "expected": sum(outcome.is_expected for outcome in outcomes),
        "bugs": {outcome.bug.name: _as_json(outcome) for outcome in outcomes},
    }


def render_line(cells: Sequence[str]) -> str:
    """A line of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def cells_of(outcome: Outcome) -> list[str]:
    """What the line of a bug says, column by column."""
    description, findings = outcome.bug.description, _findings(outcome)
    return [
        description.id,
        f"`{outcome.bug.name}`",
        description.level,
        ", ".join(f"`{file}`" for file in outcome.bug.planted_in),
        _NO_TIME
        if not outcome.is_hunted
        else ", then ".join(map(_killer, findings)) + _doubt(outcome),
        "yes" if outcome.is_expected else "NO",
        " + ".join(str(finding.seeds) for finding in findings),
        " + ".join(f"{finding.cpu_seconds:.1f}" for finding in findings),
    ]


def _findings(outcome: Outcome) -> list[Finding]:
    return [found for found in (outcome.finding, outcome.without_asserts) if found is not None]


def _killer(finding: Finding) -> str:
    return finding.violated if finding.violated is not None else _SURVIVES


def _doubt(outcome: Outcome) -> str:
    return " (as without the bug!)" if outcome.is_red_without_bug else ""


def _as_json(outcome: Outcome) -> JsonObject:
    description, without = outcome.bug.description, outcome.without_asserts
    return {
        "id": description.id,
        "title": description.title,
        "origin": description.origin,
        "level": description.level,
        "planted_in": ", ".join(outcome.bug.planted_in),
        "caught_by": ", ".join(description.caught_by),
        "killed": int(outcome.is_killed),
        "expected": int(outcome.is_expected),
        "is_red_without_bug": int(outcome.is_red_without_bug),
        "finding": _finding_as_json(outcome.finding),
        "without_asserts": None if without is None else _finding_as_json(without),
    }


def _finding_as_json(finding: Finding) -> JsonObject:
    return {
        "killed_by": finding.violated,
        "explanation": finding.explanation,
        "seed": finding.seed if finding.violated is not None else None,
        "nodes": finding.nodes if finding.violated is not None else None,
        "seeds": finding.seeds,
        "cpu_seconds": finding.cpu_seconds,
    }
