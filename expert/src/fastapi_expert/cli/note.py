"""`expert note`: project memory from the command line, with the tools that agents have and what a person has besides.

`--json` prints what a tool answers; otherwise the answer is put into a person's words (`render.notes`).
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand

from fastapi_expert import config
from fastapi_expert.cli.options import JsonFlag
from fastapi_expert.errors import ExpertError, UsageError
from fastapi_expert.find.naming import named
from fastapi_expert.notes.errors import NoteError
from fastapi_expert.notes.mcp.catalogue import call
from fastapi_expert.notes.notebook import Notebook
from fastapi_expert.notes.text.edits import OPERATIONS
from fastapi_expert.render import notes as render
from fastapi_expert.render.json import dumps
from fastapi_expert.render.terminal import Style, stdout_style, style_of

if TYPE_CHECKING:
    from fastapi_expert.find import Finder

_T = TypeVar("_T")


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
    _answer("write_note", arguments | more | {"expected_checksum": expected_checksum}, render.written, json=json)


@app.command("read")
def read(identifier: Identifier, json: JsonFlag = False) -> None:
    """Print a note as it stands in its file.

    Example: expert note read decisions/soft-delete
    """
    if json:
        _answer("read_note", {"identifier": identifier}, render.written, json=True)
    else:
        _, content = _there(identifier, lambda: _notebook().read(identifier))
        sys.stdout.write(content.text)


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
    _answer("search_notes", arguments | filters, render.found, json=json)


@app.command("list")
def list_notes(
    folder: Annotated[str, typer.Argument(help="Folder below .expert/notes; all of them when left out.")] = "",
    tag: Tags = None,
    note_type: Annotated[
        list[str] | None, typer.Option("--note-type", "--type", help="Only notes of this type; repeatable.")
    ] = None,
    page: Page = 1,
    page_size: PageSize = 50,
    json: JsonFlag = False,
) -> None:
    """Every note, by its place.

    Example: expert note list decisions
    """
    pattern = f"{folder.strip('/')}/*" if folder.strip("/") else "*"
    arguments = {"query": pattern, "search_type": "permalink", "tags": tag, "note_types": note_type}
    _answer("search_notes", arguments | {"page": page, "page_size": page_size}, render.listed, json=json)


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
    _answer("build_context", arguments | {"page": page, "page_size": page_size}, render.context, json=json)


@app.command("edit", cls=_TakesText)
def edit(
    identifier: Identifier,
    operation: Annotated[
        str | None, typer.Argument(help=f"One of {', '.join(OPERATIONS)}; left out, $EDITOR opens the file.")
    ] = None,
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
    """Change a note in place, or open it in $EDITOR; append and prepend make one that is not there.

    Example: expert note edit decisions/soft-delete append "- [fact] Purged after 30 days"
    """
    if operation is None:
        _open(identifier)
        return
    arguments: dict[str, Any] = {"identifier": identifier, "operation": operation, "content": _content(content)}
    where = {"section": section, "find_text": find, "expected_replacements": count, "metadata": _metadata(meta)}
    more = {"replace_subsections": not keep_subsections, "expected_checksum": expected_checksum}
    _answer("edit_note", arguments | where | more, render.edited, json=json)


@app.command("move")
def move(
    identifier: Identifier,
    target: Annotated[str, typer.Argument(help="The folder it goes to, or its new path ending with .md.")],
) -> None:
    """Move a note to another folder or file; its permalink and its title stay, so links to it still lead there.

    Example: expert note move decisions/soft-delete archive
    """
    note = _there(identifier, lambda: _notebook().move(identifier, target))
    sys.stdout.write(f"moved {note.permalink}  {render.place(note.path)}\n")


@app.command("remove")
def remove(identifier: Identifier) -> None:
    """Remove a note, and say which notes pointed at it.

    Example: expert note remove decisions/soft-delete
    """
    note, pointing = _there(identifier, lambda: _notebook().remove(identifier))
    sys.stdout.write(f"removed {note.permalink}  {render.place(note.path)}\n")
    sys.stdout.writelines(f"  {render.place(each.path)} pointed at it\n" for each in pointing)


def _notebook() -> Notebook:
    root = config.project_root(Path.cwd())

    @cache
    def finder() -> "Finder":
        from fastapi_expert.codebase import load  # only where a relation is met that no note answers
        from fastapi_expert.find.cache import finder_of

        return finder_of(load(root, exclude=config.load(root).exclude))

    return Notebook(root / ".expert" / "notes", code=lambda name: named(finder().entries, name))


def _answer(tool: str, arguments: dict[str, Any], words: Callable[[dict[str, Any], Style], str], *, json: bool) -> None:
    """Run the tool on this project's notes; ``words`` puts its answer into a person's. What it refuses exits 1."""
    given = {name: value for name, value in arguments.items() if value not in (None, [], {})}
    reply = call(_notebook(), tool, given | {"output_format": "json"})
    assert isinstance(reply.answer, dict)
    if json:
        sys.stdout.write(dumps(reply.answer))
    elif reply.failed:
        sys.stderr.write(f"error: {render.in_commands(str(reply.answer['message']))}\n")
    else:
        sys.stdout.write(words(reply.answer, stdout_style()) + "\n")
    if reply.failed or reply.answer.get("error") or (tool == "build_context" and not reply.answer["results"]):
        raise typer.Exit(1)


def _there(identifier: str, ask: Callable[[], _T | None]) -> _T:
    """What ``ask`` gives of a note; exits 1 with a word when there is none, or the notebook refuses."""
    try:
        answer = ask()
    except NoteError as error:
        sys.stderr.write(f"error: {render.in_commands(str(error))}\n")
        raise typer.Exit(1) from None
    if answer is not None:
        return answer
    sys.stderr.write(f"error: no note has the title, permalink or path {identifier!r}\n")
    hits = call(_notebook(), "search_notes", {"query": identifier, "page_size": 5, "output_format": "json"})
    if not hits.failed and isinstance(hits.answer, dict) and hits.answer["results"]:
        sys.stderr.write(f"these mention it:\n{render.found(hits.answer, style_of(sys.stderr))}\n")
    raise typer.Exit(1)


def _open(identifier: str) -> None:
    """Open a note in the person's editor.

    Raises:
        ExpertError: no editor is named, or it failed.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        raise UsageError("no editor is named", do="set EDITOR, or say what to do: see `expert note edit --help`")
    notebook = _notebook()
    note, _ = _there(identifier, lambda: notebook.read(identifier))
    file = notebook.folder.root / note.path
    try:
        code = subprocess.run([*shlex.split(editor), str(file)], check=False).returncode
    except (OSError, ValueError) as error:
        raise ExpertError(f"cannot be started: {error}", where=editor, do="set EDITOR to one that can") from None
    if code:
        raise ExpertError(f"the editor ended with {code}", where=editor)


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
