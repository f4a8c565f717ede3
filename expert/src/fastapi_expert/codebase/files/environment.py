"""Where the libraries of a project lie: its virtual environment, found by its `pyvenv.cfg` without running anything.

An environment lies in the project, beside it, or above it as far as its repository reaches, or one folder down
(`backend/.venv` of a monorepo). What the shell has activated is somebody's choice for today, not the project's.
"""

import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

MARK = "pyvenv.cfg"
_USUAL = (".venv", "venv", "env", ".env", "virtualenv")
_PACKAGES = ("lib/python3*/site-packages", "lib64/python3*/site-packages", "Lib/site-packages")
_MAPPING = re.compile(r"^MAPPING\b[^=\n]*=\s*\{([^}]*)\}", re.MULTILINE)
_MAPPED = re.compile(r"'([\w.]+)':\s*'([^'\n]+)'")
_REQUIRES = re.compile(r"^Requires-Dist:\s*(?:fastapi|starlette)\b", re.MULTILINE | re.IGNORECASE)
_MAX_BYTES = 5_000_000


def environments(root: Path) -> list[Path]:
    """The folders of the environments of the project at ``root``, nearest first; most projects have one or none."""
    return _inside(root) or _outwards(root) or _one_down(root)


def _inside(root: Path) -> list[Path]:
    usual = [root / name for name in _USUAL if _is_environment(root / name)]
    return usual or [folder for folder in _folders(root) if _is_environment(folder)]


def _outwards(root: Path) -> list[Path]:
    """Above the root, to the folder in which its repository lies, or itself where there is no repository."""
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    for folder in root.parents:
        usual = [folder / name for name in _USUAL if _is_environment(folder / name)]
        if usual or folder == top.parent:
            return usual
    return []


def _one_down(root: Path) -> list[Path]:
    return [folder / name for folder in _folders(root) for name in _USUAL if _is_environment(folder / name)]


def _folders(root: Path) -> list[Path]:
    try:
        with os.scandir(root) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir())
    except OSError:
        return []


def _is_environment(folder: Path) -> bool:
    return os.path.isfile(folder / MARK)


class Environment:
    """What the interpreter of a project would have on `sys.path` beside the project's own folders."""

    def __init__(self, root: Path, home: Path | None = None) -> None:
        self.root = root
        self.home = home
        """The one environment that was named; those of the project are sought where none was."""
        self.homes = (home,) if home is not None else tuple(environments(root))
        self.packages = tuple([folder for home in self.homes for folder in _site_packages(home)])
        self.stamp = repr([(str(folder), _time(folder)) for folder in self.packages])
        """Changes when something is installed or removed."""

    def now(self) -> "Environment":
        """The same environment with what is installed in it by now."""
        return Environment(self.root, self.home)

    @cached_property
    def search(self) -> tuple[Path, ...]:
        """The folders to look for modules in, those that `.pth` files name last; none of the project's own."""
        named = [Path(line) for folder in self.packages for line in _lines_of_pth(folder)]
        return (*self.packages, *[folder for folder in named if self._is_outside(folder)])

    @cached_property
    def mapped(self) -> dict[str, Path]:
        """Packages that were installed to be edited, by name, where a finder of setuptools says where they lie."""
        found: dict[str, Path] = {}
        for folder in self.packages:
            for finder in sorted(folder.glob("__editable___*_finder.py")):
                mapping = _MAPPING.search(bounded_text(finder))
                for name, place in _MAPPED.findall(mapping[1]) if mapping is not None else ():
                    if self._is_outside(Path(place)):
                        found[name] = Path(place)
        return found

    def _is_outside(self, folder: Path) -> bool:
        return not folder.is_relative_to(self.root) and not self.root.is_relative_to(folder)

    @cached_property
    def _distributions(self) -> dict[str, Path]:
        """Normalised name to the folder of its metadata."""
        found: dict[str, Path] = {}
        for folder in self.packages:
            for info in sorted((*folder.glob("*.dist-info"), *folder.glob("*.egg-info"))):
                found.setdefault(_normalised(info.name.partition("-")[0]), info)
        return found

    def release_of(self, distribution: str) -> tuple[int, ...]:
        """The numbers of the release that is installed, empty where none is."""
        info = self._distributions.get(_normalised(distribution))
        told = re.match(r"[^-]+-(\d+(?:\.\d+)*)", info.name) if info is not None else None
        return tuple(map(int, told[1].split("."))) if told is not None else ()

    def entry_points(self) -> Iterator[str]:
        """The text of every `entry_points.txt` of what is installed."""
        for info in self._distributions.values():
            yield bounded_text(info / "entry_points.txt")

    def knows_fastapi(self, package: str) -> bool:
        """Whether the distribution of a top-level package says that it works with FastAPI or Starlette."""
        info = self._distributions.get(_normalised(package)) or self._holder(package)
        return info is not None and _REQUIRES.search(bounded_text(info / "METADATA")) is not None

    def _holder(self, package: str) -> Path | None:
        """The distribution that installed a package of another name."""
        start = f"{package}/"
        for info in self._distributions.values():
            if bounded_text(info / "RECORD").startswith(start) or f"\n{start}" in bounded_text(info / "RECORD"):
                return info
        return None


def _site_packages(home: Path) -> list[Path]:
    found: dict[str, Path] = {}
    for pattern in _PACKAGES:
        for folder in sorted(home.glob(pattern)):
            found.setdefault(os.path.realpath(folder), folder)
    return list(found.values())


def _lines_of_pth(folder: Path) -> Iterator[str]:
    """The folders that the `.pth` files in ``folder`` add."""
    for file in sorted(folder.glob("*.pth")):
        for line in bounded_text(file).splitlines():
            line = line.strip()
            if line and not line.startswith(("#", "import ", "import\t")):
                place = os.path.normpath(os.path.join(folder, line))
                if os.path.isdir(place):
                    yield place


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _time(folder: Path) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0


def bounded_text(file: Path) -> str:
    """The text of a file; empty when it cannot be read or is larger than a lock file is."""
    try:
        if file.stat().st_size > _MAX_BYTES:
            return ""
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""
