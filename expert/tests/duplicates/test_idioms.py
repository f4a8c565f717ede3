"""What any thing is looked up, deleted, registered and streamed with makes no two functions copies of each other."""

import textwrap
from collections.abc import Callable

import pytest

from fastapi_expert.duplicates import Finding, Proposal

Files = dict[str, str]
Find = Callable[[Files], tuple[Finding, ...]]
Judging = Callable[[Files], Callable[..., Proposal]]
HEAD = "import asyncio\nimport json\nfrom app import rooms, exports, router, Response, logger\n"

STREAM = """
@router.get("/{name}/{{{name}_id}}/stream")
async def {name}(request, {name}_id):
    {first}
    async def events():
        while True:
            if await request.is_disconnected():
                break
            state = await {asked}
            yield f"data: {{json.dumps(state)}}"
            if state["done"]:
                break
            await asyncio.sleep(1)
    return StreamingResponse(events(), media_type="text/event-stream")
"""
DELETION = """
class {owner}:
    async def {name}(self, given):
        try:
            found = await self.session.get({table}, given)
            if found is None:
                raise NotFound(f"{table} {{given}} not found")
            {own}
            await self.session.delete(found)
            await self.session.flush()
            logger.info("{table} %s deleted", given)
        except SQLAlchemyError as error:
            logger.error("{table} %s was not deleted: %s", given, error)
            await self.session.rollback()
            raise
"""
REGISTRY = """
{store}: dict[str, type] = {{}}

def {name}(name, given):
    if name in {store}:
        raise ValueError(f"{{name}} is there already")
    {store}[name] = given
    {own}
    logger.debug("registered %s", name)
    return given
"""
CLASS_REGISTRY = """
class {owner}:
    def __init__(self):
        self.items = []

    def register(self, given, *, rank=0):
        if given in self.items:
            return given
        self.items.append(given)
        self.items.sort(key=rank_of)
        {own}
        logger.debug("registered %s", given)
        return given
"""
PAIRS = {
    "streams": (
        STREAM.format(name="export", first="job = await exports.open(export_id)", asked="job.progress()"),
        STREAM.format(name="room", first="queue = rooms.subscribe(room_id)", asked="queue.next_message()"),
    ),
    "deletions": (
        DELETION.format(owner="BoatService", name="remove_berth", table="Berth", own="self.harbour.free(found.place)"),
        DELETION.format(owner="InvoiceService", name="remove_line", table="Line", own="found.invoice.subtract(found)"),
    ),
    "lookups": tuple(
        f"""
@router.get("/{{key}}")
async def get_{name}(key, auth=permitted("{name}"), db=session):
    caller, organisation = auth
    {own}
    query = select({table}).where(and_({table}.id == key, {table}.organisation == organisation))
    result = await db.execute(query)
    found = result.scalar_one_or_none()
    if not found:
        raise HTTPException(status_code=404, detail="{table} not found")
    return found
"""
        for name, table, own in (("berth", "Berth", "harbour.note(key)"), ("invoice", "Invoice", "tax = rates.today()"))
    ),
    "registries": (
        REGISTRY.format(store="_EXPORTERS", name="register_exporter", own="given.prefix = name.lower()"),
        REGISTRY.format(store="_THEMES", name="register_theme", own="compile_theme(given)"),
    ),
    "registries that are classes": (
        CLASS_REGISTRY.format(owner="HandlerRegistry", own="given.attach(self)"),
        CLASS_REGISTRY.format(owner="SensorRegistry", own="given.start_measuring()"),
    ),
}


@pytest.mark.parametrize("kind", PAIRS)
def test_what_is_about_another_thing_and_shares_an_idiom_is_new(judging: Judging, kind: str) -> None:
    first, second = PAIRS[kind]
    answer = judging({"app/first.py": HEAD + first})(HEAD + second, "app/second.py")
    assert (answer.verdict, answer.findings) == ("new", ())
    assert answer.similar[0].path == "app/first.py"  # it may be looked at all the same


@pytest.mark.parametrize("kind", PAIRS)
def test_two_that_share_an_idiom_are_no_finding(findings: Find, kind: str) -> None:
    first, second = PAIRS[kind]
    assert findings({"app/first.py": HEAD + first, "app/second.py": HEAD + second}) == ()


@pytest.mark.parametrize("kind", ["streams", "deletions", "registries"])
def test_an_edited_copy_that_is_about_the_same_thing_is_told(judging: Judging, kind: str) -> None:
    first, _ = PAIRS[kind]
    lines = first.rstrip().split("\n")
    own = next(at for at, line in enumerate(lines) if "job =" in line or "self.harbour" in line or ".prefix" in line)
    lines[own] = lines[own][: len(lines[own]) - len(lines[own].lstrip())] + "note_that(something, elsewhere)"
    answer = judging({"app/first.py": HEAD + first})(HEAD + "\n".join(lines), "app/second.py")
    assert {"FX302", "FX304"} >= {one.rule for one in answer.findings} > set()


def test_two_deletions_that_share_more_than_the_idiom_are_told(judging: Judging) -> None:
    """What is done beside looking up and logging is what could be shared."""
    own = textwrap.indent(
        "self.audit.write(kind='deletion', of=found, by=self.caller)\n"
        "for place in self.places.holding(found, at=self.clock.today()):\n"
        "    place.shrink(by=found.volume * self.scale, keep=place.least)\n"
        "self.mail.tell(found.owner, subject='gone', body=self.texts.render('gone', found))\n",
        " " * 12,
    ).strip()
    first, second = (
        DELETION.format(owner=f"{table}Service", name=f"remove_{table.lower()}", table=table, own=f"{own}\n{more}")
        for table, more in (("Berth", ""), ("Line", " " * 12 + "found.invoice.subtract(found)"))
    )
    answer = judging({"app/first.py": HEAD + first})(HEAD + second, "app/second.py")
    assert [one.rule for one in answer.findings] == ["FX302"]


CASE = """
class {name}:
    async def execute(self, command):
        caller = await self.people.active(command.caller)
        list_of = await self.lists.known(command.list)
        self.lists.ensure_access(list_of, caller)
        item = await self.items.completed(command.item)
        async with self.transactions:
            {own}
"""


def test_what_a_method_does_is_said_by_its_class(judging: Judging, findings: Find) -> None:
    """`execute` of what adds and `execute` of what deletes share how they begin."""
    own = "await self.items.{deed}({given})"
    more = "kept = Kept.of(list_of, item)\n            kept.rank(self.ranks.next_of(list_of))\n            "
    add = CASE.format(name="AddItem", own=more + own.format(deed="create", given="kept"))
    drop = CASE.format(name="{name}", own=own.format(deed="try_delete", given="list_of.id, item_id=item.id"))
    removal = drop.format(name="DeleteItem")
    judge = judging({"app/add.py": HEAD + add})
    assert judge(HEAD + removal, "app/delete.py").findings == ()
    assert judge(HEAD + drop.format(name="PutItem"), "app/put.py").verdict == "extend"
    assert findings({"app/add.py": HEAD + add, "app/delete.py": HEAD + removal}) == ()
