"""One self-contained page of a codebase: inventory, routes, graph, duplicates, review; no network, no framework.

Everything from the code under study travels as JSON in a data block and reaches the page as text, never as markup; a
Content-Security-Policy with the hashes of our own script and style forbids everything else.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fastapi_expert import __version__
from fastapi_expert.codebase.model import Component, Inventory, Route
from fastapi_expert.codebase.reach import reach_note
from fastapi_expert.duplicates.model import Finding, Place
from fastapi_expert.render.compare import Row, align
from fastapi_expert.render.source import Sources

if TYPE_CHECKING:
    from fastapi_expert.review import Finding as Hazard

View = Literal["inventory", "duplicates", "review"]

_HERE = Path(__file__).parent
_SCRIPTS = (
    "base.js",
    "list.js",
    "detail.js",
    "inventory.js",
    "routes.js",
    "graph.js",
    "duplicates.js",
    "review.js",
    "main.js",
)
_PAIRS = 4  # how many of a family's other members are compared with the first
_ROWS = 400  # rows of one comparison; nobody reads on
_AROUND = 3  # lines shown before and after those of a hazard
_EXCERPT = 40  # lines of one excerpt


def page(
    inventory: Inventory,
    findings: "Sequence[Finding] | None",
    sources: Sources,
    *,
    title: str,
    hazards: "Sequence[Hazard] | None" = None,
    first: View = "inventory",
) -> str:
    """The page as HTML text; the same input gives the same bytes.

    ``findings`` are what is there twice and ``hazards`` what the review found; None leaves that view out. ``first`` is
    the view that is seen when it opens.
    """
    script = "\n".join((_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    style = (_HERE / "style.css").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    pieces = {
        "TITLE": _escape(title),
        "POLICY": policy,
        "STYLE": style,
        "SCRIPT": script,
        "DATA": _embed(
            {
                **_document(inventory, findings or (), sources, title),
                "hazards": [_hazard(one, sources) for one in hazards or ()],
                "without": [name for name, given in (("duplicates", findings), ("review", hazards)) if given is None],
                "first": first,
            }
        ),
    }
    template = (_HERE / "page.html").read_text(encoding="utf-8")
    return re.sub(r"%([A-Z]+)%", lambda slot: pieces[slot[1]], template)


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _escape(text: str) -> str:
    whole = text.encode("utf-8", "replace").decode()  # a directory's name need not be UTF-8
    return whole.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _embed(document: Mapping[str, Any]) -> str:
    """JSON that cannot end its script element, whatever the strings hold (HTML Standard, "Restrictions for script")."""
    return json.dumps(document, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")


def _document(inventory: Inventory, findings: Sequence[Finding], sources: Sources, title: str) -> dict[str, Any]:
    number = {component.id: index for index, component in enumerate(inventory.components)}
    return {
        "title": title,
        "version": __version__,
        "files": inventory.files,
        "note": reach_note(inventory),
        "components": [_component(component, number) for component in inventory.components],
        "routes": [_route(route, number) for route in inventory.routes],
        "problems": [
            {"path": problem.path, "line": problem.line, "message": problem.message} for problem in inventory.problems
        ],
        "findings": [_finding(finding, number, sources) for finding in findings],
    }


def _component(component: Component, number: Mapping[str, int]) -> dict[str, Any]:
    return {
        "kind": component.kind,
        "name": component.name,
        "qualname": component.qualname,
        "path": component.path,
        "line": component.line,
        "end": component.end_line,
        "summary": component.summary,
        "signature": component.signature,
        "fields": [[field.name, field.type, field.required] for field in component.fields or ()],
        "bases": list(component.bases or ()),
        "uses": [number[other] for other in component.uses if other in number],
    }


def _route(route: Route, number: Mapping[str, int]) -> dict[str, Any]:
    return {
        "method": route.method,
        "path": route.path,
        "name": route.name,
        "endpoint": number.get(route.endpoint),
        "file": route.path_file,
        "line": route.line,
        "dependencies": [number[other] for other in route.dependencies if other in number],
        "request": [_reference(model, number) for model in route.request_models],
        "response": _reference(route.response_model, number) if route.response_model else None,
        "status": route.status_code,
        "tags": list(route.tags),
        "protected": route.protected,
        "protection": route.protection,
        "reach": route.reach,
        "tests": [number[other] for other in route.tests if other in number],
    }


def _reference(model: str, number: Mapping[str, int]) -> int | str:
    """A component's number when ``model`` is its id, else the source text as it stands."""
    return number.get(model, model)


def _finding(finding: Finding, number: Mapping[str, int], sources: Sources) -> dict[str, Any]:
    first = finding.components[0]
    return {
        "rule": finding.rule,
        "title": finding.title,
        "message": finding.message,
        "advice": finding.advice,
        "action": finding.action,
        "similarity": round(finding.similarity, 3),
        "saves": finding.saves,
        "places": [
            {
                "component": number.get(place.id),
                "kind": place.kind,
                "name": place.id.rpartition("::")[2],
                "path": place.path,
                "line": place.line,
                "end": place.end_line,
            }
            for place in finding.components
        ],
        "pairs": [_pair(first, other, sources) for other in finding.components[1 : 1 + _PAIRS]],
    }


def _hazard(hazard: "Hazard", sources: Sources) -> dict[str, Any]:
    return {
        "rule": hazard.rule,
        "title": hazard.title,
        "severity": hazard.severity,
        "confidence": hazard.confidence,
        "message": hazard.message,
        "advice": hazard.advice,
        "path": hazard.path,
        "line": hazard.line,
        "since": hazard.since,
        "fixable": bool(hazard.fix),
        "code": _excerpt(sources, hazard.path, hazard.line, hazard.end_line),
        "related": [
            {
                "path": one.path,
                "line": one.line,
                "why": one.why,
                "code": _excerpt(sources, one.path, one.line, one.line),
            }
            for one in hazard.related
        ],
    }


def _excerpt(sources: Sources, path: str, line: int, end: int) -> list[list[Any]]:
    """Rows of [number, text, whether the line is meant or only around it]."""
    first = max(1, line - _AROUND)
    texts = sources.lines(path, first, end + _AROUND)[:_EXCERPT]
    return [[number, text, line <= number <= end] for number, text in enumerate(texts, start=first)]


def _pair(left: Place, right: Place, sources: Sources) -> list[list[Any]]:
    """Rows of [mark, left number, left text, left spans, right number, right text, right spans]."""
    a = sources.lines(left.path, left.line, left.end_line)
    b = sources.lines(right.path, right.line, right.end_line)
    return [_row(row, a, left.line, b, right.line) for row in align(a, b)[:_ROWS]]


def _row(row: Row, a: Sequence[str], a_first: int, b: Sequence[str], b_first: int) -> list[Any]:
    left: list[Any] = [None, "", []] if row.left is None else [a_first + row.left, a[row.left], row.left_spans]
    right: list[Any] = [None, "", []] if row.right is None else [b_first + row.right, b[row.right], row.right_spans]
    return [row.mark, *left, *right]
