"""From what people write to the note they mean: identifiers of the tools, targets of relations."""

from fastapi_expert.notes.errors import NoteError
from fastapi_expert.notes.index.entries import bare_target
from fastapi_expert.notes.index.lookup import Index, Note
from fastapi_expert.notes.text.names import permalink


def find(index: Index, identifier: str, *, project: str = "main") -> Note | None:
    """The note with this path, permalink (``memory://`` and the project's name before it are allowed) or title.

    Raises:
        NoteError: when several notes have that title, or it is a path that climbs out.
    """
    candidates = spellings(identifier, project=project)
    if any(part == ".." for part in candidates[0].split("/")):
        raise NoteError(
            "SECURITY_VALIDATION_ERROR",
            f"{identifier!r} leads out of the notes folder",
            do="name a note by its permalink, title or path below the folder",
        )
    for candidate in candidates:
        found = _candidates(index, candidate)
        if len(found) > 1:
            raise NoteError(
                "AMBIGUOUS_IDENTIFIER",
                f"{len(found)} notes are called {candidate!r}: {', '.join(note.path for note in found[:5])}",
                do="name the one you mean by its path",
            )
        if found:
            return found[0]
    return None


def spellings(identifier: str, *, project: str) -> tuple[str, ...]:
    """The identifier without ``memory://``, then also without the project's name before it, then with it.

    Basic Memory writes its project before a permalink, and a note that moved keeps it.
    """
    text = identifier.strip().removeprefix("memory://").strip("/")
    without = (text, text.removeprefix(f"{project}/"), text.removeprefix("main/"))
    with_project = [f"{name}/{without[-1]}" for name in (project, "main") if without[-1]]
    return tuple(dict.fromkeys((*without, *with_project)))


def resolve(index: Index, target: str, *, source: Note) -> Note | None:
    """The note that ``[[target]]`` in ``source`` means; of several the one beside it, then the shortest path."""
    written = spellings(bare_target(target), project="main")
    found = next(filter(None, (_candidates(index, each) for each in written)), list[Note]())
    folder = source.path.rpartition("/")[0]
    return min(
        found, key=lambda note: (note.path.rpartition("/")[0] != folder, len(note.path), note.path), default=None
    )


def _candidates(index: Index, text: str) -> list[Note]:
    if not text:
        return []
    by_path = index.by_path(text) or index.by_path(f"{text}.md")
    if by_path:
        return [by_path]
    return index.by_permalink(text) or index.by_title(text) or index.by_permalink(permalink(text))
