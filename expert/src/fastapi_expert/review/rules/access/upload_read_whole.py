"""FX916: An upload read into memory whatever its size."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import argument, last_name
from fastapi_expert.review.flow.modules import dotted
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule

_LIMITS = re.compile(
    r"max\w*(?:body|size|upload|bytes|length)|(?:body|content|upload|request|file)\w*(?:size|limit|length)|limit\w*(?:body|size|upload)",
    re.IGNORECASE,
)


def upload_read_whole(project: Project, rule: Rule) -> Iterator[Finding]:
    found = list(_read_whole(project, rule))
    if found and not _limits_bodies(project):
        yield from found


def _read_whole(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.endpoints:
        uploads = {
            one.arg: one.annotation.text
            for one in [*function.node.args.args, *function.node.args.kwonlyargs]
            if one.annotation is not None and "UploadFile" in one.annotation.text
        }
        sized = any(
            isinstance(n, tree.Attribute) and n.attr in ("size", "content_length") for n in function.nodes
        ) or any(isinstance(n, tree.Constant) and str(n.value).lower() == "content-length" for n in function.nodes)
        each = {
            name
            for name, bound in project.kinds.bindings(function).items()
            for one in bound
            if one.each and dotted(one.value) in uploads
        }
        for one in [*function.node.args.args, *function.node.args.kwonlyargs]:
            if _is_bytes_file(one, function.defaults.get(one.arg)):
                yield _whole(rule, function.path, one.lineno, one.arg)
        for call in () if sized else function.calls:
            if not (
                isinstance(call.func, tree.Attribute)
                and call.func.attr == "read"
                and not call.args
                and not call.keywords
            ):
                continue
            owner = dotted(call.func.value).removesuffix(".file")
            if owner in uploads or owner in each:
                yield _whole(rule, function.path, call.lineno, owner)


def _limits_bodies(project: Project) -> bool:
    for (path, qualname), kind in project.codebase.kinds.items():
        if kind == "middleware":
            cls = project.module(path).classes.get(qualname) if path in project.codebase.files else None
            names = [
                qualname,
                *(
                    [n.arg for f in cls.body if isinstance(f, tree.FunctionDef) for n in f.args.args]
                    if cls is not None
                    else []
                ),
            ]
            if any(_LIMITS.search(name) for name in names):
                return True
    for path in project.all_paths():
        source = project.modules.source(path)
        if b"add_middleware" in source or b"FastAPI(" in source:
            for call in [n for n in tree.walk(project.module(path).root) if isinstance(n, tree.Call)]:
                if last_name(call) in ("add_middleware", "Middleware", "FastAPI"):
                    words = [last_name(argument(call, 0, "")), *[one.arg or "" for one in call.keywords]]
                    if any(_LIMITS.search(word) for word in words if word):
                        return True
    return False


def _is_bytes_file(one: tree.Arg, default: tree.Expression | None) -> bool:
    text = one.annotation.text if one.annotation is not None else ""
    by_default = isinstance(default, tree.Call) and last_name(default) == "File"
    return bool(re.match(r"Annotated\[bytes\b.*\bFile\(", text)) or (text in ("bytes", "bytes | None") and by_default)


def _whole(rule: Rule, path: str, line: int, name: str) -> Finding:
    return rule.at(
        path,
        line,
        f"`{name}` is read into memory whatever its size: a few large uploads end the process",
        "read pieces and stop at a limit, or refuse by `size` first",
        confidence="likely",
    )


RULE = Rule(
    "FX916",
    "upload read whole",
    "An upload read into memory whatever its size",
    "access",
    1,
    upload_read_whole,
    alone=True,
)
