"""Module names to files, without running an import: packages, src layouts, namespace packages, several roots."""

import copy
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from fastapi_expert.codebase.vocabulary import is_test_path

if TYPE_CHECKING:
    from fastapi_expert.codebase.resolve.libraries import Libraries

Imports = Callable[[], Mapping[str, Iterable[str]]]
"""Gives the modules that each file imports, as written."""


class Modules:
    """Where a module name leads, seen from an importing file.

    A place is the path of a file (`a/b.py`, `a/b/__init__.py`) or of a folder without `__init__.py` (`a/b/`).
    """

    def __init__(
        self,
        paths: Iterable[str],
        root_parts: tuple[str, ...] = (),
        imports: Imports = dict,
    ) -> None:
        """``imports`` is asked where the list of files does not tell, which is seldom: it may read them all."""
        self.files = frozenset(paths)
        self._imports = imports
        self._root_parts = root_parts
        self._folders = frozenset(self._all_folders())
        self._packages = frozenset(path[: -len("__init__.py")].rstrip("/") for path in self.files if _is_init(path))
        self._tops = sorted({self.top(path) for path in self.files}, key=lambda top: (top.count("/"), top))
        self._heads = {folder.rpartition("/")[2] for folder in self._folders}
        self._heads.update(path.rpartition("/")[2][: -len(".py")] for path in self.files)
        self._found: dict[tuple[str, str], str | None] = {}
        self._started: dict[str, list[str]] = {}
        self._inside: dict[str, bool] = {}
        self.libraries: Libraries | None = None
        """Installed packages that are looked into as if they were the project's own."""

    def with_libraries(self, libraries: "Libraries") -> "Modules":
        """The same, and what the project does not have itself is looked for in ``libraries``."""
        wider = copy.copy(self)
        wider._found, wider.libraries = {}, libraries
        return wider

    def is_library(self, path: str) -> bool:
        """Whether the place is of an installed library."""
        return self.libraries is not None and self.libraries.holds(path)

    def _all_folders(self) -> set[str]:
        folders: set[str] = {""}
        for path in self.files:
            folder = _parent(path)
            while folder not in folders:
                folders.add(folder)
                folder = _parent(folder)
        return folders

    def folders(self) -> list[str]:
        """Every folder that holds Python, at any depth, and the root, sorted."""
        return sorted(self._folders)

    def is_file(self, path: str) -> bool:
        return path in self.files

    def is_folder(self, path: str) -> bool:
        return path in self._folders

    def tells(self, path: str) -> bool:
        """Whether the list of files tells if ``path`` exists; it does not for data files and folders without Python."""
        return path in self._folders or path.endswith(".py")

    def below(self, folder: str) -> list[str]:
        """Every Python file below ``folder``, sorted."""
        prefix = f"{folder}/" if folder else ""
        return sorted(path for path in self.files if path.startswith(prefix))

    def listing(self, folder: str) -> list[str]:
        """The Python files and the folders that hold some, directly in ``folder``, sorted."""
        if self.libraries is not None and self.libraries.holds(f"{folder}/"):
            return self.libraries.listing(folder)
        return sorted(path for path in (*self.files, *self._folders) if path and _parent(path) == folder)

    def top(self, path: str) -> str:
        """The folder that would be on `sys.path` for this file: above its outermost package."""
        folder = _parent(path)
        while folder in self._packages and folder:
            folder = _parent(folder)
        return folder

    def name(self, path: str) -> str:
        """The dotted name under which the file, or the folder with `/` at its end, at ``path`` is imported."""
        if self.libraries is not None and self.libraries.holds(path):
            return self.libraries.name(path)
        if path.endswith("/"):  # a folder without `__init__.py` is named below the package that it lies in
            around, _, last = path.rstrip("/").rpartition("/")
            inside = around in self._packages and around
            return f"{self.name(f'{around}/__init__.py')}.{last}" if inside else path.rstrip("/").replace("/", ".")
        top = self._top_of_names(path)
        inner = path[len(top) + 1 :] if top else path
        parts = inner[: -len(".py")].split("/")
        if parts[-1] == "__init__":
            parts.pop()
        if not top and "" in self._packages and self._root_parts:
            parts.insert(0, self._root_parts[-1])
        return ".".join(parts)

    def _top_of_names(self, path: str) -> str:
        """As :meth:`top`, above the folders without `__init__.py` as well that leading dots go through."""
        folder = _parent(path)
        while folder and (folder in self._packages or folder in self._dotted):
            folder = _parent(folder)
        return folder

    @cached_property
    def _dotted(self) -> frozenset[str]:
        """The folders that are packages by what is imported with leading dots: those of the importer that the dots
        count, and those that they lead to."""
        found: set[str] = set()
        for path, imported in self._imports().items():
            for module in imported:
                rest = module.lstrip(".")
                folder = base = _parent(path)
                for _ in range(len(module) - len(rest)):
                    found.add(folder)
                    base, folder = folder, _parent(folder)
                if rest != module:
                    parts = rest.split(".")
                    led = (_join(base, "/".join(parts[: number + 1])) for number in range(len(parts)))
                    found.update(place for place in led if place in self._folders)
        return frozenset(found)

    def find(self, importer: str, module: str) -> str | None:
        """The place of ``module`` as written in ``importer`` (leading dots are relative), None when it lies outside."""
        key = (_parent(importer), module)
        if key not in self._found:
            self._found[key] = self._place(importer, module)
        return self._found[key]

    def imported(self, importer: str, module: str) -> str | None:
        """The same for an import that is written in ``importer``: `models/pydantic.py` imports pydantic, not itself."""
        found = self.find(importer, module)
        if found != importer or module.startswith(".") or _is_init(importer):
            return found
        return self.libraries.find(importer, module) if self.libraries is not None else None

    def holding(self, importer: str, module: str, name: str) -> str | None:
        """The place that `from module import name` of ``importer`` takes ``name`` from.

        A folder without `__init__.py` (`fastapi/`, for the part of a project that is written in it) has nothing but its
        modules: whatever else is asked of it comes from the package of that name that is installed.
        """
        place = self.imported(importer, module)
        if place is None or not place.endswith("/") or module.startswith(".") or name == "*":
            return place
        if self.child(place, name) is not None:
            return place
        return self.libraries.find(importer, module) if self.libraries is not None else None

    def _place(self, importer: str, module: str) -> str | None:
        if self.libraries is not None and self.libraries.holds(importer):
            return self.libraries.find(importer, module)
        folder = _parent(importer)
        own = self._relative(folder, module) if module.startswith(".") else self._absolute(folder, module)
        if own is None and self.libraries is not None and not module.startswith("."):
            return self.libraries.find(importer, module)
        return own

    def child(self, place: str, name: str) -> str | None:
        """The submodule ``name`` of the package at ``place``."""
        if place.endswith("/"):
            return self._at(place + name)
        if _is_init(place):
            return self._at(_join(_parent(place), name))
        return None

    def _at(self, base: str) -> str | None:
        if self.libraries is not None and self.libraries.holds(f"{base}/"):
            return self.libraries.at(base)
        for path in (_join(base, "__init__.py"), f"{base}.py"):
            if path in self.files:
                return path
        return f"{base}/" if base in self._folders else None

    def _relative(self, folder: str, module: str) -> str | None:
        rest = module.lstrip(".")
        for _ in range(len(module) - len(rest) - 1):
            if not folder:
                return None
            folder = _parent(folder)
        return self._at(_join(folder, rest.replace(".", "/")) if rest else folder)

    def _absolute(self, folder: str, module: str) -> str | None:
        head = module.partition(".")[0]
        if head not in self._heads and head not in self._root_parts:
            return None  # nothing here has this name: most imports are of third-party packages
        tail = module.replace(".", "/")
        around = (base for base in self._bases(folder) if f"{folder}/".startswith(f"{_join(base, head)}/"))
        own = next(around, None)  # where the package begins in which the importer lies: the innermost of such
        for base in self._bases(folder):
            place = self._at(_join(base, tail))
            if place is not None and (base == own or not place.endswith("/")):
                return self._nearer(folder, base, tail) or place
        inside = self._below_root(module)
        if inside is not None and not inside.endswith("/"):
            return inside
        for base in self._bases(folder):
            place = self._at(_join(base, tail))
            if place is not None:
                return self._nearer(folder, base, tail) or place
        if inside is not None:
            return inside
        for package in self._outermost(folder):
            place = self._at(_join(package, tail))
            if place is not None and self._is_started_inside(package):
                return place
        return self._by_end(tail) if "/" in tail else None

    def _is_started_inside(self, package: str) -> bool:
        """Whether the program of a package is started inside of it: its files import each other by the names that these
        have there, at least two, and none by the package's own."""
        if package not in self._inside:
            imports = self._imports()
            files = [path for path in self.below(package) if not is_test_path(path)]
            heads = {one.partition(".")[0] for path in files for one in imports.get(path, ())}
            own = [head for head in heads if head and head not in sys.stdlib_module_names]
            inside = [head for head in own if self._at(_join(package, head)) is not None]
            self._inside[package] = len(inside) > 1 and package.rpartition("/")[2] not in heads
        return self._inside[package]

    def _outermost(self, folder: str) -> list[str]:
        """The packages around ``folder``, itself included, that are in no other; the outermost first."""
        found: list[str] = []
        while folder:
            if folder in self._packages and (_parent(folder) not in self._packages or not _parent(folder)):
                found.append(folder)
            folder = _parent(folder)
        return found[::-1]

    def _nearer(self, folder: str, base: str, tail: str) -> str | None:
        """What lies in a package around the importer, before what is found in a folder that is none of its own: a
        program is often started inside of the package that it is."""
        if folder == base or folder.startswith(f"{base}/") or not base:
            return None
        here = folder
        while here:
            place = self._at(_join(here, tail)) if here in self._packages else None
            if place is not None:
                return place
            here = _parent(here)
        return None

    def _by_end(self, tail: str) -> str | None:
        """The one file that ends like the module: a part of a namespace package that has a folder of its own."""
        ends = (f"/{tail}.py", f"/{tail}/__init__.py")
        found = [path for path in self.files if path.endswith(ends)]
        return found[0] if len(found) == 1 else None

    def _bases(self, folder: str) -> list[str]:
        """Folders an absolute import may start from: the importer's own, outwards, then the others, nearest first."""
        if folder in self._started:
            return self._started[folder]
        bases: list[str] = []
        here = folder
        while True:
            if here not in self._packages or not here:
                bases.append(here)
                if _join(here, "src") in self._folders:
                    bases.append(_join(here, "src"))
            if not here:
                break
            here = _parent(here)
        others = [top for top in self._tops if top not in bases]
        others.sort(key=lambda top: -_common(top, folder))
        bases += others
        self._started[folder] = bases
        return bases

    def _below_root(self, module: str) -> str | None:
        """`app.api` where the root itself is `…/app`: the names above the root are part of the import."""
        parts = module.split(".")
        for depth in range(1, min(len(parts), len(self._root_parts)) + 1):
            if tuple(parts[:depth]) == self._root_parts[-depth:]:
                return self._at("/".join(parts[depth:]))
        return None


def _is_init(path: str) -> bool:
    return path == "__init__.py" or path.endswith("/__init__.py")


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder and name else folder or name


def _common(left: str, right: str) -> int:
    """How many folders two paths share from the start."""
    shared = 0
    for one, other in zip(left.split("/"), right.split("/"), strict=False):
        if one != other:
            break
        shared += 1
    return shared
