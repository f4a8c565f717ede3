"""FX112: A parameter or field that may be None and has no default."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.vocabulary import REQUESTS
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import Function, dotted, is_constant, keyword
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Edit, Finding, Rule


def optional_but_required(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.endpoints:
        needed = {need.parameter for need in project.kinds.needs(function)}
        template = " ".join(one.route.path for one in project.served if one.function is function)
        for one in [*function.node.args.args, *function.node.args.kwonlyargs]:
            if (
                one.arg in function.defaults
                or one.arg in needed
                or f"{{{one.arg}" in template
                or one.annotation is None
            ):
                continue
            inner = one.annotation
            if (
                isinstance(inner, tree.Subscript)
                and last_name(inner.value) == "Annotated"
                and isinstance(inner.slice, tree.Tuple)
            ):
                if any(
                    isinstance(n, tree.Call) and last_name(n) not in ("Query", "Header", "Cookie")
                    for n in inner.slice.elts[1:]
                ):
                    continue
                if any(keyword(n, "default_factory") for n in inner.slice.elts[1:] if isinstance(n, tree.Call)):
                    continue
                inner = inner.slice.elts[0]
            if _is_optional(inner) and not any(word in inner.text for word in REQUESTS):
                yield rule.at(
                    function.path,
                    one.lineno,
                    f"`{one.arg}` may be None and has no default: a request without it is a 422",
                    f"`{one.arg}: … = None`",
                    fix=_defaulted(function, one),
                )
    if not project.versions.pydantic.may_be_at_least((2, 0)):
        return
    answers = {served.route.response_model for served in project.served}
    asked = {model for served in project.served for model in served.route.request_models}
    for id_ in sorted(asked - answers):
        path, _, qualname = id_.partition(":")[2].partition("::")
        cls = project.module(path).classes.get(qualname) if path in project.codebase.files else None
        for statement in cls.body if cls is not None and not _is_asked_for(cls) else ():
            if isinstance(statement, tree.AnnAssign) and statement.value is None and _is_optional(statement.annotation):
                yield rule.at(
                    path,
                    statement.lineno,
                    f"`{statement.target.text}` may be None and has no default: since Pydantic 2 a body "
                    "without it is a 422",
                    "`= None`",
                    confidence="likely",
                )


_CHANGES = re.compile(r"update|patch|edit|filter|query|search|param|partial", re.IGNORECASE)


def _is_asked_for(cls: tree.ClassDef) -> bool:
    """Whether a class asks for a value that may be null: it says `X | None`, and no field has a default."""
    fields = [one for one in cls.body if isinstance(one, tree.AnnAssign)]
    if _CHANGES.search(cls.name) or any(one.value is not None for one in fields):
        return False
    return not any("Optional" in one.annotation.text for one in fields)


def _defaulted(function: Function, argument: tree.Arg) -> tuple[Edit, ...]:
    """`= None` behind it, where every parameter behind it has a default already or is given by name."""
    args = function.node.args.args
    behind = args[args.index(argument) + 1 :] if argument in args else []
    if any(one.arg not in function.defaults for one in behind):
        return ()
    return (Edit(function.path, argument.end, argument.end, "", " = None"),)


def _is_optional(annotation: tree.Expression) -> bool:
    match annotation:
        case tree.BinOp(left=left, op="|", right=right):
            return is_constant(right, None) or is_constant(left, None) or _is_optional(left)
        case tree.Subscript(value=value, slice=inner):
            name = dotted(value).rpartition(".")[2]
            parts = inner.elts if isinstance(inner, tree.Tuple) else [inner]
            return name == "Optional" or (name == "Union" and any(is_constant(one, None) for one in parts))
        case _:
            return False


RULE = Rule(
    "FX112",
    "optional but required",
    "A parameter or field that may be None and has no default",
    "routes",
    2,
    optional_but_required,
    alone=True,
)
