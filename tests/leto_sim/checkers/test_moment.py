"""One number, shared."""

from leto_sim.checkers.moment import Moment


def test_whoever_shares_it_sees_what_the_world_writes() -> None:
    moment = Moment()
    assert 0 == moment.shown

    moment.shown = 7

    assert Moment(7) == moment
