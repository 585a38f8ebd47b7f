"""What the tutorial and the how-to quote is what the examples say, and does what they tell."""

import re
from pathlib import Path
from textwrap import indent

import pytest

from examples import tickets
from leto_sim import MachineBroken, check_machine

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorial" / "first-simulation.md"
README = ROOT / "README.md"
HOW_TO = ROOT / "docs" / "how-to" / "test-your-own-state-machine.md"
BLOCK = re.compile(r"<!-- (?P<source>.*?) -->\n```(?P<kind>\w+)\n(?P<code>.*?)```", re.DOTALL)
BLOCKS = [
    match for page in (README, TUTORIAL, HOW_TO) for match in BLOCK.finditer(page.read_text())
]
QUOTES = [(block["source"], block["code"]) for block in BLOCKS if "/" in block["source"]]
TESTS = [block["code"] for block in BLOCKS if block["source"] == "a test"]


@pytest.mark.parametrize("page", [README, TUTORIAL, HOW_TO], ids=lambda page: page.stem)
def test_every_block_of_python_says_what_it_is(page: Path) -> None:
    text = page.read_text()

    assert text.count("```python") == len(
        [block for block in BLOCK.finditer(text) if block["kind"] == "python"]
    )


@pytest.mark.parametrize("source,code", QUOTES)
def test_a_quotation_stands_in_its_file(source: str, code: str) -> None:
    text = (ROOT / source).read_text()

    assert any(indent(code, " " * depth) in text for depth in range(0, 20, 4))


def test_the_example_says_what_the_tutorial_shows(capsys: pytest.CaptureFixture[str]) -> None:
    tickets.main()

    output = capsys.readouterr().out
    shown = [block["code"] for block in BLOCKS if block["source"] == "output of examples.tickets"]
    assert output == "\n".join(shown)


def test_the_bug_is_found_in_a_cluster_too_and_is_mended() -> None:
    assert None is not tickets.run(tickets.TicketOffice, 0).violation
    tickets.run(tickets.BetterOffice, 0).raise_if_violated()


def test_the_shortest_list_of_commands_is_three_long() -> None:
    with pytest.raises(MachineBroken) as broken:
        check_machine(tickets.TicketOffice, tickets.COMMANDS, seeds=())

    assert broken.value.finding is not None
    assert (b"buy", b"return 1", b"buy") == broken.value.finding.commands


@pytest.mark.parametrize("code", TESTS)
def test_the_tests_that_are_shown_pass(pytester: pytest.Pytester, code: str) -> None:
    pytester.makepyfile(code)

    done = pytester.runpytest("-p", "leto_sim.pytest_plugin", "-p", "no:cacheprovider")

    done.assert_outcomes(passed=len(re.findall(r"^(?:def test_|Test)", code, re.MULTILINE)))
