"""Alembic's chain of revisions, read from its files and written in them."""

import re
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from fastapi_expert.errors import ExpertError

_REVISION = re.compile(r"^revision\s*(?::\s*str)?\s*=\s*[\"']([^\"']+)[\"']", re.MULTILINE)
_DOWN = re.compile(r"^down_revision\s*(?::[^=]+)?=\s*[\"']([^\"']+)[\"']", re.MULTILINE)

_SEVERAL = re.compile(r"^down_revision\s*(?::[^=]+)?=\s*([\"'][^\"']+[\"']|[(\[][^)\]]+[)\]])", re.MULTILINE)
"""One revision, or several of a merge."""
_TEXTS = re.compile(r"[\"']([^\"']+)[\"']")


@dataclass(frozen=True, slots=True)
class Chain:
    """The revisions in a folder: the one before each, the file of each, and those that a merge comes after as well."""

    before: dict[str, str]
    files: dict[str, Path]
    merged: frozenset[str] = frozenset()

    @classmethod
    def read(cls, folder: Path) -> "Chain":
        before: dict[str, str] = {}
        files: dict[str, Path] = {}
        merged: set[str] = set()
        for path in sorted(folder.glob("*.py")):
            text = path.read_text(encoding="utf-8")
            if found := _REVISION.search(text):
                down = _SEVERAL.search(text)
                first, *others = _TEXTS.findall(down[1]) if down else [""]
                before[found[1]], files[found[1]] = first, path
                merged |= set(others)
        return cls(before, files, frozenset(merged))

    @property
    def heads(self) -> set[str]:
        return set(self.before) - set(self.before.values()) - self.merged

    def head(self) -> str:
        """The one end. Raises `ExpertError` when there are more, or none."""
        if len(self.heads) != 1:
            folder = next((str(path.parent) for path in self.files.values()), "migrations")
            raise ExpertError(f"the migrations have {len(self.heads)} heads", where=folder, do="Merge them first.")
        return next(iter(self.heads))


def next_revision(folder: Path, word: str) -> tuple[str, str]:
    """(revision, down_revision) of a migration of ``word`` after the newest in ``folder``: the next number, or a hash.

    Raises:
        ExpertError: the chain has more than one end.
    """
    head = Chain.read(folder).head()
    return (f"{int(head) + 1:0{len(head)}d}" if head.isdigit() else _hash(head, word)), head


def own_revision(folder: Path, word: str) -> tuple[str, str]:
    """The same for a project that templates come to: a number with a mark, which no template's migration will have."""
    head = Chain.read(folder).head()
    number = head.partition("_")[0]
    mark = _hash(head, word)
    return (f"{int(number) + 1:0{len(number)}d}_{mark[:4]}" if number.isdigit() else mark), head


def put_after(folder: Path, added: set[str]) -> Path | None:
    """Tie the ``added`` migrations (of one chain) to the end of the others; the file that was changed, if one was."""
    chain = Chain.read(folder)
    first = next((revision for revision in added if chain.before.get(revision) not in {None, *added}), None)
    if first is None:
        return None
    others = Chain({one: down for one, down in chain.before.items() if one not in added}, chain.files, chain.merged)
    head, path = others.head(), chain.files[first]
    if chain.before[first] == head:
        return None
    text = path.read_text(encoding="utf-8")
    path.write_text(_DOWN.sub(f'down_revision = "{head}"', text, count=1), encoding="utf-8")
    return path


def _hash(head: str, word: str) -> str:
    return blake2b(f"{head}{word}".encode(), digest_size=6).hexdigest()
