"""FX914: A file opened or sent by a path that the caller sends."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import Function
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.taint import is_callers_text
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.access.files import files_opened, holds_inside


def path_traversal(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("FileResponse", "open", "read_text", "read_bytes", "unlink", "remove"):
        if holds_inside(function):
            continue
        for call, opened in files_opened(project, function):
            if last_name(call) in ("write_text", "write_bytes") and _is_named_by_us(project, function, opened):
                continue
            if is_callers_text(project, function, opened, paths=True):
                yield rule.at(
                    function.path,
                    call.lineno,
                    "`../` in what the caller sends leads out of the folder: any file of the server",
                    "`.resolve()` it and ask `is_relative_to(folder)`, or keep a table of names",
                )


def _is_named_by_us(project: Project, function: Function, path: tree.Expression) -> bool:
    """`Path(location) / "README.md"`: whoever may say where a folder is made may say so."""
    if isinstance(path, tree.Name):
        bound = project.kinds.bindings(function).get(path.id, [])
        path = bound[0].value if len(bound) == 1 else path
    return isinstance(path, tree.BinOp) and path.op == "/" and isinstance(path.right, tree.Constant)


RULE = Rule(
    "FX914",
    "path from the caller",
    "A file opened or sent by a path that the caller sends",
    "access",
    1,
    path_traversal,
    alone=True,
)
