"""A field added to a resource everywhere it belongs, or refused with the place that would pass it over."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from feature_folders import FEATURE_FOLDERS
from layouts import SINGLE_FILE
from shop import lay_down as lay_down_files
from shop import run_expert
from test_add import run, tool


@pytest.fixture(scope="module")
def with_gadgets(new_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shutil.copytree(new_shop, tmp_path_factory.mktemp("project") / "shop")
    done = run_expert("add", "gadget", "label:str!", "owner:ref[user]", "--no-prove", cwd=folder)
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def shop(with_gadgets: Path, tmp_path: Path) -> Path:
    return shutil.copytree(with_gadgets, tmp_path / "shop")


def test_a_field_is_in_table_schemas_search_migration_and_tests(shop: Path) -> None:
    for field in ("subtitle:str?", "price:decimal?", "due:datetime?"):
        search = ["--search"] if field.startswith("subtitle") else []
        done = run_expert("add", f"gadget.{field}", *search, "--no-prove", cwd=shop)
        assert done.code == 0, done.err
    assert "subtitle: Mapped[str | None]" in (shop / "app/models/gadget.py").read_text()
    assert '"subtitle",' in (shop / "app/gadgets/service.py").read_text()
    checked = run(tool("ruff"), "check", "app", "migrations", "tests/gadgets", cwd=shop)
    assert checked.returncode == 0, checked.stdout
    which = "sqlite and (may_be_left_out or made_read_changed)"
    tested = run(sys.executable, "-m", "pytest", "tests/gadgets", "-n0", "-q", "-k", which, cwd=shop)
    assert tested.returncode == 0, tested.stdout[-3000:]
    again = run_expert("add", "gadget.subtitle:str?", "--no-prove", cwd=shop)
    assert again.code == 1
    assert "is there already" in again.err


def test_a_field_of_the_posts_is_stored_answered_listed_cleared_and_shown_to_administrators(shop: Path) -> None:
    fields = ("subtitle:str?", "price:decimal?", "key:uuid?")
    for field in fields:
        done = run_expert("add", f"post.{field}", "--no-prove", cwd=shop)
        assert done.code == 0, done.err
    assert '"published_at", "subtitle")' in (shop / "app/admin/views/posts.py").read_text()
    checked = run(tool("ruff"), "check", "app", "migrations", "tests/posts", cwd=shop)
    assert checked.returncode == 0, checked.stdout
    options = ("-n0", "-q", "-k", "sqlite and may_be_left_out")
    tested = run(sys.executable, "-m", "pytest", "tests/posts/test_writing.py", *options, cwd=shop)
    assert tested.returncode == 0, tested.stdout[-3000:]
    assert tested.stdout.count(".") >= len(fields)
    for field, what in (
        ("post.subtitle:str?", "is there already"),
        ("post.lead:str?", "an index of the database's own"),
    ):
        again = run_expert("add", field, *(["--search"] if "lead" in field else []), "--no-prove", cwd=shop)
        assert again.code in (1, 2)
        assert what in again.err


@pytest.mark.parametrize(
    ("field", "what"),
    [
        ("gadget.subtitle:str", "no value for it"),
        ("gadget.maker:ref[user]?", "a new constraint"),
        ("post.author:ref[user]?", "a new constraint"),
        ("nothing.subtitle:str?", "no resource 'nothing'"),
    ],
)
def test_a_field_that_cannot_be_added_is_refused_with_the_reason(shop: Path, field: str, what: str) -> None:
    before = subprocess.run(["git", "status", "--porcelain"], cwd=shop, capture_output=True, check=True).stdout
    done = run_expert("add", field, cwd=shop)
    assert done.code == 2
    assert what in done.err
    assert subprocess.run(["git", "status", "--porcelain"], cwd=shop, capture_output=True, check=True).stdout == before


def test_a_project_of_another_layout_gets_it_in_its_own_classes(tmp_path: Path) -> None:
    heroes = lay_down_files(tmp_path / "heroes", SINGLE_FILE)
    done = run_expert("add", "hero.nickname:str?", "--no-prove", cwd=heroes)
    assert done.code == 0, done.err
    text = (heroes / "main.py").read_text()
    assert text.count("nickname: str | None") == 2  # what heroes have in common, and what may change


def test_fields_that_are_listed_one_by_one_are_named_with_their_line(tmp_path: Path) -> None:
    journal = lay_down_files(tmp_path / "journal", FEATURE_FOLDERS)
    text = (journal / "app/articles/service.py").read_text().replace("draft.title.strip()", "draft.title")
    (journal / "app/articles/service.py").write_text(text)
    done = run_expert("add", "article.subtitle:str?", "--no-prove", cwd=journal)
    assert done.code == 2
    assert "app/articles/service.py:" in done.err
