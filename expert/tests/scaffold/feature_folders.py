"""A project of folders by feature, small but running: models, schemas, service and router beside each other."""

FEATURE_FOLDERS = {
    "pyproject.toml": '[project]\nname = "journal"\nversion = "1"\n\n[tool.pytest.ini_options]\npythonpath = ["."]\n',
    "app/__init__.py": "",
    "app/database.py": """\
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

engine = create_async_engine("sqlite+aiosqlite:///journal.db")
make_session = async_sessionmaker(engine, expire_on_commit=False)


@event.listens_for(engine.sync_engine, "connect")
def enforce_references(connection, _record):
    connection.execute("PRAGMA foreign_keys = ON")


class Base(DeclarativeBase):
    pass


async def get_session() -> AsyncIterator[AsyncSession]:
    async with make_session() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]
""",
    "app/users/__init__.py": "",
    "app/users/models.py": """\
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
""",
    "app/users/dependencies.py": """\
from typing import Annotated

from fastapi import Depends, Header, HTTPException
from sqlalchemy import select

from app.database import Session
from app.users.models import User


async def current_user(session: Session, authorization: Annotated[str | None, Header()] = None) -> User:
    found = (await session.scalars(select(User).where(User.name == authorization))).first()
    if found is None:
        raise HTTPException(status_code=401, detail="Who are you?")
    return found


CurrentUser = Annotated[User, Depends(current_user)]
""",
    "app/articles/__init__.py": "",
    "app/articles/models.py": """\
from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, String, func
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base


class Article(Base):
    __tablename__ = "articles"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
""",
    "app/articles/schemas.py": """\
from datetime import datetime

from pydantic import BaseModel, ConfigDict


class ArticleIn(BaseModel):
    title: str


class ArticleOut(ArticleIn):
    model_config = ConfigDict(from_attributes=True)

    id: int
    created_at: datetime
""",
    "app/articles/service.py": """\
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.articles.models import Article
from app.articles.schemas import ArticleIn
from app.users.models import User


async def write(session: AsyncSession, author: User, draft: ArticleIn) -> Article:
    article = Article(title=draft.title.strip(), author_id=author.id)
    session.add(article)
    await session.commit()
    await session.refresh(article)
    return article


async def newest(session: AsyncSession) -> Sequence[Article]:
    return (await session.scalars(select(Article).order_by(Article.id.desc()).limit(20))).all()
""",
    "app/articles/router.py": """\
from collections.abc import Sequence

from fastapi import APIRouter, HTTPException

from app.articles import service
from app.articles.models import Article
from app.articles.schemas import ArticleIn, ArticleOut
from app.database import Session
from app.users.dependencies import CurrentUser

router = APIRouter(prefix="/articles", tags=["articles"])


@router.get("", response_model=list[ArticleOut])
async def list_articles(session: Session) -> Sequence[Article]:
    return await service.newest(session)


@router.post("", response_model=ArticleOut, status_code=201)
async def write_article(draft: ArticleIn, session: Session, user: CurrentUser) -> Article:
    return await service.write(session, user, draft)


@router.get("/{article_id}", response_model=ArticleOut)
async def read_article(article_id: int, session: Session) -> Article:
    article = await session.get(Article, article_id)
    if article is None:
        raise HTTPException(status_code=404)
    return article
""",
    "app/main.py": """\
from fastapi import FastAPI

from app.articles.router import router as articles_router


def create_app() -> FastAPI:
    app = FastAPI()
    app.include_router(articles_router, prefix="/api")
    return app


app = create_app()
""",
    "alembic.ini": "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n",
    "migrations/env.py": """\
import asyncio

from alembic import context

import app.articles.models  # noqa: F401
import app.users.models  # noqa: F401
from app.database import Base, engine


def migrate(connection):
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


async def run():
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.commit()


asyncio.run(run())
""",
    "migrations/versions/8f2a61c0d9e4_tables.py": '''\
"""Tables."""

import sqlalchemy as sa
from alembic import op

revision = "8f2a61c0d9e4"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(50), nullable=False, unique=True),
    )
    op.create_table(
        "articles",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("author_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    op.execute("INSERT INTO users (name) VALUES ('ada'), ('bob')")


def downgrade() -> None:
    op.drop_table("articles")
    op.drop_table("users")
''',
    "tests/conftest.py": """\
import pytest
from fastapi.testclient import TestClient

from app.main import app


@pytest.fixture
def client():
    with TestClient(app) as client:
        yield client


@pytest.fixture
def headers():
    return {"Authorization": "ada"}
""",
    "tests/articles/test_articles.py": """\
from fastapi.testclient import TestClient


def test_an_article_is_written(client: TestClient, headers: dict[str, str]):
    assert client.post("/api/articles", json={"title": "One"}, headers=headers).status_code == 201
""",
}
