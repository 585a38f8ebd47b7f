"""The program that a server runs in, when that is more than the server.

Reading order: `failures` (why a request has no result), `machine` (a machine of the program's,
as a server replicates it), `program` (what is asked of the node).
"""

from leto.server.program.failures import NotDone, NotLeader, Refused, Unknown
from leto.server.program.machine import ObjectMachine
from leto.server.program.program import Answered, Program

__all__ = [
    "Answered",
    "NotDone",
    "NotLeader",
    "ObjectMachine",
    "Program",
    "Refused",
    "Unknown",
]
