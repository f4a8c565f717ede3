"""Reads the `apply_patch` format of coding agents: whole files and context hunks without line numbers.

Source: the grammar that Codex gives its model (``*** Begin Patch``, ``*** Add|Update|Delete File:``, ``*** Move to:``,
``@@`` context, ``*** End of File``).
"""

from collections.abc import Callable
from dataclasses import dataclass, field


class PatchError(ValueError):
    """The patch cannot be read, or does not fit the file it names."""


@dataclass(slots=True)
class FilePatch:
    """What a patch does to one file; `hunks` are (old lines, new lines), in the order of the file."""

    action: str
    path: str
    moved_to: str | None = None
    hunks: list[tuple[list[str], list[str]]] = field(default_factory=list[tuple[list[str], list[str]]])

    def applied(self, text: str) -> str:
        """`text` with every hunk applied; raises `PatchError` when a hunk is not found."""
        lines = text.splitlines()
        index = 0
        for old, new in self.hunks:
            index = _locate(lines, old, index, self.path)
            lines[index : index + len(old)] = new
            index += len(new)
        return "".join(f"{line}\n" for line in lines)


def parse(patch: str) -> list[FilePatch]:
    """The files that `patch` touches; raises `PatchError` when it is not a patch of this format."""
    files: list[FilePatch] = []
    for line in patch.splitlines():
        if line.startswith("*** ") and (match := _header(line)):
            files.append(FilePatch(*match, hunks=[([], [])]))
        elif line.startswith("*** Move to: ") and files:
            files[-1].moved_to = line.removeprefix("*** Move to: ").strip()
        elif line.startswith("*** ") or not files:
            continue
        elif line.startswith("@@"):
            files[-1].hunks.append(([], []))
        else:
            _line(files[-1].hunks[-1], line)
    if not files:
        raise PatchError("no '*** Add File:', '*** Update File:' or '*** Delete File:' line")
    for file in files:
        file.hunks = [hunk for hunk in file.hunks if hunk[0] or hunk[1]]
    return files


def _header(line: str) -> tuple[str, str] | None:
    for action in ("Add", "Update", "Delete"):
        if line.startswith(prefix := f"*** {action} File: "):
            return action.lower(), line.removeprefix(prefix).strip()
    return None


def _line(hunk: tuple[list[str], list[str]], line: str) -> None:
    old, new = hunk
    sign, text = line[:1], line[1:]
    if sign in {"-", " ", ""}:
        old.append(text)
    if sign in {"+", " ", ""}:
        new.append(text)


def _locate(lines: list[str], old: list[str], start: int, path: str) -> int:
    """Where `old` stands at or after `start`: to the letter, else without trailing, else without outer white space."""
    if not old:
        return len(lines)
    looseness: tuple[Callable[[str], str], ...] = (str, str.rstrip, str.strip)
    for loosely in looseness:
        wanted = [loosely(line) for line in old]
        for index in [*range(start, len(lines) - len(old) + 1), *range(min(start, len(lines)))]:
            if [loosely(line) for line in lines[index : index + len(old)]] == wanted:
                return index
    raise PatchError(f"a hunk does not fit {path}: {old[0].strip()!r} is not there")
