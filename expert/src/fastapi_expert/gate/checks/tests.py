"""The project's tests: those that the change can affect, run by the project's own pytest."""

import os
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi_expert.codebase import Codebase
from fastapi_expert.environment import Environment, environment, home_of
from fastapi_expert.gate.cache import Cache, configuration, key
from fastapi_expert.gate.checks.process import Broken, run
from fastapi_expert.gate.checks.tools import PROJECT
from fastapi_expert.gate.impact.select import select
from fastapi_expert.gate.model import Check, Chosen, Finding, Status
from fastapi_expert.gate.tree.changes import Changes
from fastapi_expert.gate.tree.content import Tree

_HOMES = ("pytest.ini", "pyproject.toml:[tool.pytest", "tox.ini:[pytest", "setup.cfg:[tool:pytest", *PROJECT)
_MOST_IDS = 400
"""More tests than this are named by their files on the command line."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The tests to run, out of ``total``. ``everything`` says why all of them, when the choice could not be made."""

    tests: tuple[Chosen, ...] = ()
    total: int = 0
    everything: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A test that did not pass: its pytest id, the line of its definition, and pytest's first line about it."""

    id: str
    path: str
    line: int
    message: str


def choose(codebase: Codebase, changes: Changes) -> Choice:
    """The tests that ``changes`` can affect, each with its reason; all of them for a whole codebase."""
    repo, base = changes.repo, changes.base

    def before(path: str) -> bytes | None:
        return repo.content(base, path) if repo and base else None

    selected = select(codebase, changes.everything, before=before)
    if not selected.total:
        return Choice(note="no tests in this codebase")
    if changes.scope == "all":
        everything = "everything is checked"
        ids = select(codebase, ["pyproject.toml"]).tests
        return Choice(tuple(Chosen(test, everything) for test in ids), selected.total)
    chosen = tuple(Chosen(test, selected.reasons[test]) for test in selected.tests)
    return Choice(chosen, selected.total, selected.everything)


def run_tests(
    choice: Choice, changes: Changes, tree: Tree, base: Callable[[], Tree | None], timeout: float
) -> tuple[Check, list[Finding]]:
    """Run the chosen tests; one that failed before the change as well is reported as such and does not count."""
    began = time.monotonic()
    by_home: dict[Path, list[str]] = defaultdict(list)
    for test in choice.tests:
        path = test.id.partition("::")[0]
        by_home[home_of(path, tree.root, _HOMES).relative_to(tree.root)].append(test.id)
    failed, cached, notes = list[Failure](), True, list[str]()
    for home, ids in by_home.items():
        env = environment(tree.real / home, tree.real)
        if not _has_pytest(env):
            return Check("tests", "missing", note=f"pytest is not installed: {env.install('pytest')}"), []
        try:
            found, known = _cached_run(tree, home, ids, env, timeout)
            before = base() if found and changes.scope != "all" else None
            old = _failing_before(found, before, home, env, timeout)
        except Broken as broken:
            return Check("tests", "broken", time.monotonic() - began, note=f"pytest: {broken}"), []
        cached = cached and known
        failed += [failure for failure in found if failure.id not in old]
        if old:
            notes.append(f"{len(old)} failed before the change as well")
        if len({one.partition("[")[0] for one in old}) >= len(ids):
            return Check(
                "tests",
                "broken",
                time.monotonic() - began,
                note=f"no chosen test passes, nor did any before: {found[0].message}",
            ), []
    status: Status = "failed" if failed else "passed"
    note = "; ".join([f"{len(choice.tests)} of {choice.total} tests", *notes])
    return Check("tests", status, time.monotonic() - began, cached, note), [_finding(one) for one in failed]


def _finding(failure: Failure) -> Finding:
    return Finding(
        "tests",
        "test-failed",
        failure.path,
        failure.line,
        failure.line,
        f"{failure.id} {failure.message}",
        text=failure.id,
    )


def _cached_run(
    tree: Tree, home: Path, ids: Sequence[str], env: Environment, timeout: float
) -> tuple[list[Failure], bool]:
    """Only passing is remembered: a failure is looked at again."""
    folder = tree.root / home
    mark = key("tests", tree.digest, env.identity(env.python), configuration(folder, tree.root), *sorted(ids))
    cache = Cache.of(tree.real)
    if tree.digest and cache.findings(mark) is not None:
        return [], True
    found = _run(tree, home, ids, env, timeout)
    if tree.digest and not found:
        cache.put_findings(mark, [])
    return found, False


def _failing_before(
    failed: Sequence[Failure], before: Tree | None, home: Path, env: Environment, timeout: float
) -> set[str]:
    if before is None:
        return set()
    existing = sorted({one.id.partition("[")[0] for one in failed if (before.root / one.path).is_file()})
    if not existing:
        return set()
    try:
        old = _run(before, home, existing, env, timeout)
    except Broken:
        return set()
    return {one.id for one in old} & {one.id for one in failed}


def _run(tree: Tree, home: Path, ids: Sequence[str], env: Environment, timeout: float) -> list[Failure]:
    """Raises Broken when pytest could not do its work.

    An id that pytest does not know (a project may collect by rules of its own) stops it: then the files are run whole.
    """
    files = sorted({one.partition("::")[0] for one in ids})
    if len(ids) > _MOST_IDS:
        return _run_names(tree, home, files, env, timeout)
    try:
        return _run_names(tree, home, ids, env, timeout)
    except Broken as broken:
        if not str(broken).startswith("exit code 4"):
            raise
        return _run_names(tree, home, files, env, timeout)


def _run_names(tree: Tree, home: Path, names: Sequence[str], env: Environment, timeout: float) -> list[Failure]:
    folder = tree.root / home
    arguments = [
        os.path.relpath(tree.root / one.partition("::")[0], folder) + "".join(one.partition("::")[1:]) for one in names
    ]
    with tempfile.TemporaryDirectory(prefix="expert-") as scratch:
        log = Path(scratch) / "junit.xml"
        options = [
            "-q",
            "--tb=line",
            "--continue-on-collection-errors",
            f"--junitxml={log}",
            "-o",
            "junit_family=xunit1",
            *_without_coverage(folder),
        ]
        output = run(
            [env.python, "-m", "pytest", *options, *arguments],
            cwd=folder,
            timeout=timeout,
            env=_pythonpath(tree, folder, env),
        )
        if output.code == 5:  # nothing collected
            return []
        if output.code not in (0, 1, 2) or not log.exists():
            raise Broken(f"exit code {output.code}: {tree.with_real_paths(output.last_words)}")
        found = _read(log, tree, folder)
    if output.code and not found:
        raise Broken(f"exit code {output.code}: {tree.with_real_paths(output.last_words)}")
    return found


def _read(log: Path, tree: Tree, folder: Path) -> list[Failure]:
    found: list[Failure] = []
    for case in ElementTree.parse(log).iter("testcase"):  # noqa: S314 - pytest wrote it this moment, into our own folder
        wrong = case.find("failure") if case.find("failure") is not None else case.find("error")
        if wrong is None:
            continue
        classname, name = case.get("classname", ""), case.get("name", "")
        file = case.get("file") or f"{(classname or name).replace('.', '/')}.py"
        path = tree.path(file, folder) or file
        module = file.removesuffix(".py").replace("/", ".")
        inner = (
            [part for part in classname.removeprefix(module).split(".") if part] if classname.startswith(module) else []
        )
        node = "::".join([path, *inner, name]) if classname else path
        message = tree.with_real_paths((wrong.get("message") or wrong.text or "").strip().split("\n")[0])[:300]
        found.append(Failure(node, path, int(case.get("line") or 0) + 1, f"fails: {message}" if message else "fails"))
    return found


def _has_pytest(env: Environment) -> bool:
    if env.prefix is None:
        return env.tool("pytest") is not None
    return (
        any(env.prefix.glob("lib/python*/site-packages/pytest")) or (env.prefix / "Lib/site-packages/pytest").is_dir()
    )


def _without_coverage(folder: Path) -> list[str]:
    """Coverage of some tests says nothing, and a threshold over it fails."""
    for name in ("pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini"):
        try:
            if "--cov" in (folder / name).read_text(encoding="utf-8", errors="replace"):
                return ["--no-cov"]
        except OSError:
            continue
    return []


def _pythonpath(tree: Tree, folder: Path, env: Environment) -> dict[str, str]:
    """For a tree laid out elsewhere: where an editable installation points at the work tree, point at the tree."""
    if tree.root == tree.real:
        return {}
    home = tree.real / folder.relative_to(tree.root)
    listed = run(
        [env.python, "-c", "import sys; print('\\n'.join(sys.path[1:]))"], cwd=home, timeout=60
    ).out.splitlines()
    mapped = [
        str(tree.root / Path(entry).relative_to(tree.real))
        for entry in listed
        if Path(entry).is_relative_to(tree.real) and not (env.prefix and Path(entry).is_relative_to(env.prefix))
    ]
    known = [str(folder), str(folder / "src"), *mapped, os.environ.get("PYTHONPATH", "")]
    return {
        "PYTHONPATH": os.pathsep.join(entry for entry in dict.fromkeys(known) if entry),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
