"""OpenCode: `.opencode/agents`, `mcp` in `opencode.json`, and a plugin, because it has no hook commands.

Source: the types of `@opencode-ai/plugin` (`tool.execute.before`: throwing blocks the call).
"""

import json
from pathlib import Path
from typing import Any

from fastapi_expert.clients.answer import Answer, Event
from fastapi_expert.clients.calls import PayloadFormat
from fastapi_expert.clients.definition import AGENTS_BLOCK, DESCRIPTION, NAME, markdown
from fastapi_expert.clients.edits import Edit, JsonHeader, JsonMember, MarkdownBlock, OwnFile
from fastapi_expert.clients.launcher import Launcher

PAYLOAD = PayloadFormat(
    whole_file=("write",),
    replacement=("edit", "multiedit"),
    patch=("patch", "apply_patch"),
    patch_text=("patch_text", "patch", "input"),
)


def edits(launcher: Launcher) -> list[Edit]:
    """The edits that register the expert with OpenCode."""
    plugin = (Path(__file__).parent / "opencode_plugin.js").read_text(encoding="utf-8")
    server = {"type": "local", "command": [launcher.path(), "mcp"], "enabled": True}
    permission = json.dumps({f"{NAME}_*": "allow"})
    agent = markdown(f"description: {DESCRIPTION}", "mode: subagent", f"permission: {permission}")
    return [
        OwnFile(f".opencode/agents/{NAME}.md", agent),
        JsonMember("opencode.json", ("mcp", NAME), server),
        JsonHeader("opencode.json", "$schema", "https://opencode.ai/config.json"),
        OwnFile(f".opencode/plugins/{NAME}.js", plugin.replace('"expert"', json.dumps(launcher.path()))),
        MarkdownBlock("AGENTS.md", AGENTS_BLOCK),
    ]


def render_answer(event: Event, answer: Answer) -> dict[str, Any]:
    """What our plugin reads: it throws on `deny` and prints a `note`."""
    if answer.refusal:
        return {"decision": "deny", "reason": answer.refusal}
    note = answer.note or answer.advice
    return {"note": note} if note else {}
