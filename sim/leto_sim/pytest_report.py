"""What a failed test shows of its simulated run, and the files that show more.

Responsible for the text: the screen of the run after it was made small, its scenario,
and how to see it again; and for two files beside each other, the scenario and a page
on which the run can be looked at.
"""

import time
from pathlib import Path

import attrs

from leto_sim.course import Course
from leto_sim.result import RunResult, SimulationFailed
from leto_sim.scenario_files import SavedScenario, write_scenario
from leto_sim.screen import render
from leto_sim.shrinking import shrink
from leto_sim.simulated_cluster import SimulatedCluster
from leto_sim.simulation import SimulatedResult, is_usual, level_with
from leto_sim.view.document import document
from leto_sim.view.page import render_page

SHRINK_S = 10.0


@attrs.frozen(kw_only=True)
class Report:
    """Describes failures.

    Args:
        path: where the files go, without their suffixes. Its folder is made, and tells
            git not to look.
        shrink_s: how long a run may be made smaller.
    """

    path: Path
    shrink_s: float = SHRINK_S

    def describe(self, error: BaseException, cluster: SimulatedCluster | None) -> str | None:
        """What there is to say; None if the failure has nothing to do with a simulated run."""
        result = error.result if isinstance(error, SimulationFailed) else None
        if isinstance(result, SimulatedResult):
            return self._describe_scenario(result)
        if result is None:
            result = None if cluster is None else cluster.result
        return None if result is None else self._describe_calls(result, cluster)

    def _describe_calls(self, result: RunResult, cluster: SimulatedCluster | None) -> str:
        """What a test has done by its own calls, which only the test can do again."""
        page = None if cluster is None else cluster.page(result)
        if page is None:
            return render(result)
        return f"{render(result)}\n{_line('view', self._write(page, '.html'))}"

    def _describe_scenario(self, result: SimulatedResult) -> str:
        assert result.violation is not None, "there is something to keep"
        wanted = result.violation.property_name
        level = level_with(result.parts, result.scenario)
        give_up_at = time.monotonic() + self.shrink_s
        shrunk = shrink(
            level,
            result.scenario,
            wanted,
            is_over=lambda _: time.monotonic() >= give_up_at,
        )
        scenario = shrunk.scenario
        text = write_scenario(SavedScenario(level=level.name, scenario=scenario, violates=wanted))
        file = self._write(text, ".toml")
        is_ours = is_usual(result.parts, scenario)
        replay = f"leto-sim replay {file}" if is_ours else ""
        course = level.begin(scenario, traced=True)
        smallest, page = _looked_at(course, replay)
        end = "" if shrunk.is_done else "; there may be a smaller one"
        return "\n".join(
            [
                render(smallest, replay),
                _line("view", self._write(page, ".html")),
                _line("scenario", file),
                "",
                f"the scenario, shrunk in {shrunk.attempts} attempts{end}:",
                "",
                text,
            ]
        )

    def _write(self, text: str, suffix: str) -> str:
        """Where the text is now, as seen from here; or why it is not."""
        file = self.path.with_name(self.path.name + suffix)
        try:
            if not file.parent.is_dir():
                file.parent.mkdir(parents=True)
                (file.parent / ".gitignore").write_text("*\n", encoding="utf-8")
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            return f"(not written: {error})"
        here = Path.cwd()
        return str(file.relative_to(here) if file.is_relative_to(here) else file)


def _looked_at(course: Course, replay: str) -> tuple[RunResult, str]:
    recording = course.record()
    result = course.run()
    return result, render_page(document(recording, result, course, replay))


def _line(title: str, text: str) -> str:
    return f"{title:<12}{text}"
