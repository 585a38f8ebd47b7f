"""`leto-sim campaign`: runs many seeds on several processors.

Responsible for its flags, its progress bar and its report. Interrupted, it reports
what it has found; with a state file it can be taken up again.
"""

import json
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable
from concurrent.futures import BrokenExecutor, Executor
from pathlib import Path

from leto_sim.campaign import Campaign, Found, SeedOutcome, Tally, run_campaign
from leto_sim.campaign_files import WrongStateFile, load_state, report, save_state
from leto_sim.commands import CommandLineError
from leto_sim.commands.arguments import (
    DEFAULT_EVENTS,
    EVENTS_HELP,
    NODES_HELP,
    add_level,
    check_writable,
    nodes,
    positive,
    why,
    write_file,
)
from leto_sim.commands.progress import progress
from leto_sim.workers import Workers, ended_as_interrupted

INTERRUPTED = 130
SAVE_EVERY_SECONDS = 10.0
_UNITS = {"s": 1, "m": 60, "h": 3600}


def add_flags(parser: ArgumentParser) -> None:
    """Its flags."""
    parser.add_argument(
        "--seeds",
        type=seed_range,
        required=True,
        metavar="A..B",
        help="the seeds, both ends included",
    )
    add_level(parser)
    add_time(parser, default=None)
    parser.add_argument("--jobs", type=positive, default=2, metavar="N", help="processes (2)")
    parser.add_argument("--nodes", type=nodes, metavar="N", help=NODES_HELP)
    parser.add_argument(
        "--events", type=positive, default=DEFAULT_EVENTS, metavar="N", help=EVENTS_HELP
    )
    parser.add_argument(
        "--json", nargs="?", const="-", metavar="FILE", help="where the report goes; - for here (-)"
    )
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="kept there, to be taken up again"
    )
    parser.add_argument(
        "--enforce-sometimes",
        action="store_true",
        help="fail if a rare situation that must occur did not",
    )


def run(arguments: Namespace) -> int:
    """Runs it."""
    campaign = Campaign(
        level=arguments.level,
        first_seed=arguments.seeds[0],
        last_seed=arguments.seeds[1],
        nodes=arguments.nodes,
        events_max=arguments.events,
    )
    _check_files(arguments)
    tally = _earlier(arguments.state, campaign)
    was_interrupted = False
    try:
        with ended_as_interrupted():
            _go_on(campaign, tally, arguments)
    except KeyboardInterrupt:
        was_interrupted = True
    except BrokenExecutor as error:
        raise CommandLineError("a process has died; --jobs 1 needs the least memory") from error
    finally:
        _save(campaign, tally, arguments)
    _tell(campaign, tally, arguments)
    if tally.violations or (arguments.enforce_sometimes and tally.never(campaign.level)):
        return 1
    return INTERRUPTED if was_interrupted else 0


def seed_range(text: str) -> tuple[int, int]:
    """`A..B`, both ends included; or one seed."""
    first, dots, last = text.partition("..")
    if first.isdecimal() and (last.isdecimal() if dots else not last):
        seeds = (int(first), int(last) if dots else int(first))
        if seeds[0] <= seeds[1]:
            return seeds
    raise ArgumentTypeError(f"must be A..B with A not above B, such as 1..1000, not {text!r}")


def add_time(parser: ArgumentParser, *, default: float | None) -> None:
    """`--time`: how long the command may work."""
    usual = "" if default is None else f" ({default:g}s)"
    told = f"how long it may work, such as 90s or 10m{usual}"
    parser.add_argument("--time", type=duration, default=default, metavar="T", help=told)


def duration(text: str) -> float:
    """A time such as `90s`, `10m` or `1h`, in seconds."""
    number, unit = text[:-1], text[-1:]
    if unit in _UNITS and number.isdecimal() and int(number) > 0:
        return float(int(number) * _UNITS[unit])
    raise ArgumentTypeError(f"must be a time such as 90s, 10m or 1h, not {text!r}")


def _check_files(arguments: Namespace) -> None:
    if arguments.json not in (None, "-"):
        check_writable("--json", Path(arguments.json))
    if arguments.state is not None:
        check_writable("--state", arguments.state)


def _save(campaign: Campaign, tally: Tally, arguments: Namespace) -> None:
    if arguments.state is None:
        return
    try:
        save_state(arguments.state, campaign, tally)
    except OSError as error:
        raise CommandLineError(f"--state: {why(error)}") from error


def _earlier(state: Path | None, campaign: Campaign) -> Tally:
    if state is None:
        return Tally()
    try:
        return load_state(state, campaign)
    except OSError as error:
        raise CommandLineError(f"--state: {why(error)}") from error
    except WrongStateFile as error:
        raise CommandLineError(str(error)) from error


def _go_on(campaign: Campaign, tally: Tally, arguments: Namespace) -> None:
    workers = Workers(arguments.jobs)
    try:
        _go_on_with(workers, campaign, tally, arguments)
    finally:
        workers.end()


def _go_on_with(executor: Executor, campaign: Campaign, tally: Tally, arguments: Namespace) -> None:
    started, earlier = time.monotonic(), tally.seconds
    saved_at = started
    size = campaign.last_seed - campaign.first_seed + 1
    with progress(size, "seed", done=len(tally.done)) as told:

        def is_over() -> bool:
            tally.seconds = earlier + time.monotonic() - started
            return arguments.time is not None and time.monotonic() - started >= arguments.time

        def on_outcome(outcome: SeedOutcome) -> None:
            nonlocal saved_at
            is_over()
            told.step(
                f"{tally.events / tally.seconds:,.0f} events/s, {len(tally.violations)} violations"
            )
            if outcome.found is not None:
                told.write(f"seed {outcome.seed}: {outcome.found.property_name}")
            if time.monotonic() - saved_at > SAVE_EVERY_SECONDS:
                _save(campaign, tally, arguments)
                saved_at = time.monotonic()

        run_campaign(
            campaign,
            executor,
            tally,
            jobs=arguments.jobs,
            is_over=is_over,
            on_outcome=on_outcome,
        )


def _tell(campaign: Campaign, tally: Tally, arguments: Namespace) -> None:
    told = json.dumps(report(campaign, tally, jobs=arguments.jobs), indent=2)
    if arguments.json == "-":
        print(told)
        return
    for line in _lines(campaign, tally):
        print(line)
    if arguments.json is not None:
        write_file("--json", Path(arguments.json), told + "\n")


def _lines(campaign: Campaign, tally: Tally) -> Iterable[str]:
    seeds, seconds = len(tally.done), max(tally.seconds, 1e-9)
    yield f"{seeds} seeds at {campaign.level} level, {len(tally.violations)} violations"
    yield f"events      {tally.events} in {tally.virtual_time_us / 1e6:.0f} virtual seconds"
    yield f"speed       {tally.events / seconds:,.0f} events/s, {seeds / seconds:.1f} seeds/s"
    yield f"elections   {tally.elections}"
    yield f"commits     {tally.commits}"
    for found in tally.violations:
        yield from _found_lines(found)
    yield "\nsometimes"
    for title, count in tally.sometimes.items():
        yield f"  {count:>10}  {title}"
    for title in tally.never(campaign.level):
        yield f"  {'never':>10}  {title}"


def _found_lines(found: Found) -> Iterable[str]:
    word = "FAILED" if found.traceback else "VIOLATED"
    yield f"\n{word}: {found.property_name} (seed {found.seed})"
    yield f"  {found.explanation}"
    yield f"  {found.replay}"
    if found.shrink is not None:
        yield f"  {found.shrink}"
    yield from (f"    {line}" for line in found.traceback.splitlines())
