"""What clients ask next."""

from random import Random

import pytest

from leto.raft.entries import Command, Entry
from leto.raft.types import EntryId
from leto.resp import ErrorReply
from leto_sim.result import PropertyViolated
from leto_sim.server_level.errands import EchoErrand, ExpiringErrand, KeyErrand, Question
from leto_sim.server_level.history import History
from leto_sim.server_level.promises import Promises
from leto_sim.server_level.random_errands import (
    COUNTED,
    RandomErrands,
    Workload,
    expiring_keys,
    lasting_keys,
    ordered_keys,
)


def test_pipeline_touches_each_key_once() -> None:
    workload = Workload(keys=5, pipeline_max=5, expiring=0.2, echoes=0.2)
    errands = RandomErrands("a", workload, History(), Promises(), Random(1))

    for _ in range(200):
        keys = [errand.arguments[1] for errand in errands()]
        assert len(keys) == len(set(keys))


def test_echoes_and_expiring_writes_are_among_the_errands() -> None:
    workload = Workload(keys=1, expiring=0.3, echoes=0.3)
    errands = RandomErrands("a", workload, History(), Promises(), Random(1))

    kinds = {type(errand) for _ in range(50) for errand in errands()}

    assert {KeyErrand, EchoErrand, ExpiringErrand, Question} == kinds


def test_some_pipelines_write_and_read_one_key_by_turns() -> None:
    workload = Workload(keys=2, pipeline_max=5, ordered=1.0)
    errands = RandomErrands("a", workload, History(), Promises(), Random(1))
    words = {b"GET", b"SET", b"READONLY", b"READWRITE"}

    pipelines = [list(errands()) for _ in range(20)]

    assert words == {errand.arguments[0] for pipeline in pipelines for errand in pipeline}
    for pipeline in pipelines:
        (key,) = {errand.arguments[1] for errand in pipeline if len(errand.arguments) > 1}
        assert key in ordered_keys(workload)


def test_what_a_client_has_seen_it_does_not_forget() -> None:
    promises = Promises()
    errands = RandomErrands("a", Workload(keys=1, ordered=1.0), History(), promises, Random(1))
    reads = [errand for _ in range(20) for errand in errands() if errand.arguments[0] == b"GET"]
    promises.asked(b"<b.1>")
    promises.applied([Entry(EntryId(term=1, index=1), Command(b"<b.1>"))])

    for read in reads:
        read.answered(ErrorReply("CLUSTERDOWN no leader"))
    errands.order.check(promises.place_of)
    linearizable = [read for read in reads if isinstance(read, KeyErrand)]
    stale = [read for read in reads if isinstance(read, Question)]
    stale[0].answered(b"<b.1>")
    with pytest.raises(PropertyViolated, match="GET is answered 1"):
        stale[0].answered(1)

    assert linearizable


def test_twins_are_told_from_each_other_by_their_answers_alone() -> None:
    errands = RandomErrands("a", Workload(twins=1.0), History(), Promises(), Random(1))
    first, second, *_ = [errand for _ in range(9) for errand in errands()]

    second.answered(ErrorReply("CLUSTERDOWN no leader"))
    first.answered(7)

    assert {(b"INCR", COUNTED)} == {first.arguments, second.arguments}
    with pytest.raises(PropertyViolated, match="a counts 7 after 7"):
        next(iter(errands())).answered(7)


def test_what_twins_count_is_read_in_the_end() -> None:
    assert COUNTED in lasting_keys(Workload(twins=0.1))


def test_who_only_reads_does_so_in_order_too() -> None:
    readers = [
        RandomErrands("a", Workload(ordered=1.0), History(), Promises(), Random(seed))
        for seed in range(40)
    ]
    words = [{e.arguments[0] for _ in range(40) for e in reader()} for reader in readers]

    assert {b"GET", b"READONLY", b"READWRITE"} in words


def test_nothing_is_asked_when_the_work_is_over() -> None:
    errands = RandomErrands("a", Workload(), History(), Promises(), Random(1))

    errands.is_over = True

    assert () == errands()


def test_keys_that_expire_are_not_those_that_last() -> None:
    workload = Workload(keys=2)

    assert [b"p0", b"p1"] == expiring_keys(workload)
    assert [b"k0", b"k1"] == lasting_keys(workload)
