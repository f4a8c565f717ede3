"""A tool call that an agent's client hands to our hook, read from its payload: which files it writes, before and after.

Every client spells it in its own way, which its module in `agents` states as a `PayloadFormat`. Keys may be in snake or
camel case, names of tools in any case, and arguments an object or JSON in a string: all of that is read alike.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from fastapi_expert.clients.patch import FilePatch, PatchError, parse

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class PayloadError(ValueError):
    """The payload is not what its client documents; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class PayloadFormat:
    """How one client spells a tool call: names of its writing tools, then keys in snake case, the usual one first."""

    whole_file: tuple[str, ...]
    replacement: tuple[str, ...]
    patch: tuple[str, ...] = ()
    agent: tuple[str, ...] = ("agent_type", "agent_name")
    session: tuple[str, ...] = ("session_id",)
    tool: tuple[str, ...] = ("tool_name",)
    arguments: tuple[str, ...] = ("tool_input",)
    continued: tuple[str, ...] = ("stop_hook_active",)
    path: tuple[str, ...] = ("file_path",)
    content: tuple[str, ...] = ("content",)
    old: tuple[str, ...] = ("old_string",)
    new: tuple[str, ...] = ("new_string",)
    patch_text: tuple[str, ...] = ("patch",)

    def writes_with(self, tool: str) -> str:
        """How ``tool`` writes: `whole_file`, `replacement` or `patch`; empty for a tool that writes no file."""
        for kind in ("whole_file", "replacement", "patch"):
            if any(_folded(name) == _folded(tool) for name in getattr(self, kind)):
                return kind
        return ""


@dataclass(frozen=True, slots=True)
class Write:
    """One file about to change; `before` is None when it is new, `moved_from` names the file it replaces."""

    path: Path
    before: str | None
    after: str
    moved_from: Path | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call of an agent: who makes it, in which folder and session, with which tool and arguments.

    `continued` says that the agent was asked to go on once already when it wanted to stop.
    """

    agent: str | None
    session: str
    cwd: Path
    tool: str
    arguments: Mapping[str, Any]
    continued: bool
    format: PayloadFormat

    def writes(self) -> list[Write]:
        """The files about to change, none for other tools; raises `PayloadError` or `PatchError`."""
        return list(self._writes())

    def touched(self) -> list[Path]:
        """The files that a writing tool names, whether or not its change still fits them."""
        match self.format.writes_with(self.tool):
            case "patch":
                return [self.cwd / (file.moved_to or file.path) for file in parse(self._patch())]
            case "":
                return []
            case _:
                return [self.cwd / self._path()]

    def _writes(self) -> Iterator[Write]:
        kind = self.format.writes_with(self.tool)
        if kind == "patch":
            for file in parse(self._patch()):
                yield from _patched(file, self.cwd)
        elif kind:
            path = self.cwd / self._path()
            before, content = _text(path), _first(self.arguments, self.format.content)
            if isinstance(content, str) and (kind == "whole_file" or self.arguments.get("command") == "create"):
                yield Write(path, before, content)
            elif (after := self._replaced(before or "")) is not None:
                yield Write(path, before, after)

    def _patch(self) -> str:
        patch = _first(self.arguments, self.format.patch_text)
        if not isinstance(patch, str):
            raise PayloadError(f"{self.tool} without a patch")
        return patch

    def _path(self) -> str:
        name = _first(self.arguments, self.format.path)
        if not isinstance(name, str) or not name or "\0" in name:
            raise PayloadError(f"{self.tool} without a file path")
        return name

    def _replaced(self, text: str) -> str | None:
        """`text` with the call's replacements made in order; None when there are none or one does not fit.

        The client's own tool will refuse one that does not fit: nothing will be written.
        """
        edits: object = _first(self.arguments, ("edits", "replacements")) or [self.arguments]
        if not isinstance(edits, list):
            return None
        replaced = False
        for edit in cast("list[object]", edits):
            if not isinstance(edit, Mapping):
                return None
            fields = _snake_keys(cast("Mapping[str, Any]", edit))
            old, new = _first(fields, self.format.old), _first(fields, self.format.new)
            if not isinstance(new, str):
                continue
            if not old:
                text, replaced = text + new, True
            elif isinstance(old, str) and old in text:
                text = text.replace(old, new, -1 if fields.get("replace_all") else 1)
                replaced = True
            else:
                return None
        return text if replaced else None


def read(raw: bytes, format: PayloadFormat) -> Call:
    """The call in the JSON payload `raw`; raises `PayloadError` when it is not one."""
    try:
        payload: object = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise PayloadError(f"the payload is not JSON: {error}") from error
    if not isinstance(payload, dict):
        raise PayloadError("the payload is not a JSON object")
    fields = _snake_keys(cast("dict[str, Any]", payload))
    return Call(
        agent=_first(fields, format.agent),
        session=str(_first(fields, format.session) or ""),
        cwd=Path(fields.get("cwd") or _workspace(fields) or "."),
        tool=str(_first(fields, format.tool) or ""),
        arguments=_arguments(fields, format),
        continued=bool(_first(fields, format.continued)),
        format=format,
    )


def _arguments(fields: dict[str, Any], format: PayloadFormat) -> Mapping[str, Any]:
    arguments = _first(fields, format.arguments)
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            return {format.patch_text[0]: arguments}
    if arguments is None:
        return fields
    return _snake_keys(cast("dict[str, Any]", arguments)) if isinstance(arguments, dict) else {}


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


def _workspace(fields: Mapping[str, Any]) -> str | None:
    roots = fields.get("workspace_roots")
    return str(cast("list[object]", roots)[0]) if isinstance(roots, list) and roots else None


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """The value of the first of `names` that is there and not null."""
    return next((fields[name] for name in names if fields.get(name) is not None), None)


def _snake_keys(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {_CAPITAL.sub("_", key).lower(): value for key, value in fields.items()}


def _folded(tool: str) -> str:
    return tool.replace("_", "").lower()
