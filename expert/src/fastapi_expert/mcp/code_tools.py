"""The tools about code: what each takes, and what it answers, in short lines with file:line.

The whole list costs an agent's context once a session, so a description says what the name and the type do not.
"""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.model import Component, Inventory, Kind, Route
from fastapi_expert.codebase.reach import reach_note
from fastapi_expert.codebase.syntax.reader import read_source
from fastapi_expert.codebase.vocabulary import METHODS, WEBSOCKET
from fastapi_expert.config import Config
from fastapi_expert.diff import is_diff
from fastapi_expert.duplicates import find
from fastapi_expert.duplicates.model import Finding
from fastapi_expert.duplicates.proposal import propose
from fastapi_expert.errors import ExpertError
from fastapi_expert.gate.impact.pieces import first_error
from fastapi_expert.mcp.workspace import Workspace
from fastapi_expert.render.proposal import hazard_text
from fastapi_expert.render.routes import is_unprotected
from fastapi_expert.review import Review, review
from fastapi_expert.review.baseline import known_by, new_to
from fastapi_expert.review.draft import hazards_in
from fastapi_expert.tool import Parameter, Tool

_KINDS: tuple[str, ...] = get_args(Kind)
_METHODS = (*METHODS, WEBSOCKET)
_KIND = Parameter("kind", "string", choices=_KINDS)
_LIMIT = Parameter("limit", "integer", "Most rows to show.", minimum=1, maximum=1000)
_SHORT = {"map_codebase": 50, "list_routes": 100, "find_existing": 8, "find_duplicates": 8, "review_code": 12}


class CodeTools:
    """The tools about code, all on one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._found: tuple[Codebase, Config, tuple[Finding, ...]] | None = None
        self._reviewed: tuple[Codebase, Config, Review] | None = None

    def tools(self) -> dict[str, Tool]:
        """Each by its name."""
        return {
            tool.name: tool
            for tool in (
                Tool(
                    name="map_codebase",
                    title="Map the codebase",
                    description=(
                        "What the codebase holds, by kind with file:line. Without kind: counts, apps, routers,"
                        " problems."
                    ),
                    parameters=(
                        _KIND,
                        Parameter("path", "string", "Only below this folder or file."),
                        Parameter("detail", "boolean", "Also signatures, fields, bases and what each one uses."),
                        _LIMIT,
                    ),
                    function=self.map_codebase,
                ),
                Tool(
                    name="list_routes",
                    title="List routes",
                    description=(
                        "Every route: method, final path, endpoint at file:line, models, protection, number of tests."
                    ),
                    parameters=(
                        Parameter("path", "string", "Only paths that contain this text."),
                        Parameter("method", "string", choices=_METHODS),
                        Parameter("untested", "boolean"),
                        Parameter("unprotected", "boolean"),
                        _LIMIT,
                    ),
                    function=self.list_routes,
                ),
                Tool(
                    name="find_existing",
                    title="Find what exists",
                    description=(
                        "What is already here that does this, ranked, with file:line. Ask before writing anything new."
                    ),
                    parameters=(
                        Parameter(
                            "query",
                            "string",
                            'Words of the task: "hash password", "POST that creates users".',
                            required=True,
                            aliases=(
                                "q",
                                "words",
                                "search",
                            ),
                        ),
                        _KIND,
                        _LIMIT,
                    ),
                    function=self.find_existing,
                ),
                Tool(
                    name="propose_code",
                    title="Propose code",
                    description=(
                        "May this be written? Verdict new, extend or duplicate, what to use instead, what is wrong."
                    ),
                    parameters=(
                        Parameter(
                            "code",
                            "string",
                            "The draft: a whole file, or the new part.",
                            required=True,
                            aliases=(
                                "content",
                                "draft",
                            ),
                        ),
                        Parameter(
                            "path",
                            "string",
                            "The file it is meant for; a whole file replaces what is there, a part is added to it.",
                            aliases=(
                                "file_path",
                                "as_path",
                            ),
                        ),
                        Parameter("agent", "string", "Your name, credited in the commit."),
                    ),
                    function=self.propose_code,
                    read_only=False,
                ),
                Tool(
                    name="find_duplicates",
                    title="Find duplicates",
                    description="What is here twice, most worth removing first, each with advice.",
                    parameters=(
                        Parameter("path", "string", "Only findings that touch this folder or file."),
                        Parameter("since", "string", "Only what came since this git revision."),
                        Parameter("rule", "string", "A rule or family: FX101, FX2."),
                        _LIMIT,
                    ),
                    function=self.find_duplicates,
                ),
                Tool(
                    name="review_code",
                    title="Review code",
                    description="What is wrong here that an expert would see, the worst first, each with its mend.",
                    parameters=(
                        Parameter("path", "string", "Only below this folder or file."),
                        Parameter("since", "string", "Only what changed since this git revision."),
                        Parameter("rule", "string", "A rule or family: FX701, FX9."),
                        _LIMIT,
                    ),
                    function=self.review_code,
                ),
                Tool(
                    name="check_changes",
                    title="Check changes",
                    description=(
                        "The gate over what changed: types, format, lint, security, duplicates, affected tests."
                    ),
                    parameters=(
                        Parameter(
                            "since", "string", "Check what changed since this git revision instead of the work tree."
                        ),
                        Parameter("all", "boolean", "Check every file."),
                        Parameter("fix", "boolean", "Apply the safe fixes (format, import order, lint)."),
                    ),
                    function=self.check_changes,
                    read_only=False,
                ),
                Tool(
                    name="credit_contributor",
                    title="Credit a contributor",
                    description="Name who contributed to the commit being made; without files, to all of it.",
                    parameters=(
                        Parameter(
                            "agent",
                            "string",
                            "The handle, @ optional.",
                            required=True,
                            aliases=(
                                "name",
                                "contributor",
                            ),
                        ),
                        Parameter("files", "array"),
                    ),
                    function=self.credit_contributor,
                    read_only=False,
                ),
            )
        }

    def map_codebase(
        self, *, kind: str | None = None, path: str = "", detail: bool = False, limit: int = _SHORT["map_codebase"]
    ) -> str:
        inventory = self._workspace.codebase().inventory
        below = self._workspace.relative(path) if path else ""
        found = [c for c in inventory.components if _is_below(c.path, below) and kind in (None, c.kind)]
        if kind is None:
            counts = ", ".join(f"{n} {name}" for name, n in sorted(Counter(c.kind for c in found).items()))
            head = f"{inventory.files} files, {len(inventory.routes)} routes: {counts or 'no FastAPI components'}"
            found = [c for c in found if c.kind in {"app", "router"}]
            problems = [
                f"not known: {p.path}:{p.line} {p.message}" for p in inventory.problems if _is_below(p.path, below)
            ]
        else:
            head, problems = f"{len(found)} of kind {kind}", []
        lines = [*_first([_component(c, detail=detail) for c in found], limit), *_first(problems, 5)]
        return "\n".join([head, *_note(inventory), *lines])

    def list_routes(
        self,
        *,
        path: str = "",
        method: str | None = None,
        untested: bool = False,
        unprotected: bool = False,
        limit: int = _SHORT["list_routes"],
    ) -> str:
        inventory = self._workspace.codebase().inventory
        found = [
            route
            for route in inventory.routes
            if path in route.path
            and (method is None or route.method == method or (method == WEBSOCKET and route.websocket))
            and not (untested and route.tests)
            and (not unprotected or is_unprotected(route))
        ]
        return "\n".join(
            [
                f"{len(found)} of {len(inventory.routes)} routes",
                *_note(inventory),
                *_first([_route(r) for r in found], limit),
            ]
        )

    def find_existing(self, *, query: str, kind: str | None = None, limit: int = _SHORT["find_existing"]) -> str:
        hits = self._workspace.finder().search(query, limit=1000 if kind else limit)
        found = [hit.entry for hit in hits if kind in (None, hit.entry.kind)][:limit]
        if not found:
            return f"Nothing here answers {query!r}. Try other words, or map_codebase with a kind."
        note = self._workspace.finder().note
        lines: list[str] = [f"not served as far as is seen: {note}"] if note else []
        for entry in found:
            served = f" serves {', '.join(entry.routes)}" if entry.routes else ""
            about = f": {entry.summary}" if entry.summary else ""
            lines.append(f"{entry.kind} {entry.qualname} {entry.path}:{entry.line}{served}{about}")
        return "\n".join(lines)

    def propose_code(self, *, code: str, path: str | None = None, agent: str | None = None) -> str:
        workspace = self._workspace
        as_path = workspace.relative(path) if path else None
        if as_path and not Path(os.path.abspath(workspace.root / as_path)).is_relative_to(workspace.root):
            raise ExpertError("this is outside of the project", where=path, do="Give a path relative to its root.")
        if agent and as_path:
            from fastapi_expert.credit import record

            record(agent, files=[workspace.root / as_path], session="mcp", tool="propose_code", cwd=workspace.root)
        source = code.encode(errors="replace")
        if as_path and _is_part(workspace.root / as_path, source):
            as_path = None  # what is in the file stays, and is compared
        proposal = propose(workspace.root, source, as_path=as_path, settings=workspace.config)
        lines = [f"{proposal.verdict}: {proposal.advice}", *(_finding(f) for f in proposal.findings)]
        if (broken := first_error(source)) is not None and not is_diff(source):
            lines.append(
                f"syntax: the draft is not Python from line {broken} on; it was judged as far as it can be read"
            )
        wrong = hazards_in(workspace.codebase, source, as_path=as_path, settings=workspace.config)
        lines += [hazard_text(one) for one in wrong]
        if proposal.similar:
            near = ", ".join(
                f"{s.id.partition('::')[2]} {s.path}:{s.line} ({s.score:.2f}, {s.reason})" for s in proposal.similar[:3]
            )
            lines.append(f"nearest: {near}")
        return "\n".join(lines)

    def find_duplicates(
        self, *, path: str = "", since: str | None = None, rule: str = "", limit: int = _SHORT["find_duplicates"]
    ) -> str:
        workspace = self._workspace
        found: Iterable[Finding] = self._duplicates()
        if since is not None:
            from fastapi_expert.duplicates.since import added_lines, touched

            found = touched(tuple(found), added_lines(workspace.root, since))
        below = workspace.relative(path) if path else ""
        wanted = [
            finding
            for finding in found
            if finding.rule.startswith(rule.upper().rstrip("X"))
            and any(_is_below(place.path, below) for place in finding.components)
        ]
        if not wanted:
            return "Nothing is here twice."
        return "\n".join(
            [f"{len(wanted)} findings, most worth removing first", *_first([_finding(f) for f in wanted], limit)]
        )

    def _duplicates(self) -> tuple[Finding, ...]:
        """What is twice in the codebase, found once for each state of it."""
        codebase, settings = self._workspace.codebase(), self._workspace.config
        if self._found is None or self._found[0] is not codebase or self._found[1] is not settings:
            self._found = (codebase, settings, tuple(find(codebase, settings=settings).findings))
        return self._found[2]

    def review_code(
        self, *, path: str = "", since: str | None = None, rule: str = "", limit: int = _SHORT["review_code"]
    ) -> str:
        workspace = self._workspace
        result = self._review()
        found = result.findings
        if since is not None:
            from fastapi_expert.duplicates.since import added_lines
            from fastapi_expert.review.detect import at_lines

            found = at_lines(found, added_lines(workspace.root, since))
        below = workspace.relative(path) if path else ""
        wanted = [one for one in found if one.rule.startswith(rule.upper().rstrip("X")) and _is_below(one.path, below)]
        unread = [f"not Python: {one.path}:{one.line} {one.message}" for one in result.problems]
        problems = _first([one for one in unread if _is_below(one.partition(": ")[2].partition(":")[0], below)], 5)
        if not wanted:
            return "\n".join(["Nothing is found.", *problems])
        head = f"{len(wanted)} findings, the worst first"
        return "\n".join([head, *_first([hazard_text(one) for one in wanted], limit), *problems])

    def _review(self) -> Review:
        """What is wrong in the codebase, found once for each state of it."""
        codebase, settings = self._workspace.codebase(), self._workspace.config
        if self._reviewed is None or self._reviewed[0] is not codebase or self._reviewed[1] is not settings:
            found = review(codebase, settings=settings)
            known = new_to(known_by(settings), found.findings)
            self._reviewed = (codebase, settings, replace(found, findings=known))
        return self._reviewed[2]

    def check_changes(self, *, since: str | None = None, all: bool = False, fix: bool = False) -> str:
        from fastapi_expert.gate.report import check_text

        return check_text(self._workspace.root, since=since, everything=all, fix=fix)

    def credit_contributor(self, *, agent: str, files: Sequence[str] = ()) -> str:
        from fastapi_expert.credit import declare, record

        root = self._workspace.root
        if not files:
            declare(agent, cwd=root)
            return f"{agent} is credited in the commit being made."
        missing = [name for name in files if not (root / name).exists()]
        if missing:
            raise ExpertError(f"no file {missing[0]!r}", do="Give paths relative to the project's root.")
        record(agent, files=[root / name for name in files], session="mcp", tool="credit_contributor", cwd=root)
        return f"{agent} is credited for {len(files)} files in the commit being made."


def _is_part(file: Path, draft: bytes) -> bool:
    """Whether ``draft`` is something to add to ``file``: it defines nothing that the file does."""
    try:
        there = _definitions(file.read_bytes(), file.name)
    except OSError:
        return False
    return bool(there) and there.isdisjoint(_definitions(draft, file.name))


def _definitions(source: bytes, name: str) -> set[str]:
    facts = read_source(source, name)
    return {one.qualname for one in (*facts.functions, *facts.classes)}


def _is_below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


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


def _note(inventory: Inventory) -> list[str]:
    """What is not known to be served: said before everything else."""
    note = reach_note(inventory)
    return [f"not served as far as is seen: {note}"] if note else []


def _finding(finding: Finding) -> str:
    places = " ~ ".join(f"{place.path}:{place.line}-{place.end_line}" for place in finding.components)
    return f"{finding.rule} {finding.title} ({finding.similarity:.0%}) {places}\n  {finding.message} {finding.advice}"


def _first(lines: Sequence[str], limit: int) -> list[str]:
    more = len(lines) - limit
    return [*lines[:limit], *([f"… and {more} more; ask with a higher limit or a filter"] if more > 0 else [])]
