"""What an agent is about to write, read from the payload of its hook, whatever client it runs in.

The clients agree on little: tools are called Write, write_file, create or apply_patch, arguments come in snake or
camel case, as an object or as JSON in a string. What matters to the expert is the same for all of them: which file,
its text before, its text after.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from fastapi_expert.clients.patch import FilePatch, PatchError, parse

WHOLE_FILE = {"write", "create", "write_file", "write_to_file", "create_file", "createfile", "notebookedit"}
REPLACEMENT = {"edit", "replace", "strreplace", "str_replace", "str_replace_editor", "replace_in_file", "multiedit"} | {
    "multi_edit",
    "edit_file",
    "replace_string_in_file",
    "insert_edit_into_file",
    "afterfileedit",
}
PATCH = {"apply_patch", "applypatch", "patch"}


class PayloadError(ValueError):
    """The payload is not what its client documents; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Write:
    """One file about to change; `before` is None when it is new, `moved_from` names the file it replaces."""

    path: Path
    before: str | None
    after: str
    moved_from: Path | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call of an agent: who makes it, in which folder and session, with which tool and arguments."""

    agent: str | None
    session: str
    cwd: Path
    tool: str
    arguments: dict[str, Any]
    stop_hook_active: bool

    def writes(self) -> list[Write]:
        """The files about to change, none for other tools; raises `PayloadError` or `PatchError`."""
        return list(_writes(self.tool.lower(), self.arguments, self.cwd))

    def touched(self) -> list[Path]:
        """The files a writing tool names, whether or not its change still fits them."""
        tool = self.tool.lower()
        if tool in PATCH:
            return [self.cwd / (file.moved_to or file.path) for file in parse(_patch(tool, self.arguments))]
        return [self.cwd / _path(tool, self.arguments)] if tool in WHOLE_FILE | REPLACEMENT else []


def read(raw: bytes) -> Call:
    """The call in the JSON payload `raw`; raises `PayloadError` when it is not one."""
    try:
        payload: object = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise PayloadError(f"the payload is not JSON: {error}") from error
    if not isinstance(payload, dict):
        raise PayloadError("the payload is not a JSON object")
    fields = cast("dict[str, Any]", payload)
    return Call(
        agent=_first(fields, "agent_type", "agentType", "agent_name", "agentName"),
        session=str(_first(fields, "session_id", "sessionId", "conversation_id", "sessionID") or ""),
        cwd=Path(_first(fields, "cwd") or _workspace(fields) or "."),
        tool=str(_first(fields, "tool_name", "toolName", "hook_event_name", "tool") or ""),
        arguments=_arguments(fields),
        stop_hook_active=bool(_first(fields, "stop_hook_active", "stopHookActive", "loop_count")),
    )


def _arguments(fields: dict[str, Any]) -> dict[str, Any]:
    arguments = _first(fields, "tool_input", "toolInput", "tool_args", "toolArgs", "args")
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            return {"patch": arguments}
    if arguments is None:
        return fields
    return cast("dict[str, Any]", arguments) if isinstance(arguments, dict) else {}


def _writes(tool: str, arguments: dict[str, Any], cwd: Path) -> Iterator[Write]:
    if tool in PATCH:
        for file in parse(_patch(tool, arguments)):
            yield from _patched(file, cwd)
        return
    if tool not in WHOLE_FILE | REPLACEMENT:
        return
    path = cwd / _path(tool, arguments)
    before = _text(path)
    content = _first(arguments, "content", "contents", "file_text", "fileText", "text", "new_source")
    if isinstance(content, str) and (tool in WHOLE_FILE or arguments.get("command") == "create"):
        yield Write(path, before, content)
    elif (after := _replaced(before or "", arguments)) is not None:
        yield Write(path, before, after)


def _patch(tool: str, arguments: dict[str, Any]) -> str:
    patch = _first(arguments, "command", "patch", "input", "patchText", "patch_text")
    if not isinstance(patch, str):
        raise PayloadError(f"{tool} without a patch")
    return patch


def _path(tool: str, arguments: dict[str, Any]) -> str:
    name = _first(arguments, "file_path", "filePath", "path", "filename", "target_file", "file")
    if not isinstance(name, str) or not name or "\0" in name:
        raise PayloadError(f"{tool} without a file path")
    return name


def _replaced(text: str, arguments: dict[str, Any]) -> str | None:
    """`text` with the replacements of `arguments` made in order; None when there are none or one does not fit.

    One that does not fit will be refused by the client's own tool: nothing will be written.
    """
    edits: object = _first(arguments, "edits", "replacements") or [arguments]
    if not isinstance(edits, list):
        return None
    made = False
    for edit in cast("list[object]", edits):
        if not isinstance(edit, Mapping):
            return None
        fields = cast("Mapping[str, Any]", edit)
        old = _first(fields, "old_string", "oldString", "old_str", "old_text", "oldText")
        new = _first(fields, "new_string", "newString", "new_str", "new_text", "newText")
        if not isinstance(new, str):
            continue
        if not old:
            text, made = text + new, True
        elif isinstance(old, str) and old in text:
            text = text.replace(old, new, -1 if _first(fields, "replace_all", "replaceAll") else 1)
            made = True
        else:
            return None
    return text if made else None


def _patched(file: FilePatch, cwd: Path) -> Iterator[Write]:
    path = cwd / file.path
    if file.action == "delete":
        return
    before = _text(path)
    if file.action == "update" and before is None:
        raise PatchError(f"{file.path} is not there to update")
    target = cwd / file.moved_to if file.moved_to else path
    yield Write(target, before, file.applied(before or ""), moved_from=path if file.moved_to else None)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _workspace(fields: dict[str, Any]) -> str | None:
    roots = fields.get("workspace_roots") or fields.get("workspaceRoots")
    return str(cast("list[object]", roots)[0]) if isinstance(roots, list) and roots else None


def _first(fields: Mapping[str, Any], *names: str) -> Any:
    """The value of the first of `names` that is there and not null."""
    return next((fields[name] for name in names if fields.get(name) is not None), None)
