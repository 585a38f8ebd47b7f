"""A node's data directory: made, locked against a second process, listed.

Responsible for having the directory to ourselves before anything is read from it.
What the files mean is `leto.wal`'s affair; performing reads and writes is `disk`'s.

Invariants:
    1. While a `DataDirectory` is open no other process has the same one open.
    2. A directory that we made survives a power cut as surely as what is synced in it.
"""

import fcntl
import os
from pathlib import Path

from leto.server.world import FileFound

LOCK_FILE = "LOCK"


class DirectoryUnusable(Exception):
    """The data directory cannot be used; the message says why and what helps."""


class DataDirectory:
    """An open and locked data directory.

    Raises:
        DirectoryUnusable: it cannot be made or opened, or another process has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            _make(path.resolve())
            self.descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            self._lock = self._open_lock()
        except OSError as error:
            is_file = isinstance(error, FileExistsError)
            reason = "it is a file" if is_file else error.strerror
            raise DirectoryUnusable(
                f"cannot use the data directory {path}: {reason}; choose another -raftdir"
            ) from error
        self._take_lock()

    def files(self) -> tuple[FileFound, ...]:
        """Every plain file but the lock, sorted by name."""
        with os.scandir(self.descriptor) as found:
            return tuple(
                FileFound(file.name, file.stat().st_size)
                for file in sorted(found, key=lambda file: file.name)
                if file.is_file(follow_symlinks=False) and file.name != LOCK_FILE
            )

    def close(self) -> None:
        """Leave the directory to others."""
        os.close(self._lock)
        os.close(self.descriptor)

    def _open_lock(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        return os.open(LOCK_FILE, flags, 0o600, dir_fd=self.descriptor)

    def _take_lock(self) -> None:
        """The kernel drops the lock with the process, however that ends; the file stays."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._lock, 20, 0).decode("ascii", "replace").strip()
            self.close()
            raise DirectoryUnusable(
                f"the data directory {self.path} is in use by process {holder or '(unknown)'};"
                " stop that one, or choose another -raftdir"
            ) from error
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, b"%d\n" % os.getpid(), 0)


def _make(path: Path) -> None:
    """Make the directory and its parents, each durable in the one that holds it."""
    if path.is_dir():
        return
    _make(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    parent = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
