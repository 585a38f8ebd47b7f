"""Faults as people read them, at either level."""

import attrs
import pytest

from leto_sim.fault_words import describe_fault
from leto_sim.faults import LEADER, Crash, CutLinks
from leto_sim.node_level.faults import TransferLeadership
from leto_sim.server_level.faults import JumpClock, TypeCommand


@pytest.mark.parametrize(
    "fault,text",
    [
        (Crash(LEADER, 20_000), "Crash(victim=leader, down=20 ms)"),
        (Crash(2, 1_500_000), "Crash(victim=2, down=1.5 s)"),
        (
            CutLinks(0b101, 0b10, one_way=True, for_us=7),
            "CutLinks(left={0, 2}, right={1}, one way, for=7 µs)",
        ),
        (CutLinks(1, 2, one_way=False, for_us=7), "CutLinks(left={0}, right={1}, for=7 µs)"),
        (JumpClock(0, -700), "JumpClock(victim=0, by=-700 ms)"),
        (TransferLeadership(1), "TransferLeadership(victim=1)"),
        (TypeCommand(("RAFT", "LEASE", "5")), "TypeCommand(words=('RAFT', 'LEASE', '5'))"),
    ],
)
def test_a_fault_is_told_with_units_and_names(fault: attrs.AttrsInstance, text: str) -> None:
    assert text == describe_fault(fault)
