"""How simulated clients leave a server that could go on: with QUIT, or by leaving the protocol.

Responsible for what is sent last on a connection, and for the one answer that it has: behind
those to everything before, and then the server closes (`leto_sim.server_level.punctuality`).
"""

from random import Random
from typing import Final

import attrs

from leto.resp import OK, ErrorReply, Reply
from leto_sim.result import PropertyViolated

_QUITS: Final = (b"QUIT\r\n", b"*1\r\n$4\r\nQUIT\r\n")
_RUBBISH: Final = (
    b"*1\r\n:1\r\n",  # no string
    b"*x\r\n",  # no number
    b"*1\r\n$9999999999\r\n",  # too long
    b'GET "k0\r\n',  # without an end
)
_UNHEARD: Final = b"PING\r\n"  # whatever follows
_RUDE: Final = 0.5


@attrs.frozen(eq=False)
class Farewell:
    """The last words on a connection."""

    words: bytes
    is_rude: bool
    property_name: str  # that says that there is an answer

    @property
    def data(self) -> bytes:
        """What is sent."""
        return self.words + _UNHEARD

    def answered(self, reply: Reply) -> None:
        """The server's last reply."""
        if self.is_rude:
            is_right = isinstance(reply, ErrorReply) and "Protocol error" in reply.message
        else:
            is_right = reply == OK
        if not is_right:
            raise PropertyViolated(self.property_name, f"{self.words!r} is answered {reply!r}")

    def lost(self) -> None:
        """Who leaves does not mind."""


def draw_farewell(rng: Random, property_name: str) -> Farewell:
    """One that a client may say at any time."""
    is_rude = rng.random() < _RUDE
    return Farewell(rng.choice(_RUBBISH if is_rude else _QUITS), is_rude, property_name)
