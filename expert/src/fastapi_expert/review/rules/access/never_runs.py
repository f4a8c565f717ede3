"""FX908: A check in a signature without `Depends`."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import Function, dotted
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule


def never_runs(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.endpoints:
        args = function.node.args
        for one in [*args.args, *args.kwonlyargs]:
            default = function.defaults.get(one.arg)
            if isinstance(default, tree.Call):
                target = project.kinds.callee(function.path, default)
                if isinstance(target, Function) and _gives_check(project, target):
                    yield rule.at(
                        function.path,
                        one.lineno,
                        f"`{target.name}(…)` is called once, when the module is imported; the check that it returns "
                        "never runs",
                        f"`Depends({default.text})`",
                    )
            check = _bare_check(project, function.path, one.annotation)
            if check is not None and not isinstance(default, tree.Call):
                yield rule.at(
                    function.path,
                    one.lineno,
                    f"`{check.name}` is only mentioned in the annotation: it never runs, and `{one.arg}` is a query "
                    "parameter",
                    f"`Annotated[…, Depends({check.name})]`",
                )


def _gives_check(project: Project, factory: Function) -> bool:
    """Whether a function returns one of its own functions that refuses or reads the request."""
    for node in factory.nodes:
        if isinstance(node, tree.Return) and isinstance(node.value, tree.Name):
            inner = project.module(factory.path).functions.get(f"{factory.facts.qualname}.{node.value.id}")
            if inner is not None:
                return True
    return False


def _bare_check(project: Project, path: str, annotation: tree.Expression | None) -> Function | None:
    """The function of the codebase that stands in `Annotated[…]` without `Depends`."""
    if not (isinstance(annotation, tree.Subscript) and last_name(annotation.value) == "Annotated"):
        return None
    parts = annotation.slice.elts if isinstance(annotation.slice, tree.Tuple) else []
    for one in parts[1:]:
        symbol = project.kinds.resolve(path, dotted(one))
        if symbol is not None and symbol.kind == "function":
            function = project.modules.function(symbol.path, symbol.name)
            if function is not None and any(isinstance(n, tree.Raise) for n in function.nodes):
                return function
    return None


RULE = Rule(
    "FX908",
    "check that never runs",
    "A check in a signature without `Depends`",
    "access",
    1,
    never_runs,
    also=r"B008",
    alone=True,
)
