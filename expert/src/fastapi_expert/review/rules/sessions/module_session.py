"""FX705: One session or connection for every request."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.kinds import SESSIONS
from fastapi_expert.review.flow.modules import Function
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.running import APART
from fastapi_expert.review.model import Finding, Rule


def module_session(project: Project, rule: Rule) -> Iterator[Finding]:
    if not project.endpoints:
        return
    for path in project.paths():
        if APART.search(path):  # a script's own
            continue
        source = project.modules.source(path)
        if b"sqlalchemy" not in source and b"sqlmodel" not in source:
            continue
        for name, value in project.module(path).assigned.items():
            kind = project.kinds.of(path, value)
            if kind not in SESSIONS | {"connection", "async-connection"}:
                continue
            if any(_mentions(project, function, name) for function in _in_sight(project, path, name)):
                yield rule.at(
                    path,
                    value.lineno,
                    f"every request shares `{name}`: they see each other's transactions, and the first error leaves it "
                    "unusable for all",
                    "open one in a dependency, for each request",
                )


def _in_sight(project: Project, path: str, name: str) -> Iterator[Function]:
    """The functions of the files where ``name`` is that of the file at ``path``."""
    for where in project.paths():
        if name.encode() in project.modules.source(where):
            symbol = project.kinds.resolve(where, name)
            if symbol is not None and (symbol.path, symbol.name) == (path, name):
                yield from project.module(where).functions.values()


def _mentions(project: Project, function: Function, name: str) -> bool:
    if name in project.kinds.bindings(function) or function.parameter(name) is not None:
        return False
    return any(isinstance(node, tree.Name) and node.id == name for node in function.nodes)


RULE = Rule(
    "FX705",
    "session at module level",
    "One session or connection for every request",
    "sessions",
    1,
    module_session,
    alone=True,
)
