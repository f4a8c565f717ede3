"""Who is signed in, as other people's endpoints know it: a row, a schema, a part of a token, or a key alone."""

from pathlib import Path

import pytest
from shop import lay_down

from fastapi_expert.addition.request import Request
from fastapi_expert.codebase import load
from fastapi_expert.errors import ExpertError

ROUTES = """\
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import select
from sqlalchemy.orm import Session

from club.core import get_session
from club.models import Coupon
from club.schemas import Claims, CouponCreate, CouponRead, MemberRead
from club.sign_in import get_current_user

router = APIRouter(prefix="/coupons")


@router.post("/", response_model=CouponRead)
def create_coupon(data: CouponCreate, session: Session = Depends(get_session), {asks}):
    coupon = Coupon(code=data.code, {owned})
    session.add(coupon)
    session.commit()
    return coupon


@router.get("/", response_model=list[CouponRead])
def read_coupons(session: Session = Depends(get_session), {asks}):
    return session.scalars(select(Coupon)).all()
"""
SIGN_IN = """\
from fastapi import Depends, HTTPException
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy.orm import Session

from club.core import get_session
from club.models import {people}

scheme = OAuth2PasswordBearer(tokenUrl="token")


def decoded(token: str) -> dict:
    if token != "right":
        raise HTTPException(401)
    return {{"sub": "1"}}


def found(session: Session, number: int):
    return session.query({people}).filter({people}.id == number).first()


def get_current_user(token: str = Depends(scheme), session: Session = Depends(get_session)){returns}:
    claims = decoded(token)
{body}
"""
PROJECT = {
    "pyproject.toml": '[project]\nname = "club"\nversion = "1"\nrequires-python = ">=3.10"\n',
    "club/__init__.py": "",
    "club/main.py": "from fastapi import FastAPI\n\nfrom club.routes import router\n\napp = FastAPI()\n"
    "app.include_router(router)\n",
    "club/core.py": """\
from collections.abc import Iterator

from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Session

engine = create_engine("sqlite://")


class Base(DeclarativeBase):
    pass


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session
""",
    "club/models.py": """\
{imports}
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from club.core import Base


class {people}(Base):
    __tablename__ = "people"

    id: Mapped[{key}] = mapped_column(primary_key=True)


class Coupon(Base):
    __tablename__ = "coupons"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    member_id: Mapped[{key}] = mapped_column(ForeignKey("people.id"))
""",
    "club/schemas.py": """\
from pydantic import BaseModel


class CouponCreate(BaseModel):
    code: str


class CouponRead(CouponCreate):
    id: int


class Claims(BaseModel):
    user_id: int


class MemberRead(BaseModel):
    nickname: str
""",
}


def endpoints(root: Path, *, asks: str, owned: str, body: str, returns: str = "", **more: str) -> str:
    """What is written for a resource whose rows belong to who is signed in."""
    words = {"people": more.get("people", "User"), "key": more.get("key", "int")}
    words["imports"] = "from uuid import UUID\n" if words["key"] == "UUID" else ""
    files = PROJECT | {"club/models.py": PROJECT["club/models.py"].format(**words)}
    files["club/routes.py"] = ROUTES.format(asks=asks, owned=owned)
    files["club/sign_in.py"] = SIGN_IN.format(returns=returns, body=f"    {body}", **words)
    lay_down(root, files)
    asked = Request(
        resource="bookmark", fields=("title:str", "owner:ref[user]"), owner="owner", auth=more.get("auth", "")
    )
    made = asked.plan(root, load(root))
    return next(after for path, _, after in made.files if path == "club/routes.py")


@pytest.mark.parametrize(
    ("asks", "part", "key", "expected"),
    [
        ("user: dict = Depends(get_current_user)", 'user["sub"]', "int", 'int(user["sub"])'),
        ("user: dict = Depends(get_current_user)", 'user.get("sub")', "UUID", 'UUID(str(user.get("sub")))'),
        ("me: Annotated[dict, Depends(get_current_user)]", 'me["sub"]', "int", 'int(me["sub"])'),
        ("number: int = Depends(get_current_user)", "number", "int", "number"),
        ("current_user_id: str = Depends(get_current_user)", "1", "int", "int(current_user_id)"),
        ("claims: Claims = Depends(get_current_user)", "claims.user_id", "int", "claims.user_id"),
    ],
)
def test_rows_are_owned_by_the_part_of_who_is_signed_in_that_neighbours_own_theirs_by(
    tmp_path: Path, asks: str, part: str, key: str, expected: str
) -> None:
    text = endpoints(tmp_path, asks=asks, owned=f"member_id={part}", body="return claims", key=key)
    assert f"owner_id={expected}" in text
    assert asks in text


def test_a_parameter_without_a_type_is_a_row_where_its_dependency_looks_one_up(tmp_path: Path) -> None:
    body = 'user = found(session, int(claims["sub"]))\n    if user is None:\n        return None\n    return user'
    text = endpoints(tmp_path, asks="user=Depends(get_current_user)", owned="member_id=1", body=body)
    assert "user: User = Depends(get_current_user)" in text
    assert "owner_id=user.id" in text
    assert "from club.models import Bookmark, Coupon, User" in text


def test_a_claim_called_as_the_key_of_people_is_that_key(tmp_path: Path) -> None:
    asks = "claims: Claims = Depends(get_current_user)"
    text = endpoints(tmp_path, asks=asks, owned="member_id=1", body="return claims")
    assert "owner_id=claims.user_id" in text


@pytest.mark.parametrize(
    "asks", ["user: dict = Depends(get_current_user)", "m: MemberRead = Depends(get_current_user)"]
)
def test_what_says_nothing_of_the_key_of_people_is_not_taken_for_who_is_signed_in(tmp_path: Path, asks: str) -> None:
    with pytest.raises(ExpertError, match="nothing that is known here says who is signed in"):
        endpoints(tmp_path, asks=asks, owned="member_id=1", body="return claims")


def test_a_dependency_named_by_hand_that_gives_a_dictionary_of_unknown_keys_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExpertError, match="gives a dict, and no endpoint shows"):
        endpoints(tmp_path, asks="x: int = 1", owned="member_id=1", body="return claims", returns=" -> dict",
                  auth="get_current_user")  # fmt: skip


@pytest.mark.parametrize("people", ["Users", "UserModel", "AppUser", "Account"])
def test_people_are_found_by_the_usual_names_of_their_table(tmp_path: Path, people: str) -> None:
    body = 'return found(session, int(claims["sub"]))'
    text = endpoints(tmp_path, asks="user=Depends(get_current_user)", owned="member_id=1", body=body, people=people)
    assert f"user: {people} = Depends(get_current_user)" in text
