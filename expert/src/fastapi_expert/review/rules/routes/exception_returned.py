"""FX116: `return HTTPException(…)`."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Edit, Finding, Rule

_EXCEPTIONS = ("fastapi.HTTPException", "fastapi.exceptions.HTTPException", "starlette.exceptions.HTTPException")


def exception_returned(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.endpoints:
        for node in function.nodes:
            if isinstance(node, tree.Return) and node.value is not None:
                value = node.value
                if isinstance(value, tree.Name):
                    bound = project.kinds.bindings(function).get(value.id, [])
                    value = bound[0].value if len(bound) == 1 else value
                if (
                    isinstance(value, tree.Call)
                    and project.kinds.external(function.path, value.func, function) in _EXCEPTIONS
                ):
                    yield rule.at(
                        function.path,
                        node.lineno,
                        "an exception that is returned is an answer like any other: 200, with the error as its body",
                        "`raise`",
                        fix=_raised(function.path, node),
                    )


def _raised(path: str, node: tree.Return) -> tuple[Edit, ...]:
    return (Edit(path, node.start, node.start + len("return"), "return", "raise"),)


RULE = Rule("FX116", "exception returned", "`return HTTPException(…)`", "routes", 2, exception_returned, alone=True)
