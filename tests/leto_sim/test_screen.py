"""A run on a screen of 80 columns."""

import attrs

from leto_sim.result import Evidence, RunResult, TraceLine, Violation
from leto_sim.screen import COLUMNS, render

GREEN = RunResult(
    seed=5,
    level="node",
    events=1_000,
    virtual_time_us=1_234_567,
    elections=2,
    commits=30,
    digest="0123456789abcdef",
)
LINES = tuple(
    TraceLine(
        event=number,
        time_us=number * 1_500,
        lanes=(("id1", "L3"), ("id2", "zf3"), ("id3", "x")),
        text=f"id1 < id2 appended t3 up to {number}",
    )
    for number in range(40)
)
BROKEN = attrs.evolve(
    GREEN,
    violation=Violation(
        property_name="log matching",
        explanation="two different entries " + "and so on " * 90,
        event=1_000,
        time_us=1_234_567,
        node="id1",
    ),
    last_events=LINES,
)


def test_a_green_run_is_five_lines() -> None:
    assert [
        "seed 5, node level: every property holds",
        "events      1000 in 1.235 virtual seconds",
        "elections   2",
        "commits     30",
        "digest      0123456789abcdef",
    ] == render(GREEN, "replay it").splitlines()


def test_a_violation_fits_one_screen() -> None:
    commands = ("leto-sim replay 5", "leto-sim view 5")
    lines = render(BROKEN, *commands, shrink="leto-sim shrink 5").splitlines()

    assert ["shrink", "leto-sim", "shrink", "5"] == lines[-1].split()
    assert len(lines) <= 32
    assert max(map(len, lines)) <= COLUMNS


def test_what_clients_saw_takes_the_place_of_events() -> None:
    assert BROKEN.violation is not None
    evidence = Evidence(lines=("3 of them show it", *["   1  c1  read -> 3  |--|" + "-" * 90] * 10))
    violation = attrs.evolve(BROKEN.violation, evidence=evidence)

    broken = attrs.evolve(BROKEN, violation=violation)
    lines = render(broken, "replay it", "view it", shrink="shrink it").splitlines()

    assert "  3 of them show it" in lines
    assert 4 == sum("appended" in line for line in lines)
    assert len(lines) <= 32
    assert max(map(len, lines)) <= COLUMNS


def test_a_violation_names_property_event_node_and_command() -> None:
    text = render(BROKEN, "leto-sim run --seed 5")

    assert text.startswith("VIOLATED: log matching (event 1000, on id1)\n  two different entries")
    assert text.endswith("replay      leto-sim run --seed 5")


def test_a_violation_of_no_node_names_none() -> None:
    assert BROKEN.violation is not None
    broken = attrs.evolve(BROKEN, violation=attrs.evolve(BROKEN.violation, node=None))

    assert "VIOLATED: log matching (event 1000)\n" in render(broken, "")


def test_each_node_has_a_lane() -> None:
    lines = render(BROKEN, "").splitlines()

    title = next(line for line in lines if line.endswith("what"))
    last = next(line for line in reversed(lines) if "appended" in line)
    assert " event        ms  id1  id2  id3  what" == title
    assert "    39    58.500  L3   zf3  x    id1 < id2 appended t3 up to 39" == last


def test_the_steps_that_an_event_caused_stand_below_it() -> None:
    explained = attrs.evolve(LINES[-1], steps=("commit advanced: commit_index=39",))

    lines = render(attrs.evolve(BROKEN, last_events=(*LINES[:-1], explained)), "").splitlines()

    row = lines.index("    39    58.500  L3   zf3  x    id1 < id2 appended t3 up to 39")
    assert "                                 . commit advanced: commit_index=39" == lines[row + 1]
    assert len(lines) <= 32


def test_what_is_too_long_is_cut() -> None:
    wordy = attrs.evolve(LINES[0], text="word " * 40)
    broken = attrs.evolve(BROKEN, last_events=(wordy,))

    cut = next(line for line in render(broken, "").splitlines() if "word" in line)

    assert COLUMNS == len(cut)
    assert cut.endswith("…")


def test_a_wider_screen_shows_more() -> None:
    wordy = attrs.evolve(LINES[0], text="word " * 40)
    broken = attrs.evolve(BROKEN, last_events=(wordy,))

    lines = render(broken, columns=120).splitlines()

    assert 120 == max(map(len, lines))


def test_an_untraced_violation_has_no_lanes() -> None:
    broken = attrs.evolve(BROKEN, last_events=())

    assert "id2" not in render(broken, "")
