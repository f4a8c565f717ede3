"""Gemini CLI: `.gemini/agents`, and `mcpServers` and `hooks` in `.gemini/settings.json` (timeouts in milliseconds).

Source: the hooks reference of the client's documentation.
"""

from typing import Any

from fastapi_expert.clients.answer import Answer, Event
from fastapi_expert.clients.calls import PayloadFormat
from fastapi_expert.clients.definition import AGENTS_BLOCK, DESCRIPTION, NAME, markdown
from fastapi_expert.clients.edits import Edit, JsonItem, JsonMember, MarkdownBlock, OwnFile
from fastapi_expert.clients.launcher import Launcher

_ROOT = "$GEMINI_PROJECT_DIR"
PAYLOAD = PayloadFormat(whole_file=("write_file",), replacement=("replace",))


# expert: ignore[FX302] a list of this client's own files; what a hook looks like differs from client to client
def edits(launcher: Launcher) -> list[Edit]:
    """The edits that register the expert with Gemini CLI."""
    settings = ".gemini/settings.json"

    def hook(event: str, timeout: int) -> dict[str, object]:
        command = launcher.shell("hook", "gemini", event, root_variable=_ROOT)
        return {"hooks": [{"name": f"{NAME}-{event}", "type": "command", "command": command, "timeout": timeout}]}

    agent = markdown(f"name: {NAME}", f"description: {DESCRIPTION}", "kind: local", 'tools: ["*"]')
    return [
        OwnFile(f".gemini/agents/{NAME}.md", agent),
        JsonMember(settings, ("mcpServers", NAME), {"command": launcher.path(), "args": ["mcp"]}),
        JsonItem(settings, ("hooks", "BeforeTool"), {"matcher": "write_file|replace", **hook("pre-write", 10_000)}),
        JsonItem(settings, ("hooks", "AfterTool"), {"matcher": "write_file|replace", **hook("post-write", 10_000)}),
        JsonItem(settings, ("hooks", "AfterAgent"), hook("stop", 600_000)),
        MarkdownBlock("AGENTS.md", AGENTS_BLOCK),
        MarkdownBlock("GEMINI.md", "@AGENTS.md"),
    ]


def render_answer(event: Event, answer: Answer) -> dict[str, Any]:
    """`decision` and `reason`; what is not refused is told to the person."""
    body: dict[str, Any] = {"systemMessage": answer.note} if answer.note else {}
    if answer.refusal:
        return body | {"decision": "deny", "reason": answer.refusal}
    return body | ({"systemMessage": answer.advice} if answer.advice else {})
