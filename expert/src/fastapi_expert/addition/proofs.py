"""What is shown of an addition before it is written: it parses, is in form, is imported, migrates, passes its tests.

A proof that fails ends the addition; one that cannot be made here is said, with what it would take.
"""

import re
import shutil
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from fastapi_expert.addition import postgres
from fastapi_expert.addition.form import Form
from fastapi_expert.addition.interpreter import Interpreter, Unanswered
from fastapi_expert.addition.staging import Staging
from fastapi_expert.environment import environment, home_of
from fastapi_expert.gate.checks.tools import PROJECT
from fastapi_expert.scaffold.edits import syntax_error
from fastapi_expert.scaffold.plan import File, Plan
from fastapi_expert.scaffold.pythons import oldest_python

State = Literal["proven", "not proven", "failed"]
_PYTEST = ("pytest.ini", "pyproject.toml:[tool.pytest", "tox.ini:[pytest", "setup.cfg:[tool:pytest", *PROJECT)


@dataclass(frozen=True, slots=True)
class Proof:
    """``what`` is shown, in words; ``why`` it fails, or cannot be shown."""

    what: str
    state: State
    why: str = ""


@dataclass
class Proofs:
    """The proofs of one addition, made on its files in the copy."""

    stage: Staging
    plan: Plan
    files: tuple[File, ...]
    timeout: float
    running: ExitStack = field(default_factory=ExitStack)

    def made(self) -> Iterator[Proof]:
        """One after the other, the cheap ones first."""
        yield from self._parsed()
        yield from self._in_form()
        yield from self._imported()
        yield from self._migrated()
        yield from self._tested()

    # text -----------------------------------------------------------------------------------------------------------

    def _parsed(self) -> Generator[Proof]:
        for path, before, after in self.files:
            line = syntax_error(after) if path.endswith(".py") else None
            if line is not None and (before is None or syntax_error(before) is None):
                yield Proof("it is Python", "failed", f"{path}:{line}: a syntax error")
                return
        oldest = oldest_python(self.stage.root, self.stage.top)
        what = f"it is Python {oldest[0]}.{oldest[1]}" if oldest else "it is Python"
        own = shutil.which(f"python{oldest[0]}.{oldest[1]}") if oldest else None
        question: dict[str, Any] = {"action": "parse", "files": self._sources}
        for python in filter(None, (Path(own) if own else None, self.python.python)):
            asked = Interpreter(python, self.stage, self.plan.roots, self.timeout)
            try:
                answer = asked.ask({**question, "version": oldest or (3, 99)})
            except Unanswered:
                continue
            if answer["errors"]:
                path, line, message = answer["errors"][0]
                yield Proof(what, "failed", f"{path}:{line}: {message}")
            elif oldest and tuple(answer["version"]) != oldest:
                version = ".".join(map(str, answer["version"]))
                yield Proof(what, "proven", f"read by {version} as that version: no other is installed")
            else:
                yield Proof(what, "proven")
            return
        yield Proof(what, "not proven", "no interpreter can be started")

    @property
    def _sources(self) -> list[str]:
        return [path for path, _, _ in self.files if path.endswith(".py")]

    def _in_form(self) -> Generator[Proof]:
        form = Form(self.stage, self.timeout)
        for what, checks in (("formatter and linter accept it", ("format", "imports", "lint")), ("types", ("types",))):
            said = "the type checker accepts it" if what == "types" else what
            if what == "types" and self._sources and not form.checks_types(self._sources[0]):
                yield Proof(said, "not proven", "the team uses none")
                continue
            missing = form.missing(self._sources[0], checks) if self._sources else []
            found, silent = form.complaints(self.files, checks, self.plan.neighbours)
            if found:
                yield Proof(said, "failed", "; ".join(found[:5]))
            elif missing or silent:
                why = [f"{', '.join(dict.fromkeys(missing))}: not installed"] if missing else []
                yield Proof(said, "not proven", "; ".join([*why, *silent]))
            else:
                yield Proof(said, "proven")

    # running --------------------------------------------------------------------------------------------------------

    @cached_property
    def python(self) -> Interpreter:
        real = self.stage.real_top / self.stage.root.relative_to(self.stage.top)
        inner = real / self.plan.roots[0] if self.plan.roots else real  # a backend may have one of its own
        found = environment(inner, self.stage.real_top).python
        return Interpreter(found, self.stage, self.plan.roots, self.timeout)

    def _imported(self) -> Generator[Proof]:
        what = "the router is imported and its routes are served"
        if not self.plan.module:
            return
        question = {"action": "routes", "modules": [self.plan.module], "apps": self.plan.apps}
        try:
            served = self._asked(question)
        except Unanswered as failure:
            alone = self._imported_alone({**question, "apps": []})
            yield alone if alone.state == "failed" else self._blamed(what, failure, question)
            return
        lacking = [path for path in self.plan.paths if path not in {path for _, path in served}]
        if lacking and self.plan.apps:
            yield Proof(what, "failed", f"the application does not serve {', '.join(lacking)}")
        elif not self.plan.apps:
            yield Proof("the router is imported", "proven")
        else:
            yield Proof(what, "proven")

    def _imported_alone(self, question: dict[str, Any]) -> Proof:
        """The router without the application, which may not start here for reasons of its own."""
        what = "the router is imported"
        try:
            self._asked(question)
        except Unanswered as failure:
            return self._blamed(what, failure, question)
        return Proof(what, "proven")

    def _asked(self, question: dict[str, Any]) -> Any:
        """The answer from the project's folder, or from the one that its modules are imported from."""
        folders = list(dict.fromkeys(["", *self.plan.roots]))
        for folder in folders[:-1]:
            try:
                return self.python.ask(question, folder=folder, postgres=self._server)
            except Unanswered:
                continue
        return self.python.ask(question, folder=folders[-1], postgres=self._server)

    def _blamed(self, what: str, failure: Unanswered, question: dict[str, Any]) -> Proof:
        """Whether the addition is at fault: it is not when the application did not start before, either."""
        self.stage.take_back(self.files)
        try:
            modules = [self.plan.like_module] if self.plan.like_module else []
            self._asked({**question, "modules": modules})
        except Unanswered as before:
            if before.missing:
                return Proof(what, "not proven", f"no interpreter with the project's packages ({before})")
            return Proof(what, "not proven", f"the application does not start here as it is: {before}")
        finally:
            self.stage.put(self.files)
        return Proof(what, "failed", str(failure))

    @cached_property
    def _server(self) -> postgres.Address | None:
        if not self.plan.on_postgres:
            return None
        programs = postgres.binaries(self.python.python)
        return self.running.enter_context(postgres.server(programs)) if programs else None

    def _migrated(self) -> Generator[Proof]:
        if not self.plan.migration or not self.plan.table:
            return
        question = {
            "action": "migrate",
            "migration": self.plan.migration,
            "table": self.plan.table,
            "table_module": self.plan.table_module,
            "other_modules": self.plan.other_modules,
            "column": self.plan.column,
        }
        what = "the migration goes up, down and up, and `alembic check` finds nothing to add"
        for database, url in self._databases():
            said = f"{what} (on {database})"
            if url.startswith("!"):
                yield Proof(said, "not proven", url[1:])
                continue
            try:
                wrong = self._asked({**question, "url": url})
            except Unanswered as failure:
                yield self._blamed(said, failure, {"action": "routes", "modules": [], "apps": []})
                continue
            yield Proof(said, "failed", "; ".join(wrong)) if wrong else Proof(said, "proven")

    def _databases(self) -> Iterator[tuple[str, str]]:
        """Each database to try with its address; one that begins with ! says why there is none."""
        if self.plan.on_sqlite:
            yield "SQLite", "sqlite://"
        if not self.plan.on_postgres:
            return
        try:
            drivers = self.python.ask({"action": "drivers"})
        except Unanswered as failure:
            yield "PostgreSQL", f"!{failure}"
            return
        if self._server is None or not drivers:
            lacking = "no server can be started here" if drivers else "no driver is installed"
            yield "PostgreSQL", f"!{lacking}"
            return
        address = self._server
        yield "PostgreSQL", f"postgresql+{drivers[0]}://postgres:{address.password}@127.0.0.1:{address.port}/postgres"

    def _tested(self) -> Generator[Proof]:
        what = "its tests pass"
        if not self.plan.tests:
            return
        home = home_of(self.stage.of_top(self.plan.tests[0]), self.stage.top, _PYTEST)
        try:
            self._migrate_copy()
            output = self._run_tests(home, self.plan.tests)
            if output.code == 0:
                yield Proof(what, "proven", self._count(output.out))
                return
            if "No module named pytest" in output.err:
                yield Proof(what, "not proven", "pytest is not installed in the project's interpreter")
                return
            before = self._run_tests(home, (self.plan.like,)) if self.plan.like else None
            if before is not None and before.code not in (0, 5):
                yield Proof(
                    what, "not proven", f"nor do those of its neighbour here: {_reason(before.out + before.err)}"
                )
                return
            yield Proof(what, "failed", _reason(output.out + output.err))
        except Unanswered as failure:
            yield Proof(what, "not proven", str(failure))

    def _migrate_copy(self) -> None:
        """Bring the copy's own database to its newest schema, as the project's way of running its tests may take for
        granted; where that cannot be, the tests have to do without."""
        if not self.plan.guarded or not self.plan.migration:
            return
        for folder in dict.fromkeys(["", *self.plan.roots]):
            if (self.stage.root / folder / "alembic.ini").is_file():
                with suppress(Unanswered):
                    self.python.alembic(folder, ["upgrade", "head"], postgres=self._server)
                return

    def _run_tests(self, home: Path, tests: Sequence[str]) -> Any:
        guard = ["-p", "expert_guard"] if self.plan.guarded else []
        names = [(self.stage.root / test).relative_to(home).as_posix() for test in tests]
        variables = self.python.variables(
            self._server, table=(self.plan.table_module, self.plan.table), guarded=self.plan.guarded
        )
        return self.python.pytest(home, [*guard, *self.plan.test_options, *names], variables=variables)

    def _count(self, out: str) -> str:
        found = re.search(r"(\d+) passed", out)
        return f"{found[1]} tests" if found else ""


def _reason(out: str) -> str:
    """What pytest says failed, in a line or two."""
    lines = [line.strip() for line in out.splitlines()]
    told = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    why = [line[1:].strip() for line in lines if line.startswith("E  ")]
    return "; ".join([*told[:2], *why[:3]])[:600] or (lines[-1] if lines else "no output")
