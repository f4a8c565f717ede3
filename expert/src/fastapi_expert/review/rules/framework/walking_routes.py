"""FX003: A loop over `app.routes`, which no longer holds every route."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.modules import Function, dotted, walk
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule

_OWN = frozenset({"openapi_url", "docs_url", "redoc_url", "swagger_ui_oauth2_redirect_url"})
"""Paths of routes that an application adds itself, which are in its list as ever."""


def _looks_for_one(node: tree.Node) -> bool:
    """`route.path == …`, in a file that adds routes to the application itself: it looks for its own."""
    return any(
        isinstance(one, tree.Compare)
        and one.ops == ["=="]
        and isinstance(one.left, tree.Attribute)
        and one.left.attr in ("path", "name")
        for one in tree.walk(node)
    )


def walking_routes(project: Project, rule: Rule) -> Iterator[Finding]:
    if not project.versions.fastapi.may_be_at_least((0, 137)):
        return
    found = list(_walks(project, rule))
    if found and any(b"include_router(" in project.modules.source(path) for path in project.all_paths()):
        yield from found


def _walks(project: Project, rule: Rule) -> Iterator[Finding]:
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
                if any(isinstance(one, tree.Attribute) and one.attr in _OWN for one in tree.walk(node)):
                    continue
                if b".add_api_route(" in project.modules.source(path) and _looks_for_one(node):
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


RULE = Rule(
    "FX003",
    "walking app.routes",
    "A loop over `app.routes`, which no longer holds every route",
    "framework",
    1,
    walking_routes,
    "fastapi>=0.137",
    alone=True,
)
