"""From requests to results: the way of a command through the log.

Reading order: `batches` makes one log entry of many commands, `replica` drives the
core with it, `applier` brings what is committed to the state machine, `reads` waits
until the machine is recent enough, `timekeeping` and `clock` put time into the log,
`patience` ends what takes too long.
"""
