"""The five note tools, as an MCP server lists them, and `call`, which runs one by its name."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fastapi_expert.notes.errors import NoteError
from fastapi_expert.notes.mcp import replies, tools
from fastapi_expert.notes.notebook import Notebook
from fastapi_expert.notes.text.edits import OPERATIONS
from fastapi_expert.tool import Answer, ArgumentError, Json, Parameter, Refused, Tool, bind


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteTool(Tool):
    """A tool on a notebook; ``keys`` are those of its JSON answer that a refusal leaves empty."""

    keys: tuple[str, ...]
    notebook: Notebook | None = None

    def run(self, arguments: Json) -> Answer:
        """The answer, as text alone or as JSON too, as it was asked for; a refusal is `Refused` in the same format."""
        assert self.notebook is not None
        reply = call(self.notebook, self.name, arguments)
        data = None if isinstance(reply.answer, str) else reply.answer
        text = reply.answer if isinstance(reply.answer, str) else json.dumps(reply.answer, ensure_ascii=False)
        if reply.failed:
            raise Refused(text)
        return Answer(text, data)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a tool answered; ``failed`` when it refused, and ``answer`` then says why."""

    answer: tools.Answer
    failed: bool = False


def call(notebook: Notebook, name: str, arguments: Mapping[str, Any]) -> Reply:
    """Run the tool ``name``. Every refusal is an answer, in the format that was asked for.

    Raises:
        KeyError: when there is no such tool.
    """
    tool = TOOLS[name]
    try:
        bound = _bound(tool, arguments)
        _check_project(notebook, bound)
        return Reply(tool.function(notebook, **bound))
    except NoteError as error:
        if str(arguments.get("output_format", _default_format(tool))) == "json":
            return Reply(replies.error_json(error, tool.keys) | _error_extras(tool, arguments, error), failed=True)
        return Reply(replies.error_text(error), failed=True)


def note_tools(notebook: Notebook) -> dict[str, NoteTool]:
    """The five tools on the notes of ``notebook``."""
    return {name: replace(tool, notebook=notebook) for name, tool in TOOLS.items()}


def _bound(tool: NoteTool, arguments: Mapping[str, Any]) -> Json:
    try:
        return bind(tool.name, tool.parameters, arguments)
    except ArgumentError as error:
        raise NoteError("INVALID_ARGUMENTS", error.what, do=error.do) from None


def _default_format(tool: NoteTool) -> str:
    """The format a tool answers in when none is asked for."""
    return next(str(each.default) for each in tool.parameters if each.name == "output_format")


def _check_project(notebook: Notebook, bound: dict[str, Any]) -> None:
    for name in ("workspace", "project_id"):
        if bound.get(name):
            raise NoteError(
                "PROJECT_NOT_FOUND", f"there are no {name}s here, only this repository's notes", do=f"leave {name} out"
            )
    project = str(bound.get("project") or "")
    if project and project.lower() not in (notebook.project.lower(), "main"):
        raise NoteError(
            "PROJECT_NOT_FOUND",
            f"there is no project {project!r} here, only {notebook.project!r}",
            do="leave project out: the notes are this repository's",
        )


def _error_extras(tool: NoteTool, arguments: Mapping[str, Any], error: NoteError) -> dict[str, Any]:
    if tool.name == "edit_note":
        return {"operation": arguments.get("operation"), "fileCreated": False}
    if tool.name == "write_note" and error.permalink:
        existing = {"permalink": error.permalink, "file_path": error.where}
        return {"title": arguments.get("title"), "action": "conflict", **existing}
    return {}


def _format(default: str) -> Parameter:
    return Parameter("output_format", "string", default=default, choices=("text", "json"))


_PROJECT = tuple([Parameter(name, "string", is_shown=False) for name in ("project", "project_id")])
_WORKSPACE = (*_PROJECT, Parameter("workspace", "string", is_shown=False))
_PAGES = (
    Parameter("page", "integer", default=1, aliases=("page_number",)),
    Parameter("page_size", "integer", default=10, aliases=("limit", "per_page")),
)
_UNSHOWN_PAGES = tuple([replace(each, is_shown=False) for each in _PAGES])
_CHECKSUM = Parameter("expected_checksum", "string", "refuse when the note changed since it was read")

TOOLS: dict[str, NoteTool] = {
    tool.name: tool
    for tool in (
        NoteTool(
            name="write_note",
            description=(
                "Create a Markdown note: `- [category] fact #tag (context)`, `- relation_type [[Other Note]]`."
                " An existing note is replaced only with overwrite=true."
            ),
            function=tools.write_note,
            parameters=(
                Parameter("title", "string", required=True),
                Parameter("content", "string", required=True),
                Parameter(
                    "directory", "string", 'relative, "/" is the root', required=True, aliases=("folder", "dir", "path")
                ),
                *_WORKSPACE,
                Parameter("tags", "strings"),
                Parameter("note_type", "string", default="note"),
                Parameter("metadata", "object", "more front matter"),
                Parameter("overwrite", "boolean"),
                _CHECKSUM,
                _format("text"),
            ),
            keys=("title", "permalink", "file_path", "checksum", "action"),
            read_only=False,
            destructive=True,
            idempotent=False,
        ),
        NoteTool(
            name="read_note",
            description=("Read a note by permalink, path or exact title; else the notes that mention it."),
            function=tools.read_note,
            parameters=(
                Parameter("identifier", "string", required=True),
                *_PROJECT,
                *_UNSHOWN_PAGES,
                _format("text"),
                Parameter("include_frontmatter", "boolean", default=False, is_shown=False),
                Parameter("start_line", "integer"),
                Parameter("end_line", "integer"),
                Parameter("include_content", "boolean", default=True, is_shown=False),
            ),
            keys=("title", "permalink", "file_path", "content", "frontmatter"),
        ),
        NoteTool(
            name="search_notes",
            description=('Full text search: words, "phrases", AND OR NOT ( ), tag:name; or by filters alone.'),
            function=tools.search_notes,
            parameters=(
                Parameter("query", "string", aliases=("q", "search", "text")),
                *_PROJECT,
                Parameter("search_all_projects", "boolean", default=False, aliases=("all_projects",), is_shown=False),
                *_PAGES,
                Parameter(
                    "search_type",
                    "string",
                    choices=("text", "title", "permalink", "vector", "semantic", "hybrid"),
                    is_shown=False,
                ),
                _format("text"),
                Parameter("note_types", "array", aliases=("note_type", "types")),
                Parameter("entity_types", "array", "entity, observation, relation", aliases=("entity_type",)),
                Parameter("categories", "array", "of observations", aliases=("category",)),
                Parameter("after_date", "string", "7d, 2 weeks, 2026-01-31", aliases=("since", "after", "from_date")),
                Parameter("metadata_filters", "object", 'front matter: {"status": "open", "n": {"$gt": 3}}'),
                Parameter("tags", "strings"),
                Parameter("status", "string"),
                Parameter("min_similarity", "number", aliases=("threshold", "similarity_threshold"), is_shown=False),
                Parameter("compact", "boolean", default=False, is_shown=False),
            ),
            keys=("results",),
        ),
        NoteTool(
            name="build_context",
            description=('A note (or "folder/*") with its facts and what is related to it, depth relations away.'),
            function=tools.build_context,
            parameters=(
                Parameter("url", "string", "memory://folder/note", required=True, aliases=("uri", "memory_url")),
                *_PROJECT,
                Parameter("depth", "integer or string", default=1),
                Parameter(
                    "timeframe",
                    "string",
                    "only what changed since, like 7d",
                    aliases=("since", "time_range", "lookback"),
                ),
                *_UNSHOWN_PAGES,
                Parameter("max_related", "integer", default=10, aliases=("max_results",), is_shown=False),
                _format("json"),
                Parameter("compact", "boolean", default=False, is_shown=False),
            ),
            keys=("results",),
        ),
        NoteTool(
            name="edit_note",
            description=("Change a note in place; append and prepend create it when missing."),
            function=tools.edit_note,
            parameters=(
                Parameter("identifier", "string", required=True),
                Parameter("operation", "string", required=True, choices=OPERATIONS),
                Parameter("content", "string", required=True, aliases=("new_content", "replacement", "replace_with")),
                *_WORKSPACE,
                Parameter("section", "string", 'heading, like "## Notes"', aliases=("section_heading", "heading")),
                Parameter("find_text", "string", aliases=("find", "old_text", "old_content", "search")),
                Parameter("expected_replacements", "integer", is_shown=False),
                Parameter("replace_subsections", "boolean", is_shown=False),
                Parameter("metadata", "object", "front matter to merge"),
                _CHECKSUM,
                _format("text"),
            ),
            keys=("title", "permalink", "file_path", "checksum", "operation", "fileCreated"),
            read_only=False,
            destructive=True,
            idempotent=False,
        ),
    )
}
