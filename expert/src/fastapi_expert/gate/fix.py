"""`--fix`: the linter's safe fixes, the import sorter and the formatter, on the changed files only.

In the work tree they write in place. In staged mode they write a copy of the index; what comes out is staged, and
taken over into the work tree by a three-way merge, so that a hunk that is not staged stays as it is.
"""

import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from fastapi_expert.environment import environment, home_of
from fastapi_expert.gate.checks import tools
from fastapi_expert.gate.checks.process import Broken, run
from fastapi_expert.gate.checks.tools import PROJECT, Call, Tool
from fastapi_expert.gate.tree.changes import Changes
from fastapi_expert.gate.tree.content import Tree, index, work_tree
from fastapi_expert.git import Entry, Repository


def fix(changes: Changes, timeout: float, *, skip: Sequence[str]) -> tuple[str, ...]:
    """Fix what can be fixed safely; the files that are other than before, relative to the root."""
    staged = changes.scope == "index" and changes.repo is not None
    context = index(changes.repo) if staged and changes.repo else nullcontext(work_tree(changes.root, changes.repo))
    with context as tree:
        before = {path: (tree.root / path).read_bytes() for path in changes.python}
        for path in changes.python:
            _fix_file(path, tree, timeout, skip)
        fixed = [path for path in changes.python if (tree.root / path).read_bytes() != before[path]]
        if staged and changes.repo:
            entries = {entry.path: entry for entry in changes.repo.entries(fixed)}
            for path in fixed:
                _stage(changes.repo, entries[path], before[path], (tree.root / path).read_bytes())
    return tuple(fixed)


def _fix_file(path: str, tree: Tree, timeout: float, skip: Sequence[str]) -> None:
    project = home_of(path, tree.root, PROJECT)
    known = [tool for tool in tools.tools_for(project, tree.root) if tool.fix and tool.label not in skip]
    for tool in sorted(known, key=lambda tool: ("lint", "imports", "format").index(tool.label)):
        home = home_of(path, tree.root, tool.homes)
        _apply(tool, Call(tree, home, (path,), Path()), timeout)


def _apply(tool: Tool, call: Call, timeout: float) -> None:
    env = environment(call.tree.real / call.home.relative_to(call.tree.root), call.tree.real)
    executable = env.tool(tool.name)
    if executable is None or tool.fix is None:
        return  # the check that follows names it
    try:
        run([executable, *tool.fix(call)], cwd=call.home, timeout=timeout)
    except Broken:
        return  # so does the check


def _stage(repo: Repository, entry: Entry, staged: bytes, fixed: bytes) -> None:
    """Put ``fixed`` in the index in place of ``staged``, and in the work tree as far as unstaged hunks allow."""
    file = repo.root / entry.path
    try:
        current = file.read_bytes()
    except OSError:  # deleted in the work tree, not in the index
        current = None
    oid = repo.git("hash-object", "-w", "--stdin", f"--path={entry.path}", data=fixed).strip()
    repo.git("update-index", "--cacheinfo", f"{entry.mode},{oid},{entry.path}")
    if current is None:
        return
    merged = fixed if current == staged else _merged(current, staged, fixed)
    if merged is not None:
        file.write_bytes(merged)


def _merged(current: bytes, staged: bytes, fixed: bytes) -> bytes | None:
    """The work tree's file with the fixes taken over; None when they touch the same lines as unstaged changes."""
    with tempfile.TemporaryDirectory() as folder:
        names = {"here": current, "staged": staged, "fixed": fixed}
        for name, data in names.items():
            (Path(folder) / name).write_bytes(data)
        done = subprocess.run(
            ["git", "merge-file", "-p", "-q", *names], cwd=folder, capture_output=True, check=False
        )  # the exit code counts conflicts
        return done.stdout if done.returncode == 0 else None
