"""FX115: `except Exception` that turns a 4xx into something else."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import argument, callees, last_name, reached
from fastapi_expert.review.flow.modules import Function, dotted, is_constant, walk
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Related, Rule
from fastapi_expert.review.rules.access.exception_text import answers_nobody


def broad_except(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.endpoints:
        for node in () if answers_nobody(function) else function.nodes:
            if not isinstance(node, tree.Try):
                continue
            for handler in node.handlers:
                names = {last_name(n) for n in tree.walk(handler.type)} if handler.type is not None else {"Exception"}
                if "HTTPException" in names or "StarletteHTTPException" in names:
                    break
                if not names & {"Exception", "BaseException"}:
                    continue
                inside = [n for s in handler.body for n in walk(s)]
                if any(isinstance(n, tree.Raise) and (n.exc is None or dotted(n.exc) == handler.name) for n in inside):
                    break
                if any(
                    isinstance(n, tree.Name) and n.id.endswith("HTTPException")
                    for n in inside
                    if _in_isinstance(function, n)
                ):
                    break
                if not _answers_error(inside):
                    break
                answered = {_status(n.exc) for n in inside if isinstance(n, tree.Raise)}
                raised = _raises_http(project, function, node, answered if len(answered) == 1 else set[str]())
                if raised is not None:
                    yield rule.at(
                        function.path,
                        handler.lineno,
                        "the HTTPException raised in the `try` ends here: the caller gets this answer in the place "
                        "of the 4xx",
                        "`except HTTPException: raise` before it, or catch what you expect",
                        related=(raised,),
                    )
                break


def _in_isinstance(function: Function, node: tree.Node) -> bool:
    return any(isinstance(one, tree.Call) and dotted(one.func) == "isinstance" for one in function.around(node))


def _answers_error(nodes: list[tree.Node]) -> bool:
    """Whether a handler raises another HTTPException or returns an answer of its own."""
    return any(isinstance(n, tree.Raise) and last_name(n.exc) == "HTTPException" for n in nodes) or any(
        isinstance(n, tree.Return) and n.value is not None and not is_constant(n.value, None) for n in nodes
    )


def _status(raised: tree.Expression | None) -> str:
    """`401` of `HTTPException(401)` and of `HTTPException(status.HTTP_401_UNAUTHORIZED)`."""
    code = argument(raised, 0, "status_code") if isinstance(raised, tree.Call) else None
    found = re.search(r"\d{3}", code.text) if code is not None else None
    return found[0] if found else ""


def _raises_http(project: Project, function: Function, node: tree.Try, answered: set[str]) -> Related | None:
    """Where the body raises something else than what is ``answered`` anyway."""
    inside = [n for s in node.body for n in walk(s)]
    caught_within = {id(n) for t in inside if isinstance(t, tree.Try) for s in t.body for n in walk(s)}
    for one in inside:
        if isinstance(one, tree.Raise) and id(one) not in caught_within and last_name(one.exc) == "HTTPException":
            code = argument(one.exc, 0, "status_code") if isinstance(one.exc, tree.Call) else None
            if not is_constant(code, 500) and _status(one.exc) not in answered - {""}:
                return Related(function.path, one.lineno, "what is raised")
    for call, target in callees(project, function):
        if any(call is n for n in inside) and id(call) not in caught_within:
            for part in reached(project, target, depth=1):
                for one in part.nodes:
                    if isinstance(one, tree.Raise) and last_name(one.exc) == "HTTPException":
                        if any(isinstance(a, tree.Try) for a in part.around(one)) or _status(one.exc) in answered - {
                            ""
                        }:
                            continue
                        return Related(part.path, one.lineno, f"what `{part.name}` raises")
    return None


RULE = Rule(
    "FX115",
    "broad except",
    "`except Exception` that turns a 4xx into something else",
    "routes",
    2,
    broad_except,
    also=r"BLE001|E722",
    alone=True,
)
