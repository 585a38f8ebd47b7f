"""A seed gives one run: under every hash seed, in every CPython that there is here.

The other interpreters are those on PATH, and those that pyenv or uv keep. They see nothing but this source and the two
pure libraries that it imports, so none of them needs an environment of its own.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from leto_sim.levels import LEVELS, level_named

ROOT = Path(__file__).parents[2]
LIBRARIES = ("attr", "attrs", "sortedcontainers")
SEED, EVENTS = 11, 1_500
KEPT = (".pyenv/versions/*/bin", ".local/share/uv/python/*/bin")
MINORS = ("3.11", "3.12", "3.13", "3.14")
PROBE = """
import sys, attrs, sortedcontainers
assert sys.implementation.name == "cpython"
print(sys.version.split()[0])
"""
PROGRAM = f"""
import sys
from leto_sim.levels import level_named
level = level_named(sys.argv[1])
print(level.begin(level.draw({SEED}, nodes=None, events_max={EVENTS})).run().digest)
"""


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("libraries")
    for name in LIBRARIES:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        (folder / name).symlink_to(Path(spec.origin).parent)
    return folder


@pytest.fixture(scope="module")
def interpreters(libraries: Path) -> Mapping[str, str]:
    """What runs here, by its full version."""
    found: dict[str, str] = {}
    kept = [str(folder) for pattern in KEPT for folder in sorted(Path.home().glob(pattern))]
    for folder in [*os.get_exec_path(), *kept]:
        for name in ("python3", *(f"python{minor}" for minor in MINORS)):
            path = shutil.which(name, path=folder)
            probed = path and python(PROBE, libraries=libraries, interpreter=path)
            if path and probed and not probed.returncode:
                found.setdefault(probed.stdout.strip(), path)
    return found


def python(
    program: str, *arguments: str, libraries: Path, interpreter: str, hash_seed: str = "0"
) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(map(str, (ROOT, ROOT / "sim", libraries)))
    return subprocess.run(
        [interpreter, "-B", "-s", "-c", program, *arguments],
        env=os.environ | {"PYTHONPATH": path, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )


@cache
def digest(level_name: str) -> str:
    level = level_named(level_name)
    return level.begin(level.draw(SEED, nodes=None, events_max=EVENTS)).run().digest


@pytest.mark.parametrize("level_name", LEVELS)
@pytest.mark.parametrize("hash_seed", ["1", "42", "4294967295"])
def test_a_seed_gives_one_run_whatever_strings_hash_to(
    level_name: str, hash_seed: str, libraries: Path
) -> None:
    done = python(
        PROGRAM, level_name, libraries=libraries, interpreter=sys.executable, hash_seed=hash_seed
    )

    assert (digest(level_name), "") == (done.stdout.strip(), done.stderr)


@pytest.mark.parametrize("level_name", LEVELS)
@pytest.mark.parametrize("minor", MINORS)
def test_a_seed_gives_one_run_in_every_cpython(
    level_name: str, minor: str, libraries: Path, interpreters: Mapping[str, str]
) -> None:
    chosen = {
        version: path for version, path in interpreters.items() if version.startswith(f"{minor}.")
    }
    if not chosen:
        pytest.skip(f"no CPython {minor} is here")

    for version, path in chosen.items():
        done = python(PROGRAM, level_name, libraries=libraries, interpreter=path)
        found = (version, done.stdout.strip(), done.stderr)
        assert (version, digest(level_name), "") == found
