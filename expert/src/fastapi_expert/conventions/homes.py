"""Where a thing of a kind goes: the file, the folder, or the file of each feature in which most of them lie."""

import posixpath
from collections import Counter, defaultdict

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.link.roles import is_migration
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.conventions.model import Home, Place

KINDS = (
    "app", "router", "endpoint", "schema", "table", "service", "dependency", "exception", "exception_handler",
    "middleware", "settings", "task", "migration", "test",
)  # fmt: skip
_MOST = 0.6
"""The share of a kind that makes a place its home."""
_NEARLY_ALL = 0.9
"""The share that makes it one file's, although files beside it hold the kind too."""
_PLACES = 2
"""How many are shown of a kind that has no one home."""


def homes(codebase: Codebase) -> tuple[Home, ...]:
    """The homes of every kind that is here, in the order of a request's way through them."""
    lying: dict[str, list[Place]] = defaultdict(list)
    for component in codebase.inventory.components:
        lying[component.kind].append(Place(component.path, component.line))
    for path, facts in codebase.files.items():
        if is_migration(facts):
            lying["migration"].append(Place(path, 1))
        elif not is_test_path(path):
            lying["exception"] += [
                Place(path, one.line) for one in facts.classes if one.name.endswith(("Error", "Exception"))
            ]
    return tuple(home for kind in KINDS if lying[kind] for home in _homes(kind, lying[kind]))


def _homes(kind: str, places: list[Place]) -> list[Home]:
    total = len(places)
    files = Counter(place.path for place in places)
    folders = Counter(_folder(place.path) for place in places)
    basenames = Counter(place.path.rpartition("/")[2] for place in places)
    (file, in_file), (folder, in_folder) = files.most_common(1)[0], folders.most_common(1)[0]
    basename, in_basename = basenames.most_common(1)[0]
    if in_file >= (_MOST if in_folder == in_file else _NEARLY_ALL) * total:
        return [Home(kind, file, in_file, total, _first(places, file))]
    if in_folder >= _MOST * total:
        inside = [place for place in places if _folder(place.path) == folder]
        pattern = _named(folder, _stem([place.path for place in inside]))
        return [Home(kind, pattern, in_folder, total, inside[0])]
    features = {_folder(path) for path in files if path.rpartition("/")[2] == basename}
    if in_basename >= _MOST * total and len(features) > 1:
        pattern = f"{_above(features)}<feature>/{basename}"
        inside = [place for place in places if place.path.endswith(f"/{basename}")]
        return [Home(kind, pattern, in_basename, total, inside[0])]
    return [
        Home(kind, _named(name, "<name>.py"), count, total, next(one for one in places if _folder(one.path) == name))
        for name, count in folders.most_common(_PLACES)
    ]


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _named(folder: str, stem: str) -> str:
    return f"{folder}/{stem}" if folder else stem


def _stem(paths: list[str]) -> str:
    """What the files of a folder are called: what all their names begin or end with is kept."""
    names = sorted({path.rpartition("/")[2].removesuffix(".py") for path in paths})
    if len(names) < 2:
        return f"{names[0]}.py"
    for mark in ("test_", "_test"):
        if all(name.startswith(mark) for name in names):
            return f"{mark}<name>.py"
        if all(name.endswith(mark) for name in names):
            return f"<name>{mark}.py"
    return "<name>.py"


def _above(folders: set[str]) -> str:
    """The folder around all of them, with a slash; empty for the root."""
    common = posixpath.commonpath([_folder(folder) for folder in folders])
    return f"{common}/" if common else ""


def _first(places: list[Place], path: str) -> Place:
    return next(place for place in places if place.path == path)
