"""The five tools by Basic Memory's names: arguments in, text or a JSON object out; `catalogue.call` runs them."""

from collections.abc import Mapping
from typing import Any

from fastapi_expert.notes import context
from fastapi_expert.notes.errors import NoteError
from fastapi_expert.notes.index import search
from fastapi_expert.notes.index.entries import bare_target
from fastapi_expert.notes.index.filters import KINDS, Filters, Kind
from fastapi_expert.notes.index.links import resolve
from fastapi_expert.notes.index.lookup import Index, Note
from fastapi_expert.notes.mcp import replies
from fastapi_expert.notes.notebook import Edit, Notebook, Written
from fastapi_expert.notes.text import dates as when
from fastapi_expert.notes.text import frontmatter
from fastapi_expert.notes.text.names import tag_list

Answer = str | dict[str, Any]
MAX_PAGE = 50
MAX_RELATED = 100


def write_note(
    notebook: Notebook,
    *,
    title: str,
    content: str,
    directory: str,
    tags: Any = None,
    note_type: str = "note",
    metadata: Mapping[str, Any] | None = None,
    overwrite: bool | None = None,
    expected_checksum: str | None = None,
    output_format: str = "text",
    **_project: Any,
) -> Answer:
    """Write a note; see `Notebook.write`."""
    written = notebook.write(
        title,
        content,
        directory,
        tags=tag_list(tags),
        note_type=note_type,
        metadata=metadata,
        overwrite=bool(overwrite),
        expected_checksum=expected_checksum,
    )
    if output_format == "json":
        return replies.written_json(written)
    heading = "# Created note" if written.action == "created" else "# Updated note"
    return _text(notebook, written, heading)


def read_note(
    notebook: Notebook,
    *,
    identifier: str,
    page: int = 1,
    page_size: int = 10,
    output_format: str = "text",
    include_frontmatter: bool = False,
    start_line: int | None = None,
    end_line: int | None = None,
    include_content: bool = True,
    **_project: Any,
) -> Answer:
    """Read one note; text is the raw file. What is not there is answered by notes that mention it.

    ``start_line`` and ``end_line`` (from 1, both inclusive) cut what is answered.
    """
    found = notebook.read(identifier)
    if found:
        note, content = found
        if output_format == "json":
            document = replies.note_json(note, content, include_frontmatter=include_frontmatter)
            document["content"] = _lines(document["content"], start_line, end_line) if include_content else None
            return document
        return _lines(content.text if include_content else frontmatter.split(content.text).head, start_line, end_line)
    start, stop = _page(page, page_size)
    with Index.open(notebook.folder) as index:
        try:
            suggestions = search.search(index, identifier, Filters(), start=start, stop=stop).hits
        except NoteError:  # an identifier need not be a query
            suggestions = []
    if output_format == "json":
        return replies.missing_json(identifier, suggestions)
    return replies.missing_text(identifier, suggestions, project=notebook.project)


def search_notes(
    notebook: Notebook,
    *,
    query: str | None = None,
    page: int = 1,
    page_size: int = 10,
    search_type: str | None = None,
    output_format: str = "text",
    note_types: list[str] | None = None,
    entity_types: list[str] | None = None,
    categories: list[str] | None = None,
    after_date: str | None = None,
    metadata_filters: Mapping[str, Any] | None = None,
    tags: Any = None,
    status: str | None = None,
    compact: bool = False,
    **_project: Any,
) -> Answer:
    """Find notes, observations or relations; see `search.search`."""
    filters = Filters(
        kinds=_kinds(entity_types, categories),
        types=tuple(note_types or ()),
        categories=tuple(categories or ()),
        tags=tuple(tag_list(tags)),
        after=when.since(after_date).timestamp() if after_date else None,
        metadata={**(metadata_filters or {}), **({"status": status} if status else {})} or None,
    )
    criteria = (query, filters.types, entity_types, filters.categories, filters.tags, after_date, filters.metadata)
    if not any(criteria):
        raise NoteError(
            "NO_CRITERIA",
            "there is nothing to search for",
            do="give query, metadata_filters, tags, status, note_types, entity_types, categories or after_date",
        )
    if search_type in ("vector", "semantic", "hybrid"):
        raise NoteError("NO_SEMANTIC_SEARCH", f"there is no {search_type} search here", do='use search_type="text"')
    start, stop = _page(page, page_size)
    page_size = stop - start
    with Index.open(notebook.folder) as index:
        if search_type == "permalink" and query:
            notes = context.patterned(index, query, project=notebook.project)
            found = search.listed(index, notes, filters, start=start, stop=stop)
        else:
            found = search.search(index, query, filters, title_only=search_type == "title", start=start, stop=stop)
    if output_format == "text":
        described = query or ", ".join(_described(filters))
        return replies.hits_text(
            found.hits, query=described, project=notebook.project, page=page, page_size=page_size, total=found.total
        )
    return {
        "results": [replies.hit_json(hit, compact=compact) for hit in found.hits],
        "current_page": page,
        "page_size": page_size,
        "total": found.total,
        "total_is_exact": True,
        "has_more": stop < found.total,
    }


def build_context(
    notebook: Notebook,
    *,
    url: str,
    depth: int = 1,
    timeframe: str | None = None,
    page: int = 1,
    page_size: int = 10,
    max_related: int = 10,
    output_format: str = "json",
    compact: bool = False,
    **_project: Any,
) -> Answer:
    """A note, or the notes of a pattern, and what surrounds them; no age limit unless ``timeframe`` sets one."""
    _check_url(url)
    since = when.since(timeframe).timestamp() if timeframe else None
    start, stop = _page(page, page_size)
    page_size = stop - start
    limit = min(max(max_related, 0), MAX_RELATED)
    with Index.open(notebook.folder) as index:
        notes = context.primaries(index, url, project=notebook.project)
        found = [
            context.surroundings(
                index, note, depth=max(depth, 0), limit=limit, since=since, component=notebook.component
            )
            for note in notes[start:stop]
        ]
    if output_format == "text":
        return replies.contexts_text(found, url=url, depth=depth, project=notebook.project)
    shown = replies.compact_json if compact else replies.contexts_json
    paging = {"page": page, "page_size": page_size, "has_more": stop < len(notes)}
    return shown(found, url=url.removeprefix("memory://"), depth=depth, since=since, paging=paging)


def edit_note(
    notebook: Notebook,
    *,
    identifier: str,
    operation: str,
    content: str,
    section: str | None = None,
    find_text: str | None = None,
    expected_replacements: int | None = None,
    replace_subsections: bool | None = None,
    metadata: Mapping[str, Any] | None = None,
    expected_checksum: str | None = None,
    output_format: str = "text",
    **_project: Any,
) -> Answer:
    """Change a note in place; see `Notebook.edit`."""
    empty = [key for key, value in (metadata or {}).items() if value is None]
    if empty:
        raise NoteError(
            "INVALID_ARGUMENTS", f"metadata values cannot be null (key deletion is not supported): {', '.join(empty)}"
        )
    edit = Edit(
        operation,
        content,
        section=section,
        find_text=find_text,
        expected_replacements=1 if expected_replacements is None else expected_replacements,
        replace_subsections=replace_subsections is not False,
    )
    written = notebook.edit(identifier, edit, metadata=metadata, expected_checksum=expected_checksum)
    if output_format == "json":
        return replies.edited_json(written, operation)
    heading = f"# Created note ({operation})" if written.action == "created" else f"# Edited note ({operation})"
    return _text(notebook, written, heading)


def _text(notebook: Notebook, written: Written, heading: str) -> str:
    with Index.open(notebook.folder) as index:
        unresolved = [
            each.target
            for each in written.document.relations
            if not _target(index, each.target, written.note) and not notebook.component(each.target)
        ]
    return replies.written_text(written, heading=heading, project=notebook.project, unresolved=unresolved)


def _lines(text: str, start: int | None, end: int | None) -> str:
    """The lines of ``text`` from ``start`` to ``end``, both inclusive."""
    if start is None and end is None:
        return text
    if (start or 1) < 1 or (end is not None and end < (start or 1)):
        raise NoteError("INVALID_ARGUMENTS", "start_line and end_line start at 1, in that order", do="correct them")
    return "".join(text.splitlines(keepends=True)[(start or 1) - 1 : end])


def _target(index: Index, target: str, source: Note) -> Note | None:
    return resolve(index, bare_target(target), source=source)


def _page(page: int, page_size: int) -> tuple[int, int]:
    if page < 1 or page_size < 1:
        raise NoteError("INVALID_ARGUMENTS", "page and page_size start at 1", do="correct them")
    size = min(page_size, MAX_PAGE)
    return (page - 1) * size, page * size


def _kinds(entity_types: list[str] | None, categories: list[str] | None) -> tuple[Kind, ...]:
    if not entity_types:
        return ("observation",) if categories else ("entity",)
    unknown = [each for each in entity_types if each not in KINDS]
    if unknown:
        raise NoteError(
            "INVALID_ARGUMENTS",
            f"unknown entity_types: {', '.join(unknown)}",
            do=f"choose from {', '.join(KINDS)}",
        )
    return tuple(kind for kind in KINDS if kind in entity_types)


def _described(filters: Filters) -> list[str]:
    named = {
        "types": filters.types,
        "categories": filters.categories,
        "tags": filters.tags,
        "metadata": filters.metadata,
    }
    return [f"{name}={list(value) if isinstance(value, tuple) else value}" for name, value in named.items() if value]


def _check_url(url: str) -> None:
    path = url.removeprefix("memory://")
    bad = next((mark for mark in ("//", "<", ">", '"', "|", "?", "\0") if mark in path), None)
    if bad or not path.strip() or len(url) > 2028:
        why = f"holds {bad!r}" if bad else "is empty" if not path.strip() else "is longer than 2028 characters"
        raise NoteError(
            "INVALID_URL", f"Invalid memory URL {url[:80]!r}: it {why}", do='write it like "folder/note" or "folder/*"'
        )
