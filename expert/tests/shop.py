"""A small shop that every face is tried on, and the `expert` command."""

import io
import os
import subprocess
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from fastapi_expert.__main__ import run

# What an agent sends: a function that the shop has under another name, and one that it has not.
DUPLICATE = '''
def register_member(database, form):
    """Open an account."""
    present = database.scalars(select(User).where(User.email == form.email)).first()
    if present is not None:
        raise ValueError("somebody has this address")
    member = User(email=form.email.lower(), password=get_password_hash(form.password))
    database.add(member)
    database.commit()
    database.refresh(member)
    return member
'''
NEW = '''
def moon_phase(day: int) -> float:
    """How much of the moon is lit, from 0 to 1."""
    age = (day - 6) % 29.53
    angle = 2 * 3.141592 * age / 29.53
    lit = (1 - cos(angle)) / 2
    return round(lit, 3)
'''

SHOP = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\ndependencies = ["fastapi>=0.115"]\n',
    "app/__init__.py": "",
    "app/main.py": """
from fastapi import FastAPI

from app.api import invoices, users

app = FastAPI(title="Shop")
app.include_router(users.router, prefix="/api")
app.include_router(invoices.router, prefix="/api")
""",
    "app/api/__init__.py": "",
    "app/api/users.py": '''
from typing import Annotated

from fastapi import APIRouter, Depends, status

from app.core.security import current_user
from app.db import Session, get_session
from app.models import User
from app.schemas import UserCreate, UserRead
from app.services import accounts

router = APIRouter(prefix="/users", tags=["users"])


@router.post("", response_model=UserRead, status_code=status.HTTP_201_CREATED)
def create_user(data: UserCreate, session: Annotated[Session, Depends(get_session)]):
    """Register somebody who is new here."""
    return accounts.create_user(session, data)


@router.get("/{user_id}", response_model=UserRead)
def read_user(user_id: int, session: Annotated[Session, Depends(get_session)]):
    return accounts.user_by_id(session, user_id)


@router.get("/me", response_model=UserRead)
def read_me(user: Annotated[User, Depends(current_user)]):
    return user
''',
    "app/api/invoices.py": '''
from typing import Annotated

from fastapi import APIRouter, Depends

from app.core.security import current_user
from app.db import Session, get_session
from app.models import User
from app.schemas import InvoiceRead
from app.services import billing

router = APIRouter(prefix="/invoices", tags=["billing"], dependencies=[Depends(current_user)])


@router.get("", response_model=list[InvoiceRead])
def list_invoices(user: Annotated[User, Depends(current_user)], session: Annotated[Session, Depends(get_session)]):
    """What a customer still has to pay, the oldest first."""
    return billing.open_invoices(session, user)


@router.delete("/{invoice_id}", status_code=204)
def cancel_invoice(invoice_id: int, session: Annotated[Session, Depends(get_session)]) -> None:
    billing.cancel(session, invoice_id)
''',
    "app/core/__init__.py": "",
    "app/core/security.py": '''
import hashlib
import os
from typing import Annotated

from fastapi import Depends, HTTPException
from fastapi.security import OAuth2PasswordBearer

from app.db import Session, get_session
from app.models import User

oauth2 = OAuth2PasswordBearer(tokenUrl="/api/token")


def get_password_hash(plain: str, salt: bytes | None = None) -> str:
    """Turn a secret into something that may be stored."""
    salt = salt or os.urandom(16)
    digest = hashlib.scrypt(plain.encode(), salt=salt, n=2**14, r=8, p=1)
    return f"{salt.hex()}${digest.hex()}"


def current_user(token: Annotated[str, Depends(oauth2)], session: Annotated[Session, Depends(get_session)]) -> User:
    """Whoever sent the bearer token."""
    user = session.get(User, int(token))
    if user is None:
        raise HTTPException(401, "who are you?")
    return user
''',
    "app/db.py": '''
from collections.abc import Iterator

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

engine = create_engine("sqlite://")


def get_session() -> Iterator[Session]:
    """One session a request."""
    with Session(engine) as session:
        yield session
''',
    "app/models.py": '''
from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    """Somebody with an account."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    password: Mapped[str]


class Invoice(Base):
    __tablename__ = "invoices"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    amount: Mapped[int]
    paid_at: Mapped[datetime | None]
''',
    "app/schemas.py": '''
from datetime import datetime

from pydantic import BaseModel


class UserCreate(BaseModel):
    email: str
    password: str


class UserRead(BaseModel):
    id: int
    email: str


class InvoiceRead(BaseModel):
    """An invoice as the customer sees it."""

    id: int
    amount: int
    currency: str
    paid_at: datetime | None
''',
    "app/services/__init__.py": "",
    "app/services/accounts.py": '''
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.security import get_password_hash
from app.models import User
from app.schemas import UserCreate


def create_user(session: Session, data: UserCreate) -> User:
    """Store a new account; an address that is taken is refused."""
    taken = session.scalars(select(User).where(User.email == data.email)).first()
    if taken is not None:
        raise ValueError("this address has an account")
    user = User(email=data.email.lower(), password=get_password_hash(data.password))
    session.add(user)
    session.commit()
    session.refresh(user)
    return user


def user_by_id(session: Session, user_id: int) -> User | None:
    return session.get(User, user_id)
''',
    "app/services/billing.py": '''
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.security import get_password_hash
from app.models import Invoice, User
from app.schemas import UserCreate


def open_invoices(session: Session, user: User) -> list[Invoice]:
    """Invoices of a customer that nobody has paid."""
    query = select(Invoice).where(Invoice.user_id == user.id, Invoice.paid_at.is_(None))
    return list(session.scalars(query.order_by(Invoice.id)))


def cancel(session: Session, invoice_id: int) -> None:
    invoice = session.get(Invoice, invoice_id)
    if invoice is not None:
        session.delete(invoice)
        session.commit()


def register_customer(db: Session, payload: UserCreate) -> User:
    """Make an account for somebody who pays."""
    existing = db.scalars(select(User).where(User.email == payload.email)).first()
    if existing is not None:
        raise ValueError("there is a customer with this address")
    customer = User(email=payload.email.lower(), password=get_password_hash(payload.password))
    db.add(customer)
    db.commit()
    db.refresh(customer)
    return customer
''',
    "tests/test_users.py": """
from fastapi.testclient import TestClient

from app.main import app

client = TestClient(app)


def test_somebody_new_gets_an_account():
    answer = client.post("/api/users", json={"email": "a@example.org", "password": "x"})
    assert answer.status_code == 201
""",
}


@dataclass(frozen=True)
class Done:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


Expert = Callable[..., Done]


def run_expert(*arguments: str, cwd: Path, text: str | bytes = b"", env: dict[str, str] | None = None) -> Done:
    """`expert ARGUMENTS` with nothing on a terminal, in this process: starting one costs more than most answers."""
    out, err = io.StringIO(), io.StringIO()
    given = io.TextIOWrapper(io.BytesIO(text.encode() if isinstance(text, str) else text))
    clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    with (
        patch.dict(os.environ, {**clean, **(env or {})}, clear=True),
        patch("sys.stdin", given),
        chdir(cwd),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = run(arguments)
    return Done(code, out.getvalue(), err.getvalue())


def lay_down(root: Path, files: dict[str, str]) -> Path:
    """Write ``files`` below ``root``."""
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.lstrip("\n"), encoding="utf-8")
    return root


def billing_repository(root: Path, files: dict[str, str]) -> Path:
    """A git repository of a small project with these files."""
    lay_down(root, {"pyproject.toml": '[project]\nname = "billing"\nversion = "0"\n', **files})
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    return root
