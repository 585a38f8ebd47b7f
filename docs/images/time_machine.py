"""Makes `time-machine.png`, the picture in `docs/how-to/look-at-a-run.md`.

A bug is planted in a copy of the source, hunted, and its run shown in a browser. It
needs chromium, and what the tests need.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from leto_sim.mutants.hunting import hunt_bug
from leto_sim.mutants.planted import Collection, PlantedBug, read_collection

HERE = Path(__file__).resolve().parent
MUTANTS = HERE.parents[1] / "tests" / "mutants"
BUG = "follower_commits_beyond_what_matches"


def main() -> None:
    """Plants, hunts, shows, takes the picture."""
    collection = read_collection(MUTANTS)
    bug = next(bug for bug in collection.bugs if bug.name == BUG)
    with TemporaryDirectory() as name:
        page = Path(name) / "run.html"
        write_page(collection, bug, Path(name) / "source", page)
        take_picture(page, HERE / "time-machine.png")


def write_page(collection: Collection, bug: PlantedBug, source: Path, page: Path) -> None:
    """The page of the first run in which the bug is noticed, made small."""
    finding = hunt_bug(collection, bug).finding
    source.mkdir()
    collection.plant(bug, source)
    size = ["--nodes", str(finding.nodes), "--events", str(bug.level.events)]
    scenario = str(source / "small.toml")
    leto_sim(source, "shrink", str(finding.seed), *size, "--time", "5m", "--output", scenario)
    leto_sim(source, "view", scenario, "-o", str(page))


def leto_sim(source: Path, *arguments: str) -> None:
    """Run our own program on the broken source: it is to find a violation."""
    search_path = os.pathsep.join((str(source), os.environ.get("PYTHONPATH", "")))
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-P", "-m", "leto_sim.command_line", *arguments],
        env={**os.environ, "PYTHONPATH": search_path},
        check=False,
    )
    if ended.returncode != 1:
        sys.exit("nothing is violated")


def take_picture(page: Path, file: Path) -> None:
    """As it opens, in daylight."""
    executable = shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page(viewport={"width": 1440, "height": 860}, color_scheme="light")
        tab.goto(page.as_uri())
        tab.wait_for_timeout(500)
        tab.screenshot(path=file)
        browser.close()


if __name__ == "__main__":
    main()
