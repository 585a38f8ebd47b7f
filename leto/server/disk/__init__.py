"""The node's directory: reading it at boot, and writing it while serving.

Reading order: `disk_lane` is the one ordered lane of disk jobs, `boot` reads what
there is, `storage` performs the core's writes and moves snapshots, `room`
judges whether the disk is full.
"""
