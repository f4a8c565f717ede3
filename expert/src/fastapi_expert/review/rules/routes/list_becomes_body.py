"""FX113: A list in a GET or DELETE without `Query()`."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.modules import Function, dotted
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule

_LISTS = frozenset({"list", "List", "set", "Set", "tuple", "Tuple", "Sequence", "frozenset"})


def list_becomes_body(project: Project, rule: Rule) -> Iterator[Finding]:
    methods: dict[int, set[str]] = {}
    for served in project.served:
        methods.setdefault(id(served.function), set()).add(served.route.method)
    for function in project.endpoints:
        if not methods.get(id(function)) or not methods[id(function)] <= {"GET", "HEAD", "DELETE"}:
            continue
        needed = {need.parameter for need in project.kinds.needs(function)}
        for one in [*function.node.args.args, *function.node.args.kwonlyargs]:
            if one.arg in needed or not _is_list(one.annotation):
                continue
            default = function.defaults.get(one.arg)
            if isinstance(default, tree.Call):  # `Query(…)`, under whatever name it was imported
                continue
            if _is_meant(project, function, one, methods[id(function)]):
                continue
            verbs = sorted(methods[id(function)])
            yield rule.at(
                function.path,
                one.lineno,
                f"`{one.arg}` is read from the body, which {_said(verbs)}: the query parameter is ignored, or 422",
                f"`{one.arg}: Annotated[{one.annotation.text if one.annotation else 'list'}, Query()]`",
                severity=3 if "DELETE" in verbs else None,
                confidence="likely" if "DELETE" in verbs else "certain",
            )


def _said(verbs: list[str]) -> str:
    if "DELETE" in verbs:
        return "means nothing in a DELETE and is dropped by some clients and proxies"
    return f"clients send with no {'/'.join(verbs)}"


_BODIES = frozenset({"body", "payload", "data", "request", "items", "data_in"})


def _is_meant(project: Project, function: Function, argument: tree.Arg, verbs: set[str]) -> bool:
    """Whether a DELETE takes a body on purpose: by its name, or because it holds objects."""
    named = [n for n in tree.walk(argument.annotation) if isinstance(n, tree.Name)] if argument.annotation else []
    symbols = [project.kinds.resolve(function.path, one.id) for one in named]
    objects = any(one is not None and one.kind == "class" and one.path for one in symbols)
    return "DELETE" in verbs and (argument.arg in _BODIES or objects)


# expert: ignore[FX302] both walk an annotation, and ask other things of it
def _is_list(annotation: tree.Expression | None) -> bool:
    match annotation:
        case tree.Subscript(value=value, slice=inner):
            name = dotted(value).rpartition(".")[2]
            return name in _LISTS or (name == "Optional" and _is_list(inner))
        case tree.BinOp(left=left, op="|", right=right):
            return _is_list(left) or _is_list(right)
        case tree.Name(id=name):
            return name in _LISTS
        case _:
            return False


RULE = Rule(
    "FX113",
    "list becomes a body",
    "A list in a GET or DELETE without `Query()`",
    "routes",
    2,
    list_becomes_body,
    alone=True,
)
