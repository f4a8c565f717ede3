"""Which releases of FastAPI, Starlette, Pydantic and SQLAlchemy a project is written for, from its own files."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from fastapi_expert.codebase.link.framework import bounded_text

Version = tuple[int, int]
PACKAGES = ("fastapi", "starlette", "pydantic", "sqlalchemy")
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock")
_REQUIREMENTS = (
    *("requirements.txt", "requirements.lock", "requirements.in", "requirements/base.txt"),
    *("requirements-base.txt", "requirements/production.txt", "requirements/prod.txt"),
)
_NUMBER = re.compile(r"(===?|~=|!=|<=?|>=?|\^|~)?\s*v?(\d+)(?:\.(\d+|\*))?(?:\.(\d+|\*))?")
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


ASSUMED = Range((0, 0), _NEWEST)


class Versions:
    """Package to the releases that the project around ``root`` allows."""

    def __init__(self, root: Path) -> None:
        self._root = root if root.is_dir() else root.parent

    @cached_property
    def fastapi(self) -> Range:
        return self._of("fastapi")

    @cached_property
    def starlette(self) -> Range:
        return self._of("starlette")

    @cached_property
    def pydantic(self) -> Range:
        return self._of("pydantic")

    @cached_property
    def sqlalchemy(self) -> Range:
        return self._of("sqlalchemy")

    @property
    def assumed(self) -> tuple[str, ...]:
        """The packages of which nothing is said, so that the newest release is taken."""
        return tuple([name for name in PACKAGES if not getattr(self, name).source])

    @property
    def texts(self) -> tuple[str, ...]:
        """What the project's own files say, of its dependencies and of how its tests run."""
        more = [bounded_text(self._root / name) for name in ("pytest.ini", "setup.cfg", "tox.ini")]
        return (*[text for _, text in self._files], *more)

    def _of(self, package: str) -> Range:
        locked = re.compile(rf'^name = "{package}"\s*\nversion = "([^"]+)"', re.MULTILINE)
        required = re.compile(rf"^\s*[\"']?{package}(?:\[[\w,\s-]*\])?\s*([^\n#;\"']*)", re.MULTILINE | re.IGNORECASE)
        for file, text in self._files:
            if file.name == "pyproject.toml":
                text = "\n".join(_dependencies(text))
            pattern = locked if file.name in _LOCKS else required
            for found in pattern.finditer(text):
                said = _range(f"=={found[1]}" if file.name in _LOCKS else found[1], file.name)
                if said is not None:
                    return said
        return ASSUMED

    @cached_property
    def _files(self) -> tuple[tuple[Path, str], ...]:
        names = (*_LOCKS, *_REQUIREMENTS, "pyproject.toml")
        found = ((folder / name, bounded_text(folder / name)) for folder in self._folders() for name in names)
        return tuple([(file, text) for file, text in found if text])

    def _folders(self) -> Iterator[Path]:
        """The root, outwards to the top of the repository, then one level down (`backend/` in a monorepo)."""
        yield self._root
        for folder in (self._root, *self._root.parents):
            if folder != self._root:
                yield folder
            if (folder / ".git").exists():
                break
        else:
            return
        for name in ("backend", "server", "api", "app", "src"):
            yield self._root / name


def _dependencies(text: str) -> Iterator[str]:
    """The requirements of a pyproject.toml, a line each: of the standard's tables and of Poetry's."""
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    project, poetry = document.get("project", {}), document.get("tool", {}).get("poetry", {})
    groups = [*project.get("optional-dependencies", {}).values(), *document.get("dependency-groups", {}).values()]
    for listed in (project.get("dependencies", []), *groups):
        yield from (one for one in listed if isinstance(one, str))
    tables = [poetry, *poetry.get("group", {}).values()]
    for name, said in [pair for table in tables for pair in table.get("dependencies", {}).items()]:
        constraint = cast(dict[str, Any], said).get("version", "") if isinstance(said, dict) else said
        yield f"{name} {constraint}"


def _range(constraint: str, source: str) -> Range | None:
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
    return Range(least, end, source) if any_ else None
