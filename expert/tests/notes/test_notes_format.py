"""The format: what a text says, what a path is called, and that any text survives being read."""

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastapi_expert.notes.errors import NoteError
from fastapi_expert.notes.text import edits, frontmatter
from fastapi_expert.notes.text.markdown import parse
from fastapi_expert.notes.text.names import (
    file_name,
    free_permalink,
    permalink,
    relative_directory,
    tag_list,
)

VECTORS: list[tuple[str, list[Any], list[Any]]] = [
    ("- [[Some Entity]]", [], [("links_to", "Some Entity", None)]),
    ("- relates to [[X]]", [], [("links_to", "X", None)]),
    ("- 'relates to' [[X]] (why)", [], [("relates to", "X", "why")]),
    ("- implements [[X]] and more", [], [("links_to", "X", None)]),
    ("- [decision] Use A #db #orm (ctx)", [("decision", "Use A #db #orm", ("db", "orm"), "ctx")], []),
    ("- plain line #tag", [(None, "plain line #tag", ("tag",), None)], []),
    ("- [ ] todo #x", [], []),
    ("- [x] done", [], []),
    ("> [!info] call", [], []),
    ("```\n- [a] fenced #x\n```", [], []),
    ("    - [a] indented code #x", [], []),
    ("<!-- - [a] hidden #x -->", [], []),
    ("- [note] see [[X]]", [("note", "see [[X]]", (), None)], [("links_to", "X", None)]),
    ("[fact] not in list", [("fact", "not in list", (), None)], []),
    ("- [c] text (a) (b)", [("c", "text (a)", (), "b")], []),
    ("- **bold** [[Y]]", [], [("**bold**", "Y", None)]),
    ("- [00:01:02] transcript", [], []),
    ("- [a](http://x) link", [], []),
    ("text #c#d", [(None, "text #c#d", ("c", "d"), None)], []),
    ("text a#b", [], []),
    ("- [c] done, #tag.", [("c", "done, #tag.", ("tag",), None)], []),
    ("- [c] text (see (nested))", [("c", "text", (), "see (nested)")], []),
    ("- uses `[[code]]`", [], []),
    ("> - rel [[Quoted]]", [], [("rel", "Quoted", None)]),
    ("- rel [[project::note]]", [], [("rel", "project/note", None)]),
    ("- [日] 本 #語", [("日", "本 #語", ("語",), None)], []),
]


@pytest.mark.parametrize(("text", "observations", "relations"), VECTORS)
def test_a_text_says_just_this(text: str, observations: list[Any], relations: list[Any]) -> None:
    found = parse(text)
    assert [(each.category, each.content, each.tags, each.context) for each in found.observations] == observations
    assert [(each.type, each.target, each.context) for each in found.relations] == relations


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("API v2.0 (Draft).md", "api-v2.0-draft"),
        ("x/What's new?.md", "x/whats-new"),
        ("a/UserModel.md", "a/user-model"),
        ("Ünï/ß.md", "uni/ss"),
        ("日本/語.md", "日本/語"),
        ("a/__init__.md", "a/init"),
        ("+++.md", "note"),
    ],
)
def test_a_path_has_this_permalink(path: str, link: str) -> None:
    assert permalink(path) == link


@given(st.text(max_size=60))
def test_a_permalink_is_its_own_permalink(text: str) -> None:
    link = permalink(text)
    assert permalink(link) == link


@given(st.text(max_size=400))
def test_any_text_is_a_document(text: str) -> None:
    parse(text)


@given(st.text(max_size=80))
def test_a_file_name_is_one_name_or_refused(title: str) -> None:
    try:
        name = file_name(title)
    except NoteError:
        return
    assert name.endswith(".md")
    assert not name.startswith((".", "-"))
    assert not set(name) & set('/\\<>:"|?*\0\n\r\t')
    assert len(name.encode()) <= 255


@given(st.text(alphabet=string.printable + "é日", max_size=40))
def test_a_directory_stays_below_the_root_or_is_refused(directory: str) -> None:
    try:
        relative = relative_directory(directory)
    except NoteError:
        return
    assert not relative.startswith("/")
    assert not {"..", ".", ""} & set(relative.split("/")) or relative == ""


SCALARS = st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(st.characters(codec="utf-8"), max_size=12)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc_ -", min_size=1), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.text(string.ascii_letters + " _-é", min_size=1, max_size=8).filter(lambda key: key == key.strip() and key)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_front_matter_reads_back_as_it_was_dumped(values: dict[str, Any]) -> None:
    assert frontmatter.split(frontmatter.dump(values) + "body").values == values


@given(st.dictionaries(KEYS, VALUES, max_size=5), st.dictionaries(KEYS, VALUES, max_size=3))
def test_merging_sets_the_changes_and_keeps_the_rest(values: dict[str, Any], changes: dict[str, Any]) -> None:
    head = frontmatter.dump(values)
    merged = frontmatter.merge(head, values, changes)
    assert frontmatter.split(merged).values == {**values, **changes}
    assert frontmatter.merge(merged, {**values, **changes}, changes) == merged


def test_merging_leaves_comments_and_quoting_of_other_keys_alone() -> None:
    head = "---\ntitle: 'T'  # mine\nlist: [a,   b]\n# about status\nstatus: open\n---\n"
    values = frontmatter.split(head).values
    assert frontmatter.merge(head, values, {"status": "done", "new": 1}) == (
        "---\ntitle: 'T'  # mine\nlist: [a,   b]\n# about status\nstatus: done\nnew: 1\n---\n"
    )


@pytest.mark.parametrize(
    "head", ["---\n: [ not yaml\n---\nbody", "---\n- a list\n---\nbody", "---\nno end", "--- \ntext"]
)
def test_what_is_no_yaml_mapping_is_body(head: str) -> None:
    assert frontmatter.split(head).body == head


BODIES = st.lists(st.sampled_from(["# A", "## B", "## C", "### D", "text", "", "```", "- [a] b #c"]), max_size=12).map(
    lambda lines: "".join(f"{line}\n" for line in lines)
)


@given(BODIES, st.sampled_from(["## B", "C", "### D"]), st.booleans())
def test_replacing_a_section_twice_is_replacing_it_once(body: str, section: str, subsections: bool) -> None:
    try:
        once = edits.replace_section(body, "new\n", section=section, subsections=subsections)
    except NoteError:  # the heading is there twice
        return
    assert edits.replace_section(once, "new\n", section=section, subsections=subsections) == once


@given(BODIES, st.sampled_from(["append", "prepend"]))
def test_adding_keeps_every_line_that_was_there(body: str, operation: str) -> None:
    added = getattr(edits, operation)(body, "added")
    rest = added.replace("added", "", 1)
    assert [line for line in rest.splitlines() if line] == [line for line in body.splitlines() if line]


def test_headings_in_code_are_no_sections() -> None:
    body = "## A\n\n```\n## B\n```\n\n## B\n\nold\n"
    assert edits.replace_section(body, "new", section="## B") == "## A\n\n```\n## B\n```\n\n## B\n\nnew\n"


def test_a_refused_section_names_the_headings_there_are() -> None:
    with pytest.raises(NoteError, match="not found") as refusal:
        edits.insert_before_section("# One\n\n## Notes\n", "x", section="## Note")
    assert refusal.value.do
    assert "## Notes" in refusal.value.do


def test_tags_come_from_lists_strings_and_json() -> None:
    assert tag_list(["#a", " b ", "a", ""]) == ["a", "b"]
    assert tag_list("a, #b,,c") == ["a", "b", "c"]
    assert tag_list('["a", "b"]') == ["a", "b"]
    assert tag_list("[draft") == ["[draft"]
    assert tag_list(None) == []


def test_a_taken_permalink_gets_the_next_number() -> None:
    assert free_permalink("a", set()) == "a"
    assert free_permalink("a", {"a", "a-1"}) == "a-2"
