"""What a node did and why: a record for each step of the protocol.

Responsible for the shape of the records, which is stable: names and fields only
grow (`docs/reference/trace-records.md`). They are built for a `Node` that is traced,
and for no other; the rules say when. Nothing in a record is to be performed.

A record is a past participle with what it is about; ids of nodes are typed as such,
so that whoever shows a record may put names in their place.

Reading order: `reasons`, `elections`, `log`, `reads`, `snapshots`, `cluster` say what
there is, by subject; `record` is all of it, `rendering` shows it.
"""

from leto.raft.traces.reasons import Reason
from leto.raft.traces.record import Record
from leto.raft.traces.rendering import NameOf, Value, describe, fields_of, step_of

__all__ = ["NameOf", "Reason", "Record", "Value", "describe", "fields_of", "step_of"]
