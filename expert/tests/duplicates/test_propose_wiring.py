"""Drafts beside settings, tables of one base, dependencies, and routes that hide one another."""

from collections.abc import Callable

import pytest

from fastapi_expert.duplicates import Proposal

TABLES = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Dated(Base):
    __abstract__ = True
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[str]
    updated_at: Mapped[str]
    created_by: Mapped[str]

class Order(Dated):
    __tablename__ = "orders"
    total: Mapped[float]
    currency: Mapped[str]

class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    nick: Mapped[str | None]
    balance: Mapped[float]
    plan: Mapped[str]
"""
TENANT = """
async def current_tenant(tenant_id: str):
    if not tenant_id:
        raise LookupError("tenant missing")
    tenant = await lookup(tenant_id)
    if tenant is None:
        raise LookupError("no such tenant")
    return tenant
"""
API = """
from fastapi import Depends, FastAPI
from deps import current_tenant

app = FastAPI()

@app.get("/users/{user_id}")
def read_user(user_id: str, tenant=Depends(current_tenant)):
    return user_id
"""
FILES = {
    "pyproject.toml": '[tool.fastapi-expert]\nselect = ["FX", "FX5"]\n',
    "config.py": "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    smtp_host: str = ''\n",
    "database.py": "import os\n\nURL = os.getenv('DATABASE_URL', 'sqlite://')\n",
    "tables.py": TABLES,
    "deps.py": TENANT,
    "main.py": API,
}
Ask = Callable[..., Proposal]
Judging = Callable[[dict[str, str]], Ask]


@pytest.fixture
def ask(judging: Callable[[dict[str, str]], Ask]) -> Ask:
    return judging(FILES)


def rules(answer: Proposal) -> list[str]:
    return [one.rule for one in answer.findings]


@pytest.mark.parametrize(
    ("draft", "rule", "advice"),
    [
        (
            "from pydantic_settings import BaseSettings\n\nclass Mail(BaseSettings):\n    smtp_host: str = 'x'\n",
            "FX501",
            "Settings.smtp_host",
        ),
        ("import os\n\ndef send():\n    return os.environ['SMTP_HOST']\n", "FX502", "smtp_host"),
        ("import os\n\ndef connect():\n    return os.environ['DATABASE_URL']\n", "FX503", "database.py:3"),
    ],
)
def test_a_setting_that_has_a_home_should_be_taken_from_there(ask: Ask, draft: str, rule: str, advice: str) -> None:
    answer = ask(draft, "mail.py")
    assert (answer.verdict, rules(answer)) == ("extend", [rule])
    assert advice in answer.advice


@pytest.mark.parametrize(
    ("draft", "path"),
    [
        ("import os\n\nHOME, KEY = os.environ['HOME'], os.getenv('API_KEY')\n", "mail.py"),
        ("from config import Settings\n\nclass Testing(Settings):\n    smtp_host: str = 'nowhere'\n", "testing.py"),
        ("import os\n\ndef test_it():\n    assert os.environ['SMTP_HOST']\n", "tests/test_mail.py"),
        (FILES["database.py"] + "AGAIN = os.getenv('DATABASE_URL')\n", "database.py"),
    ],
)
def test_variables_without_another_home_are_new(ask: Ask, draft: str, path: str) -> None:
    assert ask(draft, path).verdict == "new"


def test_tables_that_share_a_declarative_base_are_compared_by_the_columns_of_their_own(ask: Ask) -> None:
    start = "from sqlalchemy.orm import Mapped, mapped_column\nfrom tables import Base, Dated\n\nclass "
    user = TABLES.partition("class User")[2].replace("users", "members")
    copy = ask(f"{start}Member{user}", "members.py")
    assert (copy.verdict, rules(copy)) == ("extend", ["FX201"])
    assert "keep what differs: `__tablename__`" in copy.advice
    other = ask(
        f'{start}    __tablename__ = "parcels"\n    weight: Mapped[float]\n    depot: Mapped[str]\n', "parcels.py"
    )
    assert (other.verdict, other.findings) == ("new", ())


def test_a_copy_of_a_dependency_is_called_one(ask: Ask) -> None:
    answer = ask(TENANT.replace("current_tenant", "tenant_of"), "tenants.py")
    assert (answer.verdict, rules(answer)) == ("duplicate", ["FX401"])
    assert answer.advice.startswith("Depend on `current_tenant` (deps.py:")


def test_a_route_that_an_earlier_one_of_its_file_catches(ask: Ask) -> None:
    later = ask(API + '\n@app.get("/users/me")\ndef me():\n    return 1\n', "main.py")
    assert (later.verdict, rules(later)) == ("extend", ["FX102"])
    assert "Register `/users/me` before `/users/{user_id}`" in later.advice
    at = API.index("@app.get")
    before = ask(API[:at] + '@app.get("/users/me")\ndef me():\n    return 1\n\n' + API[at:], "main.py")
    assert (before.verdict, before.findings) == ("new", ())


PROGRAM = """
from fastapi import FastAPI

app = FastAPI()


@app.post("/{own}")
def {own}(body: dict): return {{"{own}": body}}
"""
ADDED = '\n\n@app.post("/sessions/{key}/finish")\ndef finish(key: int): return finished({who}, key)\n'


def test_a_route_is_not_answered_already_by_another_application(judging: Judging) -> None:
    files = {"app/__init__.py": "", "app/server.py": PROGRAM.format(own="ships") + ADDED.replace("{who}", "docks")}
    ask = judging({**files, "app/instrument.py": PROGRAM.format(own="lenses")})
    other = PROGRAM.format(own="lenses") + ADDED.replace("{who}", "rays")
    assert ask(other, as_path="app/instrument.py").verdict == "new"
    mine = files["app/server.py"] + ADDED.replace("{who}", "gates").replace("finish(key", "end(key")
    assert [one.rule for one in ask(mine, as_path="app/server.py").findings][:1] == ["FX101"]


REFUSING = """
from fastapi import APIRouter, FastAPI, HTTPException

router = APIRouter()


@router.{verb}("/{things}/{{key}}")
def {name}(key: str, update: Update, session: Session = Depends(get_session)):
    try:
        return service.{name}(session, key, update)
    except ({errors}) as error:
        raise HTTPException(status_code=404, detail=str(error))
    except Exception as error:
        raise HTTPException(status_code=500, detail=f"Failed to do it: {{str(error)}}")
"""


def test_an_endpoint_that_refuses_as_another_does_is_new(judging: Judging) -> None:
    served = REFUSING.format(verb="put", things="kilns", name="update_kiln", errors="ValueError")
    main = f"{served}\n\napp = FastAPI()\napp.include_router(router)\n"
    draft = REFUSING.format(verb="patch", things="glazes", name="mix_glaze", errors="ValueError, Empty")
    ask = judging({"app/__init__.py": "", "app/main.py": main})
    assert ask(draft, as_path="app/glazes.py").verdict == "new"
    assert ask(draft.replace("mix_glaze", "update_kiln_later"), as_path="app/glazes.py").verdict == "extend"


def test_routers_of_one_file_whose_prefixes_are_said_elsewhere_have_paths_of_their_own(judging: Judging) -> None:
    text = """
from app.routers import mine, theirs

@mine.post("/check")
def check_rights(asked): return rights.of(asked)
"""
    more = '\n@{router}.post("/check")\ndef check_access(asked): return doors.open_to(asked)\n'
    ask = judging({"app/__init__.py": "", "app/api.py": text})
    assert ask(text + more.format(router="theirs"), "app/api.py").findings == ()
    assert ask(text + more.format(router="mine"), "app/api.py").findings
