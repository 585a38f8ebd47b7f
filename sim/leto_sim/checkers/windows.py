"""What a leader keeps on its way to a follower is bounded (§10.2.2).

Looked at whenever entries are sent: so many messages at most are not acknowledged, and
so many bytes, as the settings say. The message that fills the window may exceed it.
"""

from leto.raft import Config
from leto.raft.actions import Send
from leto.raft.config import KIB
from leto.raft.messages import AppendEntries
from leto_sim.checkers.observed import Observed
from leto_sim.result import PropertyViolated

WINDOW_HOLDS = "what is on its way to a follower is bounded"
ENTRY_BYTES_MAX = 64 * KIB
"""One entry always goes, however large: none in the simulator is larger than this."""


class Windows:
    """Holds every follower's window against the settings."""

    def __init__(self, config: Config) -> None:
        self._appends_max = config.appends_in_flight_max
        largest = max(config.append_bytes_max, ENTRY_BYTES_MAX)
        self._bytes_max = config.bytes_in_flight_max + largest

    def sent(self, node: Observed, send: Send) -> None:
        """The leader sends an AppendEntries."""
        message = send.message
        assert type(message) is AppendEntries, "only those are shown here"
        if not message.entries:
            return
        follower = node.status.followers_by_id.get(send.to)
        if follower is not None and (
            follower.appends_in_flight > self._appends_max
            or follower.bytes_in_flight > self._bytes_max
        ):
            raise PropertyViolated(
                WINDOW_HOLDS,
                f"{follower.appends_in_flight} messages of {follower.bytes_in_flight} bytes"
                f" are on their way from {node.name} to {send.to}",
                node=node.name,
            )
