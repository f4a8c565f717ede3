"""FX119: A router with routes that no application includes."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import dotted
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule

_NOT_INCLUDED = re.compile(r"(\w+|this router) is included by no application that the text shows")


def never_included(project: Project, rule: Rule) -> Iterator[Finding]:
    if not project.served:
        return  # a library of routers
    problems = project.codebase.inventory.problems
    if any("not known" in one.message or "cannot be" in one.message or "unknown" in one.message for one in problems):
        return  # what is included somewhere is not known: it may be this one
    dynamic = any(
        b"import_module" in project.modules.source(path) and b"include_router" in project.modules.source(path)
        for path in project.paths()
    )
    named = _named_in_includes(project)
    for one in problems if not dynamic else ():
        found = _NOT_INCLUDED.match(one.message)
        if found is None or _is_handed_on(project, one.path, one.line, found[1]):
            continue
        if (one.path, found[1]) not in named:
            yield rule.at(
                one.path,
                one.line,
                f"no application includes `{found[1]}`: its routes are not served",
                f"`app.include_router({found[1]})`, or delete it",
                confidence="likely",
            )


def _is_handed_on(project: Project, path: str, line: int, name: str) -> bool:
    """Whether the function that makes a router hands it on: somebody else may include it."""
    for function in project.module(path).functions.values():
        if not function.node.lineno <= line <= function.node.end_lineno:
            continue
        decorators = [
            id(part)
            for inner in tree.walk(function.node)
            if isinstance(inner, tree.FunctionDef)
            for one in inner.decorator_list
            for part in tree.walk(one)
        ]
        uses = [n for n in function.nodes if isinstance(n, tree.Name) and n.id == name and n.ctx == "load"]
        if any(id(one) not in decorators for one in uses):
            return True
    return False


def _named_in_includes(project: Project) -> set[tuple[str, str]]:
    """(file, name) of every router that some `include_router` names, under whatever condition."""
    found: set[tuple[str, str]] = set()
    for path in project.paths():
        if b"include_router" not in project.modules.source(path):
            continue
        for call in [n for n in tree.walk(project.module(path).root) if isinstance(n, tree.Call)]:
            if last_name(call) == "include_router":
                for given in [*call.args, *[one.value for one in call.keywords]]:
                    symbol = project.kinds.resolve(path, dotted(given))
                    if symbol is not None and symbol.kind == "value":
                        found.add((symbol.path, symbol.name))
    return found


RULE = Rule(
    "FX119",
    "router never included",
    "A router with routes that no application includes",
    "routes",
    2,
    never_included,
)
