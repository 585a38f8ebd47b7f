"""The real world for Leto: asyncio sockets, files that are synced, signals and the command line.

It holds no rule of Raft and no command's meaning; it performs what `leto` orders and reports what happened.
"""
