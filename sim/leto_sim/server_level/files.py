"""A simulated directory of files on a disk that a power cut tears.

Responsible for two views of the same files: what the operating system reads back,
and what the platters hold. It performs the steps of a `DiskJob` and decides what
a power cut leaves. It does not know time: when a step is performed is decided by
`leto_sim.server_level.disk`.

What it promises, and nothing more (contract 4 of `leto.server.world`):
    1. A sector of 512 bytes is old or new, never a mixture.
    2. What a `SyncFile` covered survives; of everything since, any subset of the
       sectors, and any length between the old and the new one.
    3. Creations, renames and deletions survive if a `SyncDirectory` covered them;
       each one since survives or is undone on its own.
    4. A process that is killed loses nothing: the operating system lives on.
"""

from random import Random
from typing import TypeAlias, assert_never

import attrs

from leto.server.world import (
    Delete,
    FileFound,
    ReadAt,
    Rename,
    Step,
    SyncDirectory,
    SyncFile,
    Truncate,
    WriteAt,
)

SECTOR_BYTES = 512


class StepFailed(Exception):
    """The operating system would refuse this step."""


@attrs.define
class SimulatedFile:
    """One file: its content, and how the platters differ from it."""

    content: bytearray = attrs.field(factory=bytearray)  # what a read returns
    synced_size: int = 0  # the length that the platters know
    _platter: dict[int, bytes] = attrs.field(factory=dict[int, bytes], init=False)
    # Of each sector written since the last sync: what the platters still hold.

    def write_at(self, offset: int, data: bytes) -> None:
        """Write; a hole between the end and `offset` reads as zeros."""
        if offset > len(self.content):
            self.resize(offset)
        self._remember(offset, offset + len(data))
        self.content[offset : offset + len(data)] = data

    def resize(self, size_bytes: int) -> None:
        """Cut the file, or lengthen it with zeros."""
        size_before = len(self.content)
        self._remember(min(size_bytes, size_before), max(size_bytes, size_before))
        del self.content[size_bytes:]
        self.content.extend(bytes(size_bytes - len(self.content)))

    def sync(self) -> None:
        """Make the platters hold the content."""
        self._platter.clear()
        self.synced_size = len(self.content)

    def synced(self) -> bytes:
        """What is sure to survive: the content as of the last sync."""
        if not self._platter:
            return bytes(self.content[: self.synced_size])
        return bytes(self._with_sectors(self._platter, self.synced_size))

    def synced_from(self, offset: int) -> bytes:
        """The part of `synced` from `offset` on, without reading what lies before."""
        if not self._platter:
            return bytes(self.content[offset : self.synced_size])
        return self.synced()[offset:]

    def damage(self, offset: int, data: bytes) -> None:
        """Put other bytes where synced ones are, behind everybody's back."""
        self.content[offset : offset + len(data)] = data
        for position, byte in enumerate(data, offset):
            sector, place = divmod(position, SECTOR_BYTES)
            old = self._platter.get(sector)
            if old is not None and place < len(old):
                self._platter[sector] = old[:place] + bytes([byte]) + old[place + 1 :]

    def cut_power(self, rng: Random, loss: float) -> None:
        """Lose each unsynced sector with the probability `loss`; the rest is on the platters."""
        lost = {sector: old for sector, old in self._platter.items() if rng.random() < loss}
        self.content = self._with_sectors(lost, self._surviving_size(rng))
        self.sync()

    def _surviving_size(self, rng: Random) -> int:
        old, new = self.synced_size, len(self.content)
        between = rng.randint(min(old, new), max(old, new))
        return rng.choice((old, new, between))

    def _with_sectors(self, sectors: dict[int, bytes], size_bytes: int) -> bytearray:
        image = self.content.copy()
        for sector, old in sectors.items():
            start = sector * SECTOR_BYTES
            image.extend(bytes(max(0, start + SECTOR_BYTES - len(image))))
            image[start : start + SECTOR_BYTES] = old.ljust(SECTOR_BYTES, b"\0")
        image.extend(bytes(max(0, size_bytes - len(image))))
        del image[size_bytes:]
        return image

    def _remember(self, start: int, end: int) -> None:
        for sector in range(start // SECTOR_BYTES, -(-end // SECTOR_BYTES)):
            if sector not in self._platter:
                begin = sector * SECTOR_BYTES
                self._platter[sector] = bytes(self.content[begin : begin + SECTOR_BYTES])


@attrs.frozen
class _Linked:
    """A name was given to a file, which has no other from then on."""

    name: str
    file: SimulatedFile

    def apply_to(self, names: dict[str, SimulatedFile]) -> None:
        for name in [name for name, file in names.items() if file is self.file]:
            del names[name]
        names[self.name] = self.file


@attrs.frozen
class _Unlinked:
    """A name was removed."""

    name: str

    def apply_to(self, names: dict[str, SimulatedFile]) -> None:
        names.pop(self.name, None)


_DirectoryChange: TypeAlias = _Linked | _Unlinked


class SimulatedDirectory:
    """The files of one node, as the operating system and as the platters know them."""

    def __init__(self) -> None:
        self.durable_changes = 0  # of names
        self._names: dict[str, SimulatedFile] = {}
        self._durable_names: dict[str, SimulatedFile] = {}
        self._unsynced: list[_DirectoryChange] = []

    def listing(self) -> tuple[FileFound, ...]:
        """What a process finds when it starts, sorted by name."""
        return tuple(
            FileFound(name, len(file.content)) for name, file in sorted(self._names.items())
        )

    def read(self, name: str) -> bytes:
        """The content that the operating system would read back."""
        return bytes(self._file(name).content)

    def durable_files(self) -> dict[str, SimulatedFile]:
        """The files whose names survive a power cut; ask each for what is `synced`."""
        return self._durable_names

    def perform(self, step: Step) -> bytes | None:
        """Perform one step; a read returns what it read.

        Raises:
            StepFailed: there is no such file.
        """
        match step:
            case WriteAt(file=name, offset=offset, data=data):
                self._created(name).write_at(offset, data)
            case SyncFile(file=name):
                self._file(name).sync()
            case SyncDirectory():
                self._sync()
            case ReadAt(file=name, offset=offset, size_bytes=size_bytes):
                return bytes(self._file(name).content[offset : offset + size_bytes])
            case Truncate(file=name, size_bytes=size_bytes):
                self._file(name).resize(size_bytes)
            case Rename(file=name, to=to):
                self._change(_Linked(to, self._file(name)))
            case Delete(file=name):
                self._delete(name)
            case _:
                assert_never(step)
        return None

    def perform_partly(self, step: Step, rng: Random) -> None:
        """Begin a step that a crash interrupts: of a write, a prefix arrives."""
        if isinstance(step, WriteAt):
            data = step.data[: rng.randint(0, len(step.data))]
            if data:
                self._created(step.file).write_at(step.offset, data)

    def cut_power(self, rng: Random) -> None:
        """Leave what the platters hold, and of the rest whatever chance keeps."""
        loss = rng.choice((0.0, 0.5, rng.random(), 1.0))
        for change in self._unsynced:
            if rng.random() >= loss:
                change.apply_to(self._durable_names)
                self.durable_changes += 1
        self._unsynced.clear()
        self._names = dict(self._durable_names)
        for _, file in sorted(self._names.items()):
            file.cut_power(rng, loss)

    def _sync(self) -> None:
        for change in self._unsynced:
            change.apply_to(self._durable_names)
        self.durable_changes += len(self._unsynced)
        self._unsynced.clear()

    def _change(self, change: _DirectoryChange) -> None:
        change.apply_to(self._names)
        self._unsynced.append(change)

    def _file(self, name: str) -> SimulatedFile:
        file = self._names.get(name)
        if file is None:
            raise StepFailed(f"there is no file {name!r}")
        return file

    def _created(self, name: str) -> SimulatedFile:
        if name not in self._names:
            self._change(_Linked(name, SimulatedFile()))
        return self._names[name]

    def _delete(self, name: str) -> None:
        if name in self._names:
            self._change(_Unlinked(name))
