"""A ticket office that is to be replicated: one with a bug, and one without. See the tutorial."""

from collections.abc import Callable

from leto.machine import StateMachine
from leto_sim import (
    ClusterView,
    CommandWorkload,
    Invariant,
    MachineBroken,
    SimulatedResult,
    check_machine,
    simulate,
)

COMMANDS = [b"buy", b"return 1", b"return 2"]


class TicketOffice:
    """Sells seats, and takes them back."""

    def __init__(self) -> None:
        self.next_seat = 1
        self.returned: list[int] = []

    def apply(self, command: bytes) -> bytes:
        """Perform `buy` or `return <seat>`."""
        verb, _, seat = command.partition(b" ")
        if verb == b"buy":
            return b"seat %d" % self.sell()
        if verb == b"return" and seat.isdigit():
            return self.take_back(int(seat))
        return b"what?"

    def sell(self) -> int:
        """A seat that came back, or else the next one."""
        if self.returned:
            return self.returned.pop()
        self.next_seat += 1
        return self.next_seat - 1

    def take_back(self, seat: int) -> bytes:
        """Somebody cannot come."""
        if seat < self.next_seat and seat not in self.returned:
            self.returned.append(seat)
            return b"thank you"
        return b"nobody has that seat"

    def snapshot(self) -> bytes:
        """All there is, so that the log need not be kept for ever."""
        return b"%d" % self.next_seat

    def restore(self, content: bytes) -> None:
        """Become what the snapshot was."""
        self.next_seat = int(content)


class BetterOffice(TicketOffice):
    """The same without the bug."""

    def snapshot(self) -> bytes:
        """The next seat, then those that came back, in their order."""
        return b" ".join(b"%d" % seat for seat in (self.next_seat, *self.returned))

    def restore(self, content: bytes) -> None:
        """Become what the snapshot was."""
        self.next_seat, *self.returned = map(int, content.split())


def seats_exist(cluster: ClusterView) -> str | None:
    """No office has taken back what was never sold."""
    for node in cluster.running:
        office = node.machine_as(TicketOffice)
        if any(seat >= office.next_seat for seat in office.returned):
            return f"{node.name} has {office.returned}, and would sell {office.next_seat} next"
    return None


def run(office: Callable[[], StateMachine], seed: int) -> SimulatedResult:
    """One run of five nodes, with an invariant of our own."""
    return simulate(
        office,
        seed=seed,
        nodes=5,
        workload=CommandWorkload(commands=COMMANDS),
        invariants=[Invariant("seats exist", seats_exist)],
    )


def main() -> None:
    """What the tutorial shows."""
    try:
        check_machine(TicketOffice, COMMANDS)
    except MachineBroken as broken:
        print(broken)
    print()
    report = check_machine(BetterOffice, COMMANDS, seeds=range(3))
    print(f"BetterOffice: {report.lists} lists of commands, {report.runs} clusters, no complaint")


if __name__ == "__main__":
    main()
