"""The settings of a node: defaults that are safe, each with its reason.

Every node of a cluster should have the same ones, but no safety rests on it.
"""

from collections.abc import Iterator

import attrs

from leto.raft.errors import InvalidConfig

KIB = 1024
MIB = 1024 * KIB


@attrs.frozen(kw_only=True)
class Config:
    """How long to wait and how much to hold.

    Raises:
        InvalidConfig: settings that make no sense, or contradict each other; all of them
            are named, with their values.
    """

    # §3.4 needs broadcast time << election timeout. 1 to 2 s instead of the
    # dissertation's 150 to 300 ms: three nodes and their clients on two busy cores
    # were seen to lose the processor for hundreds of milliseconds.
    election_timeout_min_us: int = 1_000_000
    election_timeout_max_us: int = 2_000_000
    heartbeat_interval_us: int = 100_000  # ten chances before a follower loses patience

    append_bytes_max: int = 1 * MIB  # entries in one AppendEntries; one entry always goes
    appends_in_flight_max: int = 64  # unacknowledged AppendEntries to one follower (§10.2.2)
    bytes_in_flight_max: int = 8 * MIB  # and their bytes
    uncommitted_bytes_max: int = 64 * MIB  # beyond it proposals are refused
    apply_bytes_max: int = 64 * KIB  # in one Apply: a few milliseconds of state machine

    snapshot_chunk_bytes: int = 256 * KIB
    # Of chunks that are read or unanswered, to all followers together: so much of the
    # links and of the disk a snapshot may take from heartbeats and entries.
    snapshot_bytes_in_flight_max: int = 1 * MIB
    # A snapshot is taken when the log since the last one outgrows either (§5.1.2). The bytes
    # have to outgrow the last snapshot, too, so that writing snapshots costs no more than
    # writing the log; the entries have not, since they cost a restart more than their bytes.
    snapshot_after_entries: int = 100_000
    snapshot_after_bytes: int = 64 * MIB
    # What of the log is kept behind a snapshot, so that a follower that was away
    # for a moment needs no snapshot.
    trailing_entries: int = 10_000
    trailing_bytes: int = 16 * MIB

    def __attrs_post_init__(self) -> None:
        problems = [*self._of_their_own()] or [*self._with_each_other()]
        if problems:
            raise InvalidConfig("; ".join(problems))

    def _of_their_own(self) -> Iterator[str]:
        """What is wrong with single settings."""
        for field in attrs.fields(Config):
            value: object = getattr(self, field.name)
            minimum = 0 if field.name.startswith("trailing") else 1
            if type(value) is not int:
                yield f"{field.name} must be an int: {value!r}"
            elif value < minimum:
                yield f"{field.name} must be at least {minimum}: {value}"

    def _with_each_other(self) -> Iterator[str]:
        """Which relations do not hold: each is of numbers by now."""
        if not self.heartbeat_interval_us * 2 <= self.election_timeout_min_us:
            yield (
                f"election_timeout_min_us ({self.election_timeout_min_us}) must be at least"
                f" twice heartbeat_interval_us ({self.heartbeat_interval_us})"
            )
        if not self.election_timeout_min_us < self.election_timeout_max_us:
            yield (
                f"election_timeout_max_us ({self.election_timeout_max_us}) must exceed"
                f" election_timeout_min_us ({self.election_timeout_min_us}): equal timeouts"
                " split votes for ever (§3.4)"
            )
