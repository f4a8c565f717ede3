"""Everything the server offers, each part imported when it is first asked for: `initialize` must not wait for any."""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from fastapi_expert.mcp.protocol import INVALID_PARAMS, RESOURCE_NOT_FOUND, RpcError
from fastapi_expert.tool import Json, Tool

INSTRUCTIONS = (
    "Knows this FastAPI codebase. Before writing: conventions, find_existing, read_component, impact_of; then "
    "propose_code with the draft; a whole resource: add_resource. Extend what it names. Afterwards: check_changes, "
    "write_note for decisions, credit_contributor."
)
_MAP, _ROUTES, _RULES = "expert://map", "expert://routes", "expert://rules"


class ExpertCapabilities:
    """The capabilities on the project at `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def instructions(self) -> str:
        return INSTRUCTIONS

    @property
    def tools(self) -> Mapping[str, Tool]:
        return self._tools

    @cached_property
    def _tools(self) -> Mapping[str, Tool]:
        from fastapi_expert.mcp.acting import Acting
        from fastapi_expert.mcp.judging import Judging
        from fastapi_expert.mcp.looking import Looking
        from fastapi_expert.mcp.reaching import Reaching
        from fastapi_expert.mcp.workspace import Workspace
        from fastapi_expert.notes.mcp.catalogue import note_tools
        from fastapi_expert.notes.notebook import Notebook

        workspace = Workspace(self._root)
        notebook = Notebook(self._root / ".expert/notes", code=workspace.named)
        groups = (Looking(workspace), Reaching(workspace), Judging(workspace), Acting(workspace))
        about_code = [tool for group in groups for tool in group.tools()]
        return {tool.name: tool for tool in about_code} | note_tools(notebook)

    def resources(self) -> Sequence[Json]:
        kinds = {
            _MAP: ("Map", "Every component of the codebase, as JSON", "application/json"),
            _ROUTES: ("Routes", "Every route of the codebase, as JSON", "application/json"),
            _RULES: ("Rules", "Every rule: duplicates, hazards, honesty", "text/markdown"),
        }
        return [
            {"uri": uri, "name": name, "description": about, "mimeType": kind}
            for uri, (name, about, kind) in kinds.items()
        ]

    def templates(self) -> Sequence[Json]:
        about = "One rule: what, why, example, fix, when it stays silent"
        return [
            {"uriTemplate": f"{_RULES}/{{code}}", "name": "Rule", "description": about, "mimeType": "text/markdown"}
        ]

    def read_resource(self, uri: str) -> Json:
        text, kind = self._resource(uri)
        return {"contents": [{"uri": uri, "mimeType": kind, "text": text}]}

    def _resource(self, uri: str) -> tuple[str, str]:
        from fastapi_expert.duplicates.rules.registry import RULES as DUPLICATES
        from fastapi_expert.gate.checks.honesty.rules import RULES as HONESTY
        from fastapi_expert.review.rules.registry import RULES as REVIEW

        rules = {**DUPLICATES, **REVIEW, **HONESTY}
        if uri in {_MAP, _ROUTES}:
            from fastapi_expert.mcp.workspace import Workspace
            from fastapi_expert.render.json import map_document, routes_document

            inventory = Workspace(self._root).codebase().inventory
            document = map_document(inventory) if uri == _MAP else routes_document(inventory, inventory.routes)
            return json.dumps(document, ensure_ascii=False), "application/json"
        if uri == _RULES:
            return "\n".join(f"- {rule.code} {rule.title}: {rule.summary}" for rule in rules.values()), "text/markdown"
        rule = rules.get(uri.removeprefix(f"{_RULES}/").upper()) if uri.startswith(f"{_RULES}/") else None
        if rule is None:
            raise RpcError(RESOURCE_NOT_FOUND, f"no resource {uri!r}", {"uri": uri})
        return rule.page, "text/markdown"

    def prompts(self) -> Sequence[Json]:
        about = "How the FastAPI specialist works: discover, recall, propose, extend or write, check, credit, commit"
        task = {"name": "task", "description": "What to do", "required": False}
        return [{"name": "fastapi-expert", "title": "FastAPI expert", "description": about, "arguments": [task]}]

    def prompt(self, name: str, arguments: Mapping[str, str]) -> Json:
        from fastapi_expert.clients.definition import prompt

        if name != "fastapi-expert":
            raise RpcError(INVALID_PARAMS, f"no prompt {name!r}; there is fastapi-expert")
        task = arguments.get("task")
        text = prompt() + (f"\n## Your task\n\n{task}\n" if isinstance(task, str) and task else "")
        return {"description": self.prompts()[0]["description"], "messages": [_message(text)]}


def _message(text: str) -> Json:
    return {"role": "user", "content": {"type": "text", "text": text}}
