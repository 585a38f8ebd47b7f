"""Show what of each module in `leto` its own test file leaves uncovered, and fail if it is anything.

A module that is covered only because others use it is not tested: nobody wrote down what it should do.
So `leto/resp/parser.py` must be covered, every branch, by `tests/leto/resp/test_parser.py` alone.
Run by `make coverage`.
"""

import io
import subprocess
import sys
from pathlib import Path

from coverage import Coverage
from coverage.exceptions import NoDataError

ROOT = Path(__file__).resolve().parents[1]
# Recorded while no test ran: what importing the module executes.
AT_IMPORT = "^$"
OPTIONS = ("--quiet", "--cov=leto", "--cov-context=test", "--cov-report=")


def main() -> int:
    """Run the unit tests once, remembering who executed what; then ask module by module."""
    unit_tests = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/leto", *OPTIONS], cwd=ROOT, check=False
    )
    coverage = Coverage(config_file=str(ROOT / "pyproject.toml"))
    coverage.load()
    modules = sorted((ROOT / "leto").rglob("*.py"))
    lacking = [line for module in modules if (line := what_is_missing(coverage, module))]
    print(*lacking, f"{len(lacking)} of {len(modules)} modules lack something", sep="\n")
    return unit_tests.returncode or bool(lacking)


def what_is_missing(coverage: Coverage, module: Path) -> str:
    """The report's line for one module, or nothing if its own tests cover it."""
    test_file = f"tests/{module.parent.relative_to(ROOT)}/test_{module.name}"
    report = io.StringIO()
    try:
        covered = coverage.report(
            include=[str(module)], contexts=[AT_IMPORT, f"^{test_file}::"], file=report
        )
    except NoDataError:
        return f"{module.relative_to(ROOT)}: never imported"
    lines = [line for line in report.getvalue().splitlines() if line.startswith("leto/")]
    return "" if covered == 100 else "".join(lines)


if __name__ == "__main__":
    sys.exit(main())
