"""Writing, reading and editing notes: every change under the folder's lock, on what the files say at that moment."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fastapi_expert.notes.errors import NoteError
from fastapi_expert.notes.index.entries import bare_target
from fastapi_expert.notes.index.links import find
from fastapi_expert.notes.index.lookup import Index, Note
from fastapi_expert.notes.store.folder import (
    ChangedMeanwhile,
    Content,
    Folder,
    decode,
    encode,
)
from fastapi_expert.notes.text import (
    edits,
    frontmatter,
    markdown,
    names,
)

if TYPE_CHECKING:
    from fastapi_expert.find.entries import Entry

Code = Callable[[str], "Sequence[Entry]"]
_SHORTEST_CHECKSUM = 8  # digits: what `write_note` prints; fewer would fit many a file
_ATTEMPTS = 10  # at a note that other programs write too
_OWN_KEYS = ("title", "type", "permalink")  # each has its own parameter or rule


@dataclass(frozen=True, slots=True)
class Written:
    """A change that was made, and the note as it is now."""

    note: Note
    action: Literal["created", "updated"]
    document: markdown.Document


@dataclass(frozen=True, slots=True)
class Edit:
    """What to do to a note; which fields an operation needs is for `edits` to say."""

    operation: str
    content: str
    section: str | None = None
    find_text: str | None = None
    expected_replacements: int = 1
    replace_subsections: bool = True


class Notebook:
    """The notes of one project; ``project`` is the name by which the tools and ``memory://`` know it.

    ``code`` finds what of the project's code is called so: relations may point there too.
    """

    def __init__(
        self, root: Path, *, cache: Path | None = None, project: str = "main", code: Code | None = None
    ) -> None:
        self.folder = Folder(root, cache or root.parent / "cache")
        self.project = project
        self._code = code

    def component(self, target: str) -> "Entry | None":
        """The one thing of the code that ``[[target]]`` names; None where nothing or more than one is called so."""
        found = self._code(bare_target(target)) if self._code else ()
        return found[0] if len(found) == 1 else None

    def write(
        self,
        title: str,
        content: str,
        directory: str,
        *,
        tags: list[str] | None = None,
        note_type: str = "note",
        metadata: Mapping[str, Any] | None = None,
        overwrite: bool = False,
        expected_checksum: str | None = None,
    ) -> Written:
        """Write a note; one that has the path or the permalink already is replaced only with ``overwrite``.

        Front matter inside ``content`` becomes the note's own; a parameter wins over it, and a replaced note keeps the
        keys that nobody set.

        Raises:
            NoteError: when the note exists, has changed since ``expected_checksum``, or its place is not allowed.
        """
        if expected_checksum and not overwrite:
            raise NoteError("INVALID_ARGUMENTS", "expected_checksum needs overwrite=True", do="pass both, or neither")
        directory = names.relative_directory(directory)
        path = f"{directory}/{names.file_name(title)}" if directory else names.file_name(title)
        names.inside(self.folder.root, path)
        given = frontmatter.split(_clean(content))

        def change(index: Index) -> Written:
            existing = self._occupant(index, path)
            if existing and not overwrite:
                raise _exists(title, existing)
            old = self._unchanged(existing, expected_checksum) if existing else None
            values = frontmatter.split(old.text).values if old else {}
            wanted = str(given.values.get("permalink") or values.get("permalink") or names.permalink(path))
            taken = index.permalinks() - ({existing.permalink} if existing else set())
            head = {
                "title": names.one_line(title),
                "type": names.note_type(_chosen(note_type, given.values, values)),
                "permalink": names.free_permalink(wanted, taken),
            }
            rest = {**_others(values), **_others(given.values), **_others(metadata or {})}
            if tags or "tags" in given.values or "tags" in (metadata or {}):
                rest["tags"] = tags or names.tag_list(rest.get("tags"))
            body = given.body.lstrip("\n") if given.head else given.body
            text = f"{frontmatter.dump({**head, **rest})}\n{_ended(body)}"
            return self._put(index, existing.path if existing else path, text, like=old)

        return self._under_lock(path, change)

    def read(self, identifier: str) -> tuple[Note, Content] | None:
        """The note that ``identifier`` names and its file; None when there is none.

        Raises:
            NoteError: when several notes have that title.
        """
        with Index.open(self.folder) as index:
            note = find(index, identifier, project=self.project)
            return (note, self.folder.read(note.path)) if note else None

    def edit(
        self,
        identifier: str,
        edit: Edit,
        *,
        metadata: Mapping[str, Any] | None = None,
        expected_checksum: str | None = None,
    ) -> Written:
        """Change a note in place: what the operation does not concern keeps its bytes.

        `append` and `prepend` make a note that is not there. Front matter at the head of what they add is merged into
        the note's own, as ``metadata`` is.

        Raises:
            NoteError: when the note, the section or the text is not there just once, or the file changed meanwhile.
        """
        added = edit.operation in ("append", "prepend")
        given = frontmatter.split(_clean(edit.content)) if added else frontmatter.Split("", _clean(edit.content), {})
        content = given.body.lstrip("\n") if given.head else given.body
        asked = {**_others(given.values), **_others(metadata or {})}

        def change(index: Index) -> Written:
            note = find(index, identifier, project=self.project)
            if note is None:
                if added:
                    return self._create(index, identifier, content, asked)
                raise NoteError(
                    "ENTITY_NOT_FOUND",
                    f"Entity not found: {identifier!r}",
                    do="find the exact identifier with search_notes; append and prepend make a note that is not there",
                )
            old = self._unchanged(note, expected_checksum)
            parts = frontmatter.split(old.text)
            body = _apply(parts.body, edit, content)
            title = _renamed(note, parts.body, body)
            changes = asked | ({"title": title} if title else {})
            changes = {key: names.tag_list(value) if key == "tags" else value for key, value in changes.items()}
            head = frontmatter.merge(parts.head, parts.values, changes) if changes else parts.head
            return self._put(index, note.path, head + _ended(body), like=old)

        return self._under_lock(identifier, change)

    def move(self, identifier: str, target: str) -> Note | None:
        """Move a note to the folder ``target``, or to that path when it ends with `.md`; None when there is none.

        Its title stays, and its permalink: one that only its path gave it is written into it first.

        Raises:
            NoteError: something is there already, the place is not allowed, or the note is locked.
        """
        with self.folder.writing(), Index.open(self.folder) as index:
            note = find(index, identifier, project=self.project)
            if note is None:
                return None
            old = self._unchanged(note, None)
            folder, _, name = target.strip("/").rpartition("/") if target.endswith(".md") else (target, "", "")
            folder = names.relative_directory(folder)
            path = "/".join(filter(None, (folder, name or note.path.rpartition("/")[2])))
            names.inside(self.folder.root, path)
            if self.folder.exists(path):
                raise NoteError("NOTE_ALREADY_EXISTS", "something is there already", where=path, do="choose another")
            parts = frontmatter.split(old.text)
            if "permalink" not in parts.values:
                head = frontmatter.merge(parts.head, parts.values, {"permalink": note.permalink})
                self.folder.write(note.path, head + parts.body, like=old)
            self.folder.move(note.path, path)
            index.learn(note.path)
            index.learn(path)
            return index.by_path(path)

    def remove(self, identifier: str) -> tuple[Note, list[Note]] | None:
        """Remove a note; returns it and the notes that pointed at it, None when there is none.

        Raises:
            NoteError: it is locked, or the disk refuses.
        """
        with self.folder.writing(), Index.open(self.folder) as index:
            note = find(index, identifier, project=self.project)
            if note is None:
                return None
            self._unchanged(note, None)
            pointing = index.by_id(list(dict.fromkeys(fact.note for fact in index.pointing_at(note))))
            self.folder.remove(note.path)
            index.learn(note.path)
            return note, pointing

    def _under_lock(self, what: str, change: Callable[[Index], Written]) -> Written:
        """Make ``change`` under the lock, anew while programs that do not take the lock write the same note."""
        with self.folder.writing():
            for _ in range(_ATTEMPTS):
                with suppress(ChangedMeanwhile), Index.open(self.folder) as index:
                    return change(index)
        raise NoteError(
            "LOCKED",
            "another program keeps writing this note",
            where=what,
            do="wait for it, or end it; then repeat this",
        )

    def _create(self, index: Index, identifier: str, content: str, changes: Mapping[str, Any]) -> Written:
        text = identifier.strip().removeprefix("memory://").strip("/")
        for prefix in (f"{self.project}/", "main/"):
            text = text.removeprefix(prefix)
        directory, _, title = text.removesuffix(".md").rpartition("/")
        directory = names.relative_directory(directory)
        path = f"{directory}/{names.file_name(title)}" if directory else names.file_name(title)
        names.inside(self.folder.root, path)
        link = names.free_permalink(names.permalink(path), index.permalinks())
        head = {"title": title, "type": "note", "permalink": link, **changes}
        return self._put(index, path, f"{frontmatter.dump(head)}\n{_ended(content.lstrip(chr(10)))}")

    def _occupant(self, index: Index, path: str) -> Note | None:
        """The note whose place a new one at ``path`` would take: its file, or the note that has its permalink."""
        note = index.by_path(path)
        if note:
            return note
        if self.folder.exists(path):
            raise NoteError(
                "NOTE_ALREADY_EXISTS",
                "something that is not a note is there",
                where=path,
                do="choose another title or directory",
            )
        return next(
            (each for each in index.by_permalink(names.permalink(path)) if each.slug == names.permalink(path)), None
        )

    def _unchanged(self, note: Note, expected_checksum: str | None) -> Content:
        """The file of ``note`` for changing it."""
        content = self.folder.read(note.path)
        if frontmatter.split(content.text).values.get("locked") is True:
            raise NoteError(
                "NOTE_LOCKED",
                "is locked: its front matter says `locked: true`",
                where=note.path,
                do="write another note, or ask a person to take that line out of the file",
                permalink=note.permalink,
            )
        if content.broken:
            raise NoteError(
                "UNREADABLE",
                "holds bytes that are not UTF-8, which a change would destroy",
                where=note.path,
                do="convert the file to UTF-8 first",
            )
        if expected_checksum and (
            len(expected_checksum) < _SHORTEST_CHECKSUM or not content.checksum.startswith(expected_checksum.lower())
        ):
            raise NoteError(
                "CHECKSUM_MISMATCH",
                f"the note has changed: its checksum is {content.checksum}, not {expected_checksum}",
                where=note.path,
                do="read it again and repeat the change on what it says now",
            )
        return content

    def _put(self, index: Index, path: str, text: str, *, like: Content | None = None) -> Written:
        existing = self.folder.exists(path)
        text = decode(encode(text)).text  # what a reader will see: no NUL, no lone surrogate
        self.folder.write(path, text, like=like)
        index.learn(path)
        note = index.by_path(path)
        if note is None:
            raise NoteError(
                "UNREADABLE", "was written and is gone again", where=path, do="see what else writes to the folder"
            )
        return Written(note, "updated" if existing else "created", markdown.parse(text))


def _apply(body: str, edit: Edit, content: str) -> str:
    match edit.operation:
        case "append":
            return edits.append(body, content)
        case "prepend":
            return edits.prepend(body, content)
        case "find_replace":
            if not edit.find_text:
                raise NoteError("INVALID_ARGUMENTS", "find_text parameter is required for find_replace operation")
            return edits.find_replace(body, content, find_text=edit.find_text, expected=edit.expected_replacements)
        case "replace_section" | "insert_before_section" | "insert_after_section":
            if not edit.section:
                raise NoteError("INVALID_ARGUMENTS", "section parameter is required for section-based operations")
            if edit.operation == "replace_section":
                return edits.replace_section(body, content, section=edit.section, subsections=edit.replace_subsections)
            insert = (
                edits.insert_before_section
                if edit.operation.startswith("insert_before")
                else edits.insert_after_section
            )
            return insert(body, content, section=edit.section)
        case _:
            raise NoteError(
                "INVALID_ARGUMENTS",
                f"Invalid operation {edit.operation!r}. Must be one of: {', '.join(edits.OPERATIONS)}",
            )


def _renamed(note: Note, before: str, after: str) -> str | None:
    """The new title, when the edit renamed the heading that bore it."""
    title = markdown.heading_title(after)
    return title if title and title != note.title and markdown.heading_title(before) == note.title else None


def _chosen(parameter: str, given: Mapping[str, Any], old: Mapping[str, Any]) -> str:
    if parameter.strip() and parameter != "note":
        return parameter
    return str(given.get("type") or old.get("type") or "note")


def _others(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in _OWN_KEYS}


def _clean(content: str) -> str:
    return content.removeprefix("\ufeff").replace("\0", "").replace("\r\n", "\n")


def _ended(body: str) -> str:
    return body if not body or body.endswith("\n") else body + "\n"


def _exists(title: str, existing: Note) -> NoteError:
    return NoteError(
        "NOTE_ALREADY_EXISTS",
        f"note {title!r} already exists as {existing.permalink!r}",
        where=existing.path,
        do=f'change it with edit_note("{existing.permalink}", …), or replace it with overwrite=True',
        permalink=existing.permalink,
    )
