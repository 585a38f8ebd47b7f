"""How every test runs: Hypothesis explores anew here, and repeats itself exactly where CI is set."""

import os

import hypothesis

# A shared machine is slow now and then; a test that is slow always meets pytest's own timeout.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=2_000)

hypothesis.settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default")
)
