"""Modules of installed libraries, read where they lie: only of those packages that the project's routes hang on.

A library is text too. Its modules have places like the project's own: paths relative to the root, which lead into the
environment (`.venv/lib/python3.12/site-packages/fastapi_users/router/auth.py`) or out of the root (`../shared/…`).
"""

import os
import sys
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi_expert.codebase.files.environment import Environment
from fastapi_expert.codebase.files.listing import MAX_BYTES
from fastapi_expert.codebase.syntax.facts import FileFacts

if TYPE_CHECKING:
    from fastapi_expert.codebase.files.cache import Cache

KNOWN = frozenset([
    *sys.stdlib_module_names, "fastapi", "starlette", "pydantic", "pydantic_core", "pydantic_settings", "anyio",
    "typing_extensions", "sqlalchemy", "fastapi_versioning", "uvicorn", "hypercorn", "gunicorn", "granian", "httpx",
    "builtins",
])  # fmt: skip
"""What the interpreter knows by itself, what runs applications, and what calls them."""
MAX_FILES = 400
"""More than that is no table of routes; what lies beyond stays unknown."""


class Libraries:
    """The libraries in one environment. ``opened`` are the top-level packages that are looked into."""

    def __init__(self, root: Path, environment: Environment, cache: "Cache | None" = None) -> None:
        self.root = root
        self.environment = environment
        self.opened: set[str] = set()
        self.digests: dict[str, bytes] = {}
        """Of each file that was read its hash."""
        self._cache = cache
        self._facts: dict[str, FileFacts | None] = {}
        self._new: list[tuple[bytes, FileFacts]] = []
        self._starts: tuple[str, ...] = ()
        """What the paths of opened libraries begin with."""
        self._tops: dict[str, str] = {}
        """Package that was looked for to where it lies, relative to the root; "" when it does not."""

    # -- finding --------------------------------------------------------------------------------------------------

    def has(self, package: str) -> bool:
        """Whether the environment holds a top-level package, or a module of that name, as text."""
        return bool(self._top(package))

    def holds(self, path: str) -> bool:
        """Whether ``path`` lies in a library that was opened."""
        return path.startswith(self._starts)

    def find(self, importer: str, module: str) -> str | None:
        """The place of ``module`` as written in ``importer``; None when no opened library has it."""
        if module.startswith("."):
            return self._relative(importer.rpartition("/")[0], module)
        head, _, rest = module.partition(".")
        top = self._top(head) if head in self.opened else ""
        return self.at(f"{top}/{rest.replace('.', '/')}" if rest else top) if top else None

    def at(self, base: str) -> str | None:
        """The place of the module whose path without its suffix is ``base``."""
        for path in (f"{base}/__init__.py", f"{base}.py"):
            if os.path.isfile(self._absolute(path)):
                return path
        return f"{base}/" if os.path.isdir(self._absolute(base)) else None

    def listing(self, folder: str) -> list[str]:
        """The Python files and the folders directly in ``folder``, sorted."""
        try:
            with os.scandir(self._absolute(folder)) as entries:
                names = [
                    one.name for one in entries if one.name.endswith(".py") or (one.is_dir() and one.name[:1] != "_")
                ]
        except OSError:
            return []
        return sorted(f"{folder}/{name}" for name in names)

    def name(self, path: str) -> str:
        """The dotted name under which the file at ``path`` is imported."""
        for package in self.opened:
            top = self._tops.get(package)
            if top and path.startswith(top):
                inner = path[len(top) :].removesuffix(".py").removesuffix("/__init__")
                return package + inner.replace("/", ".")
        return ""

    def _relative(self, folder: str, module: str) -> str | None:
        rest = module.lstrip(".")
        for _ in range(len(module) - len(rest) - 1):
            folder = folder.rpartition("/")[0]
        base = f"{folder}/{rest.replace('.', '/')}" if rest else folder
        place = self.at(base)
        return place if place is not None and self.holds(place) else None

    def _top(self, package: str) -> str:
        """Where a top-level package lies: its folder, or its file without the suffix."""
        if package not in self._tops:
            self._tops[package] = self._looked_for(package)
        return self._tops[package]

    def _looked_for(self, package: str) -> str:
        mapped = self.environment.mapped.get(package)
        places = [folder / package for folder in self.environment.search]
        for place in [mapped, *places] if mapped is not None else places:
            base = os.path.relpath(place, self.root).replace(os.sep, "/")
            if self.at(base) is not None:
                return base
        return ""

    def _absolute(self, path: str) -> str:
        return os.path.join(self.root, path)

    # -- reading --------------------------------------------------------------------------------------------------

    def facts(self, path: str) -> FileFacts | None:
        """The facts of a file of an opened library, with the bodies of all its functions; None when there are none."""
        if path not in self._facts:
            self._facts[path] = self._read(path) if self.holds(path) and len(self._facts) < MAX_FILES else None
        return self._facts[path]

    def _read(self, path: str) -> FileFacts | None:
        from fastapi_expert.codebase.syntax.reader import read_source  # the parser: not where the cache knows the file

        source = _content(self._absolute(path))
        if source is None:
            return None
        digest = self.digests[path] = _hash(source)
        known = self._kept(path, digest)
        if known is not None:
            return known
        facts = read_source(source, path, all_bodies=True)
        self._new.append((digest, facts))
        return facts

    def _kept(self, path: str, digest: bytes) -> FileFacts | None:
        if self._cache is None:
            return None
        from fastapi_expert.codebase.files.store import facts_of

        return facts_of(self._cache, {path: digest}).get(path)

    @property
    def edited(self) -> dict[str, bytes]:
        """The files that were read and lie in no `site-packages`, with their hashes: they change without an install."""
        starts = tuple(
            [f"{os.path.relpath(one, self.root)}/".replace(os.sep, "/") for one in self.environment.packages]
        )
        return {path: digest for path, digest in self.digests.items() if not path.startswith(starts)}

    def have_changed(self) -> bool:
        """Whether a file that was read, of those that somebody edits, says something else by now."""
        return any(_digest(self._absolute(path)) != digest for path, digest in self.edited.items())

    def hash_of(self, path: str) -> bytes | None:
        """The hash of a file as it is now; None when it is not there."""
        return _digest(self._absolute(path))

    def keep(self) -> None:
        """Put what was read into the cache."""
        if self._cache is not None and self._new:
            from fastapi_expert.codebase.syntax.encoding import encode

            self._cache.store([(digest, *encode(facts)) for digest, facts in self._new], (), ())
        self._new.clear()

    # -- opening --------------------------------------------------------------------------------------------------

    def open_wanted(self, wanted: Mapping[str, bool]) -> bool:
        """Look into these packages from now on; whether any of them is there and was not open.

        Of those that are not surely ``wanted`` only the ones that work with FastAPI are.
        """
        new = [
            one
            for one, surely in wanted.items()
            if one not in self.opened
            and one not in KNOWN
            and self.has(one)
            and (surely or self.environment.knows_fastapi(one))
        ]
        self.opened.update(new)
        self._starts += tuple([f"{self._tops[one]}{end}" for one in new for end in ("/", ".py")])
        return bool(new)


def _content(file: str) -> bytes | None:
    try:
        with open(file, "rb") as stream:
            source = stream.read(MAX_BYTES + 1)
    except OSError:
        return None
    return source if len(source) <= MAX_BYTES else None


def _hash(source: bytes) -> bytes:
    """Not the hash of the same file in a codebase: of a library the bodies of all functions are kept."""
    return blake2b(source, digest_size=16, person=b"library").digest()


def _digest(file: str) -> bytes | None:
    source = _content(file)
    return None if source is None else _hash(source)
