"""Results that need no second run: kept by tool version, configuration and the content that was looked at.

They lie in ``.expert/cache/gate/``, a small JSON file each; whatever cannot be read or written is worked out anew.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from fastapi_expert import __version__
from fastapi_expert.gate.model import Finding
from fastapi_expert.store import cache_of, ensure_ignored, write_atomically

CONFIGURATION = (
    "pyproject.toml",
    "ruff.toml",
    ".ruff.toml",
    "pyrightconfig.json",
    "setup.cfg",
    "tox.ini",
    "pytest.ini",
    ".isort.cfg",
    ".editorconfig",
    ".bandit",
    "mypy.ini",
    ".mypy.ini",
    "ty.toml",
    "pyrefly.toml",
)
_MOST = 4000
_TOOLS = Path(__file__).parent / "checks" / "tools"
_OURSELVES = f"{__version__}:{max(file.stat().st_mtime_ns for file in _TOOLS.glob('*.py'))}"
"""An update of ours may read the same output in another way."""


@dataclass(frozen=True, slots=True)
class Cache:
    """The results of one project."""

    folder: Path

    @classmethod
    def of(cls, root: Path) -> "Cache":
        """The cache of the project at ``root``."""
        return cls(cache_of(root) / "gate")

    def findings(self, key: str) -> list[Finding] | None:
        """The findings kept under ``key``; None when there are none, or none that can be read."""
        rows = self.get(key)
        try:
            return None if rows is None else [Finding(**row) for row in rows]
        except TypeError:
            return None

    def put_findings(self, key: str, findings: Iterable[Finding]) -> None:
        """Keep ``findings``."""
        self.put(key, [asdict(finding) for finding in findings])

    def get(self, key: str) -> list[Any] | None:
        """The list kept under ``key``; None when there is none, or none that can be read."""
        try:
            stored: object = json.loads((self.folder / f"{key}.json").read_bytes())
        except (OSError, ValueError):
            return None
        return cast(list[Any], stored) if isinstance(stored, list) else None

    def put(self, key: str, rows: Sequence[object]) -> None:
        """Keep ``rows``; a tree that cannot be written to goes without."""
        with contextlib.suppress(OSError):
            ensure_ignored(self.folder.parent)
            write_atomically(self.folder / f"{key}.json", json.dumps(rows).encode())

    def prune(self) -> None:
        """Take the oldest results away when there are very many."""
        with contextlib.suppress(OSError):
            stored = sorted(self.folder.iterdir(), key=lambda path: path.stat().st_mtime)
            for path in stored[: max(0, len(stored) - _MOST)]:
                path.unlink(missing_ok=True)


def key(*parts: str | bytes) -> str:
    """One name for all of ``parts``."""
    state = hashlib.blake2b(_OURSELVES.encode(), digest_size=16)
    for part in parts:
        data = part.encode(errors="surrogateescape") if isinstance(part, str) else part
        state.update(len(data).to_bytes(8, "big") + data)
    return state.hexdigest()


def configuration(home: Path, top: Path) -> str:
    """What the configuration files from ``home`` up to ``top`` say, as one digest."""
    folders = [home, *(folder for folder in home.parents if folder.is_relative_to(top))]
    return key(*(content(folder / name) for folder in folders for name in CONFIGURATION))


def content(path: Path) -> bytes:
    """The bytes of a file for a key; empty when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
