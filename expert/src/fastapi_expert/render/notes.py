"""Notes for people: where each lies, so that a terminal can open it, and what it says.

The documents are those that the note tools answer (`notes.mcp.replies`).
"""

import re
from collections.abc import Mapping
from typing import Any

from fastapi_expert.render.terminal import Style, counted, printable

FOLDER = ".expert/notes"
_IN_COMMANDS = (
    (r'edit_note\("([^"]*)", …\)', r"expert note edit \1"),
    (r"expected_replacements=(\d+)", r"--count \1"),
    (r"overwrite=True", "--overwrite"),
    (r"\bsearch_notes\b", "`expert note search`"),
    (r"\bwrite_note\b", "`expert note write`"),
    (r"\bedit_note\b", "`expert note edit`"),
    (r"\bread_note\b", "`expert note read`"),
    (r"\bbuild_context\b", "`expert note context`"),
    (r"\bexpected_checksum\b", "--expected-checksum"),
    (r"\bmetadata_filters\b", "--meta"),
    (r"\bnote_types\b", "--type"),
    (r"\bafter_date\b", "--after"),
    (r"\bpage_size\b", "--page-size"),
    (r"\bfind_text\b( parameter)?", "--find"),
)


def in_commands(message: str) -> str:
    """A refusal with the tools and parameters that it names as commands and options."""
    for tool, command in _IN_COMMANDS:
        message = re.sub(tool, command, message)
    return message


def place(path: str) -> str:
    """Where a note lies, below the project."""
    return printable(f"{FOLDER}/{path}")


def written(document: Mapping[str, Any], style: Style) -> str:
    """`note write`."""
    return _done(document, str(document["action"]), style)


def edited(document: Mapping[str, Any], style: Style) -> str:
    """`note edit`."""
    return _done(document, "created" if document["fileCreated"] else "edited", style)


def _done(document: Mapping[str, Any], action: str, style: Style) -> str:
    return f"{action} {style.paint(str(document['permalink']), 'bold')}  {place(document['file_path'])}"


def found(document: Mapping[str, Any], style: Style) -> str:
    """`note search`: place and title of each, and what it says of what was asked."""
    lines: list[str] = []
    for row in document["results"]:
        lines.append(style.row([place(row["file_path"]), style.paint(printable(row["title"]), "bold")], indent=4))
        if row["content"]:
            lines.append(f"    {printable(row['content'])}")
    return "\n".join([*lines, _paging(document)]).strip("\n") or "no note answers this; try other or fewer words"


def listed(document: Mapping[str, Any], style: Style) -> str:
    """`note list`: place and title of each."""
    rows = [
        style.row([place(row["file_path"]), style.paint(printable(row["title"]), "bold")], indent=4)
        for row in document["results"]
    ]
    return "\n".join([*rows, _paging(document)]).strip("\n") or "there is no note"


def _paging(document: Mapping[str, Any]) -> str:
    page = document["current_page"]
    if not document["has_more"] and page == 1:
        return ""
    more = f", more: --page {page + 1}" if document["has_more"] else ""
    return f"\npage {page} of {counted(document['total'], 'note')}{more}"


def context(document: Mapping[str, Any], style: Style) -> str:
    """`note context`: each note as it stands, and what points from it and at it."""
    blocks: list[str] = []
    for result in document["results"]:
        note = result["primary_result"]
        blocks.append(
            f"{style.paint(printable(note['title']), 'bold')}  {style.paint(place(note['file_path']), 'dim')}\n\n"
            f"{note['content']}".rstrip()
        )
        related = [
            f"  {_related(row, note['title'])}  {style.paint(place(row['file_path']), 'dim')}"
            for row in result["related_results"]
        ]
        if related:
            blocks.append("\n".join([style.paint("related", "bold"), *related]))
    return "\n\n".join(blocks) or "no note is called this; `expert note search` looks for words"


def _related(row: Mapping[str, Any], title: str) -> str:
    if row["type"] == "entity":
        return printable(row["title"])
    goes = printable(f"{row['relation_type']} {row['to_entity'] or row['to_name']}")
    if code := row.get("component"):
        goes += printable(f" ({code['kind']} {code['path']}:{code['line']})")
    return goes if row["from_entity"] == title else f"{printable(row['from_entity'])} {goes}"
