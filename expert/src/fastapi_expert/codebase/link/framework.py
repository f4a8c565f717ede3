"""Which FastAPI a project pins: routers are included as a snapshot before 0.137 and as a live tree since."""

import re
from collections.abc import Iterator
from pathlib import Path

LIVE_SINCE = (0, 137)

_LOCKED = re.compile(r'^name = "fastapi"\s*\nversion = "([^"]+)"', re.MULTILINE)
_REQUIRED = re.compile(r"^\s*[\"']?fastapi(?:\[[\w,\s-]*\])?\s*([^\n#;\"']*)", re.MULTILINE | re.IGNORECASE)
_POETRY = re.compile(r'^fastapi\s*=\s*(?:\{[^\n]*version\s*=\s*)?"([^"]+)"', re.MULTILINE)
_VERSION = re.compile(r"(==|~=|<=?|\^|~)?\s*v?(\d+)\.(\d+)")
_MAX_BYTES = 5_000_000


def includes_live(root: Path) -> bool:
    """Whether routes added to a router after it was included count; true unless the project pins an older FastAPI."""
    version = pinned_version(root)
    return version is None or version >= LIVE_SINCE


def pinned_version(root: Path) -> tuple[int, int] | None:
    """(major, minor) of the newest FastAPI that the project's lock, requirements or pyproject allows, if they say."""
    for folder in _folders(root):
        for name in ("uv.lock", "poetry.lock", "pdm.lock"):
            found = _LOCKED.search(bounded_text(folder / name))
            if found is not None:
                return _newest(f"=={found[1]}")
        for name in ("requirements.txt", "requirements.lock", "requirements/base.txt", "requirements-base.txt"):
            for found in _REQUIRED.finditer(bounded_text(folder / name)):
                version = _newest(found[1])
                if version is not None:
                    return version
        project = bounded_text(folder / "pyproject.toml")
        for found in (*_REQUIRED.finditer(project), *_POETRY.finditer(project)):
            version = _newest(found[1])
            if version is not None:
                return version
    return None


def _folders(root: Path) -> Iterator[Path]:
    """The root, then outwards to the top of the repository, then one level down (`backend/` in a monorepo)."""
    yield root
    for folder in (root, *root.parents):
        if folder != root:
            yield folder
        if (folder / ".git").exists():
            break
    else:
        return
    for name in ("backend", "server", "api", "app", "src"):
        yield root / name


def bounded_text(path: Path) -> str:
    """The text of a file; empty when it cannot be read or is larger than a lock file is."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _newest(constraint: str) -> tuple[int, int] | None:
    """The newest (major, minor) a constraint admits; None when it sets no upper end."""
    ends: list[tuple[int, int]] = []
    for operator, major, minor in _VERSION.findall(constraint):
        version = (int(major), int(minor))
        before = constraint[: constraint.find(f"{major}.{minor}")].rstrip()
        if operator in ("==", "^", "~", "<=") or (operator == "~=" and constraint.count(".") > 1):
            ends.append(version)
        elif operator == "<":
            ends.append((version[0], version[1] - 1) if version[1] else (version[0] - 1, 999))
        elif not operator and not before.endswith((">", ">=", "!")):
            ends.append(version)
    return min(ends) if ends else None
