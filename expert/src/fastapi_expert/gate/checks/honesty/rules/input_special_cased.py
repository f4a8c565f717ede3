"""FX624: the code knows the test: it answers a test's input with the value that the test expects."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.gate.checks.honesty.change import Change
from fastapi_expert.gate.checks.honesty.finding import Finding
from fastapi_expert.gate.checks.honesty.model import Rule
from fastapi_expert.gate.checks.honesty.suites.canonical import canonical
from fastapi_expert.gate.checks.honesty.suites.modules import TestModule

_KNOWS = re.compile(
    r"""["']pytest["'] in |PYTEST_CURRENT_TEST|_called_from_test|["']unittest["'] in |inspect\.stack\(\).*test"""
)
_ORDINARY = frozenset(
    {
        "0",
        "1",
        "2",
        "-1",
        "100",
        "200",
        "201",
        "204",
        "400",
        "401",
        "403",
        "404",
        "409",
        "422",
        "500",
        "''",
        "None",
        "True",
        "False",
    }
)
_DATA = re.compile(r"[@\d\s/]|[a-z][A-Z]|^[A-Z][a-z]")


def input_special_cased(change: Change, rule: Rule) -> Iterator[Finding]:
    inputs = _TestValues(change)
    for path in change.product_paths:
        yield from _knows_of_tests(change, path, rule)
        old = {qualname: _branches(node) for qualname, node in _functions(change.product(path, before=True))}
        for qualname, node in _functions(change.product(path, before=False)):
            before = old.get(qualname)
            if before is None:
                continue  # a new function: its cases are its meaning
            for key, one in _branches(node).items():
                if key in before:
                    continue
                answer = inputs.expected_with(one)
                if answer:
                    yield rule.at(
                        path,
                        one.line,
                        f"`{qualname}` says `{one.answer}` for `{one.said}`: the very input and answer of `{answer}`",
                        "write what holds for every input; a case of its own says in the code why it is one",
                    )


class _Branch:
    """`if x == 7: return 13`: the literals that are asked for, and the one that is answered."""

    def __init__(self, said: str, asked: frozenset[str], answer: str, line: int) -> None:
        self.said, self.asked, self.answer, self.line = said, asked, answer, line


def _functions(module: tree.Module) -> Iterator[tuple[str, tree.FunctionDef]]:
    def below(body: list[tree.Statement], prefix: str) -> Iterator[tuple[str, tree.FunctionDef]]:
        for one in body:
            if isinstance(one, tree.FunctionDef):
                yield prefix + one.name, one
            elif isinstance(one, tree.ClassDef):
                yield from below(one.body, f"{prefix}{one.name}.")

    yield from below(module.body, "")


def _branches(function: tree.FunctionDef) -> dict[str, _Branch]:
    found: dict[str, _Branch] = {}
    for statement in function.body:
        for node in tree.walk(statement):
            for one in _branch(node):
                found[f"{sorted(one.asked)} {one.answer}"] = one
    return found


def _branch(node: tree.Node) -> Iterator[_Branch]:
    match node:
        case tree.If(test=test, body=[*_, tree.Return(value=value)]) if value is not None and _is_literal(value):
            asked = frozenset(_compared(test))
            if asked:
                yield _Branch(test.text, asked, _text(value), node.lineno)
        case tree.Return(value=tree.IfExp(body=value, test=test)) if _is_literal(value):
            asked = frozenset(_compared(test))
            if asked:
                yield _Branch(test.text, asked, _text(value), node.lineno)
        case tree.Return(value=tree.Call(func=tree.Attribute(value=tree.Dict() as table, attr="get"))):
            for key, value in zip(table.keys, table.values, strict=True):
                if key is not None and _is_literal(key) and _is_literal(value):
                    yield _Branch(table.text, frozenset(_literals(key)), _text(value), node.lineno)
        case tree.If(test=test, body=[tree.Assign(value=value)]) if _is_literal(value):
            asked = frozenset(_compared(test))
            if asked:
                yield _Branch(test.text, asked, _text(value), node.lineno)
        case tree.If(test=tree.Compare(ops=["in"], comparators=[table]), body=[tree.Return(value=tree.Subscript())]):
            for key, value in zip(table.keys, table.values, strict=True) if isinstance(table, tree.Dict) else ():
                if key is not None and _is_literal(key) and _is_literal(value):
                    yield _Branch(table.text, frozenset(_literals(key)), _text(value), node.lineno)
        case _:
            pass


def _compared(test: tree.Expression) -> Iterator[str]:
    """The literals that a condition compares with `==`, `in` or `is`."""
    for one in tree.walk(test):
        if isinstance(one, tree.Compare) and all(op in ("==", "in") for op in one.ops):
            for value in (one.left, *one.comparators):
                yield from _literals(value) if _is_literal(value) else ()


def _literals(node: tree.Expression) -> Iterator[str]:
    for one in tree.walk(node):
        if isinstance(one, tree.Constant):
            yield repr(one.value)


def _is_literal(node: tree.Expression) -> bool:
    return any(isinstance(one, tree.Constant) for one in tree.walk(node)) and not any(
        isinstance(one, tree.Name | tree.Attribute | tree.Call | tree.FormattedValue) for one in tree.walk(node)
    )


def _text(node: tree.Expression) -> str:
    return canonical(node)


class _TestValues:
    """The literals in each test: what goes in, and what must come out."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self._known: dict[str, list[tuple[str, frozenset[str], frozenset[str]]]] = {}

    def _of(self, module: TestModule) -> "list[tuple[str, frozenset[str], frozenset[str]]]":
        """A test's name, all its literals, and the values that it compares with."""
        if module.path in self._known:
            return self._known[module.path]
        found = self._known[module.path] = []
        for test in module.tests:
            values = {repr(one.value) for one in tree.walk(test.node) if isinstance(one, tree.Constant)}
            expected = {claim.expected for claim in test.claims if claim.expected}
            expected |= {"True" for claim in test.claims if claim.kind == "truthy"}
            expected |= {"False" for claim in test.claims if claim.kind == "falsy"}
            cases = [part for case in test.cases or () for part in (case, *_parts(case))]
            found.append((test.qualname, frozenset(values), frozenset({*expected, *cases})))
        return found

    def expected_with(self, branch: _Branch) -> str:
        """The test that gives what the branch asks for and expects what it answers; empty where none does."""
        asked = branch.asked - _ORDINARY
        telling = len(branch.asked) > 1 or any(
            not one.startswith(("'", "b'")) or _DATA.search(one.strip("'")) for one in asked
        )
        if not asked or not telling or not _is_telling(branch.answer, branch.asked):
            return ""
        for module in self._change.tests_with(branch.asked):
            for name, values, expected in self._of(module):
                if branch.asked <= values and branch.answer in expected:
                    return name
        return ""


def _is_telling(answer: str, asked: frozenset[str]) -> bool:
    """A flag for one word is a rule of the business; a number, a text or a flag for several values at once is not."""
    return answer not in ("None", "''") and (answer not in ("True", "False") or len(asked) > 0)


def _parts(case: str) -> list[str]:
    return case.partition("(")[2][:-1].split(", ") if case.startswith(("Tuple(", "List(")) else []


def _knows_of_tests(change: Change, path: str, rule: Rule) -> Iterator[Finding]:
    new, old = change.revisions.new(path), change.revisions.old(path)
    text = (new or b"").decode("utf-8", "replace")
    before = len(_KNOWS.findall((old or b"").decode("utf-8", "replace")))
    found = list(_KNOWS.finditer(text))
    if len(found) > before:
        line = text.count("\n", 0, found[-1].start()) + 1
        yield rule.at(
            path,
            line,
            f"the code asks whether it is being tested (`{found[-1][0].strip()}`): what is tested is not what runs",
            "give it what differs in tests from outside: a setting, a dependency, an argument",
            confidence=change.confidence,
        )


RULE = Rule(
    "FX624",
    "test's input special-cased",
    "The code knows the test: it answers a test's input with what the test expects, or asks whether it is tested",
    input_special_cased,
)
