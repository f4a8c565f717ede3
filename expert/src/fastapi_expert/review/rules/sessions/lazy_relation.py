"""FX706: A relation that nothing loaded, touched in `async def`."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name, session_calls
from fastapi_expert.review.flow.modules import Function, dotted
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.queries import (
    Query,
    lazy_relations,
    loads_more,
    query,
)
from fastapi_expert.review.model import Finding, Related, Rule


def _row_of(project: Project, function: Function, name: str) -> Query | None:
    """The query of an async session that gave the row, or each row, called ``name``."""
    bound = project.kinds.bindings(function).get(name, [])
    found = query(project, function, bound[0].value) if len(bound) == 1 else None
    return found if found is not None and found.session == "async-session" else None


def _is_awaitable(node: tree.Node) -> bool:
    """`row.awaitable_attrs.children`, which loads them."""
    return isinstance(node, tree.Attribute) and last_name(node.value) == "awaitable_attrs"


def lazy_relation(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("scalars", "scalar", "execute", "exec", "get", "get_one"):
        if not function.is_async:
            continue
        refreshed = {
            dotted(call.args[0])
            for call in session_calls(project, function, {"refresh"})
            if call.args and (len(call.args) > 1 or call.keywords)
        }
        written = {dotted(n) for n in function.nodes if isinstance(n, tree.Attribute) and n.ctx == "store"}
        awaited = {dotted(n).replace(".awaitable_attrs", "") for n in function.nodes if _is_awaitable(n)}
        reported: set[str] = set()
        for node in function.nodes:
            if not (isinstance(node, tree.Attribute) and node.ctx == "load"):
                continue
            if (
                not isinstance(node.value, tree.Name)
                or dotted(node) in written | reported | awaited
                or node.value.id in refreshed
            ):
                continue
            row = _row_of(project, function, node.value.id)
            if row is None or loads_more(row) or "options" in row.steps:
                continue
            if node.attr in lazy_relations(project, row.table) and not _was_loaded(function, row, node):
                reported.add(dotted(node))
                yield rule.at(
                    function.path,
                    node.lineno,
                    f"`{node.attr}` of {row.table.name} is not loaded, and cannot be loaded here: MissingGreenlet, a "
                    "500",
                    f"load it with the query: `.options(selectinload({row.table.name}.{node.attr}))`",
                    related=(Related(function.path, row.call.lineno, "the query that does not load it"),),
                )


def _was_loaded(function: Function, row: Query, node: tree.Attribute) -> bool:
    """Whether an earlier query names the relation: the session still knows the rows that it loaded."""
    return any(
        call.lineno < row.call.lineno
        and any(isinstance(n, tree.Attribute) and n.attr == node.attr for one in call.args for n in tree.walk(one))
        for call in function.calls
        if last_name(call) in ("selectinload", "joinedload", "subqueryload", "immediateload", "contains_eager")
    )


RULE = Rule(
    "FX706",
    "lazy relation in async code",
    "A relation that nothing loaded, touched in `async def`",
    "sessions",
    1,
    lazy_relation,
    alone=True,
)
