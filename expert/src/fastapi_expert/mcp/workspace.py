"""The codebase that a server answers about, kept fresh: every answer is about the files as they are now."""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from fastapi_expert import config
from fastapi_expert.codebase import Codebase, load, refresh
from fastapi_expert.config import Config
from fastapi_expert.find import Entry, Finder
from fastapi_expert.find.cache import finder_of
from fastapi_expert.find.entries import note_entries
from fastapi_expert.find.naming import named

NoteStamps = tuple[tuple[str, int, int], ...]
T = TypeVar("T")


class Kept(Generic[T]):
    """What is made once for each state of what it is made from; only the last one is kept."""

    def __init__(self) -> None:
        self._last: tuple[tuple[object, ...], T] | None = None

    def of(self, *state: object, make: Callable[[], T]) -> T:
        """What ``make`` gave for an equal ``state``, else what it gives now."""
        if self._last is None or self._last[0] != state:
            self._last = (state, make())
        return self._last[1]


class Workspace:
    """Loaded at the first question, looked over at each further one; used by one thread at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._codebase: Codebase | None = None
        self._config: tuple[float, Config] | None = None
        self._finder = Kept[Finder]()

    @property
    def config(self) -> Config:
        """The project's settings, read again when its pyproject.toml changed."""
        file = self.root / "pyproject.toml"
        changed_at = file.stat().st_mtime if file.exists() else 0.0
        if self._config is None or self._config[0] != changed_at:
            self._config = (changed_at, config.load(self.root))
            self._codebase = None  # what is excluded may have changed
        return self._config[1]

    def codebase(self) -> Codebase:
        exclude = self.config.exclude
        if self._codebase is None:
            self._codebase = load(self.root, exclude=exclude)
        else:
            self._codebase = refresh(self._codebase)
        return self._codebase

    def finder(self) -> Finder:
        codebase, notes = self.codebase(), self._notes()
        return self._finder.of(codebase, notes, make=lambda: finder_of(codebase, note_entries(self.root)))

    def named(self, name: str) -> list[Entry]:
        """What of the code is called ``name``, with its file before it or not; see `find.naming`."""
        path, py, rest = name.partition(".py")
        return named(self.finder().entries, f"{self.relative(path + py)}{rest}" if py else name)

    def _notes(self) -> NoteStamps:
        """The state of the project's notes: each file with its time and size."""
        folder = self.root / ".expert" / "notes"
        found = sorted(folder.rglob("*.md")) if folder.is_dir() else []
        return tuple((str(file), status.st_mtime_ns, status.st_size) for file in found for status in [file.stat()])

    def relative(self, path: str) -> str:
        """`path`, absolute or relative to the root, as the codebase names it."""
        given = Path(path)
        if given.is_absolute() and given.resolve().is_relative_to(self.root):
            given = given.resolve().relative_to(self.root)
        return given.as_posix().removeprefix("./").rstrip("/")
