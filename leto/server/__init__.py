"""A whole Leto node, sans-IO: `Server` takes facts and gives orders."""

from leto.server.server import Server
from leto.server.settings import InvalidSettings, Limits, ReadMode, Settings

__all__ = ["InvalidSettings", "Limits", "ReadMode", "Server", "Settings"]
