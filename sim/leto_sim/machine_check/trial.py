"""The same commands, applied, snapshotted and restored in every way a cluster could.

Responsible for what can be found without a cluster, which is quick and gives the
shortest list of commands: another machine, a machine restored at each point, a used
one that is restored. Quadratic in the number of commands.
"""

from collections.abc import Callable, Sequence

import attrs

from leto.machine import StateMachine
from leto_sim.machine_check.calls import watched
from leto_sim.machine_check.findings import (
    DETERMINISTIC,
    PURE,
    RESTORED,
    WELL_BEHAVED,
    Finding,
)

Factory = Callable[[], StateMachine]


@attrs.frozen
class Passage:
    """What a machine returned, and what it held: `contents[n]` after n commands."""

    results: tuple[bytes, ...]
    contents: tuple[bytes, ...]


class Broken(Exception):
    """Something is wrong; ends a trial."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.what)
        self.finding = finding


class Trial:
    """A list of commands, tried on machines of one kind."""

    def __init__(
        self, machine: Factory, commands: Sequence[bytes], *, watches_calls: bool = True
    ) -> None:
        self._machine = machine
        self._commands = tuple(commands)
        self._watches_calls = watches_calls

    def run(self) -> Passage:
        """Tries everything; returns how an honest machine does.

        Raises:
            Broken: something is wrong.
        """
        passage = self._pass()
        self._compare_another(passage)
        for after in range(len(self._commands) + 1):
            self._compare_restored(passage, self._machine(), after, "a new machine")
        self._try_used(passage)
        return passage

    def _pass(self) -> Passage:
        machine = self._machine()
        results: list[bytes] = []
        contents = [self._snapshot(machine, 0)]
        for number, command in enumerate(self._commands, 1):
            results.append(self._apply_watched(machine, number, command))
            contents.append(self._snapshot(machine, number))
            if (again := self._snapshot(machine, number)) != contents[-1]:
                sides = (("once", contents[-1]), ("again", again))
                raise self._broken(
                    DETERMINISTIC, "two snapshots at the same place differ", number, sides
                )
        return Passage(tuple(results), tuple(contents))

    def _compare_another(self, passage: Passage) -> None:
        machine = self._machine()
        for number in range(1, len(self._commands) + 1):
            self._compare_step(passage, machine, number, None, "another machine")

    def _compare_restored(
        self, passage: Passage, machine: StateMachine, after: int, who: str
    ) -> None:
        content = passage.contents[after]
        self._guarded(f"restore({content!r})", after, lambda: machine.restore(content))
        restored = self._snapshot(machine, after)
        if restored != content:
            sides = (("before restore", content), ("after restore", restored))
            what = f"the content of {who} is not what it was restored from"
            raise self._broken(RESTORED, what, after, sides, after)
        for number in range(after + 1, len(self._commands) + 1):
            self._compare_step(passage, machine, number, after, f"{who}, restored")

    def _compare_step(
        self, passage: Passage, machine: StateMachine, number: int, after: int | None, who: str
    ) -> None:
        rule = DETERMINISTIC if after is None else RESTORED
        expected, content = passage.results[number - 1], passage.contents[number]
        result = self._apply(machine, number, self._commands[number - 1])
        if result != expected:
            sides = (("the machine", expected), (who, result))
            raise self._broken(
                rule, f"command {number} returns another result", number, sides, after
            )
        held = self._snapshot(machine, number)
        if held != content:
            sides = (("the machine", content), (who, held))
            raise self._broken(
                rule, f"command {number} leads to another content", number, sides, after
            )

    def _try_used(self, passage: Passage) -> None:
        """A machine that has applied everything is restored to each point, and goes on again."""
        machine = self._machine()
        for number, command in enumerate(self._commands, 1):
            self._apply(machine, number, command)
        try:
            for after in range(len(self._commands) + 1):
                self._compare_restored(passage, machine, after, "a used machine")
        except Broken as broken:
            raise Broken(attrs.evolve(broken.finding, used_by=self._commands)) from broken

    # --- the three methods --------------------------------------------------------------

    def _apply_watched(self, machine: StateMachine, number: int, command: bytes) -> bytes:
        if not self._watches_calls:
            return self._apply(machine, number, command)
        result, call = watched(lambda: self._apply(machine, number, command))
        if call is not None:
            raise self._broken(PURE, f"apply() calls {call}", number)
        return result

    def _apply(self, machine: StateMachine, number: int, command: bytes) -> bytes:
        result = self._guarded("apply()", number, lambda: machine.apply(command))
        return self._as_bytes("apply()", number, result)

    def _snapshot(self, machine: StateMachine, number: int) -> bytes:
        content = self._guarded("snapshot()", number, machine.snapshot)
        return self._as_bytes("snapshot()", number, content)

    def _guarded(self, call: str, number: int, perform: Callable[[], object]) -> object:
        try:
            return perform()
        except Exception as mistake:
            what = f"{call} raises {type(mistake).__name__}: {mistake}"
            raise self._broken(WELL_BEHAVED, what, number) from mistake

    def _as_bytes(self, call: str, number: int, value: object) -> bytes:
        """A bytearray or a view would change when later commands are applied."""
        if not isinstance(value, bytes):
            what = f"{call} returns a {type(value).__name__}, not bytes"
            raise self._broken(WELL_BEHAVED, what, number)
        return value

    def _broken(
        self,
        rule: str,
        what: str,
        number: int,
        sides: tuple[tuple[str, bytes], ...] = (),
        restored_after: int | None = None,
    ) -> Broken:
        return Broken(
            Finding(
                rule=rule,
                what=what,
                commands=self._commands[:number],
                restored_after=restored_after,
                sides=sides,
            )
        )
