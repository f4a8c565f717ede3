"""The five tools as an agent uses them: what they answer, what they refuse, and what they leave alone."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fastapi_expert.notes.mcp.catalogue import TOOLS, call
from fastapi_expert.notes.notebook import Notebook

Ask = Callable[..., dict[str, Any]]


def put(notebook: Notebook, path: str, text: str) -> Path:
    """A note that a person wrote."""
    file = notebook.folder.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())
    return file


def text_of(notebook: Notebook, path: str) -> str:
    return (notebook.folder.root / path).read_bytes().decode()


def test_a_written_note_reads_back_as_it_was_written(ask: Ask) -> None:
    content = "# T\n\n  indented\n\n\ttab\n\nüñí 日本 \\ \" '\n"
    link = ask("write_note", title="T", content=content, directory="d")["permalink"]
    assert ask("read_note", identifier=link)["content"] == content


def test_the_index_knows_a_note_at_once(ask: Ask) -> None:
    for number in range(5):
        ask("write_note", title=f"N{number}", content=f"unique{number} [[N{number - 1}]]", directory="d")
        assert ask("search_notes", query=f"unique{number}")["total"] == 1
        ask("edit_note", identifier=f"d/n{number}", operation="append", content=f"later{number}")
        assert ask("search_notes", query=f"later{number}")["total"] == 1


def test_writing_tells_how_the_note_was_understood(notebook: Notebook) -> None:
    call(notebook, "write_note", {"title": "A", "content": "x", "directory": ""})
    content = "- [decision] d #t\n- [fact] f\n- uses [[A]]\n- uses [[Nowhere]]"
    answer = call(notebook, "write_note", {"title": "B", "content": content, "directory": "", "tags": "x"}).answer
    for line in ("# Created note", "- decision: 1", "- fact: 1", "- Resolved: 1", "- Unresolved: [[Nowhere]]", "- x"):
        assert line in str(answer).splitlines()


def test_an_existing_note_is_never_replaced_unasked(ask: Ask, notebook: Notebook) -> None:
    ask("write_note", title="A B", content="first", directory="d")
    for title in ("A B", "a-b", "A_B"):
        refusal = ask("write_note", title=title, content="second", directory="d", refused=True)
        assert (refusal["error"], refusal["permalink"]) == ("NOTE_ALREADY_EXISTS", "d/a-b")
    assert text_of(notebook, "d/A B.md").endswith("first\n")
    assert [path.name for path in notebook.folder.root.rglob("*.md")] == ["A B.md"]


def test_replacing_keeps_permalink_and_what_nobody_set(ask: Ask) -> None:
    ask("write_note", title="N", content="---\npermalink: my/link\nowner: me\n---\nx", directory="d", tags=["t"])
    ask("write_note", title="N", content="y", directory="d", overwrite=True)
    note = ask("read_note", identifier="my/link")
    assert note["content"] == "y\n"
    assert note["frontmatter"] == {"title": "N", "type": "note", "permalink": "my/link", "owner": "me", "tags": ["t"]}


def test_a_stale_checksum_is_refused(ask: Ask) -> None:
    old = ask("write_note", title="N", content="x", directory="")["checksum"]
    new = ask("edit_note", identifier="n", operation="append", content="y", expected_checksum=old)["checksum"]
    for refusal in (
        ask("edit_note", identifier="n", operation="append", content="z", expected_checksum=old, refused=True),
        ask("write_note", title="N", content="z", directory="", overwrite=True, expected_checksum=old, refused=True),
    ):
        assert refusal["error"] == "CHECKSUM_MISMATCH"
        assert new in refusal["message"]
    assert ask("read_note", identifier="n")["content"] == "x\ny\n"


def test_no_other_file_is_touched(ask: Ask, notebook: Notebook) -> None:
    plain = put(notebook, "plain.md", "# No front matter\n\n- [fact] by hand #t\n")
    odd = put(notebook, "odd.md", "---\ntags: [b,   a]   # mine\nwide: 'q'\n---\nbody without newline")
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in (plain, odd)}
    ask("write_note", title="Other", content="[[plain]]", directory="")
    ask("search_notes", query="hand")
    ask("build_context", url="plain")
    ask("edit_note", identifier="other", operation="append", content="x")
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in before} == before


def test_an_edit_keeps_the_bytes_it_does_not_speak_of(ask: Ask, notebook: Notebook) -> None:
    put(notebook, "odd.md", "---\r\ntags: [b,   a]   # mine\r\nwide: 'q'\r\n---\r\nbody\r\n\r\n## S\r\nold\r\n")
    ask("edit_note", identifier="odd", operation="find_replace", content="new", find_text="old")
    ask("edit_note", identifier="odd", operation="append", content="end", metadata={"status": "done"})
    assert text_of(notebook, "odd.md") == (
        "---\r\ntags: [b,   a]   # mine\r\nwide: 'q'\r\nstatus: done\r\n---\r\nbody\r\n\r\n## S\r\nnew\r\nend\r\n"
    )


def test_renaming_the_first_heading_renames_the_note(ask: Ask) -> None:
    ask("write_note", title="Old", content="# Old\n\ntext", directory="d")
    ask("edit_note", identifier="d/old", operation="find_replace", content="# New", find_text="# Old")
    note = ask("read_note", identifier="New")
    assert (note["title"], note["permalink"], note["file_path"]) == ("New", "d/old", "d/Old.md")


def test_a_file_changed_behind_our_back_is_read_again(ask: Ask, notebook: Notebook) -> None:
    file = put(notebook, "n.md", "before")
    assert ask("search_notes", query="before")["total"] == 1
    stat = file.stat()
    file.write_text("after!")  # the same length
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # and the same time stamp: written within its resolution
    assert ask("search_notes", query="after")["total"] == 1
    assert ask("search_notes", query="before")["total"] == 0
    file.unlink()
    assert ask("search_notes", query="after")["total"] == 0


def test_files_that_come_go_and_change_are_noticed_one_by_one(ask: Ask, notebook: Notebook) -> None:
    root = notebook.folder.root
    days_ago = time.time() - 1e5
    for name in ("a/one.md", "a/two.md", "b/c/three.md", "four.md"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("word")
        os.utime(root / name, (days_ago, days_ago))

    def found() -> list[str]:
        return sorted(hit["file_path"] for hit in ask("search_notes", query="word", page_size=50)["results"])

    assert found() == ["a/one.md", "a/two.md", "b/c/three.md", "four.md"]
    time.sleep(0.15)  # so that the directories are old enough to be known by their times
    found()
    (root / "a/one.md").write_text("another")  # in place: its directory stays as it was
    assert found() == ["a/two.md", "b/c/three.md", "four.md"]
    (root / "b/c/five.md").write_text("word")
    assert found() == ["a/two.md", "b/c/five.md", "b/c/three.md", "four.md"]
    os.replace(root / "b", root / "d")
    assert found() == ["a/two.md", "d/c/five.md", "d/c/three.md", "four.md"]
    shutil.rmtree(root / "d")
    (root / "four.md").unlink()
    (root / "four.md").symlink_to(root / "a/two.md")
    assert found() == ["a/two.md"]
    shutil.rmtree(notebook.folder.cache)  # and one made anew from other files is not taken for the one that was here
    (root / "a/two.md").rename(root / "a/.two")
    assert call(Notebook(root), "search_notes", {"query": "word"}).answer
    (root / "a/.two").rename(root / "a/two.md")
    assert found() == ["a/two.md"]


def test_a_damaged_index_is_made_anew(ask: Ask, notebook: Notebook) -> None:
    ask("write_note", title="N", content="survives", directory="")
    database = notebook.folder.cache / "notes.sqlite3"
    for damage in (b"no database at all", database.read_bytes()[:5000], b"SQLite format 3\0" + os.urandom(9000)):
        for side in ("-wal", "-shm"):
            Path(f"{database}{side}").unlink(missing_ok=True)
        database.write_bytes(damage)
        assert ask("search_notes", query="survives")["total"] == 1


@pytest.mark.parametrize(
    "directory", ["../up", "a/../../up", "/abs", "C:\\x", "~/x", "a\0b", "con", ".git", "a/.b", "x" * 300]
)
def test_a_directory_that_leaves_the_folder_is_refused(ask: Ask, notebook: Notebook, directory: str) -> None:
    before = set(notebook.folder.root.parent.rglob("*"))
    refusal = ask("write_note", title="N", content="x", directory=directory, refused=True)
    assert refusal["error"] == "SECURITY_VALIDATION_ERROR"
    assert {path for path in notebook.folder.root.parent.rglob("*") if path.suffix == ".md"} <= before


@pytest.mark.parametrize("identifier", ["../../outside", "/../outside", "memory://../outside", "a/../../outside"])
def test_an_identifier_that_climbs_out_is_refused(ask: Ask, notebook: Notebook, identifier: str) -> None:
    outside = notebook.folder.root.parent / "outside.md"
    outside.write_text("secret")
    ask("read_note", identifier=identifier, refused=True)
    ask("edit_note", identifier=identifier, operation="append", content="x", refused=True)
    assert outside.read_text() == "secret"


def test_a_symbolic_link_out_of_the_folder_is_not_followed(ask: Ask, notebook: Notebook, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("secretword")
    (notebook.folder.root / "link").symlink_to(outside)
    (notebook.folder.root / "one.md").symlink_to(outside / "secret.md")
    assert ask("search_notes", query="secretword")["total"] == 0
    assert (
        ask("write_note", title="N", content="x", directory="link", refused=True)["error"]
        == "SECURITY_VALIDATION_ERROR"
    )
    ask("write_note", title="one", content="x", directory="", overwrite=True, refused=True)
    assert [path.name for path in outside.iterdir()] == ["secret.md"]
    assert (outside / "secret.md").read_text() == "secretword"


def test_a_file_that_is_no_utf8_is_found_and_not_damaged(ask: Ask, notebook: Notebook) -> None:
    file = notebook.folder.root / "latin.md"
    file.write_bytes("caf\xe9 latin".encode("latin-1"))
    assert ask("search_notes", query="latin")["total"] == 1
    assert ask("edit_note", identifier="latin", operation="append", content="x", refused=True)["error"] == "UNREADABLE"
    assert file.read_bytes() == b"caf\xe9 latin"


def test_two_notes_of_one_title_must_be_told_apart(ask: Ask) -> None:
    ask("write_note", title="Same", content="x", directory="a")
    ask("write_note", title="Same", content="y", directory="b")
    refusal = ask("read_note", identifier="Same", refused=True)
    assert refusal["error"] == "AMBIGUOUS_IDENTIFIER"
    assert "a/Same.md" in refusal["message"]
    assert "b/Same.md" in refusal["message"]
    ask("write_note", title="From", content="- near [[Same]]", directory="b")
    related = ask("build_context", url="b/from")["results"][0]["related_results"]
    assert [each["permalink"] for each in related if each["type"] == "entity"] == ["b/same"]


def test_context_has_no_hidden_age_limit(ask: Ask, notebook: Notebook) -> None:
    ask("write_note", title="New", content="- follows [[Old]]", directory="")
    old = put(notebook, "Old.md", "- [decision] long ago")
    os.utime(old, (1_000_000_000, 1_000_000_000))
    related = ask("build_context", url="new")["results"][0]["related_results"]
    assert [each["permalink"] for each in related if each["type"] == "entity"] == ["old"]
    within = ask("build_context", url="new", timeframe="7d")["results"][0]["related_results"]
    assert [each for each in within if each["type"] == "entity"] == []


def test_context_goes_as_deep_as_asked_and_survives_a_circle(ask: Ask) -> None:
    for name, following in zip("ABCD", "BCDA", strict=True):
        ask("write_note", title=name, content=f"- next [[{following}]]", directory="")
    for depth, reached in ((0, set()), (1, {"b", "d"}), (2, {"b", "c", "d"}), (9, {"b", "c", "d"})):
        related = ask("build_context", url="a", depth=depth, max_related=50)["results"][0]["related_results"]
        assert {each["permalink"] for each in related if each["type"] == "entity"} == reached


def test_a_depth_without_end_ends(ask: Ask) -> None:
    ask("write_note", title="A", content="- next [[B]]", directory="")
    assert ask("build_context", url="a", depth=10**12)["metadata"]["primary_count"] == 1


@pytest.mark.parametrize(
    "head",
    [
        "created: 2024-02-31\nstatus: open",
        "n: .nan\nm: -.inf\nstatus: open",
        "status: open\na: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{b}: &{b} [{', '.join(['*' + a] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        "status: open\nwhen: 2024-01-02T03:04:05Z\nraw: !!binary aGk=",
    ],
)
def test_odd_front_matter_is_front_matter(ask: Ask, notebook: Notebook, head: str) -> None:
    put(notebook, "odd.md", f"---\n{head}\n---\nbody\n")
    note = ask("read_note", identifier="odd")
    assert note["content"] == "body\n"
    assert note["frontmatter"]["status"] == "open"
    json.dumps(note, allow_nan=False)
    assert ask("search_notes", status="open")["total"] == 1
    ask("edit_note", identifier="odd", operation="append", content="more", metadata={"status": "done"})
    text = text_of(notebook, "odd.md")
    assert text.count("---\n") == 2
    assert text.endswith("---\nbody\nmore\n")
    assert ask("search_notes", status="done")["total"] == 1


def test_a_forward_reference_resolves_when_its_note_is_written(ask: Ask) -> None:
    ask("write_note", title="A", content="- needs [[Later Note]]", directory="")
    assert ask("build_context", url="a")["results"][0]["related_results"][0]["to_entity"] is None
    ask("write_note", title="Later Note", content="x", directory="deep/down")
    assert ask("build_context", url="a")["results"][0]["related_results"][0]["to_entity"] == "Later Note"


def test_search_ranks_the_title_before_the_text(ask: Ask) -> None:
    ask("write_note", title="Other", content="soft delete " * 3 + "words " * 30, directory="")
    ask("write_note", title="Soft delete", content="rows", directory="")
    found = ask("search_notes", query="soft delete")["results"]
    assert [hit["title"] for hit in found] == ["Soft delete", "Other"]
    assert found[0]["score"] > found[1]["score"]


@pytest.mark.parametrize("query", ["(", "?!", "--"])
def test_a_query_of_signs_alone_is_refused_and_lists_nothing(ask: Ask, query: str) -> None:
    ask("write_note", title="Soft delete", content="rows", directory="")
    refusal = ask("search_notes", query=query, refused=True)
    assert "no word to look for" in refusal["message"]
    assert ask("search_notes", query="*")["total"] == 1


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("deleting", ["Soft delete"]),
        ("zweig", ["Zweige"]),
        ("größe", ["Zweige"]),
        ("grosse OR grösse", []),
        ("漢字", ["漢字テスト"]),
        ("rows AND NOT soft", ["Other"]),
        ("(soft OR zweige) AND rows", ["Soft delete"]),
        ('"kept rows"', ["Other"]),
        ("nowhere rows", ["Other", "Soft delete"]),
        ("tag:db", ["Soft delete"]),
        ("rows tag:db", ["Soft delete"]),
        ("get_current_user", ["Other"]),
        ("C++ (unclosed", []),
        ("' OR 1=1 --", []),
    ],
)
def test_a_query_finds(ask: Ask, query: str, titles: list[str]) -> None:
    ask("write_note", title="Soft delete", content="rows", directory="", tags=["db"])
    ask("write_note", title="Other", content="kept rows via get_current_user", directory="")
    ask("write_note", title="Zweige", content="Größe", directory="")
    ask("write_note", title="漢字テスト", content="日本語の漢字", directory="")
    assert sorted(hit["title"] for hit in ask("search_notes", query=query)["results"]) == sorted(titles)


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        ({"status": "open"}, ["A"]),
        ({"metadata_filters": {"n": {"$gte": 3}}}, ["A", "B"]),
        ({"metadata_filters": {"n": {"$between": [4, 9]}}}, ["B"]),
        ({"metadata_filters": {"n": {"$in": [3, 99]}}}, ["A"]),
        ({"metadata_filters": '{"deep.key": "v"}'}, ["B"]),
        ({"metadata_filters": {"list": ["x"]}}, ["B"]),
        ({"metadata_filters": {"list": {"$in": ["y", "z"]}}}, ["B"]),
        ({"metadata_filters": {"list": "x"}, "query": "x"}, ["B"]),
        ({"query": "x", "tags": "T"}, ["A"]),
        ({"query": "x", "status": "closed"}, []),
        ({"tags": "t", "search_type": "permalink", "query": "*"}, ["A"]),
        ({"metadata_filters": {"missing": "x"}}, []),
        ({"tags": "t"}, ["A"]),
        ({"note_types": ["Design Doc"]}, ["B"]),
        ({"after_date": "1 hour"}, ["A", "B"]),
        ({"after_date": "2099-01-01"}, []),
    ],
)
def test_a_filter_alone_finds(ask: Ask, filters: dict[str, Any], titles: list[str]) -> None:
    ask("write_note", title="A", content="x", directory="", metadata={"status": "open", "n": 3}, tags=["t"])
    more = {"n": 5, "deep": {"key": "v"}, "list": ["x", "y"]}
    ask("write_note", title="B", content="x", directory="", metadata=more, note_type="DesignDoc")
    assert sorted(hit["title"] for hit in ask("search_notes", **filters)["results"]) == titles


def test_observations_and_relations_are_results_of_their_own(ask: Ask) -> None:
    ask(
        "write_note",
        title="A",
        content="- [decision] keep rows #db\n- [fact] rows grow\n- needs [[Row store]]",
        directory="",
    )
    observation = ask("search_notes", query="rows", categories=["decision"])["results"]
    assert [(hit["type"], hit["category"], hit["content"]) for hit in observation] == [
        ("observation", "decision", "keep rows #db")
    ]
    tagged = ask("search_notes", tags="db", entity_types=["entity", "observation"])["results"]
    assert [hit["type"] for hit in tagged] == ["observation"]
    every = ask("search_notes", query="rows", entity_types=["entity", "observation", "relation"])
    assert every["total"] == len(every["results"]) == 4
    relation = ask("search_notes", query="store", entity_types=["relation"])["results"]
    assert [(hit["relation_type"], hit["to_entity"]) for hit in relation] == [("needs", "Row store")]


def test_pages_do_not_overlap_and_end(ask: Ask) -> None:
    for number in range(7):
        ask("write_note", title=f"N{number}", content="word", directory="")
    pages = [ask("search_notes", query="word", page=page, page_size=3) for page in (1, 2, 3)]
    assert len({hit["permalink"] for page in pages for hit in page["results"]}) == 7
    assert [page["has_more"] for page in pages] == [True, True, False]


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("write_note", {"title": "x", "content": "y", "directory": "", "tittle": "z"}, "did you mean 'title'"),
        ("write_note", {"title": "x"}, "needs content and directory"),
        ("write_note", {"title": "x", "content": "y", "folder": "a", "directory": "b"}, "twice"),
        (
            "write_note",
            {"title": "x", "content": "y", "directory": "", "overwrite": "perhaps"},
            "must be true or false",
        ),
        ("write_note", {"title": "x", "content": "y", "directory": "", "metadata": "no json"}, "must be an object"),
        ("read_note", {"identifier": "x", "project": "elsewhere"}, "no project 'elsewhere'"),
        ("search_notes", {}, "nothing to search for"),
        ("search_notes", {"query": "x", "search_type": "vector"}, "no vector search"),
        ("search_notes", {"query": "x", "page": 0}, "start at 1"),
        ("search_notes", {"query": "NOT x"}, "only says what must not be there"),
        ("search_notes", {"query": "x", "entity_types": ["thing"]}, "unknown entity_types"),
        ("search_notes", {"query": "x", "after_date": "someday"}, "is not a time"),
        ("search_notes", {"metadata_filters": {"n": {"$like": 1}}}, "no operator '$like'"),
        ("search_notes", {"metadata_filters": {"title": {"$between": 5}}}, "cannot be compared"),
        ("search_notes", {"metadata_filters": {"title": {"$in": 5}}}, "cannot be compared"),
        ("build_context", {"url": "a//b"}, "holds '//'"),
        ("build_context", {"url": "x", "depth": "deep"}, "must be a whole number"),
        ("edit_note", {"identifier": "n", "operation": "bogus", "content": "x"}, "Must be one of"),
        (
            "edit_note",
            {"identifier": "n", "operation": "find_replace", "content": "x"},
            "find_text parameter is required",
        ),
        (
            "edit_note",
            {"identifier": "n", "operation": "append", "content": "x", "metadata": {"a": None}},
            "cannot be null",
        ),
        (
            "edit_note",
            {"identifier": "gone", "operation": "find_replace", "content": "x", "find_text": "y"},
            "not found",
        ),
    ],
)
def test_a_wrong_call_is_told_what_is_wrong(
    notebook: Notebook, tool: str, arguments: dict[str, Any], says: str
) -> None:
    call(notebook, "write_note", {"title": "n", "content": "x", "directory": ""})
    for output_format in ("text", "json"):
        reply = call(notebook, tool, {**arguments, "output_format": output_format})
        assert reply.failed
        said = reply.answer["message"] if isinstance(reply.answer, dict) else reply.answer
        assert says.lower() in said.lower()


def test_clients_that_send_everything_as_strings_are_understood(ask: Ask) -> None:
    ask("write_note", title="N", content="x", directory="", tags='["a","b"]', metadata='{"n": 1}', overwrite="false")
    assert ask("read_note", identifier="n", include_frontmatter="true")["frontmatter"]["tags"] == ["a", "b"]
    assert ask("build_context", url="n", depth="2", max_related="5")["metadata"]["depth"] == 2
    assert ask("search_notes", tags='["a"]', page_size="5")["total"] == 1


def test_the_schemas_hold_what_basic_memory_has_and_are_short() -> None:
    size = sum(
        len(json.dumps({"name": tool.name, "d": tool.description, "s": tool.input_schema()})) for tool in TOOLS.values()
    )
    assert size < 6000
    for tool in TOOLS.values():
        wanted = {each.name for each in tool.parameters if each.required}
        assert set(tool.input_schema().get("required", ())) == wanted <= set(tool.input_schema()["properties"])


def test_a_checksum_of_a_few_digits_does_not_prove_that_a_note_is_unchanged(ask: Ask) -> None:
    written = ask("write_note", title="N", content="x", directory="")
    change = {"title": "N", "content": "y", "directory": "", "overwrite": True}
    refused = ask("write_note", refused=True, **change, expected_checksum=written["checksum"][:1])
    assert refused["error"] == "CHECKSUM_MISMATCH"
    assert ask("write_note", **change, expected_checksum=written["checksum"][:8])["action"] == "updated"


def test_lines_of_a_note_can_be_read_alone_and_its_head_without_its_text(ask: Ask) -> None:
    ask("write_note", title="Long", content="one\ntwo\nthree\nfour", directory="", metadata={"status": "open"})
    assert ask("read_note", identifier="long", start_line=2, end_line=3)["content"] == "two\nthree\n"
    assert ask("read_note", identifier="long", start_line=4)["content"] == "four\n"
    head = ask("read_note", identifier="long", include_content=False)
    assert (head["content"], head["frontmatter"]["status"]) == (None, "open")
    assert ask("read_note", refused=True, identifier="long", start_line=3, end_line=2)["error"] == "INVALID_ARGUMENTS"


def test_a_note_that_is_not_there_is_answered_by_those_that_mention_it(ask: Ask) -> None:
    ask("write_note", title="Other", content="we follow the gone plan", directory="")
    said = ask("read_note", identifier="gone plan")
    assert said["error"] == "NOTE_NOT_FOUND"
    assert [row["permalink"] for row in said["related_results"]] == ["other"]


def test_compact_answers_are_shorter_and_name_the_same_notes(ask: Ask) -> None:
    ask(
        "write_note", title="Plan", content="- [fact] Rows stay #db\n- follows [[Other]]\n" + "text " * 50, directory=""
    )
    ask("write_note", title="Other", content="x", directory="")
    for tool, asked in (("search_notes", {"query": "rows"}), ("build_context", {"url": "plan"})):
        whole, compact = ask(tool, **asked), ask(tool, compact=True, **asked)
        assert len(str(compact["results"])) < len(str(whole["results"]))
        assert len(compact["results"]) == len(whole["results"]) == 1
        assert compact["results"][0]["permalink"] == "plan"


def test_front_matter_is_asked_for_by_what_is_absent_there_or_contained(ask: Ask) -> None:
    for title, metadata in (("A", {"owner": "Ada Lovelace"}), ("B", {"owner": None}), ("C", {})):
        ask("write_note", title=title, content="x", directory="", metadata=metadata)

    def found(test: object) -> list[str]:
        return sorted(row["title"] for row in ask("search_notes", metadata_filters={"owner": test})["results"])

    assert found(None) == ["B", "C"]
    assert found({"$exists": True}) == ["A", "B"]
    assert found({"$exists": False}) == ["C"]
    assert found({"$contains": "lovelace"}) == ["A"]
    assert found({"$exists": True, "$contains": "ada"}) == ["A"]
    assert ask("search_notes", refused=True, metadata_filters={"owner": {"$exists": "x"}})["error"] == "INVALID_FILTER"
