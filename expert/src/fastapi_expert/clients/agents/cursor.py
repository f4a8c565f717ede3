"""Cursor: `.cursor/agents`, `.cursor/mcp.json`, `.cursor/hooks.json` (version 1, timeouts in seconds)."""

from typing import Any

from fastapi_expert.clients.answer import Answer, Event
from fastapi_expert.clients.calls import PayloadFormat
from fastapi_expert.clients.definition import AGENTS_BLOCK, DESCRIPTION, NAME, markdown
from fastapi_expert.clients.edits import Edit, JsonHeader, JsonItem, JsonMember, MarkdownBlock, OwnFile
from fastapi_expert.clients.launcher import Launcher

PAYLOAD = PayloadFormat(
    whole_file=("Write",),
    replacement=("StrReplace", "Edit", "MultiEdit", "afterFileEdit"),
    patch=("ApplyPatch",),
    session=("session_id", "conversation_id"),
    tool=("tool_name", "hook_event_name"),
    continued=("stop_hook_active", "loop_count"),
    path=("file_path", "path", "target_file"),
    content=("contents", "content", "file_text"),
    old=("old_string", "old_str"),
    new=("new_string", "new_str"),
    patch_text=("patch", "input", "command"),
)


def edits(launcher: Launcher) -> list[Edit]:
    """The edits that register the expert with Cursor; its hooks start in the project's folder."""
    hooks = ".cursor/hooks.json"

    def hook(event: str, timeout: int) -> dict[str, object]:
        return {"command": launcher.shell("hook", "cursor", event), "timeout": timeout}

    server = {"type": "stdio", "command": launcher.path("${workspaceFolder}"), "args": ["mcp"]}
    return [
        OwnFile(f".cursor/agents/{NAME}.md", markdown(f"name: {NAME}", f"description: {DESCRIPTION}")),
        JsonMember(".cursor/mcp.json", ("mcpServers", NAME), server),
        JsonItem(hooks, ("hooks", "preToolUse"), {**hook("pre-write", 10), "matcher": "Write|StrReplace|ApplyPatch"}),
        JsonItem(hooks, ("hooks", "afterFileEdit"), hook("post-write", 10)),
        JsonItem(hooks, ("hooks", "stop"), hook("stop", 600)),
        JsonHeader(hooks, "version", 1),
        MarkdownBlock("AGENTS.md", AGENTS_BLOCK),
    ]


def render_answer(event: Event, answer: Answer) -> dict[str, Any]:
    """`permission` before a write, `followup_message` when it stops."""
    if event == "stop":
        return {"followup_message": answer.refusal} if answer.refusal else {}
    if event == "post-write":
        return {}
    if answer.refusal:
        user = "fastapi-expert refused a duplicate."
        return {"permission": "deny", "user_message": user, "agent_message": answer.refusal}
    body: dict[str, Any] = {"permission": "allow"}
    body |= {"user_message": answer.note} if answer.note else {}
    return body | ({"agent_message": answer.advice} if answer.advice else {})
