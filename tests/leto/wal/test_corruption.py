"""What the operator is told."""

from leto.wal.corruption import Corrupt


def test_corruption_names_file_offset_reason_and_remedy() -> None:
    corrupt = Corrupt("wal-1.log", 40, "the checksum does not match", "Do this.")

    assert "wal-1.log at offset 40: the checksum does not match. Do this." == str(corrupt)
