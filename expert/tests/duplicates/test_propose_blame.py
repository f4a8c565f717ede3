"""An edit is blamed for what it adds, and the answer hangs on the code alone, not on what was cached of it."""

import difflib
import os
import shutil
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from samples import EDITED, INVOICE_TOTAL, RENAMED, UNRELATED
from shop import lay_down

from fastapi_expert.codebase import load
from fastapi_expert.config import Config
from fastapi_expert.duplicates import Proposal, find, propose
from fastapi_expert.duplicates.baseline import write
from fastapi_expert.duplicates.drafts import read_diff

PAIR = {"app/__init__.py": "", "app/billing.py": INVOICE_TOTAL, "app/orders.py": EDITED}


def edited(text: str) -> bytes:
    return text.replace("total = 0\n", "total = 0\n    order.check()\n").encode()


def test_a_likeness_that_stood_before_is_not_blamed_on_an_edit(tmp_path: Path) -> None:
    lay_down(tmp_path, PAIR)
    answer = propose(tmp_path, edited(EDITED), as_path="app/orders.py")
    assert (answer.verdict, answer.findings) == ("new", ())


def test_a_likeness_that_grows_is(tmp_path: Path) -> None:
    lay_down(tmp_path, PAIR)
    answer = propose(tmp_path, RENAMED.replace("cart_sum", "order_value").encode(), as_path="app/orders.py")
    assert answer.verdict == "duplicate"


MODEL = """
from pydantic import BaseModel


class {name}(BaseModel):
    iban: str
    bic: str
    holder: str
    bank: str
"""


def test_fields_that_were_shared_before_are_not_blamed_on_an_edit(tmp_path: Path) -> None:
    both = {"a.py": MODEL.format(name="Payout"), "b.py": MODEL.format(name="Account") + "    note: str\n"}
    lay_down(tmp_path, both)
    more = both["b.py"] + "    memo: str\n"
    assert propose(tmp_path, more.encode(), as_path="b.py").verdict == "new"
    assert propose(tmp_path, more.encode(), as_path="c.py").verdict == "extend"


def test_what_the_baseline_knows_is_not_told_again(tmp_path: Path) -> None:
    toml = '[tool.fastapi-expert]\nbaseline = "known.json"\n'
    lay_down(tmp_path, {"pyproject.toml": toml, "app/__init__.py": "", "app/a.py": INVOICE_TOTAL, "app/b.py": RENAMED})
    again = RENAMED.replace("amount = 0", "amount = 1").encode()
    (tmp_path / "app/b.py").write_text("")
    assert propose(tmp_path, again, as_path="app/b.py").verdict != "new"
    (tmp_path / "app/b.py").write_text(RENAMED)
    write(tmp_path / "known.json", find(load(tmp_path)).findings)
    (tmp_path / "app/b.py").write_text("")
    assert propose(tmp_path, again, as_path="app/b.py").verdict == "new"


TABLES = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase): ...


class Owned(Base):
    __abstract__ = True
    owner_id: Mapped[int]
    created_at: Mapped[str]


class Parcel(Owned):
    __tablename__ = "parcels"
    id: Mapped[int] = mapped_column(primary_key=True)
    weight: Mapped[float]
    depot: Mapped[str]
    fragile: Mapped[bool]
    barcode: Mapped[str]
"""
GUARD = """
from fastapi import APIRouter, Depends, HTTPException

router = APIRouter()


def signed_in(): ...


def may_ship(person: dict = Depends(signed_in)) -> dict:
    grants = person["grants"]
    if "ship" not in grants:
        raise HTTPException(403, "not granted")
    person.log(seen=True)
    return person


@router.get("/parcels/{parcel_id}")
def read_parcel(parcel_id: int, person=Depends(may_ship)):
    return parcel_id
"""
PROJECT = PAIR | {"app/tables.py": TABLES, "app/guard.py": GUARD, "app/io.py": UNRELATED}
DRAFTS = [
    RENAMED,
    EDITED,
    INVOICE_TOTAL.replace("+ tax, 2", "+ tax, 4"),
    "from app.tables import Owned\nfrom sqlalchemy.orm import Mapped, mapped_column\n\n\n"
    + TABLES[TABLES.index("class Parcel") :],
    "from app.guard import signed_in\nfrom fastapi import Depends, HTTPException\n\n\n"
    + GUARD[GUARD.index("def may_ship") : GUARD.index("@router")].replace("may_ship", "can_ship"),
    "def read_rows(path, encoding):\n    return decode(path, encoding)\n",
    "def tune_radio(band):\n    return band.seek()\n",
]


def answer_of(proposal: Proposal) -> tuple[object, ...]:
    return proposal.verdict, [(one.rule, one.message, one.advice, one.action) for one in proposal.findings]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draft=st.sampled_from(DRAFTS), touched=st.sets(st.sampled_from(sorted(PROJECT))), cached=st.booleans())
def test_the_answer_is_the_same_from_every_state_of_the_cache(
    tmp_path: Path, draft: str, touched: set[str], cached: bool
) -> None:
    root = tmp_path / "project"
    shutil.rmtree(root, ignore_errors=True)
    lay_down(root, PROJECT)
    expected = answer_of(propose(load(root, cache=False), draft.encode(), as_path="app/draft.py", settings=Config()))
    if cached:
        propose(root, b"x = 1\n", settings=Config())
    for path in touched:
        os.utime(root / path, ns=(1, 1))
    assert answer_of(propose(root, draft.encode(), as_path="app/draft.py", settings=Config())) == expected


def diff_of(root: Path, added: dict[str, str]) -> bytes:
    """The diff that writes each text at the end of its file."""
    parts: list[str] = []
    for path, text in added.items():
        old = (root / path).read_text().splitlines(keepends=True) if (root / path).exists() else []
        new = [*old, *(f"\n\n{text}".splitlines(keepends=True) if old else text.splitlines(keepends=True))]
        parts += difflib.unified_diff(old, new, f"a/{path}" if old else "/dev/null", f"b/{path}")
    return "".join(parts).encode()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    added=st.dictionaries(st.sampled_from([*sorted(PROJECT), "app/new.py"]), st.sampled_from(DRAFTS), min_size=2),
    applied=st.booleans(),
)
@example(
    added=dict.fromkeys(["app/__init__.py", "app/billing.py", "app/guard.py", "app/io.py"], DRAFTS[3]), applied=True
)
def test_a_diff_of_several_files_is_judged_from_the_cache_as_from_the_text(
    tmp_path: Path, added: dict[str, str], applied: bool
) -> None:
    root = tmp_path / "project"
    shutil.rmtree(root, ignore_errors=True)
    lay_down(root, PROJECT)
    diff = diff_of(root, added)
    expected = propose(load(root, cache=False), diff, settings=Config())
    for path in PROJECT:
        os.utime(root / path, ns=(1, 1))  # old enough to be kept
    load(root)
    if applied:
        lay_down(root, {draft.path: draft.source.decode() for draft in read_diff(diff, root) if draft.path})
    assert answer_of(propose(root, diff, settings=Config())) == answer_of(expected)
