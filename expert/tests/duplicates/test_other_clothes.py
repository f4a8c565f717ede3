"""Kinds of faults that were found once, each in other clothes."""

from collections.abc import Callable

import pytest

from fastapi_expert.duplicates import Finding, Proposal

Files = dict[str, str]
Find = Callable[[Files], tuple[Finding, ...]]
Judging = Callable[[Files], Callable[..., Proposal]]


def advice_of(findings: tuple[Finding, ...]) -> str:
    return " ".join(f"{one.message} {one.advice}" for one in findings)


TENANT = """
from fastapi import Depends, HTTPException, Security

from people import signed_in


def {name}(person=Security(signed_in, scopes=["{scope}"]), tenant: str = "{tenant}"):
    allowed = [one for one in person.tenants if one.name == tenant]
    if not allowed:
        raise HTTPException(404, "no such tenant here")
    if allowed[0].closed:
        raise HTTPException(403, "this tenant is closed")
    return allowed[0]
"""
USES = """
from fastapi import APIRouter, Depends

from guards import {name}

router = APIRouter()


@router.get("/papers")
def papers(tenant=Depends({name})):
    return []
"""


@pytest.mark.parametrize(("scope", "tenant"), [("write", "north"), ("read", "south")])
def test_a_dependency_of_another_scope_or_tenant_is_never_depended_on_instead(
    judging: Judging, scope: str, tenant: str
) -> None:
    files = {
        "guards.py": TENANT.format(name="north", scope="read", tenant="north"),
        "use.py": USES.format(name="north"),
    }
    answer = judging(files)(TENANT.format(name="other", scope=scope, tenant=tenant))
    assert answer.verdict == "extend"
    assert "instead" not in answer.advice


ENUM = """
import enum


class {name}(str, enum.Enum):
    new = "new"
    paid = "{paid}"
    sent = "sent"
    gone = "gone"


def {verb}(rows, wanted={name}.paid):
    found = [row for row in rows if row.state == {name}.paid]
    late = [row for row in found if row.due < row.paid_at]
    kept = sorted(late, key=lambda row: row.due)
    return kept[:20] if wanted else found
"""


def test_functions_over_another_enum_are_not_called_instead(findings: Find) -> None:
    found = findings(
        {
            "bills.py": ENUM.format(name="BillState", paid="paid", verb="late_bills"),
            "orders.py": ENUM.format(name="OrderState", paid="settled", verb="late_orders"),
        }
    )
    assert "instead" not in advice_of(found)
    assert "OrderState" in advice_of(found) or "BillState" in advice_of(found)


RETRIES = """
import time


def {name}(ask, most={most}):
    for turn in range(most):
        answer = ask(turn)
        if answer.status < 500:
            return answer
        time.sleep(2**turn)
    return None
"""


def test_functions_with_another_default_are_not_called_instead(findings: Find) -> None:
    files = {"a.py": RETRIES.format(name="again", most=3), "b.py": RETRIES.format(name="repeat", most=30)}
    [finding] = findings(files)
    assert "instead" not in finding.advice
    assert "`30`" in finding.message or "`3`" in finding.message


def test_an_exact_copy_of_a_named_tuple_is_a_duplicate(judging: Judging) -> None:
    text = (
        "from typing import NamedTuple\n\n\nclass {name}(NamedTuple):\n    latitude: float\n    longitude: float\n"
        "    altitude: float\n    taken_at: str\n    device: str\n"
    )
    answer = judging({"places.py": text.format(name="Position")})(text.format(name="Fix"))
    assert answer.verdict in ("duplicate", "extend")
    assert "`Position` (places.py:4)" in answer.findings[0].message


def test_a_second_import_behind_a_semicolon_is_seen(findings: Find) -> None:
    """Both modules bind `load` to something else, one of them behind another import on the line."""
    body = (
        "\n\ndef {name}(path, most):\n    rows = load(path)\n    kept = [row for row in rows if row.size < most]\n"
        "    kept.sort(key=lambda row: row.size)\n    total = sum(row.size for row in kept)\n    return kept, total\n"
    )
    found = findings(
        {
            "a.py": "import math; from disk import load" + body.format(name="small_files"),
            "b.py": "import math; from cloud import load" + body.format(name="small_blobs"),
        }
    )
    assert "instead" not in advice_of(found)
    assert "another `load`" in advice_of(found)


def test_a_dead_module_beside_a_package_of_its_name_is_the_one_to_go(findings: Find) -> None:
    body = (
        "def spelled(text, most):\n    words = text.split()\n    kept = [word for word in words if len(word) < most]\n"
        "    kept.sort(key=str.lower)\n    longest = max(kept, key=len, default='')\n    return kept, longest\n"
    )
    [finding] = findings(
        {
            "tools.py": body,
            "tools/__init__.py": "",
            "tools/words.py": body,
            "main.py": "from tools.words import spelled\n",
        }
    )
    assert "(tools/words.py:1)" in finding.advice
    assert finding.components[0].path == "tools.py"


def test_a_table_is_never_told_to_inherit_from_another_table(findings: Find) -> None:
    text = (
        "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n\n\n"
        "class Base(DeclarativeBase):\n    pass\n\n\n"
        "class Invoice(Base):\n    __tablename__ = 'invoices'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
        "    debtor: Mapped[str]\n    currency: Mapped[str]\n    net_amount: Mapped[int]\n"
        "    vat_rate: Mapped[int]\n\n\n"
        "class Refund(Base):\n    __tablename__ = 'refunds'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
        "    debtor: Mapped[str]\n    currency: Mapped[str]\n    net_amount: Mapped[int]\n    vat_rate: Mapped[int]\n"
        "    ground: Mapped[str]\n"
    )
    [finding] = findings({"tables.py": text})
    assert "mixin" in finding.advice
    assert "Inherit from" not in finding.advice


def test_classes_of_other_names_with_the_same_fields_get_a_base_and_no_replacement(findings: Find) -> None:
    text = (
        "from pydantic import BaseModel\n\n\nclass {name}(BaseModel):\n    checking_id: str\n    hosted_url: str\n"
        "    currency: str\n"
    )
    [finding] = findings({"a.py": text.format(name="StripeSession"), "b.py": text.format(name="PaypalOrder")})
    assert finding.rule == "FX201"
    assert "instead" not in finding.advice
    assert finding.action == "merge"


TWICE = """
from fastapi import APIRouter, FastAPI

router = APIRouter()


@router.get("/first")
def first():
    return 1


@router.get("/second")
def second():
    return 2


app = FastAPI()
app.include_router(router)
app.include_router(router)
"""


def test_a_router_that_is_included_twice_is_one_finding(findings: Find) -> None:
    [finding] = findings({"main.py": TWICE})
    assert finding.rule == "FX101"
    assert finding.message.startswith("2 routes of main.py are registered twice with the same handlers")


def test_a_column_validator_moves_into_a_mixin_and_is_no_annotated_type(findings: Find) -> None:
    text = (
        "from sqlalchemy.orm import validates\nfrom base import Base\n\n\nclass {name}(Base):\n"
        "    @validates('file_name')\n    def _split(self, key, value):\n"
        "        stem, _, ending = value.rpartition('.')\n"
        "        if not stem:\n            raise ValueError('a file needs a name')\n        self.stem = stem.lower()\n"
        "        self.ending = ending.lower()\n        return value\n"
    )
    [finding] = findings({"a.py": text.format(name="Save"), "b.py": text.format(name="Cover")})
    assert "AfterValidator" not in finding.advice
    assert "mixin" in finding.advice


READS = "import os\n\n{name} = os.environ['QUEUE_URL']\n"


def test_two_programs_that_read_one_variable_are_left_alone(findings: Find) -> None:
    files = {
        "sender/requirements.txt": "",
        "sender/queue.py": READS.format(name="TO"),
        "worker/requirements.txt": "",
        "worker/queue.py": READS.format(name="FROM"),
    }
    assert findings(files) == ()


def test_a_setting_that_is_read_past_its_class_in_three_places_is_one_finding(findings: Find) -> None:
    settings = (
        "from pydantic_settings import BaseSettings\n\n\nclass Settings(BaseSettings):\n    queue_url: str\n\n\n"
        "settings = Settings()\n"
    )
    files = {"settings.py": settings, **{f"part{number}.py": READS.format(name="URL") for number in range(3)}}
    [finding] = findings(files)
    assert finding.rule == "FX502"
    assert "here and in 2 more places" in finding.message
    assert "`settings` (settings.py:5)" in finding.advice


def test_an_async_test_and_its_sync_twin_are_no_cases_of_one_test(findings: Find) -> None:
    body = (
        "    store = {wait}make_store()\n    {wait}store.put('a', 1)\n    {wait}store.put('b', 2)\n"
        "    assert {wait}store.get('a') == 1\n    assert {wait}store.get('b') == 2\n"
    )
    text = "from stores import make_store\n\n\ndef test_put():\n" + body.format(wait="")
    text += "\n\nasync def test_put_async():\n" + body.format(wait="await ")
    assert findings({"test_stores.py": text}) == ()


def test_many_settings_that_are_read_past_their_class_are_one_finding(findings: Find) -> None:
    names = ("queue_url", "queue_user", "queue_password", "queue_size")
    fields = "".join(f"    {name}: str\n" for name in names)
    settings = f"from pydantic_settings import BaseSettings\n\n\nclass Settings(BaseSettings):\n{fields}"
    reads = "import os\n\n" + "".join(f"{name} = os.environ['{name.upper()}']\n" for name in names)
    [finding] = findings({"settings.py": settings, "queue.py": reads})
    assert finding.rule == "FX502"
    assert finding.message.startswith("4 variables that `Settings` (settings.py:5) defines are read")


NESTED = """
from pydantic import BaseModel


class Category(BaseModel):
    {field}: str


class Fuel(BaseModel):
    code: str
    country: str
    category: Category
"""


def test_a_field_whose_type_has_the_name_of_another_class_is_a_difference(findings: Find) -> None:
    found = findings({"one/a.py": NESTED.format(field="label"), "two/b.py": NESTED.format(field="rank")})
    [finding] = [one for one in found if "`Fuel`" in one.message]
    assert "instead" not in finding.advice
    assert "`category`" in finding.advice


def test_a_private_function_of_another_module_is_moved_and_not_imported(findings: Find) -> None:
    body = (
        "def _spelled(text, most):\n    words = text.split()\n    kept = [word for word in words if len(word) < most]\n"
        "    kept.sort(key=str.lower)\n    longest = max(kept, key=len, default='')\n    return kept, longest\n"
    )
    [finding] = findings({"a.py": body, "b.py": body})
    assert finding.action == "merge"
    assert finding.advice == "Move `_spelled` (a.py:1) into a module that both import, under a public name."


def test_a_base_from_outside_brings_no_fields_of_another_class(judging: Judging) -> None:
    """Both inherit from `BaseModel`; what the other one has from its own base is not the draft's."""
    fields = "".join(f"    switch_{number}: bool\n" for number in range(9))
    files = {
        "settings.py": f"from pydantic import BaseModel\n\n\nclass Common(BaseModel):\n{fields}\n\n"
        "class Special(Common):\n    key: str\n\n\nclass MoreSpecial(Special):\n    key: str\n    other: int\n"
    }
    answer = judging(files)(
        "from pydantic import BaseModel\n\n\nclass AccountId(BaseModel):\n    key: str\n    other: int\n"
    )
    assert answer.verdict == "new"


def test_the_environ_of_a_request_is_no_environment(findings: Find) -> None:
    text = (
        "def {name}(sid, environ):\n    address = environ.get('REMOTE_ADDR')\n"
        "    return sid, address, environ['QUERY_STRING']\n"
    )
    assert findings({"a.py": text.format(name="joined"), "b.py": text.format(name="left")}) == ()


CACHED = """
def {name}(function):
    {kind} wrapper(*args):
        key = spelled(function, args)
        if key not in KEPT:
            KEPT[key] = {wait}function(*args)
        hits.count(key)
        return KEPT[key]

    return wrapper
"""


def test_a_decorator_that_awaits_is_not_the_one_that_does_not(findings: Find) -> None:
    found = findings(
        {
            "cache.py": CACHED.format(name="kept", kind="def", wait="")
            + CACHED.format(name="kept_async", kind="async def", wait="await ")
        }
    )
    assert "instead" not in advice_of(found)
    assert "`await`" in advice_of(found) or "`async def`" in advice_of(found)


def test_code_of_others_that_was_copied_into_the_tree_is_left_alone(findings: Find) -> None:
    text = (
        "def {name}(device):\n    status = lib.ask(device)\n    check(status)\n"
        "    rows = status.rows()\n    return rows[0]\n"
    )
    assert findings({"app/_vendor/gpu.py": text.format(name="speed") + text.format(name="heat")}) == ()


def test_one_feature_is_not_told_to_import_from_another(findings: Find) -> None:
    body = (
        "def {name}(url, most):\n    rows = ask(url)\n    kept = [row for row in rows if row.size < most]\n"
        "    kept.sort(key=str)\n    longest = max(kept, key=len, default=None)\n    return kept, longest\n"
    )
    files = {f"app/{name}/bot.py": body.format(name=f"files_of_{name}") for name in ("discord", "teams")}
    [finding] = findings(files | {"app/__init__.py": ""})
    assert "instead" not in finding.advice
    assert finding.advice.endswith("into a module that both import.")


def test_a_feature_may_import_what_is_there_to_be_shared(findings: Find) -> None:
    body = (
        "def {name}(url, most):\n    rows = ask(url)\n    kept = [row for row in rows if row.size < most]\n"
        "    kept.sort(key=str)\n    longest = max(kept, key=len, default=None)\n    return kept, longest\n"
    )
    files = {
        "app/common/files.py": body.format(name="files_of"),
        "app/teams/bot.py": body.format(name="files_of_teams"),
    }
    [finding] = findings(files | {"app/__init__.py": "", "app/main.py": "from app.common.files import files_of\n"})
    assert "Call `files_of` (app/common/files.py:1) instead" in finding.advice


def test_a_short_path_below_another_router_is_not_taken(judging: Judging) -> None:
    """What a router's paths become by being included is not known of a file that was just written."""
    text = (
        "from fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n"
        "@router.get('/empty')\ndef {name}():\n    return {name}\n"
    )
    diff = "".join(
        f"--- /dev/null\n+++ b/app/{name}.py\n@@ -0,0 +1,8 @@\n"
        + "".join(f"+{line}\n" for line in text.format(name=name).splitlines())
        for name in ("tags", "kinds")
    )
    assert judging({"app/__init__.py": ""})(diff).verdict == "new"


def test_a_path_of_another_program_is_not_taken(judging: Judging) -> None:
    text = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/health')\ndef {name}():\n    return {name}\n"
    files = {"one/Dockerfile": "", "one/main.py": text.format(name="fine"), "two/Dockerfile": ""}
    assert judging(files)(text.format(name="well"), as_path="two/main.py").verdict == "new"


def test_the_name_of_a_table_in_a_migration_is_free(judging: Judging) -> None:
    table = "class ParcelRole(Base):\n    __tablename__ = 'roles'\n    rank = Column(Integer)\n"
    diff = "".join(
        f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{text.count(chr(10))} @@\n"
        + "".join(f"+{line}\n" for line in text.splitlines())
        for path, text in (("app/revisions/a1.py", f"down_revision = 'b2'\n\n\n{table}"), ("app/roles.py", table))
    )
    assert "FX304" not in [one.rule for one in judging({"app/__init__.py": ""})(diff).findings]


def test_many_variables_that_are_read_in_several_files_are_one_finding(findings: Find) -> None:
    text = "import os\n\n" + "".join(
        f"{name} = os.environ['BOT_{name}']\n" for name in ("TOKEN", "SECRET", "NAME", "ROOM")
    )
    [finding] = findings({"bot.py": text, "server.py": text})
    assert finding.rule == "FX503"
    assert finding.message.startswith("4 variables are read from the environment in several files each")


def test_a_draft_that_nobody_said_a_place_for_may_belong_to_any_program(judging: Judging) -> None:
    text = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/health')\ndef {name}():\n    return {name}\n"
    files = {"one/Dockerfile": "", "one/main.py": text.format(name="fine")}
    assert [one.rule for one in judging(files)(text.format(name="well")).findings] == ["FX101"]


def test_a_new_application_has_paths_of_its_own(judging: Judging) -> None:
    text = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/health')\ndef {name}():\n    return {name}\n"
    answer = judging({"one/main.py": text.format(name="fine")})(text.format(name="well"), as_path="two/main.py")
    assert answer.verdict == "new"
