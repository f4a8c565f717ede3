"""The finder that is kept answers as a new one does, and only while nothing has changed."""

from pathlib import Path

from fastapi_expert.codebase import load
from fastapi_expert.find import Entry, Finder, entries
from fastapi_expert.find.cache import finder_of

QUERIES = ("hash password", "router for invoices", "POST that creates users", "usr", "test")


def test_the_finder_that_was_kept_answers_as_a_new_one(shop: Path):
    finder_of(load(shop))
    kept, new = finder_of(load(shop)), Finder(entries(load(shop, cache=False)))
    assert [kept.search(query) for query in QUERIES] == [new.search(query) for query in QUERIES]


def test_a_changed_file_is_found_at_once(shop: Path):
    assert not finder_of(load(shop)).search("moonlight")
    (shop / "app" / "moon.py").write_text("def moonlight():\n    return 1\n")
    [hit] = finder_of(load(shop)).search("moonlight")
    assert hit.entry.path == "app/moon.py"


def test_where_data_files_are_read_the_finder_is_kept_until_one_of_them_changes(tmp_path: Path):
    (tmp_path / "paths.json").write_text('["sunrise"]')
    (tmp_path / "main.py").write_text(
        "import json\nfrom pathlib import Path\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
        "def shown(): ...\n\n\n"
        "for name in json.loads((Path(__file__).parent / 'paths.json').read_text()):\n"
        "    app.add_api_route(f'/{name}', shown)\n"
    )
    assert finder_of(load(tmp_path)).search("sunrise")
    again = load(tmp_path)
    assert finder_of(again).search("sunrise")
    assert "_linked" not in vars(again)
    (tmp_path / "paths.json").write_text('["moonlight"]')
    assert finder_of(load(tmp_path)).search("moonlight")
    assert not finder_of(load(tmp_path)).search("sunrise")


def test_a_new_note_is_found_at_once(shop: Path):
    finder_of(load(shop))
    note = Entry("note:n.md", "note", "n", "n", "n.md", 1, text="why moonlight was chosen")
    assert finder_of(load(shop), [note]).search("moonlight")[0].entry == note


def test_a_damaged_index_is_made_anew(shop: Path):
    expected = finder_of(load(shop)).search("hash password")
    codebase = load(shop)
    assert codebase.cache is not None
    kept = codebase.cache.get_blob("search") or b""
    for damaged in (b"", b"[]", kept[:-10], kept[:-10] + b"\0" * 10):
        codebase.cache.put_blob("search", damaged)
        assert finder_of(load(shop)).search("hash password") == expected
