"""The tools that judge: what an agent is about to write, what is here twice, and what is wrong here."""

import os
from dataclasses import replace
from pathlib import Path

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.syntax.reader import read_source
from fastapi_expert.config import Config
from fastapi_expert.diff import is_diff
from fastapi_expert.duplicates import find
from fastapi_expert.duplicates.model import Finding
from fastapi_expert.duplicates.proposal import propose
from fastapi_expert.errors import ExpertError
from fastapi_expert.gate.impact.pieces import first_error
from fastapi_expert.mcp.lines import first, is_below, limit_of
from fastapi_expert.mcp.workspace import Kept, Workspace
from fastapi_expert.render.json import finding_json, hazard_json, propose_document
from fastapi_expert.render.proposal import hazard_text
from fastapi_expert.review import Review, review
from fastapi_expert.review.baseline import known_by, new_to
from fastapi_expert.review.draft import hazards_in
from fastapi_expert.tool import Answer, Json, Parameter, Tool, rows_schema

_MOST = 10
"""Rows of each kind in an answer."""
_VERDICT = rows_schema(findings="rule message advice")
_VERDICT["properties"] |= {"verdict": {"enum": ["new", "extend", "duplicate"]}}
_VERDICT["required"] += ["verdict"]


class Judging:
    """The tools that judge code, all on one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._found = Kept[tuple[Finding, ...]]()
        self._reviewed = Kept[Review]()

    def tools(self) -> tuple[Tool, ...]:
        return (
            Tool(
                name="propose_code",
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
                output=_VERDICT,
            ),
            Tool(
                name="review_code",
                description="What is wrong here, the worst first, and what is here twice; each with its mend.",
                parameters=(
                    Parameter("path", "string", "Only below this folder or file."),
                    Parameter("since", "string", "Only what changed since this git revision."),
                    Parameter("rule", "string", "A rule or family: FX701, FX2."),
                    limit_of(_MOST),
                ),
                function=self.review_code,
                output=rows_schema(findings="rule message path line", duplicates="rule message advice components"),
            ),
        )

    def propose_code(self, *, code: str, path: str | None = None, agent: str | None = None) -> Answer:
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
        broken = None if is_diff(source) else first_error(source)
        if broken is not None:
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
        document = propose_document(proposal, wrong)
        if broken is not None:
            document["not_python_from"] = broken
        return Answer("\n".join(lines), document)

    def _duplicates(self, codebase: Codebase) -> tuple[Finding, ...]:
        """What is twice in the codebase, found once for each state of it."""
        settings = self._workspace.config
        return self._found.of(codebase, settings, make=lambda: tuple(find(codebase, settings=settings).findings))

    def review_code(self, *, path: str = "", since: str | None = None, rule: str = "", limit: int = _MOST) -> Answer:
        workspace = self._workspace
        codebase = workspace.codebase()
        result = self._review(codebase)
        hazards, twice = result.findings, self._duplicates(codebase)
        if since is not None:
            from fastapi_expert.duplicates.since import added_lines, touched
            from fastapi_expert.review.detect import at_lines

            added = added_lines(workspace.root, since)
            hazards, twice = at_lines(hazards, added), touched(twice, added)
        below = workspace.relative(path) if path else ""
        family = rule.upper().rstrip("X")
        wrong = [one for one in hazards if one.rule.startswith(family) and is_below(one.path, below)]
        here = [
            one
            for one in twice
            if one.rule.startswith(family) and any(is_below(place.path, below) for place in one.components)
        ]
        unread = [one for one in result.problems if is_below(one.path, below)]
        problems = first([f"not Python: {one.path}:{one.line} {one.message}" for one in unread], 5)
        lines: list[str] = []
        for head, found in (
            ("findings, the worst first", [hazard_text(one) for one in wrong]),
            ("duplicates, most worth removing first", [_finding(one) for one in here]),
        ):
            lines += [f"{len(found)} {head}", *first(found, limit)] if found else []
        text = "\n".join([*(lines or ["Nothing is found."]), *problems])
        data: Json = {"total": len(wrong) + len(here), "findings": [hazard_json(one) for one in wrong[:limit]]}
        data["duplicates"] = [finding_json(one) for one in here[:limit]]
        return Answer(text, data | {"problems": problems})

    def _review(self, codebase: Codebase) -> Review:
        """What is wrong in the codebase, found once for each state of it."""
        settings = self._workspace.config
        return self._reviewed.of(codebase, settings, make=lambda: _new(review(codebase, settings=settings), settings))


def _new(found: Review, settings: Config) -> Review:
    """Without what the project's baseline knows."""
    return replace(found, findings=new_to(known_by(settings), found.findings))


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


def _finding(finding: Finding) -> str:
    places = " ~ ".join(f"{place.path}:{place.line}-{place.end_line}" for place in finding.components)
    return f"{finding.rule} {finding.title} ({finding.similarity:.0%}) {places}\n  {finding.message} {finding.advice}"
