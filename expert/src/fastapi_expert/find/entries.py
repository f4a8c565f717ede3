"""Everything in a codebase that somebody may look for: its components and, beside them, plain functions and classes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fastapi_expert.codebase.model import Inventory
from fastapi_expert.codebase.syntax.facts import ClassFacts, FileFacts, FunctionFacts

if TYPE_CHECKING:
    from fastapi_expert.codebase import Codebase


class Entry(NamedTuple):
    """Something to be found. ``methods`` and ``routes`` are an endpoint's; ``text`` is what it says of itself, with the
    bounds of its fields (`password min_length 8`)."""

    id: str
    kind: str
    name: str
    qualname: str
    path: str
    line: int
    summary: str = ""
    text: str = ""
    signature: str = ""
    fields: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()


def entries(codebase: "Codebase") -> tuple[Entry, ...]:
    """The entries of a codebase; what is a component already is not listed again as a function or class."""
    documented = {
        (path, one.qualname): one.docstring
        for path, file in codebase.files.items()
        for one in (*file.functions, *file.classes)
        if one.docstring
    }
    for path, file in codebase.files.items():
        for one in file.classes:
            if bounds := _bounds(one):
                documented[path, one.qualname] = f"{one.docstring}\n{bounds}"
    listed = {(component.path, component.qualname) for component in codebase.inventory.components}
    return (
        *_components(codebase.inventory, documented),
        *(entry for path, file in codebase.files.items() for entry in _rest(path, file, listed)),
    )


def note_entries(root: Path) -> list[Entry]:
    """The project's notes: title and text; none when the project keeps none."""
    folder = root / ".expert" / "notes"
    return [
        Entry(f"note:{path}", "note", file.stem, file.stem, path, 1, text=file.read_text("utf-8", errors="replace"))
        for file in sorted(folder.rglob("*.md") if folder.is_dir() else ())
        for path in [file.relative_to(root).as_posix()]
    ]


_BOUND = re.compile(
    r"\b(min_length|max_length|gt|ge|lt|le|multiple_of|pattern|regex|max_digits|decimal_places|strict|unique|index|alias)"
    r"\s*=\s*(r?\"[^\"]*\"|r?'[^']*'|[\w.+-]+)"
)


def _bounds(facts: ClassFacts) -> str:
    """What the fields of a class demand of their values, a line a field."""
    lines: list[str] = []
    for field in facts.fields:
        bounds = _BOUND.findall(f"{field.annotation} {field.default}")
        if bounds:
            lines.append(" ".join([field.name, *(f"{name} {value}" for name, value in bounds)]))
    return "\n".join(lines)


def _components(inventory: Inventory, documented: dict[tuple[str, str], str]) -> Iterator[Entry]:
    methods: dict[str, list[str]] = {}
    paths: dict[str, list[str]] = {}
    for route in inventory.routes:
        methods.setdefault(route.endpoint, []).append(route.method)
        paths.setdefault(route.endpoint, []).append(route.path)
    for component in inventory.components:
        own = [component.id] if component.kind != "router" else list(component.uses)
        yield Entry(
            component.id,
            component.kind,
            component.name,
            component.qualname,
            component.path,
            component.line,
            component.summary,
            text=documented.get((component.path, component.qualname), ""),
            signature=component.signature or "",
            fields=tuple(field.name for field in component.fields or ()),
            methods=tuple(dict.fromkeys(methods.get(component.id, ()))),
            routes=tuple(dict.fromkeys(path for one in own for path in paths.get(one, ()))),
        )


def _rest(path: str, file: FileFacts, listed: set[tuple[str, str]]) -> Iterator[Entry]:
    if file.generated:
        return
    classes = {one.qualname for one in file.classes}
    # of overloads and redefinitions (`name@2`) the last is the one that runs
    functions = {one.qualname.partition("@")[0]: one for one in file.functions if one.parent in (*classes, "")}
    for qualname, one in functions.items():
        if (path, one.qualname) not in listed and not one.name.startswith("__"):
            yield _entry("function", path, qualname, one, one.signature)
    for one in file.classes:
        if (path, one.qualname) not in listed:
            yield _entry("class", path, one.qualname, one, f"({', '.join(one.bases)})" if one.bases else "")


def _entry(kind: str, path: str, qualname: str, facts: FunctionFacts | ClassFacts, signature: str) -> Entry:
    summary = facts.docstring.strip().partition("\n")[0].strip()
    fields = tuple(field.name for field in facts.fields) if isinstance(facts, ClassFacts) else ()
    identifier = f"{kind}:{path}::{qualname}"
    text = f"{facts.docstring}\n{_bounds(facts)}" if isinstance(facts, ClassFacts) else facts.docstring
    return Entry(identifier, kind, facts.name, qualname, path, facts.line, summary, text, signature, fields)
