"""Changes of one small project as data, in honesty/: some cheat, some are honest."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent / "honesty"


def _read(name: str) -> dict:
    return tomllib.loads((_HERE / name).read_text(encoding="utf-8"))


PROJECT: dict[str, str] = _read("project.toml")["files"]


@dataclass(frozen=True)
class Changed:
    """A change by name; ``files`` are those of the project after it. ``told``: it is told, and not refused."""

    name: str
    kind: str
    files: dict[str, str]
    told: bool = False


def _changed(row: dict) -> Changed:
    files = dict(PROJECT)
    for edit in row["edit"]:
        path, old, new = edit["file"], edit.get("old"), edit.get("new")
        if new is None:
            del files[path]
        elif old is None:
            files[path] = new
        else:
            assert old in files[path], (row["name"], path, old)
            files[path] = files[path].replace(old, new, 1)
    return Changed(row["name"], row.get("kind", ""), files, row.get("told", False))


CHEATS = [_changed(row) for row in _read("cheats.toml")["change"]]
HONEST = [_changed(row) for row in _read("honest.toml")["change"]]
