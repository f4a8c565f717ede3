"""FX628: a route lost what asked its callers who they are, or how often they come."""

import re
from collections import Counter
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.syntax.tree import dotted
from fastapi_expert.codebase.vocabulary import APPLICATION_SETTERS, DEPENDS, ROUTE_DECORATORS
from fastapi_expert.gate.checks.honesty.change import Change
from fastapi_expert.gate.checks.honesty.finding import Confidence, Finding
from fastapi_expert.gate.checks.honesty.model import Rule

_LIMITS = re.compile(
    r"limit|throttl|quota|csrf|captcha|trusted.?host|httpsredirect|signature|verify|max_?size", re.IGNORECASE
)
_APPLICATION = "the application"
_ADVICE = "put it back; if everybody may call it, the commit says why: `Test-Change: reason`"


def guard_removed(change: Change, rule: Rule) -> Iterator[Finding]:
    if any(_guards_fewer(change, path) for path in change.product_paths):
        for one in change.access():
            if (one.kind == "opened" and "was behind" in one.text) or (
                one.kind == "weakened" and "no longer asks" in one.text
            ):
                confidence: Confidence = "certain" if one.kind == "opened" else "likely"
                yield rule.at(one.file, one.line or 1, one.text, _ADVICE, confidence=confidence)
    for path in change.product_paths:
        yield from _limits(change, path, rule)


def _guards_fewer(change: Change, path: str) -> bool:
    """Whether the file names guards less often, so that asking for the routes of both sides is worth its time."""
    old, new = change.revisions.old(path) or b"", change.revisions.new(path) or b""
    return bool(Counter(_guarding(old)) - Counter(_guarding(new)))


_GUARDING = re.compile(
    rb"\b(?:Depends|Security|dependencies|middleware|add_middleware|\w*(?:[Uu]ser|[Aa]uth|[Aa]dmin|[Pp]ermission|[Ll]ogin|[Tt]oken|[Rr]ole)\w*)"
)


def _guarding(source: bytes) -> list[bytes]:
    return _GUARDING.findall(source)


def _limits(change: Change, path: str, rule: Rule) -> Iterator[Finding]:
    """What limits an endpoint or an application that is still there: a decorator, a dependency, a middleware."""
    old, new = change.product(path, before=True), change.product(path, before=False)
    before, now = dict(_limited(old)), dict(_limited(new))
    lines = dict(_places(new))
    everywhere = {text for _, texts in now.items() for text in texts}
    for name, limits in before.items():
        if name not in lines:
            continue
        for limit in sorted(limits - now.get(name, frozenset())):
            if limit in everywhere or (
                change.names_removed(frozenset(limit.split("."))) and _is_defined_here(change, limit)
            ):
                continue
            yield rule.at(path, lines[name], f"`{name}` lost `{limit}`, which limited those who call", _ADVICE)


def _is_defined_here(change: Change, limit: str) -> bool:
    """Whether the project defined it, and does not any more: it was taken out as a whole."""
    leaf = limit.rpartition(".")[2]
    return any(
        isinstance(node, tree.FunctionDef | tree.ClassDef) and node.name == leaf
        for path in change.product_paths
        for node in tree.walk(change.product(path, before=True))
    )


def _limited(module: tree.Module) -> Iterator[tuple[str, frozenset[str]]]:
    """Each endpoint, router or application with the names of what limits it."""
    for node in tree.walk(module):
        match node:
            case tree.FunctionDef(name=name) if _is_endpoint(node):
                texts = [dotted(one.func if isinstance(one, tree.Call) else one) for one in node.decorator_list]
                texts += list(_depends(node.args))
                texts += [text for one in node.decorator_list for text in _depends(one)]
                yield name, frozenset(text for text in texts if _LIMITS.search(text))
            case tree.Assign(targets=[tree.Name(id=name)], value=tree.Call() as call):
                limits = frozenset(text for text in _depends(call) if _LIMITS.search(text))
                if limits:
                    yield name, limits
            case _:
                pass
    added = [
        dotted(node.args[0])
        for node in tree.walk(module)
        if isinstance(node, tree.Call) and dotted(node.func).endswith(APPLICATION_SETTERS[0]) and node.args
    ]
    yield _APPLICATION, frozenset(name for name in added if _LIMITS.search(name))


def _is_endpoint(node: tree.FunctionDef) -> bool:
    return any(
        isinstance(one, tree.Call) and dotted(one.func).rpartition(".")[2] in ROUTE_DECORATORS
        for one in node.decorator_list
    )


def _depends(node: tree.Node) -> Iterator[str]:
    for one in tree.walk(node):
        if isinstance(one, tree.Call) and dotted(one.func).rpartition(".")[2] in DEPENDS and one.args:
            given = one.args[0]
            yield dotted(given.func if isinstance(given, tree.Call) else given)


def _places(module: tree.Module) -> Iterator[tuple[str, int]]:
    for node in tree.walk(module):
        match node:
            case tree.FunctionDef(name=name):
                yield name, node.lineno
            case tree.Assign(targets=[tree.Name(id=name)]):
                yield name, node.lineno
            case _:
                pass
    yield _APPLICATION, 1


RULE = Rule(
    "FX628",
    "guard removed",
    "A route lost what asked its callers who they are, or how often they come",
    guard_removed,
)
