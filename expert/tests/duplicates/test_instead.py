"""`Instead` is said only of what is equal; what differs is named, and who may call is never mixed up."""

from collections.abc import Callable

import pytest

from fastapi_expert.codebase.syntax.encoding import decode, encode
from fastapi_expert.codebase.syntax.reader import read_source
from fastapi_expert.duplicates import Finding, Proposal
from fastapi_expert.duplicates.similarity.differences import bindings_of

Files = dict[str, str]
Find = Callable[[Files], tuple[Finding, ...]]
Judging = Callable[[Files], Callable[..., Proposal]]

GUARD = """
from fastapi import Depends, HTTPException

from people import service_account, session, signed_in


def {name}(person: dict = Depends({user}), db=Depends(session)) -> dict:
    grants = db.query("grants").where(person=person["id"]).all()
    if not grants:
        raise HTTPException(403, "no grants at all")
    wanted = [one for one in grants if one.name == "{grant}"]
    if not wanted:
        raise HTTPException(403, "{grant} is not granted")
    return person
"""
ROUTES = """
from fastapi import APIRouter, Depends

from guards import {name}

router = APIRouter()


@router.get("/things")
def things(person=Depends({name})):
    return []
"""


def guard(name: str, grant: str, user: str = "signed_in") -> str:
    return GUARD.format(name=name, grant=grant, user=user)


@pytest.mark.parametrize("other", ["delete", "export"])
def test_a_dependency_that_checks_another_grant_is_never_depended_on_instead(judging: Judging, other: str) -> None:
    ask = judging({"guards.py": guard("may_read", "read"), "routes.py": ROUTES.format(name="may_read")})
    answer = ask(guard(f"may_{other}", other))
    assert answer.verdict == "extend"
    assert "instead" not in answer.advice
    assert "each keeps its own check of who may call" in answer.advice
    assert f"differs in `'{other}'` (there `'read'`)" in answer.findings[0].message


def test_a_dependency_that_depends_on_another_user_is_never_depended_on_instead(judging: Judging) -> None:
    files = {"guards.py": guard("may_read", "read"), "routes.py": ROUTES.format(name="may_read")}
    answer = judging(files)(guard("may_look", "read", user="service_account"))
    assert answer.verdict == "extend"
    assert "instead" not in answer.advice
    assert "`service_account` (there `signed_in`)" in answer.findings[0].message


def test_a_dependency_that_is_the_same_is_depended_on_instead(judging: Judging) -> None:
    files = {"guards.py": guard("may_read", "read"), "routes.py": ROUTES.format(name="may_read")}
    answer = judging(files)(guard("can_read", "read"))
    assert answer.verdict == "duplicate"
    assert answer.advice.startswith("Depend on `may_read` (guards.py:6) instead")


MAKER = """
import stripe


def {name}(token: str, zone: str):
    if zone.startswith("eu"):
        gateway = stripe.{eu}(secret=token, host="eu")
    else:
        gateway = stripe.{other}(secret=token, host=zone)
    gateway.warm_up(retries=3)
    return gateway
"""


def test_a_function_that_makes_another_class_is_not_called_instead(judging: Judging) -> None:
    ask = judging({"pay.py": MAKER.format(name="gateway", eu="EuropeGateway", other="Gateway")})
    answer = ask(MAKER.format(name="async_gateway", eu="AsyncEuropeGateway", other="AsyncGateway"))
    assert answer.verdict == "extend"
    assert "instead" not in answer.advice
    assert "`AsyncGateway` (there `Gateway`)" in answer.findings[0].message


STORE = """
from tables import {table}

{constant}


def {name}(session, key, payload):
    row = session.get({table}, key)
    if row is None:
        raise LookupError(key)
    row.apply(payload, limit=LIMIT)
    session.add(row)
    session.commit()
    return row
"""


@pytest.mark.parametrize(
    ("table", "constant", "named"),
    [("Invoice", "LIMIT = 5", "`Invoice` (there `Order`)"), ("Order", "LIMIT = 9", "another `LIMIT`")],
)
def test_functions_over_another_table_or_another_constant_are_not_called_instead(
    findings: Find, table: str, constant: str, named: str
) -> None:
    [finding] = findings(
        {
            "orders.py": STORE.format(name="save_order", table="Order", constant="LIMIT = 5"),
            "others.py": STORE.format(name="save_other", table=table, constant=constant),
        }
    )
    assert "instead" not in finding.advice
    assert finding.action != "reuse"
    assert named in finding.message


def test_equal_functions_are_called_instead_with_an_import_that_works(findings: Find) -> None:
    [finding] = findings(
        {
            "app/__init__.py": "",
            "app/parts/orders.py": STORE.format(name="save_order", table="Order", constant="LIMIT = 5"),
            "app/others.py": STORE.format(name="save_other", table="Order", constant="LIMIT = 5"),
            "app/main.py": "from app.parts.orders import save_order\n\n\ndef run(s): save_order(s, 1, 2)\n",
        }
    )
    assert (
        finding.advice
        == "Call `save_order` (app/parts/orders.py:6) instead (`from app.parts.orders import save_order`)."
    )


def test_nothing_is_imported_in_a_circle(findings: Find) -> None:
    text = STORE.format(name="save_order", table="Order", constant="LIMIT = 5")
    [finding] = findings(
        {
            "app/__init__.py": "",
            "app/orders.py": "from app.others import helper\n" + text,
            "app/others.py": STORE.format(name="save_other", table="Order", constant="LIMIT = 5")
            + "\ndef helper(): ...\n",
            "app/main.py": "from app.orders import save_order\n\n\ndef run(s): save_order(s, 1, 2)\n",
        }
    )
    assert "import save_order" not in finding.advice
    assert "a module that both can import" in finding.advice


def test_a_module_that_a_package_hides_is_not_to_be_imported(findings: Find) -> None:
    [finding] = findings(
        {
            "app/__init__.py": "",
            "app/tools.py": STORE.format(name="save_order", table="Order", constant="LIMIT = 5"),
            "app/tools/__init__.py": "",
            "app/zz.py": STORE.format(name="save_other", table="Order", constant="LIMIT = 5"),
        }
    )
    assert "from app.tools import" not in finding.advice


ENDPOINT = """
from fastapi import APIRouter, Depends

router = APIRouter()


def owner(): ...


def anyone(): ...


@router.get("/{path}"{options})
def {name}(store=Depends({who})):
    rows = store.select("{what}").order_by("name").limit(50)
    if not rows:
        store.log.warn("nothing", section="{what}")
    store.seen(rows, by="reader", at=store.clock.now())
    for row in rows:
        row.refresh(depth=2)
    return [row.as_dict(short=True) for row in rows]
"""


def endpoints(**changed: str) -> Files:
    same = {"path": "all", "name": "read_all", "who": "owner", "what": "posts", "options": ""}
    one = ENDPOINT.format(**same)
    other = ENDPOINT.format(**{**same, "path": "everything", "name": "read_everything", **changed})
    return {"api.py": one + other.partition("def anyone(): ...")[2]}


def test_an_endpoint_that_is_equal_but_for_the_path_gets_a_second_decorator(findings: Find) -> None:
    [finding] = [one for one in findings(endpoints()) if one.rule == "FX103"]
    assert finding.advice == "Put this path on `read_all` (api.py:13) as a second decorator."


@pytest.mark.parametrize(
    "changed", [{"who": "anyone"}, {"what": "drafts"}, {"options": ", dependencies=[Depends(anyone)]"}]
)
def test_an_endpoint_of_other_callers_or_other_rows_never_gets_one(findings: Find, changed: dict[str, str]) -> None:
    [finding] = [one for one in findings(endpoints(**changed)) if one.rule == "FX103"]
    assert "decorator" not in finding.advice
    assert "each keeps its own check of who may call" in finding.advice
    assert "differs in" in finding.message


LEDGER = """
{imports}


class Entry:
    pass


def {name}(rows, rate):
    total = 0
    for row in rows:
        if row.open:
            total += row.amount * rate
    rest = total % 100
    return total - rest if rest < 50 else total + 100 - rest
"""


def test_an_import_that_would_be_a_circle_through_other_modules_is_not_advised(findings: Find) -> None:
    """`alpha` imports `middle`, which imports `omega`: `omega` cannot import from `alpha`."""
    files = {
        "alpha.py": LEDGER.format(imports="import middle", name="rounded"),
        "middle.py": "import omega\n",
        "omega.py": LEDGER.format(imports="import math", name="rounded_up"),
    }
    [finding] = findings(files)
    assert "from alpha import" not in finding.advice
    assert "from omega import" in finding.advice or "a module that both can import" in finding.advice


def test_an_import_for_the_type_checker_alone_makes_no_circle(findings: Find) -> None:
    guarded = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import omega"
    files = {
        "alpha.py": LEDGER.format(imports=guarded, name="rounded"),
        "omega.py": LEDGER.format(imports="import math", name="rounded_up"),
    }
    [finding] = findings(files)
    assert finding.advice == "Call `rounded` (alpha.py:10) instead (`from alpha import rounded`)."


MODERN = """
def {name}[T](rows: list[T], limit: int) -> list[T]:
    kept: list[T] = []
    for row in rows:
        if len(kept) >= limit:
            break
        kept.append(row)
    print(f"{{len(kept)}} of {{len(rows)}} {word}")
    return kept
"""


def test_what_differs_in_newer_syntax_than_the_interpreters_is_named(findings: Find) -> None:
    files = {
        "one.py": MODERN.format(name="first_rows", word="kept"),
        "two.py": MODERN.format(name="leading_rows", word="left"),
    }
    [finding] = findings(files)
    assert "but differs in" in finding.message
    assert "instead" not in finding.advice


PAGES = """
from pydantic import BaseModel


class {name}[T](BaseModel):
    items: list[T]
    total: int
    cursor: str{cursor}
    expires: int = {expires}
"""


def test_classes_in_newer_syntax_with_other_defaults_are_not_used_instead(findings: Find) -> None:
    files = {
        "one.py": PAGES.format(name="Page", cursor="", expires=5),
        "two.py": PAGES.format(name="Slice", cursor="", expires=60),
    }
    [finding] = findings(files)
    assert finding.rule == "FX201"
    assert "instead" not in finding.advice
    assert "`expires`" in finding.advice


APP = """
from fastapi import APIRouter, Depends, FastAPI

import open_rows
import closed_rows


def admin():
    return {{}}


app = FastAPI()
app.include_router(open_rows.router, prefix="/open")
app.include_router(closed_rows.router, prefix="/closed"{guard})
"""
ROWS = """
from fastapi import APIRouter

from store import read_rows

router = APIRouter()


@router.get("/rows")
def rows(first: int = 0, most: int = 20):
    found = read_rows(first, most)
    kept = [row for row in found if row.is_shown]
    names = sorted({row.name for row in kept if row.name})
    newest = max(row.changed_at for row in kept)
    return {"newest": newest, "rows": kept, "names": names, "count": len(kept)}
"""


@pytest.mark.parametrize("guard", [", dependencies=[Depends(admin)]", ""])
def test_equal_endpoints_below_routers_that_ask_otherwise_are_told_so(findings: Find, guard: str) -> None:
    files = {"main.py": APP.format(guard=guard), "open_rows.py": ROWS, "closed_rows.py": ROWS}
    [finding] = [one for one in findings(files) if one.rule == "FX103"]
    assert ("differs in `what its router asks of callers`" in finding.message) is bool(guard)
    assert ("each keeps its own check of who may call" in finding.advice) is bool(guard)


def test_a_copy_of_another_routers_endpoint_is_never_called_instead(judging: Judging) -> None:
    ask = judging(
        {"main.py": APP.format(guard=", dependencies=[Depends(admin)]"), "open_rows.py": ROWS, "closed_rows.py": ""}
    )
    answer = ask(ROWS.replace('"/rows"', '"/lines"').replace("def rows", "def lines"), as_path="more_rows.py")
    assert answer.verdict == "extend"
    assert "instead" not in answer.advice
    assert "each keeps its own check of who may call" in answer.advice


def test_what_a_name_is_bound_to_is_the_same_read_and_from_the_cache() -> None:
    facts = read_source(b"router = APIRouter()\nlimits = {}\nnames = list(map(str, ()))\n", "app/api.py")
    assert bindings_of(decode("app/api.py", *encode(facts))) == bindings_of(facts)


def test_a_draft_is_not_told_to_call_what_is_named_after_another_thing(judging: Judging) -> None:
    body = """
def load_{name}(path):
    module, found, name = path.rpartition(".")
    if not found or not module:
        raise ValueError(path)
    value = getattr(import_module(module), name)
    if not callable(value):
        raise TypeError(path)
    return value
"""
    answer = judging({"app/sessions.py": body.format(name="session_store")})(
        body.format(name="handler"), "app/routes.py"
    )
    assert answer.verdict == "duplicate"
    assert "under a name that says what they share" in answer.findings[0].advice
    assert "instead" not in answer.findings[0].advice


def test_a_draft_is_not_told_to_use_the_schema_of_another_thing(judging: Judging) -> None:
    text = """
from pydantic import BaseModel

class {name}(BaseModel):
    text: str
    reply_level: int
    is_edited: bool
    author_slug: str
"""
    judge = judging({"app/posts.py": text.format(name="PostComment")})
    answer = judge(text.format(name="VideoComment"), "app/videos.py")
    assert answer.verdict == "duplicate"
    assert "Declare the fields once" in answer.findings[0].advice
    assert "instead" in judge(text.format(name="Comment"), "app/videos.py").findings[0].advice


def test_a_schema_beside_what_it_is_made_from_is_no_copy(judging: Judging) -> None:
    fields = "    text: str\n    reply_level: int\n    is_edited: bool\n    author_slug: str\n    created_by: str\n"
    inner = f"from dataclasses import dataclass\n\n@dataclass\nclass CommentDTO:\n{fields}"
    outer = f"from pydantic import BaseModel\n\nclass CommentOut(BaseModel):\n{fields}"
    assert judging({"app/dto.py": inner})(outer, "app/schemas.py").verdict == "new"
