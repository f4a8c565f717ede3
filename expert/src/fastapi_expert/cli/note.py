"""`expert note`: project memory from the command line, with the same five tools that agents have."""

import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from fastapi_expert import config
from fastapi_expert.cli.options import JsonFlag
from fastapi_expert.errors import UsageError
from fastapi_expert.notes.mcp.catalogue import call
from fastapi_expert.notes.notebook import Notebook
from fastapi_expert.notes.text.edits import OPERATIONS
from fastapi_expert.render.json import dumps


class _TakesText(TyperCommand):
    """A command whose last argument is text: one that begins with "- " (a list, most notes) is not an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        is_text = [
            re.match(r"-+\s", arg) is not None and not (position and args[position - 1].startswith("-"))
            for position, arg in enumerate(args)
        ]
        if any(is_text) and "--" not in args:
            text = [arg for arg, yes in zip(args, is_text, strict=True) if yes]
            args = [*(arg for arg, yes in zip(args, is_text, strict=True) if not yes), "--", *text]
        return super().parse_args(ctx, args)


app = typer.Typer(
    no_args_is_help=True,
    help="What the team decided, as Markdown in .expert/notes.\n\nExample: expert note search soft delete",
)

Identifier = Annotated[str, typer.Argument(help="Permalink, path or exact title of the note.")]
Content = Annotated[str | None, typer.Argument(help="The text; standard input when it is - or left out.")]
Folder = Annotated[str, typer.Option("--directory", "--folder", "-d", help="Folder below .expert/notes.")]
Tags = Annotated[list[str] | None, typer.Option("--tags", "--tag", "-t", help="Repeatable.")]
Page = Annotated[int, typer.Option(help="Which page of the results.")]
PageSize = Annotated[int, typer.Option(help="Results on a page, 50 at most.")]
Meta = Annotated[list[str] | None, typer.Option("--meta", metavar="KEY=VALUE", help="More front matter; repeatable.")]
Checksum = Annotated[str | None, typer.Option(metavar="SHA256", help="Refuse when the note changed since it was read.")]


@app.command("write", cls=_TakesText)
def write(
    title: Annotated[str, typer.Argument(help="Title of the note; its file is named after it.")],
    content: Content = None,
    directory: Folder = "",
    tag: Tags = None,
    note_type: Annotated[str, typer.Option("--note-type", "--type", help="note, decision, guide …")] = "note",
    meta: Meta = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a note that is there.")] = False,
    expected_checksum: Checksum = None,
    json: JsonFlag = False,
) -> None:
    """Write a note; one that is there already stays unless --overwrite is given.

    Example: expert note write "Soft delete" "- [decision] Rows are kept #db" -d decisions
    """
    arguments = {"title": title, "content": _content(content), "directory": directory, "tags": tag}
    more = {"note_type": note_type, "metadata": _metadata(meta), "overwrite": overwrite}
    _answer("write_note", arguments | more | {"expected_checksum": expected_checksum}, json=json)


@app.command("read")
def read(identifier: Identifier, json: JsonFlag = False) -> None:
    """Print a note as it stands in its file.

    Example: expert note read decisions/soft-delete
    """
    _answer("read_note", {"identifier": identifier}, json=json)


@app.command("search")
def search(
    words: Annotated[list[str] | None, typer.Argument(help='Words, "phrases", AND, OR, NOT, tag:name.')] = None,
    tag: Tags = None,
    note_type: Annotated[
        list[str] | None, typer.Option("--note-type", "--type", help="Only notes of this type; repeatable.")
    ] = None,
    category: Annotated[list[str] | None, typer.Option(help="Observations of this category; repeatable.")] = None,
    status: Annotated[str | None, typer.Option(help="Only notes whose front matter has this status.")] = None,
    after: Annotated[
        str | None,
        typer.Option(
            "--after-date", "--after", metavar="WHEN", help="Only what changed since 7d, 2 weeks, 2026-01-31."
        ),
    ] = None,
    page: Page = 1,
    page_size: PageSize = 10,
    json: JsonFlag = False,
) -> None:
    """Notes, best first.

    Example: expert note search soft delete --tag db
    """
    arguments = {"query": " ".join(words) if words else None, "tags": tag, "note_types": note_type}
    filters = {"categories": category, "status": status, "after_date": after, "page": page, "page_size": page_size}
    _answer("search_notes", arguments | filters, json=json)


@app.command("context")
def context(
    url: Annotated[str, typer.Argument(help='A permalink or title, or a pattern such as "decisions/*".')],
    depth: Annotated[int, typer.Option(help="How many relations away.")] = 1,
    timeframe: Annotated[str | None, typer.Option(metavar="WHEN", help="Only what changed since, such as 7d.")] = None,
    max_related: Annotated[int, typer.Option(help="Related notes and relations for each note, 100 at most.")] = 10,
    page: Page = 1,
    page_size: PageSize = 10,
    json: JsonFlag = False,
) -> None:
    """A note with its facts and what is related to it.

    Example: expert note context decisions/soft-delete --depth 2
    """
    arguments = {"url": url, "depth": depth, "timeframe": timeframe, "max_related": max_related}
    _answer("build_context", arguments | {"page": page, "page_size": page_size}, json=json)


@app.command("edit", cls=_TakesText)
def edit(
    identifier: Identifier,
    operation: Annotated[str, typer.Argument(help=f"One of {', '.join(OPERATIONS)}.")],
    content: Content = None,
    section: Annotated[
        str | None, typer.Option(help='Heading that a section operation means, such as "## Notes".')
    ] = None,
    find: Annotated[str | None, typer.Option("--find-text", "--find", help="Text that find_replace replaces.")] = None,
    count: Annotated[int, typer.Option("--expected-replacements", "--count", help="How often it must be there.")] = 1,
    keep_subsections: Annotated[
        bool, typer.Option("--keep-subsections", help="replace_section stops at them.")
    ] = False,
    meta: Meta = None,
    expected_checksum: Checksum = None,
    json: JsonFlag = False,
) -> None:
    """Change a note in place; append and prepend make one that is not there.

    Example: expert note edit decisions/soft-delete append "- [fact] Purged after 30 days"
    """
    arguments: dict[str, Any] = {"identifier": identifier, "operation": operation, "content": _content(content)}
    where = {"section": section, "find_text": find, "expected_replacements": count, "metadata": _metadata(meta)}
    more = {"replace_subsections": not keep_subsections, "expected_checksum": expected_checksum}
    _answer("edit_note", arguments | where | more, json=json)


def _answer(tool: str, arguments: dict[str, Any], *, json: bool) -> None:
    """Run the tool on this project's notes; what it refuses goes to standard error and exits 1."""
    notebook = Notebook(config.project_root(Path.cwd()) / ".expert" / "notes")
    given = {name: value for name, value in arguments.items() if value not in (None, [], {})}
    reply = call(notebook, tool, given | {"output_format": "json" if json else "text"})
    if isinstance(reply.answer, dict):
        sys.stdout.write(dumps(reply.answer))
    else:
        stream = sys.stderr if reply.failed else sys.stdout
        stream.write(reply.answer + ("" if reply.answer.endswith("\n") else "\n"))
    missing = tool == "read_note" and _not_found(reply.answer)
    if reply.failed or missing:
        raise typer.Exit(1)


def _not_found(answer: str | dict[str, Any]) -> bool:
    return answer.startswith("# Note Not Found") if isinstance(answer, str) else answer.get("permalink") is None


def _content(given: str | None) -> str:
    if given not in (None, "-"):
        return str(given)
    if sys.stdin.isatty():
        raise UsageError(
            "there is no content", do="give it as an argument, or pipe it in: … | expert note write TITLE -"
        )
    return sys.stdin.read()


def _metadata(pairs: list[str] | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"--meta {pair!r} is not KEY=VALUE", do="write it like --meta status=open")
        found[key.strip()] = value
    return found
