"""The settings of a node."""

import attrs
import pytest

from leto.raft.config import Config
from leto.raft.errors import InvalidConfig, LetoError


def test_the_defaults_fit_each_other() -> None:
    config = Config()

    assert config.heartbeat_interval_us * 10 == config.election_timeout_min_us


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(Config)])
def test_a_setting_that_makes_no_sense_is_named(name: str) -> None:
    too_small = -1 if name.startswith("trailing") else 0

    with pytest.raises(InvalidConfig, match=f"{name} must be at least .*: {too_small}"):
        Config(**{name: too_small})


def test_nothing_may_be_kept_behind_a_snapshot() -> None:
    assert 0 == Config(trailing_entries=0, trailing_bytes=0).trailing_bytes


def test_two_heartbeats_fit_into_an_election_timeout() -> None:
    with pytest.raises(InvalidConfig, match=r"\(100\) must be at least twice .* \(51\)"):
        Config(election_timeout_min_us=100, heartbeat_interval_us=51)


def test_election_timeouts_differ() -> None:
    with pytest.raises(LetoError, match=r"election_timeout_max_us \(1000000\) must exceed"):
        Config(election_timeout_max_us=1_000_000)


@pytest.mark.parametrize("value", [1.5, True, "1000", None])
@pytest.mark.parametrize("name", ["heartbeat_interval_us", "trailing_entries"])
def test_a_setting_is_a_whole_number(name: str, value: object) -> None:
    with pytest.raises(InvalidConfig, match=f"{name} must be an int: {value!r}"):
        Config(**{name: value})  # type: ignore[arg-type] # what a caller without a type checker does


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InvalidConfig) as refused:
        Config(append_bytes_max=0, snapshot_chunk_bytes=-5, apply_bytes_max=0.5)  # type: ignore[arg-type] # the same

    assert [
        "append_bytes_max must be at least 1: 0",
        "apply_bytes_max must be an int: 0.5",
        "snapshot_chunk_bytes must be at least 1: -5",
    ] == str(refused.value).split("; ")


def test_both_relations_that_do_not_hold_are_said() -> None:
    with pytest.raises(InvalidConfig) as refused:
        Config(election_timeout_min_us=100, election_timeout_max_us=100, heartbeat_interval_us=60)

    assert 2 == len(str(refused.value).split("; "))
