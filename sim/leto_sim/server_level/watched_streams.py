"""The network of streams in a traced run, where somebody may write down what befalls it.

Responsible for telling a recording which paths are blocked, and which connections the
network breaks. What travels on them is followed elsewhere (`passages`); what the network
does is what a `StreamNetwork` does.
"""

from collections.abc import Mapping

import attrs

from leto_sim.server_level.streams import StreamNetwork
from leto_sim.view.recording import Recording


@attrs.frozen
class NetworkLog:
    """Where to write."""

    recording: Recording
    names: Mapping[str, str]  # of machines and clients, by host


class WatchedStreams(StreamNetwork):
    """A network with a `log`, once there is one."""

    log: NetworkLog | None = None

    def block(self, source: str, target: str) -> None:
        """Let nothing pass from `source` to `target` until as many `unblock`s."""
        super().block(source, target)
        self._tell_blocks()

    def unblock(self, source: str, target: str) -> None:
        """Undo one `block`."""
        super().unblock(source, target)
        self._tell_blocks()

    def reset(self, one: str, other: str) -> None:
        """Break every connection between two hosts."""
        super().reset(one, other)
        if self.log is not None:
            self.log.recording.reset(self._name(one), self._name(other))

    def _tell_blocks(self) -> None:
        if self.log is not None:
            cut = [(self._name(path.source), self._name(path.target)) for path in self._paths.cut]
            self.log.recording.links_cut(cut)

    def _name(self, host: str) -> str:
        assert self.log is not None, "asked only while somebody writes"
        return self.log.names.get(host, host)
