"""FX701: A commit after the `yield` of a session dependency."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import (
    last_name,
    reaches,
    session_calls,
)
from fastapi_expert.review.flow.kinds import SESSIONS
from fastapi_expert.review.flow.modules import Function
from fastapi_expert.review.flow.project import Project, ServedEndpoint
from fastapi_expert.review.model import Finding, Related, Rule
from fastapi_expert.review.rules.sessions.uses import in_handler

_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


_WRITES = frozenset({"add", "add_all", "delete", "merge", "flush", "bulk_save_objects", "bulk_insert_mappings"})


def commit_after_yield(project: Project, rule: Rule) -> Iterator[Finding]:
    if not project.versions.fastapi.may_be_at_least((0, 118)):
        return
    for function, routes in project.dependencies.values():
        place = _commits_after(project, function)
        if place is None:
            continue
        losing = [one for one in routes if _loses(project, one, function)]
        if not losing:
            continue
        writing = next((one for one in losing if _writes(project, one)), None)
        if writing is None and any(_is_changing(one) and one not in losing for one in routes):
            continue  # those that write commit themselves, and these only read
        first = (writing or losing[0]).route
        yield rule.at(
            function.path,
            place.lineno,
            f"{first.method} {first.path} is answered before this commit: when it fails, the caller was told that it "
            "worked and nothing is stored",
            'commit in the endpoint, or ask for it with `Depends(…, scope="function")` (FastAPI ≥ 0.121)',
            confidence="certain" if writing is not None else "likely",
            related=(Related(first.path_file, first.line, f"{first.method} {first.path}"),),
        )
    if project.drafts is not None:
        yield from _of_a_draft(project, rule)


def _of_a_draft(project: Project, rule: Rule) -> Iterator[Finding]:
    """The same of a generator in a draft: who will ask for it is not known, and what else would it be for?"""
    with_routes = {id(function) for function, _ in project.dependencies.values()}
    for function in project.functions("yield"):
        if id(function) in with_routes or function.facts.owner or function.parent is not None:
            continue
        place = None if function.node.decorator_list else _commits_after(project, function)
        if place is not None:
            yield rule.at(
                function.path,
                place.lineno,
                "as a dependency this commits after the answer: when it fails, the caller was told that it worked and "
                "nothing is stored",
                'commit in the endpoint, or ask for it with `Depends(…, scope="function")` (FastAPI ≥ 0.121)',
                confidence="likely",
            )


def _commits_after(project: Project, function: Function) -> tree.Statement | tree.Call | None:
    """The statement that commits when the code after the `yield` of a session runs."""
    for one in function.yields:
        kind = project.kinds.of(function.path, one.value, function) or project.kinds.returned(function)
        if kind.startswith("object "):  # a unit of work
            for call in function.calls:
                if call.lineno > one.lineno and _is_plain(function, call) and _commits(project, function, call):
                    return call
        if kind not in SESSIONS | {"connection", "async-connection"}:
            continue
        for above in function.around(one):
            if isinstance(above, tree.With):
                for item in above.items:
                    if _begins(project, function, item.context_expr) or _manages(project, function, item):
                        return above
        for call in session_calls(project, function, {"commit"}):
            if call.lineno > one.lineno and _is_plain(function, call):
                return call
    return None


def _is_plain(function: Function, call: tree.Call) -> bool:
    """Whether a call runs when nothing was raised, and only then."""
    return not _in_finally(function, call) and not in_handler(function, call)


def _commits(project: Project, function: Function, call: tree.Call) -> bool:
    """Whether a call is of a method `commit` of the codebase that commits a session."""
    if last_name(call) != "commit":
        return False
    target = project.kinds.callee(function.path, call, function)
    return isinstance(target, Function) and any(True for _ in session_calls(project, target, {"commit"}))


def _manages(project: Project, function: Function, item: tree.WithItem) -> bool:
    """Whether what is entered is a context manager of the codebase that commits when it is left."""
    call = item.context_expr
    target = project.kinds.callee(function.path, call, function) if isinstance(call, tree.Call) else None
    if not isinstance(target, Function) or target is function:
        return False
    return _commits_after(project, target) is not None


def _begins(project: Project, function: Function, node: tree.Expression) -> bool:
    if not (isinstance(node, tree.Call) and isinstance(node.func, tree.Attribute) and node.func.attr == "begin"):
        return False
    return project.kinds.of(function.path, node, function) != ""


def _in_finally(function: Function, node: tree.Node) -> bool:
    inner = node
    for above in function.around(node):
        if isinstance(above, tree.Try) and any(inner is one for one in above.finalbody):
            return True
        inner = above
    return False


def _is_changing(served: ServedEndpoint) -> bool:
    return served.route.method in _CHANGING


def _loses(project: Project, served: ServedEndpoint, dependency: Function) -> bool:
    """Whether a route changes something and leaves the commit to ``dependency`` in the scope of the request."""
    if not _is_changing(served) or served.function is None:
        return False
    asked = [one for one in project.injected(served.function) if one.function is dependency]
    if asked and all(one.need.scope == "function" for one in asked):
        return False
    inside = [served.function, *[one.function for one in project.injected(served.function) if one.function]]
    others = [one for one in inside if one is not dependency]
    return not any(reaches(project, one, lambda f: _ends_itself(project, f, dependency)) for one in others)


def _ends_itself(project: Project, function: Function, dependency: Function) -> bool:
    if function is dependency:
        return False
    if any(True for _ in session_calls(project, function, {"commit"})):
        return True
    items = [item for node in function.nodes if isinstance(node, tree.With) for item in node.items]
    return any(_begins(project, function, item.context_expr) for item in items)


def _writes(project: Project, served: ServedEndpoint) -> bool:
    def writes(function: Function) -> bool:
        if any(True for _ in session_calls(project, function, _WRITES)):
            return True
        return any(last_name(call) in ("insert", "update", "delete") for call in function.calls)

    return served.function is not None and reaches(project, served.function, writes)


RULE = Rule(
    "FX701",
    "committed after the answer",
    "A commit after the `yield` of a session dependency",
    "sessions",
    1,
    commit_after_yield,
    "fastapi>=0.118",
    alone=True,
)
