"""Having a data directory to ourselves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from leto.server.world import FileFound
from leto_adapters.directory import LOCK_FILE, DataDirectory, DirectoryUnusable


def test_directory_and_its_parents_are_made(tmp_path: Path) -> None:
    wanted = tmp_path / "cluster" / "id1"

    DataDirectory(wanted).close()

    assert wanted.is_dir()


def test_files_are_listed_by_name_without_lock_folders_and_links(tmp_path: Path) -> None:
    (tmp_path / "b.wal").write_bytes(b"12345")
    (tmp_path / "a.wal").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a.wal")
    directory = DataDirectory(tmp_path)

    files = directory.files()

    assert (FileFound("a.wal", 0), FileFound("b.wal", 5)) == files
    directory.close()


def test_second_holder_is_refused_and_told_the_process(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)

    with pytest.raises(DirectoryUnusable) as refusal:
        DataDirectory(tmp_path)

    assert (
        f"the data directory {tmp_path} is in use by process {os.getpid()};"
        " stop that one, or choose another -raftdir"
    ) == str(refusal.value)
    directory.close()


def test_closed_directory_can_be_had_again(tmp_path: Path) -> None:
    DataDirectory(tmp_path).close()

    DataDirectory(tmp_path).close()

    assert f"{os.getpid()}\n" == (tmp_path / LOCK_FILE).read_text()


def test_lock_of_a_dead_process_does_not_hold(tmp_path: Path) -> None:
    take = "import sys, pathlib, leto_adapters.directory as d, os\n"
    take += "d.DataDirectory(pathlib.Path(sys.argv[1])); os._exit(9)"
    subprocess.run([sys.executable, "-c", take, str(tmp_path)], check=False)

    DataDirectory(tmp_path).close()

    assert f"{os.getpid()}\n" == (tmp_path / LOCK_FILE).read_text()


def test_path_that_is_a_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()

    with pytest.raises(DirectoryUnusable, match=r"cannot use .*file: it is a file; choose another"):
        DataDirectory(path)
