"""What a statement of SQLAlchemy selects, and what of a table is a relation, a secret or unique."""

from collections.abc import Iterator
from typing import NamedTuple

from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.kinds import SESSIONS
from fastapi_expert.review.flow.modules import Function, dotted, keyword
from fastapi_expert.review.flow.project import Project

GETTERS = frozenset({"get", "get_one"})
RUNNERS = frozenset({"execute", "scalar", "scalars", "exec", "stream", "stream_scalars"})
_LOADERS = frozenset({"options", "join", "outerjoin", "execution_options", "from_statement"})
_EAGER = frozenset({"selectin", "joined", "subquery", "immediate", "write_only", "dynamic", "noload", "raise"})
_DEPTH = 8


class Query(NamedTuple):
    """A statement that a session runs: the table, the names of the methods on the way, and the session's kind."""

    table: Symbol
    steps: frozenset[str]
    call: tree.Call
    session: str


def query(project: Project, function: Function, node: tree.Node | None, depth: int = 0) -> Query | None:
    """The query whose rows, or the row of which, ``node`` gives: through awaits, `.all()`, `list()` and names."""
    if node is None or depth > _DEPTH:
        return None
    match node:
        case tree.Await(value=value) | tree.Starred(value=value) | tree.NamedExpr(value=value):
            return query(project, function, value, depth + 1)
        case tree.Name(id=name):
            bound = project.kinds.bindings(function).get(name, [])
            found = [query(project, function, one.value, depth + 1) for one in bound]
            return found[0] if len(found) == 1 else None
        case tree.Call(func=tree.Attribute(value=owner, attr=method)):
            kind = project.kinds.of(function.path, owner, function)
            if kind in SESSIONS and method in GETTERS and node.args:
                table = table_of(project, function.path, node.args[0])
                steps = {method, *[one.arg for one in node.keywords if one.arg]}
                return Query(table, frozenset(steps), node, kind) if table is not None else None
            if kind in SESSIONS and method in RUNNERS and node.args:
                statement = _statement(project, function, node.args[0], 0)
                if statement is None:
                    return None
                return Query(statement[0], statement[1] | {method}, node, kind)
            if kind in SESSIONS and method == "query" and node.args:
                table = table_of(project, function.path, node.args[0])
                return Query(table, frozenset({"query"}), node, kind) if table is not None else None
            inner = query(project, function, owner, depth + 1)
            return inner._replace(steps=inner.steps | {method}) if inner is not None else None
        case tree.Call(func=tree.Name(id="list" | "tuple" | "set" | "sorted"), args=[value]):
            inner = query(project, function, value, depth + 1)
            return inner._replace(steps=inner.steps | {"all"}) if inner is not None else None
        case _:
            return None


def _statement(
    project: Project, function: Function, node: tree.Node, depth: int
) -> tuple[Symbol, frozenset[str]] | None:
    """The table of `select(Table)…` and the methods called on it, those of later assignments of its name included."""
    if depth > _DEPTH:
        return None
    match node:
        case tree.Call(func=tree.Attribute(value=owner, attr=method)):
            if method == "select" and dotted(owner):
                return _selected(project, function, node)
            inner = _statement(project, function, owner, depth + 1)
            return (inner[0], inner[1] | {method}) if inner is not None else None
        case tree.Call(func=tree.Name(id="select")):
            return _selected(project, function, node)
        case tree.Name(id=name):
            bound = project.kinds.bindings(function).get(name, [])
            steps: set[str] = set()
            table: Symbol | None = None
            for one in bound:
                if name in {n.id for n in tree.walk(one.value) if isinstance(n, tree.Name)}:
                    steps |= {n.attr for n in tree.walk(one.value) if isinstance(n, tree.Attribute)}
                    continue
                found = _statement(project, function, one.value, depth + 1)
                if found is not None:
                    table = found[0]
                    steps |= found[1]
            return (table, frozenset(steps)) if table is not None else None
        case _:
            return None


def _selected(project: Project, function: Function, call: tree.Call) -> tuple[Symbol, frozenset[str]] | None:
    if not call.args:
        return None
    first = call.args[0]
    steps = (
        frozenset({"columns"})
        if isinstance(first, tree.Attribute | tree.Call) or len(call.args) > 1
        else frozenset[str]()
    )
    table = table_of(project, function.path, first)
    if table is None and isinstance(first, tree.Attribute):
        table = table_of(project, function.path, first.value)
    return (table, steps) if table is not None else None


def table_of(project: Project, path: str, node: tree.Node | None) -> Symbol | None:
    """The table class that a name stands for."""
    symbol = project.kinds.resolve(path, dotted(node))
    if symbol is None or symbol.kind != "class" or not project.is_table(symbol.path, symbol.name):
        return None
    return symbol


def column(project: Project, path: str, node: tree.Node | None) -> tuple[Symbol, str] | None:
    """The table and the name of a column that `Table.name` stands for."""
    if not isinstance(node, tree.Attribute):
        return None
    table = table_of(project, path, node.value)
    return (table, node.attr) if table is not None else None


def is_many(found: Query) -> bool:
    """Whether a query gives rows, not one."""
    return not found.steps & {"one", "one_or_none", "first", "scalar", "scalar_one", "scalar_one_or_none", *GETTERS}


def loads_more(found: Query) -> bool:
    """Whether a query says anything of what else to load."""
    return bool(found.steps & _LOADERS)


def lazy_relations(project: Project, table: Symbol) -> dict[str, int]:
    """The relations of a table that load when they are touched: name to line."""
    return {
        name: call.lineno
        for name, call in _made(project, table)
        if dotted(call.func).rpartition(".")[2] in ("relationship", "Relationship") and _is_lazy(call)
    }


def _made(project: Project, table: Symbol) -> Iterator[tuple[str, tree.Call]]:
    """The names that a table's class, and those above it, give the result of a call: columns, fields, relations."""
    above = [table, *[s for s in project.codebase.names.ancestors(table.path, table.name) if s.kind == "class"]]
    for symbol in above:
        cls = project.module(symbol.path).classes.get(symbol.name)
        for statement in cls.body if cls is not None else ():
            match statement:
                case tree.AnnAssign(target=tree.Name(id=name), value=tree.Call() as call):
                    yield name, call
                case tree.Assign(targets=[tree.Name(id=name)], value=tree.Call() as call):
                    yield name, call
                case _:
                    pass


def _is_lazy(call: tree.Call) -> bool:
    lazy = keyword(call, "lazy")
    if lazy is None:
        given = keyword(call, "sa_relationship_kwargs")
        if given is None:
            return True
        pairs = zip(given.keys, given.values, strict=True) if isinstance(given, tree.Dict) else ()
        values = [value for key, value in pairs if isinstance(key, tree.Constant) and key.value == "lazy"]
        if not isinstance(given, tree.Dict):
            return False
        if not values:
            return True
        lazy = values[0]
    if not isinstance(lazy, tree.Constant):
        return False
    return lazy.value not in _EAGER


def field_call(project: Project, table: Symbol, name: str) -> tree.Call | None:
    """The `mapped_column(…)`, `Column(…)` or `Field(…)` of a column."""
    return next((call for found, call in _made(project, table) if found == name), None)


def is_unique(project: Project, table: Symbol, name: str) -> bool:
    call = field_call(project, table, name)
    given = keyword(call, "unique") if call is not None else None
    return isinstance(given, tree.Constant) and given.value is True
