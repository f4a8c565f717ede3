"""What the tools answer: a JSON object with Basic Memory's keys, or the same in a few lines of Markdown."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fastapi_expert.notes.context import Context, Edge
from fastapi_expert.notes.errors import NoteError
from fastapi_expert.notes.index.lookup import Fact, Note, iso
from fastapi_expert.notes.index.search import Hit
from fastapi_expert.notes.notebook import Written
from fastapi_expert.notes.store.folder import Content
from fastapi_expert.notes.text import frontmatter
from fastapi_expert.notes.text.names import permalink

if TYPE_CHECKING:
    from fastapi_expert.find.entries import Entry


def written_json(written: Written) -> dict[str, Any]:
    """`write_note`."""
    return {**_identity(written.note), "checksum": written.note.checksum, "action": written.action}


def edited_json(written: Written, operation: str) -> dict[str, Any]:
    """`edit_note`."""
    created = written.action == "created"
    return {
        **_identity(written.note),
        "checksum": written.note.checksum,
        "operation": operation,
        "fileCreated": created,
    }


def written_text(written: Written, *, heading: str, project: str, unresolved: Sequence[str], detail: str = "") -> str:
    """`write_note` and `edit_note`: where it is, and how it was understood."""
    note = written.note
    lines = [heading, f"project: {project}", f"file_path: {note.path}", f"permalink: {note.permalink}"]
    lines.append(f"checksum: {note.checksum[:8]}")
    lines += [f"operation: {detail}"] if detail else []
    counted = Counter(each.category or "note" for each in written.document.observations)
    lines += ["", "## Observations", *(f"- {name}: {count}" for name, count in counted.items())] if counted else []
    if written.document.relations:
        total = len(written.document.relations)
        lines += ["", "## Relations", f"- Resolved: {total - len(unresolved)}"]
        lines += [f"- Unresolved: {', '.join(f'[[{target}]]' for target in unresolved)}"] if unresolved else []
    lines += ["", "## Tags", f"- {', '.join(note.tags)}"] if note.tags else []
    return "\n".join(lines)


def note_json(note: Note, content: Content, *, include_frontmatter: bool) -> dict[str, Any]:
    """`read_note`; ``content`` is the body as it was written, or the whole file."""
    parts = frontmatter.split(content.text)
    text = content.text if include_frontmatter else parts.body.removeprefix("\n") if parts.head else parts.body
    return {
        **_identity(note),
        "content": text,
        "frontmatter": note.values,
        "checksum": content.checksum,
    }


def missing_text(identifier: str, suggestions: Sequence[Hit], *, project: str) -> str:
    """`read_note` of something that is not there."""
    if not suggestions:
        return (
            f'# Note Not Found in {project}: "{identifier}"\n\nNo note has this title, permalink or path, and none'
            " mentions it. `write_note` makes one; `search_notes` looks for other words."
        )
    rows = "\n".join(f"- {hit.note.title} (`{hit.note.permalink}`): {hit.excerpt}" for hit in suggestions)
    return f'# Note Not Found in {project}: "{identifier}"\n\nThese mention it; read one by its permalink:\n{rows}'


def missing_json(identifier: str, suggestions: Sequence[Hit]) -> dict[str, Any]:
    """The same as JSON: Basic Memory's keys, empty, and the notes that mention it."""
    return {
        **dict.fromkeys(("title", "permalink", "file_path", "content", "frontmatter")),
        "error": "NOTE_NOT_FOUND",
        "message": f"no note has the title, permalink or path {identifier!r}",
        "related_results": [hit_json(hit, compact=True) for hit in suggestions],
    }


def hit_json(hit: Hit, *, compact: bool = False) -> dict[str, Any]:
    """One result of `search_notes`; in its ``compact`` form what it takes to choose one, and no more."""
    document = _hit_json(hit)
    if compact:
        return {key: document[key] for key in ("title", "type", "permalink", "file_path", "content", "score")}
    return document


def _hit_json(hit: Hit) -> dict[str, Any]:
    note, fact = hit.note, hit.fact
    document: dict[str, Any] = {
        "title": note.title,
        "type": fact.kind if fact else "entity",
        "score": round(hit.score, 6),
        "entity": note.permalink,
        "permalink": _fact_permalink(note, fact) if fact else note.permalink,
        "content": hit.excerpt,
        "file_path": note.path,
        "updated_at": iso(note.modified),
        "metadata": {"note_type": note.type} if fact is None else {"tags": list(fact.tags)},
    }
    if fact and fact.kind == "observation":
        return document | {"title": f"{fact.category or 'note'}: {_short(fact.content)}", "category": fact.category}
    if fact:
        return document | {
            "title": f"{note.title} → {fact.content}",
            "relation_type": fact.category,
            "to_entity": fact.content,
        }
    return document


def hits_text(hits: Sequence[Hit], *, query: str, project: str, page: int, page_size: int, total: int) -> str:
    """`search_notes` as Markdown."""
    if not hits:
        in_all = f", {total} in all" if total else ""
        return (
            f"No results found for {query!r} in project {project!r} on page {page}{in_all}. Try other or fewer words."
        )
    lines = [f"# Search Results: {query}", f"*project: {project}*", ""]
    for hit in hits:
        row = hit_json(hit)
        lines += [f"### {row['title']}", f"- permalink: {row['permalink']}"]
        lines += [f"- {row['content']}"] if hit.fact is None and hit.excerpt else []
        lines.append("")
    plural = "" if total == 1 else "s"
    return "\n".join([*lines, "---", f"*{total} result{plural} | page {page}, page_size {page_size}*"])


def context_json(context: Context) -> dict[str, Any]:
    """One result of `build_context`."""
    note = context.note
    return {
        "primary_result": {
            "type": "entity",
            "permalink": note.permalink,
            "title": note.title,
            "content": context.body.strip("\n"),
            "file_path": note.path,
            "created_at": iso(note.created),
        },
        "observations": [_observation_json(note, fact) for fact in context.observations],
        "related_results": [*map(_edge_json, context.edges), *map(_related_json, context.notes)],
    }


def contexts_json(
    contexts: Sequence[Context], *, url: str, depth: int, since: float | None, paging: dict[str, Any]
) -> dict[str, Any]:
    """`build_context`."""
    results = [context_json(context) for context in contexts]
    related = sum(len(result["related_results"]) for result in results)
    return {
        "results": results,
        "metadata": {
            "uri": url,
            "depth": depth,
            "timeframe": iso(since) if since is not None else None,
            "generated_at": datetime.now(UTC).isoformat(),
            "primary_count": len(results),
            "related_count": related,
            "total_results": len(results) + related,
            "total_relations": sum(len(context.edges) for context in contexts),
            "total_observations": sum(len(context.observations) for context in contexts),
        },
        **paging,
    }


def compact_json(
    contexts: Sequence[Context], *, url: str, depth: int, since: float | None, paging: dict[str, Any]
) -> dict[str, Any]:
    """`build_context` in its compact form: what each note says, and the names of what is around it."""
    results = [
        {
            **_identity(context.note),
            "content": context.body.strip("\n"),
            "related": [
                {"relation_type": edge.fact.category, "from": edge.source.title, "to": edge.fact.content}
                | ({"component": _component_json(edge.code)} if edge.code else {})
                for edge in context.edges
            ],
        }
        for context in contexts
    ]
    return {"results": results, **({"timeframe": iso(since)} if since is not None else {}), **paging}


def contexts_text(contexts: Sequence[Context], *, url: str, depth: int, project: str) -> str:
    """`build_context` as Markdown."""
    if not contexts:
        return f"No results found for {url!r} in project {project!r}. Search for words of it with `search_notes`."
    parts = [f"# Context: {contexts[0].note.title if len(contexts) == 1 else url}"]
    for context in contexts:
        note = context.note
        parts.append(f"## {note.title}\npermalink: {note.permalink}\n\n{context.body.strip(chr(10))}")
        coming = [edge for edge in context.edges if edge.source.id != note.id]
        if coming:
            rows = [f"- {edge.source.title} {edge.fact.category} [[{edge.fact.content}]]" for edge in coming]
            parts.append("\n".join(["### Pointing here", *rows]))
        if code := [(edge.fact, edge.code) for edge in context.edges if edge.code]:
            rows = [f"- {fact.category} {one.kind} {one.qualname} {one.path}:{one.line}" for fact, one in code]
            parts.append("\n".join(["### In the code", *rows]))
        if context.notes:
            rows = [f"- [[{each.title}]] ({each.permalink})" for each in context.notes]
            parts.append("\n".join(["### Related", *rows]))
    related = sum(len(context.edges) + len(context.notes) for context in contexts)
    return "\n\n".join(
        [*parts, f"---\n*{len(contexts)} primary, {related} related | depth={depth} | project: {project}*"]
    )


def error_text(error: NoteError) -> str:
    """A refusal."""
    where = f"{error.where}: " if error.where else ""
    remedy = f"\n\n{error.do[:1].upper()}{error.do[1:]}{'' if error.do.endswith('?') else '.'}" if error.do else ""
    return f"# Error: {error.code}\n\n{where}{error.what}{remedy}"


def error_json(error: NoteError, keys: Sequence[str]) -> dict[str, Any]:
    """A refusal: the tool's own keys, empty, the code and what a person should read."""
    return dict.fromkeys(keys) | {"error": error.code, "message": str(error)}


def _identity(note: Note) -> dict[str, Any]:
    return {"title": note.title, "permalink": note.permalink, "file_path": note.path}


def _related_json(note: Note) -> dict[str, Any]:
    return {"type": "entity", **_identity(note), "content": None, "created_at": iso(note.created)}


def _observation_json(note: Note, fact: Fact) -> dict[str, Any]:
    return {
        "type": "observation",
        "title": note.title,
        "file_path": note.path,
        "permalink": _fact_permalink(note, fact),
        "category": fact.category,
        "content": fact.content,
        "context": fact.context,
        "tags": list(fact.tags),
    }


def _component_json(code: "Entry") -> dict[str, Any]:
    return {"kind": code.kind, "name": code.qualname, "path": code.path, "line": code.line}


def _edge_json(edge: Edge) -> dict[str, Any]:
    document = {
        "type": "relation",
        "title": f"{edge.fact.category}: {edge.fact.content}",
        "file_path": edge.source.path,
        "permalink": _fact_permalink(edge.source, edge.fact),
        "relation_type": edge.fact.category,
        "from_entity": edge.source.title,
        "to_entity": edge.target.title if edge.target else None,
        "to_name": edge.fact.content,
        "context": edge.fact.context,
    }
    return document | ({"component": _component_json(edge.code)} if edge.code else {})


def _fact_permalink(note: Note, fact: Fact) -> str:
    if fact.kind == "relation":
        return f"{note.permalink}/{permalink(fact.category or 'links_to')}/{permalink(fact.content)}"
    return f"{note.permalink}/observations/{permalink(fact.category or 'note')}/{permalink(fact.content[:200])}"


def _short(text: str) -> str:
    return text if len(text) <= 50 else text[:49] + "…"
