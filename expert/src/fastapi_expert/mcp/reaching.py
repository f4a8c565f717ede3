"""The tools that reach from one thing to others: who can reach a route, what a change reaches, the code of a name."""

from collections.abc import Sequence
from typing import Any

from fastapi_expert.errors import ExpertError, UsageError
from fastapi_expert.find.closeup import Closeups
from fastapi_expert.mcp.lines import first, limit_of
from fastapi_expert.mcp.workspace import Kept, Workspace
from fastapi_expert.tool import Answer, Json, Parameter, Tool, rows_schema

_MOST_ROUTES, _MOST_REACHED = 40, 20
_MOST_CODE, _CODE = 200, 80
_KEPT = ("routes", "components", "migrations", "tests")


class Reaching:
    """The tools that follow links, all on one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._rows = Kept[Any]()
        self._close = Kept[Closeups]()

    def tools(self) -> tuple[Tool, ...]:
        return (
            Tool(
                name="access_of",
                description="Who can reach a route: guards, scopes, whether its rows are the caller's.",
                parameters=(
                    Parameter("route", "string", "Part of a path, or `DELETE /items/{id}`; all without it."),
                    limit_of(_MOST_ROUTES),
                ),
                function=self.access_of,
                output=rows_schema(rows="method path protection"),
            ),
            Tool(
                name="impact_of",
                description="What a change of something reaches: routes, schemas, tables, tasks, tests.",
                parameters=(
                    Parameter("what", "string", "A name, or file.py:LINE.", aliases=("name", "symbol")),
                    Parameter("since", "string", "What changed since this git revision, in its place."),
                    limit_of(_MOST_REACHED),
                ),
                function=self.impact_of,
                output=rows_schema(routes="method path"),
            ),
            Tool(
                name="read_component",
                description="The code of what find_existing names, with its decorators.",
                parameters=(
                    Parameter(
                        "name",
                        "string",
                        "Its name; file.py::name or file.py:LINE where several have it.",
                        required=True,
                    ),
                    Parameter("lines", "integer", default=_CODE, minimum=1, maximum=_MOST_CODE),
                ),
                function=self.read_component,
                output=rows_schema(components="kind name path line code"),
            ),
        )

    def access_of(self, *, route: str = "", limit: int = _MOST_ROUTES) -> Answer:
        from fastapi_expert.contract.access import access
        from fastapi_expert.render.promises.access import row_json

        codebase = self._workspace.codebase()
        rows = self._rows.of(codebase, make=lambda: access(codebase))
        method, _, path = route.strip().rpartition(" ")
        found = [one for one in rows if path in one.path and method.upper() in ("", one.method)]
        exact = [one for one in found if one.path == path]
        found = exact or found
        if not found:
            raise ExpertError(f"no route here has {route!r} in its path", do="list_routes names them")
        lines: list[str] = []
        for one in found:
            said = {"required": "behind", "none": "open to everybody", "optional": "strangers are let through"}
            text = f"{one.method} {one.path} {said.get(one.protection, 'not known')}"
            text += f" {', '.join(one.guards)}" if one.guards else ""
            text += f" for {' '.join(one.scopes)}" if one.scopes else ""
            text += f"; rows by owner: {one.owner}" if one.protection != "none" else ""
            text += f" {one.by[0].path}:{one.by[0].line}" if one.by else f" {one.file}:{one.line}"
            lines.append(text + (f"; odd: {one.odd}" if one.odd else ""))
        return Answer(
            "\n".join(first(lines, limit)), {"total": len(found), "rows": [row_json(one) for one in found[:limit]]}
        )

    def impact_of(self, *, what: str = "", since: str | None = None, limit: int = _MOST_REACHED) -> Answer:
        from fastapi_expert.gate.impact.reached import since_revision, what_is_asked
        from fastapi_expert.render.promises.impact import impact_document

        if bool(what) == (since is not None):
            raise ExpertError("say what: a name, a place, or since", do="what: get_current_user")
        codebase = self._workspace.codebase()
        found = since_revision(codebase, since) if since is not None else what_is_asked(codebase, what)
        whole = impact_document(str(codebase.root), found)
        groups: dict[str, Sequence[str]] = {
            "routes": [f"{one.method} {one.path} {one.path_file}:{one.line}" for one in found.routes],
            "components": [f"{one.kind} {one.qualname} {one.path}:{one.line}" for one in found.components],
            "migrations": found.migrations,
            "tests": found.tests,
        }
        counts = ", ".join(f"{len(rows)} {name}" for name, rows in groups.items() if rows)
        lines = [f"reaches {counts or 'nothing'}"]
        lines += [f"all tests may be affected: {found.everything}"] if found.everything else []
        for name, rows in groups.items():
            lines += [f"{name}:", *(f"  {row}" for row in first(rows, limit))] if rows else []
        data: Json = {key: whole[key][:limit] for key in _KEPT}
        return Answer(
            "\n".join(lines), data | {"asked": whole["asked"], "totals": {key: len(whole[key]) for key in _KEPT}}
        )

    def read_component(self, *, name: str, lines: int = _CODE) -> Answer:
        codebase = self._workspace.codebase()
        close = self._close.of(codebase, make=lambda: Closeups(codebase))
        found = self._workspace.named(name.strip())
        if not found:
            raise ExpertError(f"nothing here is called {name!r}", do="find_existing looks for it by what it does")
        if len(found) > 4:
            said = [f"{one.kind} {one.qualname} {one.path}:{one.line}" for one in found]
            raise UsageError(
                f"{len(found)} are called {name!r}: {'; '.join(said[:12])}", do="name one as file.py::name"
            )
        text: list[str] = []
        rows: list[Json] = []
        left = lines
        for one in found:
            look = close.of(one, most_lines=max(0, left))
            left -= look.code.count("\n") + 1
            text.append(f"{one.kind} {one.qualname} {one.path}:{look.first}")
            text += [look.code] if look.code else []
            text += [f"… {look.cut} more lines"] if look.cut else []
            row: Json = {"kind": one.kind, "name": one.qualname, "path": one.path, "line": look.first}
            rows.append(row | {"code": look.code, "cut": look.cut})
        return Answer("\n".join(text), {"components": rows})
