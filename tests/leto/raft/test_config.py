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
