"""Sessions and transactions of SQLAlchemy: what is committed, when, by whom, and how long a connection is held."""

from collections.abc import Iterator
from typing import Any, cast

from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import (
    argument,
    callees,
    last_name,
    reached,
    reaches,
    running,
    session_calls,
)
from fastapi_expert.review.flow.kinds import SESSIONS
from fastapi_expert.review.flow.modules import Function, dotted, is_constant, keyword, walk
from fastapi_expert.review.flow.project import Project, ServedEndpoint
from fastapi_expert.review.flow.queries import (
    Query,
    column,
    is_unique,
    lazy_relations,
    loads_more,
    query,
    table_of,
)
from fastapi_expert.review.flow.taint import is_callers_text
from fastapi_expert.review.model import Finding, Related, Rule

_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_WRITES = frozenset({"add", "add_all", "delete", "merge", "flush", "bulk_save_objects", "bulk_insert_mappings"})
_ENDS = frozenset({"commit", "close", "rollback", "aclose"})
_IO = frozenset(
    [
        "execute",
        "scalar",
        "scalars",
        "get",
        "get_one",
        "commit",
        "flush",
        "refresh",
        "exec",
        "query",
        "merge",
        "rollback",
        "bulk_save_objects",
    ]
)
_COROUTINES = frozenset(
    [
        "execute",
        "scalar",
        "scalars",
        "get",
        "get_one",
        "commit",
        "flush",
        "refresh",
        "exec",
        "merge",
        "delete",
        "rollback",
        "close",
        "stream",
        "stream_scalars",
        "run_sync",
    ]
)
_STREAMS = frozenset({"StreamingResponse", "EventSourceResponse"})


# -- the code around a yield --------------------------------------------------------------------------------------


def commit_after_yield(project: Project, rule: Rule) -> Iterator[Finding]:
    if not project.versions.fastapi.may_be_at_least((0, 118)):
        return
    for function, routes in project.dependencies.values():
        place = _commits_after(project, function)
        if place is None:
            continue
        losing = [one for one in routes if _loses(project, one, function)]
        if not losing:
            continue
        writing = next((one for one in losing if _writes(project, one)), None)
        first = (writing or losing[0]).route
        yield rule.at(
            function.path,
            place.lineno,
            f"{first.method} {first.path} is answered before this commit: when it fails, the caller was told that it "
            "worked and nothing is stored",
            'commit in the endpoint, or ask for it with `Depends(…, scope="function")` (FastAPI ≥ 0.121)',
            confidence="certain" if writing is not None else "likely",
            related=(Related(first.path_file, first.line, f"{first.method} {first.path}"),),
        )


def _commits_after(project: Project, function: Function) -> tree.Statement | tree.Call | None:
    """The statement that commits when the code after the `yield` of a session runs."""
    for one in function.yields:
        kind = project.kinds.of(function.path, one.value, function)
        if kind not in SESSIONS | {"connection", "async-connection"}:
            continue
        for above in function.around(one):
            if isinstance(above, tree.With):
                for item in above.items:
                    if _begins(project, function, item.context_expr):
                        return above
        for call in session_calls(project, function, {"commit"}):
            if call.lineno > one.lineno and not _in_finally(function, call) and not _in_handler(function, call):
                return call
    return None


def _begins(project: Project, function: Function, node: tree.Expression) -> bool:
    if not (isinstance(node, tree.Call) and isinstance(node.func, tree.Attribute) and node.func.attr == "begin"):
        return False
    return project.kinds.of(function.path, node, function) != ""


def _in_finally(function: Function, node: tree.Node) -> bool:
    inner = node
    for above in function.around(node):
        if isinstance(above, tree.Try) and any(inner is one for one in above.finalbody):
            return True
        inner = above
    return False


def _in_handler(function: Function, node: tree.Node) -> bool:
    return any(isinstance(above, tree.ExceptHandler) for above in function.around(node))


def _loses(project: Project, served: ServedEndpoint, dependency: Function) -> bool:
    """Whether a route changes something and leaves the commit to ``dependency`` in the scope of the request."""
    if served.route.method not in _CHANGING or served.function is None:
        return False
    asked = [one for one in project.injected(served.function) if one.function is dependency]
    if asked and all(one.need.scope == "function" for one in asked):
        return False
    inside = [served.function, *[one.function for one in project.injected(served.function) if one.function]]
    others = [one for one in inside if one is not dependency]
    return not any(reaches(project, one, lambda f: _ends_itself(project, f, dependency)) for one in others)


def _ends_itself(project: Project, function: Function, dependency: Function) -> bool:
    if function is dependency:
        return False
    if any(True for _ in session_calls(project, function, {"commit"})):
        return True
    items = [item for node in function.nodes if isinstance(node, tree.With) for item in node.items]
    return any(_begins(project, function, item.context_expr) for item in items)


def _writes(project: Project, served: ServedEndpoint) -> bool:
    def writes(function: Function) -> bool:
        if any(True for _ in session_calls(project, function, _WRITES)):
            return True
        return any(last_name(call) in ("insert", "update", "delete") for call in function.calls)

    return served.function is not None and reaches(project, served.function, writes)


def commit_in_finally(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.dependency_functions:
        for one in function.yields:
            for above in function.around(one):
                if not (isinstance(above, tree.Try) and any(one is n for s in above.body for n in walk(s))):
                    continue
                undone = [n for handler in above.handlers for s in handler.body for n in walk(s)]
                if any(isinstance(n, tree.Attribute) and n.attr == "rollback" for n in undone):
                    continue
                last = {id(n) for s in above.finalbody for n in walk(s)}
                for call in session_calls(project, function, {"commit"}):
                    if id(call) in last:
                        yield rule.at(
                            function.path,
                            call.lineno,
                            "`finally` commits also when the handler refused: a request that is answered 409 still "
                            "stores what it wrote",
                            "commit after the `yield` in `try`, roll back in `except`, close in `finally`",
                        )


_LEFT_ALONE = frozenset({"GeneratorExit", "CancelledError", "WebSocketDisconnect", "ClientDisconnect", "StopIteration"})


def swallowed_around_yield(project: Project, rule: Rule) -> Iterator[Finding]:
    if not project.versions.fastapi.may_be_at_least((0, 110)):
        return
    for function in project.dependency_functions:
        for one in function.yields:
            for above in function.around(one):
                if not (isinstance(above, tree.Try) and any(one is n for s in above.body for n in walk(s))):
                    continue
                for handler in above.handlers:
                    inside = [n for s in handler.body for n in walk(s)]
                    names = {last_name(n) for n in tree.walk(handler.type)} if handler.type is not None else set[str]()
                    if any(isinstance(n, tree.Raise) for n in inside) or names & _LEFT_ALONE:
                        continue
                    yield rule.at(
                        function.path,
                        handler.lineno,
                        "what the endpoint raises ends here and is not raised again: a 404 becomes a 500",
                        "end the handler with `raise`",
                    )


# -- one session in several places --------------------------------------------------------------------------------


def session_in_gather(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("gather", "create_task", "TaskGroup"):
        seen: dict[str, int] = {}
        for call in function.calls:
            name = last_name(call)
            if name == "gather" and project.kinds.external(function.path, call.func, function) == "asyncio.gather":
                keys: dict[str, int] = {}
                for one in call.args:
                    for key, times in _sessions_in(project, function, one).items():
                        keys[key] = keys.get(key, 0) + times
            elif name == "create_task" and call.args:
                keys = _sessions_in(project, function, call.args[0])
                if any(isinstance(a, tree.For | tree.While) for a in function.around(call)):
                    keys = {key: 2 * times for key, times in keys.items()}
                for key in keys:
                    keys[key] += seen.get(key, 0)
                    seen[key] = keys[key]
            else:
                continue
            shared = next((key for key, times in keys.items() if times > 1), None)
            if shared is not None:
                yield rule.at(
                    function.path,
                    call.lineno,
                    f"`{shared}` is used by several tasks at once: SQLAlchemy raises IllegalStateChangeError, or the "
                    "tasks see each other's transaction",
                    "open a session inside of each task, or await one after the other",
                    end_line=call.lineno,
                )


def _sessions_in(project: Project, function: Function, node: tree.Expression, depth: int = 0) -> dict[str, int]:
    """The sessions that the coroutine(s) of ``node`` use, by their text, and how many of the coroutines do."""
    if depth > 4:
        return {}
    match node:
        case tree.Starred(value=value):
            return _sessions_in(project, function, value, depth + 1)
        case tree.ListComp(elt=elt) | tree.GeneratorExp(elt=elt) | tree.SetComp(elt=elt):
            own = {n.id for one in node.generators for n in tree.walk(one.target) if isinstance(n, tree.Name)}
            found = _sessions_in(project, function, elt, depth + 1)
            return {key: 2 for key in found if key.partition(".")[0] not in own}
        case tree.List(elts=elts) | tree.Tuple(elts=elts):
            found: dict[str, int] = {}
            for one in elts:
                for key, times in _sessions_in(project, function, one, depth + 1).items():
                    found[key] = found.get(key, 0) + times
            return found
        case tree.Name(id=name):
            bound = project.kinds.bindings(function).get(name, [])
            return _sessions_in(project, function, bound[0].value, depth + 1) if len(bound) == 1 else {}
        case tree.Call():
            return dict.fromkeys(_sessions_of_call(project, function, node), 1)
        case _:
            return {}


def _sessions_of_call(project: Project, function: Function, call: tree.Call) -> set[str]:
    found: set[str] = set()
    given = [*call.args, *[one.value for one in call.keywords]]
    if isinstance(call.func, tree.Attribute):
        owner = call.func.value
        kind = project.kinds.of(function.path, owner, function)
        if kind == "async-session":
            found.add(dotted(owner) or owner.text)
        elif kind.startswith("object ") and dotted(owner):
            method = project.kinds.method(kind, call.func.attr)
            if method is not None and _uses_own_session(project, method, {"async-session"}):
                found.add(dotted(owner))
    for one in given:
        if dotted(one) and project.kinds.of(function.path, one, function) == "async-session":
            found.add(dotted(one))
    return found


def _uses_own_session(project: Project, method: Function, kinds: "frozenset[str] | set[str]") -> bool:
    """Whether a method, or one of the same object that it calls, uses a session that the object holds."""
    for one in reached(project, method, depth=2):
        for node in one.nodes:
            held = isinstance(node, tree.Attribute) and isinstance(node.value, tree.Name) and node.value.id == "self"
            if held and project.kinds.of(one.path, node, one) in kinds:
                return True
    return False


def module_session(project: Project, rule: Rule) -> Iterator[Finding]:
    if not project.endpoints:
        return
    for path in project.paths():
        if not any(word in repr(project.codebase.files[path].imports) for word in ("sqlalchemy", "sqlmodel")):
            continue
        for name, value in project.module(path).assigned.items():
            kind = project.kinds.of(path, value)
            if kind not in SESSIONS | {"connection", "async-connection"}:
                continue
            if any(_mentions(project, function, path, name) for function in project.functions(name)):
                yield rule.at(
                    path,
                    value.lineno,
                    f"every request shares `{name}`: they see each other's transactions, and the first error leaves it "
                    "unusable for all",
                    "open one in a dependency, for each request",
                )


def _mentions(project: Project, function: Function, path: str, name: str) -> bool:
    symbol = project.kinds.resolve(function.path, name)
    if symbol is None or (symbol.path, symbol.name) != (path, name):
        return False
    if name in project.kinds.bindings(function) or function.parameter(name) is not None:
        return False
    return any(isinstance(node, tree.Name) and node.id == name for node in function.nodes)


# -- what is loaded when ------------------------------------------------------------------------------------------


def _row_of(project: Project, function: Function, name: str) -> Query | None:
    """The query of an async session that gave the row, or each row, called ``name``."""
    bound = project.kinds.bindings(function).get(name, [])
    found = query(project, function, bound[0].value) if len(bound) == 1 else None
    return found if found is not None and found.session == "async-session" else None


def lazy_relation(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("scalars", "scalar", "execute", "exec", "get", "get_one"):
        if not function.is_async:
            continue
        refreshed = {
            dotted(call.args[0]) for call in session_calls(project, function, {"refresh"}) if len(call.args) > 1
        }
        written = {dotted(n) for n in function.nodes if isinstance(n, tree.Attribute) and n.ctx == "store"}
        reported: set[str] = set()
        for node in function.nodes:
            if not (isinstance(node, tree.Attribute) and node.ctx == "load"):
                continue
            if (
                not isinstance(node.value, tree.Name)
                or dotted(node) in written | reported
                or node.value.id in refreshed
            ):
                continue
            row = _row_of(project, function, node.value.id)
            if row is None or loads_more(row) or "options" in row.steps:
                continue
            if node.attr in lazy_relations(project, row.table):
                reported.add(dotted(node))
                yield rule.at(
                    function.path,
                    node.lineno,
                    f"`{node.attr}` of {row.table.name} is not loaded, and cannot be loaded here: MissingGreenlet, a "
                    "500",
                    f"load it with the query: `.options(selectinload({row.table.name}.{node.attr}))`",
                    related=(Related(function.path, row.call.lineno, "the query that does not load it"),),
                )


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


def attribute_after_commit(project: Project, rule: Rule) -> Iterator[Finding]:
    with_model = {id(one.function) for one in project.served if one.function is not None and one.route.response_model}
    for function in project.functions("commit"):
        for commit in session_calls(project, function, {"commit"}):
            if not isinstance(commit.func, tree.Attribute) or _in_handler(function, commit):
                continue
            session = commit.func.value
            if project.kinds.of(function.path, session, function) != "async-session":
                continue
            if not _expires(project, function, session):
                continue
            found = _read_after(project, function, commit, id(function) in with_model)
            if found is not None:
                name, node = found
                yield rule.at(
                    function.path,
                    node.lineno,
                    f"the commit expired `{name}`: reading it asks the database where nothing can wait: "
                    "MissingGreenlet",
                    "make the sessions with `expire_on_commit=False`, or `await session.refresh(…)` first",
                    related=(Related(function.path, commit.lineno, "the commit"),),
                )


def _read_after(
    project: Project, function: Function, commit: tree.Call, has_model: bool
) -> tuple[str, tree.Expression | tree.Statement] | None:
    """The first use of a row's attribute, or of a row as the answer, after a commit that nothing refreshed."""
    block = _block_of(function, commit)
    rows = {name for name in project.kinds.bindings(function) if _is_row(project, function, name, commit.lineno)}
    for statement in block:
        if statement.lineno <= commit.lineno:
            continue
        for node in walk(statement):
            if isinstance(node, tree.Call) and last_name(node) in ("refresh", "rollback", "get", "get_one"):
                rows -= {one.id for one in tree.walk(node) if isinstance(one, tree.Name)}
        bound = {n.id for n in walk(statement) if isinstance(n, tree.Name) and n.ctx == "store"}
        for node in walk(statement):
            if isinstance(node, tree.Attribute) and node.ctx == "load":
                name = dotted(node.value)
                if name in rows and _is_field(project, function, name, node.attr):
                    return dotted(node), node
            if (
                isinstance(node, tree.Return)
                and isinstance(node.value, tree.Name)
                and node.value.id in rows
                and has_model
            ):
                return node.value.id, node
        rows -= bound
    return None


def _block_of(function: Function, node: tree.Node) -> list[tree.Statement]:
    """The statements that run after ``node``: those of its block, and of the blocks around it."""
    found: list[tree.Statement] = []
    inner = node
    for above in (*function.around(node), function.node):
        for name in ("body", "orelse", "finalbody"):
            block: Any = getattr(above, name, [])
            statements = cast(list[tree.Statement], block) if isinstance(block, list) else []
            if any(inner is one for one in statements):
                found += statements
                if any(isinstance(one, tree.Return | tree.Raise) for one in statements):
                    return found
        inner = above
    return found


def _table_of_name(project: Project, function: Function, name: str) -> Symbol | None:
    bound = project.kinds.bindings(function).get(name, [])
    if len(bound) != 1 or bound[0].each:
        return None
    value = bound[0].value
    if isinstance(value, tree.Call):
        made = table_of(project, function.path, value.func)
        if made is not None:
            return made
        if isinstance(value.func, tree.Attribute) and value.func.attr in ("model_validate", "from_orm"):
            return table_of(project, function.path, value.func.value)
    found = query(project, function, value)
    return found.table if found is not None and "columns" not in found.steps else None


def _is_row(project: Project, function: Function, name: str, before: int) -> bool:
    bound = project.kinds.bindings(function).get(name, [])
    return bool(bound) and bound[0].line < before and _table_of_name(project, function, name) is not None


def _is_field(project: Project, function: Function, name: str, attribute: str) -> bool:
    table = _table_of_name(project, function, name)
    return table is not None and any(one.name == attribute for one in project.codebase.fields(table.path, table.name))


def _expires(project: Project, function: Function, session: tree.Expression) -> bool:
    """Whether the session is known to be made by something that does not say `expire_on_commit=False`."""
    made = _maker(project, function.path, session, function, 0)
    if not made:
        return False
    return not any(
        is_constant(keyword(call, "expire_on_commit"), False) or any(k.arg is None for k in call.keywords)
        for call in made
    )


def _maker(
    project: Project, path: str, node: tree.Expression | None, function: Function | None, depth: int
) -> list[tree.Call]:
    """The calls that made a session: of `AsyncSession` and of the factory that was called."""
    if node is None or depth > 10:
        return []
    kinds = project.kinds
    match node:
        case tree.Call(func=func):
            outside = kinds.external(path, func, function)
            if outside.partition(".")[0] in ("sqlalchemy", "sqlmodel"):
                return [node]
            if isinstance(func, tree.Attribute) and func.attr == "begin":
                return _maker(project, path, func.value, function, depth + 1)
            inner = _maker(project, path, func, function, depth + 1)
            return [*inner, node] if inner else []
        case tree.Name(id=name):
            if function is not None and (bound := kinds.bindings(function).get(name)):
                return _maker(project, path, bound[0].value, function, depth + 1)
            if function is not None and function.parameter(name) is not None:
                for need in kinds.needs(function):
                    target = kinds.callable(need.path, need.target) if need.parameter == name else None
                    if target is not None:
                        values = [one.value for one in target.yields if isinstance(one, tree.Yield)]
                        return _maker(project, target.path, values[0], target, depth + 1) if values else []
                return []
            symbol = kinds.resolve(path, name)
            if symbol is not None and symbol.kind == "value" and "." not in symbol.name:
                value = project.module(symbol.path).assigned.get(symbol.name)
                return _maker(project, symbol.path, value, None, depth + 1)
            return []
        case tree.Await(value=value):
            return _maker(project, path, value, function, depth + 1)
        case tree.Attribute():
            symbol = kinds.resolve(path, dotted(node))
            if symbol is not None and symbol.kind == "value" and symbol.path and "." not in symbol.name:
                value = project.module(symbol.path).assigned.get(symbol.name)
                return _maker(project, symbol.path, value, None, depth + 1)
            return []
        case _:
            return []


# -- how long a connection is held --------------------------------------------------------------------------------


def session_to_task(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("add_task", "create_task"):
        for call in function.calls:
            name = last_name(call)
            if name == "add_task" and call.args:
                first, given = call.args[0], [*call.args[1:], *[one.value for one in call.keywords]]
            elif name == "create_task" and call.args and isinstance(call.args[0], tree.Call):
                if project.kinds.external(function.path, call.func, function) != "asyncio.create_task":
                    continue
                if _is_waited_for(function, call):
                    continue
                made = call.args[0]
                first, given = made.func, [*made.args, *[one.value for one in made.keywords]]
            else:
                continue
            handed = next((one for one in given if _is_requests_session(project, function, one)), None)
            if handed is None and isinstance(first, tree.Attribute) and _is_injected(project, function, first.value):
                kind = project.kinds.of(function.path, first.value, function)
                method = project.kinds.method(kind, first.attr) if kind.startswith("object ") else None
                if method is not None and _uses_own_session(project, method, SESSIONS):
                    handed = first.value
            if handed is not None:
                yield rule.at(
                    function.path,
                    call.lineno,
                    f"the task works with the request's session (`{dotted(handed)}`): its connection is held until the "
                    "task ends, or it is closed under the task",
                    "give the task ids, and let it open a session of its own",
                )


def _is_waited_for(function: Function, call: tree.Call) -> bool:
    above = function.parents.get(id(call))
    if isinstance(above, tree.Await | tree.Call | tree.List | tree.Tuple):
        return not (isinstance(above, tree.Call) and last_name(above) in ("add", "append"))
    names = {dotted(one) for one in above.targets} if isinstance(above, tree.Assign) else set[str]()
    waited = [n.value for n in function.nodes if isinstance(n, tree.Await)]
    return any(n.id in names for one in waited for n in tree.walk(one) if isinstance(n, tree.Name))


def _is_requests_session(project: Project, function: Function, node: tree.Expression) -> bool:
    return project.kinds.of(function.path, node, function) in SESSIONS and _is_injected(project, function, node)


def _is_injected(project: Project, function: Function, node: tree.Expression) -> bool:
    """Whether a value is what a dependency gave: a parameter of a route's function, or what a class was given."""
    head = dotted(node).partition(".")[0]
    if head == "self":
        owner = project.kinds.owner(function)
        start = project.kinds.method(f"object {function.path}::{owner}", "__init__") if owner else None
        return start is not None and bool(project.kinds.needs(start))
    return any(need.parameter == head for need in project.kinds.needs(function))


def session_in_stream(project: Project, rule: Rule) -> Iterator[Finding]:
    seen: set[int] = set()
    for served in project.served:
        function = served.function
        if function is None or id(function) in seen:
            continue
        stream = served.route.websocket or _streams(project, function)
        if not stream or (not served.route.websocket and not project.versions.fastapi.may_be_at_least((0, 118))):
            continue
        for one in project.injected(function):
            target = one.function
            if target is None or one.need.scope == "function" or not target.yields:
                continue
            if project.kinds.returned(target) not in SESSIONS:
                continue
            users = [function, *[i.function for i in project.injected(function) if i.function is not None]]
            users = [user for user in users if user is not target]
            everywhere = [part for user in users for part in reached(project, user, depth=3)]
            if any(True for part in everywhere for _ in session_calls(project, part, _ENDS)):
                continue
            if not any(True for part in everywhere for _ in session_calls(project, part, _IO | {"stream"})):
                continue
            seen.add(id(function))
            what = "WebSocket" if served.route.websocket else "stream"
            yield rule.at(
                function.path,
                function.node.lineno,
                f"the session of `{target.name}` (asked for by `{one.asked_by.name}`) keeps its connection as long as "
                f"the {what} lasts: a pool of 15 is empty after 15 clients",
                'close or commit it before the answer begins, or ask for it with `scope="function"` (FastAPI ≥ 0.121)',
                related=(Related(target.path, target.node.lineno, "where the session comes from"),),
            )
            break


def _streams(project: Project, function: Function) -> bool:
    return any(last_name(call) in _STREAMS for call in function.calls)


# -- sync and async -----------------------------------------------------------------------------------------------


def sync_session_in_async(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions():
        if not function.is_async or not _is_served_code(project, function):
            continue
        own = next(
            (call for call in session_calls(project, function, _IO) if _kind_of(project, function, call) == "session"),
            None,
        )
        if own is not None:
            yield _blocked(rule, function, own, "a query of a sync session")
            continue
        for call, target in callees(project, function):
            if target.is_async or target.yields:
                continue
            given = [*call.args, *[one.value for one in call.keywords]]
            if not any(project.kinds.of(function.path, one, function) == "session" for one in given):
                continue
            if any(_kind_of(project, target, one) == "session" for one in session_calls(project, target, _IO)):
                yield _blocked(rule, function, call, f"`{target.name}`, which queries a sync session,")
                break


def _is_served_code(project: Project, function: Function) -> bool:
    """Whether a request may run it; a script may wait as long as it likes."""
    return id(function) in running(project)


def _kind_of(project: Project, function: Function, call: tree.Call) -> str:
    return project.kinds.of(function.path, call.func.value, function) if isinstance(call.func, tree.Attribute) else ""


def _blocked(rule: Rule, function: Function, call: tree.Call, what: str) -> Finding:
    return rule.at(
        function.path,
        call.lineno,
        f"{what} runs on the event loop: every other request waits until the database has answered",
        "make the function a plain `def`, or use an AsyncSession",
    )


# expert: ignore[FX302] two rules that both look at calls which are statements
def not_awaited(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions():
        for node in function.nodes:
            call = node.value if isinstance(node, tree.Expr) and isinstance(node.value, tree.Call) else None
            if call is None or not isinstance(call.func, tree.Attribute) or call.func.attr not in _COROUTINES:
                continue
            if project.kinds.of(function.path, call.func.value, function) == "async-session":
                yield rule.at(
                    function.path,
                    call.lineno,
                    f"`{call.func.attr}()` of an AsyncSession is never awaited: nothing happens, and the answer is 200",
                    f"`await {dotted(call.func)}(…)`",
                )


def never_closed(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.dependency_functions:
        if function.name == "__init__":
            continue
        closes = any(
            isinstance(n, tree.Attribute) and n.attr in ("close", "aclose", "remove", "closing") for n in function.nodes
        )
        values = [n.value for n in function.nodes if isinstance(n, tree.Return | tree.Yield) and n.value is not None]
        for value in values:
            made = _made_here(project, function, value)
            if made is not None and not closes:
                yield rule.at(
                    function.path,
                    made.lineno,
                    "nothing closes this session: its connection goes back to the pool when Python happens to "
                    "collect it",
                    "`with` around the `yield`",
                )
    for function in project.endpoints:
        for need in project.kinds.needs(function):
            target = need.target
            kind = project.kinds.of(need.path, target) if target is not None else ""
            if kind in ("session-maker", "async-session-maker"):
                yield rule.at(
                    function.path,
                    need.line,
                    "the factory itself is the dependency: nothing closes the session that it makes",
                    "a generator with `with factory() as session: yield session`",
                )


def _made_here(project: Project, function: Function, value: tree.Expression) -> tree.Call | None:
    """The call that makes the session which is handed on, when it is not made by a `with`."""
    if isinstance(value, tree.Name):
        bound = project.kinds.bindings(function).get(value.id, [])
        if len(bound) != 1 or bound[0].entered:
            return None
        value = bound[0].value
    if not isinstance(value, tree.Call) or project.kinds.of(function.path, value, function) not in SESSIONS:
        return None
    maker = project.kinds.of(function.path, value.func, function)
    outside = project.kinds.external(function.path, value.func, function)
    if maker in ("session-maker", "async-session-maker") or outside.partition(".")[0] in ("sqlalchemy", "sqlmodel"):
        return value
    return None


# -- statements ---------------------------------------------------------------------------------------------------


def check_then_insert(project: Project, rule: Rule) -> Iterator[Finding]:
    if _conflict_is_handled(project):
        return
    for function in project.endpoints:
        looked = _looked_up(project, function)
        if not looked:
            continue
        for line, table in _inserted(project, function):
            column_name = looked.get((table.path, table.name))
            if column_name:
                yield rule.at(
                    function.path,
                    line,
                    f"of two requests at once with the same `{column_name}` both find nothing, and the second insert "
                    "is "
                    "an IntegrityError: a 500",
                    "catch IntegrityError around the commit and answer 409",
                    confidence="certain",
                )
                break


def _conflict_is_handled(project: Project) -> bool:
    for (path, qualname), kind in project.codebase.kinds.items():
        if kind == "exception_handler":
            function = project.modules.function(path, qualname)
            if function is None:
                continue
            text = function.node.text
            if any(word in text for word in ("IntegrityError", "SQLAlchemyError", "DBAPIError")):
                return True
    return any(
        last_name(call) == "add_exception_handler"
        and call.args
        and last_name(call.args[0]) in ("IntegrityError", "SQLAlchemyError")
        for function in project.functions("add_exception_handler")
        for call in function.calls
    ) or any(
        "IntegrityError" in statement.text and "add_exception_handler" in statement.text
        for path in project.paths()
        if any(
            one.alias == "IntegrityError" or one.name == "IntegrityError"
            for one in project.codebase.files[path].imports
        )
        for statement in project.module(path).root.body
    )


def _looked_up(project: Project, function: Function) -> dict[tuple[str, str], str]:
    """(path, name) of a table to the unique column by which the function asks whether a row is there, and refuses."""
    found: dict[tuple[str, str], str] = {}
    for node in function.nodes:
        if not (isinstance(node, tree.If) and any(isinstance(n, tree.Raise) for s in node.body for n in walk(s))):
            continue
        for inner in tree.walk(node.test):
            value: tree.Node | None = None
            if isinstance(inner, tree.Call):
                value = inner
            elif isinstance(inner, tree.Name):
                bound = project.kinds.bindings(function).get(inner.id, [])
                value = bound[0].value if len(bound) == 1 else None
            if isinstance(value, tree.Await):
                value = value.value
            for where, call in _statement_calls(project, function, value):
                for compared in tree.walk(call):
                    if isinstance(compared, tree.Compare) and compared.ops[0] == "==":
                        known = column(project, where.path, compared.left)
                        if known is not None and is_unique(project, *known):
                            found[known[0].path, known[0].name] = known[1]
    return found


def _statement_calls(
    project: Project, function: Function, value: tree.Node | None
) -> Iterator[tuple[Function, tree.Node]]:
    if value is None:
        return
    yield function, value
    for call in [n for n in tree.walk(value) if isinstance(n, tree.Call)]:
        target = project.kinds.callee(function.path, call, function)
        if isinstance(target, Function):
            for one in reached(project, target, depth=1):
                yield one, one.node


def _inserted(project: Project, function: Function) -> Iterator[tuple[int, Symbol]]:
    """The line of the function that stores a new row, and the table; what is in a `try` with a handler is left out."""
    tables = [t for call in function.calls if (t := table_of(project, function.path, call.func)) is not None]
    for commit in session_calls(project, function, {"commit", "flush"}):
        if not _is_guarded(function, commit):
            for table in tables:
                yield commit.lineno, table
    for call, target in callees(project, function):
        if _is_guarded(function, call):
            continue
        for one in reached(project, target, depth=1):
            made = [t for c in one.calls if (t := table_of(project, one.path, c.func)) is not None]
            for commit in session_calls(project, one, {"commit", "flush"}):
                if not _is_guarded(one, commit):
                    for table in made:
                        yield call.lineno, table


def _is_guarded(function: Function, node: tree.Node) -> bool:
    return any(isinstance(above, tree.Try) and above.handlers for above in function.around(node))


def python_operators(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("where", "filter", "having"):
        for call in function.calls:
            if last_name(call) not in ("where", "filter", "having"):
                continue
            for given in call.args:
                operator = _operator_on_columns(project, function, given)
                if operator:
                    yield rule.at(
                        function.path,
                        given.lineno,
                        f"Python's `{operator}` looks at the column object, not at the rows: a condition is dropped, "
                        "nothing matches, or it raises TypeError",
                        {"and": "`,` or `and_()`", "or": "`or_()`", "not": "`not_()` or `~`"}.get(
                            operator, "`.is_(None)` or `.is_not(None)`"
                        ),
                    )


def _operator_on_columns(project: Project, function: Function, node: tree.Expression) -> str:
    def is_column(one: tree.Expression) -> bool:
        return column(project, function.path, one) is not None

    match node:
        case tree.BoolOp(op=op, values=values):
            touched = any(is_column(v) or (isinstance(v, tree.Compare) and is_column(v.left)) for v in values)
            return op if touched else ""
        case tree.UnaryOp(op="not", operand=operand):
            return "not" if is_column(operand) else ""
        case tree.Compare(left=left, ops=["is" | "is not"]):
            return "is" if is_column(left) else ""
        case tree.Call(args=args) if last_name(node) in ("and_", "or_"):
            return next((found for one in args if (found := _operator_on_columns(project, function, one))), "")
        case _:
            return ""


def order_by_text(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions():
        for call in function.calls:
            if not (isinstance(call.func, tree.Name) and call.func.id == "getattr" and len(call.args) == 2):
                continue
            table = table_of(project, function.path, call.args[0])
            if table is not None and is_callers_text(project, function, call.args[1]):
                yield rule.at(
                    function.path,
                    call.lineno,
                    f"the caller names any attribute of {table.name}: an unknown one is a 500, and a secret one orders "
                    "by the secret",
                    "take an enumeration or a `Literal` of the columns that may be asked for",
                )


def sql_by_formatting(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("text", "execute", "scalar", "scalars", "exec"):
        for call in function.calls:
            name = last_name(call)
            first = argument(call, 0, "statement")
            if first is None or name not in ("text", "execute", "scalar", "scalars", "exec", "exec_driver_sql"):
                continue
            if name == "text":
                if not project.kinds.external(function.path, call.func, function).startswith("sqlalchemy"):
                    continue
            elif isinstance(first, tree.Call) or _kind_of(project, function, call) not in SESSIONS | {
                "connection",
                "async-connection",
            }:
                continue
            if is_callers_text(project, function, first, whole=False):
                yield rule.at(
                    function.path,
                    call.lineno,
                    "what the caller sent is part of the SQL text: they can read and change whatever this user may",
                    'bind it: `text("… = :name")` with `{"name": name}`',
                )


RULES = (
    Rule(
        "FX701",
        "committed after the answer",
        "A commit after the `yield` of a session dependency",
        "sessions",
        1,
        commit_after_yield,
        "fastapi>=0.118",
    ),
    Rule(
        "FX702",
        "commit in finally",
        "A dependency that commits what a refused request wrote",
        "sessions",
        1,
        commit_in_finally,
    ),
    Rule(
        "FX703",
        "exception swallowed",
        "`except` around a dependency's `yield` that does not raise",
        "sessions",
        2,
        swallowed_around_yield,
        "fastapi>=0.110",
    ),
    Rule(
        "FX704",
        "session in concurrent tasks",
        "One AsyncSession in `gather` or in several tasks",
        "sessions",
        1,
        session_in_gather,
    ),
    Rule(
        "FX705",
        "session at module level",
        "One session or connection for every request",
        "sessions",
        1,
        module_session,
    ),
    Rule(
        "FX706",
        "lazy relation in async code",
        "A relation that nothing loaded, touched in `async def`",
        "sessions",
        1,
        lazy_relation,
    ),
    Rule(
        "FX707",
        "relation of the answer not loaded",
        "A response schema with a relation that its query leaves out",
        "sessions",
        1,
        relation_not_loaded,
    ),
    Rule(
        "FX708",
        "read after commit",
        "An attribute read after the commit that expired it",
        "sessions",
        1,
        attribute_after_commit,
    ),
    Rule(
        "FX709",
        "session in a background task",
        "The request's session given to what runs after it",
        "sessions",
        2,
        session_to_task,
    ),
    Rule(
        "FX710",
        "session as long as a stream",
        "A session that lives as long as a stream or a WebSocket",
        "sessions",
        1,
        session_in_stream,
        "fastapi>=0.118",
    ),
    Rule(
        "FX711",
        "sync session on the event loop",
        "A sync Session that queries in `async def`",
        "sessions",
        1,
        sync_session_in_async,
    ),
    Rule(
        "FX712",
        "coroutine not awaited",
        "A method of an AsyncSession called without `await`",
        "sessions",
        1,
        not_awaited,
    ),
    Rule(
        "FX714",
        "session never closed",
        "A dependency that makes a session and leaves it open",
        "sessions",
        1,
        never_closed,
    ),
    Rule(
        "FX716",
        "looked up, then inserted",
        "A unique value checked before the insert, its conflict not caught",
        "sessions",
        2,
        check_then_insert,
    ),
    Rule(
        "FX717",
        "Python operator in a condition",
        "`and`, `or`, `not` or `is` on a column",
        "sessions",
        1,
        python_operators,
    ),
    Rule(
        "FX719",
        "ordered by the caller's word",
        "`getattr(Model, name)` with a name from the request",
        "sessions",
        2,
        order_by_text,
    ),
    Rule("FX720", "SQL put together", "SQL text with a part from the request", "sessions", 1, sql_by_formatting),
)
