"""Choose a version of everything that is installed, and write it down with its hashes.

Reads `pyproject.toml`; writes `run.txt` (what a running Leto needs, and what installs it), `test.txt`,
`bench.txt` and `check.txt` beside this file, each containing the one before it. No address of any index is written,
so the files work wherever packages come from. What is asked for with extras is named with them: the pip that
Debian has takes a name without for something else, and refuses it as soon as a newer version is published.
"""

import os
import re
import subprocess
import tempfile
import venv
from pathlib import Path

PIP_TOOLS = "pip-tools==7.6.2"
HERE = Path(__file__).resolve().parent
WITH_EXTRAS = re.compile(r"^([\w.-]+)\[[^\]]*\]==", re.MULTILINE)
STAGES: dict[str, tuple[str, ...]] = {
    "run": ("uvloop",),
    "test": ("uvloop", "sim", "test"),
    "bench": ("uvloop", "sim", "test", "bench"),
    "check": ("uvloop", "sim", "test", "bench", "check"),
}


def main() -> None:
    """Write the four files."""
    with tempfile.TemporaryDirectory() as scratch:
        venv.create(scratch, with_pip=True)
        python = Path(scratch) / "bin" / "python"
        _run(str(python), "-m", "pip", "install", "--quiet", PIP_TOOLS)
        previous: Path | None = None
        for stage, extras in STAGES.items():
            output = _compile(python, stage, extras, previous)
            previous = Path(scratch) / output.name
            previous.write_text(
                WITH_EXTRAS.sub(r"\1==", output.read_text())
            )  # as constraints must be


def _compile(python: Path, stage: str, extras: tuple[str, ...], previous: Path | None) -> Path:
    output = HERE / f"{stage}.txt"
    chosen_before = () if previous is None else (f"--constraint={previous}",)
    _run(
        str(python),
        *(
            "-m",
            "piptools",
            "compile",
            "--quiet",
            "--upgrade",
            "--generate-hashes",
            "--no-strip-extras",
        ),
        *(
            "--allow-unsafe",
            "--no-emit-index-url",
            "--no-emit-find-links",
            "--no-emit-trusted-host",
        ),
        *("--no-emit-options", "--build-deps-for=editable"),
        *(f"--extra={extra}" for extra in extras),
        *chosen_before,
        *("--output-file", str(output.relative_to(HERE.parent)), "pyproject.toml"),
    )
    return output


def _run(*command: str) -> None:
    environment = os.environ | {"CUSTOM_COMPILE_COMMAND": "make constraints"}
    subprocess.run(command, check=True, cwd=HERE.parent, env=environment)  # noqa: S603 (our own arguments)


if __name__ == "__main__":
    main()
