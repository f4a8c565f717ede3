"""FX621: a test that ran is skipped, expected to fail, empty, or no longer collected."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.syntax.tree import dotted
from fastapi_expert.gate.checks.honesty.change import Change
from fastapi_expert.gate.checks.honesty.finding import Confidence, Finding
from fastapi_expert.gate.checks.honesty.model import Rule
from fastapi_expert.gate.checks.honesty.suites.canonical import canonical, likeness
from fastapi_expert.gate.checks.honesty.suites.modules import Function, TestModule
from fastapi_expert.gate.checks.honesty.trailers import is_reason

_ADVICE = "let it run, and mend what it finds; if it has to wait, the commit says why: `Test-Change: reason`"
_SAME = 0.85
_HOOKS = {
    "pytest_collection_modifyitems": "takes tests out of what is collected",
    "pytest_ignore_collect": "keeps files from being collected",
    "pytest_runtest_makereport": "rewrites the outcome of tests",
    "pytest_report_teststatus": "rewrites the outcome of tests",
    "pytest_sessionfinish": "rewrites the exit code of the test run",
    "pytest_runtest_call": "stands between pytest and the tests",
    "pytest_pyfunc_call": "stands between pytest and the tests",
}


_ASKS = frozenset({"getoption", "getini", "getvalue", "getenv", "which", "find_spec", "is_available"})
"""What a hook asks for that is here or not: an option, a key, a program, a package."""
_TRACKED = re.compile(r"https?://\S+|#\d+|\b[A-Z][A-Z0-9]+-\d+\b|\b(?i:PR|MR|issue|ticket) \d[\w.]*")
"""A reason that somebody else can follow: an issue, a page."""
_SIGNS = ("skip", "xfail", "passed", "exitstatus", "deselected", "remove", "clear", "True")


def switched_off(change: Change, rule: Rule) -> Iterator[Finding]:
    for old, new in change.pairs:
        yield from _marked(change, old, new, rule)
    yield from _not_collected(change, rule)
    for path, module in change.new_modules.items():
        if path.endswith("conftest.py"):
            yield from _hooks(change.old_modules[path], module, rule)


def _marked(change: Change, old: Function, new: Function, rule: Rule) -> Iterator[Finding]:
    off = new.off
    if off is not None and old.off is None:
        said = _TRACKED.search(off.reason) or (change.is_broad and is_reason(off.reason))
        told = off.is_conditional or said or (not old.claims and off.how == "is empty")
        confidence: Confidence = "likely" if told else "certain"
        why = f' ("{off.reason[:80]}")' if off.reason else ""
        yield rule.at(
            new.path,
            off.line,
            f"`{new.qualname}` ran before and now {off.how}{why}",
            _ADVICE,
            confidence=confidence,
        )
    elif old.off is None and len(new.skipped_cases) > len(old.skipped_cases):
        one = new.skipped_cases[-1]
        yield rule.at(new.path, one.lineno, f"a case of `{new.qualname}` is switched off: `{one.text[:80]}`", _ADVICE)


def _not_collected(change: Change, rule: Rule) -> Iterator[Finding]:
    for test in change.gone:
        module = change.new_modules[test.path]
        collected = {id(one) for one in module.tests}
        called = {name for one in module.tests for name in one.called}
        for one in module.functions:
            if id(one) in collected or one.is_fixture or one.name in called:
                continue
            if likeness(one.words, test.words) >= _SAME:
                yield rule.at(
                    one.path,
                    one.line,
                    f"`{test.qualname}` is `{one.qualname}` now, which pytest does not collect",
                    "keep a name that begins with `test`, in a class that begins with `Test`",
                    end_line=one.end_line,
                )
                break


def _hooks(old: TestModule, new: TestModule, rule: Rule) -> Iterator[Finding]:
    before = {one.name: _said(one) for one in old.functions}
    for one in new.functions:
        does = _HOOKS.get(one.name)
        if does is None or before.get(one.name) == _said(one):
            continue
        if not _weakens(one, before.get(one.name, "")):
            continue
        asks = any(name in _ASKS for name in one.called) and not re.search(r"\bCI\b", _said(one))
        yield rule.at(
            one.path,
            one.line,
            f"`{one.name}` {does}",
            "let pytest run what there is and say what came of it",
            end_line=one.end_line,
            confidence="likely" if asks else "certain",
        )
    for statement in new.node.body:
        if not isinstance(statement, tree.Assign):
            continue
        names = [dotted(target) for target in statement.targets]
        if names and names[0] in ("collect_ignore", "collect_ignore_glob"):
            was = {canonical(one) for one in old.node.body if isinstance(one, tree.Assign)}
            if canonical(statement) not in was and isinstance(statement.value, tree.List) and statement.value.elts:
                text = f"`{names[0]}` keeps {statement.value.text} from being collected"
                yield rule.at(new.path, statement.lineno, text, _ADVICE)


def _said(hook: Function) -> str:
    """What it does: among what it is given are names of signs."""
    return " ".join(map(canonical, hook.node.body))


def _weakens(hook: Function, before: str) -> bool:
    text = _said(hook)
    signs = ("exit",) if hook.name == "pytest_sessionfinish" else _SIGNS
    return any(sign in text and text.count(sign) > before.count(sign) for sign in signs) or (
        "Subscript(items" in text and "Subscript(items" not in before
    )


RULE = Rule(
    "FX621",
    "test switched off",
    "A test that ran is skipped, expected to fail, empty, or no longer collected",
    switched_off,
)
