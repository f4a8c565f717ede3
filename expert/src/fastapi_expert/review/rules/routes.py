"""Routes and their contract: what a signature really asks for, what an answer really is, and what is never served."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.vocabulary import REQUESTS
from fastapi_expert.review.flow.calls import argument, callees, last_name, reached
from fastapi_expert.review.flow.modules import Function, dotted, is_constant, keyword, walk
from fastapi_expert.review.flow.project import Project, ServedEndpoint
from fastapi_expert.review.flow.queries import is_many, query
from fastapi_expert.review.model import Finding, Related, Rule

_LISTS = frozenset({"list", "List", "set", "Set", "tuple", "Tuple", "Sequence", "frozenset"})
_EXCEPTIONS = ("fastapi.HTTPException", "fastapi.exceptions.HTTPException", "starlette.exceptions.HTTPException")


def depends_of_call(project: Project, rule: Rule) -> Iterator[Finding]:
    seen: set[int] = set()
    for path in project.paths():
        if b"Depends(" not in project.modules.source(path):
            continue
        for call in [n for n in tree.walk(project.module(path).root) if isinstance(n, tree.Call)]:
            if (
                last_name(call) not in ("Depends", "Security")
                or not call.args
                or not isinstance(call.args[0], tree.Call)
            ):
                continue
            inner = call.args[0]
            target = project.kinds.callee(path, inner)
            if isinstance(target, Function) and id(call) not in seen and _gives_no_callable(target):
                seen.add(id(call))
                yield rule.at(
                    path,
                    call.lineno,
                    f"`{target.name}()` is called when the module is imported, and what it gives is not a "
                    "dependency: TypeError",
                    f"`Depends({dotted(inner.func)})`",
                )


def _gives_no_callable(function: Function) -> bool:
    if function.is_async or function.yields:
        return True
    returned = [n.value for n in function.nodes if isinstance(n, tree.Return)]
    plain = (tree.Dict, tree.List, tree.Tuple, tree.Set, tree.Constant, tree.JoinedStr, tree.Compare, tree.BinOp)
    return bool(returned) and all(isinstance(one, plain) for one in returned)


def path_parameter_missing(project: Project, rule: Rule) -> Iterator[Finding]:
    seen: set[tuple[str, int]] = set()
    for served in project.served:
        function = served.function
        if function is None or (served.route.path_file, served.route.line) in seen:
            continue
        asked = re.findall(r"{([^}:]+)(?::\w+)?}", served.route.path)
        taken = _taken(project, served)
        if taken is None:
            continue
        missing = [name for name in asked if name not in taken]
        if missing:
            seen.add((served.route.path_file, served.route.line))
            yield rule.at(
                served.route.path_file,
                served.route.line,
                f"`{missing[0]}` of the path reaches nothing: `{function.name}` does not take it",
                f"a parameter `{missing[0]}`",
                related=(Related(function.path, function.node.lineno, "the function"),),
            )


def _taken(project: Project, served: ServedEndpoint) -> set[str] | None:
    """The names of path parameters that a route's function and its dependencies take; None when that is not known."""
    if (
        served.function is None or served.function.facts.owner
    ):  # a class of routes: what its attributes take is not read
        return None
    found: set[str] = set()
    known = {id(one) for one in project.run_before(served)}
    for function in [served.function, *project.run_before(served)]:
        if function.node.args.kwarg is not None:
            return None
        for one in [*function.node.args.posonlyargs, *function.node.args.args, *function.node.args.kwonlyargs]:
            found.add(one.arg)
            if last_name(one.annotation) in REQUESTS:
                return None
            for node in [
                n for p in (one.annotation, function.defaults.get(one.arg)) if p is not None for n in tree.walk(p)
            ]:
                if isinstance(node, tree.Call) and is_constant(
                    keyword(node, "alias"), getattr(keyword(node, "alias"), "value", None)
                ):
                    found.add(str(getattr(keyword(node, "alias"), "value", "")))
        for need in project.kinds.needs(function):
            if isinstance(need.target, tree.Lambda):
                found |= {one.arg for one in need.target.args.args}
            else:
                target = project.kinds.callable(need.path, need.target)
                if target is not None and id(target) in known:
                    continue
                symbol = project.kinds.resolve(need.path, dotted(need.target))
                if symbol is None or symbol.kind == "external":
                    name = "" if symbol is None else symbol.name
                    if not name.startswith(("fastapi.security", "fastapi.")):
                        return None
                elif symbol.kind == "class":
                    found |= {one.name for one in project.codebase.fields(symbol.path, symbol.name)}
                else:
                    return None
    for one in served.function.node.args.args:  # a model of path parameters
        for name in re.findall(r"[A-Za-z_]\w*", one.annotation.text if one.annotation is not None else ""):
            symbol = project.kinds.resolve(served.function.path, name)
            if (
                symbol is not None
                and symbol.kind == "class"
                and "Path(" in (one.annotation.text if one.annotation is not None else "")
            ):
                found |= {field.name for field in project.codebase.fields(symbol.path, symbol.name)}
    return found


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
                )
    if not project.versions.pydantic.may_be_at_least((2, 0)):
        return
    answers = {served.route.response_model for served in project.served}
    asked = {model for served in project.served for model in served.route.request_models}
    for id_ in sorted(asked - answers):
        path, _, qualname = id_.partition(":")[2].partition("::")
        cls = project.module(path).classes.get(qualname) if path in project.codebase.files else None
        for statement in cls.body if cls is not None else ():
            if isinstance(statement, tree.AnnAssign) and statement.value is None and _is_optional(statement.annotation):
                yield rule.at(
                    path,
                    statement.lineno,
                    f"`{statement.target.text}` may be None and has no default: since Pydantic 2 a body "
                    "without it is a 422",
                    "`= None`",
                    confidence="likely",
                )


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
            yield rule.at(
                function.path,
                one.lineno,
                f"`{one.arg}` is read from the body, which a {'/'.join(sorted(methods[id(function)]))} does not have: "
                "the query parameter is ignored, or 422",
                f"`{one.arg}: Annotated[{one.annotation.text if one.annotation else 'list'}, Query()]`",
            )


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


_SIZES = re.compile(r"limit|page_size|per_page|size|count|first|top|n")
_BOUNDS = frozenset(
    [
        "where",
        "filter",
        "filter_by",
        "limit",
        "slice",
        "fetch",
        "join",
        "in_",
        "having",
        "offset",
        "paginate",
        "options_page",
        "columns",
    ]
)


def unbounded_list(project: Project, rule: Rule) -> Iterator[Finding]:
    seen: set[tuple[str, int]] = set()
    for served in project.served:
        function = served.function
        if function is None or served.route.method != "GET":
            continue
        yield from _free_limit(project, rule, function, seen)
        if "{" in served.route.path:
            continue
        for one in reached(project, function, depth=2):
            for call in one.calls:
                if last_name(call) not in ("all", "list", "fetchall"):
                    continue
                found = query(project, one, call)
                if found is None or found.steps & _BOUNDS or not is_many(found) or "all" not in found.steps:
                    continue
                if (one.path, call.lineno) not in seen:
                    seen.add((one.path, call.lineno))
                    yield rule.at(
                        one.path,
                        call.lineno,
                        f"every row of {found.table.name} is loaded and sent, however many there are",
                        "`.limit(…)`, and a parameter for the page",
                        confidence="likely",
                    )


def _free_limit(project: Project, rule: Rule, function: Function, seen: set[tuple[str, int]]) -> Iterator[Finding]:
    needed = {need.parameter for need in project.kinds.needs(function)}
    limits = [
        call
        for one in reached(project, function, depth=2)
        for call in one.calls
        if last_name(call) == "limit" and call.args
    ]
    for one in [*function.node.args.args, *function.node.args.kwonlyargs]:
        if (
            not _SIZES.fullmatch(one.arg)
            or one.arg in needed
            or "int" not in (one.annotation.text if one.annotation else "")
        ):
            continue
        given = [n for p in (one.annotation, function.defaults.get(one.arg)) if p is not None for n in tree.walk(p)]
        if any(
            isinstance(n, tree.Call) and (keyword(n, "le") is not None or keyword(n, "lt") is not None) for n in given
        ):
            continue
        if isinstance(one.annotation, tree.Name) and one.annotation.id != "int":
            continue
        used = [
            call
            for call in limits
            if any(isinstance(n, tree.Name) and n.id == one.arg for n in tree.walk(call.args[0]))
        ]
        bounded = any(isinstance(n, tree.Call) and dotted(n.func) == "min" for n in function.nodes) or any(
            isinstance(n, tree.Compare) and one.arg in {x.id for x in tree.walk(n) if isinstance(x, tree.Name)}
            for n in function.nodes
        )
        direct = [call for call in used if any(call is mine for mine in function.calls)]
        if used and not bounded and (function.path, one.lineno) not in seen:
            line = direct[0].lineno if direct else one.lineno
            seen.add((function.path, one.lineno))
            yield rule.at(
                function.path,
                line,
                f"`{one.arg}` has no upper end: one request with a billion loads the whole table",
                f"`{one.arg}: Annotated[int, Query(ge=1, le=100)]`",
                confidence="likely",
            )


def broad_except(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.endpoints:
        for node in function.nodes:
            if not isinstance(node, tree.Try):
                continue
            for handler in node.handlers:
                names = {last_name(n) for n in tree.walk(handler.type)} if handler.type is not None else {"Exception"}
                if "HTTPException" in names or "StarletteHTTPException" in names:
                    break
                if not names & {"Exception", "BaseException"}:
                    continue
                inside = [n for s in handler.body for n in walk(s)]
                if any(isinstance(n, tree.Raise) and (n.exc is None or dotted(n.exc) == handler.name) for n in inside):
                    break
                if any(
                    isinstance(n, tree.Name) and n.id.endswith("HTTPException")
                    for n in inside
                    if _in_isinstance(function, n)
                ):
                    break
                if not _answers_error(inside):
                    break
                raised = _raises_http(project, function, node)
                if raised is not None:
                    yield rule.at(
                        function.path,
                        handler.lineno,
                        "the HTTPException raised in the `try` ends here: the caller gets this answer in the place "
                        "of the 4xx",
                        "`except HTTPException: raise` before it, or catch what you expect",
                        related=(raised,),
                    )
                break


def _in_isinstance(function: Function, node: tree.Node) -> bool:
    return any(isinstance(one, tree.Call) and dotted(one.func) == "isinstance" for one in function.around(node))


def _answers_error(nodes: list[tree.Node]) -> bool:
    """Whether a handler raises another HTTPException or returns an answer of its own."""
    return any(isinstance(n, tree.Raise) and last_name(n.exc) == "HTTPException" for n in nodes) or any(
        isinstance(n, tree.Return) and n.value is not None and not is_constant(n.value, None) for n in nodes
    )


def _raises_http(project: Project, function: Function, node: tree.Try) -> Related | None:
    inside = [n for s in node.body for n in walk(s)]
    caught_within = {id(n) for t in inside if isinstance(t, tree.Try) for s in t.body for n in walk(s)}
    for one in inside:
        if isinstance(one, tree.Raise) and id(one) not in caught_within and last_name(one.exc) == "HTTPException":
            code = argument(one.exc, 0, "status_code") if isinstance(one.exc, tree.Call) else None
            if not is_constant(code, 500):
                return Related(function.path, one.lineno, "what is raised")
    for call, target in callees(project, function):
        if any(call is n for n in inside) and id(call) not in caught_within:
            for part in reached(project, target, depth=1):
                for one in part.nodes:
                    if isinstance(one, tree.Raise) and last_name(one.exc) == "HTTPException":
                        if any(isinstance(a, tree.Try) for a in part.around(one)):
                            continue
                        return Related(part.path, one.lineno, f"what `{part.name}` raises")
    return None


def exception_returned(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.endpoints:
        for node in function.nodes:
            if isinstance(node, tree.Return) and node.value is not None:
                value = node.value
                if isinstance(value, tree.Name):
                    bound = project.kinds.bindings(function).get(value.id, [])
                    value = bound[0].value if len(bound) == 1 else value
                if (
                    isinstance(value, tree.Call)
                    and project.kinds.external(function.path, value.func, function) in _EXCEPTIONS
                ):
                    yield rule.at(
                        function.path,
                        node.lineno,
                        "an exception that is returned is an answer like any other: 200, with the error as its body",
                        "`raise`",
                    )


def flask_tuple(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.endpoints:
        if function.node.returns is not None and "uple" in function.node.returns.text:
            continue
        for node in function.nodes:
            if isinstance(node, tree.Return) and isinstance(node.value, tree.Tuple) and len(node.value.elts) == 2:
                body, status = node.value.elts
                if isinstance(body, tree.Constant) or not _is_status(status):
                    continue
                yield rule.at(
                    function.path,
                    node.lineno,
                    "the answer is 200 and a list of two: FastAPI does not read a status from a tuple",
                    "`raise HTTPException(…)`, `status_code=` in the decorator, or a JSONResponse",
                )


def _is_status(node: tree.Expression) -> bool:
    if isinstance(node, tree.Constant):
        return isinstance(node.value, int) and not isinstance(node.value, bool) and 100 <= node.value < 600
    return bool(re.search(r"HTTP_\d{3}|HTTPStatus\.", node.text)) if isinstance(node, tree.Attribute) else False


def no_content_with_body(project: Project, rule: Rule) -> Iterator[Finding]:
    seen: set[int] = set()
    for served in project.served:
        function = served.function
        if function is None or served.route.status_code not in (204, 304) or id(function) in seen:
            continue
        for call in [one for one in function.node.decorator_list if isinstance(one, tree.Call)]:
            model = keyword(call, "response_model")
            returns = function.node.returns
            says = model if model is not None else returns
            if (
                says is None
                or is_constant(says, None)
                or "Response" in says.text
                or keyword(call, "response_class") is not None
            ):
                continue
            if says.text in ("NoReturn", "Never", "typing.NoReturn"):
                continue
            seen.add(id(function))
            yield rule.at(
                function.path,
                function.node.lineno,
                f"{served.route.status_code} has no body: FastAPI refuses this route when the module is imported",
                "`-> None`, or status 200",
            )
            break


_NOT_INCLUDED = re.compile(r"(\w+|this router) is included by no application that the text shows")


def never_included(project: Project, rule: Rule) -> Iterator[Finding]:
    if not project.served:
        return  # a library of routers
    problems = project.codebase.inventory.problems
    if any("not known" in one.message or "cannot be" in one.message or "unknown" in one.message for one in problems):
        return  # what is included somewhere is not known: it may be this one
    dynamic = any(
        b"import_module" in project.modules.source(path) and b"include_router" in project.modules.source(path)
        for path in project.paths()
    )
    named = _named_in_includes(project)
    for one in problems if not dynamic else ():
        found = _NOT_INCLUDED.match(one.message)
        if found is not None and (one.path, found[1]) not in named:
            yield rule.at(
                one.path,
                one.line,
                f"no application includes `{found[1]}`: its routes are not served",
                f"`app.include_router({found[1]})`, or delete it",
                confidence="likely",
            )


def _named_in_includes(project: Project) -> set[tuple[str, str]]:
    """(file, name) of every router that some `include_router` names, under whatever condition."""
    found: set[tuple[str, str]] = set()
    for path in project.paths():
        if b"include_router" not in project.modules.source(path):
            continue
        for call in [n for n in tree.walk(project.module(path).root) if isinstance(n, tree.Call)]:
            if last_name(call) == "include_router":
                for given in [*call.args, *[one.value for one in call.keywords]]:
                    symbol = project.kinds.resolve(path, dotted(given))
                    if symbol is not None and symbol.kind == "value":
                        found.add((symbol.path, symbol.name))
    return found


def operation_id_twice(project: Project, rule: Rule) -> Iterator[Finding]:
    seen: dict[tuple[str, str], ServedEndpoint] = {}
    for served in project.served:
        function = served.function
        for call in function.node.decorator_list if function is not None else ():
            if not isinstance(call, tree.Call) or call.lineno != served.route.line:
                continue
            given = keyword(call, "operation_id")
            if not isinstance(given, tree.Constant) or is_constant(keyword(call, "include_in_schema"), False):
                continue
            key = (served.app, str(given.value))
            first = seen.setdefault(key, served)
            if first.function is not function and first is not served:
                yield rule.at(
                    served.route.path_file,
                    served.route.line,
                    f"`{given.value}` is the operation id of two routes: generated clients have one function for both",
                    "another id, or none",
                    related=(Related(first.route.path_file, first.route.line, "the first"),),
                )


def hook_beside_lifespan(project: Project, rule: Rule) -> Iterator[Finding]:
    made = {
        (path, name): value
        for path in project.paths()
        for name, value in project.module(path).assigned.items()
        if isinstance(value, tree.Call) and last_name(value) == "FastAPI"
    }
    calls = [
        (path, n)
        for path in project.paths()
        if b"FastAPI(" in project.modules.source(path)
        for n in tree.walk(project.module(path).root)
        if isinstance(n, tree.Call) and last_name(n) == "FastAPI"
    ]
    for path in project.paths():
        source = project.modules.source(path)
        if b"on_event" not in source and b"add_event_handler" not in source:
            continue
        for call in [n for n in tree.walk(project.module(path).root) if isinstance(n, tree.Call)]:
            if last_name(call) not in ("on_event", "add_event_handler") or not isinstance(call.func, tree.Attribute):
                continue
            symbol = project.kinds.resolve(path, dotted(call.func.value))
            app = made.get((symbol.path, symbol.name)) if symbol is not None else None
            if (
                app is None
                and len(calls) == 1
                and (symbol is None or symbol.kind != "value" or (symbol.path, symbol.name) not in made)
            ):
                app = calls[0][1]
            if (
                app is not None
                and keyword(app, "lifespan") is not None
                and not is_constant(keyword(app, "lifespan"), None)
            ):
                yield rule.at(
                    path,
                    call.lineno,
                    "an application that has a lifespan runs no hooks: this never happens",
                    "do it in the lifespan",
                    end_line=call.lineno,
                )


def cors_inside(project: Project, rule: Rule) -> Iterator[Finding]:
    for path in project.paths():
        if b"CORSMiddleware" not in project.modules.source(path):
            continue
        module = project.module(path)
        for body in [module.root.body, *[function.node.body for function in module.functions.values()]]:
            yield from _cors_in_block(project, rule, path, body)
        for call in [n for n in tree.walk(module.root) if isinstance(n, tree.Call) and last_name(n) == "FastAPI"]:
            listed = keyword(call, "middleware")
            rows = [n for n in listed.elts if isinstance(n, tree.Call)] if isinstance(listed, tree.List) else []
            for position, row in enumerate(rows):
                if row.args and last_name(row.args[0]) == "CORSMiddleware":
                    around = next(
                        (one for one in rows[:position] if one.args and _may_answer(project, path, one.args[0])), None
                    )
                    if around is not None:
                        yield _inside(rule, path, row.lineno, last_name(around.args[0]))


def _cors_in_block(project: Project, rule: Rule, path: str, body: list[tree.Statement]) -> Iterator[Finding]:
    cors: dict[str, tree.Call] = {}
    for statement in body:
        if isinstance(statement, tree.Expr) and isinstance(statement.value, tree.Call):
            call = statement.value
            if last_name(call) == "add_middleware" and isinstance(call.func, tree.Attribute) and call.args:
                app = dotted(call.func.value)
                if last_name(call.args[0]) == "CORSMiddleware":
                    cors[app] = call
                elif app in cors and _may_answer(project, path, call.args[0]):
                    yield _inside(rule, path, cors.pop(app).lineno, last_name(call.args[0]))
        elif isinstance(statement, tree.FunctionDef):
            for one in statement.decorator_list:
                if (
                    isinstance(one, tree.Call)
                    and last_name(one) == "middleware"
                    and isinstance(one.func, tree.Attribute)
                ):
                    app = dotted(one.func.value)
                    if app in cors and _answers_itself(list(tree.walk(statement))):
                        yield _inside(rule, path, cors.pop(app).lineno, statement.name)


def _inside(rule: Rule, path: str, line: int, around: str) -> Finding:
    return rule.at(
        path,
        line,
        f"`{around}` is around CORS: what it answers itself has no CORS headers, and the browser shows a network error",
        "add CORSMiddleware last, so that it is outermost",
        end_line=line,
    )


def _may_answer(project: Project, path: str, cls: tree.Expression) -> bool:
    """Whether a middleware of the codebase answers some requests itself."""
    symbol = project.kinds.resolve(path, dotted(cls))
    if symbol is None or symbol.kind != "class":
        return False
    methods = [project.kinds.method(f"object {symbol.path}::{symbol.name}", name) for name in ("dispatch", "__call__")]
    return any(one is not None and _answers_itself(list(one.nodes)) for one in methods)


def _answers_itself(nodes: list[tree.Node]) -> bool:
    return any(
        isinstance(n, tree.Return) and isinstance(n.value, tree.Call) and last_name(n.value).endswith("Response")
        for n in nodes
    )


RULES = (
    Rule(
        "FX411",
        "dependency that is called",
        "`Depends(f())`: what is called is no dependency",
        "routes",
        2,
        depends_of_call,
    ),
    Rule(
        "FX111",
        "path parameter missing",
        "A parameter of the path that nothing takes",
        "routes",
        2,
        path_parameter_missing,
    ),
    Rule(
        "FX112",
        "optional but required",
        "A parameter or field that may be None and has no default",
        "routes",
        2,
        optional_but_required,
    ),
    Rule(
        "FX113",
        "list becomes a body",
        "A list in a GET or DELETE without `Query()`",
        "routes",
        2,
        list_becomes_body,
    ),
    Rule(
        "FX114",
        "list without an end",
        "Every row of a table, or a limit without an upper end",
        "routes",
        1,
        unbounded_list,
    ),
    Rule(
        "FX115",
        "broad except",
        "`except Exception` that turns a 4xx into something else",
        "routes",
        2,
        broad_except,
    ),
    Rule("FX116", "exception returned", "`return HTTPException(…)`", "routes", 2, exception_returned),
    Rule("FX117", "status in a tuple", "`return body, 404`", "routes", 2, flask_tuple),
    Rule("FX118", "no content with a body", "Status 204 and a response model", "routes", 2, no_content_with_body),
    Rule(
        "FX119",
        "router never included",
        "A router with routes that no application includes",
        "routes",
        2,
        never_included,
    ),
    Rule(
        "FX121",
        "operation id twice",
        "One operation id for two routes of an application",
        "routes",
        3,
        operation_id_twice,
    ),
    Rule("FX412", "hook that never runs", "`on_event` beside a lifespan", "routes", 1, hook_beside_lifespan),
    Rule(
        "FX413",
        "CORS not outermost",
        "CORS inside of a middleware that answers itself",
        "routes",
        2,
        cors_inside,
    ),
)
