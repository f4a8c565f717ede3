"""Who may do what, and what leaks: guards that are missing, fields that clients set, secrets that leave."""

import re
from collections import defaultdict
from collections.abc import Iterator

from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import argument, last_name, reached
from fastapi_expert.review.flow.modules import Function, dotted, is_constant, keyword
from fastapi_expert.review.flow.project import Project, ServedEndpoint
from fastapi_expert.review.flow.queries import field_call, query, table_of
from fastapi_expert.review.flow.taint import follows, is_callers_text
from fastapi_expert.review.model import Finding, Related, Rule

_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_OPEN_BY_NATURE = re.compile(
    r"sign.?(?:up|in|out)|log.?(?:in|out)|register|registration|token|refresh|oauth|oidc|saml|sso|auth|callback|webhook|hook|"
    r"verif|confirm|activat|reset|forgot|recover|password|invit|public|health|ping|contact|feedback|subscri|newsletter|"
    r"captcha|otp|magic|guest|anonymous|csrf|challenge|search|preview|share|track|event|"
    r"install|setup|bootstrap|init|notify|ipn|internal|"
    r"\b(?:list|get|read|check|validate|estimate|calculate|query|count|find|fetch)_",
    re.IGNORECASE,
)
_CHECKS_ITSELF = re.compile(
    r"hmac|compare_digest|signature|authorization|x.?api.?key|api.?key|token|secret|credential|session|cookie|current_user|"
    r"authenticate|permission|verify|is_admin|user",
    re.IGNORECASE,
)
_ROLES = re.compile(
    r"admin|superuser|super_user|staff|role|permission|scope|moderator|owner|privilege|can_|access", re.IGNORECASE
)


# -- guards -------------------------------------------------------------------------------------------------------


def _is_protected(served: ServedEndpoint) -> bool:
    return bool(served.route.protected)


def _is_open(served: ServedEndpoint) -> bool:
    """Whether nothing on the way to a route even looks for credentials, as far as the text shows all of it."""
    return not served.route.protected and served.route.protection == "none"


def open_among_protected(project: Project, rule: Rule) -> Iterator[Finding]:
    by_file: dict[str, list[ServedEndpoint]] = defaultdict(list)
    for served in project.served:
        if served.route.method in _CHANGING:
            by_file[served.route.path_file].append(served)
    seen: set[int] = set()
    for rows in by_file.values():
        closed = [one for one in rows if _is_protected(one)]
        unguarded = [one for one in rows if _is_open(one)]
        if len(closed) < 2 or len(closed) < 0.6 * len(rows) or len(unguarded) > 2:
            continue
        for one in unguarded:
            function = one.function
            if function is None or id(function) in seen or _OPEN_BY_NATURE.search(f"{one.route.path} {function.name}"):
                continue
            if _checks_itself(function):
                continue
            seen.add(id(function))
            example = closed[0].route
            yield rule.at(
                function.path,
                function.node.lineno,
                f"anybody may {one.route.method} {one.route.path}: it asks for no credentials, as "
                f"{len(closed)} of the {len(rows)} routes of this file that change something do",
                "give it the dependency that its siblings have, or the router",
                confidence="certain" if len(closed) >= 2 and len(unguarded) == 1 else "likely",
                related=(Related(example.path_file, example.line, f"{example.method} {example.path} asks"),),
            )


def _checks_itself(function: Function) -> bool:
    """Whether what a function reads or calls looks as if it asked who calls."""
    words = [one.arg for one in function.node.args.args] + [one.arg for one in function.node.args.kwonlyargs]
    for node in function.nodes:
        if isinstance(node, tree.Name):
            words.append(node.id)
        elif isinstance(node, tree.Attribute):
            words.append(node.attr)
        elif isinstance(node, tree.Constant) and isinstance(node.value, str) and len(node.value) < 40:
            words.append(node.value)
    return any(_CHECKS_ITSELF.search(word) for word in words)


def anybodys_row(project: Project, rule: Rule) -> Iterator[Finding]:
    seen: set[int] = set()
    for served in project.served:
        function = served.function
        if function is None or id(function) in seen or not _is_protected(served) or "{" not in served.route.path:
            continue
        user = _unused_user(project, function)
        if user is None or _is_for_admins(project, served):
            continue
        name, table = user
        found = _loaded_by_path(project, function, served.route.path, table)
        if found is not None:
            seen.add(id(function))
            line, row, column = found
            yield rule.at(
                function.path,
                line,
                f"the {row.name} is chosen by its id alone, and `{name}` is never asked: every signed-in user reaches "
                "the rows of all others",
                f"put the owner into the query: `.where({row.name}.{column} == {name}.id)`",
                confidence="likely",
            )


def _unused_user(project: Project, function: Function) -> tuple[str, Symbol] | None:
    """The parameter that holds the signed-in user, a row of a table, when the function never reads it."""
    read = {node.id for node in function.nodes if isinstance(node, tree.Name)}
    for need in project.kinds.needs(function):
        cls = project.class_of(project.kinds.parameter(function, need.parameter))
        if cls is not None and need.parameter not in read and project.is_table(cls.path, cls.name):
            target = project.kinds.callable(need.path, need.target)
            if target is not None and _refuses(project, target):
                return need.parameter, cls
    return None


def _refuses(project: Project, function: Function) -> bool:
    inside = [function, *[one.function for one in project.injected(function) if one.function is not None]]
    return any(isinstance(n, tree.Constant) and n.value in (401, 403) for one in inside for n in one.nodes) or any(
        isinstance(n, tree.Attribute) and n.attr.startswith(("HTTP_401", "HTTP_403"))
        for one in inside
        for n in one.nodes
    )


def _loaded_by_path(project: Project, function: Function, path: str, user: Symbol) -> tuple[int, Symbol, str] | None:
    """The line at which a row that belongs to a user is loaded by a parameter of the path, the table, its owner "
    "column."""
    parameters = set(re.findall(r"{(\w+)", path))
    for call in function.calls:
        given = {
            n.id
            for one in [*call.args, *[k.value for k in call.keywords]]
            for n in tree.walk(one)
            if isinstance(n, tree.Name)
        }
        if not given & parameters:
            continue
        found = query(project, function, call)
        if found is None:
            target = project.kinds.callee(function.path, call, function)
            if isinstance(target, Function):
                values = [n.value for n in target.nodes if isinstance(n, tree.Return)]
                queries = [q for value in values if (q := query(project, target, value)) is not None]
                found = queries[0] if len(queries) == 1 else None
        if found is None or found.table == user:
            continue
        owner = _owner_column(project, found.table, user)
        if owner:
            return call.lineno, found.table, owner
    return None


def _owner_column(project: Project, table: Symbol, user: Symbol) -> str:
    """The column of a table that refers to the table of users."""
    names = {user.name.lower(), f"{user.name.lower()}s"}
    cls = project.module(user.path).classes.get(user.name)
    for statement in cls.body if cls is not None else ():
        match statement:
            case tree.Assign(targets=[tree.Name(id="__tablename__")], value=tree.Constant(value=str(name))):
                names.add(name)
            case _:
                pass
    for one in project.codebase.fields(table.path, table.name):
        call = field_call(project, table, one.name)
        for node in tree.walk(call) if call is not None else ():
            if (
                isinstance(node, tree.Constant)
                and isinstance(node.value, str)
                and node.value.rpartition(".")[0] in names
            ):
                return one.name
    return ""


def _is_for_admins(project: Project, served: ServedEndpoint) -> bool:
    if "admin" in served.route.path.lower() or served.function is None:
        return True
    return any(_asks_role(one) for one in (served.function, *project.run_before(served)))


def _asks_role(function: Function) -> bool:
    if _ROLES.search(function.name):
        return True
    for node in function.nodes:
        if isinstance(node, tree.Attribute) and _ROLES.search(node.attr) and not node.attr.startswith("scoped"):
            return True
        if (
            isinstance(node, tree.Subscript)
            and isinstance(node.slice, tree.Constant)
            and _ROLES.search(str(node.slice.value))
        ):
            return True
    return False


def admin_for_everybody(project: Project, rule: Rule) -> Iterator[Finding]:
    rows = [one for one in project.served if re.search(r"/admin(?:/|$)", one.route.path) and one.function is not None]
    asked = {id(one): _role_is_asked(project, one) for one in rows}
    if not any(asked.values()) or sum(asked.values()) < 0.5 * len(rows):
        return
    seen: set[int] = set()
    for one in rows:
        function = one.function
        if function is None or asked[id(one)] or not _is_protected(one) or id(function) in seen:
            continue
        seen.add(id(function))
        example = next(other.route for other in rows if asked[id(other)])
        yield rule.at(
            function.path,
            function.node.lineno,
            f"every signed-in user may {one.route.method} {one.route.path}: nothing asks for a role, as "
            f"{example.path} does",
            "give it the dependency that asks for the role",
            related=(Related(example.path_file, example.line, f"{example.method} {example.path} asks for the role"),),
        )


def _role_is_asked(project: Project, served: ServedEndpoint) -> bool:
    functions = [one for one in (served.function, *project.run_before(served)) if one is not None]
    for one in functions:
        body = Function(one.path, one.facts, one.node, one.parent)
        if one is served.function:
            if any(_asks_role(part) for part in reached(project, one, depth=1) if part is not one) or _body_asks_role(
                body
            ):
                return True
        elif _asks_role(one) or any(_asks_role(part) for part in reached(project, one, depth=1)):
            return True
    for call in served.function.node.decorator_list if served.function is not None else ():
        if any(isinstance(n, tree.Call) and last_name(n) == "Security" for n in tree.walk(call)):
            return True
    return any("scopes" in d.text for d in (served.function.node.decorator_list if served.function else ()))


def _body_asks_role(function: Function) -> bool:
    return any(isinstance(n, tree.Attribute) and _ROLES.search(n.attr) for n in function.nodes)


def open_websocket(project: Project, rule: Rule) -> Iterator[Finding]:
    http = [one for one in project.served if not one.route.websocket]
    sockets = [one for one in project.served if one.route.websocket and _is_open(one) and one.function is not None]
    if not sockets:
        return
    guards = sum(_is_protected(one) for one in http) >= max(2, 0.5 * len(http))
    by_middleware = _middleware_asks(project)
    if not guards and not by_middleware:
        return
    for one in sockets:
        function = one.function
        if function is None or any(_checks_itself(part) for part in reached(project, function, depth=2)):
            continue
        if any(_checks_itself(part) for part in project.run_before(one)) or _OPEN_BY_NATURE.search(function.name):
            continue
        why = "the http middleware does not run for it" if by_middleware and not guards else "the routes beside it ask"
        yield rule.at(
            function.path,
            function.node.lineno,
            f"anybody may open {one.route.path}: it asks nobody who they are, and {why}",
            "a dependency that raises WebSocketException(1008), before `accept()`",
            confidence="likely",
        )


def _middleware_asks(project: Project) -> bool:
    for (path, qualname), kind in project.codebase.kinds.items():
        if kind != "middleware":
            continue
        for function in (
            project.modules.function(path, qualname),
            project.kinds.method(f"object {path}::{qualname}", "dispatch"),
        ):
            if function is None:
                continue
            words = [n.value for n in function.nodes if isinstance(n, tree.Constant)]
            if 401 in words and any(isinstance(word, str) and "auth" in word.lower() for word in words):
                return True
    return False


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


# -- what clients set ---------------------------------------------------------------------------------------------

_PRIVILEGED = re.compile(
    r"(?:is_)?(?:admin|superuser|super_user|staff|verified|email_verified|active_superuser)|roles?|role_id|permissions?|scopes|"
    r"balance|credits?|hashed_password|password_hash|owner_id|user_id|tenant_id|organization_id|is_approved|tier|plan"
)


def mass_assignment(project: Project, rule: Rule) -> Iterator[Finding]:
    by_function = {id(one.function): one for one in project.served if one.function is not None}
    for function in project.endpoints:
        served = by_function.get(id(function))
        if served is not None and (_is_for_admins(project, served)):
            continue
        for node in function.nodes:
            if isinstance(node, tree.For):
                yield from _setattr_loop(project, rule, function, node)
            elif isinstance(node, tree.Call):
                table = table_of(project, function.path, node.func)
                spread = next((one.value for one in node.keywords if one.arg is None), None)
                if table is not None and spread is not None:
                    field = _may_set(project, function, spread, table)
                    if field:
                        yield _assigned(rule, function, node.lineno, field, table)


def _setattr_loop(project: Project, rule: Rule, function: Function, loop: tree.For) -> Iterator[Finding]:
    for inner in tree.walk(loop):
        if isinstance(inner, tree.Call) and dotted(inner.func) == "setattr" and len(inner.args) == 3:
            table = project.class_of(project.kinds.of(function.path, inner.args[0], function))
            if table is None:
                found = query(project, function, inner.args[0])
                table = found.table if found is not None else None
            guarded = any(isinstance(n, tree.If) for n in tree.walk(loop))
            if table is None or guarded or not project.is_table(table.path, table.name):
                continue
            source = loop.iter
            if (
                isinstance(source, tree.Call)
                and isinstance(source.func, tree.Attribute)
                and source.func.attr == "items"
            ):
                source = source.func.value
            field = _may_set(project, function, source, table)
            if field:
                yield _assigned(rule, function, inner.lineno, field, table)


def _assigned(rule: Rule, function: Function, line: int, field: str, table: Symbol) -> Finding:
    return rule.at(
        function.path,
        line,
        f"the caller sets `{field}` of {table.name} by sending it",
        "name what may be set in a schema of its own, or leave it out: `model_dump(exclude={…})`",
    )


def _may_set(project: Project, function: Function, source: tree.Expression, table: Symbol) -> str:
    """A privileged column that the body behind ``source`` may hold; empty when there is none."""
    columns = [one.name for one in project.codebase.fields(table.path, table.name)]
    privileged = [
        name for name in columns if _PRIVILEGED.fullmatch(name) and name not in ("user_id", "owner_id", "plan", "tier")
    ]
    if isinstance(source, tree.Name):
        bound = project.kinds.bindings(function).get(source.id, [])
        if len(bound) == 1:
            source = bound[0].value
    dumped = False
    if (
        isinstance(source, tree.Call)
        and isinstance(source.func, tree.Attribute)
        and source.func.attr in ("model_dump", "dict")
    ):
        if keyword(source, "exclude") is not None or keyword(source, "include") is not None:
            return ""
        source, dumped = source.func.value, True
    if not isinstance(source, tree.Name) or function.parameter(source.id) is None or not privileged:
        return ""
    annotation = function.parameter(source.id)
    text = annotation.annotation.text if annotation is not None and annotation.annotation is not None else ""
    if re.match(r"(?:dict|Dict|Mapping)\b", text) and not dumped:
        return privileged[0]
    schema = project.class_of(project.kinds.of(function.path, source, function))
    if schema is None or any(need.parameter == source.id for need in project.kinds.needs(function)):
        return ""
    if _allows_extra(project, schema):
        return privileged[0]
    held = {one.name for one in project.codebase.fields(schema.path, schema.name)}
    risky = [
        name
        for name in privileged
        if name in held and re.search(r"admin|superuser|staff|role|verified|permission|balance", name)
    ]
    return risky[0] if risky else ""


def _allows_extra(project: Project, schema: Symbol) -> bool:
    cls = project.module(schema.path).classes.get(schema.name)
    if cls is None:
        return False
    config = [one for one in cls.body if one.text.startswith("model_config") or isinstance(one, tree.ClassDef)]
    return any(
        (isinstance(n, tree.Keyword) and n.arg == "extra" and is_constant(n.value, "allow"))
        for one in config
        for n in tree.walk(one)
    )


# -- what leaves --------------------------------------------------------------------------------------------------

_HASHES = re.compile(
    r"(?:hashed_password|password_hash|pw_hash|pwd_hash|passwd_hash|hashed_pw|password_digest|password_salt|otp_secret|totp_secret|mfa_secret)"
)
_SECRETS = re.compile(
    rf"{_HASHES.pattern}|password|passwd|pwd|secret|secret_key|client_secret|api_key|apikey|api_secret|private_key|access_key|"
    r"webhook_secret|signing_secret|signing_key|jwt_secret|encryption_key"
)
_SHOWN_ONCE = re.compile(
    r"log.?in|token|auth|sign|register|rotate|regenerat|refresh|create|new|issue|reveal|key", re.IGNORECASE
)


def _secret_field(project: Project, path: str, qualname: str, pattern: re.Pattern[str]) -> str:
    """A field of a class that names a secret and is sent as it is."""
    for one in project.codebase.fields(path, qualname):
        if not pattern.fullmatch(one.name) or "Secret" in one.type or "bool" in one.type:
            continue
        call = field_call(project, Symbol("class", path, qualname), one.name)
        if call is not None and is_constant(keyword(call, "exclude"), True):
            continue
        return one.name
    return ""


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
            function.node.returns is not None or _decorator_says(function, "response_model", "response_class")
        ):
            continue
        if _decorator_says(function, "response_model_exclude", "response_model_include"):
            continue
        for node in function.nodes:
            if not isinstance(node, tree.Return):
                continue
            for value in _parts(node.value):
                table = _row_table(project, function, value)
                field = _secret_field(project, table.path, table.name, _SECRETS) if table is not None else ""
                if table is not None and field and id(function) not in seen:
                    seen.add(id(function))
                    yield rule.at(
                        function.path,
                        node.lineno,
                        f"the whole row of {table.name} is sent, `{field}` included",
                        "a response model that names what may be seen",
                    )


def _decorator_says(function: Function, *names: str) -> bool:
    return any(
        one.arg in names and not is_constant(one.value, None)
        for call in function.node.decorator_list
        if isinstance(call, tree.Call)
        for one in call.keywords
    )


def _parts(value: tree.Expression | None) -> list[tree.Expression]:
    if isinstance(value, tree.Dict):
        return [part for one in value.values for part in _parts(one)]
    if isinstance(value, tree.List | tree.Tuple):
        return [part for one in value.elts for part in _parts(one)]
    return [value] if value is not None else []


def _row_table(project: Project, function: Function, value: tree.Expression) -> Symbol | None:
    found = query(project, function, value)
    if found is not None:
        return None if "columns" in found.steps else found.table
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
        tables = {one.table for one in results if one is not None and "columns" not in one.steps}
        return tables.pop() if len(tables) == 1 else None
    return None


def secret_in_schema(project: Project, rule: Rule) -> Iterator[Finding]:
    seen: set[int] = set()
    for served in project.served:
        function, model = served.function, served.route.response_model
        if function is None or not model or id(function) in seen:
            continue
        path, _, qualname = model.partition(":")[2].partition("::")
        if project.is_table(path, qualname) or _decorator_says(
            function, "response_model_exclude", "response_model_include"
        ):
            continue
        once = served.route.method in ("POST", "PUT") and _SHOWN_ONCE.search(f"{served.route.path} {function.name}")
        pattern = _HASHES if once or served.route.method in ("POST", "PUT", "PATCH") else _SECRETS
        found = _nested_secret(project, path, qualname, pattern, 0)
        if found is not None:
            seen.add(id(function))
            where, name, field = found
            yield rule.at(
                function.path,
                function.node.lineno,
                f"the answer holds `{field}` of {name}",
                "a schema without it, or `Field(exclude=True)`",
                confidence="certain" if _HASHES.fullmatch(field) else "likely",
                related=(Related(where, project.module(where).classes[name].lineno, "the schema"),)
                if name in project.module(where).classes
                else (),
            )


def _nested_secret(
    project: Project, path: str, qualname: str, pattern: re.Pattern[str], depth: int
) -> tuple[str, str, str] | None:
    field = _secret_field(project, path, qualname, pattern)
    if field:
        return path, qualname, field
    for one in project.codebase.fields(path, qualname) if depth < 3 else ():
        for name in re.findall(r"[A-Za-z_][\w.]*", one.type):
            symbol = project.kinds.resolve(path, name)
            if symbol is not None and symbol.kind == "class" and (symbol.path, symbol.name) != (path, qualname):
                if project.is_table(symbol.path, symbol.name):
                    continue
                found = _nested_secret(project, symbol.path, symbol.name, pattern, depth + 1)
                if found is not None:
                    return found
    return None


_PASSWORDS = re.compile(
    r"(?:\w+_)?(?:password|passwd|passphrase)|(?:client|api|webhook|jwt)_secret|secret_key|api_key|apikey|private_key"
)
_LOGGING = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})


def secret_in_address(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.endpoints:
        needed = {need.parameter for need in project.kinds.needs(function)}
        for one in [*function.node.args.args, *function.node.args.kwonlyargs]:
            if not _PASSWORDS.fullmatch(one.arg) or one.arg in needed:
                continue
            where = _place_of(project, function, one)
            if where in ("query", "path"):
                yield rule.at(
                    function.path,
                    one.lineno,
                    f"`{one.arg}` is part of the address: it stands in access logs, histories and Referer headers",
                    "take it from the body (`Form()`, a schema) or a header",
                )
    for function in project.functions("log"):
        for call in function.calls:
            if not isinstance(call.func, tree.Attribute) or call.func.attr not in _LOGGING:
                continue
            if "log" not in dotted(call.func.value).lower():
                continue
            parts = [n for arg in call.args for n in _shown(arg)]
            if any(
                _PASSWORDS.fullmatch(last_name(n)) and not last_name(n).startswith(("hashed", "has_", "is_"))
                for n in parts
            ):
                yield rule.at(
                    function.path, call.lineno, "the log keeps the secret in plain text", "log who, not with what"
                )


def _shown(node: tree.Expression) -> Iterator[tree.Expression]:
    """The names and attributes that end up in a message as they are."""
    if isinstance(node, tree.Name | tree.Attribute):
        yield node
    elif isinstance(node, tree.JoinedStr):
        for one in node.values:
            if isinstance(one, tree.FormattedValue):
                yield from _shown(one.value)


def _place_of(project: Project, function: Function, one: tree.Arg) -> str:
    """Where FastAPI reads a plain parameter from: `query`, `path`, or empty for the body and what is not plain."""
    parts = [one.annotation, function.defaults.get(one.arg)]
    for node in [n for part in parts if part is not None for n in tree.walk(part)]:
        if isinstance(node, tree.Call):
            name = project.kinds.external(function.path, node.func).rpartition(".")[2] or last_name(node)
            if name in ("Body", "Form", "Header", "Cookie", "File", "Depends", "Security"):
                return ""
    annotation = one.annotation
    if isinstance(annotation, tree.Subscript) and last_name(annotation.value) in ("Annotated", "Optional"):
        annotation = annotation.slice.elts[0] if isinstance(annotation.slice, tree.Tuple) else annotation.slice
    if isinstance(annotation, tree.BinOp):
        annotation = annotation.left
    if annotation is not None and dotted(annotation) not in ("str", "bytes", "SecretStr"):
        return ""
    return "query"


def wildcard_cors(project: Project, rule: Rule) -> Iterator[Finding]:
    for path in project.paths():
        if b"CORSMiddleware" not in project.modules.source(path):
            continue
        for call in [n for n in tree.walk(project.module(path).root) if isinstance(n, tree.Call)]:
            if last_name(call) not in ("add_middleware", "Middleware", "CORSMiddleware"):
                continue
            if (
                last_name(call) != "CORSMiddleware"
                and last_name(argument(call, 0, "middleware_class")) != "CORSMiddleware"
            ):
                continue
            origins, pattern = keyword(call, "allow_origins"), keyword(call, "allow_origin_regex")
            if not is_constant(_value(project, path, keyword(call, "allow_credentials")), True):
                continue
            wild = "*" in _texts(project, path, origins) or any(
                one in (".*", "^.*$", ".+", "^.*", ".*$", r"https?://.*", "^https?://.*$")
                for one in _texts(project, path, pattern)
            )
            if wild:
                yield rule.at(
                    path,
                    call.lineno,
                    "every site may read answers with the user's cookies: Starlette sends the caller's own origin back",
                    "name the origins",
                    end_line=call.lineno,
                )


def _value(project: Project, path: str, node: tree.Expression | None) -> tree.Expression | None:
    """What a name of the top level is bound to, else the node itself."""
    symbol = project.kinds.resolve(path, dotted(node)) if node is not None else None
    if symbol is not None and symbol.kind == "value" and symbol.path and "." not in symbol.name:
        return project.module(symbol.path).assigned.get(symbol.name, node)
    return node


def _texts(project: Project, path: str, node: tree.Expression | None) -> list[str]:
    value = _value(project, path, node)
    if isinstance(value, tree.List | tree.Tuple | tree.Set):
        return [one.value for one in value.elts if isinstance(one, tree.Constant) and isinstance(one.value, str)]
    return [value.value] if isinstance(value, tree.Constant) and isinstance(value.value, str) else []


# -- tokens and secrets -------------------------------------------------------------------------------------------


def token_not_verified(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("jwt", "jose"):
        decodes = [
            c
            for c in function.calls
            if project.kinds.external(function.path, c.func, function) in ("jwt.decode", "jose.jwt.decode")
        ]
        loose = [c for c in decodes if _option(project, function, c, "verify_signature", False)]
        unverified = [c for c in function.calls if last_name(c) == "get_unverified_claims"]
        believed = [c for c in (*loose, *unverified) if _is_believed(function, c)]
        if len(loose) == len(decodes):
            for call in believed:
                yield rule.at(
                    function.path,
                    call.lineno,
                    "the signature is not looked at: whoever writes a token by hand is whoever they say",
                    "`jwt.decode(token, key, algorithms=[…])`",
                )
        for call in decodes:
            algorithms = keyword(call, "algorithms")
            if algorithms is not None and any(is_constant(n, "alg") for n in tree.walk(algorithms)):
                yield rule.at(
                    function.path,
                    call.lineno,
                    "the token itself says how it is to be checked",
                    "name the algorithms that you sign with",
                )
            elif _option(project, function, call, "verify_exp", False):
                yield rule.at(
                    function.path, call.lineno, "an expired token is good for ever", 'options={"require": ["exp"]}'
                )


def _is_believed(function: Function, call: tree.Call) -> bool:
    """Whether the claims are used: neither dropped, nor only shown where the verified ones failed."""
    if isinstance(function.parents.get(id(call)), tree.Expr):
        return False
    around = list(function.around(call))
    logged = any(isinstance(one, tree.Call) and last_name(one) in _LOGGING for one in around)
    return not logged and not any(isinstance(one, tree.ExceptHandler) for one in around)


def _option(project: Project, function: Function, call: tree.Call, name: str, value: bool) -> bool:
    given = keyword(call, "options")
    if isinstance(given, tree.Name):
        given = _value(project, function.path, given)
    if not isinstance(given, tree.Dict):
        return False
    pairs = zip(given.keys, given.values, strict=True)
    return any(is_constant(key, name) and is_constant(one, value) for key, one in pairs)


_SECRET_WORDS = re.compile(
    r"(?:\w+_)?(?:secret|secret_key|api_key|apikey|api_token|access_key|auth_token|admin_token|shared_key|webhook_key|password)(?:_\w+)?",
    re.IGNORECASE,
)


def secret_compared(project: Project, rule: Rule) -> Iterator[Finding]:
    for path in project.paths():
        for function in project.module(path).functions.values():
            for node in function.nodes:
                if not (isinstance(node, tree.Compare) and len(node.ops) == 1 and node.ops[0] in ("==", "!=")):
                    continue
                sides = [node.left, node.comparators[0]]
                ours = [one for one in sides if _is_configured_secret(project, function, one)]
                others = [one for one in sides if one not in ours]
                if len(ours) == 1 and _is_from_outside(project, function, others[0]):
                    yield rule.at(
                        function.path,
                        node.lineno,
                        "how long the comparison takes tells how much of the secret was right",
                        "`hmac.compare_digest(…)` (of bytes)",
                    )


def _is_configured_secret(project: Project, function: Function, node: tree.Expression) -> bool:
    name = last_name(node)
    if not _SECRET_WORDS.fullmatch(name):
        return False
    if isinstance(node, tree.Attribute):
        cls = project.class_of(project.kinds.of(function.path, node.value, function))
        if cls is not None:
            return project.codebase.kinds.get((cls.path, cls.name)) == "settings"
        return last_name(node.value) in ("settings", "config", "conf")
    value = _value(project, function.path, node)
    return (
        value is not node
        and value is not None
        and any(
            (isinstance(n, tree.Attribute) and n.attr in ("environ", "getenv"))
            or (isinstance(n, tree.Name) and n.id in ("environ", "getenv"))
            for n in tree.walk(value)
        )
    )


def _is_from_outside(project: Project, function: Function, node: tree.Expression) -> bool:
    if isinstance(node, tree.Constant):
        return False
    if isinstance(node, tree.Name):
        if function.parameter(node.id) is not None:
            return True
        bound = project.kinds.bindings(function).get(node.id, [])
        return len(bound) == 1 and _is_from_outside(project, function, bound[0].value)
    names = {n.attr for n in tree.walk(node) if isinstance(n, tree.Attribute)}
    return bool(names & {"headers", "cookies", "query_params", "credentials", "password"})


_SECRET_SETTING = re.compile(
    r"(?:\w+_)?(?:secret|secret_key|password|passwd|api_key|private_key|signing_key|encryption_key)", re.IGNORECASE
)
_NOT_SECRET = re.compile(r"(?i)\s*|.*(?:://|\.example|env|required|none|null).*|<.*>|\$\{.*\}|\.\.\.")


def secret_default(project: Project, rule: Rule) -> Iterator[Finding]:
    for path in project.paths():
        module = project.module(path)
        for name, cls in module.classes.items():
            if project.codebase.kinds.get((path, name)) != "settings":
                continue
            checked = "".join(one.text for one in cls.body if isinstance(one, tree.FunctionDef))
            for statement in cls.body:
                if isinstance(statement, tree.AnnAssign) and isinstance(statement.target, tree.Name):
                    field = statement.target.id
                    text = _literal(statement.value)
                    if (
                        _SECRET_SETTING.fullmatch(field)
                        and "default" not in field.lower()
                        and text
                        and field not in checked
                        and text not in checked
                    ):
                        yield _known_secret(rule, path, statement.lineno, field)
        for name, value in module.assigned.items():
            for call in [n for n in tree.walk(value) if isinstance(n, tree.Call) and len(n.args) == 2]:
                variable, fallback = call.args
                if last_name(call) != "getenv" and not dotted(call.func).endswith("environ.get"):
                    continue
                known = isinstance(variable, tree.Constant) and _SECRET_SETTING.fullmatch(str(variable.value))
                if known and _literal(fallback):
                    yield _known_secret(rule, path, value.lineno, name)


def _known_secret(rule: Rule, path: str, line: int, name: str) -> Finding:
    return rule.at(
        path,
        line,
        f"where `{name}` is not set, everybody who can read the repository knows it",
        "make it required, or generate one at the first start",
        confidence="likely",
    )


def _literal(node: tree.Expression | None) -> str:
    if isinstance(node, tree.Call) and last_name(node) in ("Field", "SecretStr") and node.args:
        node = node.args[0]
    if isinstance(node, tree.Call) and last_name(node) == "Field":
        node = keyword(node, "default")
    if isinstance(node, tree.Constant) and isinstance(node.value, str):
        return "" if _NOT_SECRET.fullmatch(node.value) or len(node.value) < 6 else node.value
    return ""


# -- files, pages, cookies ----------------------------------------------------------------------------------------

_HOLDS_INSIDE = frozenset(
    {"is_relative_to", "relative_to", "commonpath", "commonprefix", "startswith", "secure_filename", "safe_join"}
)


def path_traversal(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("FileResponse", "open", "read_text", "read_bytes", "unlink", "remove"):
        if _mentions(function, _HOLDS_INSIDE):
            continue
        for call, opened in _opened(project, function):
            if is_callers_text(project, function, opened, paths=True):
                yield rule.at(
                    function.path,
                    call.lineno,
                    "`../` in what the caller sends leads out of the folder: any file of the server",
                    "`.resolve()` it and ask `is_relative_to(folder)`, or keep a table of names",
                )


def _mentions(function: Function, names: frozenset[str]) -> bool:
    return any(
        (isinstance(n, tree.Attribute) and n.attr in names) or (isinstance(n, tree.Name) and n.id in names)
        for n in function.nodes
    )


def _opened(project: Project, function: Function) -> Iterator[tuple[tree.Call, tree.Expression]]:
    """The calls that open or send a file, with the path."""
    for call in function.calls:
        name = last_name(call)
        if name in ("FileResponse", "open") and isinstance(call.func, tree.Name | tree.Attribute) and call.args:
            if (
                name == "open"
                and isinstance(call.func, tree.Attribute)
                and dotted(call.func) not in ("aiofiles.open", "anyio.open_file", "io.open", "os.open")
            ):
                yield call, call.func.value
            else:
                yield call, call.args[0]
        elif name == "FileResponse" and keyword(call, "path") is not None:
            yield call, keyword(call, "path") or call
        elif name in ("read_text", "read_bytes", "write_bytes", "write_text", "unlink", "open") and isinstance(
            call.func, tree.Attribute
        ):
            yield call, call.func.value


def uploads_own_name(project: Project, rule: Rule) -> Iterator[Finding]:
    def source(function: Function, node: tree.Expression) -> bool:
        if not (isinstance(node, tree.Attribute) and node.attr == "filename"):
            return False
        kind = project.kinds.of(function.path, node.value, function)
        return kind.endswith(".UploadFile")

    for function in project.functions("filename"):
        if _mentions(function, _HOLDS_INSIDE):
            continue
        for call, opened in _opened(project, function):
            if follows(project, function, opened, source):
                yield rule.at(
                    function.path,
                    call.lineno,
                    "the caller chooses where the file is written: `../` in its name leads out of the folder",
                    "a name of your own (`uuid4().hex`), the caller's only as data",
                )
                break


_LIMITS = re.compile(
    r"max\w*(?:body|size|upload|bytes|length)|(?:body|content|upload|request|file)\w*(?:size|limit|length)|limit\w*(?:body|size|upload)",
    re.IGNORECASE,
)


def upload_read_whole(project: Project, rule: Rule) -> Iterator[Finding]:
    if _limits_bodies(project):
        return
    for function in project.endpoints:
        uploads = {
            one.arg: one.annotation.text
            for one in [*function.node.args.args, *function.node.args.kwonlyargs]
            if one.annotation is not None and "UploadFile" in one.annotation.text
        }
        sized = any(
            isinstance(n, tree.Attribute) and n.attr in ("size", "content_length") for n in function.nodes
        ) or any(isinstance(n, tree.Constant) and str(n.value).lower() == "content-length" for n in function.nodes)
        each = {
            name
            for name, bound in project.kinds.bindings(function).items()
            for one in bound
            if one.each and dotted(one.value) in uploads
        }
        for one in [*function.node.args.args, *function.node.args.kwonlyargs]:
            if _is_bytes_file(one, function.defaults.get(one.arg)):
                yield _whole(rule, function.path, one.lineno, one.arg)
        for call in () if sized else function.calls:
            if not (
                isinstance(call.func, tree.Attribute)
                and call.func.attr == "read"
                and not call.args
                and not call.keywords
            ):
                continue
            owner = dotted(call.func.value).removesuffix(".file")
            if owner in uploads or owner in each:
                yield _whole(rule, function.path, call.lineno, owner)


def _limits_bodies(project: Project) -> bool:
    for (path, qualname), kind in project.codebase.kinds.items():
        if kind == "middleware":
            cls = project.module(path).classes.get(qualname) if path in project.codebase.files else None
            names = [
                qualname,
                *(
                    [n.arg for f in cls.body if isinstance(f, tree.FunctionDef) for n in f.args.args]
                    if cls is not None
                    else []
                ),
            ]
            if any(_LIMITS.search(name) for name in names):
                return True
    for path in project.paths():
        source = project.modules.source(path)
        if b"add_middleware" in source or b"FastAPI(" in source:
            for call in [n for n in tree.walk(project.module(path).root) if isinstance(n, tree.Call)]:
                if last_name(call) in ("add_middleware", "Middleware", "FastAPI"):
                    words = [last_name(argument(call, 0, "")), *[one.arg or "" for one in call.keywords]]
                    if any(_LIMITS.search(word) for word in words if word):
                        return True
    return False


def _is_bytes_file(one: tree.Arg, default: tree.Expression | None) -> bool:
    text = one.annotation.text if one.annotation is not None else ""
    by_default = isinstance(default, tree.Call) and last_name(default) == "File"
    return bool(re.match(r"Annotated\[bytes\b.*\bFile\(", text)) or (text in ("bytes", "bytes | None") and by_default)


def _whole(rule: Rule, path: str, line: int, name: str) -> Finding:
    return rule.at(
        path,
        line,
        f"`{name}` is read into memory whatever its size: a few large uploads end the process",
        "read pieces and stop at a limit, or refuse by `size` first",
        confidence="likely",
    )


_SHOWING = frozenset(
    [
        "RedirectResponse",
        "HTMLResponse",
        "Template",
        "from_string",
        "search",
        "match",
        "compile",
        "fullmatch",
        "findall",
        "sub",
    ]
)


def callers_page(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions(
        "RedirectResponse", "HTMLResponse", "Template", "from_string", "re.", "import re"
    ):
        for call in function.calls:
            name = last_name(call)
            if name not in _SHOWING:
                continue
            first = argument(call, 0, {"RedirectResponse": "url", "HTMLResponse": "content"}.get(name, ""))
            if first is None:
                continue
            if name == "RedirectResponse" and not _mentions(
                function, frozenset({"startswith", "urlparse", "urlsplit", "netloc", "hostname"})
            ):
                start = _start_of(first)
                if start is None or not is_callers_text(project, function, start):
                    continue
                yield rule.at(
                    function.path,
                    call.lineno,
                    "a link to this site leads wherever its writer likes: good for phishing",
                    "keep a table of places, or take only paths that begin with one `/`",
                )
            elif (
                name == "HTMLResponse"
                and isinstance(first, tree.JoinedStr | tree.BinOp | tree.Name)
                and is_callers_text(project, function, first)
            ):
                yield rule.at(
                    function.path,
                    call.lineno,
                    "what the caller sends is part of the page: their script runs as the user",
                    "`html.escape(…)`, or a template",
                )
            elif name in ("Template", "from_string") and is_callers_text(project, function, first):
                owner = dotted(call.func).rpartition(".")[0].lower()
                if (name == "from_string" and re.search("env|jinja|template", owner)) or project.kinds.external(
                    function.path, call.func, function
                ).startswith("jinja2"):
                    yield rule.at(
                        function.path,
                        call.lineno,
                        "the caller writes the template: it runs what they like on the server",
                        "a template of your own, their text as data",
                    )
            elif project.kinds.external(function.path, call.func, function) in (
                "re.search",
                "re.match",
                "re.compile",
                "re.fullmatch",
                "re.findall",
                "re.sub",
            ) and is_callers_text(project, function, first):
                yield rule.at(
                    function.path,
                    call.lineno,
                    "a pattern of the caller's may take minutes on a short text, and holds the worker meanwhile",
                    "`re.escape(…)`, or a search without patterns",
                )


def _start_of(node: tree.Expression) -> tree.Expression | None:
    """The part that says where a URL leads: None when it begins with text of our own."""
    if isinstance(node, tree.JoinedStr):
        parts = list(node.values)
        if parts and isinstance(parts[0], tree.Constant) and re.fullmatch(r"(?:https?:)?//", str(parts[0].value)):
            parts = parts[1:]
        return parts[0].value if parts and isinstance(parts[0], tree.FormattedValue) else None
    if isinstance(node, tree.BinOp):
        return _start_of(node.left) if not isinstance(node.left, tree.Constant) else None
    return node


_LOGIN_COOKIE = re.compile(
    r"(?:\w+[-_])?(?:session|sessionid|session_id|token|jwt|auth|access|refresh)(?:[-_]\w+)?", re.IGNORECASE
)


def cookie_flags(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("set_cookie"):
        for call in function.calls:
            if last_name(call) != "set_cookie" or any(one.arg is None for one in call.keywords):
                continue
            key = _value(project, function.path, argument(call, 0, "key"))
            if not (
                isinstance(key, tree.Constant) and isinstance(key.value, str) and _LOGIN_COOKIE.fullmatch(key.value)
            ):
                continue
            if (
                re.match(r"is_|has_|.*csrf", key.value.lower())
                or is_constant(argument(call, 2, "max_age"), 0)
                or is_constant(argument(call, 1, "value"), "")
            ):
                continue
            missing = [
                name
                for name in ("httponly", "secure")
                if keyword(call, name) is None or is_constant(keyword(call, name), False)
            ]
            if missing:
                yield rule.at(
                    function.path,
                    call.lineno,
                    f"the cookie `{key.value}` has no {' and no '.join(f'`{name}`' for name in missing)}: "
                    "scripts of the page, or anybody on the way, can read it",
                    ", ".join(f"{name}=True" for name in missing),
                )


_BROAD = frozenset({"Exception", "BaseException"})


def exception_text(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("HTTPException", "JSONResponse", "PlainTextResponse"):
        for node in function.nodes:
            if isinstance(node, tree.ExceptHandler):
                broad = node.type is None or last_name(node.type) in _BROAD
                if broad:
                    yield from _told(rule, function, [n for s in node.body for n in tree.walk(s)], node.name or "")
        handled = [
            argument(one, 0, "exc_class_or_status_code")
            for one in function.node.decorator_list
            if isinstance(one, tree.Call) and last_name(one) == "exception_handler"
        ]
        if (
            any(last_name(one) in _BROAD or is_constant(one, 500) for one in handled)
            and len(function.node.args.args) > 1
        ):
            yield from _told(rule, function, list(function.nodes), function.node.args.args[1].arg)


def _told(rule: Rule, function: Function, nodes: list[tree.Node], name: str) -> Iterator[Finding]:
    for node in nodes:
        if not isinstance(node, tree.Call) or last_name(node) not in (
            "HTTPException",
            "JSONResponse",
            "PlainTextResponse",
        ):
            continue
        status = [
            n.value
            for one in [*node.args, *[k.value for k in node.keywords]]
            for n in [one]
            if isinstance(n, tree.Constant)
        ]
        given = [*node.args, *[k.value for k in node.keywords if k.arg != "headers"]]
        shown = any(_is_error_text(one, name) for one in given)
        if shown and not any(isinstance(code, int) and code in (401, 404) for code in status):
            yield rule.at(
                function.path,
                node.lineno,
                "what went wrong inside is told to the caller: paths, SQL, addresses of other services",
                "log it, and answer a plain sentence",
            )
            return


def _is_error_text(node: tree.Node, name: str) -> bool:
    for one in tree.walk(node):
        if isinstance(one, tree.Call) and last_name(one) in ("format_exc", "format_exception", "print_exc"):
            return True
        if (
            name
            and isinstance(one, tree.Call)
            and dotted(one.func) in ("str", "repr")
            and one.args
            and dotted(one.args[0]) == name
        ):
            return True
        if name and isinstance(one, tree.FormattedValue) and dotted(one.value) == name:
            return True
    return False


RULES = (
    Rule(
        "FX901",
        "open among protected",
        "A route that changes something and asks for no credentials, as its siblings do",
        "access",
        1,
        open_among_protected,
    ),
    Rule(
        "FX902",
        "anybody's row",
        "A row loaded by the id of the path, the signed-in user never asked",
        "access",
        1,
        anybodys_row,
    ),
    Rule(
        "FX903",
        "administrator's route for everybody",
        "A route below /admin that asks for no role, as others do",
        "access",
        1,
        admin_for_everybody,
    ),
    Rule(
        "FX904",
        "privileged field from the body",
        "A body that may set a privileged column",
        "access",
        1,
        mass_assignment,
    ),
    Rule(
        "FX905",
        "row returned as it is",
        "A table's row as the answer, its secrets included",
        "access",
        1,
        table_returned,
    ),
    Rule(
        "FX906",
        "secret in the answer",
        "A response schema with a password, hash or key",
        "access",
        1,
        secret_in_schema,
    ),
    Rule(
        "FX907",
        "open WebSocket",
        "A WebSocket that asks nobody who they are, where routes do",
        "access",
        1,
        open_websocket,
    ),
    Rule("FX908", "check that never runs", "A check in a signature without `Depends`", "access", 1, never_runs),
    Rule(
        "FX909",
        "token not verified",
        "A JWT decoded without signature, algorithm or expiry",
        "access",
        1,
        token_not_verified,
    ),
    Rule(
        "FX910",
        "secret compared with ==",
        "A secret of the settings compared letter by letter",
        "access",
        2,
        secret_compared,
    ),
    Rule(
        "FX911",
        "secret in address or log",
        "A password or key in the query, the path or the log",
        "access",
        1,
        secret_in_address,
    ),
    Rule(
        "FX912",
        "every origin with credentials",
        "CORS that allows every origin together with cookies",
        "access",
        1,
        wildcard_cors,
    ),
    Rule(
        "FX914",
        "path from the caller",
        "A file opened or sent by a path that the caller sends",
        "access",
        1,
        path_traversal,
    ),
    Rule(
        "FX915",
        "upload's own name",
        "An upload written under the name that the caller gave",
        "access",
        1,
        uploads_own_name,
    ),
    Rule(
        "FX916",
        "upload read whole",
        "An upload read into memory whatever its size",
        "access",
        1,
        upload_read_whole,
    ),
    Rule(
        "FX918",
        "caller's address or page",
        "A redirect, page, template or pattern that the caller writes",
        "access",
        1,
        callers_page,
    ),
    Rule(
        "FX919",
        "cookie without flags",
        "A login cookie without `httponly` or `secure`",
        "access",
        2,
        cookie_flags,
    ),
    Rule(
        "FX920",
        "exception told to the caller",
        "`str(error)` of any exception, or a traceback, in an answer",
        "access",
        2,
        exception_text,
    ),
    Rule("FX511", "known secret", "A secret setting with a default in the repository", "access", 1, secret_default),
)
