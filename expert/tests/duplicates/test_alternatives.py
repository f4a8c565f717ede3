"""What is written alike because it is meant to be: settings of two environments, files of two resources, two deeds."""

from collections.abc import Callable

from fastapi_expert.duplicates import Finding

Files = dict[str, str]
Find = Callable[[Files], tuple[Finding, ...]]

SETTINGS = """
from pydantic_settings import BaseSettings


class Common(BaseSettings):
    shop: str = "shop"


class {first}({base}):
    level: str = "debug"
    loud: bool = True


class {second}({base}):
    level: str = "warning"
    loud: bool = False
"""


def test_settings_of_two_environments_are_not_defined_twice(findings: Find) -> None:
    text = SETTINGS.format(first="AtHome", second="AtWork", base="Common")
    assert findings({"settings.py": text}) == ()
    apart = SETTINGS.format(first="AtHome", second="AtWork", base="BaseSettings")
    assert {one.rule for one in findings({"settings.py": apart})} == {"FX501"}


MANY = """
from pydantic_settings import BaseSettings


class {name}(BaseSettings):
    region: str = "north"
    bucket: str = "papers"
    level: str = "info"
    queue: str = "letters"
    {other}: int = 1
"""


def test_two_classes_that_define_many_variables_are_one_finding(findings: Find) -> None:
    files = {"app/a.py": MANY.format(name="Home", other="rooms"), "app/b.py": MANY.format(name="Shed", other="tools")}
    found = [one for one in findings(files) if one.rule == "FX501"]
    [message] = [one.message for one in found]
    assert message.startswith("`Shed` (app/b.py:5) reads 4 variables that `Home` (app/a.py:5) defines already: REGION")


def test_programs_that_import_nothing_from_each_other_have_settings_of_their_own(findings: Find) -> None:
    files = {
        "deploy/a.py": MANY.format(name="Home", other="rooms"),
        "shop/b.py": MANY.format(name="Shed", other="tools"),
    }
    assert not [one for one in findings(files) if one.rule == "FX501"]
    files["shop/c.py"] = "from deploy.a import Home\n\nHOME = Home()\n"
    files |= {"deploy/__init__.py": "", "shop/__init__.py": ""}
    assert [one for one in findings(files) if one.rule == "FX501"]


STORE = """
class {Name}Store:
    def __init__(self, session):
        self.session = session

    def one(self, key):
        row = self.session.get({Name}, key)
        if row is None:
            raise Missing("{name}", key)
        return row

    def some(self, limit):
        rows = self.session.query({Name}).order_by({Name}.{name}_at)
        return [row for row in rows.limit(limit) if not row.gone]

    def add(self, values):
        row = {Name}(**values)
        self.session.add(row)
        self.session.flush()
        return row

    def change(self, key, values):
        row = self.one(key)
        for name, value in values.items():
            setattr(row, name, value)
        self.session.flush()
        return row

    def remove(self, key):
        row = self.one(key)
        self.session.delete(row)
        self.session.flush()
        log("{name} removed", key)
"""


def test_two_files_of_one_pattern_are_not_called_copies_to_delete(findings: Find) -> None:
    files = {
        "boats.py": STORE.format(Name="Boat", name="boat"),
        "carts.py": STORE.format(Name="Cart", name="cart"),
    }
    [finding] = [one for one in findings(files) if one.rule == "FX305"]
    assert finding.message.endswith("are the same but for names and values")
    copied = [one for one in findings({"old/boats.py": files["boats.py"]}) if one.rule == "FX305"]
    assert [one.components[1].path for one in copied if one.advice.startswith("Delete what ")] == ["old/boats.py"]


PAPER = """
def {name}(store, key, values, log):
    paper = store.find("paper", key)
    if paper is None:
        log.warning("no paper %s", key)
        raise Missing("paper", key)
    {deed}
    log.info("paper %s done", key)
    return paper
"""


def test_two_deeds_that_begin_and_end_alike_are_no_likeness(findings: Find) -> None:
    fetch = PAPER.format(
        name="{name}", deed="rows = [one for one in paper.rows if one.seen]\n    paper.rows = sorted(rows)"
    )
    drop = PAPER.format(name="{name}", deed="for row in paper.rows:\n        row.drop(values)\n    store.forget(paper)")
    files = {"a.py": fetch.format(name="fetch_paper"), "b.py": drop.format(name="remove_paper")}
    assert findings(files) == ()
    named = {"a.py": fetch.format(name="old_paper"), "b.py": drop.format(name="worn_paper")}
    assert [one.rule for one in findings(named)] == ["FX302"]


def test_settings_that_a_migration_reads_are_its_own(findings: Find) -> None:
    text = MANY.format(name="Then", other="rooms")
    files = {"app/migrations/versions/a1.py": text, "app/migrations/versions/b2.py": text}
    files["app/settings.py"] = MANY.format(name="Now", other="tools")
    assert not [one for one in findings(files) if one.rule == "FX501"]


READS = "import os\n\nREGION = os.environ['REGION']\n"


def test_a_program_that_imports_nothing_of_another_reads_its_variables_itself(findings: Find) -> None:
    files = {"api/settings.py": MANY.format(name="Now", other="tools"), "daemons/base.py": READS}
    assert findings(files) == ()
    files |= {"daemons/web.py": "from api.settings import Now\n\nNOW = Now()\n", "api/__init__.py": ""}
    assert [one.rule for one in findings(files)] == ["FX502"]


def test_an_example_beside_what_it_shows_is_no_copy(findings: Find) -> None:
    text = STORE.format(Name="Boat", name="boat")
    assert findings({"shop/boats.py": text, "examples/boats/boats.py": text}) == ()
    assert findings({"ships/boats.py": text})


CHUNK = """
from pydantic import BaseModel


class Note(BaseModel):
    text: str
    author: str
    folder: str


class {name}(BaseModel):
    text: str
    author: str
    folder: {type}
    weight: float
"""


def test_a_field_of_another_type_is_declared_again_where_one_inherits(findings: Find) -> None:
    [finding] = findings({"notes.py": CHUNK.format(name="Page", type="int")})
    assert finding.advice == "Inherit from `Note` (notes.py:4) and declare only `weight` and `folder`."
    [finding] = findings({"notes.py": CHUNK.format(name="Page", type="str")})
    assert finding.advice == "Inherit from `Note` (notes.py:4) and declare only `weight`."
