"""A power cut keeps what was synced, and of the rest any subset of sectors."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leto.server.world import (
    Delete,
    FileFound,
    ReadAt,
    Rename,
    SyncDirectory,
    SyncFile,
    Truncate,
    WriteAt,
)
from leto_sim.server_level.files import SECTOR_BYTES, SimulatedDirectory, SimulatedFile, StepFailed

NAME = "log"


def directory_with(content: bytes) -> SimulatedDirectory:
    directory = SimulatedDirectory()
    for step in (WriteAt(NAME, 0, content), SyncFile(NAME), SyncDirectory()):
        directory.perform(step)
    return directory


def outcomes(directory: SimulatedDirectory, *names: str) -> set[tuple[bytes | None, ...]]:
    """What a power cut was seen to leave of the files, over many cuts."""
    seen: set[tuple[bytes | None, ...]] = set()
    for seed in range(200):
        copy = clone(directory)
        copy.cut_power(Random(seed))
        found = {file.name for file in copy.listing()}
        seen.add(tuple(copy.read(name) if name in found else None for name in names))
    return seen


def clone(directory: SimulatedDirectory) -> SimulatedDirectory:
    from copy import deepcopy  # noqa: PLC0415 - only here

    return deepcopy(directory)


def test_read_returns_what_was_written() -> None:
    directory = SimulatedDirectory()
    directory.perform(WriteAt(NAME, 0, b"hello"))
    directory.perform(WriteAt(NAME, 3, b"p!"))

    assert b"help!" == directory.read(NAME)
    assert b"elp" == directory.perform(ReadAt(NAME, 1, 3))
    assert b"!" == directory.perform(ReadAt(NAME, 4, 100))


def test_hole_reads_as_zeros() -> None:
    directory = SimulatedDirectory()
    directory.perform(WriteAt(NAME, 3, b"x"))

    assert b"\0\0\0x" == directory.read(NAME)


@pytest.mark.parametrize(
    "step", [SyncFile("none"), ReadAt("none", 0, 1), Truncate("none", 0), Rename("none", "x")]
)
def test_step_on_a_missing_file_fails(step: SyncFile | ReadAt | Truncate | Rename) -> None:
    with pytest.raises(StepFailed, match="no file 'none'"):
        SimulatedDirectory().perform(step)


def test_deleting_a_missing_file_is_no_failure() -> None:
    directory = SimulatedDirectory()

    directory.perform(Delete("none"))

    assert () == directory.listing()


def test_listing_is_sorted_by_name() -> None:
    directory = SimulatedDirectory()
    directory.perform(WriteAt("b", 0, b"12"))
    directory.perform(WriteAt("a", 0, b"1"))

    assert (FileFound("a", 1), FileFound("b", 2)) == directory.listing()


def test_power_cut_keeps_what_was_synced() -> None:
    directory = directory_with(b"x" * 2000)

    assert {(b"x" * 2000,)} == outcomes(directory, NAME)


def test_power_cut_tears_an_unsynced_write_at_sectors() -> None:
    old, new = b"o" * SECTOR_BYTES * 2, b"n" * SECTOR_BYTES * 2
    directory = directory_with(old)
    directory.perform(WriteAt(NAME, 0, new))

    halves = {old[:SECTOR_BYTES], new[:SECTOR_BYTES]}
    expected = {(first + second,) for first in halves for second in halves}

    assert expected == outcomes(directory, NAME)


def test_power_cut_leaves_any_length_of_an_unsynced_append() -> None:
    directory = directory_with(b"old")
    directory.perform(WriteAt(NAME, 3, b"new"))

    contents = {content for (content,) in outcomes(directory, NAME)}

    assert {b"old", b"oldnew", b"oldn"} <= contents
    assert all(content is not None and content.startswith(b"old") for content in contents)


def test_lost_sector_of_a_longer_file_reads_as_zeros() -> None:
    directory = directory_with(b"")
    directory.perform(WriteAt(NAME, 0, b"n" * SECTOR_BYTES * 2))

    contents = {content for (content,) in outcomes(directory, NAME)}

    assert bytes(SECTOR_BYTES) + b"n" * SECTOR_BYTES in contents


def test_truncation_may_come_back() -> None:
    directory = directory_with(b"x" * 1000)
    directory.perform(Truncate(NAME, 10))

    contents = {content for (content,) in outcomes(directory, NAME)}

    assert {b"x" * 10, b"x" * 1000} <= contents


def test_truncation_may_lengthen_with_zeros() -> None:
    directory = directory_with(b"x")

    directory.perform(Truncate(NAME, 3))

    assert b"x\0\0" == directory.read(NAME)


def test_creation_is_lost_without_directory_sync() -> None:
    directory = SimulatedDirectory()
    directory.perform(WriteAt(NAME, 0, b"x"))
    directory.perform(SyncFile(NAME))

    assert {(None,), (b"x",)} == outcomes(directory, NAME)
    assert {} == directory.durable_files()


def test_rename_and_deletion_are_undone_independently() -> None:
    directory = directory_with(b"content")
    directory.perform(WriteAt("other", 0, b"other"))
    directory.perform(SyncFile("other"))
    directory.perform(SyncDirectory())
    directory.perform(Rename(NAME, "renamed"))
    directory.perform(Delete("other"))

    expected = {
        (b"content", None, b"other"),
        (b"content", None, None),
        (None, b"content", b"other"),
        (None, b"content", None),
    }

    assert expected == outcomes(directory, NAME, "renamed", "other")


def test_rename_replaces_the_file_of_that_name() -> None:
    directory = directory_with(b"old")
    directory.perform(WriteAt("new", 0, b"new"))

    directory.perform(Rename("new", NAME))

    assert b"new" == directory.read(NAME)
    assert (FileFound(NAME, 3),) == directory.listing()


def test_interrupted_write_leaves_a_prefix() -> None:
    seen: set[bytes] = set()
    for seed in range(50):
        directory = directory_with(b"")
        directory.perform_partly(WriteAt(NAME, 0, b"abc"), Random(seed))
        directory.perform_partly(SyncFile(NAME), Random(seed))
        seen.add(directory.read(NAME))

    assert {b"", b"a", b"ab", b"abc"} == seen


def test_synced_is_what_the_last_sync_covered() -> None:
    file = SimulatedFile()
    file.write_at(0, b"one")
    file.sync()
    file.write_at(3, b"two")
    file.write_at(0, b"O")

    assert b"one" == file.synced()
    assert b"ne" == file.synced_from(1)
    file.sync()
    assert b"Onetwo" == file.synced()
    assert b"two" == file.synced_from(3)


@given(
    before=st.binary(max_size=1500),
    writes=st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=700)), max_size=6),
    seed=st.integers(0, 10_000),
)
def test_every_sector_after_a_cut_is_old_or_new(
    before: bytes, writes: list[tuple[int, bytes]], seed: int
) -> None:
    directory = directory_with(before)
    for offset, data in writes:
        directory.perform(WriteAt(NAME, offset, data))
    after = directory.read(NAME)

    assert before == directory.durable_files()[NAME].synced()
    directory.cut_power(Random(seed))
    left = directory.read(NAME)

    assert len(before) <= len(left) <= len(after)
    for start in range(0, len(left), SECTOR_BYTES):
        sector = left[start : start + SECTOR_BYTES]
        versions = (
            version[start : start + SECTOR_BYTES].ljust(len(sector), b"\0")[: len(sector)]
            for version in (before, after)
        )
        assert sector in versions
