"""The same commands in processes of other hash seeds."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from leto.machine import StateMachine
from leto_sim.machine_check.elsewhere import Address, Elsewhere, address_of, serve
from leto_sim.machine_check.findings import DETERMINISTIC, WELL_BEHAVED
from leto_sim.machine_check.trial import Broken, Trial
from tests.support import machines
from tests.support.machines import Adder, ListsASet, RaisesElsewhere

COMMANDS = [b"1", b"2", b"3"]
FILE = str(Path(machines.__file__).resolve())


def compare(machine: Callable[[], StateMachine]) -> None:
    address = address_of(machine)
    assert address is not None
    with Elsewhere(address) as elsewhere:
        assert elsewhere.is_ready
        elsewhere.compare(COMMANDS, Trial(machine, COMMANDS).run())


def test_an_honest_machine_does_the_same_everywhere() -> None:
    compare(Adder)


def test_the_order_of_a_set_is_found_out() -> None:
    with pytest.raises(Broken, match="returns another result in a process of another") as broken:
        compare(ListsASet)

    assert DETERMINISTIC == broken.value.finding.rule
    assert "here" == broken.value.finding.sides[0][0]


def test_who_raises_only_there_is_found_out() -> None:
    with pytest.raises(Broken, match="raises OSError: far from home in a process") as broken:
        compare(RaisesElsewhere)

    assert WELL_BEHAVED == broken.value.finding.rule


def test_a_machine_is_found_by_its_name() -> None:
    assert Address("tests.support.machines", FILE, "Adder") == address_of(Adder)


def test_a_machine_without_a_name_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class Local(Adder):
        pass

    assert None is address_of(Local)
    assert None is address_of(lambda: Adder())  # noqa: PLW0108 - it has no name
    monkeypatch.setattr(Adder, "__module__", "__main__")
    assert None is address_of(Adder)


def test_nobody_goes_further_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LETO_SIM_ELSEWHERE", "1")

    assert None is address_of(Adder)


def test_a_machine_that_is_not_there_is_not_tried(capfd: pytest.CaptureFixture[str]) -> None:
    with Elsewhere(Address("tests.support.machines", FILE, "Nobody")) as elsewhere:
        assert not elsewhere.is_ready

    assert "Nobody" in capfd.readouterr().err


def test_a_module_that_has_no_name_is_loaded_from_its_file() -> None:
    assert "Adder" == getattr(Address("no.such.module", FILE, "Adder").load(), "__name__", "")


def test_the_other_end_answers_line_by_line() -> None:
    address = {"module": "tests.support.machines", "file": FILE, "name": "RaisesOnThree"}
    lines = [address, {"commands": ["31"]}, {"commands": ["33"]}]
    answered = io.StringIO()

    serve(io.StringIO("\n".join(json.dumps(line) for line in lines)), answered)

    answers = [json.loads(line) for line in answered.getvalue().splitlines()]
    assert [
        {"ready": ["RaisesOnThree"]},
        {"results": ["31"], "contents": ["30", "31"]},
        {"raised": ["KeyError: b'3'"]},
    ] == answers
