"""Which Pythons a project runs on, as it says itself."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

_READERS: tuple[Callable[[dict[str, Any]], Any], ...] = (
    lambda document: document.get("project", {}).get("requires-python"),
    lambda document: document.get("tool", {}).get("poetry", {}).get("dependencies", {}).get("python"),
    lambda document: document.get("tool", {}).get("ruff", {}).get("target-version"),
)


def oldest_python(root: Path, top: Path) -> tuple[int, int] | None:
    """The oldest Python that it says it runs on: `requires-python`, poetry's, the target of its formatter; None when it
    says none. ``root`` is the project's folder, ``top`` the last one above it to look in."""
    for folder in (root, *root.parents):
        if not folder.is_relative_to(top):
            break
        document = _document(folder / "pyproject.toml")
        for reader in _READERS:
            found = re.search(r"3\.?(\d+)", str(reader(document) or ""))
            if found:
                return 3, int(found[1])
    return None


def _document(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
