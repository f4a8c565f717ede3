"""The lines of the files under study, read once, for every renderer that shows code."""

from collections.abc import Mapping
from pathlib import Path


class Sources:
    """Lines of files below ``root``; one that is gone has none. ``drafts`` hide the files of their path."""

    def __init__(self, root: Path, drafts: Mapping[str, bytes] | None = None) -> None:
        self._root = root
        self._files = {path: _split(text.decode(errors="replace")) for path, text in (drafts or {}).items()}

    def lines(self, path: str, first: int, last: int) -> list[str]:
        """Lines ``first`` to ``last`` (1-based, inclusive) of ``path``, without line ends, tabs as four columns."""
        if path not in self._files:
            self._files[path] = _read(self._root / path)
        return self._files[path][first - 1 : last]


def _read(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return _split(text)


def _split(text: str) -> list[str]:
    return [line.expandtabs(4) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
