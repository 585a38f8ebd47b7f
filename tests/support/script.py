"""The language of the golden traces: a script is run, and rendered with what happened.

    A sentence of intent.

    # A remark.
    > a command
    what came of it, a line each

Responsible for reading, running and rendering scripts; `COMMANDS` is the language.
`tests/scripts/README.md` explains it to whoever writes one.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import attrs

from leto.raft.config import Config
from leto.raft.configuration import (
    AddMember,
    ChangeAddress,
    ChangeLease,
    ChangePriority,
    ChangeRole,
    Configuration,
    ConfigurationChange,
    MemberRole,
    RemoveMember,
)
from leto.raft.entries import HardState, Restored, SnapshotMark
from leto.raft.events import (
    ConfigurationForced,
    DiskRoomChanged,
    PeerGone,
    ReadPolicy,
    ReadRequested,
    TransferRequested,
)
from leto.raft.types import NodeId
from tests.support import words
from tests.support.hosts import entries, member
from tests.support.stage import Actor, Letter, Stage

Script: TypeAlias = str
Command: TypeAlias = Callable[[Stage, Sequence[str]], object]

UNITS_US: Final = {"us": 1, "ms": 1_000, "s": 1_000_000}


@attrs.frozen
class Step:
    """A command, and the remarks before it."""

    remarks: tuple[str, ...]
    command: str


def parse(script: Script) -> tuple[str, list[Step]]:
    """The intent, and the steps; what the script expects is left out."""
    intent, _, rest = script.partition("\n> ")
    steps: list[Step] = []
    intent, *first_remarks = re.split(r"\n(?=#)", intent)
    remarks = first_remarks
    for line in ("> " + rest).splitlines():
        if line.startswith("# "):
            remarks.append(line)
        elif line.startswith("> "):
            steps.append(Step(tuple(remarks), line.removeprefix("> ")))
            remarks = []
    return intent.strip(), steps


def run(script: Script) -> Script:
    """The script with what really happens."""
    intent, steps = parse(script)
    stage = Stage()
    lines = [intent, ""]
    for step in steps:
        if step.remarks and lines[-1]:
            lines.append("")
        lines += [*step.remarks, f"> {step.command}"]
        stage.trace.clear()
        perform(stage, step.command)
        lines += stage.trace
    return "\n".join(lines) + "\n"


def perform(stage: Stage, command: str) -> None:
    """Perform one command; after `quietly` nothing is said of it."""
    verb, *arguments = command.split()
    if verb == "quietly":
        perform(stage, " ".join(arguments))
        stage.trace.clear()
        return
    COMMANDS[verb](stage, arguments)
    stage.collect()


# --- words of the language -------------------------------------------------------------


def _id(word: str) -> NodeId:
    return NodeId(int(word.removeprefix("id")))


def _ids(word: str) -> list[NodeId]:
    return [_id(part) for part in word.split(",")]


def _duration(word: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(us|ms|s)", word).groups()  # type: ignore[union-attr] # a script is ours
    return int(number) * UNITS_US[unit]


def _options(arguments: Iterable[str]) -> dict[str, str]:
    return dict(argument.split("=", 1) for argument in arguments)


def _wanted(arguments: Sequence[str]) -> Callable[[Letter], bool]:
    """`id1->id2`, `id1->`, `->id2`, a kind of message, or all of these at once."""

    def fits(letter: Letter, word: str) -> bool:
        if "->" not in word:
            return letter.kind == word
        sender, to = word.split("->")
        return (not sender or letter.sender == _id(sender)) and (not to or letter.to == _id(to))

    return lambda letter: all(fits(letter, word) for word in arguments if not word.isdigit())


def _count_max(arguments: Sequence[str]) -> int | None:
    """A number among the words: so many letters at most."""
    return next((int(word) for word in arguments if word.isdigit()), None)


def _actors(stage: Stage, arguments: Sequence[str]) -> list[Actor]:
    ids = _ids(arguments[0]) if arguments else list(stage.hosts)
    return [stage.hosts[node_id] for node_id in ids]


# --- commands --------------------------------------------------------------------------


def _cluster(stage: Stage, arguments: Sequence[str]) -> None:
    """`cluster 3 learner=4 blank=5 traced=1,2 priority=1:5,2:0 lease=500ms idN.log=1,1,2 field=value`."""
    voters, *rest = arguments
    options = _options(rest)
    blank = _ids(options.pop("blank")) if "blank" in options else []
    stage.traced = frozenset(_ids(options.pop("traced"))) if "traced" in options else frozenset()
    configuration = _configuration(range(1, int(voters) + 1), options)
    disks = {name: options.pop(name) for name in [*options] if name.startswith("id")}
    config = Config(**{name: int(value) for name, value in options.items()})
    mark = SnapshotMark(configuration=configuration)
    for node_id in [m.node_id for m in configuration.members] + blank:
        terms = [int(term) for term in disks.get(f"id{node_id}.log", "").split(",") if term]
        term = int(disks.get(f"id{node_id}.term", max(terms, default=0)))
        restored = Restored(
            node_id=node_id,
            incarnation=1,
            hard_state=HardState(term),
            snapshot=None if node_id in blank else mark,
            entries=entries(*terms),
        )
        stage.enter(restored, config)


def _configuration(voters: Iterable[int], options: dict[str, str]) -> Configuration:
    members = [member(number) for number in voters]
    for role in (MemberRole.LEARNER, MemberRole.JOINING):
        if role.value in options:
            members += [member(number, role) for number in _ids(options.pop(role.value))]
    priorities = options.pop("priority", "")
    of_id = dict(pair.split(":") for pair in priorities.split(",") if pair)
    return Configuration(
        tuple(attrs.evolve(m, priority=int(of_id.get(str(m.node_id), 1))) for m in members),
        lease_us=_duration(options.pop("lease", "0ms")),
    )


def _campaign(stage: Stage, arguments: Sequence[str]) -> None:
    """All leaders have been silent for long, and this node is the first to notice."""
    host = stage.hosts[_id(arguments[0])]
    longest = max(other.config.election_timeout_max_us for other in stage.hosts.values())
    stage.pass_time(longest)
    stage.tick(host)


def _elect(stage: Stage, arguments: Sequence[str]) -> None:
    """`campaign`, then `settle`, then a heartbeat that settles."""
    _campaign(stage, arguments)
    stage.settle()
    stage.tick(stage.hosts[_id(arguments[0])])
    stage.settle()


def _tick(stage: Stage, arguments: Sequence[str]) -> None:
    for host in _actors(stage, arguments):
        stage.tick(host)


def _duplicate(stage: Stage, arguments: Sequence[str]) -> None:
    stage.collect()
    wanted = _wanted(arguments)
    stage.letters += [attrs.evolve(letter) for letter in stage.letters if wanted(letter)]


def _drop(stage: Stage, arguments: Sequence[str]) -> None:
    for letter in stage.take(_wanted(arguments), _count_max(arguments)):
        stage.tell(f"lost: id{letter.sender} -> id{letter.to} {letter.words}")


def _write(stage: Stage, arguments: Sequence[str]) -> None:
    """`write id1`: its writes become durable; `write id1 2`: the two oldest."""
    host = stage.hosts[_id(arguments[0])]
    host.written(writes=int(arguments[1]) if len(arguments) > 1 else None)


def _work(stage: Stage, arguments: Sequence[str]) -> None:
    """Disk and state machine do what was ordered, and what follows from that."""
    for host in _actors(stage, arguments):
        host.work_all()


def _read(stage: Stage, arguments: Sequence[str]) -> None:
    host, policy = stage.hosts[_id(arguments[0])], ReadPolicy((*arguments, "index")[1])
    host.ask(lambda request_id: ReadRequested(request_id, policy))


def _change(stage: Stage, arguments: Sequence[str]) -> None:
    host = stage.hosts[_id(arguments[0])]
    host.change(*map(_one_change, arguments[1:]))


def _one_change(word: str) -> ConfigurationChange:
    """`+4:joining`, `-2`, `4=voter`, `4!0`, `lease=500ms`, `3@host9`."""
    if word.startswith("+"):
        number, _, role = word[1:].partition(":")
        return AddMember(member(int(number), MemberRole(role or "voter")))
    if word.startswith("-"):
        return RemoveMember(_id(word[1:]))
    if word.startswith("lease="):
        return ChangeLease(_duration(word.removeprefix("lease=")))
    number, sign, value = re.fullmatch(r"(\d+)([=!@])(.+)", word).groups()  # type: ignore[union-attr] # a script is ours
    changes: Mapping[str, Callable[[], ConfigurationChange]] = {
        "=": lambda: ChangeRole(_id(number), MemberRole(value)),
        "!": lambda: ChangePriority(_id(number), int(value)),
        "@": lambda: ChangeAddress(_id(number), value),
    }
    return changes[sign]()


def _transfer(stage: Stage, arguments: Sequence[str]) -> None:
    to = _id(arguments[1]) if len(arguments) > 1 else None
    stage.hosts[_id(arguments[0])].ask(lambda request_id: TransferRequested(request_id, to))


def _gone(stage: Stage, arguments: Sequence[str]) -> None:
    """`gone id1`: everybody is told that its process is dead; `gone id1 id2`: only id2 is."""
    for host in _actors(stage, arguments[1:]):
        host.handle(PeerGone(_id(arguments[0])))


def _disk(stage: Stage, arguments: Sequence[str]) -> None:
    host, what = stage.hosts[_id(arguments[0])], arguments[1]
    if what in ("full", "room"):
        host.handle(DiskRoomChanged(has_room=what == "room"))
    elif what in ("stuck", "well"):
        host.disk_is_stuck = what == "stuck"
    else:
        assert what == "fails", what
        host.fail()


def _force(stage: Stage, arguments: Sequence[str]) -> None:
    survivors = tuple(_ids(arguments[1]))
    stage.hosts[_id(arguments[0])].ask(
        lambda request_id: ConfigurationForced(request_id, survivors)
    )


def _partition(stage: Stage, arguments: Sequence[str]) -> None:
    """`partition id1,id2 id3`: nothing passes between the groups."""
    stage.partition(frozenset(_ids(group)) for group in arguments)


def _heal(stage: Stage, arguments: Sequence[str]) -> None:
    assert not arguments, "heal heals everything"
    stage.groups = []


def _hold(stage: Stage, arguments: Sequence[str]) -> None:
    stage.held.append(_wanted(arguments))


def _release(stage: Stage, arguments: Sequence[str]) -> None:
    assert not arguments, "release releases everything"
    stage.held.clear()


def _status(stage: Stage, arguments: Sequence[str]) -> None:
    for host in _actors(stage, arguments):
        status = host.status
        stage.tell(
            f"{host.name}@{status.current_term} {status.role.value}"
            f" leader={words.of_node(status.leader)} vote={words.of_node(status.voted_for)}"
            f" last={status.last_log} commit={status.commit_index} applied={status.last_applied}"
            f" config={words.of_configuration(status.configuration)}"
        )


def _progress(stage: Stage, arguments: Sequence[str]) -> None:
    for follower in stage.hosts[_id(arguments[0])].status.followers:
        stage.tell(
            f"id{follower.node_id} {follower.mode.value}"
            f" match={follower.match_index} next={follower.next_index}"
        )


def _log(stage: Stage, arguments: Sequence[str]) -> None:
    """What is durable of each log, and the snapshot below it."""
    for host in _actors(stage, arguments):
        mark = host.disk.snapshot
        named = mark is not None and mark.last_included.index > 0
        below = f"snapshot={mark.last_included} " if named and mark is not None else ""
        stage.tell(f"{host.name} {below}[{' '.join(map(words.of_entry, host.disk.log))}]")


def _propose(stage: Stage, arguments: Sequence[str]) -> None:
    stage.hosts[_id(arguments[0])].propose(*(word.encode() for word in arguments[1:]))


def _deliver(stage: Stage, arguments: Sequence[str]) -> None:
    stage.deliver(_wanted(arguments), _count_max(arguments))


COMMANDS: Final[Mapping[str, Command]] = {
    "cluster": _cluster,
    # time
    "tick": _tick,
    "campaign": _campaign,
    "elect": _elect,
    "pass": lambda stage, arguments: stage.pass_time(_duration(arguments[0])),
    "run": lambda stage, arguments: stage.run_for(_duration(arguments[0])),
    # the network
    "deliver": _deliver,
    "drop": _drop,
    "duplicate": _duplicate,
    "hold": _hold,
    "release": _release,
    "partition": _partition,
    "heal": _heal,
    "settle": lambda stage, _: stage.settle(),
    # a node's own world
    "write": _write,
    "apply": lambda stage, arguments: [host.apply() for host in _actors(stage, arguments)],
    "work": _work,
    "crash": lambda stage, arguments: stage.crash(_id(arguments[0])),
    "restart": lambda stage, arguments: stage.restart(_id(arguments[0])),
    "gone": _gone,
    "disk": _disk,
    # requests
    "propose": _propose,
    "read": _read,
    "change": _change,
    "transfer": _transfer,
    "snapshot": lambda stage, arguments: stage.hosts[_id(arguments[0])].request_snapshot(),
    "force": _force,
    # a look
    "status": _status,
    "progress": _progress,
    "log": _log,
}
