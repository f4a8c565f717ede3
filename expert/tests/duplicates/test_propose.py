"""May this be written? Drafts judged against a codebase, from memory and from the cache."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from samples import EDITED, INVOICE_TOTAL, RENAMED, UNRELATED, as_method

from fastapi_expert.codebase import Codebase, load
from fastapi_expert.config import Config
from fastapi_expert.duplicates import Proposal, propose
from fastapi_expert.duplicates.store.library import FORMAT
from fastapi_expert.duplicates.store.snapshot import library_file

API = """
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel

class UserCreate(BaseModel):
    email: str
    display_name: str
    time_zone: str

router = APIRouter(prefix="/users")

@router.get("/{user_id}")
def read_user(user_id: int):
    return user_id

app = FastAPI()
app.include_router(router, prefix="/api/v1")
"""
FILES = {"app/__init__.py": "", "app/billing.py": INVOICE_TOTAL, "app/io.py": UNRELATED, "app/api.py": API}
Judge = Callable[..., Proposal]
Read = Callable[[dict[str, str]], Codebase]


@pytest.fixture
def judge(judging: Callable[[dict[str, str]], Judge]) -> Judge:
    return judging(FILES)


def test_something_new_is_new(judge: Judge) -> None:
    answer = judge(
        "def weigh(parcel, scale):\n    scale.tare()\n    scale.put(parcel.box)\n    return scale.read(unit='g')\n"
    )
    assert (answer.verdict, answer.findings) == ("new", ())


def test_a_copy_is_a_duplicate_and_the_advice_says_what_to_call(judge: Judge) -> None:
    answer = judge(RENAMED)
    assert answer.verdict == "duplicate"
    assert "`invoice_total` (app/billing.py:1)" in answer.advice
    assert "`from app.billing import invoice_total`" in answer.advice
    assert answer.similar[0].path == "app/billing.py"


def test_an_edited_copy_should_extend(judge: Judge) -> None:
    answer = judge(EDITED)
    assert answer.verdict == "extend"
    assert [finding.rule for finding in answer.findings] == ["FX302"]


def test_half_written_code_is_judged_too(judge: Judge) -> None:
    assert judge(INVOICE_TOTAL + "\n\ndef unfinished(a, b:\n    return a.\n").verdict == "duplicate"


def test_the_file_that_is_replaced_is_no_duplicate_of_itself(judge: Judge) -> None:
    assert judge(INVOICE_TOTAL, "app/billing.py").verdict == "new"


def test_what_a_rewrite_leaves_unchanged_is_no_news(codebase: Read, tmp_path: Path) -> None:
    read = codebase(FILES | {"app/cart.py": RENAMED})
    rewrite = (RENAMED + "\nLIMIT = 3\n").encode()
    assert propose(read, rewrite, as_path="app/cart.py").verdict == "new"
    assert propose(tmp_path, rewrite, as_path="app/cart.py").verdict == "new"
    assert propose(read, rewrite, as_path="app/other.py").verdict == "duplicate"


def test_a_copy_of_what_the_same_file_holds_is_a_duplicate(codebase: Read, tmp_path: Path) -> None:
    read = codebase(FILES)
    copies = {
        "app/billing.py": INVOICE_TOTAL + RENAMED,
        "app/api.py": API + "\n\nclass Fresh(BaseModel):\n    time_zone: str\n    email: str\n    display_name: str\n",
    }
    for path, draft in copies.items():
        for answer in (propose(read, draft.encode(), as_path=path), propose(tmp_path, draft.encode(), as_path=path)):
            assert answer.verdict == "duplicate"
            assert [place.path for place in answer.findings[0].components] == [path, path]
    again = API + '\n@router.get("/{pk}")\ndef once_more(pk: int):\n    return pk\n'
    assert [one.rule for one in propose(read, again.encode(), as_path="app/api.py").findings] == ["FX101"]


def test_a_method_that_overrides_is_new(codebase: Read) -> None:
    read = codebase({"app/__init__.py": "", "app/base.py": as_method(INVOICE_TOTAL, "Totals")})
    child = "from app.base import Totals\n" + as_method(INVOICE_TOTAL, "Swiss", "Totals")
    assert propose(read, child.encode()).verdict == "new"
    assert propose(read, as_method(INVOICE_TOTAL, "Swiss").encode()).verdict == "duplicate"


def test_a_schema_with_the_same_fields(judge: Judge) -> None:
    answer = judge(
        "from pydantic import BaseModel\n\nclass NewAccount(BaseModel):\n"
        "    time_zone: str\n    display_name: str\n    email: str\n"
    )
    assert answer.verdict == "duplicate"
    assert "`UserCreate`" in answer.advice


def test_a_schema_that_inherits_is_new(judge: Judge) -> None:
    text = "from app.api import UserCreate\n\nclass AdminCreate(UserCreate):\n    scope: str\n"
    assert judge(text).verdict == "new"


@pytest.mark.parametrize(
    "draft",
    [
        'router = APIRouter(prefix="/users")\n\n@router.get("/{id}")\ndef one(id): ...\n',
        'router = APIRouter()\n\n@router.get("/api/v1/users/{pk}")\ndef one(pk): ...\n',
        'router = APIRouter(prefix="/v1")\n\n@router.api_route("/users/{n}", methods=["GET"])\ndef one(n): ...\n',
    ],
)
def test_a_route_that_is_there_however_it_is_written(judge: Judge, draft: str) -> None:
    answer = judge("from fastapi import APIRouter\n\n" + draft)
    assert answer.verdict == "duplicate"
    assert "`read_user` (app/api.py:" in answer.advice
    assert answer.similar[0].id.endswith("read_user"), "the endpoint it collides with comes first"


def test_a_taken_route_comes_before_bodies_that_are_alike_by_chance(codebase: Read) -> None:
    one_liners = "".join(f"\ndef helper_{number}(value):\n    return store.fetch(value)\n" for number in range(6))
    read = codebase(FILES | {"app/helpers.py": one_liners})
    draft = 'from fastapi import APIRouter\n\nrouter = APIRouter(prefix="/users")\n\n@router.get("/{id}")\n'
    answer = propose(read, (draft + "def one(id):\n    return store.fetch(id)\n").encode())
    assert (answer.similar[0].path, answer.similar[0].score) == ("app/api.py", 1.0)
    assert all(near.score <= 0.5 for near in answer.similar[1:]), "one line is alike by chance"


def test_a_model_and_a_route_written_since_the_last_full_look_are_known(codebase: Read, tmp_path: Path) -> None:
    codebase(FILES)
    propose(tmp_path, b"x = 1\n")
    (tmp_path / "app" / "payouts.py").write_text(
        "from fastapi import APIRouter\nfrom pydantic import BaseModel\n\n\nclass Payout(BaseModel):\n"
        "    iban: str\n    bic: str\n    holder: str\n\n\nrouter = APIRouter(prefix='/payouts')\n\n\n"
        "@router.post('/{payout_id}/retry')\ndef retry(payout_id: int): ...\n"
    )
    model = (
        b"from pydantic import BaseModel\n\nclass Target(BaseModel):\n    holder: str\n    iban: str\n    bic: str\n"
    )
    assert "`Payout` (app/payouts.py:5)" in propose(tmp_path, model, as_path="app/targets.py").advice
    route = b"from fastapi import APIRouter\nr = APIRouter()\n@r.post('/payouts/{id}/retry')\ndef again(id): ...\n"
    assert "`retry` (app/payouts.py:15)" in propose(tmp_path, route, as_path="app/again.py").advice


@pytest.mark.parametrize("route", ['post("/{id}")', 'get("/{id}/posts")', 'get("")'])
def test_another_method_or_path_is_new(judge: Judge, route: str) -> None:
    draft = f'from fastapi import APIRouter\n\nrouter = APIRouter(prefix="/users")\n\n@router.{route}\ndef one(): ...\n'
    assert judge(draft).verdict == "new"


def test_a_suppression_in_the_draft_is_honoured(judge: Judge) -> None:
    text = RENAMED.replace("table):", "table):  # expert: ignore[FX301] a fork on purpose")
    assert judge(text).verdict == "new"


def test_settings_switch_rules_off(codebase: Read) -> None:
    answer = propose(codebase(FILES), RENAMED.encode(), settings=Config(ignore=("FX3",)))
    assert answer.verdict == "new"
    assert answer.similar, "neighbours are named all the same"


def test_the_hook_sees_files_added_changed_and_deleted_since(codebase: Read, tmp_path: Path) -> None:
    codebase(FILES)
    assert propose(tmp_path, EDITED.encode()).verdict == "extend"
    written = (library_file(tmp_path)).stat().st_mtime_ns
    (tmp_path / "app" / "billing.py").unlink()
    assert propose(tmp_path, RENAMED.encode()).verdict == "new"
    (tmp_path / "app" / "new").mkdir()
    (tmp_path / "app" / "new" / "__init__.py").write_text("")
    (tmp_path / "app" / "new" / "totals.py").write_text(INVOICE_TOTAL)
    assert "app/new/totals.py:2" in propose(tmp_path, RENAMED.encode()).advice
    (tmp_path / "app" / "io.py").write_text(UNRELATED + EDITED)
    assert propose(tmp_path, EDITED.replace("order_value", "mine").encode()).verdict == "duplicate"
    assert (library_file(tmp_path)).stat().st_mtime_ns == written, "none of this needed a full look"


@pytest.mark.parametrize("damage", [b"", FORMAT, b"nonsense", None])
def test_a_damaged_cache_is_written_anew(codebase: Read, tmp_path: Path, damage: bytes | None) -> None:
    codebase(FILES)
    propose(tmp_path, b"x = 1\n")
    whole = (library_file(tmp_path)).read_bytes()
    (library_file(tmp_path)).write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert propose(tmp_path, RENAMED.encode()).verdict == "duplicate"
    assert len((library_file(tmp_path)).read_bytes()) > 1000


def test_a_read_only_tree_is_judged_without_a_cache(codebase: Read, tmp_path: Path) -> None:
    codebase(FILES)
    (tmp_path / ".expert").write_text("a file where the folder would be")
    assert propose(tmp_path, RENAMED.encode()).verdict == "duplicate"


def test_the_cache_ignores_itself(codebase: Read, tmp_path: Path) -> None:
    codebase(FILES)
    propose(tmp_path, b"x = 1\n")
    assert (library_file(tmp_path)).with_name(".gitignore").read_text() == "*\n"


def test_the_hook_and_the_server_say_the_same(codebase: Read, tmp_path: Path) -> None:
    read = codebase(FILES)
    for draft in (RENAMED, EDITED, UNRELATED, API, "x = 1\n"):
        propose(tmp_path, draft.encode())
        assert propose(tmp_path, draft.encode()) == propose(read, draft.encode())


def test_loading_and_asking_again_changes_nothing(codebase: Read, tmp_path: Path) -> None:
    codebase(FILES)
    first = propose(load(tmp_path), RENAMED.encode())
    os.utime(tmp_path / "app" / "io.py", ns=(time.time_ns(), time.time_ns()))
    assert propose(load(tmp_path), RENAMED.encode()) == first
