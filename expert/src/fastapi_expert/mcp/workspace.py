"""The codebase that a server answers about, kept fresh: every answer is about the files as they are now."""

from pathlib import Path

from fastapi_expert import config
from fastapi_expert.codebase import Codebase, load, refresh
from fastapi_expert.config import Config
from fastapi_expert.find import Finder
from fastapi_expert.find.cache import finder_of


class Workspace:
    """Loaded at the first question, looked over at each further one; used by one thread at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._codebase: Codebase | None = None
        self._config: tuple[float, Config] | None = None
        self._finder: tuple[Codebase, Finder] | None = None

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
        codebase = self.codebase()
        if self._finder is None or self._finder[0] is not codebase:
            self._finder = (codebase, finder_of(codebase))
        return self._finder[1]

    def relative(self, path: str) -> str:
        """`path`, absolute or relative to the root, as the codebase names it."""
        given = Path(path)
        if given.is_absolute() and given.resolve().is_relative_to(self.root):
            given = given.resolve().relative_to(self.root)
        return given.as_posix().removeprefix("./").rstrip("/")
