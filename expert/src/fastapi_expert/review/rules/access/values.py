"""What a name of the top level stands for."""

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.modules import dotted
from fastapi_expert.review.flow.project import Project


def value_of(project: Project, path: str, node: tree.Expression | None) -> tree.Expression | None:
    """What a name of the top level is bound to, else the node itself."""
    symbol = project.kinds.resolve(path, dotted(node)) if node is not None else None
    if symbol is not None and symbol.kind == "value" and symbol.path and "." not in symbol.name:
        return project.module(symbol.path).assigned.get(symbol.name, node)
    return node


def texts_in(project: Project, path: str, node: tree.Expression | None) -> list[str]:
    value = value_of(project, path, node)
    if isinstance(value, tree.List | tree.Tuple | tree.Set):
        return [one.value for one in value.elts if isinstance(one, tree.Constant) and isinstance(one.value, str)]
    return [value.value] if isinstance(value, tree.Constant) and isinstance(value.value, str) else []
