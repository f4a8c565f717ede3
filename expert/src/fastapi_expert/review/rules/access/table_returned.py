"""FX905: A table's row as the answer, its secrets included."""

from collections.abc import Iterator

from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.modules import Function
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.queries import GETTERS, RUNNERS, query
from fastapi_expert.review.model import Finding, Rule
from fastapi_expert.review.rules.access.secrets import SECRETS, decorator_says, secret_field


def table_returned(project: Project, rule: Rule) -> Iterator[Finding]:
    seen: set[int] = set()
    for served in project.served:
        function = served.function
        if function is None or id(function) in seen or served.route.websocket:
            continue
        model = served.route.response_model
        path, _, qualname = (model or "").partition(":")[2].partition("::")
        if model and not project.is_table(path, qualname):
            continue
        if not model and (
            function.node.returns is not None or decorator_says(function, "response_model", "response_class")
        ):
            continue
        if decorator_says(function, "response_model_exclude", "response_model_include"):
            continue
        for node in function.nodes:
            if not isinstance(node, tree.Return):
                continue
            for value in _parts(node.value):
                table = _row_table(project, function, value)
                field = secret_field(project, table.path, table.name, SECRETS) if table is not None else ""
                if table is not None and field and id(function) not in seen:
                    seen.add(id(function))
                    yield rule.at(
                        function.path,
                        node.lineno,
                        f"the whole row of {table.name} is sent, `{field}` included",
                        "a response model that names what may be seen",
                    )


_ROWS = frozenset(
    [
        *(*RUNNERS, *GETTERS, "query", "all", "first", "one", "one_or_none", "scalar_one", "scalar_one_or_none"),
        *("fetchall", "fetchone", "fetchmany", "partitions", "unique", "yield_per"),
        *("where", "filter", "filter_by", "order_by", "limit", "offset", "slice", "distinct", "group_by", "having"),
        *("join", "outerjoin", "select_from", "options", "with_for_update", "populate_existing"),
        *("execution_options", "params", "ident", "entity", "bind_arguments"),
    ]
)
"""Steps of a query after which there are rows still: any other gives something that is made of them."""


def _parts(value: tree.Expression | None) -> list[tree.Expression]:
    if isinstance(value, tree.Dict):
        return [part for one in value.values for part in _parts(one)]
    if isinstance(value, tree.List | tree.Tuple):
        return [part for one in value.elts for part in _parts(one)]
    return [value] if value is not None else []


def _row_table(project: Project, function: Function, value: tree.Expression) -> Symbol | None:
    found = query(project, function, value)
    if found is not None:
        return found.table if found.steps <= _ROWS else None
    kind = project.kinds.of(function.path, value, function)
    cls = project.class_of(kind)
    if cls is not None and project.is_table(cls.path, cls.name):
        return cls
    if isinstance(value, tree.Name):
        bound = project.kinds.bindings(function).get(value.id, [])
        value = bound[0].value if len(bound) == 1 else value
    if isinstance(value, tree.Await):
        value = value.value
    target = project.kinds.callee(function.path, value, function) if isinstance(value, tree.Call) else None
    if isinstance(target, Function):
        results = [query(project, target, n.value) for n in target.nodes if isinstance(n, tree.Return)]
        tables = {one.table for one in results if one is not None and one.steps <= _ROWS}
        return tables.pop() if len(tables) == 1 else None
    return None


RULE = Rule(
    "FX905",
    "row returned as it is",
    "A table's row as the answer, its secrets included",
    "access",
    1,
    table_returned,
    alone=True,
)
