"""Strategies of Hypothesis for scenarios, and for the parts of one.

Responsible for drawing what is strange about a run, so that it shrinks well: few
faults, mild ones first, default settings. Only the scenario is drawn, never an event
of the run: Hypothesis takes longer for a draw than the simulator for an event. Each
message's fate is a function of the seed and of the message alone, so a fault that is
taken out leaves the rest of the run as it was.

    @given(scenarios())
    def test_it(scenario):
        simulate(Bank, scenario=scenario, workload=WORKLOAD).raise_if_violated()
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final, get_args, get_origin, get_type_hints

import attrs
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from leto.raft import Config
from leto.raft.config import MIB
from leto.raft.messages import Message
from leto.raft.types import Micros
from leto_sim.clock import MS
from leto_sim.faults import LEADER, Crash, CutLinks, Pause, StallDisk, TakeSnapshotNow
from leto_sim.habits import Habits
from leto_sim.node_level.datagrams import Weather
from leto_sim.node_level.disk import DiskSpeed
from leto_sim.node_level.faults import Fault, Isolate, PlannedFault, TransferLeadership
from leto_sim.node_level.scenario import Scenario

DURATION_US: Final = 3_000 * MS
EVENTS_MAX: Final = 2_000
FAULTS_MAX: Final = 40
LONGEST_US: Final = 1_000 * MS  # of one fault
_NODES: Final = 5
_MILD: Final[Sequence[type]] = (
    TakeSnapshotNow,
    TransferLeadership,
    Pause,
    StallDisk,
    Crash,
    CutLinks,
    Isolate,
)
FAULT_KINDS: Final[Sequence[type]] = (
    *_MILD,
    *(kind for kind in get_args(Fault) if kind not in _MILD),
)
"""Every kind of fault, the milder ones first: Hypothesis shrinks towards them."""


def faults(kinds: Sequence[type] = FAULT_KINDS) -> SearchStrategy[Fault]:
    """One fault, of these kinds."""
    return st.one_of([_values_of(kind) for kind in kinds])


def plans(
    *,
    kinds: Sequence[type] = FAULT_KINDS,
    duration_us: Micros = DURATION_US,
    faults_max: int = FAULTS_MAX,
) -> SearchStrategy[tuple[PlannedFault, ...]]:
    """A few faults, and when they strike."""
    planned = st.builds(PlannedFault, _times(duration_us), faults(kinds))
    return st.lists(planned, max_size=faults_max).map(tuple)


def configs() -> SearchStrategy[Config]:
    """Settings, middling or extreme; what is rare with the defaults happens all the time."""
    return st.builds(
        Config,
        election_timeout_min_us=st.just(100 * MS),
        election_timeout_max_us=st.sampled_from((200 * MS, 130 * MS)),
        heartbeat_interval_us=st.sampled_from((50 * MS, 20 * MS)),
        append_bytes_max=st.sampled_from((MIB, 200, 1)),
        appends_in_flight_max=st.sampled_from((64, 1)),
        snapshot_chunk_bytes=st.sampled_from((256 * 1024, 7)),
        snapshot_after_entries=st.sampled_from((100_000, 20, 3)),
        trailing_entries=st.sampled_from((10_000, 5, 0)),
    )


def scenarios(
    *,
    kinds: Sequence[type] = FAULT_KINDS,
    nodes: Sequence[int] = (3, 5, 4, 2, 1),
    events_max: int = EVENTS_MAX,
    duration_us: Micros = DURATION_US,
    faults_max: int = FAULTS_MAX,
) -> SearchStrategy[Scenario]:
    """All that a run is. Hypothesis shrinks to three nodes, no faults, default settings."""
    return st.builds(
        Scenario,
        seed=st.integers(0, 2**32 - 1),
        nodes=st.sampled_from(nodes),
        events_max=st.just(events_max),
        duration_us=st.just(duration_us),
        config=configs(),
        weather=st.builds(Weather, loss=st.sampled_from((0.0, 0.1))),
        disk=st.builds(DiskSpeed, sync_tail_us=st.sampled_from((700, 20 * MS))),
        clock_drift=st.sampled_from((0.0, 0.8)),
        tells_deaths=st.booleans(),
        habits=st.builds(Habits, keys=st.sampled_from((1, 20)), burst_max=st.integers(1, 4)),
        plan=plans(kinds=kinds, duration_us=duration_us, faults_max=faults_max),
    )


# --- a fault's fields --------------------------------------------------------------------


def _times(longest_us: Micros) -> SearchStrategy[Micros]:
    return st.integers(0, longest_us // MS).map(lambda milliseconds: milliseconds * MS)


_BY_NAME: Final[Mapping[str, SearchStrategy[object]]] = {
    "message": st.sampled_from([message.__name__ for message in get_args(Message)]),
    "victim": st.integers(LEADER, _NODES - 1),
    "left": st.integers(0, (1 << _NODES) - 1),
    "right": st.integers(0, (1 << _NODES) - 1),
    "rate": st.sampled_from((1_000_000, 950_000, 1_050_000)),  # millionths of true time
}


def _values_of(kind: type) -> SearchStrategy[Fault]:
    types = get_type_hints(kind)
    fields = [field.name for field in attrs.fields(kind)]
    return st.builds(kind, **{name: _values_for(name, types[name]) for name in fields})


def _values_for(name: str, of_type: object) -> SearchStrategy[object]:
    if name in _BY_NAME:
        return _BY_NAME[name]
    if name.endswith("_us"):
        return _times(LONGEST_US)
    if of_type is bool:
        return st.booleans()
    if of_type is float:
        return st.floats(0, 0.5)
    if of_type is int:
        return st.integers(1, 4)
    if isinstance(of_type, type) and issubclass(of_type, Enum):
        return st.sampled_from(of_type)
    if get_origin(of_type) is tuple:
        of_item, *more = get_args(of_type)
        if more == [...]:
            return st.lists(_values_for(name, of_item), max_size=_NODES).map(tuple)
        return st.tuples(*(_values_for(name, one) for one in (of_item, *more)))
    raise NotImplementedError(f"no strategy for {name}: {of_type}")
