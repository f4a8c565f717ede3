"""FX914: A file opened or sent by a path that the caller sends."""

import re
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
                ends = _ends_as_we_say(project, function, opened)
                yield rule.at(
                    function.path,
                    call.lineno,
                    "`../` in what the caller sends leads out of the folder: any file of the server"
                    + (" that ends so" if ends else ""),
                    "`.resolve()` it and ask `is_relative_to(folder)`, or keep a table of names",
                    severity=2 if ends else None,
                    confidence="likely" if ends else "certain",
                )


def _ends_as_we_say(project: Project, function: Function, node: tree.Expression, depth: int = 0) -> bool:
    """`folder / f"{name}.png"`: only files of one kind can be named."""
    if depth > 4:
        return False
    match node:
        case tree.Name(id=name):
            bound = project.kinds.bindings(function).get(name, [])
            return any(_ends_as_we_say(project, function, one.value, depth + 1) for one in bound)
        case tree.BinOp(right=last) | tree.Call(args=[*_, last]):
            return _ends_as_we_say(project, function, last, depth + 1)
        case tree.JoinedStr(values=[*_, tree.Constant(value=str(text)), tree.FormattedValue()]):
            return text.endswith(".")
        case tree.JoinedStr(values=[*_, tree.Constant(value=str(text))]) | tree.Constant(value=str(text)):
            return re.search(r"\.\w+$", text) is not None
        case _:
            return False


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
