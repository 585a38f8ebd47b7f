"""The ways between hosts: what chance does to all that travels on one, and what blocks it.

Responsible for a path's weather and for whether it lets anything pass. What travels, and
what becomes of it where nothing passes, is `leto_sim.server_level.streams`. Whether a path
is blocked is asked for everything that travels, and changes when a fault strikes: so it is
kept with the path, and a connection keeps its paths.

Invariants:
    1. The n-th delay and the n-th cut of a path depend on the seed, the path and n alone, so
       that taking one fault away, or better weather, leaves the others' effects.
    2. A path is blocked while a fault blocks it, or one of its hosts has no power.
"""

import attrs

from leto.raft.types import Micros
from leto_sim.randomness import Draws, chance, exponential_us


@attrs.frozen(kw_only=True)
class StreamWeather:
    """How streams behave when nothing is broken."""

    delay_least_us: int = 100
    delay_tail_us: int = 200
    slow_chance: float = 0.0  # of a piece to be as late as a lost packet makes it
    slow_us: int = 200_000
    cut_chance: float = 0.1  # of a piece to be cut at a random place
    window_bytes: int = 256 * 1024  # under way or unread; more waits in the sender


class Path:
    """From one host to another."""

    __slots__ = ("_cut", "_cuts", "_delay", "_delays", "blocks", "is_blocked", "source", "target")

    def __init__(self, seed: int, source: str, target: str) -> None:
        self.source = source
        self.target = target
        self.blocks = 0  # how many faults block it
        self.is_blocked = False  # written by `Paths`
        self._delays = Draws(seed, "stream", source, target)
        self._cuts = Draws(seed, "cuts", source, target)
        self._delay = self._cut = 0

    def delay_us(self, weather: StreamWeather) -> Micros:
        """How long the next thing that travels takes."""
        self._delay += 1
        roll = self._delays.roll(self._delay)
        delay = weather.delay_least_us + exponential_us(weather.delay_tail_us, roll[0])
        if weather.slow_chance and roll[1] < chance(weather.slow_chance):
            delay += roll[2] % (weather.slow_us + 1)
        return delay

    def cut(self, weather: StreamWeather, size: int) -> int:
        """How much of the next piece, of that size, travels in one."""
        self._cut += 1
        if weather.cut_chance:
            roll = self._cuts.roll(self._cut)
            if roll[0] < chance(weather.cut_chance):
                return 1 + roll[1] % size
        return size


class Paths:
    """All of them."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._paths: dict[tuple[str, str], Path] = {}
        self._dark: dict[str, None] = {}  # hosts without power

    def between(self, source: str, target: str) -> Path:
        """The one path from `source` to `target`."""
        path = self._paths.get((source, target))
        if path is None:
            path = self._paths[source, target] = Path(self._seed, source, target)
            self._judge(path)
        return path

    @property
    def cut(self) -> list[Path]:
        """Those that a fault blocks."""
        return [path for path in self._paths.values() if path.blocks]

    def block(self, source: str, target: str) -> None:
        """Let nothing pass from `source` to `target` until as many `unblock`s."""
        path = self.between(source, target)
        path.blocks += 1
        self._judge(path)

    def unblock(self, source: str, target: str) -> bool:
        """Undo one `block`. Whether it was the last one."""
        path = self.between(source, target)
        if path.blocks == 0:
            return False
        path.blocks -= 1
        self._judge(path)
        return path.blocks == 0

    def darken(self, host: str) -> None:
        """The host has no power."""
        self._dark[host] = None
        self._judge_all(host)

    def lighten(self, host: str) -> None:
        """The host has power."""
        self._dark.pop(host, None)
        self._judge_all(host)

    def _judge_all(self, host: str) -> None:
        for path in self._paths.values():
            if host in {path.source, path.target}:
                self._judge(path)

    def _judge(self, path: Path) -> None:
        dark = self._dark
        path.is_blocked = path.blocks > 0 or path.source in dark or path.target in dark
