"""What was added, in the form that the team's own tools give it, and what these find in it that is new."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi_expert.addition.staging import Staging
from fastapi_expert.environment import Environment, environment, home_of
from fastapi_expert.gate.checks import tools
from fastapi_expert.gate.checks.process import Broken, run
from fastapi_expert.gate.checks.tools import PROJECT, Call, Tool
from fastapi_expert.gate.model import Finding
from fastapi_expert.gate.tree.content import Tree
from fastapi_expert.scaffold.plan import File

_FORM = ("lint", "imports", "format")
_NOT_INSTALLED = ("reportMissingImports", "import-not-found", "unresolved-import", "missing-import")
"""How type checkers say that a package is not where they look."""


@dataclass(frozen=True, slots=True)
class Form:
    """The tools that the team uses, on a copy of the project."""

    stage: Staging
    timeout: float

    def shape(self, files: Sequence[File]) -> tuple[File, ...]:
        """Format what was added, in the copy; a file that was not in form before stays as its authors wrote it."""
        sources = [path for path, _, _ in files if path.endswith(".py")]
        there = [path for path, before, _ in files if before is not None and path in sources]
        self.stage.take_back(files)
        untidy, _ = self._complaints_of(there, [check for check in _FORM if check != "lint"])
        mended = self._mended_by_linters(there)
        self.stage.put(files)
        for project in self._projects([path for path in sources if not untidy.get(path)]):
            for tool in sorted(self._tools(project[0], _FORM), key=lambda tool: _FORM.index(tool.check)):
                own = [path for path in project if tool.check != "lint" or path not in mended]
                if own and (tool.check != "lint" or self._uses(tool, own[0])):
                    self._fix(tool, own)
        return tuple((path, before, self.stage.text(path)) for path, before, _ in files)

    def _mended_by_linters(self, paths: Sequence[str]) -> set[str]:
        """The files in which a linter would mend what their authors wrote, too: that is not asked for."""
        before = {path: self.stage.text(path) for path in paths}
        for project in self._projects(paths):
            for tool in self._tools(project[0], ("lint",)):
                self._fix(tool, project)
        return {path for path, text in before.items() if self.stage.text(path) != text}

    def complaints(
        self, files: Sequence[File], checks: Sequence[str], neighbours: Sequence[str] = ()
    ) -> tuple[list[str], list[str]]:
        """What the tools of ``checks`` find in the files as they will be and not as they are; and which cannot say.

        What they say of the ``neighbours`` as well, or of the same file as it was, is the team's own way.
        """
        sources = [path for path, _, _ in files if path.endswith(".py")]
        if checks == ("types",):
            return self._type_errors(files, sources)
        after, silent = self._complaints_of(sources, checks)
        self.stage.take_back(files)
        there = [path for path, before, _ in files if before is not None and path in sources]
        before, _ = self._complaints_of([*there, *(path for path in neighbours if path not in there)], checks)
        self.stage.put(files)
        usual = {one.partition(":")[0] for path in neighbours for one in before.get(path, ())}
        found = [
            f"{path}: {one}"
            for path in sources
            for one in after.get(path, Counter[str]()) - before.get(path, Counter[str]())
            if one.partition(":")[0] not in usual | {known.partition(":")[0] for known in before.get(path, ())}
        ]
        return found, silent

    def _type_errors(self, files: Sequence[File], sources: list[str]) -> tuple[list[str], list[str]]:
        """The type checkers read the whole project, so they are asked once about all files."""
        silent: list[str] = []
        new = self._typed(sources, silent)
        if not new:
            return [], silent
        self.stage.take_back(files)
        old = self._typed([path for path, before, _ in files if before is not None and path in sources], silent)
        self.stage.put(files)
        if any(rule in one for one in old for rule in _NOT_INSTALLED):
            return [], ["the type checker does not find the project's packages"]
        # what a file was told before in the same words is the neighbour's own way
        return sorted(set(new) - set(old)), list(dict.fromkeys(silent))

    def _typed(self, paths: list[str], silent: list[str]) -> "Counter[str]":
        found: Counter[str] = Counter()
        if not paths:
            return found
        for tool in self._tools(paths[0], ("types",)):
            try:
                rows = self._run(tool, paths)
            except Broken as broken:
                silent.append(f"{tool.name}: {broken}")
                continue
            found.update(f"{row.path}: {row.rule} {row.message}" for row in rows)
        return found

    def _complaints_of(
        self, paths: Sequence[str], checks: Sequence[str]
    ) -> tuple[dict[str, "Counter[str]"], list[str]]:
        """What the tools say of each file, and which of them cannot."""
        found: dict[str, Counter[str]] = {}
        silent: list[str] = []
        for project in self._projects(paths):
            for tool in self._tools(project[0], checks):
                try:
                    rows = self._run(tool, project)
                except Broken as broken:
                    silent.append(f"{tool.name}: {broken}")
                    continue
                if tool.check == "lint" and not self._uses(tool, project[0]):
                    rows = [row for row in rows if row.rule.startswith("F")]  # wrong in every style
                for row in rows:
                    path = self.stage.of_root(row.path)
                    found.setdefault(path, Counter())[f"{tool.name} {row.rule}: {row.message}"] += 1
        return found, list(dict.fromkeys(silent))

    def _projects(self, paths: Sequence[str]) -> list[list[str]]:
        """The files by the project that they belong to."""
        found: dict[Path, list[str]] = {}
        for path in paths:
            found.setdefault(home_of(self.stage.of_top(path), self.stage.top, PROJECT), []).append(path)
        return list(found.values())

    def _tools(self, path: str, checks: Sequence[str]) -> list[Tool]:
        home = home_of(self.stage.of_top(path), self.stage.top, PROJECT)
        choice = tools.choose(home, self.stage.top)
        used = [tool for tool in choice.tools if tool.check in checks and not _is_assumed(tool, choice)]
        return [tool for tool in used if self._executable(tool, path) is not None]

    def _uses(self, tool: Tool, path: str) -> bool:
        """Whether the team itself uses the tool: one that is assumed mends by rules, and for Pythons, of its own."""
        home = home_of(self.stage.of_top(path), self.stage.top, PROJECT)
        return tool.check not in tools.choose(home, self.stage.top).assumed

    def missing(self, path: str, checks: Sequence[str]) -> list[str]:
        """The team's tools that are installed nowhere."""
        home = home_of(self.stage.of_top(path), self.stage.top, PROJECT)
        choice = tools.choose(home, self.stage.top)
        wanted = [tool for tool in choice.tools if tool.check in checks and not _is_assumed(tool, choice)]
        return [tool.name for tool in wanted if self._executable(tool, path) is None]

    def checks_types(self, path: str) -> bool:
        """Whether the team uses a type checker."""
        home = home_of(self.stage.of_top(path), self.stage.top, PROJECT)
        choice = tools.choose(home, self.stage.top)
        return any(tool.check == "types" and not _is_assumed(tool, choice) for tool in choice.tools)

    def _executable(self, tool: Tool, path: str) -> Path | None:
        return self._environment(tool, path).tool(tool.name)

    def _environment(self, tool: Tool, path: str) -> Environment:
        home = home_of(self.stage.of_top(path), self.stage.top, tool.homes)
        real = self.stage.real_top / home.relative_to(self.stage.top)
        return environment(real, self.stage.real_top)

    def _run(self, tool: Tool, paths: Sequence[str]) -> list[Finding]:
        call = self._call(tool, paths)
        output = run(
            [self._executable(tool, paths[0]) or tool.name, *tool.arguments(call)], cwd=call.home, timeout=self.timeout
        )
        return tool.read(output, call)

    def _fix(self, tool: Tool, paths: Sequence[str]) -> None:
        if tool.fix is None:
            return
        call = self._call(tool, paths)
        try:
            run([self._executable(tool, paths[0]) or tool.name, *tool.fix(call)], cwd=call.home, timeout=self.timeout)
        except Broken:
            return  # the proof that follows says so

    def _call(self, tool: Tool, paths: Sequence[str]) -> Call:
        tree = Tree(self.stage.top, self.stage.real_top, "")
        home = home_of(self.stage.of_top(paths[0]), self.stage.top, tool.homes)
        files = tuple(self.stage.of_top(path) for path in paths)
        return Call(tree, home, files, self._environment(tool, paths[0]).python)


def _is_assumed(tool: Tool, choice: tools.Choice) -> bool:
    """Whether it is a type checker that the team does not use: it would find fault with what the neighbours do."""
    return tool.check == "types" and tool.check in choice.assumed
