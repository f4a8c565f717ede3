"""Which side is kept, what is made of both, and what is shown first."""

from collections.abc import Callable

from fastapi_expert.duplicates import Finding

Files = dict[str, str]
Find = Callable[[Files], tuple[Finding, ...]]

PRICE = """
def {name}(value, currency):
    digits = 0 if currency in ("JPY", "KRW") else 2
    rounded = round(value, digits)
    if rounded < 0:
        raise ValueError("a price below nothing")
    return f"{{rounded}} {{currency}}"
"""


def test_what_lies_in_a_place_to_share_from_is_kept_beside_a_feature_s_own(findings: Find) -> None:
    text = PRICE.format(name="shown_price")
    packages = {"app/__init__.py": "", "app/admin/__init__.py": "", "app/core/__init__.py": ""}
    [finding] = findings(packages | {"app/admin/prices.py": text, "app/core/prices.py": text})
    assert finding.components[0].path == "app/admin/prices.py"
    assert finding.advice == (
        "Call `shown_price` (app/core/prices.py:1) instead (`from app.core.prices import shown_price`)."
    )


def test_a_script_is_what_changes_and_not_what_is_kept(findings: Find) -> None:
    text = PRICE.format(name="shown_price")
    [finding] = findings({"bin/scripts/prices.py": text, "shop/api/orders/prices.py": text})
    assert finding.components[0].path == "bin/scripts/prices.py"


FIELDS = """
from pydantic import BaseModel


class Parcel(BaseModel):
    sender: str
    weight: float
    barcode: str
    insured_for: int
"""


def test_a_class_in_a_file_that_cannot_be_imported_is_not_the_one_to_keep(findings: Find) -> None:
    [finding] = findings({"old-parcels.py": FIELDS, "shop/__init__.py": "", "shop/parcels.py": FIELDS})
    assert finding.components[0].path == "old-parcels.py"


OPPOSITES = """
class Link:
    def attach(self, address):
        self.log.info("attached to %s", address)
        self.state = "attached"
        self.address = address
        self.tries = 0
        self.tell(self.state)
        return self

    def detach(self, address):
        self.log.info("detached from %s", address)
        self.state = "detached"
        self.address = address
        self.tries = 0
        self.tell(self.state)
        return self
"""


def test_of_two_opposites_neither_is_told_to_call_the_other(findings: Find) -> None:
    [finding] = findings({"link.py": OPPOSITES})
    assert finding.advice == (
        "Make one function of both, with what differs as its parameters, beside `Link.attach` (link.py:2)."
    )


def test_what_two_examples_have_in_common_is_no_finding(findings: Find) -> None:
    text = PRICE.format(name="shown_price")
    assert findings({"examples/first.py": text, "examples/second.py": text}) == ()
    assert findings({"first.py": text, "second.py": text})


PAIR = """
def {name}_one(rows, low, high):
    found = [row for row in rows if low <= row.{name} < high]
    found.sort(key=lambda row: row.{name}_at)
    total = sum(row.{name} for row in found)
    if not found:
        raise LookupError("{name}")
    return total / len(found)


def {name}_two(lines, least, most):
    kept = [line for line in lines if least <= line.{name} < most]
    kept.sort(key=lambda line: line.{name}_at)
    whole = sum(line.{name} for line in kept)
    if not kept:
        raise LookupError("{name}")
    return whole / len(kept)
"""


def test_many_findings_on_one_file_leave_room_for_another_file(findings: Find) -> None:
    crowded = "".join(PAIR.format(name=name) for name in ("mass", "cost", "age", "heat", "rank", "load"))
    small = "".join(
        line for line in PAIR.format(name="tide").splitlines(True) if " if not" not in line and "raise" not in line
    )
    found = findings({"crowded.py": crowded, "small.py": small})
    assert "small.py" in [one.components[0].path for one in found[:6]]
    assert len(found) == 7


HANDLER = """
def {name}(caller, paper, roles):
    if paper.is_private and caller is None:
        return Answer(False, 404)
    if caller is not None and caller.id == paper.author_id:
        return Answer(True, 200)
    wanted = [role for role in roles if role.covers(paper)]
    return Answer(bool(wanted), 200 if wanted else 403)
"""


def test_what_may_read_is_not_told_to_answer_for_what_may_update(findings: Find) -> None:
    text = HANDLER.format(name="_may_read_paper") + HANDLER.format(name="_may_update_paper")
    [finding] = findings({"rights.py": text})
    assert finding.advice == (
        "Make one function of both, under a name that says what they share, beside `_may_read_paper` (rights.py:1)."
    )
    text = HANDLER.format(name="fetch_answer") + HANDLER.format(name="get_answer")
    assert "instead" in findings({"rights.py": text})[0].advice


def test_a_script_is_not_imported_by_another_script(findings: Find) -> None:
    text = PRICE.format(name="shown_price")
    [finding] = findings({"scripts/__init__.py": "", "scripts/first.py": text, "scripts/second.py": text})
    assert finding.advice == "Move `shown_price` (scripts/first.py:1) into a module that both import."


def test_a_plugin_is_not_told_to_import_from_the_plugin_beside_it(findings: Find) -> None:
    text = PRICE.format(name="shown_price")
    packages = {"app/__init__.py": "", "app/cards/__init__.py": ""}
    [finding] = findings(packages | {"app/cards/east.py": text, "app/cards/west.py": text})
    assert finding.advice == "Move `shown_price` (app/cards/east.py:1) into a module that both import."


TWICE = """
try:
    import fast
except ImportError:

    class Till:
        pass

else:

    class Till:
        def shown(self, value, currency):
            digits = 0 if currency in self.whole else 2
            rounded = round(value, digits)
            if rounded < 0:
                raise ValueError("a price below nothing")
            return f"{rounded} {currency}"

        def told(self, value, currency):
            digits = 0 if currency in self.whole else 2
            rounded = round(value, digits)
            if rounded < 0:
                raise ValueError("a price below nothing")
            return f"{rounded} {currency}"
"""


def test_a_feature_s_own_core_module_is_not_there_for_others(findings: Find) -> None:
    text = PRICE.format(name="shown_price")
    packages = {"app/__init__.py": "", "app/crud/__init__.py": ""}
    [finding] = findings(packages | {"app/crud/core.py": text, "app/crud/settings.py": text})
    assert finding.advice == "Move `shown_price` (app/crud/core.py:1) into a module that both import."


def test_a_method_of_a_class_that_is_defined_twice_keeps_its_name(findings: Find) -> None:
    [finding] = findings({"till.py": TWICE})
    assert finding.message == "`Till.told` repeats `Till.shown` (till.py:11)"


ROUTES = """
from fastapi import FastAPI

app = FastAPI()


def limits(wanted):
    if wanted:

        @app.get("/limits/of/all")
        def slow():
            return 1

    else:

        @app.get("/limits/of/all")
        def quick():
            return 2


limits(some_setting())
"""


def test_two_branches_of_which_one_registers_a_path_are_no_fault(findings: Find) -> None:
    assert findings({"main.py": ROUTES}) == ()
    both = ROUTES.replace("    if wanted:\n", "    if True:\n").replace("    else:\n", "    if True:\n")
    assert [one.rule for one in findings({"main.py": both})] == ["FX101"]


TABLE = """
from sqlmodel import Field, SQLModel


class {name}(SQLModel, table=True):
    __tablename__ = "letter"
    id: int = Field(primary_key=True)
    {field}: str
"""


def test_two_programs_may_have_a_table_of_one_name(findings: Find) -> None:
    tables = {
        "a/models.py": TABLE.format(name="Letter", field="text"),
        "b/models.py": TABLE.format(name="Note", field="body"),
    }
    assert [one.rule for one in findings(tables)] == ["FX204"]
    assert findings(tables | {"a/requirements.txt": "sqlmodel\n", "b/requirements.txt": "sqlmodel\n"}) == ()


def test_the_environment_of_migrations_is_nobody_s_to_share(findings: Find) -> None:
    text = PRICE.format(name="run_migrations_offline")
    assert findings({"east/alembic/env.py": text, "west/alembic/env.py": text}) == ()


def test_where_a_desktop_keeps_its_files_is_no_setting(findings: Find) -> None:
    text = 'import os\n\nWHERE = os.environ.get("XDG_CACHE_HOME", "")\n'
    assert findings({"logs.py": text, "files.py": text}) == ()
    text = text.replace("XDG_CACHE_HOME", "SHOP_CACHE")
    assert [one.rule for one in findings({"logs.py": text, "files.py": text})] == ["FX503"]
