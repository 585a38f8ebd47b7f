"""`leto-sim replay`: runs a seed or a scenario file again, to look around in it.

Responsible for its flags and what it prints: the last events up to the moment of
interest, and all about the nodes that were asked for.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path

from leto_sim.commands import CommandLineError
from leto_sim.commands.arguments import (
    DEFAULT_EVENTS,
    DEFAULT_LEVEL,
    add_level,
    add_size,
    columns,
    is_seed,
    positive,
    why,
)
from leto_sim.course import Course
from leto_sim.levels import level_named
from leto_sim.scenario_files import SavedScenario, WrongScenarioFile, read_scenario
from leto_sim.screen import render_replay

LINES = 30


def add_flags(parser: ArgumentParser) -> None:
    """Its flags."""
    add_scenario(parser)
    parser.add_argument("--until", type=positive, metavar="EVENT", help="stop after this event")
    parser.add_argument(
        "--node", action="append", default=[], metavar="NAME", help="tell all about it (repeatable)"
    )
    parser.add_argument(
        "--lines",
        type=positive,
        default=LINES,
        metavar="N",
        help=f"so many of the last events ({LINES})",
    )


def run(arguments: Namespace) -> int:
    """Runs it."""
    saved = wanted_scenario(arguments)
    course = level_named(saved.level).begin(saved.scenario, traced=True)
    course.journal.halt_at = arguments.until
    result = course.run()
    nodes = list(_nodes(course, arguments.node))
    print(render_replay(result, lines=arguments.lines, columns=columns()))
    if result.violation is None:
        print(_outcome(result.events, arguments.until))
    for line in nodes:
        print(line)
    return 0 if result.violation is None else 1


def add_scenario(parser: ArgumentParser) -> None:
    """A seed with the size of its run, or a file."""
    parser.add_argument("scenario", metavar="SEED|FILE", help="a seed, or the file of a scenario")
    add_level(parser)
    add_size(parser)
    parser.set_defaults(level=None, events=None)  # a file has its own


def wanted_scenario(arguments: Namespace) -> SavedScenario:
    """The scenario that the user asked for.

    Raises:
        CommandLineError: there is none, or it cannot be as large as asked.
    """
    if is_seed(arguments.scenario):
        level = level_named(arguments.level or DEFAULT_LEVEL)
        events_max = arguments.events or DEFAULT_EVENTS
        scenario = level.draw(int(arguments.scenario), nodes=arguments.nodes, events_max=events_max)
        return SavedScenario(level=level.name, scenario=scenario)
    _check_unsized(arguments)
    try:
        return read_scenario(Path(arguments.scenario).read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandLineError(f"neither a seed nor a file: {why(error)}") from error
    except UnicodeDecodeError as error:
        raise CommandLineError(f"{arguments.scenario}: is no text") from error
    except WrongScenarioFile as error:
        raise CommandLineError(f"{arguments.scenario}: {error}") from error


def _check_unsized(arguments: Namespace) -> None:
    for flag in ("level", "nodes", "events"):
        if getattr(arguments, flag) is not None:
            raise CommandLineError(
                f"--{flag} is for a seed; {arguments.scenario} says so itself: change it there"
            )


def _outcome(events: int, until: int | None) -> str:
    if until is not None and events >= until:
        return f"stopped after event {events}; nothing is violated so far"
    return f"every property holds; the run ends with event {events}"


def _nodes(course: Course, names: Iterable[str]) -> Iterable[str]:
    for name in names:
        if name not in course.node_names:
            raise CommandLineError(
                f"there is no node {name}; there are {', '.join(course.node_names)}"
            )
        yield ""
        yield name
        yield from (f"  {line}" for line in course.describe_node(name))
