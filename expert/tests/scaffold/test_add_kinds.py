"""What an addition meets in other people's projects: packages by dots alone, owners that are no users, old releases."""

import re
from pathlib import Path

import pytest
from shop import lay_down

from fastapi_expert.addition.request import Request
from fastapi_expert.codebase import load
from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.plan import Plan

ROUTES = """\
from fastapi import APIRouter, Depends
from sqlmodel import Session, select

from ..core import get_session
from ..models.coupon import Coupon
from ..models.member import Member
from ..schemas.coupon import CouponCreate, CouponRead
from .sign_in import get_member

router = APIRouter(prefix="/coupons")


@router.post("/", response_model=CouponRead)
def create_coupon(data: CouponCreate, session: Session = Depends(get_session), member: Member = Depends(get_member)):
    coupon = Coupon(**data.model_dump())
    session.add(coupon)
    session.commit()
    return coupon


@router.get("/", response_model=list[CouponRead])
def read_coupons(session: Session = Depends(get_session), member: Member = Depends(get_member)):
    return session.exec(select(Coupon)).all()
"""
SIGN_IN = """\
from fastapi import Depends, HTTPException
from fastapi.security import OAuth2PasswordBearer
from sqlmodel import Session

from ..core import get_session
from ..models.member import Member

scheme = OAuth2PasswordBearer(tokenUrl="token")


def get_member(token: str = Depends(scheme), session: Session = Depends(get_session)) -> Member:
    member = session.get(Member, 1)
    if member is None:
        raise HTTPException(401)
    return member
"""
DOTTED = {
    "pyproject.toml": '[project]\nname = "club"\nversion = "1"\nrequires-python = ">=3.9"\n',
    "club/main.py": "from .api import coupon_router\nfrom .core import app\n\napp.include_router(coupon_router)\n",
    "club/core.py": """\
from collections.abc import Iterator

from fastapi import FastAPI
from sqlmodel import Session, create_engine

app = FastAPI()
engine = create_engine("sqlite://")


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session
""",
    "club/api/__init__.py": 'from .coupon import router as coupon_router\n\n__all__ = ["coupon_router"]\n',
    "club/api/coupon.py": ROUTES,
    "club/api/sign_in.py": SIGN_IN,
    "club/models/coupon.py": """\
from sqlmodel import Field, SQLModel


class Coupon(SQLModel, table=True):
    id: int = Field(default=None, primary_key=True)
    code: str
""",
    "club/models/member.py": """\
from sqlmodel import Field, SQLModel


class Member(SQLModel, table=True):
    id: int = Field(default=None, primary_key=True)
    name: str
""",
    "club/schemas/coupon.py": """\
from pydantic import BaseModel


class CouponCreate(BaseModel):
    code: str


class CouponRead(CouponCreate):
    id: int
""",
}
OWNED = ("title:str", "note:text?", "member:ref[member]")


def plan(root: Path, files: dict[str, str], *fields: str, owner: str | None = None, auth: str = "") -> Plan:
    lay_down(root, files)
    asked = Request(resource="bookmark", fields=fields, owner=owner, auth=auth)
    return asked.plan(root, load(root))


def written(made: Plan) -> dict[str, str]:
    return {path: after for path, _, after in made.files}


def install(root: Path, *distributions: str) -> None:
    """An environment beside the project that holds these releases."""
    folder = root / ".venv/lib/python3.11/site-packages"
    folder.mkdir(parents=True)
    (root / ".venv/pyvenv.cfg").write_text("version = 3.11\n")
    for name in distributions:
        (folder / f"{name}.dist-info").mkdir()


def test_folders_that_only_leading_dots_show_to_be_packages_are_imported_as_packages(tmp_path: Path) -> None:
    made = plan(tmp_path, DOTTED, *OWNED, owner="member")
    endpoints = written(made)["club/api/bookmark.py"]
    for line in (
        "from ..core import get_session",
        "from ..models.bookmark import Bookmark",
        "from .sign_in import get_member",
    ):
        assert line in endpoints
    assert made.module == "club.api.bookmark"
    assert made.table_module == "club.models.bookmark"


def test_a_router_that_a_package_hands_on_is_handed_on_beside_it_and_served_where_it_is_included(
    tmp_path: Path,
) -> None:
    made = plan(tmp_path, DOTTED, *OWNED, owner="member")
    package = written(made)["club/api/__init__.py"]
    assert "from .bookmark import router as bookmark_router\n" in package
    assert '"bookmark_router"' in package
    assert "app.include_router(bookmark_router)" in written(made)["club/main.py"]
    assert made.apps == (("club.main", "app"),)


def test_rows_belong_to_whom_the_owner_refers_to_whatever_they_are_called(tmp_path: Path) -> None:
    made = plan(tmp_path, DOTTED, *OWNED, owner="member")
    assert "GET /bookmarks/: signed-in user, own rows" in made.routes
    assert "bookmark.member_id != member_id" in written(made)["club/api/bookmark.py"]


@pytest.mark.parametrize(
    ("fields", "owner", "auth", "why"),
    [
        (("title:str", "owner:ref[user]"), "owner", "get_member", r"ref\[user\] points to no table"),
        (
            ("title:str", "owner:ref[coupon]"),
            "owner",
            "get_member",
            "gives a row of Member, and owner refers to a coupon",
        ),
        (("title:str", "owner:str"), "owner", "", "no field 'owner' refers to a user"),
    ],
)
def test_an_owner_that_nobody_signs_in_as_is_refused_for_that_reason(
    tmp_path: Path, fields: tuple[str, ...], owner: str, auth: str, why: str
) -> None:
    with pytest.raises(ExpertError, match=why):
        plan(tmp_path, DOTTED, *fields, owner=owner, auth=auth)


def test_what_must_hold_something_is_never_cleared_when_its_owner_goes(tmp_path: Path) -> None:
    """A neighbour may say so of a column that holds nothing then; of one that must, the deletion would fail."""
    neighbour = (
        DOTTED["club/models/coupon.py"] + '    member_id: int = Field(foreign_key="member.id", ondelete="SET NULL")\n'
    )
    made = plan(tmp_path, {**DOTTED, "club/models/coupon.py": neighbour}, *OWNED, owner="member")
    assert "CASCADE" in written(made)["club/models/bookmark.py"]


def test_a_sqlmodel_whose_field_knows_no_ondelete_gets_a_whole_column(tmp_path: Path) -> None:
    install(tmp_path, "sqlmodel-0.0.19", "pydantic-2.7.1")
    table = written(plan(tmp_path, DOTTED, *OWNED, owner="member"))["club/models/bookmark.py"]
    column = 'sa_column=Column(Integer(),ForeignKey("member.id",ondelete="CASCADE"),nullable=False,index=True'
    assert column in "".join(table.split())
    assert "from sqlalchemy import Column, ForeignKey, Integer\n" in table


def test_an_environment_with_pydantic_1_is_refused_for_that_reason(tmp_path: Path) -> None:
    install(tmp_path, "sqlmodel-0.0.8", "pydantic-1.10.22")
    with pytest.raises(ExpertError, match="holds pydantic 1"):
        plan(tmp_path, DOTTED, *OWNED, owner="member")


FASTAPI_USERS = """\
from fastapi_users import FastAPIUsers

from ..models.member import Member

people = FastAPIUsers[Member, int](None, [])
get_member = people.current_user(active=True{more})
"""


def test_what_fastapi_users_makes_says_who_is_signed_in(tmp_path: Path) -> None:
    """Its source is not here, so nothing else shows that it refuses strangers."""
    made = plan(tmp_path, {**DOTTED, "club/api/sign_in.py": FASTAPI_USERS.format(more="")}, *OWNED, owner="member")
    assert "member: Member = Depends(get_member)" in written(made)["club/api/bookmark.py"]


def test_what_fastapi_users_makes_optional_does_not(tmp_path: Path) -> None:
    files = {**DOTTED, "club/api/sign_in.py": FASTAPI_USERS.format(more=", optional=True")}
    with pytest.raises(ExpertError, match="nothing that is known here says who is signed in"):
        plan(tmp_path, files, *OWNED, owner="member")


def test_what_an_endpoint_is_called_like_its_neighbours_hides_none_of_the_functions_it_calls(tmp_path: Path) -> None:
    """The neighbour's endpoint is `add_coupon`, as the service's function of a new row is."""
    routes = ROUTES.replace("def create_coupon", "def add_coupon").replace(
        "    coupon = Coupon(**data.model_dump())\n    session.add(coupon)\n    session.commit()\n    return coupon\n",
        "    return crud.make(session, data)\n",
    )
    routes = routes.replace(
        "from ..models.coupon import Coupon\n",
        "from ..models.coupon import Coupon\nfrom ..services import coupon as crud\n",
    )
    service = """\
from sqlmodel import Session

from ..models.coupon import Coupon
from ..schemas.coupon import CouponCreate


def make(session: Session, data: CouponCreate) -> Coupon:
    coupon = Coupon(**data.model_dump())
    session.add(coupon)
    session.commit()
    return coupon
"""
    files = DOTTED | {"club/api/coupon.py": routes, "club/services/coupon.py": service}
    text = written(plan(tmp_path, files, *OWNED, owner="member"))["club/api/bookmark.py"]
    assert "from ..services.bookmark import" in text
    assert text.count("def add_bookmark(") == 0
    assert "def create_bookmark(" in text


def test_the_values_of_an_f_string_in_a_key_are_imported_too(tmp_path: Path) -> None:
    model = """\
import secrets

from sqlmodel import Field, SQLModel


class Coupon(SQLModel, table=True):
    id: str = Field(default_factory=lambda: f"c-{secrets.token_hex(8)}", primary_key=True)
    code: str
"""
    made = plan(tmp_path, DOTTED | {"club/models/coupon.py": model}, *OWNED, owner="member")
    assert "import secrets\n" in written(made)["club/models/bookmark.py"]


def test_schemas_beside_their_endpoints_are_not_imported_from_themselves(tmp_path: Path) -> None:
    """Modules are imported from a folder below the root, so the file has another name than its path says."""
    schemas = DOTTED["club/schemas/coupon.py"].replace("from pydantic import BaseModel\n", "")
    routes = ROUTES.replace(
        "from ..schemas.coupon import CouponCreate, CouponRead\n", "from pydantic import BaseModel\n"
    )
    routes = routes.replace(
        'router = APIRouter(prefix="/coupons")\n', f'router = APIRouter(prefix="/coupons")\n{schemas}'
    )
    files = {name: text for name, text in DOTTED.items() if name != "club/schemas/coupon.py"}
    below = {f"backend/{name}": text for name, text in (files | {"club/api/coupon.py": routes}).items()}
    below = {
        name: text.replace("from ..", "from club.").replace("from .", "from club.api.") for name, text in below.items()
    }
    below["backend/club/main.py"] = (
        "from club.api.coupon import router as coupon_router\nfrom club.core import app\n"
        "\napp.include_router(coupon_router)\n"
    )
    del below["backend/club/api/__init__.py"]
    text = written(plan(tmp_path, below, *OWNED, owner="member"))["backend/club/api/bookmark.py"]
    assert text.count("BookmarkCreate") > 1
    assert "import BookmarkCreate" not in text.replace("\n", "")
    assert "from club.api.bookmark import" not in text


UUID_PEOPLE = """\
from fastapi_users.db import SQLAlchemyBaseUserTableUUID
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass


class Member(SQLAlchemyBaseUserTableUUID, Base):
    pass
"""


def test_the_key_and_the_name_of_a_table_of_fastapi_users_are_known(tmp_path: Path) -> None:
    files = DOTTED | {"club/models/member.py": UUID_PEOPLE, "club/api/sign_in.py": FASTAPI_USERS.format(more="")}
    table = written(plan(tmp_path, files, *OWNED, owner="member"))["club/models/bookmark.py"]
    assert 'foreign_key="user.id"' in "".join(table.split())
    assert "member_id: UUID" in table


@pytest.mark.parametrize(
    ("returned", "name"),
    [("cls.__name__", "Member"), ("cls.__name__.lower()", "member"), ('f"{cls.__name__.lower()}s"', "members")],
)
def test_a_name_that_a_base_makes_of_the_class_is_the_tables(tmp_path: Path, returned: str, name: str) -> None:
    people = f"""\
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column


class Base(DeclarativeBase):
    @declared_attr.directive
    def __tablename__(cls) -> str:
        return {returned}


class Member(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
"""
    files = DOTTED | {"club/models/member.py": people}
    assert f'"{name}.id"' in written(plan(tmp_path, files, *OWNED, owner="member"))["club/models/bookmark.py"]


def test_an_application_that_is_imported_from_another_folder_than_its_routers_is_found_in_both(tmp_path: Path) -> None:
    """Started as `src.main` from the root, it imports its own modules without that name."""
    files = {f"src/{name}": text for name, text in DOTTED.items() if name != "club/main.py"}
    files["src/main.py"] = (
        "from club.api import coupon_router\nfrom club.core import app\n\napp.include_router(coupon_router)\n"
    )
    files["run.py"] = "from src.main import app\n\n__all__ = ['app']\n"
    made = plan(tmp_path, files, *OWNED, owner="member")
    assert made.apps == (("src.main", "app"),)
    assert set(made.roots) == {"src", ""}


@pytest.mark.parametrize(
    ("key", "made"),
    [
        ("id: str = Field(primary_key=True, max_length=64)", "default_factory=lambda: uuid4().hex"),
        ("id: str = Field(primary_key=True, max_length=8)", "default_factory=lambda: uuid4().hex[:8]"),
        ("id: UUID = Field(primary_key=True)", "default_factory=uuid4"),
    ],
)
def test_a_key_that_is_given_where_rows_of_the_neighbour_are_made_is_made_by_the_class(
    tmp_path: Path, key: str, made: str
) -> None:
    """Copied as it stands it would be empty, and no row could be made."""
    model = DOTTED["club/models/coupon.py"].replace("id: int = Field(default=None, primary_key=True)", key)
    model = f"from uuid import UUID\n\n{model}"
    added = plan(tmp_path, DOTTED | {"club/models/coupon.py": model}, *OWNED, owner="member")
    table = written(added)["club/models/bookmark.py"]
    assert made in table
    assert "uuid4" in table.partition("class ")[0]
    assert any("keys are made by uuid4" in said for said in added.learned)


def test_a_key_of_a_base_that_is_given_by_who_makes_a_row_is_refused(tmp_path: Path) -> None:
    base = (
        "from sqlmodel import Field, SQLModel\n\n\nclass Keyed(SQLModel):\n    id: str = Field(primary_key=True)\n\n\n"
    )
    model = f"{base}class Coupon(Keyed, table=True):\n    code: str\n"
    with pytest.raises(ExpertError, match="comes from a base class and is given by who makes a row"):
        plan(tmp_path, DOTTED | {"club/models/coupon.py": model}, *OWNED, owner="member")


OPENED_IN_PLACE = """\
from fastapi import APIRouter, Depends
from sqlalchemy import select

from ..core import make_session
from ..models.coupon import Coupon
from ..models.member import Member
from ..schemas.coupon import CouponCreate, CouponRead
from .sign_in import get_member

router = APIRouter(prefix="/coupons")


@router.post("/", response_model=CouponRead)
def create_coupon(data: CouponCreate, member: Member = Depends(get_member)):
    with make_session() as session:
        coupon = Coupon(**data.model_dump())
        session.add(coupon)
        session.commit()
        return coupon


@router.get("/", response_model=list[CouponRead])
def read_coupons(member: Member = Depends(get_member)):
    with make_session() as session:
        return session.scalars(select(Coupon)).all()
"""
UNGIVEN = {
    **DOTTED,
    "club/core.py": """\
from fastapi import FastAPI
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

app = FastAPI()
engine = create_engine("sqlite://")
make_session = sessionmaker(engine)
""",
    "club/api/coupon.py": OPENED_IN_PLACE,
    "club/api/sign_in.py": """\
from fastapi import Depends, HTTPException
from fastapi.security import OAuth2PasswordBearer

from ..core import make_session
from ..models.member import Member

scheme = OAuth2PasswordBearer(tokenUrl="token")


def get_member(token: str = Depends(scheme)) -> Member:
    with make_session() as session:
        member = session.get(Member, 1)
    if member is None:
        raise HTTPException(401)
    return member
""",
}
OPENED = """\
def get_session() -> Iterator[Session]:
    \"\"\"A session for one request.\"\"\"
    with make_session() as session:
        yield session
"""


def test_a_session_that_every_endpoint_opens_for_itself_is_opened_by_a_dependency_of_the_new_ones(
    tmp_path: Path,
) -> None:
    made = plan(tmp_path, UNGIVEN, *OWNED, owner="member")
    endpoints = written(made)["club/api/bookmark.py"]
    assert OPENED in endpoints
    for line in ("import make_session", "from sqlalchemy.orm import Session", "from collections.abc import", "Depends"):
        assert line in endpoints
    assert "session: Session = Depends(get_session)" in endpoints
    assert any("get_session, beside the new ones, opens it as club/api/coupon.py:15" in one for one in made.learned)


@pytest.mark.parametrize(
    ("maker", "opened", "kind"),
    [
        ("async_sessionmaker(engine)", "async with make_session() as", "AsyncIterator[AsyncSession]"),
        ("sessionmaker(engine, class_=AsyncSession)", "async with make_session() as", "AsyncIterator[AsyncSession]"),
        ("", "with Session(engine) as", "Iterator[Session]"),
    ],
)
def test_a_session_is_opened_with_the_class_and_the_maker_that_the_project_has(
    tmp_path: Path, maker: str, opened: str, kind: str
) -> None:
    files = dict(UNGIVEN)
    files["club/core.py"] = files["club/core.py"].replace("sessionmaker(engine)", maker or "None")
    imported = "from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker\nfrom sqlalchemy.orm import"
    files["club/core.py"] = files["club/core.py"].replace("from sqlalchemy.orm import", imported)
    for path in ("club/api/coupon.py", "club/api/sign_in.py"):
        files[path] = files[path].replace("with make_session() as", opened)
        if not maker:
            files[path] = files[path].replace(
                "core import make_session", "core import engine\nfrom sqlalchemy.orm import Session"
            )
    endpoints = written(plan(tmp_path, files, *OWNED, owner="member"))["club/api/bookmark.py"]
    assert f"def get_session() -> {kind}:" in endpoints
    assert f"    {opened} session:\n        yield session\n" in endpoints


def test_a_generator_of_sessions_that_helpers_call_is_what_new_endpoints_depend_on(tmp_path: Path) -> None:
    core = UNGIVEN["club/core.py"].replace("import sessionmaker", "import Session, sessionmaker")
    core = "from collections.abc import Iterator\n\n" + core + "\n\n" + OPENED.replace("get_session", "session_of_all")
    made = plan(tmp_path, {**UNGIVEN, "club/core.py": core}, *OWNED, owner="member")
    endpoints = written(made)["club/api/bookmark.py"]
    assert "session: Session = Depends(session_of_all)" in endpoints
    assert "def get_session" not in endpoints


def test_a_session_that_is_opened_of_what_only_an_object_holds_is_refused(tmp_path: Path) -> None:
    files = {path: text.replace("make_session()", "self.make()") for path, text in UNGIVEN.items()}
    with pytest.raises(ExpertError, match="none is opened in a way that is known"):
        plan(tmp_path, files, *OWNED, owner="member")


def test_a_default_that_the_linter_is_told_to_let_pass_becomes_an_annotation(tmp_path: Path) -> None:
    silenced = ROUTES.replace("Depends(get_session), ", "Depends(get_session),  # noqa: B008\n    ")
    silenced = silenced.replace("Depends(get_member))", "Depends(get_member),  # noqa: B008\n)")
    files = {**DOTTED, "club/api/coupon.py": silenced}
    endpoints = written(plan(tmp_path, files, *OWNED, owner="member"))["club/api/bookmark.py"]
    assert "session: Annotated[Session, Depends(get_session)]" in endpoints
    assert "= Depends(" not in endpoints


def test_an_inclusion_that_is_commented_out_is_not_copied_and_where_to_include_the_new_one_is_said(
    tmp_path: Path,
) -> None:
    main = DOTTED["club/main.py"].replace("app.include", "# app.include")
    made = plan(tmp_path, {**DOTTED, "club/main.py": main}, *OWNED, owner="member")
    assert "club/main.py" not in written(made)
    assert any("include router of club/api/bookmark.py where that one is" in note for note in made.left)


@pytest.mark.parametrize("suffix", ["ORM", "Orm", "DB", "Db"])
def test_a_table_is_known_by_its_resource_whatever_its_class_ends_in(tmp_path: Path, suffix: str) -> None:
    files = {path: re.sub(r"\b(Coupon|Member)\b", rf"\1{suffix}", text) for path, text in DOTTED.items()}
    for name in ("coupon", "member"):
        path = f"club/models/{name}.py"
        files[path] = files[path].replace("table=True):\n", f'table=True):\n    __tablename__ = "{name}"\n')
    made = plan(tmp_path, files, *OWNED, owner="member")
    assert "class Bookmark(SQLModel, table=True)" in written(made)["club/models/bookmark.py"]
    assert 'foreign_key="member.id"' in written(made)["club/models/bookmark.py"]


ONE_MODULE = """\
from pydantic import BaseModel
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass


class Coupon(Base):
    __tablename__ = "coupons"
    id = Column(Integer, primary_key=True)
    code = Column(String, nullable=False)


class CouponCreate(BaseModel):
    code: str


class CouponRead(CouponCreate):
    id: int


from pydantic import ConfigDict


class Member(Base):
    __tablename__ = "members"
    id = Column(Integer, primary_key=True)


class MemberRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
"""


def test_what_a_file_imports_in_its_middle_is_used_below_that(tmp_path: Path) -> None:
    moved = {"club/models/coupon.py", "club/models/member.py", "club/schemas/coupon.py"}
    files = {
        path: re.sub(r"\.\.(models|schemas)\.\w+", "..models", text)
        for path, text in DOTTED.items()
        if path not in moved
    }
    text = written(plan(tmp_path, {**files, "club/models.py": ONE_MODULE}, *OWNED, owner="member"))["club/models.py"]
    assert text.count("import ConfigDict") == 1
    assert text.index("class Bookmark(Base)") > text.index("import ConfigDict")
    assert text.index("class BookmarkRead(") > text.index("import ConfigDict")


REVISION = """\
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None: ...
def downgrade() -> None: ...
"""


@pytest.mark.parametrize("style", ["id = Column(Integer, {})", "id: Mapped[int] = mapped_column({})"])
@pytest.mark.parametrize("indexed", [True, False])
def test_a_key_that_asks_for_an_index_has_one_after_the_migration(tmp_path: Path, style: str, indexed: bool) -> None:
    key = style.format("primary_key=True, index=True" if indexed else "primary_key=True")
    models = ONE_MODULE.replace("id = Column(Integer, primary_key=True)", key, 1)
    models = models.replace("import DeclarativeBase", "import DeclarativeBase, Mapped, mapped_column")
    moved = {"club/models/coupon.py", "club/models/member.py", "club/schemas/coupon.py"}
    files = {
        path: re.sub(r"\.\.(models|schemas)\.\w+", "..models", text)
        for path, text in DOTTED.items()
        if path not in moved
    }
    files |= {"club/models.py": models, "alembic/versions/1_first.py": REVISION}
    made = written(plan(tmp_path, files, *OWNED, owner="member"))
    migration = next(text for path, text in made.items() if path.startswith("alembic/versions"))
    assert ("ix_bookmarks_id" in migration) is indexed
    assert "ix_bookmarks_member_id" in migration
