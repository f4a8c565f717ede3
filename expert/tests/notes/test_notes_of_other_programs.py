"""Programs that write notes without our lock, and notes that nobody is to change."""

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from worktree import new_work

from fastapi_expert.notes.errors import NoteError
from fastapi_expert.notes.index.lookup import Index, iso
from fastapi_expert.notes.notebook import Edit, Notebook
from fastapi_expert.notes.text import markdown

Ask = Callable[..., dict[str, Any]]


def writes_at_the_last_moment(monkeypatch: pytest.MonkeyPatch, file: Path, lines: list[str]) -> None:
    """Have another program append a line to ``file`` each time that ours has flushed what it is about to write."""
    flush = os.fsync

    def flushed(handle: int) -> None:
        flush(handle)
        if lines and not os.path.isdir(f"/proc/self/fd/{handle}"):
            with file.open("a") as other:
                other.write(lines.pop(0))

    monkeypatch.setattr("fastapi_expert.notes.store.folder.os.fsync", flushed)


def test_what_another_program_writes_during_an_edit_stays(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook.write("Shared", "begin\n", "")
    file = notebook.folder.root / "Shared.md"
    writes_at_the_last_moment(monkeypatch, file, ["theirs 1\n", "theirs 2\n"])
    notebook.edit("shared", Edit("append", "ours"))
    assert file.read_text().splitlines()[-4:] == ["begin", "theirs 1", "theirs 2", "ours"]
    assert not list(notebook.folder.root.glob(".*"))


def test_a_note_that_another_program_makes_meanwhile_is_not_replaced(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = notebook.folder.root / "New.md"
    writes_at_the_last_moment(monkeypatch, file, ["theirs\n"])
    with pytest.raises(NoteError, match="already exists"):
        notebook.write("New", "ours", "")
    assert file.read_text() == "theirs\n"


def test_a_replacement_for_what_was_read_is_refused_once_it_says_something_else(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = notebook.write("Shared", "begin\n", "").note.checksum
    writes_at_the_last_moment(monkeypatch, notebook.folder.root / "Shared.md", ["theirs\n"])
    with pytest.raises(NoteError, match="has changed"):
        notebook.write("Shared", "ours", "", overwrite=True, expected_checksum=read)
    assert (notebook.folder.root / "Shared.md").read_text().endswith("theirs\n")


def test_a_program_that_never_stops_writing_is_named_and_nothing_is_lost(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook.write("Shared", "begin\n", "")
    file = notebook.folder.root / "Shared.md"
    writes_at_the_last_moment(monkeypatch, file, [f"{number}\n" for number in range(1000)])
    with pytest.raises(NoteError, match="keeps writing"):
        notebook.edit("shared", Edit("append", "ours"))
    assert "ours" not in file.read_text()
    assert not list(notebook.folder.root.glob(".*"))


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("edit_note", {"identifier": "kept", "operation": "append", "content": "x"}),
        ("edit_note", {"identifier": "kept", "operation": "append", "content": "", "metadata": {"locked": False}}),
        ("write_note", {"title": "Kept", "content": "x", "directory": "", "overwrite": True}),
        ("write_note", {"title": "Kept", "content": "---\nlocked: false\n---\nx", "directory": "", "overwrite": True}),
    ],
)
def test_a_locked_note_is_neither_changed_nor_unlocked(
    notebook: Notebook, ask: Ask, tool: str, arguments: dict[str, Any]
) -> None:
    notebook.write("Kept", "as it is", "", metadata={"locked": True})
    before = (notebook.folder.root / "Kept.md").read_bytes()
    assert ask(tool, refused=True, **arguments)["error"] == "NOTE_LOCKED"
    assert (notebook.folder.root / "Kept.md").read_bytes() == before


def test_a_section_that_is_not_there_is_refused_and_the_headings_are_named(notebook: Notebook, ask: Ask) -> None:
    notebook.write("Doc", "## Decisions\n\nold\n", "")
    said = ask(
        "edit_note", refused=True, identifier="doc", operation="replace_section", content="x", section="## Decision"
    )
    assert said["error"] == "SECTION_NOT_FOUND"
    assert "## Decisions" in said["message"]


def test_notes_of_one_name_are_told_apart_by_their_paths(notebook: Notebook, ask: Ask) -> None:
    for folder in ("a", "b"):
        (notebook.folder.root / folder).mkdir()
        (notebook.folder.root / folder / "One.md").write_text("---\npermalink: one\n---\ntext\n")
    said = ask("read_note", refused=True, identifier="one")["message"]
    assert "a/One.md" in said
    assert "b/One.md" in said


@pytest.mark.parametrize("tool", ["search_notes", "build_context"])
def test_the_size_of_a_page_is_told_as_it_was_given(notebook: Notebook, ask: Ask, tool: str) -> None:
    notebook.write("One", "word", "")
    asked = {"query": "word"} if tool == "search_notes" else {"url": "*"}
    assert ask(tool, page_size=500, **asked)["page_size"] == 50


def test_a_disk_that_is_full_leaves_the_note_as_it_was_and_nothing_beside_it(
    notebook: Notebook, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask("write_note", title="Plan", content="as it was", directory="d")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("fastapi_expert.notes.store.folder.os.fsync", full)
    refusal = ask("edit_note", refused=True, identifier="d/plan", operation="append", content="more")
    assert "No space left" in str(refusal)
    monkeypatch.undo()
    assert "as it was" in str(ask("read_note", identifier="d/plan"))
    assert not list(notebook.folder.root.rglob("*.tmp"))


def test_a_file_that_was_only_touched_is_not_read_into_the_index_anew(
    notebook: Notebook, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask("write_note", title="Plan", content="- [fact] it holds", directory="d")
    ask("search_notes", query="holds")
    later = 4_000_000_000
    os.utime(notebook.folder.root / "d/Plan.md", (later, later))
    read: list[str] = []
    parse = markdown.parse
    monkeypatch.setattr(markdown, "parse", lambda text: read.append(text) or parse(text))
    found = ask("search_notes", query="holds")
    assert not read
    assert "Plan" in str(found)
    assert "Plan" in str(ask("search_notes", query="holds", after_date="2090-01-01"))


def test_a_note_of_theirs_that_was_moved_is_found_without_their_project(notebook: Notebook, ask: Ask) -> None:
    """Basic Memory writes its project before a permalink, which a note keeps when it is moved."""
    (notebook.folder.root / "new").mkdir()
    moved = "---\ntitle: Audit log\npermalink: main/decisions/audit-log\n---\nEvery change is kept.\n"
    (notebook.folder.root / "new/Log.md").write_text(moved)
    notebook.write("Uses", "- follows [[decisions/audit-log]]\n", "")
    assert ask("read_note", identifier="decisions/audit-log")["file_path"] == "new/Log.md"
    assert ask("read_note", identifier="memory://decisions/audit-log")["file_path"] == "new/Log.md"
    assert ask("build_context", url="decisions/*")["results"][0]["primary_result"]["title"] == "Audit log"
    found = ask("build_context", url="uses")["results"][0]["related_results"]
    assert found[0]["to_entity"] == "Audit log"
    pointing = ask("build_context", url="decisions/audit-log")["results"][0]["related_results"]
    assert pointing[0]["from_entity"] == "Uses"


def test_after_a_clone_a_note_is_as_old_as_its_commits_and_what_was_edited_since_as_its_file(tmp_path: Path) -> None:
    first, clone = tmp_path / "first", tmp_path / "clone"
    work = new_work(first)
    for text, when in (("made", "2024-03-01T10:00:00Z"), ("changed", "2025-04-01T10:00:00Z")):
        work.write(".expert/notes/Old.md", f"{text}\n")
        work.write(f".expert/notes/{text}.md", f"{text}\n")
        work.run("env", f"GIT_COMMITTER_DATE={when}", "git", "commit", "-m", text)
    work.git("clone", "-q", str(first), str(clone))
    (clone / ".expert/notes/made.md").write_text("edited here\n")
    (clone / ".expert/notes/own.md").write_text("not committed\n")
    for _ in range(2):  # the second look is the index's own
        with Index.open(Notebook(clone / ".expert/notes").folder) as index:
            notes = {note.title: (iso(note.created)[:7], iso(note.modified)[:7]) for note in index.matching("*")}
        now = iso(time.time())[:7]
        assert notes == {
            "Old": ("2024-03", "2025-04"), "changed": ("2025-04", "2025-04"), "made": (now, now), "own": (now, now)
        }  # fmt: skip


def test_what_basic_memory_reads_since_0_24_besides_relations_in_brackets_stays_text(notebook: Notebook) -> None:
    """Links of Markdown and valid times: docs/notes-differences.md names both."""
    document = markdown.parse("- [fact] see [the log](log.md) @effective[2026-01-01, 2026-02-01)\n")
    assert document.relations == ()
    assert document.observations[0].content == "see [the log](log.md) @effective[2026-01-01, 2026-02-01)"
