"""A scenario as a test that fails while the bug is there.

Responsible for the text of an executable pytest file.
"""

from leto_sim.levels import level_named, run_scenario
from leto_sim.result import RunResult
from leto_sim.scenario_files import SavedScenario, read_scenario, write_scenario

_TEMPLATE = '''"""Found by leto-sim, which made it small. Fails while the bug is there."""

from leto_sim.pytest_files import run_text

SCENARIO = """
{scenario}"""


def test_{name}() -> None:
    run_text(SCENARIO).raise_if_violated()
'''


def pytest_file(saved: SavedScenario) -> str:
    """The text of a test that asserts that every property holds."""
    words = (saved.violates or "every property holds").lower()
    name = "".join(letter if letter.isalnum() else "_" for letter in words)
    return _TEMPLATE.format(scenario=write_scenario(saved), name=name)


def run_text(text: str) -> RunResult:
    """Runs what a scenario file says."""
    saved = read_scenario(text)
    return run_scenario(level_named(saved.level), saved.scenario)
