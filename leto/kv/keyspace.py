"""The keyspace: byte strings by key, when they expire, and a frozen view of both.

Responsible for storing, for the passing of time, and for the cost of both: no
call takes long only because the keyspace is large. What a command wants with it
is not its business.

Invariants:
    1. A key is visible exactly until the stamp reaches its due time. Time is what
       `advance_time` was told, never goes back, and is the same on every node.
    2. What is visible, and the order in which it is listed, follow from the calls
       that changed something: not from `PYTHONHASHSEED`, reads, frozen views, how
       far the sweep has come, or whether the state was built or restored.
    3. A frozen view never changes.

The keys are spread over shards by their checksum. A shard belongs to the
generation in which it was made; freezing takes the list of shards and begins
the next generation, and whoever changes a shard of an earlier one copies it
first. (One dict with a million keys takes 40 ms to copy; a shard of that
keyspace 2 µs.) Which shards were ever written to is kept beside them, so that
whoever lists a small keyspace does not look into the others. Keys that expire turn
invisible at once, however many they are, and leave memory a few at a time; so do
the shards that FLUSHALL leaves behind.
"""

from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias
from zlib import crc32

import attrs
from sortedcontainers import SortedList

# Measured with keys of 11 and values of 64 bytes: what a key costs beside its
# own bytes and its value's, and what an expiry adds.
KEY_OVERHEAD_BYTES: Final = 128
EXPIRY_OVERHEAD_BYTES: Final = 200

_SHARD_COUNT: Final = 2**14
_SHARD_MASK: Final = _SHARD_COUNT - 1
_SWEPT_KEYS: Final = 256  # about 1 ms
_SWEPT_SHARDS: Final = 64  # about 0.5 ms with a million keys


@attrs.define
class _Shard:
    """The keys whose checksums agree in the low bits; written by `Keyspace` alone."""

    generation: int
    values: dict[bytes, bytes]
    due_ms: dict[bytes, int]  # the keys that expire

    def copy(self, generation: int) -> "_Shard":
        return _Shard(generation, self.values.copy(), self.due_ms.copy())

    def is_due(self, key: bytes, stamp_ms: int) -> bool:
        due_ms = self.due_ms.get(key)
        return due_ms is not None and due_ms <= stamp_ms


# Stands for every shard that nobody has written to: copied on the first write.
_EMPTY_SHARD: Final = _Shard(-1, {}, {})


Entry: TypeAlias = tuple[bytes, bytes, int | None]
"""A key, its value, and when it expires, if it does."""


class FrozenKeyspace:
    """A keyspace as it was; costs nothing until the keyspace changes."""

    def __init__(
        self, shards: list[_Shard], used: list[int], stamp_ms: int, key_count: int
    ) -> None:
        self.stamp_ms = stamp_ms
        self.key_count = key_count
        self._shards = shards
        self._used = used  # the numbers of those that were ever written to

    def entries(self) -> Iterator[Entry]:
        """List what was visible, in the keyspace's order."""
        for number in sorted(self._used):
            shard = self._shards[number]
            for key, value in shard.values.items():
                due_ms = shard.due_ms.get(key)
                if due_ms is None or due_ms > self.stamp_ms:
                    yield key, value, due_ms


class Keyspace:
    """Keys and values, and the time that takes them away."""

    def __init__(self) -> None:
        self.stamp_ms = 0  # written by advance_time and restoration
        self._generation = 0
        self._shards = [_EMPTY_SHARD] * _SHARD_COUNT
        self._used: list[int] = []  # the numbers of those that were ever written to
        self._due: SortedList[tuple[int, bytes]] = SortedList()
        self._overdue_count = 0  # of the first of `_due`: invisible, not yet swept
        self._key_count = 0  # with the overdue
        self._stored_bytes = 0
        self._flushed: list[_Shard] = []

    # What is there.

    @property
    def key_count(self) -> int:
        """Visible keys."""
        return self._key_count - self._overdue_count

    @property
    def expiring_count(self) -> int:
        """Visible keys that will expire."""
        return len(self._due) - self._overdue_count

    @property
    def memory_bytes(self) -> int:
        """An estimate of what keys, values and due times occupy."""
        return (
            self._stored_bytes
            + self._key_count * KEY_OVERHEAD_BYTES
            + len(self._due) * EXPIRY_OVERHEAD_BYTES
        )

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, None if there is none."""
        shard = self._shards[crc32(key) & _SHARD_MASK]
        if self._overdue_count and shard.is_due(key, self.stamp_ms):
            return None
        return shard.values.get(key)

    def due_ms(self, key: bytes) -> int | None:
        """Return when a visible key expires, None if it does not."""
        return self._shards[crc32(key) & _SHARD_MASK].due_ms.get(key)

    def __iter__(self) -> Iterator[bytes]:
        """List the visible keys, in the keyspace's order."""
        for number in sorted(self._used):
            yield from self._visible_in(self._shards[number])

    def scan(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """List some of the visible keys, `count` or more while there are as many.

        A key never leaves its shard, and a cursor is the number of the next shard:
        whoever goes from 0 to 0 sees each key that was there all the while, and none
        twice, whatever changes meanwhile, at whichever node each part is listed.

        Returns:
            The cursor to go on from, 0 at the end, and the keys.
        """
        found: list[bytes] = []
        for number in range(cursor, _SHARD_COUNT):
            shard = self._shards[number]
            if shard.values:
                found += self._visible_in(shard)
                if len(found) >= count:
                    return (number + 1) % _SHARD_COUNT, found
        return 0, found

    def _visible_in(self, shard: _Shard) -> Iterable[bytes]:
        if not self._overdue_count:
            return shard.values
        return [key for key in shard.values if not shard.is_due(key, self.stamp_ms)]

    # What changes it.

    def put(self, key: bytes, value: bytes) -> None:
        """Give a key a value that does not expire."""
        shard = self._shards[crc32(key) & _SHARD_MASK]
        if shard.generation != self._generation or self._overdue_count:
            shard = self._own_shard(key)
        if shard.due_ms:
            self._forget_due(shard, key)
        self._store(shard, key, value)

    def replace(self, key: bytes, value: bytes) -> None:
        """Give a key another value; it expires when it would have."""
        self._store(self._own_shard(key), key, value)

    def expire_at(self, key: bytes, due_ms: int) -> None:
        """Let a visible key expire then; it is gone at once if that has passed."""
        shard = self._own_shard(key)
        self._forget_due(shard, key)
        if due_ms <= self.stamp_ms:
            self._remove(shard, key)
            return
        shard.due_ms[key] = due_ms
        self._due.add((due_ms, key))

    def persist(self, key: bytes) -> bool:
        """Let a key stay for good; True if it would have expired."""
        return self._forget_due(self._own_shard(key), key)

    def remove(self, key: bytes) -> bool:
        """Take a key away; True if it was visible."""
        return self._remove(self._own_shard(key), key)

    def clear(self) -> None:
        """Take everything away. Time stays."""
        self._flushed.extend([self._shards[number] for number in self._used])
        self._shards = [_EMPTY_SHARD] * _SHARD_COUNT
        self._used = []
        self._due = SortedList()
        self._overdue_count = self._key_count = self._stored_bytes = 0

    # Time.

    def advance_time(self, stamp_ms: int) -> None:
        """Let time pass, and with it every key that is due by then; never back."""
        if stamp_ms > self.stamp_ms:
            self.stamp_ms = stamp_ms
            if self._due:
                self._overdue_count = self._due.bisect_left((stamp_ms + 1, b""))
        if self._overdue_count or self._flushed:
            self.sweep()

    @property
    def next_due_ms(self) -> int | None:
        """When the next visible key expires, None if none does."""
        if self._overdue_count == len(self._due):
            return None
        return self._due[self._overdue_count][0]

    def is_due(self, key: bytes, stamp_ms: int) -> bool:
        """Tell if a key that is visible now will be gone by that stamp."""
        due_ms = self.due_ms(key)
        return due_ms is not None and self.stamp_ms < due_ms <= stamp_ms

    def sweep(self) -> None:
        """Free some of what can no longer be seen; nothing that can be seen changes."""
        for _ in range(min(self._overdue_count, _SWEPT_KEYS)):
            _, key = self._due[0]
            self._own_shard(key)
        del self._flushed[-_SWEPT_SHARDS:]

    def freeze(self) -> FrozenKeyspace:
        """Take a view that later changes do not reach."""
        self._generation += 1
        return FrozenKeyspace(self._shards.copy(), self._used.copy(), self.stamp_ms, self.key_count)

    def _own_shard(self, key: bytes) -> _Shard:
        """Return the key's shard, ready to be changed: no view's, and the key not overdue."""
        number = crc32(key) & _SHARD_MASK
        shard = self._shards[number]
        if shard.generation != self._generation:
            if shard is _EMPTY_SHARD:
                self._used.append(number)
            shard = self._shards[number] = shard.copy(self._generation)
        if self._overdue_count and shard.is_due(key, self.stamp_ms):
            # Before the change, so that a key that comes back is listed last
            # whether or not the sweep was there first.
            self._remove(shard, key)
        return shard

    def _store(self, shard: _Shard, key: bytes, value: bytes) -> None:
        old = shard.values.get(key)
        shard.values[key] = value
        if old is None:
            self._key_count += 1
            self._stored_bytes += len(key) + len(value)
        else:
            self._stored_bytes += len(value) - len(old)

    def _remove(self, shard: _Shard, key: bytes) -> bool:
        value = shard.values.pop(key, None)
        if value is None:
            return False
        self._key_count -= 1
        self._stored_bytes -= len(key) + len(value)
        self._forget_due(shard, key)
        return True

    def _forget_due(self, shard: _Shard, key: bytes) -> bool:
        due_ms = shard.due_ms.pop(key, None)
        if due_ms is None:
            return False
        self._due.remove((due_ms, key))
        if due_ms <= self.stamp_ms:
            self._overdue_count -= 1
        return True
