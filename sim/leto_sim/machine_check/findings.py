"""What can be wrong with a state machine, as values, and how a person is told.

Responsible for the words. Who finds it is `trial`, `elsewhere` and the simulator.
"""

from collections.abc import Sequence

import attrs

from leto_sim.checkers.determinism import shown

DETERMINISTIC = "the same commands lead to the same results and content"
RESTORED = "restore() brings back what snapshot() gave, and nothing else"
PURE = "apply() depends on the commands alone"
WELL_BEHAVED = "the machine returns bytes, and raises nothing"
_COMMANDS_SHOWN = 12
_MARK = "-- {} --"


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that is wrong."""

    rule: str
    what: str  # one sentence
    commands: tuple[bytes, ...]  # up to the one that shows it
    restored_after: int | None = None  # so many commands; None if nothing was restored
    sides: tuple[tuple[str, bytes], ...] = ()  # who says what
    used_by: tuple[bytes, ...] = ()  # what the machine that was restored had applied before

    @property
    def size(self) -> tuple[int, int]:
        """How much there is to read."""
        commands = self.commands + self.used_by
        return (len(commands), sum(map(len, commands)))

    def render(self, name: str) -> str:
        """All of it. `name` is the machine's."""
        lines = [f"{name}: {self.what}", f"  broken: {self.rule}", ""]
        lines += _numbered(self.commands, self.restored_after)
        if self.used_by:
            before = ", ".join(shown(command) for command in self.used_by[-_COMMANDS_SHOWN:])
            lines.append(f"\n  before it was restored, the used machine had applied {before}")
        if self.sides:
            width = max(len(who) for who, _ in self.sides) + 2
            contents = [content for _, content in self.sides]
            lines.append("")
            lines += [
                f"  {who:<{width}}{shown(content, _other(contents, number))}"
                for number, (who, content) in enumerate(self.sides)
            ]
        return "\n".join(lines)


def _other(contents: Sequence[bytes], number: int) -> bytes:
    return contents[1 - number] if len(contents) > 1 else b""


def _numbered(commands: Sequence[bytes], restored_after: int | None) -> Sequence[str]:
    lines: list[str] = []
    first = max(0, len(commands) - _COMMANDS_SHOWN)
    if first:
        lines.append(f"       ({first} commands before)")
    for number, command in enumerate(commands, 1):
        if number > first:
            lines.append(f"  {number:>3}  {shown(command)}")
        if number == restored_after:
            lines.append("       " + _MARK.format("snapshot, and restore elsewhere"))
    if restored_after == 0:
        lines.insert(0, "       " + _MARK.format("snapshot of nothing, and restore elsewhere"))
    return lines
