"""A deterministic world for Leto: simulated time, network, disks, clients, faults and checkers.

One seed decides everything that happens, so a failure is a number that anybody can run again.
"""
