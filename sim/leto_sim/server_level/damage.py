"""Damage to what a server's disk had synced: flipped bits, writes that went astray or were lost.

Responsible for where a disk may be damaged so that it must be noticed, for doing it, and
for whether it is still there. Whose disk may be damaged is the operator's atlas
(`leto_sim.server_level.operator`).

Only what bears witness against a damage is spared: the frames behind the furthest sync
mark. Without them nobody can tell damage from a torn tail (`leto.wal.recovery`).
"""

from collections.abc import Iterable
from enum import Enum
from random import Random
from typing import Final

import attrs

from leto.raft.status import Status
from leto.wal import SegmentReader, has_file, segment_name, segment_number, snapshot_name
from leto_sim.result import PropertyViolated
from leto_sim.server_level.files import SECTOR_BYTES, SimulatedDirectory, SimulatedFile
from leto_sim.server_level.platter import ServerPlatter

DAMAGE_IS_NOTICED: Final = "nothing damaged is restored"


class DiskDamage(Enum):
    """What became of a sector, or of a byte in it."""

    FLIPPED = "flipped"  # a bit is another
    ASTRAY = "astray"  # what was written elsewhere is here
    LOST = "lost"  # what was written never arrived


@attrs.frozen
class _Place:
    """A file's beginning that must be found again as it is."""

    name: str
    size_bytes: int


@attrs.frozen(eq=False)
class Wound:
    """Bytes of a file that are not what they were."""

    name: str
    file: SimulatedFile
    offset: int
    before: bytes
    after: bytes
    life: int  # of the machine's server, in which it was inflicted

    def is_open_in(self, directory: SimulatedDirectory) -> bool:
        """Whether a server that starts there would come across it."""
        if directory.durable_files().get(self.name) is not self.file:
            return False
        return self.file.synced_from(self.offset)[: len(self.after)] == self.after

    def __str__(self) -> str:
        return f"{len(self.after)} bytes of {self.name} at offset {self.offset}"


def inflict(
    damage: DiskDamage,
    directory: SimulatedDirectory,
    disk: ServerPlatter,
    rng: Random,
    life: int = 0,
) -> Wound | None:
    """Damage something that counts; None if there is nothing, or nothing would change."""
    places = _places(directory, disk)
    if not places:
        return None
    place = rng.choice((places[-1], rng.choice(places)))  # the last is the snapshot, or newest
    file = directory.durable_files()[place.name]
    if damage is DiskDamage.FLIPPED:
        offset = rng.randrange(place.size_bytes)
        after = bytes([file.synced()[offset] ^ 1 << rng.randrange(8)])
    else:
        offset = SECTOR_BYTES * rng.randrange(-(-place.size_bytes // SECTOR_BYTES))
        size_bytes = min(SECTOR_BYTES, place.size_bytes - offset)
        content = bytes(SECTOR_BYTES)
        if damage is DiskDamage.ASTRAY:
            content = _some_sector(directory, rng)
        after = content[:size_bytes].ljust(size_bytes, b"\0")
    before = file.synced()[offset : offset + len(after)]
    if before == after:
        return None
    file.damage(offset, after)
    return Wound(place.name, file, offset, before, after, life)


def check_noticed(
    name: str,
    life: int,
    status: Status,
    disk: ServerPlatter,
    directory: SimulatedDirectory,
    wounds: Iterable[Wound],
) -> None:
    """Nobody goes on from a snapshot that was damaged before he started."""
    mark = disk.platter.snapshot
    if mark is None or status.last_applied < mark.last_included.index:
        return
    for wound in wounds:
        is_read = wound.life < life and wound.name == snapshot_name(mark.last_included)
        if is_read and wound.is_open_in(directory):
            raise PropertyViolated(DAMAGE_IS_NOTICED, f"{name} has restored {wound}", node=name)


def _places(directory: SimulatedDirectory, disk: ServerPlatter) -> list[_Place]:
    """What a boot must find whole, sorted by name."""
    found = [_segment(directory, disk, name) for name in sorted(directory.durable_files())]
    mark = disk.platter.snapshot
    if mark is not None and has_file(mark):
        found.append(_Place(snapshot_name(mark.last_included), mark.size_bytes))
    return [place for place in found if place is not None and place.size_bytes]


def _segment(directory: SimulatedDirectory, disk: ServerPlatter, name: str) -> _Place | None:
    number, synced = segment_number(name), disk.furthest_mark
    if number is None or number > synced.segment:
        return None
    if number == synced.segment:
        return _Place(name, synced.offset)
    reader = SegmentReader(number)
    reader.feed(directory.durable_files()[name].synced())
    return _Place(segment_name(number), reader.end.offset)


def _some_sector(directory: SimulatedDirectory, rng: Random) -> bytes:
    file = directory.durable_files()[rng.choice(sorted(directory.durable_files()))]
    content = file.synced()
    sector = rng.randrange(-(-len(content) // SECTOR_BYTES) or 1)
    return content[sector * SECTOR_BYTES :][:SECTOR_BYTES]
