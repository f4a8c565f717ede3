"""The tests in one file: what each does, what it claims, with which cases, and why it does not run."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.syntax.tree import dotted
from fastapi_expert.codebase.syntax.trees import read_tree
from fastapi_expert.gate.checks.honesty.suites.canonical import canonical, words
from fastapi_expert.gate.checks.honesty.suites.claims import Claim, claims_of
from fastapi_expert.gate.checks.honesty.suites.skips import Off, switched_off

_FROM = re.compile(r"from (\S+) import (.+)", re.DOTALL)
_DEPTH = 3
"""Of helpers that call helpers."""


@dataclass(frozen=True)
class Function:
    """A function of a test file, method or not. ``marks`` are the decorators and module marks that hold for it."""

    path: str
    qualname: str
    node: tree.FunctionDef
    marks: tuple[tree.Expression, ...]
    module: "TestModule" = field(repr=False)

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def line(self) -> int:
        return self.node.lineno

    @property
    def end_line(self) -> int:
        return self.node.end_lineno

    @cached_property
    def is_fixture(self) -> bool:
        names = {dotted(_called(one)).rpartition(".")[2] for one in self.node.decorator_list}
        return bool(names & {"fixture", "async_fixture", "hookimpl"})

    @cached_property
    def own_claims(self) -> tuple[Claim, ...]:
        return claims_of(self.node.body)

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """What it claims, with what the helpers of its file claim for it."""
        return tuple(self._claims(_DEPTH, ()))

    def _claims(self, depth: int, above: tuple[str, ...]) -> Iterator[Claim]:
        near = self.module.plain
        for claim in self.own_claims:
            if claim.kind != "helper" or claim.detail not in near:
                yield claim
        if depth:
            for name in self.called:
                helper = near.get(name)
                if helper is not None and name not in above and helper is not self:
                    yield from helper._claims(depth - 1, (*above, name))

    @cached_property
    def called(self) -> tuple[str, ...]:
        """The last names of what its body calls, each once for each call."""
        return tuple(
            dotted(node.func).rpartition(".")[2] or (node.func.attr if isinstance(node.func, tree.Attribute) else "")
            for statement in self.node.body
            for node in tree.walk(statement)
            if isinstance(node, tree.Call)
        )

    @cached_property
    def words(self) -> Counter[str]:
        return Counter(word for statement in self.node.body for word in words(statement))

    @cached_property
    def off(self) -> Off | None:
        """Why it does not run, or need not pass."""
        return switched_off(self.node, self.marks)

    @cached_property
    def cases(self) -> Counter[str] | None:
        """What it is run with, a text a case; None where it has no list of cases that the text tells."""
        found: Counter[str] = Counter()
        for mark in self.marks:
            if isinstance(mark, tree.Call) and dotted(mark.func).endswith("parametrize") and len(mark.args) > 1:
                values = self.module.resolved(mark.args[1])
                if not isinstance(values, tree.List | tree.Tuple | tree.Set):
                    return None
                found.update(_case(one) for one in values.elts)
        return found or None

    @cached_property
    def is_parametrised(self) -> bool:
        return any(isinstance(mark, tree.Call) and dotted(mark.func).endswith("parametrize") for mark in self.marks)

    @cached_property
    def imports(self) -> dict[str, str]:
        """What it imports itself, and what its file does."""
        return {**self.module.imports, **imported(self.node)}

    @cached_property
    def skipped_cases(self) -> tuple[tree.Call, ...]:
        """The `pytest.param(…)` of its cases that do not run, or need not pass."""
        return tuple(
            one
            for mark in self.marks
            for one in tree.walk(mark)
            if isinstance(one, tree.Call)
            and dotted(one.func).endswith("param")
            and any(
                keyword.arg == "marks" and (".skip" in keyword.value.text or ".xfail" in keyword.value.text)
                for keyword in one.keywords
            )
        )

    @cached_property
    def rest(self) -> Counter[str]:
        """What it does besides claiming: a text for each of its other statements."""
        return Counter(_rest(self.node.body))


def _rest(body: Sequence[tree.Statement]) -> Iterator[str]:
    for one in body:
        if isinstance(one, tree.Assert) or (isinstance(one, tree.Expr) and isinstance(one.value, tree.Constant)):
            continue
        if isinstance(one, tree.With | tree.Try | tree.If | tree.For | tree.While):
            for node in tree.children(one):
                if isinstance(node, tree.Statement):
                    yield from _rest([node])
            continue
        if isinstance(one, tree.Expr) and any(True for _ in claims_of([one])):
            continue
        yield canonical(one)


def _case(node: tree.Expression) -> str:
    """A case without its marks and its name."""
    if isinstance(node, tree.Call) and dotted(node.func).rpartition(".")[2] == "param":
        parts = [canonical(one) for one in node.args]
        return parts[0] if len(parts) == 1 else f"Tuple({', '.join(parts)})"
    return canonical(node)


def _called(node: tree.Expression) -> tree.Expression:
    return node.func if isinstance(node, tree.Call) else node


class TestModule:
    """One file of tests, or of what tests need; one that is not there is empty."""

    __test__ = False

    def __init__(self, path: str, source: bytes | None) -> None:
        self.path = path
        self.exists = source is not None
        self.node = read_tree(source or b"")

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """Every function and method, those of nested classes too, in the order of the text."""
        return tuple(self._in_body(self.node.body, "", self._module_marks))

    @cached_property
    def _module_marks(self) -> tuple[tree.Expression, ...]:
        return tuple(_marks(self.node.body))

    def _in_body(
        self, body: Sequence[tree.Statement], prefix: str, marks: tuple[tree.Expression, ...]
    ) -> Iterator[Function]:
        for one in body:
            match one:
                case tree.FunctionDef():
                    yield Function(self.path, prefix + one.name, one, (*one.decorator_list, *marks), self)
                case tree.ClassDef():
                    inner = (*one.decorator_list, *_marks(one.body), *marks)
                    yield from self._in_body(one.body, f"{prefix}{one.name}.", inner)
                case tree.If() | tree.Try():
                    yield from self._in_body(
                        [n for n in tree.children(one) if isinstance(n, tree.Statement)], prefix, marks
                    )
                case _:
                    pass

    @cached_property
    def _uncollected(self) -> frozenset[str]:
        """Classes that pytest passes by: their names, or `__test__ = False`."""
        found: set[str] = set()
        for one in tree.walk(self.node):
            if isinstance(one, tree.ClassDef):
                unit = any("TestCase" in dotted(base) or "Test" in dotted(base) for base in one.bases)
                off = any(
                    isinstance(inner, tree.Assign) and canonical(inner).endswith("(__test__, False)")
                    for inner in one.body
                )
                if off or not (unit or one.name.startswith("Test") or one.name.endswith(("Test", "Tests", "TestCase"))):
                    found.add(one.name)
        return frozenset(found)

    @cached_property
    def tests(self) -> tuple[Function, ...]:
        """The functions that pytest collects by default."""
        if any(isinstance(one, tree.Assign) and canonical(one).endswith("(__test__, False)") for one in self.node.body):
            return ()
        return tuple(
            one
            for one in self.functions
            if one.name.startswith("test")
            and not one.is_fixture
            and self._uncollected.isdisjoint(one.qualname.split(".")[:-1])
        )

    @cached_property
    def helpers(self) -> dict[str, Function]:
        """The functions that are no tests, by their last name."""
        tests = {id(one) for one in self.tests}
        return {one.name: one for one in self.functions if id(one) not in tests}

    @cached_property
    def plain(self) -> dict[str, Function]:
        """What a test may claim through: the helpers, and functions that pytest takes for tests as well."""
        return {**{one.name: one for one in self.tests if "." not in one.qualname}, **self.helpers}

    def resolved(self, node: tree.Expression) -> tree.Expression:
        """What a name stands for at module level; ``node`` itself for anything else."""
        if isinstance(node, tree.Name):
            for one in self.node.body:
                if isinstance(one, tree.Assign) and any(dotted(target) == node.id for target in one.targets):
                    return one.value
        return node

    @cached_property
    def imports(self) -> dict[str, str]:
        """Each imported name and where it comes from, `app.words.greeting`."""
        return imported(self.node)


def imported(node: tree.Node) -> dict[str, str]:
    """The names that `from … import …` gives anywhere in ``node``, and where each comes from."""
    found: dict[str, str] = {}
    for one in tree.walk(node):
        if isinstance(one, tree.Other) and (match := _FROM.match(one.text)):
            for part in match[2].strip("() ").split(","):
                name, _, alias = part.strip().partition(" as ")
                if name:
                    found[alias.strip() or name.strip()] = f"{match[1]}.{name.strip()}"
    return found


def _marks(body: Sequence[tree.Statement]) -> Iterator[tree.Expression]:
    """The marks of `pytestmark`."""
    for one in body:
        if isinstance(one, tree.Assign) and any(dotted(target) == "pytestmark" for target in one.targets):
            yield from one.value.elts if isinstance(one.value, tree.List | tree.Tuple) else [one.value]
