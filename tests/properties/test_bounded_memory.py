"""What the core holds for others is bounded, and the bound costs nothing but messages.

The bounds are made so small that whole clusters come up against them, which they do not
otherwise: a disk would have to hang while thousands of messages wait for it.
"""

import pytest

from leto.raft import write_lane
from leto.raft.actions import Send
from leto.raft.types import Seq
from leto.raft.write_lane import WriteLane
from leto_sim import draw_scenario
from leto_sim.node_level.run import NodeLevelRun

HELD_MAX = 2
SEEDS = range(3)


def test_messages_beyond_what_is_held_are_lost_and_nothing_else_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held: list[int] = []
    hold = WriteLane.hold

    def watched(lane: WriteLane, send: Send, after: Seq) -> None:
        held.append(len(lane._held))
        hold(lane, send, after)
        assert len(lane._held) <= HELD_MAX

    monkeypatch.setattr(write_lane, "HELD_MAX", HELD_MAX)
    monkeypatch.setattr(WriteLane, "hold", watched)

    results = [NodeLevelRun(draw_scenario(seed, nodes=5, events_max=3_000)).run() for seed in SEEDS]

    assert [None] * len(SEEDS) == [result.violation for result in results]
    assert HELD_MAX in held, "no message was lost: the bound was never met"
