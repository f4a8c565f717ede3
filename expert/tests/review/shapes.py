"""What the tests of claims share: a table on SQLite, engines, and a client that hands on what the server answers."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import NullPool


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    owner: Mapped[str] = mapped_column(default="nobody")
    is_admin: Mapped[bool] = mapped_column(default=False)
    hashed_password: Mapped[str] = mapped_column(default="$argon2id$")


def database(folder: Path) -> Engine:
    """A new SQLite file with the table in it."""
    engine = create_engine(f"sqlite:///{folder / 'claims.db'}")
    Base.metadata.create_all(engine)
    return engine


def async_database(engine: Engine) -> AsyncEngine:
    """An asyncio engine for the same file; it keeps no connection, so that any event loop may use it."""
    return create_async_engine(f"sqlite+aiosqlite:///{engine.url.database}", poolclass=NullPool)


def rows(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(Account)) or 0


def client(app: FastAPI) -> TestClient:
    """A client that answers 500 where the application raised, as a server does."""
    return TestClient(app, raise_server_exceptions=False)


def plain_session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


async def plain_async_session(maker: async_sessionmaker[AsyncSession]) -> AsyncIterator[AsyncSession]:
    async with maker() as session:
        yield session
