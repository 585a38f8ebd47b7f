"""What must hold of the repository itself, whatever the code does."""

import ast
import importlib
import re
import subprocess
import tomllib
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "leto": ROOT / "leto",
    "leto_sim": ROOT / "sim" / "leto_sim",
    "leto_adapters": ROOT / "adapters" / "leto_adapters",
}
MODULES = [module for package in PACKAGES.values() for module in sorted(package.rglob("*.py"))]
PACKAGES_WITHIN = [module.parent for module in MODULES if module.name == "__init__.py"]
UNIT_TESTS = [
    test for package in PACKAGES for test in sorted((ROOT / "tests" / package).rglob("test_*.py"))
]

# Each would tie the repository to one machine, or to one place that packages come from.
TIED_TO_A_PLACE = re.compile(
    rf"""
      (?<![\w.~$}}/-]) / (?: home | root | Users ) / [\w.-]+
    | {re.escape(str(ROOT))} /
    | --(?: (?: extra- )? index-url | find-links | trusted-host ) \b
    | \b (?: files\.pythonhosted | pypi | registry\.npmjs ) \. \w+ /
    """,
    re.VERBOSE,
)


DOTTED = re.compile(r"`((?:leto|leto_sim|leto_adapters)(?:\.[A-Za-z_]\w*)+)`")


@cache
def is_there(name: str) -> bool:
    """Whether a dotted name leads to a module, or to something in one."""
    module, _, rest = name.partition(".")
    found: object = importlib.import_module(module)
    for part in rest.split("."):
        module = f"{module}.{part}"
        if not hasattr(found, part):
            try:
                importlib.import_module(module)
            except ModuleNotFoundError:
                return False
        found = getattr(found, part)
    return True


def committed_texts() -> list[Path]:
    try:
        listing = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    this_file = Path(__file__).resolve()
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and path != this_file]


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_committed_file_is_tied_to_a_machine_or_a_package_index() -> None:
    texts = {path: path.read_bytes().decode(errors="replace") for path in committed_texts()}

    found = {
        f"{relative(path)}:{number}: {line.strip()}"
        for path, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if TIED_TO_A_PLACE.search(line)
    }

    assert set() == found


@pytest.mark.parametrize(
    "line", ["cd /home/me/leto", "--extra-index-url x", "see pypi.org/project"]
)
def test_what_ties_to_a_place_is_recognised(line: str) -> None:
    assert TIED_TO_A_PLACE.search(line)


@pytest.mark.parametrize("module", MODULES, ids=relative)
def test_module_says_what_it_is_responsible_for(module: Path) -> None:
    docstring = ast.get_docstring(ast.parse(module.read_text()))

    assert docstring


def test_names_of_modules_in_docstrings_and_pages_are_those_of_today() -> None:
    pages = sorted((ROOT / "docs").rglob("*.md"))
    texts = {path: path.read_text() for path in (*MODULES, *pages)}

    stale = {
        f"{relative(path)}: {name}"
        for path, text in texts.items()
        for name in DOTTED.findall(text)
        if not is_there(name)
    }

    assert set() == stale


@pytest.mark.parametrize("package", PACKAGES_WITHIN, ids=relative)
def test_a_packages_docstring_has_a_place_for_each_of_its_modules(package: Path) -> None:
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text())) or ""
    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}
    modules |= {path.parent.name for path in package.glob("*/__init__.py")}

    named = {name.rpartition(".")[2] for name in re.findall(r"`([\w.]+)`", docstring)}

    assert set() == modules - named, "say in the package's docstring where they are to be read"


@pytest.mark.parametrize("test", UNIT_TESTS, ids=relative)
def test_unit_test_mirrors_a_module(test: Path) -> None:
    package, *folders = test.relative_to(ROOT / "tests").parent.parts
    home = PACKAGES[package].joinpath(*folders)

    mirrored = home / test.name.removeprefix("test_")

    assert mirrored.exists() or mirrored.with_suffix("").is_dir()


def test_the_worlds_folders_are_roots_and_not_packages() -> None:
    assert [] == [root for root in ("sim", "adapters") if (ROOT / root / "__init__.py").exists()]


def test_console_scripts_resolve() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    scripts = {
        script.name: script.load()
        for script in entry_points(group="console_scripts")
        if script.name in project["scripts"]
    }

    assert project["scripts"].keys() == scripts.keys()
    assert all(callable(main) for main in scripts.values())


def test_every_package_imports_by_its_one_name() -> None:
    located = {name: importlib.import_module(name).__file__ for name in PACKAGES}

    assert {name: str(home / "__init__.py") for name, home in PACKAGES.items()} == located


def test_every_dependency_has_its_reason_written_down() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    reasons = (ROOT / "docs" / "explanation" / "dependencies.md").read_text()
    requirements = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]

    names = [re.split(r"[\[<>=;\s]", requirement)[0] for requirement in requirements]

    assert [] == [name for name in names if f"**{name}**" not in reasons]


def test_constraints_pin_every_dependency_with_hashes() -> None:
    pinned = re.compile(r"^(?P<name>[\w.-]+)==\S+(?: ;.*)? \\\n    --hash=sha256:", re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    stages = {
        "run": (*project["dependencies"], *extras["uvloop"]),
        "test": (*extras["sim"], *extras["test"]),
        "bench": extras["bench"],
        "check": (*extras["bench"], *extras["check"]),
    }

    missing = {
        (stage, requirement)
        for stage, requirements in stages.items()
        for requirement in requirements
        if re.split(r"[\[<>=;\s]", requirement)[0]
        not in pinned.findall((ROOT / "constraints" / f"{stage}.txt").read_text())
    }

    assert set() == missing


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=relative)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!\w+://)([^)#\s]+)[^)]*\)", page.read_text())

    assert [] == [target for target in targets if not (page.parent / target).exists()]
