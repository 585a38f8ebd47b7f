"""`leto-sim lincheck`, as its users see it."""

import io
import json
from pathlib import Path

import pytest

from leto_sim import command_line

STALE = """\
{"format": "leto-history", "version": 1}
{"client": "c1", "op": "SET", "key": "x", "args": ["a"], "invoked": 1, "returned": 2, "result": "OK"}
{"client": "c1", "op": "SET", "key": "x", "args": ["b"], "invoked": 3, "returned": 4, "result": "OK"}
{"client": "c2", "op": "GET", "key": "x", "invoked": 5, "returned": 6, "result": "b"}
{"client": "c2", "op": "GET", "key": "x", "invoked": 7, "returned": 8, "result": "a"}
"""
GOOD = "\n".join(STALE.splitlines()[:-1])


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return tmp_path / "history.jsonl"


def test_a_good_history(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history.write_text(GOOD)

    exit_code = command_line.main(["lincheck", str(history), "--model", "kv"])

    assert 0 == exit_code
    assert "linearizable: 3 operations on 1 key, 3 steps\n" == capsys.readouterr().out


def test_a_bad_history_is_shown_small(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history.write_text(STALE)

    exit_code = command_line.main(["lincheck", str(history), "--model", "kv"])

    assert 1 == exit_code
    assert (
        """\
NOT LINEARIZABLE: 4 operations on 1 key; on key x no order explains these:

   1  c1  SET a -> OK  |--|
   2  c1  SET b -> OK        |--|
   -  c2  GET -> a                 |--|

1 operation on this key left out.
In front: the longest order that there is, and - for what it cannot explain.
"""
        == capsys.readouterr().out
    )


def test_json_holds_the_witness(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history.write_text(STALE)

    exit_code = command_line.main(["lincheck", str(history), "--model", "kv", "--json"])

    found = json.loads(capsys.readouterr().out)
    assert 1 == exit_code
    assert ("not linearizable", "x", 4, [0, 1]) == (
        found["verdict"],
        found["key"],
        found["operations"],
        found["explained"],
    )
    assert ["a", "b", None] == [(one["args"] or [None])[0] for one in found["witness"]]


def test_a_history_may_come_through_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = '{"op": "read", "key": 1, "invoked": 0, "returned": 1, "result": 5}\n'
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))

    exit_code = command_line.main(["lincheck", "-", "--model", "register"])

    assert 1 == exit_code
    assert "read -> 5" in capsys.readouterr().out


def test_a_spent_budget_is_unknown(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    appends = [
        {"op": "APPEND", "key": "x", "args": [letter], "invoked": 0} for letter in "abcdefghijkl"
    ]
    read = {"op": "STRLEN", "key": "x", "invoked": 1, "returned": 2, "result": 13}
    history.write_text("\n".join(json.dumps(one) for one in [*appends, read]))

    exit_code = command_line.main(["lincheck", str(history), "--model", "kv", "--budget", "5000"])

    assert 3 == exit_code
    assert "UNKNOWN: 13 operations on 1 key; given up on key x" in capsys.readouterr().out


@pytest.mark.parametrize(
    "content,complaint",
    [
        (b"{}", "line 1: field 'op' is missing"),
        (b"\xff", "is no text"),
        (None, "no such file or directory"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_in_one_line(
    history: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, complaint: str
) -> None:
    if content is not None:
        history.write_bytes(content)

    exit_code = command_line.main(["lincheck", str(history), "--model", "kv"])

    error = capsys.readouterr().err
    assert 2 == exit_code
    assert error.startswith(f"leto-sim lincheck: {history}")
    assert complaint in error
    assert 1 == error.count("\n")


@pytest.mark.parametrize("level,model", [("node", "register"), ("server", "kv")])
def test_a_run_writes_a_history_that_can_be_judged(
    history: Path, capsys: pytest.CaptureFixture[str], level: str, model: str
) -> None:
    short = ["--seed", "3", "--nodes", "3", "--events", "600"]
    command_line.main(["run", *short, "--level", level, "--history", str(history)])

    exit_code = command_line.main(["lincheck", str(history), "--model", model])

    assert 0 == exit_code
    assert "\nlinearizable: " in capsys.readouterr().out


def test_a_history_that_cannot_be_written_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "nowhere" / "history.jsonl"

    exit_code = command_line.main(["run", "--seed", "3", "--events", "50", "--history", str(file)])

    assert 2 == exit_code
    assert "--history: " in capsys.readouterr().err
