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
    messages   [source, target, text, sent at, [arrived at, ...]]
    cuts       [moment, [[source, target], ...]]
    operations [client, text, result or null, first moment, last moment or -1]
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias, cast

from leto.raft.actions import RoleName
from leto_sim.course import Course
from leto_sim.result import RunResult
from leto_sim.standing import Standing
from leto_sim.view.recording import Recording

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
            [cuts.moment, [[numbers[end] for end in link if end in numbers] for link in cuts.links]]
            for cuts in recording.cuts
        ],
        "operations": list(_operations(recording, course)),
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
            arrived = [min(bisect_left(events, event), last) for event in passage.arrivals]
            yield [numbers[passage.source], numbers[passage.target], passage.text, sent, arrived]


def _operations(recording: Recording, course: Course) -> Iterator[Json]:
    """What clients did, between moments."""
    times = [moment.time_us for moment in recording.moments]
    if not times:
        return
    for line in course.history_lines():
        record = cast("dict[str, Json]", json.loads(line))
        invoked, returned = record.get("invoked"), record.get("returned")
        if not isinstance(invoked, int):
            continue  # the header
        asked = " ".join(map(_word, (record["op"], record["key"], *_sequence(record["args"]))))
        ended = -1
        if isinstance(returned, int):
            ended = max(bisect_right(times, course.time_of(returned)) - 1, 0)
        told = None if returned is None else _word(record.get("result"))
        started = min(bisect_left(times, course.time_of(invoked)), len(times) - 1)
        yield [record["client"], asked, told, started, ended]


def _sequence(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else ()


def _word(value: Json) -> str:
    return "nil" if value is None else str(value)
