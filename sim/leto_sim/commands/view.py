"""`leto-sim view`: runs a seed or a scenario file again, and writes a page to look at it.

Responsible for its flags and the file.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from leto_sim.commands.arguments import (
    check_writable,
    replay_command,
    write_file,
)
from leto_sim.commands.replay import add_scenario, wanted_scenario
from leto_sim.levels import level_named
from leto_sim.view.document import document
from leto_sim.view.page import render_page


def add_flags(parser: ArgumentParser) -> None:
    """Its flags."""
    add_scenario(parser)
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="where the page goes (leto-run-SEED.html)"
    )


def run(arguments: Namespace) -> int:
    """Runs it, and writes the page."""
    saved = wanted_scenario(arguments)
    file = Path(arguments.output or f"leto-run-{saved.scenario.seed}.html")
    check_writable("--output", file)
    course = level_named(saved.level).begin(saved.scenario, traced=True)
    recording = course.record()
    result = course.run()
    page = render_page(document(recording, result, course, replay_command(arguments)))
    write_file("--output", file, page)
    found = result.violation
    print(f"{file}: {len(recording.moments)} moments, {file.stat().st_size / 1e6:.1f} MB")
    if found is None:
        print("every property holds")
        return 0
    print(f"VIOLATED: {found.property_name}; the page opens there")
    return 1
