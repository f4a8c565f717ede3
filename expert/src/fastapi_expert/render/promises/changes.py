"""What a change does to those who call, as text, JSON, SARIF and GitHub annotations."""

import json
from collections import Counter
from typing import Any

from fastapi_expert import __version__
from fastapi_expert.contract.changes.revisions import Comparison, Placed
from fastapi_expert.render.formats.github import command
from fastapi_expert.render.formats.sarif import SCHEMA
from fastapi_expert.render.json import problem_json
from fastapi_expert.render.terminal import Style, printable

_COLOURS = {"breaking": "red", "warning": "yellow", "info": "dim"}
_GITHUB = {"breaking": "error", "warning": "warning", "info": "notice"}
_SARIF = {"breaking": "error", "warning": "warning", "info": "note"}


def contract_text(found: Comparison, style: Style) -> str:
    """A line a change, the worst first, and what could not be compared."""
    if not found.placed:
        lines = [f"Nothing changed for those who call, since {found.since}."]
    else:
        ordered = sorted(found.placed, key=lambda one: list(_COLOURS).index(one.change.level))
        lines = [_line(one, style) for one in ordered]
        counts = Counter(one.change.level for one in found.placed)
        lines += ["", ", ".join(f"{counts[level]:,} {level}" for level in _COLOURS if counts[level])]
    if found.unknown:
        first = found.unknown[0]
        lines.append(
            f"{len(found.unknown):,} things are in neither document, so a change of them is not seen:"
            f" {printable(first.message.removeprefix('left out: '))} ({printable(first.path)}:{first.line}) first;"
            " `expert openapi` lists them"
        )
    return "\n".join(lines)


def _line(one: Placed, style: Style) -> str:
    change = one.change
    place = f"{printable(one.path)}:{one.line}" if one.path else ""
    said = f"{printable(change.operation)}: {printable(change.text)}"
    return style.row(
        [style.paint(f"{change.level:8}", _COLOURS[change.level]), said, change.id, style.paint(place, "dim")]
    )


def contract_document(root: str, found: Comparison) -> dict[str, Any]:
    """`expert contract --json`."""
    return {
        "root": root,
        "since": found.since,
        "changes": [
            {
                "level": one.change.level,
                "id": one.change.id,
                "operation": one.change.operation,
                "text": one.change.text,
                "operation_id": one.change.operation_id,
                "app": one.app,
                "path": one.path,
                "line": one.line,
                "gone": one.is_gone,
            }
            for one in found.placed
        ],
        "unknown": [problem_json(one) for one in found.unknown],
    }


def contract_github(found: Comparison) -> str:
    """One annotation a change that breaks or may; on the endpoint, at the top of its file where it is gone."""
    return "".join(
        command(
            _GITHUB[one.change.level],
            one.path,
            1 if one.is_gone else one.line,
            1 if one.is_gone else one.line,
            title=one.change.id,
            message=f"{one.change.operation}: {one.change.text}",
        )
        for one in found.placed
        if one.change.level != "info"
    )


def contract_sarif(found: Comparison) -> str:
    """SARIF 2.1.0, one run."""
    rules = sorted({one.change.id for one in found.placed})
    run = {
        "tool": {
            "driver": {
                "name": "fastapi-expert contract",
                "version": __version__,
                "rules": [{"id": one, "shortDescription": {"text": one.replace("-", " ")}} for one in rules],
            }
        },
        "results": [
            {
                "ruleId": one.change.id,
                "ruleIndex": rules.index(one.change.id),
                "level": _SARIF[one.change.level],
                "message": {"text": f"{one.change.operation}: {one.change.text}"},
                "locations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": {"uri": one.path or "."},
                            "region": {"startLine": 1 if one.is_gone else one.line},
                        }
                    }
                ],
            }
            for one in found.placed
        ],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"
