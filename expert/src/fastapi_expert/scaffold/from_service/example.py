"""The service without a part of it: which files go, and what elsewhere speaks of them.

``posts.toml`` says what the posts are, ``uploads.toml`` what uploads are, ``post_images.toml`` what is of both. Each of
their words and sentences has to be there: a change of the service that they do not know fails the tests of the
template, not the project of a stranger.
"""

import ast
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.from_service.pruning import (
    Subject,
    bound_by,
    imports_from,
    prune,
    public_names,
)

_EVERYTHING = frozenset({"*"})


def remove(folder: Path, *, posts: bool = True, uploads: bool = True) -> None:
    """Take the posts, uploads or both out of the service's files at `folder`.

    Raises `ExpertError` where they are not as known.
    """
    for name, goes in (("post_images", posts or uploads), ("uploads", uploads), ("posts", posts)):
        if goes:
            table = (files("fastapi_expert.scaffold") / f"{name}.toml").read_text(encoding="utf-8")
            _remove(folder, tomllib.loads(table))


def _remove(folder: Path, part: dict[str, Any]) -> None:
    gone = {path for pattern in part["files"] for path in _there(folder, pattern)}
    for path in gone:
        path.unlink()
    for parent in sorted(
        {parent for path in gone for parent in path.parents if folder in parent.parents}, reverse=True
    ):
        if not any(parent.iterdir()):
            parent.rmdir()
    for sentence in part["sentences"]:
        _say(folder / sentence["file"], sentence["said"], sentence["instead"])
    _prune(folder, gone, part)
    _relink(folder / "migrations/versions", gone)


def _there(folder: Path, pattern: str) -> list[Path]:
    found = sorted(folder.glob(pattern))
    if not found:
        raise ExpertError("the example has no such file", where=pattern)
    return found


def _say(path: Path, said: str, instead: str) -> None:
    text = path.read_text(encoding="utf-8")
    if said not in text:
        raise ExpertError(f"the service does not say {said!r}", where=path.name)
    path.write_text(text.replace(said, instead), encoding="utf-8")


def _relink(versions: Path, gone: set[Path]) -> None:
    """Close the gaps that migrations leave in the chain."""
    before = {path.name.partition("_")[0] for path in gone if path.parent == versions}
    kept = ""
    for path in sorted(versions.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        down = re.search(r'^down_revision = "(\w+)"$', text, re.MULTILINE)
        if down and down[1] in before:
            path.write_text(text[: down.start(1)] + kept + text[down.end(1) :], encoding="utf-8")
        kept = path.name.partition("_")[0]


def _prune(folder: Path, gone: set[Path], part: dict[str, Any]) -> None:
    """Prune every source, again where it imports what another has lost, until nothing does."""
    sources: dict[str, _Source] = {}
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).as_posix()
        words = frozenset(part["words"].get(name, "").split())
        tests = part["tests"] if name.startswith("tests/") else {"words": "", "texts": ""}
        sources[_module(folder, path)] = _Source(path, words, tests)
    lost = {_module(folder, path): _EVERYTHING for path in gone}
    waiting = dict(sources)
    while waiting:
        for module, source in waiting.items():
            if source.prune(lost):
                lost[module] = source.lost()
        waiting = {
            module: source for module, source in sources.items() if source.imported_from(lost) != source.imported
        }
    for source in sources.values():
        source.write()


def _module(folder: Path, path: Path) -> str:
    return ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")


class _Source:
    """One file as it was, and pruned of what it is known to import of the posts."""

    def __init__(self, path: Path, words: frozenset[str], tests: dict[str, str]) -> None:
        self._path = path
        self._before = self._after = path.read_text(encoding="utf-8")
        self._words = words | frozenset(tests["words"].split())
        self._texts = re.compile(tests["texts"]) if tests["texts"] else None
        tree = ast.parse(self._before)
        self._names = frozenset(public_names(tree))
        self._imports = imports_from(tree)
        self.imported: frozenset[str] = frozenset()
        for word in words:
            if not any(map(Subject(frozenset(), frozenset({word})), ast.walk(tree))):
                raise ExpertError(f"the service does not say {word!r}", where=path.name)

    def imported_from(self, lost: dict[str, frozenset[str]]) -> frozenset[str]:
        """The names it imports that are lost where they come from."""
        found: set[str] = set()
        for node in self._imports:
            names = lost.get(node.module or "", frozenset())
            for alias in node.names:
                if names & {alias.name, "*"} or lost.get(f"{node.module}.{alias.name}") == _EVERYTHING:
                    found.add(bound_by(alias))
        return frozenset(found)

    def prune(self, lost: dict[str, frozenset[str]]) -> bool:
        """Whether anything goes."""
        self.imported = self.imported_from(lost)
        subject = Subject(self.imported, self._words, self._texts)
        if subject.may_be_in(self._before):
            self._after = prune(self._before, subject)
        return self._after != self._before

    def lost(self) -> frozenset[str]:
        return self._names - set(public_names(ast.parse(self._after)))

    def write(self) -> None:
        if self._after != self._before:
            self._path.write_text(self._after, encoding="utf-8")
