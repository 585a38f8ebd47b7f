"""Linearizability: whether a history of concurrent operations has an order that explains it.

A library of its own; nothing in it knows Leto. Reading order: `model` (what an
operation is), `search` (the checker), `precedence` (what follows without a search),
`register` and `strings` (what the objects are), `zones` (the short cut for registers
with unique writes), `witness` and `timeline` (a violation, small and readable),
`history` and `dialects` (histories in files).
"""

from leto_sim.lincheck.dialects import KeyDialect, RegisterDialect
from leto_sim.lincheck.history import HistoryError, read_history, write_history
from leto_sim.lincheck.model import IMPOSSIBLE, Found, Impossible, Model, Operation, Verdict
from leto_sim.lincheck.register import CompareAndSet, Read, Register, WriteValue
from leto_sim.lincheck.search import Finding, check_history
from leto_sim.lincheck.strings import ErrorReply, KeyCommand, SetOption, StringKey, Verb
from leto_sim.lincheck.timeline import timeline
from leto_sim.lincheck.witness import Witness, find_witness

__all__ = [
    "IMPOSSIBLE",
    "CompareAndSet",
    "ErrorReply",
    "Finding",
    "Found",
    "HistoryError",
    "Impossible",
    "KeyCommand",
    "KeyDialect",
    "Model",
    "Operation",
    "Read",
    "Register",
    "RegisterDialect",
    "SetOption",
    "StringKey",
    "Verb",
    "Verdict",
    "Witness",
    "WriteValue",
    "check_history",
    "find_witness",
    "read_history",
    "timeline",
    "write_history",
]
