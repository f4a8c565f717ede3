"""The tools that look: what is here, what of it does this, how one writes here; in short lines with file:line."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, get_args

from fastapi_expert.codebase.model import Component, Kind, Route
from fastapi_expert.codebase.vocabulary import METHODS, WEBSOCKET
from fastapi_expert.conventions import conventions
from fastapi_expert.conventions.report import TOPICS, conventions_document, conventions_text
from fastapi_expert.find import Entry
from fastapi_expert.find.closeup import MOST_LINES, Closeup, Closeups, Use
from fastapi_expert.mcp.lines import first, is_below, limit_of, unserved
from fastapi_expert.mcp.workspace import Kept, Workspace
from fastapi_expert.render.json import component_json, problem_json
from fastapi_expert.render.routes import is_unprotected
from fastapi_expert.tool import Answer, Json, Parameter, Tool, rows_schema

_KINDS: tuple[str, ...] = get_args(Kind)
_METHODS = (*METHODS, WEBSOCKET)
_MOST_COMPONENTS, _MOST_ROUTES, _MOST_HITS = 50, 100, 8
_MOST_CODE = 200
"""Lines of code in one answer; what is further down the list shows its first lines or none."""
_BELOW = Parameter("path", "string", "Only below this folder or file.")


class Looking:
    """The tools that look at the codebase, all on one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._close = Kept[Closeups]()

    def tools(self) -> tuple[Tool, ...]:
        kind = Parameter("kind", "string", choices=_KINDS)
        return (
            Tool(
                name="map_codebase",
                description="What is here, by kind with file:line. Without kind: counts, apps, routers, problems.",
                parameters=(
                    kind,
                    _BELOW,
                    Parameter("detail", "boolean", "Also signatures, fields, bases and what each one uses."),
                    limit_of(_MOST_COMPONENTS),
                ),
                function=self.map_codebase,
                output=rows_schema(components="kind name path line"),
            ),
            Tool(
                name="list_routes",
                description="Every route: method, final path, endpoint, models, protection, number of tests.",
                parameters=(
                    Parameter("path", "string", "Only paths that contain this text."),
                    Parameter("method", "string", choices=_METHODS, is_listed=False),
                    Parameter("untested", "boolean"),
                    Parameter("unprotected", "boolean"),
                    limit_of(_MOST_ROUTES),
                ),
                function=self.list_routes,
                output=rows_schema(routes="method path endpoint file line protection"),
            ),
            Tool(
                name="find_existing",
                description="What is here that does this, notes included, ranked. Ask before writing anything new.",
                parameters=(
                    Parameter(
                        "query",
                        "string",
                        'Words of the task: "hash password", "POST that creates users", "max_length 255".',
                        required=True,
                        aliases=("q", "words", "search"),
                    ),
                    Parameter(
                        "kind",
                        "string",
                        "As of map_codebase, or function, class, note.",
                        choices=(*_KINDS, "function", "class", "note"),
                        is_listed=False,
                    ),
                    Parameter("detail", "string", "code: with its code, callers and tests.", choices=("code",)),
                    limit_of(_MOST_HITS),
                ),
                function=self.find_existing,
                output=rows_schema(results="kind name path line"),
            ),
            Tool(
                name="conventions",
                description=(
                    "How one writes here: what a resource consists of, where things go, how endpoints let in, refuse"
                    " and page, what must follow a change."
                ),
                parameters=(
                    Parameter("topic", "string", choices=TOPICS),
                    Parameter("like", "string", "The resource to take as example."),
                ),
                function=self.conventions,
                output=rows_schema(homes="kind pattern example"),
            ),
        )

    def map_codebase(
        self, *, kind: str | None = None, path: str = "", detail: bool = False, limit: int = _MOST_COMPONENTS
    ) -> Answer:
        inventory = self._workspace.codebase().inventory
        below = self._workspace.relative(path) if path else ""
        found = [c for c in inventory.components if is_below(c.path, below) and kind in (None, c.kind)]
        data: Json = {}
        if kind is None:
            counted = Counter(c.kind for c in found)
            counts = ", ".join(f"{n} {name}" for name, n in sorted(counted.items()))
            head = f"{inventory.files} files, {len(inventory.routes)} routes: {counts or 'no FastAPI components'}"
            found = [c for c in found if c.kind in {"app", "router"}]
            unknown = [p for p in inventory.problems if is_below(p.path, below)]
            problems = [f"not known: {p.path}:{p.line} {p.message}" for p in unknown]
            data |= {"files": inventory.files, "routes": len(inventory.routes), "counts": dict(counted)}
            data["problems"] = [problem_json(p) for p in unknown[:5]]
        else:
            head, problems = f"{len(found)} of kind {kind}", []
        data |= {"total": len(found), "components": [_component_row(c, detail=detail) for c in found[:limit]]}
        lines = [*first([_component(c, detail=detail) for c in found], limit), *first(problems, 5)]
        return Answer("\n".join([head, *unserved(inventory), *lines]), data)

    def list_routes(
        self,
        *,
        path: str = "",
        method: str | None = None,
        untested: bool = False,
        unprotected: bool = False,
        limit: int = _MOST_ROUTES,
    ) -> Answer:
        inventory = self._workspace.codebase().inventory
        found = [
            route
            for route in inventory.routes
            if path in route.path
            and (method is None or route.method == method or (method == WEBSOCKET and route.websocket))
            and not (untested and route.tests)
            and (not unprotected or is_unprotected(route))
        ]
        head = f"{len(found)} of {len(inventory.routes)} routes"
        lines = [head, *unserved(inventory), *first([_route(route) for route in found], limit)]
        return Answer("\n".join(lines), {"total": len(found), "routes": [_route_row(one) for one in found[:limit]]})

    def find_existing(
        self, *, query: str, kind: str | None = None, detail: str = "", limit: int = _MOST_HITS
    ) -> Answer:
        finder = self._workspace.finder()
        hits = finder.search(query, limit=limit, kinds=() if kind is None else (kind,))
        if not hits:
            text = f"Nothing here answers {query[:80]!r}. Try other words, or map_codebase with a kind."
            return Answer(text, {"results": []})
        lines: list[str] = [f"not served as far as is seen: {finder.note}"] if finder.note else []
        rows: list[Json] = []
        left = _MOST_CODE
        for hit in hits:
            row, said = _entry_row(hit.entry), [_entry(hit.entry)]
            if detail and hit.entry.kind != "note":
                close = self._closeups().of(hit.entry, most_lines=max(0, min(left, MOST_LINES)))
                left -= close.code.count("\n") + 1
                said += _closeup(hit.entry, close)
                row |= _closeup_row(close)
            lines += said
            rows.append(row)
        return Answer("\n".join(lines), {"results": rows})

    def _closeups(self) -> Closeups:
        codebase = self._workspace.codebase()
        return self._close.of(codebase, make=lambda: Closeups(codebase))

    def conventions(self, *, topic: str | None = None, like: str = "") -> Answer:
        codebase = self._workspace.codebase()
        found = conventions(codebase, like=like)
        text = conventions_text(found, (topic,) if topic else ())
        return Answer(text, conventions_document(str(codebase.root), found))


def _component(c: Component, *, detail: bool) -> str:
    line = f"{c.kind} {c.qualname} {c.path}:{c.line}" + (f": {c.summary}" if c.summary else "")
    if not detail:
        return line
    fields = ", ".join(f"{f.name}: {f.type}{'' if f.required else ' (optional)'}" for f in c.fields or ())
    parts = {
        "signature": c.signature or "",
        "bases": ", ".join(c.bases or ()),
        "fields": fields,
        "uses": ", ".join(identifier.partition("::")[2] for identifier in c.uses),
    }
    return "\n".join([line, *(f"  {name}: {value}" for name, value in parts.items() if value)])


def _component_row(c: Component, *, detail: bool) -> Json:
    whole = component_json(c)
    return whole if detail else {key: whole[key] for key in ("kind", "name", "path", "line", "summary") if whole[key]}


def _route(route: Route) -> str:
    models = " ".join(f"<-{model}" for model in route.request_models)
    answer = f" ->{route.response_model}" if route.response_model else ""
    guard = {"required": "protected", "none": "open"}.get(route.protection, route.protection)
    if route.when is not None:
        guard += f" by {route.when.setting}={route.when.default or 'not set'}" + (
            " (open as shipped)" * route.when.open
        )
    if route.reach != "served":
        guard += f" {route.reach}"
    return (
        f"{route.method} {route.path} {route.name} {route.path_file}:{route.line} {guard}"
        f" {models}{answer} tests:{len(route.tests)}"
    ).replace("  ", " ")


def _route_row(route: Route) -> Json:
    row: Json = {
        "method": route.method,
        "path": route.path,
        "endpoint": route.name,
        "file": route.path_file,
        "line": route.line,
        "protection": route.protection,
        "tests": len(route.tests),
    }
    if route.reach != "served":
        row["reach"] = route.reach
    if route.request_models:
        row["request_models"] = list(route.request_models)
    if route.response_model:
        row["response_model"] = route.response_model
    return row


def _entry(entry: Entry) -> str:
    served = f" serves {', '.join(entry.routes)}" if entry.routes else ""
    about = f": {entry.summary}" if entry.summary else ""
    return f"{entry.kind} {entry.qualname} {entry.path}:{entry.line}{served}{about}"


def _entry_row(entry: Entry) -> Json:
    row: Json = {"kind": entry.kind, "name": entry.qualname, "path": entry.path, "line": entry.line}
    optional: dict[str, Any] = {"summary": entry.summary, "routes": list(entry.routes)}
    return row | {key: value for key, value in optional.items() if value}


def _closeup(entry: Entry, close: Closeup) -> list[str]:
    lines = [f"  {line}".rstrip() for line in close.code.split("\n")] if close.code else []
    if close.cut:
        lines.append(
            f"  … {close.cut} more lines to {entry.path}:{close.first + close.code.count(chr(10)) + close.cut}"
        )
    for said, uses, more in (("used by", close.callers, close.more_callers), ("tests", close.tests, close.more_tests)):
        if uses:
            lines.append(f"  {said}: {_uses(uses)}" + (f" and {more} more" if more else ""))
    return lines


def _uses(uses: Sequence[Use]) -> str:
    return ", ".join(f"{use.name} {use.path}:{use.line}" for use in uses)


def _closeup_row(close: Closeup) -> Json:
    return {
        "code": close.code,
        "first_line": close.first,
        "cut": close.cut,
        "used_by": [{"name": use.name, "path": use.path, "line": use.line} for use in close.callers],
        "tests": [{"name": use.name, "path": use.path, "line": use.line} for use in close.tests],
    }
