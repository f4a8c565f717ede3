"""What the installed FastAPI, Starlette or Pydantic no longer does, or does differently."""

import re
from collections.abc import Iterator
from dataclasses import replace

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.vocabulary import ROUTE_DECORATORS
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import Function, dotted, keyword, walk
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Related, Rule


def route_after_include(project: Project, rule: Rule) -> Iterator[Finding]:
    if not project.versions.fastapi.is_below((0, 137)):
        return
    for path in project.paths():
        if b"include_router" not in project.modules.source(path):
            continue
        included: set[str] = set()
        for statement in project.module(path).root.body:
            if isinstance(statement, tree.FunctionDef):
                for one in statement.decorator_list:
                    if not isinstance(one, tree.Call) or last_name(one) not in ROUTE_DECORATORS:
                        continue
                    if dotted(one.func).rpartition(".")[0] in included:
                        yield rule.at(
                            path,
                            one.lineno,
                            "before FastAPI 0.137 including a router copies the routes that it has by then: "
                            "this one is never served",
                            "include the router after its last route",
                        )
            elif isinstance(statement, tree.Expr) and last_name(statement.value) == "include_router":
                call = statement.value
                if isinstance(call, tree.Call) and call.args:
                    included.add(dotted(call.args[0]))


_OLD_WORDS = re.compile(rb"\.dict\(|parse_obj|from_orm|update_forward_refs|regex=|on_event|validator|class Config")


def deprecated(project: Project, rule: Rule) -> Iterator[Finding]:
    """One finding for everything of a kind: a large codebase says `.dict()` a hundred times."""
    by_kind: dict[str, list[Finding]] = {}
    for one in _deprecated(project, rule):
        by_kind.setdefault(one.message, []).append(one)
    for findings in by_kind.values():
        first, rest = findings[0], findings[1:]
        many = f" ({len(findings)} places)" if rest else ""
        related = tuple([Related(one.path, one.line, "another") for one in rest[:4]])
        yield replace(first, message=first.message + many, related=related)


def _deprecated(project: Project, rule: Rule) -> Iterator[Finding]:
    modern = project.versions.pydantic.may_be_at_least((2, 0))
    for path in project.paths():
        if not _OLD_WORDS.search(project.modules.source(path)):
            continue
        module = project.module(path)
        for name, cls in module.classes.items() if modern else ():
            if project.codebase.kinds.get((path, name)) not in ("schema", "settings"):
                continue
            for statement in cls.body:
                if isinstance(statement, tree.ClassDef) and statement.name == "Config":
                    yield _old(rule, path, statement.lineno, "`class Config`", "`model_config = ConfigDict(…)`")
        for function in module.functions.values():
            yield from _old_decorators(project, rule, function, modern)
            yield from _old_calls(project, rule, function, modern)


def _old_decorators(project: Project, rule: Rule, function: Function, modern: bool) -> Iterator[Finding]:
    for one in function.node.decorator_list:
        target = one.func if isinstance(one, tree.Call) else one
        outside = project.kinds.external(function.path, target)
        if modern and outside in ("pydantic.validator", "pydantic.root_validator"):
            new = {"validator": "field_validator", "root_validator": "model_validator"}[last_name(target)]
            yield _old(rule, function.path, one.lineno, f"`@{last_name(target)}`", f"`@{new}`")
        if last_name(target) == "on_event" and isinstance(one, tree.Call):
            yield _old(rule, function.path, one.lineno, "`on_event`", "a lifespan")


def _old_calls(project: Project, rule: Rule, function: Function, modern: bool) -> Iterator[Finding]:
    for default in [
        *function.defaults.values(),
        *[a.annotation for a in function.node.args.args if a.annotation is not None],
    ]:
        for call in [n for n in tree.walk(default) if isinstance(n, tree.Call)]:
            if (
                last_name(call) in ("Query", "Path", "Header", "Cookie", "Form", "Body")
                and keyword(call, "regex") is not None
            ):
                yield _old(rule, function.path, call.lineno, "`regex=`", "`pattern=`")
    for call in function.calls if modern else ():
        if isinstance(call.func, tree.Attribute) and call.func.attr in (
            "dict",
            "parse_obj",
            "from_orm",
            "update_forward_refs",
        ):
            cls = project.class_of(project.kinds.of(function.path, call.func.value, function))
            if cls is not None and project.codebase.kinds.get((cls.path, cls.name)) == "schema":
                new = {"dict": "model_dump", "parse_obj": "model_validate", "from_orm": "model_validate"}.get(
                    call.func.attr, "model_rebuild"
                )
                if project.kinds.method(f"object {cls.path}::{cls.name}", call.func.attr) is None:
                    yield _old(rule, function.path, call.lineno, f"`.{call.func.attr}()`", f"`.{new}()`")


def _old(rule: Rule, path: str, line: int, what: str, new: str) -> Finding:
    return rule.at(path, line, f"{what} is deprecated and will go", new, end_line=line)


def walking_routes(project: Project, rule: Rule) -> Iterator[Finding]:
    if not project.versions.fastapi.may_be_at_least((0, 137)):
        return
    if not any(b"include_router(" in project.modules.source(path) for path in project.paths()):
        return
    for path in project.paths():
        if b".routes" not in project.modules.source(path):
            continue
        module = project.module(path)
        scopes: list[tuple[Function | None, list[tree.Node]]] = [
            (one, list(one.nodes)) for one in module.functions.values()
        ]
        scopes.append((None, [n for s in module.root.body for n in walk(s)]))
        for function, nodes in scopes:
            for node in nodes:
                iterated = node.iter if isinstance(node, tree.For | tree.Comprehension) else None
                if not (isinstance(iterated, tree.Attribute) and iterated.attr == "routes"):
                    continue
                owner = iterated.value
                if isinstance(owner, tree.Attribute) and owner.attr == "router":
                    owner = owner.value
                if project.kinds.of(path, owner, function) in (
                    "from fastapi.FastAPI",
                    "from fastapi.applications.FastAPI",
                ):
                    yield rule.at(
                        path,
                        iterated.lineno,
                        "since FastAPI 0.137 the routes of included routers are not in this list: they are passed over",
                        "walk `iter_route_contexts(app.routes)`, or the OpenAPI document",
                        confidence="certain" if any(dotted(n).endswith("APIRoute") for n in nodes) else "likely",
                    )


def json_without_type(project: Project, rule: Rule) -> Iterator[Finding]:
    if not project.versions.fastapi.may_be_at_least((0, 132)):
        return
    if any(b"strict_content_type=False" in project.modules.source(path).replace(b" ", b"") for path in project.paths()):
        return
    for function in project.functions("dumps(", "content=", "data='", 'data="', "data=b", tests=True):
        for call in function.calls:
            if not isinstance(call.func, tree.Attribute) or call.func.attr not in ("post", "put", "patch"):
                continue
            if any(one.arg is None for one in call.keywords) or keyword(call, "headers") is not None:
                continue
            if not project.kinds.of(function.path, call.func.value, function).endswith("testclient.TestClient"):
                continue
            given = keyword(call, "content") or keyword(call, "data")
            is_json = isinstance(given, tree.Call) and dotted(given.func) in ("json.dumps", "dumps", "orjson.dumps")
            is_text = (
                isinstance(given, tree.Constant)
                and isinstance(given.value, str | bytes)
                and str(given.value)[:2].lstrip("b'").startswith(("{", "["))
            )
            if is_json or is_text:
                yield rule.at(
                    function.path,
                    call.lineno,
                    "since FastAPI 0.132 a body without `Content-Type: application/json` is not read as JSON: 422",
                    "`json=…`",
                )


RULES = (
    Rule(
        "FX001",
        "route after include",
        "A route added after its router was included",
        "framework",
        2,
        route_after_include,
        "fastapi<0.137",
    ),
    Rule(
        "FX002",
        "deprecated",
        "What this release still takes and a later one will not",
        "framework",
        3,
        deprecated,
    ),
    Rule(
        "FX003",
        "walking app.routes",
        "A loop over `app.routes`, which no longer holds every route",
        "framework",
        1,
        walking_routes,
        "fastapi>=0.137",
    ),
    Rule(
        "FX004",
        "JSON without its type",
        "A test that sends JSON without a Content-Type",
        "framework",
        2,
        json_without_type,
        "fastapi>=0.132",
    ),
)
