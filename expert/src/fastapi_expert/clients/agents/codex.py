"""Codex: `.codex/agents/NAME.toml`, `[mcp_servers]` in `.codex/config.toml`, `.codex/hooks.json`.

Codex runs a project's hooks only after they were trusted once with `/hooks`; its `apply_patch` calls match `Write` and
`Edit`. Source: the hook schemas and configuration of the client's public repository.
"""

from typing import Any

from fastapi_expert.clients.answer import Answer, Event, hook_specific_output
from fastapi_expert.clients.calls import PayloadFormat
from fastapi_expert.clients.definition import AGENTS_BLOCK, DESCRIPTION, NAME, prompt
from fastapi_expert.clients.edits import Edit, JsonItem, MarkdownBlock, OwnFile, TomlTable
from fastapi_expert.clients.launcher import Launcher

PAYLOAD = PayloadFormat(
    whole_file=("Write",),
    replacement=("Edit",),
    patch=("apply_patch",),
    patch_text=("command", "patch", "input"),
)


def edits(launcher: Launcher) -> list[Edit]:
    """The edits that register the expert with Codex."""
    hooks = ".codex/hooks.json"

    def hook(event: str, timeout: int) -> dict[str, object]:
        return {"hooks": [{"type": "command", "command": launcher.shell("hook", "codex", event), "timeout": timeout}]}

    server = {"command": launcher.path(), "args": ["mcp"], "startup_timeout_sec": 10}
    return [
        OwnFile(f".codex/agents/{NAME}.toml", _agent()),
        TomlTable(".codex/config.toml", ("mcp_servers", NAME), server),
        JsonItem(hooks, ("hooks", "PreToolUse"), {"matcher": "Write|Edit|apply_patch", **hook("pre-write", 10)}),
        JsonItem(hooks, ("hooks", "PostToolUse"), {"matcher": "Write|Edit|apply_patch", **hook("post-write", 10)}),
        JsonItem(hooks, ("hooks", "Stop"), hook("stop", 600)),
        MarkdownBlock("AGENTS.md", AGENTS_BLOCK),
    ]


def render_answer(event: Event, answer: Answer) -> dict[str, Any]:
    """Claude Code's form, but advice goes to the person.

    Its output schema takes no additional context before a tool; an unknown key would void the whole answer.
    """
    return hook_specific_output(event, Answer(answer.refusal, "", answer.note or answer.advice))


def _agent() -> str:
    import tomlkit  # a hook needs this module, too, and not the file

    document = tomlkit.document()
    document["name"] = NAME
    document["description"] = DESCRIPTION
    document["developer_instructions"] = tomlkit.string(prompt(), multiline=True)
    return tomlkit.dumps(document)
