"""The tools as clients see them: names, parameters, one-line descriptions. What they do is in `answers`.

The whole list costs an agent's context once a session, so a description says what the name and the type do not.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, cast, get_args

from fastapi_expert.codebase.model import Kind
from fastapi_expert.codebase.vocabulary import METHODS, WEBSOCKET
from fastapi_expert.errors import ExpertError
from fastapi_expert.mcp.protocol import Json, Refused, Tool
from fastapi_expert.notes.mcp.catalogue import TOOLS as NOTE_TOOLS
from fastapi_expert.notes.mcp.catalogue import call as call_note_tool
from fastapi_expert.notes.notebook import Notebook


def of(kind: str, description: str = "", **more: Any) -> Json:
    """The JSON schema of one parameter."""
    return {"type": kind, **({"description": description} if description else {}), **more}


_KIND = of("string", enum=list(get_args(Kind)))
_LIMIT = of("integer", "Most rows to show.", minimum=1, maximum=1000)
_AGENT = of("string", "Your name, credited in the commit.")

# title, description, parameters, required ones, aliases
Spec = tuple[str, str, dict[str, Json], tuple[str, ...], dict[str, str]]
_CODE_TOOLS: dict[str, Spec] = {
    "map_codebase": (
        "Map the codebase",
        "What the codebase holds, by kind with file:line. Without kind: counts, apps, routers, problems.",
        {
            "kind": _KIND,
            "path": of("string", "Only below this folder or file."),
            "detail": of("boolean", "Also signatures, fields, bases and what each one uses."),
            "limit": _LIMIT,
        },
        (),
        {},
    ),
    "list_routes": (
        "List routes",
        "Every route: method, final path, endpoint at file:line, models, protection, number of tests.",
        {
            "path": of("string", "Only paths that contain this text."),
            "method": of("string", enum=[*METHODS, WEBSOCKET]),
            "untested": of("boolean"),
            "unprotected": of("boolean"),
            "limit": _LIMIT,
        },
        (),
        {},
    ),
    "find_existing": (
        "Find what exists",
        "What is already here that does this, ranked, with file:line. Ask before writing anything new.",
        {
            "query": of("string", 'Words of the task: "hash password", "POST that creates users".'),
            "kind": _KIND,
            "limit": _LIMIT,
        },
        ("query",),
        {"q": "query", "words": "query", "search": "query"},
    ),
    "propose_code": (
        "Propose code",
        "May this be written? Verdict new, extend or duplicate, with what to use instead at file:line.",
        {
            "code": of("string", "The draft: a whole file, or the new part."),
            "path": of("string", "The file it is meant for; what stands there now is not compared."),
            "agent": _AGENT,
        },
        ("code",),
        {"content": "code", "draft": "code", "file_path": "path", "as_path": "path"},
    ),
    "find_duplicates": (
        "Find duplicates",
        "What is here twice, most worth removing first, each with advice.",
        {
            "path": of("string", "Only findings that touch this folder or file."),
            "since": of("string", "Only what came since this git revision."),
            "rule": of("string", "A rule or family: FX101, FX2."),
            "limit": _LIMIT,
        },
        (),
        {},
    ),
    "check_changes": (
        "Check changes",
        "The gate over what changed: types, format, lint, security, duplicates, affected tests.",
        {
            "since": of("string", "Check what changed since this git revision instead of the work tree."),
            "all": of("boolean", "Check every file."),
            "fix": of("boolean", "Apply the safe fixes (format, import order, lint)."),
        },
        (),
        {},
    ),
    "credit_contributor": (
        "Credit a contributor",
        "Name who contributed to the commit being made; without files, to all of it.",
        {"agent": of("string", "The handle, @ optional."), "files": of("array", items=of("string"))},
        ("agent",),
        {"name": "agent", "contributor": "agent"},
    ),
}
_WRITING = {"check_changes", "credit_contributor"}


def code_tools(run: Mapping[str, Callable[..., str]]) -> dict[str, Tool]:
    """The tools about code; `run` maps a name to the function that answers it, called with checked keywords."""
    return {
        name: checked_tool(name, spec, run[name], read_only=name not in _WRITING) for name, spec in _CODE_TOOLS.items()
    }


def note_tools(notebook: Notebook) -> dict[str, Tool]:
    """The five tools of the project memory, which check their own arguments."""
    tools: dict[str, Tool] = {}
    for name, tool in NOTE_TOOLS.items():

        def run(arguments: Json, name: str = name) -> str:
            reply = call_note_tool(notebook, name, arguments)
            text = reply.answer if isinstance(reply.answer, str) else json.dumps(reply.answer, ensure_ascii=False)
            if reply.failed:
                raise Refused(text)
            return text

        writes = not tool.read_only
        schema = tool.input_schema()
        tools[name] = Tool(name, tool.title, tool.about, schema, run, tool.read_only, writes, tool.read_only)
    return tools


def checked_tool(name: str, spec: Spec, run: Callable[..., str], *, read_only: bool = True) -> Tool:
    """The tool that calls `run` with keywords checked by `spec`."""
    title, description, parameters, required, aliases = spec
    schema: Json = {"type": "object", "properties": parameters, "additionalProperties": False}
    if required:
        schema["required"] = list(required)

    def checked_run(arguments: Json) -> str:
        return run(**_checked(name, parameters, required, {aliases.get(key, key): arguments[key] for key in arguments}))

    return Tool(name, title, description, schema, checked_run, read_only=read_only)


def _checked(tool: str, parameters: Mapping[str, Json], required: tuple[str, ...], arguments: Json) -> Json:
    """`arguments` without nulls, each known and of its declared type; raises `ExpertError` otherwise."""
    known: Json = {}
    for name, value in arguments.items():
        if name not in parameters:
            raise ExpertError(f"no parameter {name!r}", where=tool, do=f"It takes {', '.join(parameters)}.")
        if value is not None:
            known[name] = _fitted(tool, name, parameters[name], value)
    if missing := [name for name in required if name not in known]:
        raise ExpertError(f"{missing[0]!r} is missing", where=tool, do=f"Give {', '.join(required)}.")
    return known


_TYPES: dict[str, type] = {"string": str, "integer": int, "boolean": bool, "array": list}


def _fitted(tool: str, name: str, declared: Json, value: Any) -> Any:
    """`value` if it is of the declared type; numbers and booleans that models send as text are read."""
    kind: str = declared["type"]
    if isinstance(value, str) and kind in {"integer", "boolean"}:
        text = value.strip().lower()
        value = (
            int(text)
            if text.isascii() and text.lstrip("-").isdigit()
            else {"true": True, "false": False}.get(text, value)
        )
    if type(value) is not _TYPES[kind]:
        raise ExpertError(f"{name!r} must be of type {kind}, not {type(value).__name__}", where=tool)
    if kind == "array" and not all(isinstance(item, str) for item in cast("list[object]", value)):
        raise ExpertError(f"{name!r} must be a list of strings", where=tool)
    if "enum" in declared and value not in declared["enum"]:
        raise ExpertError(f"{name!r} is {value!r}", where=tool, do=f"Give one of {', '.join(declared['enum'])}.")
    if kind == "integer" and not declared.get("minimum", value) <= value <= declared.get("maximum", value):
        raise ExpertError(
            f"{name!r} is {value}", where=tool, do=f"Give {declared['minimum']} to {declared['maximum']}."
        )
    return value
