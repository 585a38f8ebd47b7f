"""How every test runs, and what tests share.

Hypothesis explores anew on a desk, and repeats itself exactly where CI is set.
"""

import os
import shutil

import hypothesis
import pytest

# A shared machine is slow now and then; a test that is slow always meets pytest's own timeout.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=2_000)

hypothesis.settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default")
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """What tests write is rewritten on demand, for somebody to read the difference."""
    parser.addoption(
        "--update",
        action="store_true",
        help="rewrite tests/scripts/*.script, and the tables of docs/explanation/dissertation.md",
    )


@pytest.fixture
def redis_cli() -> str:
    """Where the Redis client is that people type into; a test that needs it never passes without."""
    found = shutil.which("redis-cli")
    if found is None and not os.environ.get("CI"):
        pytest.skip("redis-cli is not installed (Debian: redis-tools)")
    assert found is not None, "CI installs redis-cli"
    return found


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is that opens Leto's pages."""
    found = shutil.which("chromium")
    if found is None and not os.environ.get("CI"):
        pytest.skip("chromium is not installed (Debian: chromium)")
    assert found is not None, "CI installs chromium"
    return found
