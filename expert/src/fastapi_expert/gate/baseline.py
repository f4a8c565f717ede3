"""The code from before the change, and so which findings are the change's: those that were not there before.

Lines do not decide: an edit in one line can break another, and an old fault stays old when its line is moved. Findings
in the old code are cached by its content: after one failing run the next ones need neither the tree nor the tools.
"""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from fastapi_expert.gate.cache import CONFIGURATION, Cache, key
from fastapi_expert.gate.model import Finding
from fastapi_expert.gate.tree.changes import WHOLE, Changes
from fastapi_expert.gate.tree.content import Tree, revision

Identity = tuple[str, ...]


@dataclass
class Baseline:
    """The commit that ``changes`` differ from. Trees laid out for it live as long as ``stack``."""

    changes: Changes
    stack: contextlib.ExitStack
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _laid_out: Tree | None = None

    def tree(self) -> Tree | None:
        """All of it, laid out at the first call; None when there was nothing before."""
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

    def findings(
        self, tool: str, paths: Sequence[str], run: Callable[[Tree, tuple[str, ...]], list[Finding]], *, alone: bool
    ) -> list[Identity]:
        """What ``tool`` (its name and version) finds in the old ``paths``; ``run`` is called for what is not cached.
        ``alone`` says that a file's findings depend on no other file."""
        with self._lock:
            oids, whole = self._oids, self.digest
        configured = key(*(f"{path}{oid}" for path, oid in oids.items() if path.rpartition("/")[2] in CONFIGURATION))
        existing = [path for path in paths if path in oids]
        cache, known = Cache.of(self.changes.root), dict[str, list[Identity]]()
        marks = {path: key("before", tool, configured, path, oids[path] if alone else whole) for path in existing}
        for path in existing:
            if (rows := cache.get(marks[path])) is not None:
                known[path] = [tuple(row) for row in rows]
        rest = tuple(path for path in existing if path not in known)
        tree = self.tree() if rest else None
        if tree is not None:
            found = run(tree, rest)
            for path in rest:
                known[path] = [identity(finding, tree.lines(path)) for finding in found if finding.path == path]
                cache.put(marks[path], known[path])
        return [mark for path in existing for mark in known.get(path, ())]


def brought_in(
    found: Sequence[Finding], changes: Changes, tree: Tree, old: Callable[[list[str]], Iterable[Identity]]
) -> list[Finding]:
    """Those of ``found`` in ``tree`` that ``changes`` brought in. ``old`` returns what there was in files as they
    were; it is called only for files that are not new and have a finding now."""
    if changes.scope == "all":
        return list(found)
    files = sorted({finding.path for finding in found if changes.present.get(finding.path) != WHOLE})
    known = Counter(old(files) if files else ())
    new: list[Finding] = []
    for finding in found:
        mark = identity(finding, tree.lines(finding.path))
        if known[mark] > 0:
            known[mark] -= 1
        else:
            new.append(finding)
    return new


def identity(finding: Finding, lines: Sequence[str]) -> Identity:
    """What a finding keeps when the ``lines`` around it move: path, rule, message without numbers, and the text that it
    points at."""
    message = "".join(character for character in finding.message if not character.isdigit())
    text = finding.text or "\n".join(line.strip() for line in lines[finding.line - 1 : finding.end_line])
    return finding.path, finding.rule, message, text
