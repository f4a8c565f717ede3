"""FX707: A response schema with a relation that its query leaves out."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import (
    last_name,
    session_calls,
)
from fastapi_expert.review.flow.modules import dotted
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.queries import (
    lazy_relations,
    loads_more,
    query,
)
from fastapi_expert.review.model import Finding, Related, Rule


def relation_not_loaded(project: Project, rule: Rule) -> Iterator[Finding]:
    models: dict[int, str] = {}
    for served in project.served:
        if served.function is not None and served.route.response_model:
            models[id(served.function)] = served.route.response_model
    for function in project.functions("scalars", "scalar", "execute", "exec", "get", "get_one"):
        if not function.is_async or any(True for _ in session_calls(project, function, {"refresh"})):
            continue
        for node in function.nodes:
            schema, value, line = "", None, 0
            if isinstance(node, tree.Return) and id(function) in models:
                schema, value, line = models[id(function)], node.value, node.lineno
            elif isinstance(node, tree.Call) and last_name(node) in ("model_validate", "from_orm") and node.args:
                owner = node.func.value if isinstance(node.func, tree.Attribute) else None
                symbol = project.kinds.resolve(function.path, dotted(owner))
                if symbol is not None and symbol.kind == "class":
                    schema, value, line = f"schema:{symbol.path}::{symbol.name}", node.args[0], node.lineno
            if value is None:
                continue
            row = query(project, function, value)
            if row is None or row.session != "async-session" or loads_more(row) or "columns" in row.steps:
                continue
            path, _, qualname = schema.partition(":")[2].partition("::")
            if project.is_table(path, qualname):
                continue
            lazy = lazy_relations(project, row.table)
            held = next((one.name for one in project.codebase.fields(path, qualname) if one.name in lazy), None)
            if held is not None:
                yield rule.at(
                    function.path,
                    line,
                    f"{qualname} holds `{held}`, which this query does not load: MissingGreenlet, a 500",
                    f"`.options(selectinload({row.table.name}.{held}))`",
                    related=(Related(row.table.path, lazy[held], "the relation"),),
                )


RULE = Rule(
    "FX707",
    "relation of the answer not loaded",
    "A response schema with a relation that its query leaves out",
    "sessions",
    1,
    relation_not_loaded,
    alone=True,
)
