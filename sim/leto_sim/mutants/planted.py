"""Planted bugs: small changes of real code, each with the property that must notice it.

Responsible for reading them from a folder, and for planting one in a copy of the source.
The folder belongs to whoever owns the code that is broken; it holds `settings.toml` and,
in whatever folders, one file for each bug.

    settings.toml   where the source is, which packages of it are copied, and what runs a
                    seed of each level
    NAME.toml       a bug: what it is, what must catch it, and the texts to be replaced
"""

import shutil
import tomllib
from pathlib import Path
from typing import TypeVar

import attrs
import cattrs
from cattrs.errors import ClassValidationError

SETTINGS = "settings.toml"
_SEEDS_MAX = 2_000
ValueT = TypeVar("ValueT")


class PlantingError(Exception):
    """The folder, or a file of it, is not as it should be; or the code has moved."""


@attrs.frozen(kw_only=True)
class Level:
    """What runs a seed: `module:function`, called with seed, nodes and events at most."""

    run: str
    nodes: tuple[int, ...] = (3,)  # by turns
    events: int = 3_000
    seeds: int = _SEEDS_MAX  # at most


@attrs.frozen(kw_only=True)
class Settings:
    """What all bugs of a folder share. `root` is relative to the folder."""

    root: str
    packages: tuple[str, ...]
    levels: dict[str, Level]


@attrs.frozen(kw_only=True)
class Replacement:
    """A text that occurs once in a file, and what takes its place."""

    file: str
    old: str
    new: str


@attrs.frozen(kw_only=True)
class Description:
    """A bug as its file has it. `nodes` and `events` replace those of the level."""

    id: str
    title: str
    origin: str  # the real bug: whose, and where it is told of
    level: str
    caught_by: tuple[str, ...]  # properties; any of them will do
    replacements: tuple[Replacement, ...]
    nodes: tuple[int, ...] | None = None
    events: int | None = None


@attrs.frozen(kw_only=True)
class PlantedBug:
    """A bug, with how its seeds are run."""

    name: str  # of its file
    description: Description
    level: Level

    @property
    def planted_in(self) -> tuple[str, ...]:
        """The files that it changes, each once."""
        return tuple(dict.fromkeys(change.file for change in self.description.replacements))


@attrs.frozen(kw_only=True)
class Collection:
    """The bugs of a folder, by name, and the source that they are planted in."""

    root: Path
    packages: tuple[str, ...]
    bugs: tuple[PlantedBug, ...]

    def misfits(self) -> list[str]:
        """Which texts do not occur exactly once in the source: the code has moved."""
        misfits = [
            _misfit(self.root / change.file, change, bug.name)
            for bug in self.bugs
            for change in bug.description.replacements
        ]
        return [misfit for misfit in misfits if misfit is not None]

    def plant(self, bug: PlantedBug, target: Path) -> None:
        """Copies the packages to `target`, with the bug.

        Raises:
            PlantingError: a text does not occur exactly once.
        """
        for package in self.packages:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(self.root / package, target / package, ignore=ignored)
        for change in bug.description.replacements:
            _replace(target / change.file, change, bug.name)


def read_collection(folder: Path) -> Collection:
    """The planted bugs of a folder, and of the folders in it.

    Raises:
        PlantingError: there are none, or a file is not as it should be.
    """
    path = folder / SETTINGS
    if not path.is_file():
        raise PlantingError(f"{folder} has no {SETTINGS}: no planted bugs live there")
    settings = _read(path, Settings)
    files = sorted(file for file in folder.rglob("*.toml") if file.name != SETTINGS)
    bugs = tuple(_bug(file, settings) for file in files)
    return Collection(
        root=(folder / settings.root).resolve(), packages=settings.packages, bugs=bugs
    )


def _bug(file: Path, settings: Settings) -> PlantedBug:
    description = _read(file, Description)
    level = settings.levels.get(description.level)
    if level is None:
        raise PlantingError(f"{file}: there is no level {description.level!r} in {SETTINGS}")
    nodes = description.nodes if description.nodes is not None else level.nodes
    events = description.events if description.events is not None else level.events
    level = attrs.evolve(level, nodes=nodes, events=events)
    return PlantedBug(name=file.stem, description=description, level=level)


def _read(file: Path, kind: type[ValueT]) -> ValueT:
    converter = cattrs.Converter(forbid_extra_keys=True)
    try:
        return converter.structure(tomllib.loads(file.read_text(encoding="utf-8")), kind)
    except (tomllib.TOMLDecodeError, ClassValidationError) as mistake:
        raise PlantingError(f"{file}: {_first_reason(mistake)}") from mistake


def _first_reason(mistake: Exception) -> str:
    if isinstance(mistake, ClassValidationError):
        return "; ".join(cattrs.transform_error(mistake))
    return str(mistake)


def _replace(file: Path, change: Replacement, name: str) -> None:
    misfit = _misfit(file, change, name)
    if misfit is not None:
        raise PlantingError(misfit)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(change.old, change.new), encoding="utf-8")


def _misfit(file: Path, change: Replacement, name: str) -> str | None:
    if not file.is_file():
        return f"{name}: there is no {change.file}"
    count = file.read_text(encoding="utf-8").count(change.old)
    return None if count == 1 else f"{name}: a text occurs {count} times in {change.file}, not once"
