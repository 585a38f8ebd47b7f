"""How a blank node gets into a cluster: it asks, wherever the hints lead, until it is in.

Responsible for the conversation with a member's client port: `INFO raft` tells which
cluster it is, which is made durable; then `JOIN`, as anybody could type it. Then the
leader dials us, and the rest is Raft.

Invariants:
    1. JOIN is sent only when the cluster's id is durable here: the leader's link is
       judged by it.
    2. JOIN is sent only while the disk has room for what a member must hold.
    3. A definite refusal ends the node, with the text; everything else is tried again,
       and the operator is told why: at once if it is news, else less and less often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from leto.resp import ErrorReply, Reply, ReplyParser, Verbatim, encode_request
from leto.server.addresses import parse_address
from leto.server.dice import jittered
from leto.server.world import ConnectionDialled, ConnectionId, DialFailed, Transmit
from leto.wire import FRAME_MARK, NO_CLUSTER, ClusterId

if TYPE_CHECKING:
    from collections.abc import Callable

    from leto.raft.types import Dice, Micros
    from leto.server.identity import Identity
    from leto.server.settings import Limits
    from leto.server.switchboard import Endpoint, Switchboard
    from leto.server.turn import Turn

REPLY_WITHIN_US: Final = 6_000_000  # the leader answers within four seconds

_SILENCE_MIN_US: Final = 5_000_000  # before the operator is told the same again
_SILENCE_MAX_US: Final = 300_000_000

_NOT_LEADER: Final = "not leader "
_UNREACHABLE: Final = "ERR cannot reach"
_PASSING: Final = ("LOADING", "CLUSTERDOWN", "UNKNOWN", "BUSY", _UNREACHABLE)
"""How refusals begin that another attempt may not meet."""


class Home(Protocol):
    """What joining needs of the node."""

    def keep_cluster(self, cluster_id: ClusterId, then: Callable[[], None]) -> None:
        """Make durable that this is our cluster."""
        ...

    @property
    def has_disk_room(self) -> bool:
        """Whether our disk has room for what a member must hold."""
        ...

    def refused(self, text: str) -> None:
        """The cluster does not want us: end the node."""
        ...


class Joining:
    """Asks to be admitted. Also the dialler of the connection that it asks on."""

    def __init__(
        self,
        turn: Turn,
        switchboard: Switchboard,
        limits: Limits,
        dice: Dice,
        identity: Identity,
        home: Home,
        target: str,
    ) -> None:
        self._turn = turn
        self._switchboard = switchboard
        self._limits = limits
        self._dice = dice
        self._identity = identity
        self._home = home
        self._target = target
        self._asking = target  # where the hints have led
        self._conversation: _Conversation | None = None
        self._backoff_us = limits.dial_backoff_min_us
        self._complaint = ""
        self._silence_us = _SILENCE_MIN_US
        self._silent_until: Micros = 0
        self.is_done = False
        self.deadline: Micros | None = turn.now

    def tick(self) -> None:
        """Ask, or give the present attempt up, if that is due."""
        if self.is_done or self.deadline is None or self._turn.now < self.deadline:
            return
        if self._conversation is not None:
            self.retry("no answer in time")
        else:
            self.deadline = None
            self._switchboard.dial(self._asking, self)

    def dialled(self, fact: ConnectionDialled) -> Endpoint:
        """We are connected: ask which cluster that is."""
        self._identity.learn_host(fact.local)
        self._conversation = _Conversation(self, fact.connection)
        self._ask(b"INFO", b"raft")
        return self._conversation

    def dial_failed(self, fact: DialFailed) -> None:
        """Nobody is there."""
        self.retry(fact.reason)

    def finish(self) -> None:
        """We are in."""
        self.is_done = True
        self.deadline = None
        self._hang_up()
        self._turn.info("joined", cluster=f"{self._identity.cluster_id:016x}")

    def answered(self, reply: Reply) -> None:
        """A member has answered."""
        match reply:
            case Verbatim(text=text):
                self._learn_cluster(text)
            case bytes():
                self._learn_cluster(reply)
            case ErrorReply(message=message):
                self._refused(message)
            case _:  # OK: the leader has us in its configuration, and will tell us
                self._hang_up()
                self.deadline = self._turn.now + REPLY_WITHIN_US

    def retry(self, reason: str) -> None:
        """This attempt is over: try again after a while, where we were told to ask."""
        self._hang_up()
        self._complain(reason)
        self._asking = self._target
        self.deadline = self._turn.now + jittered(self._dice, self._backoff_us)
        self._backoff_us = min(self._backoff_us * 2, self._limits.dial_backoff_max_us)

    # --- inside ------------------------------------------------------------------

    def _complain(self, reason: str) -> None:
        if reason != self._complaint:
            self._complaint = reason
            self._silence_us = _SILENCE_MIN_US
        elif self._turn.now < self._silent_until:
            return
        else:
            self._silence_us = min(self._silence_us * 2, _SILENCE_MAX_US)
        self._silent_until = self._turn.now + self._silence_us
        self._turn.warn("cannot join yet, trying again", target=self._asking, reason=reason)

    def _ask(self, *arguments: bytes) -> None:
        assert self._conversation is not None, "one asks somebody"
        self._turn.order(Transmit(self._conversation.connection, encode_request(arguments)))
        self.deadline = self._turn.now + REPLY_WITHIN_US

    def _learn_cluster(self, text: bytes) -> None:
        cluster_id = cluster_id_in(text)
        if cluster_id == NO_CLUSTER:
            self.retry("it belongs to no cluster yet")
        elif cluster_id == self._identity.cluster_id:
            self._ask_to_join(self._conversation)
        else:
            conversation = self._conversation
            self._home.keep_cluster(cluster_id, lambda: self._ask_to_join(conversation))

    def _ask_to_join(self, conversation: _Conversation | None) -> None:
        if conversation is None or conversation is not self._conversation:
            return
        if not self._home.has_disk_room:
            # A member that takes nothing never catches up, and nobody would know why.
            self.retry("the disk has no room: make some, or lower -diskreserve")
        else:
            address = str(self._identity.peer_address)
            self._turn.info("asking to join", target=self._asking, address=address)
            self._ask(b"JOIN", address.encode(), self._identity.settings.name.encode())

    def _refused(self, message: str) -> None:
        hint = message.removeprefix(_NOT_LEADER)
        if hint != message and parse_address(hint) is not None and hint != self._asking:
            self._hang_up()
            self._asking = hint
            self.deadline = self._turn.now
        elif hint != message or message.startswith(_PASSING):
            self.retry(message)
        else:
            self.is_done = True
            self.deadline = None
            self._hang_up()
            self._home.refused(f"{self._asking} refused the JOIN: {message}")

    def _hang_up(self) -> None:
        conversation, self._conversation = self._conversation, None
        if conversation is not None:
            self._switchboard.close(conversation.connection)


class _Conversation:
    """The connection that we ask on."""

    def __init__(self, joining: Joining, connection: ConnectionId) -> None:
        self.connection = connection
        self._joining = joining
        self._parser = ReplyParser()

    def received(self, data: bytes) -> None:
        if data.startswith(FRAME_MARK):  # a peer says Hello
            self._joining.retry("that is the port for nodes: give the member's -listen port")
            return
        self._parser.feed(data)
        for reply in self._parser.take(1):  # one question, one answer
            self._joining.answered(reply)
        if self._parser.error is not None:
            self._joining.retry(f"that is no Leto: {self._parser.error}")

    def backlog(self, unsent_bytes: int) -> None:
        """What we say is short."""

    def closed(self, reason: str) -> None:
        self._joining.retry(reason)


def cluster_id_in(info: bytes) -> ClusterId:
    """The cluster's id in what INFO says; NO_CLUSTER if it says none."""
    for line in info.split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key == b"cluster_id":
            try:
                number = int(value, 16)
            except ValueError:
                break
            return ClusterId(number) if 0 <= number < 1 << 64 else NO_CLUSTER
    return NO_CLUSTER
