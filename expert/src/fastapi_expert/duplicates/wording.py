"""How findings speak: places, counts, names and import lines, in one voice."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.find.places import is_driver


class Located(Protocol):
    """Anything with a name and a place."""

    @property
    def path(self) -> str: ...
    @property
    def line(self) -> int: ...


def place(thing: Located) -> str:
    """`app/users.py:12`, which editors and terminals make clickable."""
    return f"{thing.path}:{thing.line}"


def listed(items: Sequence[str], *, limit: int = 3) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c and 4 more`."""
    if len(items) > limit + 1:
        return f"{', '.join(items[:limit])} and {len(items) - limit} more"
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def many(count: int, thing: str) -> str:
    """`1 field`, `3 fields`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


_SHARED = {"util", "utils", "helper", "helpers", "common", "shared", "core", "lib", "base", "tools", "kit"}
_SHARED_FILES = {"util", "utils", "helper", "helpers", "common", "shared"}
"""A file `core.py` may be what one feature calls its own."""


def _is_shared(path: str) -> bool:
    """Whether a folder or a file says by its name that it is there to be used from other places."""
    *folders, file = path.removesuffix(".py").split("/")
    named = [word for folder in folders for word in folder.split("_")]
    return not _SHARED.isdisjoint(named) or not _SHARED_FILES.isdisjoint(file.split("_"))


_PACKAGING = ("pyproject.toml", "setup.py", "requirements.txt", "Dockerfile")


class Imports:
    """Import lines that work: ``modules`` leads from a path to the dotted name under which it is imported, ``needs``
    to the files that run when it is. Where the files ``anywhere`` will lie nobody said."""

    def __init__(
        self,
        root: Path,
        modules: Mapping[str, str],
        needs: Callable[[], Mapping[str, Sequence[str]]],
        anywhere: Collection[str] = (),
    ) -> None:
        self._root = root if root.is_dir() else root.parent
        self._modules = modules
        self._needs = needs
        self._anywhere = anywhere
        self._distributions: dict[str, str] = {}

    def line(self, path: str, qualname: str, *, for_path: str) -> str:
        """` (`from app.users import User`)`; nothing in the same file, or where no import would do."""
        module = self._modules.get(path)
        if not module or path == for_path or not self.may_import(path, for_path):
            return ""
        return f" (`from {module} import {qualname.partition('.')[0].partition('@')[0]}`)"

    def may_import(self, path: str, for_path: str) -> bool:
        """Whether the file at ``for_path`` could import the one at ``path``."""
        return path == for_path or (
            not self.is_hidden(path) and self.are_together(path, for_path) and not self._reaches(path, for_path)
        )

    def is_at_hand(self, path: str, for_path: str) -> bool:
        """Whether the file at ``for_path`` may well import the one at ``path``.

        It does so already, or one of their folders lies in the other, or that one is there to be shared. Between two
        features an import ties one to what the other needs.
        """
        folder, other = (f"{one.rpartition('/')[0]}/" for one in (path, for_path))
        above = folder != other and (folder.startswith(other) or other.startswith(folder))
        in_line = above or "/" in (folder, other)  # what lies beside it in a folder may be another feature
        is_near = (in_line or _is_shared(path)) and not is_driver(path)  # a script is run, and from its own folder
        return is_near or path in self._needs().get(for_path, ())

    def order(self, path: str) -> tuple[bool, bool, bool]:
        """By what the file to keep something in comes first: importable, not a program of its own, there to share."""
        return self.is_hidden(path), is_driver(path) or is_test_path(path), not _is_shared(path)

    def users(self, path: str) -> int:
        """How many files import the one at ``path``, tests apart."""
        return self._users.get(path, 0)

    @cached_property
    def _users(self) -> Mapping[str, int]:
        return Counter(one for path, needed in self._needs().items() if not is_test_path(path) for one in set(needed))

    def are_together(self, path: str, other: str) -> bool:
        """Whether both files are installed together."""
        known = path not in self._anywhere and other not in self._anywhere
        return not known or self.distribution(path) == self.distribution(other)

    def are_linked(self, path: str, other: str) -> bool:
        """Whether both files belong to one program, as far as one sees: their folders at the top are the same, or
        something in one imports something in the other."""
        tops = path.partition("/")[0], other.partition("/")[0]
        if tops[0] == tops[1] or not all("/" in one for one in (path, other)) or not self.are_together(path, other):
            return self.are_together(path, other)
        return tops in self._links or tops[::-1] in self._links

    @cached_property
    def _links(self) -> frozenset[tuple[str, str]]:
        """Folders at the top of which the first imports from the second."""
        return frozenset(
            (path.partition("/")[0], one.partition("/")[0]) for path, needed in self._needs().items() for one in needed
        )

    def is_hidden(self, path: str) -> bool:
        """A module beside a package of the same name is never imported; a name must be one for Python."""
        module = self._modules.get(path, "")
        return not all(part.isidentifier() for part in module.split(".")) or (
            not path.endswith("__init__.py") and path.removesuffix(".py") + "/__init__.py" in self._modules
        )

    def distribution(self, path: str) -> str:
        """The nearest folder above that is installed by itself: the code of another one may not be there."""
        folder = path.rpartition("/")[0]
        known = self._distributions.get(folder)
        if known is None:
            place = self._root / folder
            is_one = not folder or any((place / name).exists() for name in _PACKAGING)
            known = self._distributions[folder] = folder if is_one else self.distribution(folder)
        return known

    def _reaches(self, path: str, other: str) -> bool:
        """Whether importing the file at ``path`` imports ``other``, so that the other way round would be a circle."""
        needs = self._needs()
        seen: set[str] = set()
        waiting = [path]
        while waiting:
            one = waiting.pop()
            if one == other:
                return True
            if one not in seen:
                seen.add(one)
                waiting.extend(needs.get(one, ()))
        return False
