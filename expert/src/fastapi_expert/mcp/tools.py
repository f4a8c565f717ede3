"""The tools as clients see them: names, parameters, one-line descriptions. What they do is `answers` and `memory`.

The whole list costs an agent's context once a session, so a description says what the name and the type do not.
"""

from collections.abc import Mapping
from typing import Any

from fastapi_expert.mcp.protocol import Json, Tool

_KINDS = "app router endpoint schema table service dependency middleware exception_handler task settings test"
_METHODS = "GET POST PUT PATCH DELETE HEAD OPTIONS TRACE WEBSOCKET"
_OPERATIONS = "append prepend find_replace replace_section insert_before_section insert_after_section"


def _of(kind: str | list[str], description: str = "", **more: Any) -> Json:
    return {"type": kind, **({"description": description} if description else {}), **more}


_LIMIT = _of("integer", "Most rows to show.", minimum=1, maximum=1000)
_AGENT = _of("string", "Your name, credited in the commit.")
_FORMAT = _of("string", enum=["text", "json"])
_PROJECT: dict[str, Json] = {"project": _of("string"), "project_id": _of("string")}
_PAGES: dict[str, Json] = {"page": _of("integer", minimum=1), "page_size": _of("integer", minimum=1, maximum=100)}
_PAGE_ALIASES = {"page_number": "page", "limit": "page_size", "per_page": "page_size"}


def tool_table(run: Mapping[str, Any]) -> dict[str, Tool]:
    """Every tool by name; `run` maps a name to the function that answers it."""
    tools = [*_code_tools(run), *_note_tools(run), *_gate_tools(run)]
    return {tool.name: tool for tool in tools}


def _code_tools(run: Mapping[str, Any]) -> list[Tool]:
    return [
        Tool(
            "map_codebase",
            "Map the codebase",
            "What the codebase holds, by kind with file:line. Without `kind`: counts, apps and routers.",
            {
                "kind": _of("string", enum=_KINDS.split()),
                "path": _of("string", "Only below this folder or file."),
                "detail": _of("boolean", "Also fields, bases, signatures and what each one uses."),
                "limit": _LIMIT,
            },
            (),
            run["map_codebase"],
            {},
        ),
        Tool(
            "list_routes",
            "List routes",
            "Every route: method, final path, endpoint file:line, models, protection, number of tests.",
            {
                "path": _of("string", "Only paths that contain this text."),
                "method": _of("string", enum=_METHODS.split()),
                "untested": _of("boolean"),
                "unprotected": _of("boolean"),
                "limit": _LIMIT,
            },
            (),
            run["list_routes"],
            {},
        ),
        Tool(
            "find_existing",
            "Find what exists",
            "What is already here that does this, ranked, with file:line. Ask before writing anything new.",
            {
                "query": _of("string", 'Words of the task: "hash password", "POST that creates users".'),
                "kind": _of("string", enum=_KINDS.split()),
                "limit": _LIMIT,
            },
            ("query",),
            run["find_existing"],
            {"q": "query", "words": "query", "search": "query"},
        ),
        Tool(
            "propose_code",
            "Propose code",
            "May this be written? Verdict new, extend or duplicate, with what to use instead at file:line.",
            {
                "code": _of("string", "The draft: a whole file or the new part."),
                "path": _of("string", "The file it is meant for; what stands there now is not compared."),
                "agent": _AGENT,
            },
            ("code",),
            run["propose_code"],
            {"content": "code", "draft": "code", "file_path": "path", "as_path": "path"},
        ),
        Tool(
            "find_duplicates",
            "Find duplicates",
            "What is here twice, most worth removing first, each with advice.",
            {
                "path": _of("string", "Only findings that touch this folder or file."),
                "since": _of("string", "Only what came since this git revision."),
                "rule": _of("string", "A rule or family: FX101, FX2."),
                "limit": _LIMIT,
            },
            (),
            run["find_duplicates"],
            {},
        ),
    ]


def _gate_tools(run: Mapping[str, Any]) -> list[Tool]:
    return [
        Tool(
            "check_changes",
            "Check changes",
            "The gate over what changed: types, format, lint, security, duplicates, affected tests.",
            {
                "since": _of("string", "Check what changed since this git revision instead of the work tree."),
                "all": _of("boolean", "Check every file."),
                "fix": _of("boolean", "Apply the safe fixes (format, import order, lint)."),
            },
            (),
            run["check_changes"],
            {},
            read_only=False,
        ),
        Tool(
            "credit_contributor",
            "Credit a contributor",
            "Name who contributed to the commit being made; without `files`, to all of it.",
            {
                "agent": _of("string", "The contributor's handle, @ optional."),
                "files": _of("array", items=_of("string")),
            },
            ("agent",),
            run["credit_contributor"],
            {"name": "agent", "contributor": "agent"},
            read_only=False,
        ),
    ]


def _note_tools(run: Mapping[str, Any]) -> list[Tool]:
    return [
        Tool(
            "write_note",
            "Write note",
            "Create a Markdown note: observations `- [category] text #tag`, relations `- type [[Target]]`. "
            "An existing note is an error unless overwrite is true.",
            {
                "title": _of("string"),
                "content": _of("string"),
                "directory": _of("string", 'Folder, such as "decisions"; "/" is the root.'),
                "tags": _of(["array", "string"]),
                "note_type": _of("string"),
                "metadata": _of("object", "More front matter."),
                "overwrite": _of("boolean"),
                "expected_checksum": _of("string", "Overwrite only if the note still has this checksum."),
                "workspace": _of("string"),
                "output_format": _FORMAT,
                **_PROJECT,
            },
            ("title", "content", "directory"),
            run["write_note"],
            {"folder": "directory", "dir": "directory", "path": "directory"},
            read_only=False,
            destructive=True,
            idempotent=False,
        ),
        Tool(
            "read_note",
            "Read note",
            "Read a note by title, permalink, path or memory:// address.",
            {
                "identifier": _of("string"),
                "include_frontmatter": _of("boolean"),
                "include_content": _of("boolean"),
                "start_line": _of("integer", minimum=1),
                "end_line": _of("integer", minimum=1),
                "output_format": _FORMAT,
                **_PAGES,
                **_PROJECT,
            },
            ("identifier",),
            run["read_note"],
            {"page_number": "page", "limit": "page_size", "per_page": "page_size"},
        ),
        Tool(
            "search_notes",
            "Search notes",
            "Ranked search over the team's notes; AND, OR, NOT, quotes, tag:x; filters alone work too.",
            {
                "query": _of("string"),
                "search_type": _of("string", enum=["text", "title", "permalink", "vector", "semantic", "hybrid"]),
                "note_types": _of(["array", "string"], items=_of("string")),
                "entity_types": _of(
                    ["array", "string"], items=_of("string", enum=["entity", "observation", "relation"])
                ),
                "categories": _of(["array", "string"], items=_of("string")),
                "after_date": _of("string", '"2d", "last week", "2026-01-31"'),
                "metadata_filters": _of("object", 'Front matter: {"status": "done"}, operators $in $gt $gte $lt $lte.'),
                "tags": _of(["array", "string"]),
                "status": _of("string"),
                "min_similarity": _of("number"),
                "search_all_projects": _of("boolean"),
                "projects": _of("array", items=_of("string")),
                "compact": _of("boolean"),
                "output_format": _FORMAT,
                **_PAGES,
                **_PROJECT,
            },
            (),
            run["search_notes"],
            _SEARCH_ALIASES,
        ),
        Tool(
            "build_context",
            "Build context",
            "A note with its observations and the notes related to it, by memory:// address; folder/* works.",
            {
                "url": _of("string", maxLength=2028),
                "depth": _of(["integer", "string"], "Relation hops."),
                "timeframe": _of("string", 'Only related notes since "7d"; all by default.'),
                "max_related": _of("integer", minimum=0, maximum=100),
                "compact": _of("boolean"),
                "output_format": _FORMAT,
                **_PAGES,
                **_PROJECT,
            },
            ("url",),
            run["build_context"],
            _CONTEXT_ALIASES,
        ),
        Tool(
            "edit_note",
            "Edit note",
            "Change part of a note; append and prepend create a missing one.",
            {
                "identifier": _of("string"),
                "operation": _of("string", enum=_OPERATIONS.split()),
                "content": _of("string"),
                "section": _of("string", 'Heading, such as "## Notes".'),
                "find_text": _of("string"),
                "expected_replacements": _of("integer", minimum=1),
                "replace_subsections": _of("boolean"),
                "metadata": _of("object"),
                "expected_checksum": _of("string"),
                "workspace": _of("string"),
                "output_format": _FORMAT,
                **_PROJECT,
            },
            ("identifier", "operation", "content"),
            run["edit_note"],
            _EDIT_ALIASES,
            read_only=False,
            destructive=True,
            idempotent=False,
        ),
    ]


_SEARCH_ALIASES = {
    **_PAGE_ALIASES,
    "q": "query",
    "search": "query",
    "text": "query",
    "note_type": "note_types",
    "types": "note_types",
    "entity_type": "entity_types",
    "category": "categories",
    "since": "after_date",
    "after": "after_date",
    "from_date": "after_date",
    "all_projects": "search_all_projects",
    "threshold": "min_similarity",
    "similarity_threshold": "min_similarity",
}
_CONTEXT_ALIASES = {
    **_PAGE_ALIASES,
    "uri": "url",
    "memory_url": "url",
    "since": "timeframe",
    "time_range": "timeframe",
    "lookback": "timeframe",
    "max_results": "max_related",
}
_EDIT_ALIASES = {
    "new_content": "content",
    "replacement": "content",
    "replace_with": "content",
    "section_heading": "section",
    "heading": "section",
    "find": "find_text",
    "old_text": "find_text",
    "old_content": "find_text",
    "search": "find_text",
}
