"""GitHub Copilot (VS Code, command line, cloud): `.github/agents`, `.vscode/mcp.json`, `.github/hooks`.

Source: the hooks configuration reference of GitHub's documentation (version 1, `bash`, `powershell`, `timeoutSec`).
"""

import json

from fastapi_expert.clients.base import Edit, JsonMember, MarkdownBlock, OwnFile
from fastapi_expert.clients.definition import AGENTS_BLOCK, DESCRIPTION, NAME, markdown
from fastapi_expert.clients.launcher import Launcher


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
