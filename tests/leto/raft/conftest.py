"""What the tests of the core share: nodes driven by hand (`tests.support.hosts`)."""

import pytest

from tests.support.hosts import Cluster, Disk, Host, Make, entries, entry, member

__all__ = ["Cluster", "Disk", "Host", "Make", "entries", "entry", "make", "member"]


@pytest.fixture(scope="session")
def make() -> type[Make]:
    return Make
