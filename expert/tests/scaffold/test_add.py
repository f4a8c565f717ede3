"""A resource added to a new project, refused where it is there already."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.fields import FieldError, parse, parse_all
from fastapi_expert.scaffold.naming import names_of

EVERY_KIND = [
    "label:str!",
    "body:text?",
    "count:int^",
    "kind:enum[small,big]",
    "made:date",
    "at:datetime?",
    "code:uuid",
    "on:bool",
    "ratio:float",
    "price:decimal",
    "mail:email?",
    "site:url?",
    "extra:json?",
    "owner:ref[user]",
]


@pytest.fixture
def shop(new_shop: Path, tmp_path: Path) -> Path:
    return shutil.copytree(new_shop, tmp_path / "shop")


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(cwd)}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def expert(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    quick = ["--no-prove"] if arguments[0] == "add" else []  # the tests below run what it writes themselves
    return run(sys.executable, "-m", "fastapi_expert", *arguments, *quick, cwd=cwd)


def tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def test_an_added_resource_passes_its_tests_and_the_projects_checks(shop: Path) -> None:
    done = expert("add", "gadget", *EVERY_KIND, cwd=shop)
    assert done.returncode == 0, done.stderr
    more = expert("add", "order-item", "gadget:ref[gadget]", "amount:int", cwd=shop)
    assert more.returncode == 0, more.stderr
    for command in (
        ["ruff", "check", "app", "migrations"],
        ["ruff", "format", "--check", "app", "migrations"],
        ["lint-imports"],
    ):
        checked = run(tool(command[0]), *command[1:], cwd=shop)
        assert checked.returncode == 0, checked.stdout
    # those of a resource with every type of field are run by test_fifteen
    tested = run(sys.executable, "-m", "pytest", "tests/order_items", "-n0", "-q", "-k", "sqlite", cwd=shop)
    assert tested.returncode == 0, tested.stdout[-3000:]
    again = expert("duplicates", ".", "--since", "HEAD", cwd=shop)
    assert again.returncode == 0, again.stdout


@pytest.mark.parametrize("name", ["post", "Posts", "user", "tag", "session"])
def test_a_resource_that_is_there_is_refused_with_its_place(shop: Path, name: str) -> None:
    done = expert("add", name, "label:str", cwd=shop)
    assert done.returncode == 1
    assert "is there already" in done.stderr
    assert ".py:" in done.stderr
    assert subprocess.run(["git", "status", "--porcelain"], cwd=shop, capture_output=True, check=True).stdout == b""


def test_the_same_fields_under_another_name_are_the_same_resource(shop: Path) -> None:
    fields = (
        "title:str content:text excerpt:str slug:str! status:str view_count:int published_at:datetime author:ref[user]"
    )
    done = expert("add", "article", *fields.split(), cwd=shop)
    assert done.returncode == 1
    assert "app/models/post.py:" in done.stderr


@pytest.mark.parametrize(("name", "where"), [("base", "app/models/base.py"), ("factory", "tests/factories.py")])
def test_a_file_that_is_there_for_something_else_is_not_overwritten(shop: Path, name: str, where: str) -> None:
    done = expert("add", name, "label:str", cwd=shop)
    assert done.returncode == 1
    assert f"{where}: this is there already" in done.stderr
    assert subprocess.run(["git", "status", "--porcelain"], cwd=shop, capture_output=True, check=True).stdout == b""


def test_a_resource_whose_package_is_there_for_something_else_gets_one_of_its_own(shop: Path) -> None:
    assert expert("add", "task", "title:str", cwd=shop).returncode == 0
    more = expert("add", "step", "task:ref[task]", "label:str", cwd=shop)
    assert more.returncode == 0, more.stderr
    assert (shop / "app/task_resource/service.py").is_file()
    assert not (shop / "app/tasks/service.py").exists()
    layers = (shop / ".importlinter").read_text()
    assert "users | task_resource\n" in layers
    assert layers.index("    steps\n") < layers.index("task_resource")  # a step refers to a task
    assert run(tool("lint-imports"), cwd=shop).returncode == 0
    which = "sqlite and made_read_changed_and_deleted"
    tested = run(
        sys.executable, "-m", "pytest", "tests/task_resource", "tests/steps", "-n0", "-q", "-k", which, cwd=shop
    )
    assert tested.returncode == 0, tested.stdout[-3000:]


def test_a_resource_may_refer_to_itself_if_the_first_one_need_not(shop: Path) -> None:
    refused = expert("add", "category", "name:str", "parent:ref[category]", "--dry-run", cwd=shop)
    assert "the first category could not refer to another" in refused.stderr
    done = expert("add", "category", "name:str", "parent:ref[category]?", "--dry-run", cwd=shop)
    assert 'ForeignKey("categories.id", ondelete="SET NULL")' in done.stdout, done.stderr


def test_a_name_that_postgresql_would_cut_is_refused(shop: Path) -> None:
    done = expert("add", "quarterly-inventory-adjustment", "reason_that_was_given_by_the_clerk:str", cwd=shop)
    assert done.returncode == 2
    assert "and PostgreSQL keeps 63" in done.stderr


def test_tests_of_every_endpoint_know_the_resource(shop: Path) -> None:
    assert expert("add", "gadget", *EVERY_KIND, cwd=shop).returncode == 0
    assert expert("add", "color", "name:str!", cwd=shop).returncode == 0  # administrators write it
    tried = ("tests/authorisation", "tests/contract")
    which = "not_name or sqlite and (is_anothers and user- or promised_status and (gadgets or colors))"
    tested = run(sys.executable, "-m", "pytest", *tried, "-n0", "-q", "-k", which, cwd=shop)
    assert tested.returncode == 0, tested.stdout[-3000:]


def test_a_dry_run_shows_the_diff_and_writes_nothing(shop: Path) -> None:
    done = expert("add", "product", "name:str", "--dry-run", cwd=shop)
    assert done.returncode == 0
    assert "+++ b/app/models/product.py" in done.stdout
    assert '+router.include_router(products.router, prefix="/products"' in done.stdout
    assert not (shop / "app/models/product.py").exists()


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("order", "an order"),
        ("hour", "an hour"),
        ("user", "a user"),
        ("unit", "a unit"),
        ("umbrella", "an umbrella"),
        ("order-item", "an order item"),
        ("x", "an x"),
        ("product", "a product"),
    ],
)
def test_a_noun_has_its_article(word: str, said: str) -> None:
    assert names_of(word).a_noun == said


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("name", "is no field"),
        ("name:string", "not known"),
        ("class:str", "a word of Python's own"),
        ("metadata:str", "SQLAlchemy"),
        ("model_name:str", "Pydantic"),
        ("body:text!", "use str"),
        ("on:bool!", "two values"),
        ("kind:enum[a,b]!", "one row for each choice"),
        ("id:int", "every resource has it"),
        ("date:date", "would hide"),
        ("json:json", "would hide"),
        ("Name:str", "cannot name a field"),
        ("owner:ref", "refers to nothing"),
        ("kind:enum[]", "no proper choices"),
        ("kind:enum[a,a]", "no proper choices"),
        ("price:decimal[2]", "not known"),
    ],
)
def test_a_field_that_has_no_meaning_is_explained(text: str, what: str) -> None:
    with pytest.raises(FieldError, match=what):
        parse(text)


def test_a_reference_names_a_resource_as_it_was_added() -> None:
    assert parse("part:ref[order-item]").ref == parse("part:ref[order_item]").ref == "order_item"


def test_a_field_that_is_there_twice_is_refused() -> None:
    with pytest.raises(FieldError, match="twice"):
        parse_all(["name:str", "name:text"])


@pytest.mark.parametrize(
    ("word", "singular", "plural"),
    [
        ("product", "product", "products"),
        ("Categories", "category", "categories"),
        ("OrderItem", "order_item", "order_items"),
        ("boxes", "box", "boxes"),
        ("person", "person", "people"),
        ("news", "news", "news"),
        ("status", "status", "statuses"),
        ("houses", "house", "houses"),
        ("movies", "movie", "movies"),
        ("caches", "cache", "caches"),
        ("aliases", "alias", "aliases"),
        ("leaves", "leaf", "leaves"),
        ("analyses", "analysis", "analyses"),
        ("menus", "menu", "menus"),
    ],
)
def test_names_follow_from_one(word: str, singular: str, plural: str) -> None:
    names = names_of(word)
    assert (names.singular, names.plural) == (singular, plural)


@given(st.text(max_size=20))
def test_any_text_is_a_field_or_refused(text: str) -> None:
    with contextlib.suppress(FieldError):
        parse(text)


@given(st.text(max_size=20))
@example("S")
def test_any_word_names_a_resource_or_is_refused(text: str) -> None:
    with contextlib.suppress(ExpertError):
        assert names_of(text).singular.isidentifier()
