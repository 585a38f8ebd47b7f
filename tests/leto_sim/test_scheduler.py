"""Virtual time."""

from leto_sim.scheduler import Scheduler


def test_time_jumps_to_what_is_due_next() -> None:
    scheduler, seen = Scheduler(), list[tuple[int, str]]()

    scheduler.after(20, lambda: seen.append((scheduler.now, "later")))
    scheduler.at(10, lambda: seen.append((scheduler.now, "first")))
    while scheduler.step():
        pass

    assert [(10, "first"), (20, "later")] == seen


def test_what_is_due_at_once_happens_in_the_order_it_was_scheduled() -> None:
    scheduler, seen = Scheduler(), list[int]()

    for number in range(5):
        scheduler.at(7, seen.append, number)
    while scheduler.step():
        pass

    assert [0, 1, 2, 3, 4] == seen


def test_what_is_late_happens_now() -> None:
    scheduler, seen = Scheduler(), list[int]()
    scheduler.at(10, scheduler.at, 3, lambda: seen.append(scheduler.now))

    scheduler.step()
    assert 10 == scheduler.next_time
    scheduler.step()

    assert [10] == seen


def test_when_nothing_is_to_come_nothing_happens() -> None:
    scheduler = Scheduler()

    assert None is scheduler.next_time
    assert not scheduler.step()
    assert 0 == scheduler.now
