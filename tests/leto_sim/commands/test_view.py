"""`leto-sim view`, as its users see it."""

from pathlib import Path

import pytest

from leto_sim import command_line


@pytest.mark.parametrize("level", ["node", "server"])
def test_a_page_is_written(level: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.html"

    exit_code = command_line.main(
        ["view", "5", "--level", level, "--events", "500", "-o", str(file)]
    )

    output = capsys.readouterr().out
    assert 0 == exit_code
    assert output.startswith(f"{file}: ")
    assert output.endswith("every property holds\n")
    assert f"leto-sim replay 5 --level {level} --events 500" in file.read_text()


def test_a_page_that_cannot_be_written_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "nowhere" / "run.html"

    exit_code = command_line.main(["view", "5", "--events", "50", "-o", str(file)])

    assert 2 == exit_code
    assert "--output: " in capsys.readouterr().err
