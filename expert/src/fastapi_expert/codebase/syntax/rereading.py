"""A text that was edited to facts, with the help of what was read before the edit.

An edit changes few definitions of a file. A definition that stands where it stood is not parsed again: a stub of one
line (`def name(): pass`) holds its place while the rest is read, so that lines, qualnames and the names that the module
binds come out as they would, and gives way to the facts that are known. Whatever could make a difference (a syntax
error, an import inside, a name that the module binds only since the edit) has the definition, or all of the text, read.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FileFacts
from fastapi_expert.codebase.syntax.parsing import as_utf8, refused
from fastapi_expert.codebase.syntax.reader import (
    assigned_names,
    env_reads_in,
    is_generated,
    read_source,
    suppressions_in,
)


class _Standing(NamedTuple):
    """A definition at the top of a module that the edit left alone, where it is; lines count from 1."""

    name: str
    stub: bytes
    start: int
    line: int
    end: int
    text: bytes


def reread(source: bytes, path: str, *, old: bytes, before: FileFacts) -> FileFacts:
    """The facts of ``source``, those that :func:`~.reader.read_source` gives; ``before`` are the facts of ``old``."""
    if not _is_plain(source) or not _is_plain(old) or before.problems:
        return read_source(source, path)
    lines = source.split(b"\n")
    standing = [*_standing(lines, old.split(b"\n"), before)]
    while standing:
        facts = _taken_over(read_source(_with_stubs(lines, standing), path), standing, before)
        if facts is None:
            break
        news = [name.encode() for name in _bound(facts) ^ _bound(before)]
        settled = [one for one in standing if not any(name in one.text for name in news)]
        if len(settled) == len(standing):
            return facts._replace(
                lines=len(lines) - (lines[-1] == b""),
                suppressions=suppressions_in(source),
                generated=is_generated(source),
                env_reads=env_reads_in(source, facts.imports),
            )
        standing = settled
    return read_source(source, path)


def _is_plain(source: bytes) -> bool:
    return b"\r" not in source and not refused(source) and as_utf8(source) == source


def _standing(lines: Sequence[bytes], old: Sequence[bytes], before: FileFacts) -> Iterator[_Standing]:
    """The definitions of ``before`` whose lines are the same in both texts, at the same place."""
    imports = {one.line for one in before.imports}
    others = {ir.line_of(statement) for statement in before.body}
    for kind, definitions in ((b"def %b(): pass", before.functions), (b"class %b: pass", before.classes)):
        for one in definitions:
            own = lines[one.start_line - 1 : one.end_line]
            if one.parent or own != old[one.start_line - 1 : one.end_line]:
                continue
            inside = range(one.start_line, one.end_line + 1)
            holds_more = imports.intersection(inside) or len(others.intersection(inside)) > 1
            name = one.name.encode()
            first = old[one.line - 1]
            if holds_more or first[:1].isspace() or name not in first or not _ends(lines, one.end_line):
                continue
            yield _Standing(one.qualname, kind % name, one.start_line, one.line, one.end_line, b"\n".join(own))


def _ends(lines: Sequence[bytes], number: int) -> bool:
    """Whether a block that ends at line ``number`` has nothing behind it, be it a comment, that is indented, too."""
    for line in lines[number:]:
        if line.strip() and not line.startswith(b"#"):
            return not line[:1].isspace()
    return True


def _with_stubs(lines: Sequence[bytes], standing: Sequence[_Standing]) -> bytes:
    lines = list(lines)
    for one in standing:
        lines[one.start - 1 : one.end] = [b""] * (one.end - one.start + 1)
        lines[one.line - 1] = one.stub
    return b"\n".join(lines)


def _taken_over(read: FileFacts, standing: Sequence[_Standing], before: FileFacts) -> FileFacts | None:
    """``read`` with what ``before`` knows in place of the stubs; None where a stub was not read as one."""
    definitions = (*read.functions, *read.classes)
    stubs = {(one.qualname, one.line) for one in definitions if not one.parent and one.start_line == one.line}
    if read.problems or not stubs.issuperset([(one.name, one.line) for one in standing]):
        return None
    taken = {number for one in standing for number in range(one.start, one.end + 1)}
    functions = [one for one in read.functions if one.line not in taken]
    functions += [one for one in before.functions if one.line in taken]
    classes = [one for one in read.classes if one.line not in taken]
    classes += [one for one in before.classes if one.line in taken]
    return read._replace(
        functions=tuple(sorted(functions, key=lambda one: one.line)),
        classes=tuple(sorted(classes, key=lambda one: one.line)),
    )


def _bound(facts: FileFacts) -> set[str]:
    """The names that a module binds, by which its functions' mentions are known."""
    imported = {one.alias or one.name or one.module.partition(".")[0] for one in facts.imports}
    defined = {one.name for one in (*facts.functions, *facts.classes) if not one.parent}
    return imported | defined | set(assigned_names(facts.body))
