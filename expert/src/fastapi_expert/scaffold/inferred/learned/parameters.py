"""A parameter as an endpoint writes it: what it depends on, and the type behind it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.link.dependencies import Dependencies, Need
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FunctionFacts, Param
from fastapi_expert.scaffold.inferred.sources import Sources


@dataclass(frozen=True, slots=True)
class ParameterTemplate:
    """A parameter as an endpoint of this project writes it, and the file whose imports give it its meaning."""

    name: str
    annotation: str
    default: str
    path: str

    def __str__(self) -> str:
        return f"{self.name}: {self.annotation}" + (f" = {self.default}" if self.default else "")


def template_of(sources: Sources, path: str, function: FunctionFacts, param: Param) -> ParameterTemplate:
    """The parameter of ``function`` as others may write it: a default that the linter has to be told to let pass
    (`= Depends(get_db),  # noqa: B008`) stands in `Annotated`, where it need not."""
    header = sources.lines(path, function.line, function.end_line)
    silenced = re.search(rf"\b{re.escape(param.name)}\s*:[^\n]*(?:Depends|Security)\([^\n]*#\s*noqa", header)
    if silenced and param.annotation and re.match(r"(?:\w+\.)?(?:Depends|Security)\(", param.default):
        return ParameterTemplate(param.name, f"Annotated[{param.annotation}, {param.default}]", "", path)
    return ParameterTemplate(param.name, param.annotation, param.default, path)


def needs_of(dependencies: Dependencies, path: str, param: Param) -> Iterator[Need]:
    """Each `Depends(…)` of the parameter, as its default or in its annotation."""
    if param.default_expr is not None:
        yield from dependencies.in_expr(path, param.default_expr)
    yield from dependencies.in_expr(path, param.annotation_expr or param.annotation or None)


def plain_type(codebase: Codebase, path: str, param: Param) -> tuple[str, str]:
    """The type inside `Annotated[T, …]`, through an alias, and the file that writes it."""
    expr = param.annotation_expr if param.annotation_expr is not None else param.annotation
    if isinstance(expr, str):
        symbol = codebase.names.resolve(path, expr)
        value = codebase.names.assigned(symbol) if symbol is not None and symbol.kind == "value" else None
        if symbol is not None and value is not None:
            path, expr = symbol.path, value
    generic = ir.match(expr, ir.Subscript)
    inside = ir.match(generic.index, ir.Display) if generic is not None else None
    if generic is not None and inside is not None and ir.dotted(generic.value).endswith("Annotated"):
        expr = inside.items[0]
    return path, expr if isinstance(expr, str) else ""
