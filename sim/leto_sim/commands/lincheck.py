"""`leto-sim lincheck`: judges a history of operations from a file.

Responsible for its flags, its output and these exit codes:

    0    linearizable
    1    not linearizable; the output shows a small part that has no order
    2    the file cannot be read, or is not in the format
    3    unknown: the search was given up

The format: `docs/reference/history-format.md`. The checker: `leto_sim.lincheck`.
"""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from leto_sim.commands import CommandLineError
from leto_sim.commands.arguments import positive, why
from leto_sim.lincheck.dialects import KeyDialect, RegisterDialect
from leto_sim.lincheck.history import Dialect, HistoryError, Json, read_history, write_history
from leto_sim.lincheck.model import CommandT, Operation, ResultT, Verdict
from leto_sim.lincheck.search import DEFAULT_STEP_BUDGET, Finding, check_history
from leto_sim.lincheck.timeline import timeline
from leto_sim.lincheck.witness import Witness, find_witness

EXIT_CODES: Final = {Verdict.LINEARIZABLE: 0, Verdict.ILLEGAL: 1, Verdict.UNKNOWN: 3}
_WORDS: Final = {
    Verdict.LINEARIZABLE: "linearizable",
    Verdict.ILLEGAL: "not linearizable",
    Verdict.UNKNOWN: "unknown",
}


def add_flags(parser: ArgumentParser) -> None:
    """Its flags."""
    parser.add_argument("file", metavar="FILE", help="lines of JSON; - for standard input")
    parser.add_argument(
        "--model", choices=["kv", "register"], required=True, help="what the operations mean"
    )
    parser.add_argument(
        "--budget",
        type=positive,
        default=DEFAULT_STEP_BUDGET,
        metavar="STEPS",
        help=f"give up after so many ({DEFAULT_STEP_BUDGET})",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")


def run(arguments: Namespace) -> int:
    """Judges the history."""
    try:
        with _opened(arguments.file) as lines:
            if arguments.model == "kv":
                return _judge(lines, KeyDialect(), arguments)
            return _judge(lines, RegisterDialect(), arguments)
    except BrokenPipeError:
        raise  # it is not the file that has an end
    except OSError as error:
        raise CommandLineError(why(error)) from error
    except UnicodeDecodeError as error:
        raise CommandLineError(f"{arguments.file}: is no text") from error
    except HistoryError as error:
        raise CommandLineError(f"{arguments.file}, {error}") from error


@contextmanager
def _opened(file: str) -> Generator[Iterable[str]]:
    if file == "-":
        yield sys.stdin
        return
    with Path(file).open(encoding="utf-8") as lines:
        yield lines


def _judge(lines: Iterable[str], dialect: Dialect[CommandT, ResultT], arguments: Namespace) -> int:
    history, model = read_history(lines, dialect), dialect.model()
    finding = check_history(history, model, arguments.budget)
    witness = None
    if finding.verdict is Verdict.ILLEGAL:
        witness = find_witness(finding.operations, model)
    if arguments.json:
        print(json.dumps(_as_json(history, finding, witness, dialect)))
    else:
        print("\n".join(_as_text(history, finding, witness, dialect)))
    return EXIT_CODES[finding.verdict]


def _as_text(
    history: Sequence[Operation[CommandT, ResultT]],
    finding: Finding[CommandT, ResultT],
    witness: Witness[CommandT, ResultT] | None,
    dialect: Dialect[CommandT, ResultT],
) -> Iterator[str]:
    keys = len({operation.key for operation in history})
    size = f"{_counted(len(history), 'operation')} on {_counted(keys, 'key')}"
    if witness is not None:
        yield f"NOT LINEARIZABLE: {size}; on key {_key(finding)} no order explains these:"
        yield ""
        yield from timeline(witness, dialect)
        yield ""
        yield f"{_counted(witness.left_out, 'operation')} on this key left out."
        yield "In front: the longest order that there is, and - for what it cannot explain."
    elif finding.verdict is Verdict.UNKNOWN:
        yield f"UNKNOWN: {size}; given up on key {_key(finding)} after {finding.steps} steps"
    else:
        yield f"linearizable: {size}, {finding.steps} steps"


def _as_json(
    history: Sequence[Operation[CommandT, ResultT]],
    finding: Finding[CommandT, ResultT],
    witness: Witness[CommandT, ResultT] | None,
    dialect: Dialect[CommandT, ResultT],
) -> Json:
    answer: dict[str, Json] = {
        "verdict": _WORDS[finding.verdict],
        "model": dialect.name,
        "operations": len(history),
        "keys": len({operation.key for operation in history}),
        "steps": finding.steps,
        "key": None if finding.verdict is Verdict.LINEARIZABLE else _key(finding),
        "witness": None,
        "explained": None,
    }
    if witness is not None:
        answer["witness"] = _records(witness.operations, dialect)
        answer["explained"] = [witness.operations.index(one) for one in witness.explained]
    return answer


def _records(
    operations: Sequence[Operation[CommandT, ResultT]], dialect: Dialect[CommandT, ResultT]
) -> Json:
    _, *lines = write_history(operations, dialect)
    return [json.loads(line) for line in lines]


def _key(finding: Finding[CommandT, ResultT]) -> str:
    return str(finding.key)


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
