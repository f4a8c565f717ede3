"""The course of the gate: find what changed, run the checks side by side, keep what the change brought in, report."""

import contextlib
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from fastapi_expert.codebase import Codebase
from fastapi_expert.config import Config, load, project_root
from fastapi_expert.contract.access.changes import AccessChange
from fastapi_expert.duplicates.model import Finding as Duplicate
from fastapi_expert.environment import Environment, environment, home_of
from fastapi_expert.errors import ConfigError
from fastapi_expert.gate.baseline import Baseline, Identity, brought_in, identity
from fastapi_expert.gate.cache import Cache, configuration, content, key
from fastapi_expert.gate.checks import access, contract, duplicates, review, tests, tools
from fastapi_expert.gate.checks.annotations import annotation_findings
from fastapi_expert.gate.checks.honesty.gate import EVERYWHERE, weighed
from fastapi_expert.gate.checks.honesty.trailers import reasons_since
from fastapi_expert.gate.checks.process import (
    Broken,
    begin,
    given_up,
    run,
    stop_all,
    undisturbed,
)
from fastapi_expert.gate.checks.tools import PROJECT, Call, Tool
from fastapi_expert.gate.fix import fix
from fastapi_expert.gate.model import Check, Finding, Report, Status
from fastapi_expert.gate.tree.changes import Changes, changes
from fastapi_expert.gate.tree.content import Tree, index, work_tree
from fastapi_expert.review import Finding as Hazard
from fastapi_expert.review.store import identity as identity_of_rules

CHECKS = (
    "format",
    "imports",
    "lint",
    "annotations",
    "ignores",
    "security",
    "duplicates",
    "review",
    "honesty",
    "access",
    "contract",
    "types",
    "tests",
)
_WORST: tuple[Status, ...] = ("broken", "missing", "failed", "passed", "skipped")

Result = tuple[Check, list[Finding]]
_T = TypeVar("_T")
_Look = Callable[[Codebase, Changes, Config], list[_T]]


def check(
    start: Path,
    *,
    files: Sequence[Path] = (),
    staged: bool = False,
    since: str | None = None,
    everything: bool = False,
    fix_them: bool = False,
    with_contract: bool = False,
    test_change: str = "",
) -> Report:
    """Run the gate over what changed in the repository around ``start``: ``files`` alone, all with ``everything``.

    ``with_contract`` also looks at what breaks those who call. ``test_change`` is the reason that the commit will give
    for weakening what checks it (`Test-Change: reason`). ``fix_them`` first applies the formatters and the
    linter's safe fixes to the changed files. Raises GitError outside a repository and ConfigError for a
    configuration without meaning; a tool that is missing or breaks is part of the report.
    """
    began = time.monotonic()
    begin()
    config = load(project_root(start))
    config = replace(config, contract=config.contract or with_contract)
    _verify(config)

    def look() -> Changes:
        exclude = config.check.exclude
        return changes(start, files=files, staged=staged, since=since, everything=everything, exclude=exclude)

    changed = look()
    fixed: tuple[str, ...] = ()
    if fix_them and changed.python:
        fixed = fix(changed, config.check.timeout, skip=config.check.skip)
        changed = look()
    with contextlib.ExitStack() as stack:
        in_place = changed.scope != "index" or changed.repo is None
        tree = work_tree(changed.root, changed.repo) if in_place else stack.enter_context(_index(changed))
        gate = _Gate(changed, tree, config, Baseline(changed, stack), is_whole=not files, test_change=test_change)
        report = gate.report()
    return replace(report, fixed=fixed, seconds=time.monotonic() - began)


def _index(changed: Changes) -> contextlib.AbstractContextManager[Tree]:
    assert changed.repo is not None
    return index(changed.repo)


def _verify(config: Config) -> None:
    for name in (*config.check.skip, *config.check.also):
        if name not in CHECKS:
            raise ConfigError(
                f"there is no check {name!r} to skip or to make",
                where=str(config.source or ""),
                do=f"one of: {', '.join(CHECKS)}",
            )


@dataclass(frozen=True)
class _Gate:
    changes: Changes
    tree: Tree
    config: Config
    baseline: Baseline
    is_whole: bool = True
    """Whether it is about all that changed, and not about some files of it."""
    test_change: str = ""
    _remarks: list[Finding] = field(default_factory=list[Finding])

    def report(self) -> Report:
        """Everything at once: the cheap tools one after the other on every core, beside them what takes longest."""
        changed = self.changes
        empty = Report(str(changed.root), changed.scope, changed.everything)
        if not changed.everything:
            return empty
        codebase = duplicates.read_tree(self.tree, self.config)  # before any thread: reading may fork
        pool = ThreadPoolExecutor(max_workers=1 + max(2, os.cpu_count() or 1))  # one for the type checker alone
        try:
            jobs = self._tool_jobs()
            with undisturbed():
                futures = [pool.submit(job) for job in jobs]
            chosen = tests.choose(codebase, changed) if self._wants("tests") else tests.Choice()
            if chosen.tests:
                with undisturbed():
                    futures.append(pool.submit(self._tests, chosen))
            results = [*self._annotations(), *self._tests_not_run(chosen)]
            ours = [
                self._ours("duplicates", codebase, duplicates.candidates, self._duplicates),
                self._ours("review", codebase, review.candidates, self._hazards),
            ]
            if access.is_kept(codebase.root):
                ours.append(self._ours("access", codebase, access.candidates, self._access))
            if self.config.contract:
                ours.append(self._ours("contract", codebase, _as_it_is, self._contract))
            results += [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            stop_all()
            pool.shutdown()
            raise
        pool.shutdown()
        if given_up():
            raise KeyboardInterrupt
        # the code from before is read last: reading may fork, and now no thread is left
        results += [(made, found) for made, found in (answer() for answer in ours) if made.status != "skipped"]
        results += self._honesty(codebase)
        Cache.of(changed.root).prune()
        return replace(
            empty,
            checks=_merged(check for check, _ in results),
            findings=tuple(
                sorted(
                    review.told_once([f for _, found in results for f in found]),
                    key=lambda f: (f.path, f.line, f.check),
                )
            ),
            remarks=tuple(self._remarks),
            tests=chosen.tests,
            tests_total=chosen.total,
            everything=chosen.everything,
        )

    def _wants(self, name: str) -> bool:
        return name not in self.config.check.skip

    # the project's tools ----------------------------------------------------------------------------------------------

    def _tool_jobs(self) -> list[Callable[[], Result]]:
        by_tool: dict[tuple[int, str], tuple[Tool, Path, list[str]]] = {}
        jobs: list[Callable[[], Result]] = []
        for project, paths in self._projects.items():
            choice = self._choices[project]
            for name, why in choice.offered.items():
                if self._wants(name):
                    offered: Result = (Check(name, "skipped", note=why), [])
                    jobs.append(lambda offered=offered: offered)
            for rank, tool in enumerate(choice.tools):
                for path in paths if self._wants(tool.label) else ():
                    if path.endswith(".pyi") and tool.check == "security":
                        continue
                    home = home_of(path, self.tree.root, tool.homes)
                    slot = (rank, f"{tool.label}:{tool.name}:{home}")
                    by_tool.setdefault(slot, (tool, home, []))[2].append(path)
        return jobs + [
            lambda tool=tool, home=home, files=files: self._tool(tool, home, tuple(files))
            for _, (tool, home, files) in sorted(by_tool.items(), key=lambda item: (item[1][0].alone, item[0]))
        ]

    @cached_property
    def _choices(self) -> dict[Path, tools.Choice]:
        return {home: tools.choose(home, self.tree.root, self.config.check.also) for home in self._projects}

    @cached_property
    def _projects(self) -> dict[Path, list[str]]:
        """The changed Python files by the project that they belong to."""
        projects: dict[Path, list[str]] = defaultdict(list)
        for path in self.changes.python:
            projects[home_of(path, self.tree.root, PROJECT)].append(path)
        return projects

    def _tool(self, tool: Tool, home: Path, files: tuple[str, ...]) -> Result:
        """One tool on its files, and on their old versions where it finds something."""
        began = time.monotonic()
        runner = ToolRun(
            tool, self.tree.real / home.relative_to(self.tree.root), self.changes.root, self.config.check.timeout
        )
        try:
            found, cached = runner.on(self.tree, files)

            def old(paths: list[str]) -> list[Identity]:
                name = f"{tool.label}:{tool.name}:{runner.identity}"
                return self.baseline.findings(
                    name, paths, lambda tree, rest: runner.on(tree, rest)[0], alone=tool.alone
                )

            new = brought_in(found, self.changes, self.tree, old)
        except Missing as missing:
            return Check(tool.label, "missing", note=str(missing)), []
        except Broken as broken:
            return Check(tool.label, "broken", time.monotonic() - began, note=f"{tool.name}: {broken}"), []
        older = len(found) - len(new)
        note = f"{older} older finding{'s' if older > 1 else ''} left out" if older else ""
        return Check(tool.label, "failed" if new else "passed", time.monotonic() - began, cached, note), new

    # our own ----------------------------------------------------------------------------------------------------------

    def _annotations(self) -> list[Result]:
        """Our own checks, each where it is asked for: `annotations` and `ignores`."""
        began = time.monotonic()
        wanted = {name: self._paths_of(name) for name in ("annotations", "ignores") if self._wants(name)}

        def found_in(path: str, source: bytes) -> list[Finding]:
            return [one for one in annotation_findings(source, path) if path in wanted.get(one.check, ())]

        def old(paths: list[str]) -> list[Identity]:
            sources = {path: self.baseline.source(path) or b"" for path in paths}
            lines = {path: source.decode(errors="replace").splitlines() for path, source in sources.items()}
            return [identity(one, lines[path]) for path in paths for one in found_in(path, sources[path])]

        found = [one for path in self.changes.python for one in found_in(path, content(self.tree.root / path))]
        new = brought_in(found, self.changes, self.tree, old)
        seconds = time.monotonic() - began
        results: list[Result] = []
        for name in (name for name, paths in wanted.items() if paths):
            mine = [finding for finding in new if finding.check == name]
            results.append((Check(name, "failed" if mine else "passed", seconds), mine))
        return results

    def _paths_of(self, name: str) -> set[str]:
        """The changed files of the projects that make the check ``name``."""
        return {
            path for home, paths in self._projects.items() if name not in self._choices[home].offered for path in paths
        }

    def _duplicates(self, found: list[Duplicate]) -> tuple[list[Finding], str]:
        known = self._known("duplicates", "", duplicates.fingerprints)
        return duplicates.new_findings(found, self.changes, set(known)), ""

    def _hazards(self, found: list[Hazard]) -> tuple[list[Finding], str]:
        new, likely = review.new_findings(found, self._known("review", identity_of_rules(), review.of_all))
        return new, f"{likely} more are likely: see `expert review`" if likely else ""

    def _honesty(self, codebase: Codebase) -> list[Result]:
        """Whether the change weakens what checks it. Only a whole change can be judged: a test may have moved."""
        base, repo = self.changes.base, self.changes.repo
        if repo is None or base is None or not self.is_whole or self._is_skipped_honesty():
            return []
        began = time.monotonic()
        reasons = {EVERYWHERE: self.test_change} if self.test_change else {}
        if self.changes.scope == "since":
            reasons |= reasons_since(repo, base)

        def new(path: str) -> bytes | None:
            file = self.tree.root / path
            return content(file) if file.is_file() else None

        def opened() -> list[AccessChange]:
            return [] if access.is_kept(codebase.root) else self._opened(codebase)

        found = weighed(self.changes.everything, self.baseline.source, new, codebase, opened, reasons)
        self._remarks.extend(found.remarks)
        status: Status = "failed" if found.failing else "passed"
        return [(Check("honesty", status, time.monotonic() - began, note=found.note), found.failing)]

    def _is_skipped_honesty(self) -> bool:
        """A change that switches the check off is checked: it is off where it was off before."""
        if self._wants("honesty"):
            return False
        before = self.baseline.source("pyproject.toml")
        return before is not None and b"honesty" in before

    def _opened(self, codebase: Codebase) -> list[AccessChange]:
        """What the change does to who can reach what."""
        from fastapi_expert.contract.access import access as rows
        from fastapi_expert.contract.access import compare, locked

        tree = self.baseline.tree()
        if tree is None:
            return []
        return compare(locked(rows(duplicates.read_tree(tree, self.config))), locked(rows(codebase)))

    def _access(self, found: list[AccessChange]) -> tuple[list[Finding], str]:
        return access.findings(found, self.tree.root), ""

    def _contract(self, found: list[Codebase]) -> tuple[list[Finding], str]:
        tree = self.baseline.tree()
        before = duplicates.read_tree(tree, self.config) if tree is not None else None
        return contract.findings(before, found[0])

    def _ours(
        self, name: str, codebase: Codebase, look: _Look[_T], tell: Callable[[list[_T]], tuple[list[Finding], str]]
    ) -> Callable[[], Result]:
        """What ``look`` finds in the code as it is; the answer asks ``tell`` what of it was not there before."""
        if not self._wants(name) or not self.changes.python:
            return lambda: (Check(name, "skipped"), [])
        began = time.monotonic()
        found = look(codebase, self.changes, self.config)
        seconds = time.monotonic() - began

        def answer() -> Result:
            new, note = tell(found) if found else ([], "")
            return Check(name, "failed" if new else "passed", seconds, note=note), new

        return answer

    def _known(self, check: str, identity: str, find: Callable[[Codebase, Config], Iterable[str]]) -> list[str]:
        """The marks of what was there before the change."""
        if self.changes.scope == "all":
            return []
        cache = Cache.of(self.changes.root)
        mark = key(check, identity, self.baseline.digest, repr(self.config))
        known = cache.get(mark)
        if known is None and (tree := self.baseline.tree()):
            known = sorted(find(duplicates.read_tree(tree, self.config), self.config))
            cache.put(mark, known)
        return list(known or ())

    # tests ------------------------------------------------------------------------------------------------------------

    def _tests(self, chosen: tests.Choice) -> Result:
        return tests.run_tests(chosen, self.changes, self.tree, self.baseline.tree, self.config.check.timeout)

    def _tests_not_run(self, chosen: tests.Choice) -> list[Result]:
        if chosen.tests or not self._wants("tests"):
            return []
        return [(Check("tests", "skipped", note=chosen.note or "no test is affected"), [])]


def _as_it_is(codebase: Codebase, _changes: Changes, _config: Config) -> list[Codebase]:
    """The whole codebase: a contract is compared, not looked for."""
    return [codebase]


class Missing(Exception):
    """A tool that is nowhere; the message names the command that installs it."""


@dataclass(frozen=True, slots=True)
class ToolRun:
    """A tool as the project in ``home`` has it; its results are cached."""

    tool: Tool
    home: Path
    top: Path
    timeout: float

    @property
    def environment(self) -> Environment:
        """What the project in ``home`` runs on."""
        return environment(self.home, self.top)

    @property
    def executable(self) -> Path:
        """Raises Missing."""
        found = self.environment.tool(self.tool.name)
        if found is None:
            raise Missing(f"{self.tool.name} is not installed: {self.environment.install(self.tool.package)}")
        return found

    @property
    def identity(self) -> str:
        """The tool's version, and the state of the packages beside it and beside the project's interpreter."""
        env = self.environment
        return f"{env.identity(self.executable)}:{env.identity(env.python)}"

    def on(self, tree: Tree, files: Sequence[str]) -> tuple[list[Finding], bool]:
        """The findings in ``files`` of ``tree``, and whether all of them were known already.

        Raises Missing and Broken.
        """
        cache, home = Cache.of(tree.real), tree.root / self.home.relative_to(tree.real)
        common = (self.tool.label, self.tool.name, self.identity, configuration(home, tree.root))
        known, keys = dict[str, list[Finding]](), dict[str, str]()
        for path in files:
            keys[path] = key(*common, path, content(tree.root / path) if self.tool.alone else tree.digest)
            if (self.tool.alone or tree.digest) and (found := cache.findings(keys[path])) is not None:
                known[path] = found
        rest = tuple(path for path in files if path not in known)
        for call in _calls(Call(tree, home, rest, self.environment.python)) if rest else ():
            output = run([self.executable, *self.tool.arguments(call)], cwd=home, timeout=self.timeout)
            found = self.tool.read(output, call)
            for path in call.files:
                known[path] = [finding for finding in found if finding.path == path]
                if self.tool.alone or tree.digest:
                    cache.put_findings(keys[path], known[path])
        return [finding for path in files for finding in known[path]], not rest


def _calls(call: Call) -> Iterable[Call]:
    """``call`` in portions that fit a command line; a name with a line break, which no diff can show, goes alone."""
    alone = [path for path in call.files if "\n" in path]
    rest = [path for path in call.files if "\n" not in path]
    portions = [[path] for path in alone] + [rest[start : start + 500] for start in range(0, len(rest), 500)]
    return [replace(call, files=tuple(portion)) for portion in portions]


def _merged(checks: Iterable[Check]) -> tuple[Check, ...]:
    """One check a name: a name's tools may have run in several projects."""
    by_name: dict[str, list[Check]] = defaultdict(list)
    for one in checks:
        by_name[one.name].append(one)
    merged: list[Check] = []
    for name in (name for name in CHECKS if name in by_name):
        same = by_name[name]
        statuses: list[Status] = [one.status for one in same]
        worst = min(statuses, key=_WORST.index)
        notes = dict.fromkeys(one.note for one in same if one.note)
        merged.append(
            Check(name, worst, max(one.seconds for one in same), all(one.cached for one in same), "; ".join(notes))
        )
    return tuple(merged)
