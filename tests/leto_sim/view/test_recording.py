"""What is written down of a run."""

from leto_sim.result import TraceLine
from leto_sim.standing import Standing
from leto_sim.view.recording import Change, Cuts, Recording, Reset


class Scene:
    """Two machines, of which the test says how they stand."""

    def __init__(self) -> None:
        self.now = [Standing(name="id1", is_up=True), Standing(name="id2", is_up=True)]

    def standings(self) -> list[Standing]:
        return list(self.now)


def line(event: int) -> TraceLine:
    return TraceLine(event=event, time_us=event * 10, lanes=(), text="id1 timer")


def test_how_a_node_stands_is_written_down_when_it_changes() -> None:
    scene = Scene()
    recording = Recording(scene)
    recording.moment(line(1))
    recording.moment(line(2))
    scene.now[1] = Standing(name="id2")

    recording.moment(line(4))

    assert [1, 2, 4] == [moment.event for moment in recording.moments]
    assert [
        Change(0, Standing(name="id1", is_up=True)),
        Change(0, Standing(name="id2", is_up=True)),
        Change(2, Standing(name="id2")),
    ] == recording.changes


def test_links_are_cut_from_the_next_moment_on() -> None:
    recording = Recording(Scene())
    recording.moment(line(1))

    recording.links_cut([("id2", "id1"), ("id1", "id2")])

    assert [Cuts(1, (("id1", "id2"), ("id2", "id1")))] == recording.cuts


def test_of_cuts_between_the_same_moments_only_the_last_is_seen() -> None:
    recording = Recording(Scene())

    recording.links_cut([("id1", "id2")])
    recording.links_cut([("id1", "id2"), ("id2", "id1")])

    assert [Cuts(0, (("id1", "id2"), ("id2", "id1")))] == recording.cuts


def test_connections_break_at_the_next_moment() -> None:
    recording = Recording(Scene())
    recording.moment(line(1))

    recording.reset("id1", "id2")

    assert [Reset(1, ("id1", "id2"))] == recording.resets
