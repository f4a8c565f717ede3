"""GitHub Copilot (VS Code, command line, cloud): `.github/agents`, `.vscode/mcp.json`, `.github/hooks`.

Sources: the hooks configuration reference of GitHub's documentation (version 1, `bash`, `powershell`, `timeoutSec`);
VS Code's documentation of its agent's hooks (`hookSpecificOutput`).
"""

import json
from typing import Any

from fastapi_expert.clients.answer import Answer, Event, hook_specific_output
from fastapi_expert.clients.calls import PayloadFormat
from fastapi_expert.clients.definition import AGENTS_BLOCK, DESCRIPTION, NAME, markdown
from fastapi_expert.clients.edits import Edit, JsonMember, MarkdownBlock, OwnFile
from fastapi_expert.clients.launcher import Launcher

PAYLOAD = PayloadFormat(
    whole_file=("create", "create_file", "write", "write_file"),
    replacement=(
        "edit",
        "edit_file",
        "multi_edit",
        "str_replace",
        "str_replace_editor",
        "replace_string_in_file",
        "insert_edit_into_file",
    ),
    patch=("apply_patch",),
    tool=("tool_name", "tool"),
    arguments=("tool_input", "tool_args", "args"),
    path=("file_path", "path", "filename"),
    content=("content", "file_text", "text"),
    old=("old_string", "old_str", "old_text"),
    new=("new_string", "new_str", "new_text"),
    patch_text=("input", "patch", "command"),
)


def edits(launcher: Launcher) -> list[Edit]:
    """The edits that register the expert with Copilot; its hooks start in the project's folder."""

    def hook(event: str, timeout: int) -> list[dict[str, object]]:
        command = launcher.shell("hook", "vscode", event)
        return [{"type": "command", "bash": command, "powershell": command, "timeoutSec": timeout}]

    hooks = {
        "preToolUse": hook("pre-write", 10),
        "postToolUse": hook("post-write", 10),
        "agentStop": hook("stop", 600),
    }
    server = {"type": "stdio", "command": launcher.path("${workspaceFolder}"), "args": ["mcp"]}
    tools = json.dumps(["read", "search", "edit", "execute", f"{NAME}/*"])
    agent = markdown(f"name: {NAME}", f"description: {DESCRIPTION}", f"tools: {tools}")
    return [
        OwnFile(f".github/agents/{NAME}.agent.md", agent),
        JsonMember(".vscode/mcp.json", ("servers", NAME), server),
        OwnFile(f".github/hooks/{NAME}.json", json.dumps({"version": 1, "hooks": hooks}, indent=2) + "\n"),
        MarkdownBlock("AGENTS.md", AGENTS_BLOCK),
    ]


def render_answer(event: Event, answer: Answer) -> dict[str, Any]:
    """The decision twice: under `hookSpecificOutput` for VS Code's agent, at top level for Copilot's command line."""
    body = hook_specific_output(event, answer)
    if event == "stop":
        decision = {"decision": "block", "reason": answer.refusal}
        return body | ({"hookSpecificOutput": {"hookEventName": "Stop", **decision}} if answer.refusal else {})
    if answer.refusal:
        return body | {"permissionDecision": "deny", "permissionDecisionReason": answer.refusal}
    return body | ({"additionalContext": answer.advice} if answer.advice else {})
