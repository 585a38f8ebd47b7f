"""What a node says about itself, and what an operator may ask of it.

Reading order: `survey` is what may be seen, `info` prints it, `desk` takes the
commands to the node itself, `administration` those of RAFT.
"""
