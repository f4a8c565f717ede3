"""Cursor: `.cursor/agents`, `.cursor/mcp.json`, `.cursor/hooks.json` (version 1, timeouts in seconds)."""

from fastapi_expert.clients.base import Edit, JsonHeader, JsonItem, JsonMember, MarkdownBlock, OwnFile
from fastapi_expert.clients.definition import AGENTS_BLOCK, DESCRIPTION, NAME, markdown
from fastapi_expert.clients.launcher import Launcher


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
