"""File names, permalinks and tags: how a title becomes a path inside the notes folder, and never one outside it.

Source: Basic Memory's NOTE-FORMAT and the behaviour of its 0.23.2 (docs/notes-differences.md lists where we differ).
"""

import json
import re
import unicodedata
from pathlib import Path
from typing import Any, cast

from fastapi_expert.notes.errors import NoteError

MAX_NAME_BYTES = 255  # what every file system in use grants one name
_FORBIDDEN = re.compile(r'[/\\<>:"|?*]')
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?")  # Windows devices
_CAMEL = re.compile(r"([a-z0-9])([A-Z])")
# letters that Unicode does not decompose into a base and an accent
_FOLD = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"})


def file_name(title: str) -> str:
    """The name of the file that holds the note ``title``.

    Raises:
        NoteError: when nothing of the title can stand in a file name.
    """
    cleaned = re.sub(r"-{2,}", "-", _FORBIDDEN.sub("-", one_line(title)))
    cleaned = cleaned.strip("-. ")
    if not cleaned:
        raise NoteError("INVALID_TITLE", f"title {title!r} leaves no file name", do="give the note a title in words")
    name = f"{cleaned}.md"
    _check_component(name, f"title {title[:60]!r}")
    return name


def one_line(title: str) -> str:
    """The title without line breaks, tabs and other control characters."""
    return _CONTROL.sub(" ", title).strip()


def relative_directory(directory: str) -> str:
    """The directory as ``a/b``; the root is ``""`` (given as ``""``, ``/`` or ``.``).

    Raises:
        NoteError: when it is absolute, climbs out, or has a part that no file system (or no other reader) takes.
    """
    text = directory.strip()
    if text in ("", "/", ".", "./"):
        return ""
    drive = re.match(r"[A-Za-z]:", text)
    if text.startswith(("/", "\\", "~")) or drive:
        raise _escape(directory)
    parts = [part.strip() for part in text.replace("\\", "/").split("/")]
    if ".." in parts:
        raise _escape(directory)
    parts = [part for part in parts if part not in ("", ".")]
    for part in parts:
        if _CONTROL.search(part) or _FORBIDDEN.search(part):
            raise NoteError(
                "SECURITY_VALIDATION_ERROR",
                f"directory {directory!r} holds a character that no file name may hold",
                do='use letters, digits, spaces, "-" and "_", with "/" between levels',
            )
        _check_component(part, f"directory {directory[:60]!r}")
    return "/".join(parts)


def inside(root: Path, relative: str) -> Path:
    """The path of ``relative`` under ``root``, which must exist or be creatable without passing a symlink out of it.

    Raises:
        NoteError: when a symbolic link on the way leads out of ``root``.
    """
    path = root / relative
    home = root.resolve()
    resolved = path.resolve()
    if resolved != home and home not in resolved.parents:
        raise NoteError(
            "SECURITY_VALIDATION_ERROR",
            f"{relative!r} leads out of the notes folder through a symbolic link",
            where=str(root),
            do="choose a directory that lies in the folder itself",
        )
    return path


def permalink(path: str) -> str:
    """The permalink of a file: its path without extension, in lower case, with ``-`` for what is not a letter or digit.

    Accents are dropped from Latin letters; letters of other scripts stay as they are written.
    """
    stem = re.sub(r"(?i)\.md$", "", path)
    slugs = [_slug(part) for part in stem.split("/")]
    return "/".join(slug for slug in slugs if slug) or "note"


def free_permalink(wanted: str, taken: set[str]) -> str:
    """``wanted``, or ``wanted-1``, ``wanted-2`` … when another note has it."""
    if wanted not in taken:
        return wanted
    number = 1
    while f"{wanted}-{number}" in taken:
        number += 1
    return f"{wanted}-{number}"


def tag_list(tags: Any) -> list[str]:
    """Tags from a list, a comma-separated string or a JSON array in a string; ``#`` and repeats are dropped."""
    if tags is None:
        return []
    if isinstance(tags, str):
        text = tags.strip()
        if text.startswith("["):
            try:
                return tag_list(json.loads(text))
            except ValueError:
                pass  # a string that merely begins with a bracket
        found: list[object] = list(text.split(","))
    elif isinstance(tags, list | tuple | set):
        found = list(cast("list[object]", tags))
    else:
        found = [tags]
    cleaned = [str(tag).strip().lstrip("#").strip() for tag in found if tag is not None]
    return list(dict.fromkeys(tag for tag in cleaned if tag))


def note_type(name: str) -> str:
    """A note's type in snake case: ``Design Doc`` and ``DesignDoc`` are ``design_doc``."""
    spaced = _CAMEL.sub(r"\1_\2", name.strip())
    return re.sub(r"[\s\-_]+", "_", spaced).strip("_").lower() or "note"


def _slug(part: str) -> str:
    folded = "".join(_base_letter(char) for char in unicodedata.normalize("NFC", part))
    spaced = _CAMEL.sub(r"\1-\2", folded).lower().translate(_FOLD)
    spaced = re.sub(r"['’‘]", "", spaced)
    # a change of script is a change of word, as in "中文A1"
    spaced = re.sub(r"(?<=[^\W\d_a-z])(?=[a-z])|(?<=[a-z0-9])(?=[^\W\d_a-z])", "-", spaced)
    return re.sub(r"-{2,}", "-", re.sub(r"[^\w.\-]|_", "-", spaced)).strip("-")


def _base_letter(char: str) -> str:
    decomposed = unicodedata.normalize("NFKD", char)
    base = "".join(each for each in decomposed if not unicodedata.combining(each))
    return base if base.isascii() else char


def _check_component(part: str, what: str) -> None:
    if part.startswith("."):
        raise NoteError(
            "SECURITY_VALIDATION_ERROR",
            f"{what} begins with a dot: hidden files are not notes",
            do="drop the leading dot",
        )
    if _RESERVED.fullmatch(part):
        raise NoteError("SECURITY_VALIDATION_ERROR", f"{what} is a device's name on Windows", do="choose another name")
    if len(part.encode()) > MAX_NAME_BYTES:
        raise NoteError(
            "SECURITY_VALIDATION_ERROR",
            f"{what} … is {len(part.encode())} bytes long as a file name; {MAX_NAME_BYTES} is the most",
            do="shorten it, and put the rest into the content",
        )


def _escape(directory: str) -> NoteError:
    return NoteError(
        "SECURITY_VALIDATION_ERROR",
        f"Directory path {directory!r} is not allowed - paths must stay within project boundaries",
        do='give a path relative to the notes folder, such as "decisions"',
    )
