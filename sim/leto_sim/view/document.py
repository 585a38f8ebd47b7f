"""A recorded run as one compact JSON value, which the page draws.

Responsible for the shape of the value alone. Moments are columns (arrays of the same
length); everything else refers to a moment by its position:

    run        seed, level, verdict and the like
    names      the machines, in the order of their lanes
    events     each moment's number, by which people know it
    times_us, lanes, texts    when, at which machine (-1: the world, -2: somebody else), what
    steps      [moment, [what the node did, ...]]
    standings  [moment, machine, up, paused, role, term, voted for, commit, applied,
               [log after, [[term, count], ...]], the same of the disk]
    messages   [source, target, text, sent at, [[reached it at, taken in at or -1], ...]]
    cuts       [moment, [[source, target], ...]], an end by its name if it has no lane
    resets     [moment, one, other], in the same way
    operations [client, text, result or null, first moment, last moment, 1 if still open then]
    witness    lines that show a violation, and the operations in them by position
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias, cast

from leto.raft.actions import RoleName
from leto_sim.course import Course
from leto_sim.operations import Asked
from leto_sim.result import Evidence, RunResult, Violation
from leto_sim.standing import Standing
from leto_sim.view.recording import Arrival, Recording

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

_ROLES: Final = {
    RoleName.FOLLOWER: "follower",
    RoleName.PRE_CANDIDATE: "pre-candidate",
    RoleName.CANDIDATE: "candidate",
    RoleName.LEADER: "leader",
}
_WORLD: Final = -1
_SOMEBODY: Final = -2
_REMARK: Final = "*"  # begins the trace of what no node was told


def document(
    recording: Recording, result: RunResult, course: Course, command: str = ""
) -> Mapping[str, Json]:
    """All that the page knows. `command` replays the run."""
    moments = recording.moments
    asked = sorted(course.operations(), key=lambda one: one.place)
    names = list(dict.fromkeys(change.standing.name for change in recording.changes))
    numbers = {name: number for number, name in enumerate(names)}
    return {
        "run": {**cast("Mapping[str, Json]", result.as_json()), "command": command},
        "names": names,
        "events": [moment.event for moment in moments],
        "times_us": [moment.time_us for moment in moments],
        "lanes": [_lane(moment.text, numbers) for moment in moments],
        "texts": [_text(moment.text, names) for moment in moments],
        "steps": [
            [position, moment.steps] for position, moment in enumerate(moments) if moment.steps
        ],
        "standings": [
            [change.moment, numbers[change.standing.name], *_standing(change.standing)]
            for change in recording.changes
        ],
        "messages": list(_messages(recording, numbers)),
        "cuts": [
            [cuts.moment, [[numbers.get(end, end) for end in link] for link in cuts.links]]
            for cuts in recording.cuts
        ],
        "resets": [
            [min(reset.moment, len(moments) - 1), *(numbers.get(end, end) for end in reset.ends)]
            for reset in recording.resets
        ],
        "operations": list(_operations(recording, asked)),
        "witness": witness(result.violation, asked),
    }


def _lane(text: str, numbers: Mapping[str, int]) -> int:
    first = text.partition(" ")[0]
    return _WORLD if first == _REMARK else numbers.get(first, _SOMEBODY)


def _text(text: str, names: Sequence[str]) -> str:
    """Without the machine's name, which the lane shows."""
    first, _, rest = text.partition(" ")
    return rest if first in names or first == _REMARK else text


def _standing(standing: Standing) -> Sequence[Json]:
    return (
        int(standing.is_up),
        int(standing.is_paused),
        "" if standing.role is None else _ROLES[standing.role],
        standing.term,
        standing.voted_for,
        standing.commit_index,
        standing.last_applied,
        [standing.log_after, standing.log],
        [standing.on_disk_after, standing.on_disk],
    )


def _messages(recording: Recording, numbers: Mapping[str, int]) -> Iterator[Json]:
    events = [moment.event for moment in recording.moments]
    last = len(events) - 1
    for passage in recording.passages:
        if passage.source in numbers and passage.target in numbers:
            sent = min(bisect_left(events, passage.sent_event), last)
            arrived = [_arrival(arrival, events) for arrival in passage.arrivals]
            yield [numbers[passage.source], numbers[passage.target], passage.text, sent, arrived]


def witness(found: Violation | None, asked: Sequence[Asked]) -> Mapping[str, Json]:
    """What shows a violation, and which operations these are."""
    evidence = Evidence() if found is None else found.evidence
    shown = set(evidence.operations)
    places = [
        place for place, one in enumerate(asked) if (one.client, one.place, one.text) in shown
    ]
    return {"lines": evidence.lines, "operations": places}


def _arrival(arrival: Arrival, events: Sequence[int]) -> Sequence[int]:
    last, taken = len(events) - 1, arrival.taken_event
    reached = min(bisect_left(events, arrival.reached_event), last)
    return reached, -1 if taken is None else min(bisect_left(events, taken), last)


def _operations(recording: Recording, asked: Iterable[Asked]) -> Iterator[Json]:
    """What clients did, between moments."""
    times = [moment.time_us for moment in recording.moments]
    last = len(times) - 1
    for one in asked if times else ():
        ended_us = one.given_up_us if one.returned_us is None else one.returned_us
        started = min(bisect_left(times, one.invoked_us), last)
        ended = last if ended_us is None else max(bisect_right(times, ended_us) - 1, started)
        yield [one.client, one.text, one.result, started, ended, int(ended_us is None)]
