"""What a maintainer would not want to hear is left unsaid, and what is said can be done."""

from collections.abc import Callable

import pytest

from fastapi_expert.duplicates import Finding

Files = dict[str, str]
Find = Callable[[Files], tuple[Finding, ...]]

LOADED = """
async def {name}(store, key, caller, log):
    record = await store.find(key)
    if record is None:
        raise LookupError(f"nothing at {{key}}")
    log.info("{name} of %s", key)
    {first}
    {second}
    {third}
    return record
"""


def test_a_family_of_opposite_deeds_that_share_how_they_begin_is_no_finding(findings: Find) -> None:
    doings = {
        "read_boat": ("view = record.shown_to(caller)", "view.hide('price')", "await store.mark_seen(view, caller)"),
        "delete_boat": ("record.deleted = True", "record.crew.clear()", "await caller.notify_owner('sold', record)"),
        "rename_boat": (
            "old = record.name",
            "record.name = caller.choice('name')",
            "record.names.append((old, caller))",
        ),
    }
    text = "".join(LOADED.format(name=name, first=a, second=b, third=c) for name, (a, b, c) in doings.items())
    assert not findings({"boats.py": text})


BEGINS = """
def {name}(path, shop, log):
    with open(path, encoding="utf-8") as stream:
        rows = stream.read().splitlines(keepends=True)
    log.info("%d rows", len(rows))
    shop.opened = True
    {body}
    return sorted(rows)
"""
OTHER_ENDS = {
    "tide_table": "rows.sort()\n    moon = full(rows)\n    hang(moon)\n    rows.pop()\n    ring()",
    "crew_wages": "paid = till(rows)\n    lock(paid)\n    rows.clear()\n    count(paid)\n    bell()",
}


def test_loose_likenesses_are_told_of_what_is_called_after_the_same_thing_alone(findings: Find) -> None:
    apart = "".join(BEGINS.format(name=name, body=body) for name, body in OTHER_ENDS.items())
    assert not findings({"shop.py": apart})
    names = dict(zip(OTHER_ENDS, ("crew_rows", "rows_of_crew"), strict=True))
    alike = "".join(BEGINS.format(name=names[name], body=body) for name, body in OTHER_ENDS.items())
    assert [one.rule for one in findings({"shop.py": alike})] == ["FX302"]


SUMMARIES = """
def {name}(session, keys):
    if not keys:
        return {{}}
    rows = session.scalars(chosen(Person).where(Person.key.in_(keys))).all()
    session.note(len(rows), "people")
    return {{row.key: {{"key": str(row.key), "name": row.full_name}} for row in rows}}
"""


def test_agents_are_not_asked_for_where_a_function_speaks_of_users(findings: Find) -> None:
    text = "from people import Person, chosen\n" + "".join(
        SUMMARIES.format(name=f"{who}_summaries_by_key") for who in ("agent", "user")
    )
    [finding] = findings({"leads.py": text})
    assert finding.advice == (
        "Make one function of both at `agent_summaries_by_key` (leads.py:3), under a name that says what they share."
    )


ANSWER = """
from pydantic import BaseModel
{imports}

class Page({base}):
    found: int
    limit: int
    website: str


class Answer({base}):
    page: Page
    rows: list[str]
    took: float
"""


def test_a_class_with_another_base_is_never_used_instead(findings: Find) -> None:
    files = {
        "app/__init__.py": "",
        "app/answers.py": ANSWER.format(imports="", base="BaseModel"),
        "app/v3/__init__.py": "",
        "app/v3/base.py": "from pydantic import BaseModel\n\n\nclass Camel(BaseModel):\n    model_config = {}\n",
        "app/v3/answers.py": ANSWER.format(imports="from app.v3.base import Camel\n", base="Camel"),
    }
    found = [one for one in findings(files) if one.rule == "FX201"]
    assert len(found) == 2
    assert not any("instead" in one.advice for one in found)
    assert any("`Camel`" in one.advice for one in found)


def test_a_type_of_the_same_name_in_another_version_of_a_package_is_another_type(findings: Find) -> None:
    version = ANSWER.format(imports="", base="BaseModel")
    longer = version.replace("website: str", "website: str\n    license: str\n    motto: str\n    seal: bytes")
    files = {
        "api/__init__.py": "",
        "api/models/__init__.py": "",
        "api/models/answers.py": version,
        "api/v3/__init__.py": "",
        "api/v3/models/__init__.py": "",
        "api/v3/models/answers.py": longer,
        "api/main.py": "from api.models.answers import Answer\n",
    }
    [finding] = [one for one in findings(files) if one.components[0].id.endswith("::Answer") and one.rule == "FX201"]
    assert "instead" not in finding.advice
    assert "`page`" in finding.advice


STATUS = """
from pydantic import BaseModel


class StatusChange(BaseModel):
    before: str
    after: str
    changed_by: str
    reason: str
"""


def test_a_schema_of_one_feature_is_not_used_by_another_instead(findings: Find) -> None:
    [finding] = findings({"app/__init__.py": "", "app/sales.py": STATUS, "app/purchases.py": STATUS})
    assert finding.advice == (
        "Declare it once, beside `StatusChange` (app/purchases.py:4) or in a module that both can import."
    )


def test_the_class_that_nothing_imports_is_not_the_one_to_keep(findings: Find) -> None:
    files = {
        "app/__init__.py": "",
        "app/chat_loop.py": STATUS,
        "app/chat_state.py": STATUS,
        "app/main.py": "from app.chat_state import StatusChange\n",
    }
    [finding] = findings(files)
    assert finding.components[0].path == "app/chat_loop.py"


def test_an_id_and_when_it_changed_are_no_fields_to_share(findings: Find) -> None:
    fields = "    id: int\n    created_at: str\n    updated_at: str\n"
    head = "from pydantic import BaseModel\n\n\n"
    assert not findings(
        {"a.py": f"{head}class Parcel(BaseModel):\n{fields}", "b.py": f"{head}class Person(BaseModel):\n{fields}"}
    )


PERSON = ["sender: str", "picture: bytes", "sent_at: str"]


def test_two_things_that_have_a_few_words_in_common_are_no_pair(findings: Find) -> None:
    def model(name: str, fields: list[str]) -> str:
        return f"from pydantic import BaseModel\n\n\nclass {name}(BaseModel):\n    " + "\n    ".join(fields) + "\n"

    letter, ferry = ["stamp: str", "seal: str"], ["deck: int", "harbour: str"]
    assert not findings({"a.py": model("Letter", PERSON + letter), "b.py": model("Ferry", PERSON + ferry)})
    edited = findings(
        {"a.py": model("Letter", PERSON + letter), "b.py": model("Ferry", [*PERSON, letter[0], ferry[0]])}
    )
    assert [one.rule for one in edited] == ["FX202"]


QUERY = '''
async def {name}(pool, log):
    """Rows of a report."""
    async with pool.acquire() as connection:
        rows = await connection.fetch("""{query}""")
    log.info("%d rows", len(rows))
    return [dict(row) for row in rows]
'''
QUERIES = {
    "low_stock": "select item, shelf, sum(count) as left_over from stock join shelves using (shelf) group by item",
    "best_sellers": "select vendor, month, rank() over (order by income desc) from sales where year = 2020 limit 10",
    "stock_gone": "select item, shelf, sum(count) as left_over from stock join shelves using (shelf) where count = 0",
}


def test_functions_that_run_queries_with_nothing_in_common_are_no_copies(findings: Find) -> None:
    def texts(*names: str) -> str:
        return "".join(QUERY.format(name=name, query=QUERIES[name]) for name in names)

    assert not findings({"reports.py": texts("low_stock", "best_sellers")})
    assert [one.rule for one in findings({"reports.py": texts("low_stock", "stock_gone")})] == ["FX301"]


STEPS = "".join(
    f"\n\ndef step_{n}(tank, pump):\n    level = tank.read_{n}(unit='l')\n    if level > {n}:\n"
    f"        pump.stop_{n}(tank)\n    tank.note_{n}(level, by=pump.name)\n    return level\n"
    for n in range(6)
)


def test_a_file_that_several_places_have_is_one_finding(findings: Find) -> None:
    folders = ("carts", "orders", "parcels", "sales")
    files = {f"{one}/pumps.py": STEPS for one in folders} | {f"{one}/Dockerfile": "FROM x\n" for one in folders}
    [finding] = findings(files)
    assert finding.rule == "FX305"
    assert len(finding.components) == 4
    assert finding.advice.endswith("into a package that their programs install.")


def test_a_folder_that_was_copied_is_one_finding(findings: Find) -> None:
    other = STEPS.replace("step_", "turn_").replace("tank", "mill")
    files = {f"{top}health/{name}.py": text for top in ("", "old/") for name, text in (("a", STEPS), ("b", other))}
    [finding] = findings(files)
    assert finding.rule == "FX305"
    assert len(finding.components) == 4


def test_of_two_copies_of_a_file_the_one_that_nothing_imports_is_to_go(findings: Find) -> None:
    files = {"app/__init__.py": "", "app/pumps.py": STEPS, "app/engine.py": STEPS, "app/main.py": "import app.pumps\n"}
    [finding] = findings(files)
    assert finding.advice == "Delete what app/engine.py repeats, or move it into a module that both import."


TRIED = """
from {name} import fill


def test_a_tank_is_filled(tank):
    tank.open(1)
    fill(tank, 4)
    tank.close(2)
    assert tank.level == 4
    assert tank.is_shut
"""


def test_tests_of_two_programs_are_not_made_one(findings: Find) -> None:
    files = {f"{one}/tests/test_tanks.py": TRIED.format(name=one) for one in ("carts", "orders")}
    programs = {f"{one}/pyproject.toml": "[project]\n" for one in ("carts", "orders")}
    assert [one.rule for one in findings(files)] == ["FX601"]
    assert not findings(files | programs)


SETTINGS = """
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    language: str = "en"
    queue_url: str = ""


settings = Settings()
"""


@pytest.mark.parametrize(
    ("path", "variable"),
    [("app/translation.py", "LANGUAGE"), ("app/tools/look_into_queue.py", "QUEUE_URL")],
)
def test_what_gettext_asks_and_what_a_tool_looks_at_is_not_read_past_the_settings(
    findings: Find, path: str, variable: str
) -> None:
    read = f"import os\n\n\ndef ask():\n    return os.environ.get('{variable}', '')\n"
    files = {"app/__init__.py": "", "app/settings.py": SETTINGS}
    assert not findings(files | {path: read})
    assert [one.rule for one in findings(files | {"app/service.py": read.replace("LANGUAGE", "QUEUE_URL")})] == [
        "FX502"
    ]


ENTITY = """
from pydantic import BaseModel


class Entity(BaseModel):
    context: str
    labels: list[str]
    origin: str
"""
HEIR = """
from app.entity import Entity


class {name}(Entity):
    aliases: list[str]
    first_seen: str
    last_seen: str
    {own}: bytes
"""


def test_fields_that_a_base_gives_already_are_not_to_be_declared_once_more(findings: Find) -> None:
    heirs = {"Actor": "kinds", "Campaign": "aims", "Intrusion": "traces"}
    files = {f"app/{name.lower()}.py": HEIR.format(name=name, own=own) for name, own in heirs.items()}
    [finding] = findings(files | {"app/__init__.py": "", "app/entity.py": ENTITY})
    assert finding.advice.startswith("Declare aliases, first_seen and last_seen once")


TAG = """
from pydantic import BaseModel


class {name}(BaseModel):
    produces: list[str]
    replaces: list[str]
    expires_in: int
    default_for: str{more}
"""


@pytest.mark.parametrize("top", ["app", "core"])
def test_what_is_stored_does_not_inherit_from_a_request(findings: Find, top: str) -> None:
    request = TAG.format(name="NewTagRequest", more="")
    files = {
        f"{top}/__init__.py": "",
        f"{top}/schemas/tag.py": TAG.format(name="Tag", more="\n    uses: int"),
        f"{top}/web/tags.py": f"from {top}.schemas.tag import Tag\n{request}",
    }
    [finding] = findings(files)
    assert finding.advice == (
        "Take the shared fields into a base class of both, in a module that both can import "
        f"(`NewTagRequest` ({top}/web/tags.py:6))."
    )


def test_a_sibling_does_not_inherit_from_its_sibling(findings: Find) -> None:
    text = ENTITY + "".join(
        f"\n\nclass {name}(Entity):\n    parents: list[str]\n    scenario: str\n    question: str\n{own}"
        for name, own in (("Facet", ""), ("Inquiry", "    approaches: int\n"))
    )
    [finding] = findings({"dfiq.py": text})
    assert finding.advice == (
        "Take the shared fields into a base class between both and the one that they have, beside `Facet` (dfiq.py:10)."
    )


PARTED = """
from typing import Literal

from pydantic import BaseModel


class Frame(BaseModel):
    pass


class {first}({base}):
    kind: {kind}
    caption: str
    origin: str
    offset: int{more}
    width: int


class {second}({base}):
    kind: {other}
    caption: str
    origin: str
    offset: int{more}
    seconds: float
"""


@pytest.mark.parametrize(
    ("names", "base", "kinds"),
    [
        (("PictureBlock", "SoundBlock"), "BaseModel", ("list[str]", "bytes")),
        (("Picture", "Sound"), "Frame", ("list[str]", "bytes")),
        (("Picture", "Sound"), "BaseModel", ("Literal['picture']", "Literal['sound']")),
    ],
    ids=["by their names", "by a base", "by a tag"],
)
def test_two_that_their_author_has_parted_share_more_than_three_fields_when_they_are_told(
    findings: Find, names: tuple[str, str], base: str, kinds: tuple[str, str]
) -> None:
    (first, second), (kind, other) = names, kinds
    parted = PARTED.replace("{first}", first).replace("{second}", second).replace("{base}", base)
    parted = parted.replace("{kind}", kind).replace("{other}", other)
    assert not findings({"a.py": parted.replace("{more}", "")})
    assert [one.rule for one in findings({"a.py": parted.replace("{more}", "\n    digest: str\n    pages: int")})] == [
        "FX202"
    ]


SENT = """
from pydantic import BaseModel


class Kiln(BaseModel):
    glaze: str
    cone: int
    load: list[str]


class {name}(BaseModel):
    glaze: str | None = None
    cone: int | None = None
    load: list[str] | None = None
"""


def test_what_is_sent_to_change_a_thing_repeats_its_names_with_other_types(findings: Find) -> None:
    assert not findings({"a.py": SENT.format(name="Firing")})


STUBS = "\n\n".join(
    f"def stub_{n}(tank):\n    return tank.part_{n}(tank, {n}, tank.level, tank.name)" for n in range(6)
)


def test_five_stubs_make_no_copied_file_and_an_example_no_copy(findings: Find) -> None:
    assert not [one for one in findings({"a.py": STUBS, "b.py": STUBS}) if one.rule == "FX305"]
    files = {"app/pumps.py": STEPS, "old/pumps.py": STEPS, "examples/pumps.py": STEPS}
    [finding] = [one for one in findings(files) if one.rule == "FX305"]
    assert {one.path for one in finding.components} == {"app/pumps.py", "old/pumps.py"}


REFUSING = """
from fastapi import APIRouter, FastAPI, HTTPException

from app.deeds import Refused, Missing, {first}, {second}

router = APIRouter()


@router.patch("/parcels/{{key}}")
async def {first}_parcel(key: int, db: Store):
    try:
        await {first}(db=db, key=key)
    except (Refused, Missing) as refusal:
        raise HTTPException(status_code=400, detail=str(refusal))
    return Message(message="Parcel left")


@router.post("/stamps")
async def {second}_stamp(stamp: Stamp, db: Store, reader: Reader):
    try:
        await {second}(db=db, stamp=stamp.key, reader=reader.key)
    except (Refused, Missing) as refusal:
        raise HTTPException(status_code=400, detail=str(refusal))
    return Message(message="Stamp licked")


app = FastAPI()
app.include_router(router)
"""


def test_two_endpoints_that_share_how_they_refuse_are_no_likeness(findings: Find) -> None:
    assert not findings({"app/__init__.py": "", "app/main.py": REFUSING.format(first="weigh", second="lick")})


ASKED = """
from pydantic import BaseModel


class {first}(BaseModel):
    parcel: int
    verdict: str


class {second}(BaseModel):
    parcel: int
    verdict: str
"""


def test_what_is_asked_is_not_to_be_used_instead_of_what_is_answered(findings: Find) -> None:
    [finding] = findings({"a.py": ASKED.format(first="VerdictIn", second="VerdictOut")})
    assert finding.advice.startswith("Declare the fields once")
    [finding] = findings({"a.py": ASKED.format(first="VerdictBase", second="Verdict")})
    assert finding.advice.startswith("Use `")
