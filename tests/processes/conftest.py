"""Whole nodes, met as their users meet them: processes, ports, signals, disks."""

from tests.support.real_nodes import cluster_of_three, new_node

__all__ = ["cluster_of_three", "new_node"]
