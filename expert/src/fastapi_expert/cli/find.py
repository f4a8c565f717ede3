"""`expert find`: what is already here that does this?"""

from pathlib import Path
from typing import Annotated, get_args

import typer

from fastapi_expert import config
from fastapi_expert.cli.options import JsonFlag
from fastapi_expert.cli.shared import project, read
from fastapi_expert.codebase.model import Kind
from fastapi_expert.errors import UsageError
from fastapi_expert.find import Entry, Finder, entries
from fastapi_expert.render.hits import hits_text
from fastapi_expert.render.json import find_document, write_json
from fastapi_expert.render.terminal import stdout_style, write

_KINDS = (*get_args(Kind), "function", "class", "note")


def command(
    words: Annotated[list[str], typer.Argument(help="What is looked for, in words.", metavar="WORDS...")],
    root: Annotated[
        Path | None, typer.Option(help="Directory of the codebase; the enclosing project when left out.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only this kind (endpoint, schema, function, note …); repeatable.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 10,
    json: JsonFlag = False,
) -> None:
    """What is already here that does this, best first, with file:line. Exit code 0, also when nothing is found.

    Words for a kind ("router for invoices") and methods in capitals ("POST that creates users") steer the ranking.

    Example: expert find hash password
    """
    for name in kind or ():
        if name not in _KINDS:
            raise UsageError(f"there is no kind {name!r}", do=f"kinds: {', '.join(_KINDS)}")
    directory = project(root)
    codebase = read(directory, config.load(directory))
    found = [entry for entry in (*entries(codebase), *_notes(directory)) if not kind or entry.kind in kind]
    hits = Finder(found).search(" ".join(words), limit=limit)
    if json:
        write_json(find_document(str(directory), " ".join(words), hits))
    else:
        write(hits_text(" ".join(words), hits, stdout_style()))


def _notes(root: Path) -> list[Entry]:
    """The project's notes: title and text; none when the project keeps none."""
    folder = root / ".expert" / "notes"
    return [
        Entry(f"note:{path}", "note", file.stem, file.stem, path, 1, text=file.read_text("utf-8", errors="replace"))
        for file in sorted(folder.rglob("*.md") if folder.is_dir() else ())
        for path in [file.relative_to(root).as_posix()]
    ]
