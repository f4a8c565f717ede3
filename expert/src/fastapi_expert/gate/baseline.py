"""The code from before the change: what the tools said of it, and the tree itself when they have to be asked.

What was said is kept by the content it was said of, so that after one failing run with older findings about, the
next ones need neither the tree nor the tools.
"""

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from fastapi_expert.gate.blame import Identity, identity
from fastapi_expert.gate.cache import CONFIGURATION, Cache, key
from fastapi_expert.gate.model import Finding
from fastapi_expert.gate.tree.changes import Changes
from fastapi_expert.gate.tree.content import Tree, revision


@dataclass
class Before:
    """The commit that ``changes`` differ from. Trees laid out for it live as long as ``stack``."""

    changes: Changes
    stack: contextlib.ExitStack
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _laid_out: Tree | None = None

    def tree(self) -> Tree | None:
        """All of it, laid out when somebody asks for the first time; None when there was nothing before."""
        if self.changes.repo is None or self.changes.base is None:
            return None
        with self._lock:
            if self._laid_out is None:
                self._laid_out = self.stack.enter_context(revision(self.changes.repo, self.changes.base))
            return self._laid_out

    def source(self, path: str) -> bytes | None:
        """The content of one file."""
        repo, base = self.changes.repo, self.changes.base
        return repo.content(base, path) if repo and base else None

    @cached_property
    def _oids(self) -> dict[str, str]:
        repo, base = self.changes.repo, self.changes.base
        if repo is None or base is None:
            return {}
        rows = (row.split("\t", 1) for row in repo.names("ls-tree", "-r", "-z", base))
        return {path: head.split(" ")[2] for head, path in rows}

    @cached_property
    def digest(self) -> str:
        """Tells its content from any other's."""
        return key(*(f"{path}\0{oid}" for path, oid in sorted(self._oids.items())))

    def said(
        self, who: str, paths: Sequence[str], ask: Callable[[Tree, tuple[str, ...]], list[Finding]], *, alone: bool
    ) -> list[Identity]:
        """What ``who`` (a tool, its version) said of ``paths``; ``ask`` is called for what is not known. ``alone`` says
        that a file's findings depend on no other file."""
        with self._lock:
            oids, whole = self._oids, self.digest
        configured = key(*(f"{path}{oid}" for path, oid in oids.items() if path.rpartition("/")[2] in CONFIGURATION))
        there = [path for path in paths if path in oids]
        cache, known = Cache.of(self.changes.root), dict[str, list[Identity]]()
        marks = {path: key("before", who, configured, path, oids[path] if alone else whole) for path in there}
        for path in there:
            if (kept := cache.get(marks[path])) is not None:
                known[path] = [tuple(row) for row in kept]
        rest = tuple(path for path in there if path not in known)
        tree = self.tree() if rest else None
        if tree is not None:
            found = ask(tree, rest)
            for path in rest:
                known[path] = [identity(finding, tree.lines(path)) for finding in found if finding.path == path]
                cache.put(marks[path], known[path])
        return [mark for path in there for mark in known.get(path, ())]
