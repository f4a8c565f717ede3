"""The JSON contract: what every `--json` prints. Schemas lie beside this in `schemas/`; `schema_version` is 1.

Data classes become objects by their field names; an optional key (`?` in the contract) is left out when it is None.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from fastapi_expert.codebase.model import Component, Evidence, Inventory, Problem, Route, Shipped
from fastapi_expert.duplicates.model import Finding

if TYPE_CHECKING:  # each command imports what it answers with, and no other
    from fastapi_expert.duplicates.proposal import Proposal
    from fastapi_expert.find import Hit
    from fastapi_expert.review import Finding as Hazard
    from fastapi_expert.witness.asking import Witness
    from fastapi_expert.witness.model import Application

SCHEMA_VERSION = 1


def write_json(document: Mapping[str, Any]) -> None:
    """Print one document to standard output."""
    sys.stdout.write(dumps(document))


def dumps(document: Mapping[str, Any]) -> str:
    """The document as text, with `schema_version` first and a final newline."""
    return _indented({"schema_version": SCHEMA_VERSION, **document}, "\n") + "\n"


_string = json.encoder.encode_basestring
_plain = json.JSONEncoder(ensure_ascii=False).encode


def _indented(value: Any, line: str) -> str:
    """``value`` as `json.dumps(indent=2)` writes it, which is slow: it does not use the encoder in C then."""
    if isinstance(value, str):
        return _string(value)
    inner = line + "  "
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        rows = [
            f"{_string(name)}: {_string(one) if one.__class__ is str else _indented(one, inner)}"
            for name, one in fields.items()
        ]
        return f"{{{inner}{f',{inner}'.join(rows)}{line}}}" if rows else "{}"
    if isinstance(value, (list, tuple)):
        several = cast("list[Any] | tuple[Any, ...]", value)
        rows = [_indented(one, inner) for one in several]
        return f"[{inner}{f',{inner}'.join(rows)}{line}]" if rows else "[]"
    return _plain(value)


def map_document(inventory: Inventory, *, kinds: Sequence[str] | None = None) -> dict[str, Any]:
    """`expert map --json`; ``kinds`` keeps components of these kinds alone."""
    kept = [component for component in inventory.components if not kinds or component.kind in kinds]
    return {
        "root": inventory.root,
        "files": inventory.files,
        "components": [component_json(component) for component in kept],
        "routes": [route_json(route) for route in inventory.routes],
        "problems": [problem_json(problem) for problem in inventory.problems],
    }


def routes_document(inventory: Inventory, routes: Sequence[Route]) -> dict[str, Any]:
    """`expert routes --json`."""
    return {
        "root": inventory.root,
        "routes": [route_json(route) for route in routes],
        "problems": [problem_json(problem) for problem in inventory.problems],
    }


def witness_document(witness: "Witness") -> dict[str, Any]:
    """What `expert routes --import … --json` adds: who was asked, and on what the two do not agree."""
    table, comparison, application = witness.table, witness.comparison, witness.table.application
    asked: dict[str, Any] = {
        "application": application.name,
        "app": comparison.app,
        "folder": application.folder or ".",
        "python": str(table.python),
        "python_version": table.version,
        "fastapi": table.fastapi,
        "refused": list(table.refused),
        "others": [_application(other) for other in witness.others],
    }
    if application.place is not None:
        asked |= {"path": application.place.path, "line": application.place.line}
    return {
        "asked": asked,
        "differences": [
            {
                "kind": one.kind,
                "method": one.method,
                "path": one.path,
                "path_file": one.place.path,
                "line": one.place.line,
                "said": one.said,
            }
            for one in comparison.differences
        ],
    }


def _application(application: "Application") -> dict[str, Any]:
    document: dict[str, Any] = {"application": application.name, "said": application.said}
    if application.place is not None:
        document |= {"path": application.place.path, "line": application.place.line}
    return document


def problem_json(problem: Problem) -> dict[str, Any]:
    """What could not be read, and where."""
    return {"path": problem.path, "line": problem.line, "message": problem.message}


def evidence_json(chain: Sequence[Evidence]) -> list[dict[str, Any]]:
    """The chain that makes a verdict of protection."""
    return [{"path": one.path, "line": one.line, "what": one.what} for one in chain]


def shipped_json(when: Shipped) -> dict[str, Any]:
    """The setting that a protection hangs on."""
    return {
        "setting": when.setting,
        "default": when.default,
        "path": when.path,
        "line": when.line,
        "open": when.open,
    }


def component_json(component: Component) -> dict[str, Any]:
    """C of the contract."""
    document: dict[str, Any] = {
        "id": component.id,
        "kind": component.kind,
        "name": component.name,
        "qualname": component.qualname,
        "path": component.path,
        "line": component.line,
        "end_line": component.end_line,
        "summary": component.summary,
    }
    if component.signature is not None:
        document["signature"] = component.signature
    if component.fields is not None:
        document["fields"] = [
            {"name": field.name, "type": field.type, "required": field.required} for field in component.fields
        ]
    if component.bases is not None:
        document["bases"] = list(component.bases)
    return document | {"uses": list(component.uses)}


def route_json(route: Route) -> dict[str, Any]:
    """R of the contract."""
    document: dict[str, Any] = {
        "method": route.method,
        "path": route.path,
        "name": route.name,
        "endpoint": route.endpoint,
        "path_file": route.path_file,
        "line": route.line,
        "dependencies": list(route.dependencies),
        "request_models": list(route.request_models),
        "tags": list(route.tags),
        "protected": route.protected,
        "tests": list(route.tests),
        "websocket": route.websocket,
        "app": route.app,
        "reach": route.reach,
    }
    document["protection"] = route.protection
    document["by"] = evidence_json(route.by)
    if route.when is not None:
        document["when"] = shipped_json(route.when)
    if route.host:
        document["host"] = route.host
    if route.via is not None:
        document["via"] = {"path": route.via[0], "line": route.via[1]}
    if route.source:
        document["source"] = route.source
    if route.response_model is not None:
        document["response_model"] = route.response_model
    if route.status_code is not None:
        document["status_code"] = route.status_code
    return document


def duplicates_document(root: str, findings: Sequence[Finding], *, suppressed: int) -> dict[str, Any]:
    """`expert duplicates --json`."""
    return {"root": root, "findings": [finding_json(finding) for finding in findings], "suppressed": suppressed}


def finding_json(finding: Finding) -> dict[str, Any]:
    """F of the contract."""
    return {
        "rule": finding.rule,
        "title": finding.title,
        "similarity": round(finding.similarity, 3),
        "message": finding.message,
        "advice": finding.advice,
        "action": finding.action,
        "components": [
            {"id": place.id, "kind": place.kind, "path": place.path, "line": place.line, "end_line": place.end_line}
            for place in finding.components
        ],
    }


def propose_document(proposal: "Proposal", hazards: "Sequence[Hazard]") -> dict[str, Any]:
    """`expert propose --json`."""
    return {
        "verdict": proposal.verdict,
        "advice": proposal.advice,
        "findings": [finding_json(finding) for finding in proposal.findings],
        "similar": [
            {"id": near.id, "path": near.path, "line": near.line, "score": round(near.score, 3), "reason": near.reason}
            for near in proposal.similar
        ],
        "hazards": [hazard_json(one) for one in hazards],
    }


def hazard_json(hazard: "Hazard") -> dict[str, Any]:
    """A finding of `expert review`."""
    shown = asdict(hazard)
    if not hazard.since:
        del shown["since"]
    edits = shown.pop("fix")
    if edits:
        shown["fix"] = {"edits": edits}
    return shown


def find_document(root: str, query: str, hits: "Sequence[Hit]") -> dict[str, Any]:
    """`expert find --json`."""
    return {"root": root, "query": query, "results": [_hit(hit) for hit in hits]}


def _hit(hit: "Hit") -> dict[str, Any]:
    entry = hit.entry
    document: dict[str, Any] = {
        "id": entry.id,
        "kind": entry.kind,
        "name": entry.name,
        "qualname": entry.qualname,
        "path": entry.path,
        "line": entry.line,
        "summary": entry.summary,
        "score": round(hit.score, 3),
        "matched": list(hit.matched),
    }
    if entry.routes and entry.methods:
        document["routes"] = [f"{method} {path}" for path in entry.routes for method in entry.methods]
    return document
