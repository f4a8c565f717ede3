"""Command lines that start a server, found in text of any kind: Dockerfiles, compose files, Makefiles, scripts, pages.

A line is taken for what it says, not for the format it stands in: lists in brackets or with dashes are put together
again, backslashes continue a line, and `cd`, `WORKDIR` and `PYTHONPATH` before it hint at where modules lie.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

SERVERS = frozenset({"uvicorn", "gunicorn", "hypercorn", "granian", "daphne"})
_TARGET = re.compile(r"(?:asgi:)?([A-Za-z_]\w*(?:\.\w+)*):([A-Za-z_]\w*(?:\.\w+)*)(\(\))?")
_WORD = re.compile(r"[^\s\"'`,\[\]]+")
_SEGMENT = re.compile(r"&&|\|\||;|\s\|\s")
_FOLDER_OPTIONS = ("--app-dir", "--chdir", "--pythonpath", "--working-dir", "--directory")
_DEFAULT = re.compile(r"\$\{\w+:-(.+)\}")
_ASSIGNED = re.compile(r"\w*(?:APP|MODULE)\w*=(.+)")
_LIST_ITEM = re.compile(r"\s*-\s+\S")
_FOLDED = re.compile(r":\s*>[+-]?\s*$")
_OPENED = re.compile(r"\[\s*(?:[\"']|$)")
_MOST_JOINED = 40


@dataclass(frozen=True, slots=True)
class Command:
    """A server's command line. ``kind`` says what ``target`` is:

    ``application``  ``module:attribute``, a factory where ``is_factory``
    ``file``         a Python file whose application is meant (`fastapi run app/main.py`), "" where none is named
    ``program``      a Python file, or a module behind `-m`, that is run: it may start a server itself

    ``folders`` are hints of where modules are looked for, the nearest last.
    """

    kind: Literal["application", "file", "program"]
    target: str
    line: int
    said: str
    is_factory: bool = False
    folders: tuple[str, ...] = field(default=())


def commands(text: str) -> Iterator[Command]:
    """Every command line in ``text`` that starts a server, or runs a program that may."""
    folders: list[str] = []
    for line, joined in _logical_lines(text.splitlines()):
        for segment in _SEGMENT.split(joined):
            words = [word for word in _WORD.findall(segment) if word != "-"]
            folders += _moves(words)
            found = _server(words) or _fastapi(words) or _program(words) or _assignment(words)
            if found is not None:
                kind, target, is_factory, own = found
                said = " ".join(segment.split())[:160]
                yield Command(kind, target, line, said, is_factory, (*folders, *own))


_Found = tuple[Literal["application", "file", "program"], str, bool, list[str]]


def _logical_lines(lines: list[str]) -> Iterator[tuple[int, str]]:
    """(line, text) of what belongs together; comments are left out."""
    index = 0
    while index < len(lines):
        start, text = index, lines[index]
        index += 1
        if text.lstrip().startswith(("#", "//")):
            continue
        while index < len(lines) and index - start < _MOST_JOINED and _goes_on(text, lines[start], lines[index]):
            text = f"{text.rstrip().rstrip(chr(92))} {lines[index].strip()}"
            index += 1
        yield start + 1, text


def _goes_on(text: str, first: str, after: str) -> bool:
    """Whether the line ``after`` belongs to ``text``, which began with the line ``first``."""
    if text.rstrip().endswith("\\") or (_OPENED.search(text) and text.count("[") > text.count("]")):
        return True
    if _LIST_ITEM.match(first) and "- name" not in after:
        return _LIST_ITEM.match(after) is not None and _indent(after) == _indent(first)
    if _FOLDED.search(first):
        return bool(after.strip()) and _indent(after) > _indent(first)
    return after.strip().startswith("args:") and "command:" in first


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _moves(words: list[str]) -> list[str]:
    """The folders that a command goes to, or that it has modules looked for in."""
    found: list[str] = []
    for index, word in enumerate(words):
        after = words[index + 1] if index + 1 < len(words) else ""
        if word in ("cd", "WORKDIR", "working_dir:", "cwd:", "context:", "build:") and after:
            found.append(after)
        elif word.startswith("PYTHONPATH="):
            found += [part for part in word.partition("=")[2].split(":") if part and "$" not in part]
        elif word in ("PYTHONPATH", "PYTHONPATH:") and after:
            found += [part for part in after.lstrip("=").split(":") if part and "$" not in part]
    return found


def _server(words: list[str]) -> _Found | None:
    for index, word in enumerate(words):
        if _base(word) in SERVERS and not word.endswith(":"):
            rest = words[index + 1 :]
            for after in rest:
                target = _target(after)
                if target is not None:
                    module, attribute, called = target
                    is_factory = bool(called) or "--factory" in rest
                    return "application", f"{module}:{attribute}", is_factory, _options(rest)
    return None


def _target(word: str) -> tuple[str, str, str] | None:
    default = _DEFAULT.fullmatch(word)
    found = _TARGET.fullmatch(default[1] if default else word.rstrip("\\)"))
    found = found or _TARGET.fullmatch(word)
    return (found[1], found[2], found[3] or "") if found is not None else None


def _base(word: str) -> str:
    return word.rpartition("/")[2].removeprefix("exec=")


def _options(words: list[str]) -> list[str]:
    found: list[str] = []
    for index, word in enumerate(words):
        name, sign, value = word.partition("=")
        if name in _FOLDER_OPTIONS:
            found.append(value if sign else words[index + 1] if index + 1 < len(words) else "")
    return [each for each in found if each]


def _fastapi(words: list[str]) -> _Found | None:
    """`fastapi run` and `fastapi dev`, with a file, an entry point, or neither."""
    for index, word in enumerate(words[:-1]):
        if _base(word) == "fastapi" and words[index + 1] in ("run", "dev"):
            rest = words[index + 2 :]
            for at, each in enumerate(rest):
                if each in ("-e", "--entrypoint") and at + 1 < len(rest) and _target(rest[at + 1]):
                    return "application", rest[at + 1], False, []
            file = next((each for each in rest if each.endswith(".py")), "")
            named = next((rest[at + 1] for at, each in enumerate(rest[:-1]) if each == "--app"), "")
            return "file", f"{file}:{named}" if named else file, False, []
    return None


def _program(words: list[str]) -> _Found | None:
    for index, word in enumerate(words[:-1]):
        if not re.fullmatch(r"python[\d.]*|py", _base(word)) and word not in ("uv", "poetry", "pdm", "$(PYTHON)"):
            continue
        rest = [each for each in words[index + 1 :] if each not in ("run", "-u", "python", "python3")]
        if rest[:1] == ["-m"] and len(rest) > 1 and re.fullmatch(r"[A-Za-z_][\w.]*", rest[1]):
            return "program", rest[1], False, []
        if rest and rest[0].endswith(".py"):
            return "program", rest[0], False, []
    return None


def _assignment(words: list[str]) -> _Found | None:
    """`APP_MODULE=app.main:app`, which images and scripts hand to a server."""
    for index, word in enumerate(words):
        assigned = _ASSIGNED.fullmatch(word)
        value = assigned[1] if assigned else ""
        if word in ("APP_MODULE", "APP_MODULE:") and index + 1 < len(words):
            value = words[index + 1]
        if value and (target := _target(value)) is not None:
            return "application", f"{target[0]}:{target[1]}", bool(target[2]), []
    return None
