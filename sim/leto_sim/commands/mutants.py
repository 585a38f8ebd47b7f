"""`leto-sim mutants`: plants bugs, and prints which property killed each, and how soon.

Responsible for its flags, for finding the planted bugs of a working copy, and for the
progress bar. A bug that survives, or is killed by another property than it was planted
for, makes the exit code 1.
"""

import json
import math
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from leto_sim.commands import CommandLineError
from leto_sim.commands.arguments import check_writable, positive, why, write_file
from leto_sim.commands.campaign import INTERRUPTED, add_time, duration
from leto_sim.mutants.hunting import Outcome, hunt_bug
from leto_sim.mutants.matrix import (
    hunt_all,
    matrix_as_json,
    render_head,
    render_row,
    render_summary,
)
from leto_sim.mutants.page import NoMatrix, renew
from leto_sim.mutants.planted import (
    SETTINGS,
    Collection,
    PlantedBug,
    PlantingError,
    read_collection,
)

USUAL_PLACE = Path("tests", "mutants")


def add_flags(parser: ArgumentParser) -> None:
    """Its flags."""
    parser.add_argument("--only", nargs="+", metavar="ID", help="bugs, by id or name")
    parser.add_argument("--level", metavar="LEVEL", help="only the bugs of this level")
    parser.add_argument("--directory", type=Path, metavar="FOLDER", help="where the bugs are")
    _add_effort(parser)
    parser.add_argument("--list", action="store_true", help="say what is planted, and hunt nothing")
    parser.add_argument(
        "--json", nargs="?", const="-", metavar="FILE", help="where a report goes; - for here (-)"
    )
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="a page whose kill matrix is renewed"
    )


def _add_effort(parser: ArgumentParser) -> None:
    add_time(parser, default=None)
    parser.add_argument(
        "--time-each", type=duration, metavar="T", help="how long each bug may be hunted"
    )
    parser.add_argument("--jobs", type=positive, default=1, metavar="N", help="hunts at once (1)")
    parser.add_argument("--seeds", type=positive, metavar="N", help="at most for each bug")
    parser.add_argument(
        "--without-asserts", action="store_true", help="strip the assertions of the broken code"
    )


def run(arguments: Namespace) -> int:
    """Hunts the bugs."""
    try:
        collection = read_collection(arguments.directory or _usual_place(Path.cwd()))
        bugs = _chosen(collection, arguments)
        if arguments.list:
            print("\n".join(map(_listed, bugs)))
            return 0
        _check_files(arguments)
        return _show(collection, bugs, arguments)
    except PlantingError as error:
        raise CommandLineError(str(error)) from error


def _hunt(
    collection: Collection, bugs: list[PlantedBug], arguments: Namespace
) -> Iterator[Outcome]:
    ends_at = _from_now(arguments.time)

    def hunt(bug: PlantedBug) -> Outcome:
        return hunt_bug(
            collection,
            bug,
            seeds=arguments.seeds,
            asserts=not arguments.without_asserts,
            ends_at=min(ends_at, _from_now(arguments.time_each)),
        )

    return hunt_all(bugs, hunt, jobs=arguments.jobs)


def _from_now(seconds: float | None) -> float:
    return math.inf if seconds is None else time.monotonic() + seconds


def _show(collection: Collection, bugs: list[PlantedBug], arguments: Namespace) -> int:
    """Each bug at once: what is known when somebody interrupts the hunt is not lost."""
    outcomes: list[Outcome] = []
    exit_code, is_told = 0, arguments.json != "-"
    if is_told:
        print(render_head(), flush=True)
    try:
        hunt = _hunt(collection, bugs, arguments)
        for outcome in tqdm(hunt, total=len(bugs), unit="bug", disable=None):
            outcomes.append(outcome)
            if is_told:
                tqdm.write(render_row(outcome))
                sys.stdout.flush()
            _renew_page(arguments.markdown, collection, outcomes)
    except KeyboardInterrupt:
        exit_code = INTERRUPTED
    if is_told:
        print(f"\n{render_summary(outcomes, len(bugs))}")
    _report(arguments.json, json.dumps(matrix_as_json(outcomes, len(bugs))))
    return exit_code or int(not all(outcome.is_expected for outcome in outcomes))


def _check_files(arguments: Namespace) -> None:
    if arguments.json not in (None, "-"):
        check_writable("--json", Path(arguments.json))
    if arguments.markdown is not None:
        check_writable("--markdown", arguments.markdown)


def _renew_page(page: Path | None, collection: Collection, outcomes: list[Outcome]) -> None:
    if page is None:
        return
    try:
        text = page.read_text(encoding="utf-8")
        write_file("--markdown", page, renew(text, collection.bugs, outcomes))
    except OSError as error:
        raise CommandLineError(f"--markdown: {why(error)}") from error
    except NoMatrix as error:
        raise CommandLineError(f"--markdown: {page}: {error}") from error


def _report(place: str | None, text: str) -> None:
    if place == "-":
        print(text)
    elif place is not None:
        write_file("--json", Path(place), text + "\n")


def _usual_place(here: Path) -> Path:
    for folder in (here, *here.parents):
        if (folder / USUAL_PLACE / SETTINGS).is_file():
            return folder / USUAL_PLACE
    raise PlantingError(
        f"there is no {USUAL_PLACE / SETTINGS} in {here} or above it: planted bugs belong to a"
        " working copy of the source, and are not installed (see --directory)"
    )


def _chosen(collection: Collection, arguments: Namespace) -> list[PlantedBug]:
    names = set(arguments.only or ())
    known = {bug.name for bug in collection.bugs} | {bug.description.id for bug in collection.bugs}
    if unknown := sorted(names - known):
        raise PlantingError(f"no planted bug is called {', '.join(unknown)} (see --list)")
    bugs = [
        bug
        for bug in collection.bugs
        if (not names or names & {bug.name, bug.description.id})
        and arguments.level in (None, bug.description.level)
    ]
    if not bugs:
        raise PlantingError("no planted bug is left to hunt (see --list)")
    return bugs


def _listed(bug: PlantedBug) -> str:
    return f"{bug.description.id:5} {bug.description.level:6} {bug.name}: {bug.description.title}"
