"""Which releases of a package a project is written for: its locks, requirements and metadata, and what is installed.

Places are asked in the order in which they bind: a lock or an exact pin, what the project's environment holds, a range.
Nothing is run, and nothing outside of the project's repository is read but its own environment.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from fastapi_expert.codebase.files.environment import bounded_text, environments

Version = tuple[int, int]
"""(major, minor)"""

_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")
_LOCKED = re.compile(r'^name = "([^"]+)"\s*\nversion = "([^"]+)"', re.MULTILINE)
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*([^;#\\]*)")
_QUOTED = re.compile(r"""["']([A-Za-z0-9][^"'\n]*)["']""")
_NUMBER = re.compile(r"(===?|~=|!=|<=?|>=?|\^|~)?\s*v?(\d+)(?:\.(\d+|\*))?(?:\.(\d+|\*))?")
_LAST = re.compile(r"dev|test|doc|lint|example")
_USUAL_FOLDERS = ("backend", "server", "api", "app", "src", "service")
_NEWEST: Version = (10_000, 0)


@dataclass(frozen=True, slots=True)
class Range:
    """The releases from ``least`` to below ``end``; ``source`` is the file that says so, empty when it is assumed."""

    least: Version
    end: Version
    source: str = ""

    def may_be_at_least(self, version: Version) -> bool:
        """Whether the newest of them is ``version`` or later: what is installed unless something holds it back."""
        return self.end > version

    def is_below(self, version: Version) -> bool:
        """Whether all of them are older than ``version``."""
        return self.end <= version

    @property
    def is_exact(self) -> bool:
        """Whether it is one release, as far as its major and minor number tell."""
        return self.end == (self.least[0], self.least[1] + 1)


ASSUMED = Range((0, 0), _NEWEST)
"""Of a package of which nothing is said: the newest is taken."""


class Pins:
    """What the project around ``root`` (a folder or a file in it) says of its dependencies.

    ``homes`` are the folders of its environments; they are sought where none are given.
    """

    def __init__(self, root: Path, homes: tuple[Path, ...] | None = None) -> None:
        self.root = root if root.is_dir() else root.parent
        self._homes = homes
        self._known: dict[str, Range] = {}

    def of(self, package: str) -> Range:
        """The releases of ``package`` that the project allows."""
        name = _normalised(package)
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Everything that was read; changes with any of it."""
        return (*[text for _, text in self._files], *[str(found) for found in self._installed])

    def _find(self, name: str) -> Range:
        said = [one for file, text in self._files for one in self._said(file, text, name)]
        exact = next((one for one in said if one.is_exact), None)
        if exact is not None:
            return exact
        for folder in self._installed:
            for info in folder.glob("*.dist-info"):
                package, _, version = info.name.removesuffix(".dist-info").rpartition("-")
                found = _range(f"=={version}") if _normalised(package) == name else None
                if found is not None:
                    return replace(found, source=self._relative(folder))
        return said[0] if said else ASSUMED

    def _said(self, file: Path, text: str, name: str) -> Iterator[Range]:
        constraints = self._constraints(file, text).get(name, ())
        found = [one for constraint in constraints if (one := _range(constraint)) is not None]
        for one in sorted(found, key=lambda one: one.end, reverse=True):  # a lock may hold several, for several Pythons
            yield replace(one, source=self._relative(file))

    def _constraints(self, file: Path, text: str) -> Mapping[str, list[str]]:
        """Normalised name to constraints, of everything that one file requires or locks."""
        if file not in self._read:
            self._read[file] = found = dict[str, list[str]]()
            for name, constraint in _requirements(file.name, text):
                found.setdefault(_normalised(name), []).append(constraint)
        return self._read[file]

    @cached_property
    def _read(self) -> dict[Path, Mapping[str, list[str]]]:
        return {}

    @cached_property
    def _files(self) -> tuple[tuple[Path, str], ...]:
        found = ((file, bounded_text(file)) for folder in self._folders() for file in _files_in(folder))
        return tuple([(file, text) for file, text in found if text])

    @cached_property
    def _installed(self) -> tuple[Path, ...]:
        """The folders of packages of the project's environment."""
        patterns = ("lib/python3*/site-packages", "Lib/site-packages")
        homes = self._homes if self._homes is not None else environments(self.root)
        return tuple([one for home in homes for each in patterns for one in sorted(home.glob(each))])

    @cached_property
    def _top(self) -> Path:
        """The top of the repository; the root where there is none."""
        return next((folder for folder in (self.root, *self.root.parents) if (folder / ".git").exists()), self.root)

    def _folders(self) -> Iterator[Path]:
        """The root, outwards to the top of the repository, then one level down (`backend/` in a monorepo)."""
        yield self.root
        for folder in self.root.parents:
            if not folder.is_relative_to(self._top):
                break
            yield folder
        yield from (self.root / name for name in _USUAL_FOLDERS)

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._top).as_posix() if path.is_relative_to(self._top) else path.name


def _files_in(folder: Path) -> Iterator[Path]:
    """The files of a folder that may pin something, locks first, those for development last."""
    yield from (folder / name for name in (*_LOCKS, "Pipfile.lock"))
    listed = [*folder.glob("requirements*.txt"), *folder.glob("requirements*.lock"), *folder.glob("requirements*.in")]
    listed += (folder / "requirements").glob("*.txt")
    yield from sorted(listed, key=lambda file: (_LAST.search(file.name) is not None, file.suffix == ".in", file.name))
    yield from (folder / name for name in ("pyproject.toml", "setup.cfg", "Pipfile", "setup.py"))


def _requirements(file: str, text: str) -> Iterator[tuple[str, str]]:
    """(name, constraint) of everything that a file of this name requires or locks."""
    if file in _LOCKS:
        yield from ((name, f"=={version}") for name, version in _LOCKED.findall(text))
    elif file == "Pipfile.lock":
        yield from _pipfile_lock(text)
    elif file in ("pyproject.toml", "Pipfile"):
        document = _toml(text)
        yield from _pyproject(document) if file == "pyproject.toml" else _table(document.get("packages"))
    elif file == "setup.cfg":
        yield from _lines(_setup_cfg(text))
    elif file == "setup.py":
        yield from _lines(_QUOTED.findall(text))
    else:
        yield from _lines(text.splitlines())


def _lines(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        found = None if line.lstrip().startswith(("-", "#")) else _REQUIREMENT.match(line)
        if found is not None and not found[2].startswith(("@", ":", "/")):
            yield found[1], found[2]


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def _pyproject(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Of the standard's tables, then of uv, PDM, Hatch and Poetry."""
    project, tool = document.get("project"), _mapping(document.get("tool"))
    groups = [_mapping(project).get("optional-dependencies"), document.get("dependency-groups")]
    groups += [_mapping(tool.get("pdm")).get("dev-dependencies")]
    lists = [_mapping(project).get("dependencies"), _mapping(tool.get("uv")).get("dev-dependencies")]
    lists += [several for group in groups for several in _mapping(group).values()]
    lists += [_mapping(one).get("dependencies") for one in _mapping(_mapping(tool.get("hatch")).get("envs")).values()]
    for listed in lists:
        several = cast(list[Any], listed) if isinstance(listed, list) else []
        yield from _lines([one for one in several if isinstance(one, str)])
    poetry = _mapping(tool.get("poetry"))
    for table in (poetry, *_mapping(poetry.get("group")).values()):
        for key in ("dependencies", "dev-dependencies"):
            yield from _table(_mapping(table).get(key))


def _table(table: Any) -> Iterator[tuple[str, str]]:
    """`fastapi = "^0.115"`, `fastapi = {version = "…", extras = […]}`, or several of them for several Pythons."""
    for name, said in _mapping(table).items():
        for one in cast(list[Any], said) if isinstance(said, list) else [said]:
            constraint = _mapping(one).get("version") if isinstance(one, dict) else one
            if isinstance(constraint, str):
                yield name, constraint


def _pipfile_lock(text: str) -> Iterator[tuple[str, str]]:
    try:
        document: Any = json.loads(text)
    except ValueError:
        return
    for section in ("default", "develop"):
        yield from _table(_mapping(document).get(section))


def _setup_cfg(text: str) -> Iterator[str]:
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except ConfigError:
        return
    yield from parser.get("options", "install_requires", fallback="").splitlines()
    for _, listed in parser.items("options.extras_require") if parser.has_section("options.extras_require") else ():
        yield from listed.splitlines()


def _mapping(value: Any) -> dict[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _normalised(name: str) -> str:
    """The name as every tool compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _range(constraint: str) -> Range | None:
    """What a constraint such as `>=0.115,<0.130`, `^0.110` or `~=0.115.2` admits; None when it has no number."""
    least, end, any_ = (0, 0), _NEWEST, False
    for operator, major, minor, patch in _NUMBER.findall(constraint):
        number = (int(major), int(minor) if minor not in ("", "*") else 0)
        following = (number[0], number[1] + 1)
        any_ = True
        match operator:
            case ">=" | ">":
                least = max(least, number)
            case "<":
                end = min(end, number if patch in ("", "0") else following)
            case "<=":
                end = min(end, following)
            case "!=":
                continue
            case "~=":
                least = max(least, number)
                end = min(end, following if patch else (number[0] + 1, 0))
            case "^":
                least = max(least, number)
                end = min(end, (number[0] + 1, 0) if number[0] else following)
            case _:  # == === ~ or a bare number
                least = max(least, number)
                end = min(end, following if minor not in ("", "*") else (number[0] + 1, 0))
    return Range(least, end) if any_ else None
