"""Whether a state machine may be replicated: `check_machine`.

Reading order: `findings` (what can be wrong with one), `trial` (the same commands
applied, snapshotted and restored in every way, without a cluster), `calls` (what it
must not call), `elsewhere` (the same in processes of other hash seeds), `check` (all
of it, shrunk, and then in a cluster).
"""
