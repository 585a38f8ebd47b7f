"""A run's outcome for the eyes, on a screen of 80 columns or more.

Responsible for the lines of text. The last events are shown by their numbers, with a
lane for each node, in which its role and term stand: `L3` leads term 3, `f3` follows,
`c4` is a candidate, `p3` asks for pre-votes, `x` is down, `zL3` is paused.
"""

from collections.abc import Iterable, Sequence
from textwrap import wrap

from leto_sim.result import RunResult, TraceLine, Violation

COLUMNS = 80
_ROWS_SHOWN = 15  # with the rest, one screen
_ROWS_SHOWN_LEAST = 4
_EXPLANATION_LINES_MAX = 5
_LANES_MAX = 7


def render(
    result: RunResult,
    command: str = "",
    view: str = "",
    *,
    shrink: str = "",
    columns: int = COLUMNS,
) -> str:
    """The whole outcome.

    Args:
        result: what came of the run.
        command: replays the run.
        view: makes a page of it, or is one.
        shrink: makes it small.
        columns: so wide is the screen.
    """
    if result.violation is None:
        return "\n".join(_summary(result))
    lines = [
        *_violation(result.violation, columns),
        "",
        *_trace(result.last_events, _rows_left(result.violation), columns),
        "",
        *_summary(result),
        *([f"replay      {command}"] if command else []),
        *([f"view        {view}"] if view else []),
        *([f"shrink      {shrink}"] if shrink else []),
    ]
    return "\n".join(lines)


def render_replay(result: RunResult, *, lines: int, columns: int = COLUMNS) -> str:
    """The last events, and what was violated if something was."""
    found = () if result.violation is None else ("", *_violation(result.violation, columns))
    return "\n".join([*_trace(result.last_events, lines, columns), *found])


def _summary(result: RunResult) -> Iterable[str]:
    outcome = "VIOLATED" if result.violation is not None else "every property holds"
    return (
        f"seed {result.seed}, {result.level} level: {outcome}",
        f"events      {result.events} in {result.virtual_time_us / 1e6:.3f} virtual seconds",
        f"elections   {result.elections}",
        f"commits     {result.commits}",
        f"digest      {result.digest}",
    )


def _violation(violation: Violation, columns: int) -> Iterable[str]:
    where = f", on {violation.node}" if violation.node is not None else ""
    title = f"VIOLATED: {violation.property_name} (event {violation.event}{where})"
    explanation = wrap(
        violation.explanation,
        columns,
        initial_indent="  ",
        subsequent_indent="  ",
        max_lines=_EXPLANATION_LINES_MAX,
        placeholder=" …",
    )
    evidence = [_cut(f"  {line}", columns) for line in violation.evidence.lines]
    return (title, *explanation, *evidence)


def _rows_left(violation: Violation) -> int:
    """What clients saw matters more than the last events."""
    return max(_ROWS_SHOWN_LEAST, _ROWS_SHOWN - len(violation.evidence.lines))


def _trace(lines: Sequence[TraceLine], count: int, columns: int) -> Iterable[str]:
    shown = lines[-count:]
    names = _lanes_to_show(shown)
    width = max([4, *(len(state) for line in shown for _, state in line.lanes)]) + 1
    yield f"{'event':>6}{'ms':>10}  " + "".join(f"{name:<{width}}" for name in names) + "what"
    rows = [row for line in shown for row in _rows(line, names, width)]
    for row in rows[-count:]:
        yield _cut(row, columns)


def _cut(row: str, columns: int) -> str:
    return row if len(row) <= columns else row[: columns - 1] + "…"


def _rows(line: TraceLine, names: Sequence[str], width: int) -> Iterable[str]:
    """The event, and below it the steps of the protocol that it caused."""
    states = dict(line.lanes)
    cells = "".join(f"{states.get(name, ''):<{width}}" for name in names)
    yield f"{line.event:>6}{line.time_us / 1e3:>10.3f}  {cells}{line.text}"
    for step in line.steps:
        yield f"{'':18}{'':{width * len(names)}}. {step}"


def _lanes_to_show(lines: Sequence[TraceLine]) -> Sequence[str]:
    """The nodes that there are in the end, as many as fit."""
    return [name for name, _ in lines[-1].lanes][:_LANES_MAX] if lines else []
