"""Claude Code: `.claude/agents`, `.mcp.json`, hooks in `.claude/settings.json`, a skill, `CLAUDE.md`.

Source: the client's own type definitions, ``sdk.d.ts`` 0.3.330 (hook input and output, agent keys, server keys).
"""

from typing import Any

from fastapi_expert.clients.answer import Answer, Event, hook_specific_output
from fastapi_expert.clients.calls import PayloadFormat
from fastapi_expert.clients.definition import AGENTS_BLOCK, DESCRIPTION, NAME, markdown, skill
from fastapi_expert.clients.edits import Edit, JsonItem, JsonMember, MarkdownBlock, OwnFile
from fastapi_expert.clients.launcher import Launcher

_ROOT = "$CLAUDE_PROJECT_DIR"
_WRITES = "Write|Edit|MultiEdit"
_TOOLS = f"Read, Grep, Glob, Write, Edit, Bash, mcp__{NAME}"
PAYLOAD = PayloadFormat(
    whole_file=("Write", "NotebookEdit"), replacement=("Edit", "MultiEdit"), content=("content", "new_source")
)


def edits(launcher: Launcher) -> list[Edit]:
    """The edits that register the expert with Claude Code."""

    def hook(event: str, timeout: int) -> dict[str, object]:
        command = launcher.shell("hook", "claude", event, root_variable=_ROOT)
        return {"hooks": [{"type": "command", "command": command, "timeout": timeout}]}

    # Without the variable (older clients) the server starts in the project, where the relative path is right too.
    server = {"type": "stdio", "command": launcher.path("${CLAUDE_PROJECT_DIR:-.}"), "args": ["mcp"]}
    settings = ".claude/settings.json"
    agent = markdown(f"name: {NAME}", f"description: {DESCRIPTION}", f"tools: {_TOOLS}")
    return [
        OwnFile(f".claude/agents/{NAME}.md", agent),
        OwnFile(f".claude/skills/{NAME}/SKILL.md", skill()),
        JsonMember(".mcp.json", ("mcpServers", NAME), server),
        JsonItem(settings, ("hooks", "PreToolUse"), {"matcher": _WRITES, **hook("pre-write", 10)}),
        JsonItem(settings, ("hooks", "PostToolUse"), {"matcher": _WRITES, **hook("post-write", 10)}),
        JsonItem(settings, ("hooks", "Stop"), hook("stop", 600)),
        MarkdownBlock("AGENTS.md", AGENTS_BLOCK),
        MarkdownBlock("CLAUDE.md", "@AGENTS.md"),
    ]


def render_answer(event: Event, answer: Answer) -> dict[str, Any]:
    """A decision under `hookSpecificOutput`, or `decision` when it stops."""
    return hook_specific_output(event, answer)
