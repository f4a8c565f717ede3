"""What `expert find` does; in its bare form without Typer."""

import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from fastapi_expert import config
from fastapi_expert.cli.plain import bare
from fastapi_expert.cli.shared import project, read
from fastapi_expert.find.cache import finder_of
from fastapi_expert.find.entries import note_entries
from fastapi_expert.render.hits import hits_text
from fastapi_expert.render.terminal import stdout_style, write

LIMIT = 10


def main(argv: Sequence[str]) -> int | None:
    """`expert find WORD… [--json]`; None leaves every other command line to Typer."""
    asked = bare(argv)
    if asked is None or not asked[0]:
        return None
    words, json = asked
    run(words, json=json)
    return 0


def run(
    words: Sequence[str],
    *,
    root: Path | None = None,
    kinds: Collection[str] = (),
    limit: int = LIMIT,
    json: bool = False,
) -> None:
    """Search the project at ``root`` and print the hits, of ``kinds`` if given."""
    directory = project(root)
    codebase = read(directory, config.load(directory))
    text = " ".join(words)
    finder = finder_of(codebase, note_entries(directory))
    hits = finder.search(text, limit=limit, kinds=kinds)
    if json:
        from fastapi_expert.render.json import find_document, write_json

        write_json(find_document(str(directory), text, hits))
    else:
        if finder.note:
            sys.stderr.write(f"note: {finder.note} (expert routes --problems)\n")
        write(hits_text(text, hits, stdout_style()))
