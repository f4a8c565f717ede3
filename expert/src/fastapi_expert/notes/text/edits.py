"""Edits of a note's body: text in, text out, nothing read or written.

Blank lines around what is changed stay as they were, headings inside code fences are text, and every refusal says
what stands there instead.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, get_args

from fastapi_expert.notes.errors import NoteError

Operation = Literal[
    "append", "prepend", "find_replace", "replace_section", "insert_before_section", "insert_after_section"
]
OPERATIONS: tuple[str, ...] = get_args(Operation)
_HEADING = re.compile(r" {0,3}(?P<marks>#{1,6})(?:[ \t]+(?P<text>.*?))?(?:[ \t]+#+)?[ \t]*")
_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>.*)")


def append(body: str, content: str) -> str:
    """``content`` on lines of its own at the end; a blank line keeps ``===`` or ``---`` from making a heading."""
    before = body if not body or body.endswith("\n") else body + "\n"
    if re.match(r" {0,3}(=+|-+)[ \t]*(\n|\Z)", content) and before.strip() and not before.endswith("\n\n"):
        before += "\n"
    return before + content


def prepend(body: str, content: str) -> str:
    """``content`` on lines of its own at the beginning, after the blank line that follows the front matter."""
    blank = body[: len(body) - len(body.lstrip("\n"))]
    rest = body[len(blank) :]
    return f"{blank}{content}{'' if content.endswith(chr(10)) or not rest else chr(10)}{rest}"


def find_replace(body: str, content: str, *, find_text: str, expected: int = 1) -> str:
    """Every occurrence of ``find_text`` becomes ``content``, when there are just ``expected`` of them."""
    found = body.count(find_text)
    if found == expected:
        return body.replace(find_text, content)
    if not found:
        raise NoteError(
            "TEXT_NOT_FOUND",
            f"Text to replace not found: {find_text!r}",
            do="the search is exact and case-sensitive: read the note and copy the text from it",
        )
    raise NoteError(
        "WRONG_REPLACEMENT_COUNT",
        f"Expected {expected} occurrences of {find_text!r}, but found {found}",
        do=f"set expected_replacements={found} to replace them all, or give more of the text around the one you mean",
    )


def replace_section(body: str, content: str, *, section: str, subsections: bool = True) -> str:
    """What stands under the heading becomes ``content``.

    With ``subsections`` the section ends at the next heading of the same or a higher level, else at the next of any.
    """
    lines = body.splitlines(keepends=True)
    heading = _find(lines, section)
    end = next(
        (
            other.line
            for other in _headings(lines)
            if other.line > heading.line and (not subsections or other.level <= heading.level)
        ),
        len(lines),
    )
    old = lines[heading.line + 1 : end]
    new = _without_heading(content, lines[heading.line]).strip("\n")
    lead, tail = _blank_edges(old)
    inner = f"{lead}{new}\n{tail}" if new else (lead or tail)
    return "".join(lines[: heading.line]) + _line(lines[heading.line]) + inner + "".join(lines[end:])


def insert_before_section(body: str, content: str, *, section: str) -> str:
    """``content`` as a block of its own before the heading."""
    lines = body.splitlines(keepends=True)
    heading = _find(lines, section)
    before, after = "".join(lines[: heading.line]), "".join(lines[heading.line :])
    gap = "" if not before.strip("\n") or before.endswith("\n\n") else "\n"
    return f"{before}{gap}{content.strip(chr(10))}\n\n{after}"


def insert_after_section(body: str, content: str, *, section: str) -> str:
    """``content`` as a block of its own between the heading and what stands under it."""
    lines = body.splitlines(keepends=True)
    heading = _find(lines, section)
    rest = "".join(lines[heading.line + 1 :])
    lead = rest[: len(rest) - len(rest.lstrip("\n"))]
    after = rest[len(lead) :]
    gap = "\n" if after else ""
    return "".join(lines[: heading.line]) + _line(lines[heading.line]) + f"{lead}{content.strip(chr(10))}\n{gap}{after}"


@dataclass(frozen=True, slots=True)
class _Heading:
    line: int
    level: int
    text: str


def _headings(lines: list[str]) -> Iterator[_Heading]:
    fence = ""
    for number, line in enumerate(lines):
        inside, fence = fence, _fence_after(fence, line)
        found = None if inside or fence else _HEADING.fullmatch(line.rstrip("\n"))
        if found:
            yield _Heading(number, len(found["marks"]), (found["text"] or "").strip())


def _fence_after(fence: str, line: str) -> str:
    """The code fence that is open after ``line``, when ``fence`` (or none: empty) was open before it."""
    mark = _FENCE.fullmatch(line.rstrip("\n"))
    if not mark:
        return fence
    if fence:
        return "" if mark["fence"].startswith(fence) and not mark["info"].strip() else fence
    return "" if mark["fence"][0] == "`" and "`" in mark["info"] else mark["fence"]


def _find(lines: list[str], section: str) -> _Heading:
    wanted = _HEADING.fullmatch(section.strip())
    text = (wanted["text"] or "").strip() if wanted else section.strip()
    if not text:
        raise NoteError("SECTION_REQUIRED", "the section is empty", do='name its heading, such as "## Notes"')
    headings = list(_headings(lines))
    level = len(wanted["marks"]) if wanted else None
    found = [each for each in headings if each.text == text and level in (None, each.level)]
    if len(found) == 1:
        return found[0]
    if found:
        places = ", ".join(f"{'#' * each.level} at line {each.line + 1}" for each in found)
        raise NoteError(
            "DUPLICATE_SECTION",
            f"Multiple sections found with header {section!r} ({places} of the body)."
            " Section replacement requires unique headers.",
            do="use find_replace on the text itself, or make the headings differ",
        )
    near = get_close_matches(text, [each.text for each in headings], n=3)
    known = ", ".join(f"{'#' * each.level} {each.text}" for each in headings if not near or each.text in near)
    raise NoteError(
        "SECTION_NOT_FOUND",
        f"Section {section!r} not found in document",
        do=f"the headings there are: {known}; append adds one"
        if known
        else "the note has no headings; append adds one",
    )


def _without_heading(content: str, heading: str) -> str:
    """``content`` less a first line that repeats the heading."""
    first, _, rest = content.lstrip("\n").partition("\n")
    return rest if first.strip() == heading.strip() else content


def _blank_edges(lines: list[str]) -> tuple[str, str]:
    """The blank lines at both ends of a section; an all-blank section's are its lead."""
    text = "".join(lines)
    if not text.strip("\n"):
        return text, ""
    return text[: len(text) - len(text.lstrip("\n"))], "\n" * (len(text) - len(text.rstrip("\n")) - 1)


def _line(line: str) -> str:
    return line if line.endswith("\n") else line + "\n"
