"""The same endpoints the way tutorials write them, on the service's own tables.

Four `BaseHTTPMiddleware`, a session a request, ORM objects with `selectinload`, `response_model` on everything, the
user looked up for every token. Nothing is slowed on purpose: each habit is the first answer a search engine gives.
"""

import logging
import os
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Column, ForeignKey, Table, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response

logger = logging.getLogger("naive")
SECRET = os.environ["NAIVE_SECRET"]
engine = create_async_engine(os.environ["NAIVE_DATABASE_URL"], pool_size=10, max_overflow=10)
SessionLocal = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    username: Mapped[str]
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    bio: Mapped[str | None]
    avatar: Mapped[str | None]
    role: Mapped[str]
    is_active: Mapped[bool]
    is_verified: Mapped[bool]
    created_at: Mapped[datetime]


post_tags = Table(
    "post_tags",
    Base.metadata,
    Column("post_id", ForeignKey("posts.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    title: Mapped[str]
    content: Mapped[str]
    excerpt: Mapped[str]
    slug: Mapped[str]
    status: Mapped[str]
    view_count: Mapped[int]
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    author: Mapped[User] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=post_tags)


class FromRow(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class AuthorOut(FromRow):
    id: int
    username: str
    first_name: str | None
    last_name: str | None
    avatar: str | None


class TagOut(FromRow):
    name: str


class PostSummary(FromRow):
    id: int
    title: str
    excerpt: str
    slug: str
    status: str
    tags: list[TagOut]
    view_count: int
    author: AuthorOut
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime


class PostOut(PostSummary):
    content: str


class PostPage(BaseModel):
    items: list[PostSummary]
    total: int
    page: int
    page_size: int


class UserOut(FromRow):
    id: int
    email: str
    username: str
    first_name: str | None
    last_name: str | None
    bio: str | None
    avatar: str | None
    role: str
    is_active: bool
    is_verified: bool
    created_at: datetime


CallNext = Callable[[Request], Awaitable[Response]]
app = FastAPI()


class RequestIdMiddleware(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        response.headers["X-Request-ID"] = request.headers.get("X-Request-ID", str(uuid.uuid4()))
        return response


class LoggingMiddleware(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        logger.info("%s %s %s", request.method, request.url.path, response.status_code)
        return response


class TimingMiddleware(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: CallNext) -> Response:
        started = time.perf_counter()
        response = await call_next(request)
        response.headers["X-Process-Time"] = f"{time.perf_counter() - started:.6f}"
        return response


class SecurityHeadersMiddleware(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        return response


for middleware in (SecurityHeadersMiddleware, TimingMiddleware, LoggingMiddleware, RequestIdMiddleware):
    app.add_middleware(middleware)


async def get_db() -> AsyncIterator[AsyncSession]:
    async with SessionLocal() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_db)]
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="login")


async def get_current_user(token: Annotated[str, Depends(oauth2_scheme)], db: SessionDep) -> User:
    try:
        claims: dict[str, Any] = jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.PyJWTError:
        raise HTTPException(401, "Could not validate credentials") from None
    user = await db.get(User, int(claims["sub"]))
    if user is None or not user.is_active:
        raise HTTPException(401, "Could not validate credentials")
    return user


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "healthy"}


@app.get("/auth/me", response_model=UserOut)
async def read_me(user: Annotated[User, Depends(get_current_user)]) -> User:
    return user


@app.get("/posts", response_model=PostPage)
async def list_posts(
    db: SessionDep, page: Annotated[int, Query(ge=1)] = 1, page_size: Annotated[int, Query(ge=1, le=100)] = 20
) -> dict[str, Any]:
    published = select(Post).where(Post.status == "published")
    total = await db.scalar(select(func.count()).select_from(published.subquery()))
    rows = await db.scalars(
        published.options(selectinload(Post.author), selectinload(Post.tags))
        .order_by(Post.created_at.desc())
        .offset((page - 1) * page_size)
        .limit(page_size)
    )
    return {"items": rows.all(), "total": total, "page": page, "page_size": page_size}


@app.get("/posts/{post_id}", response_model=PostOut)
async def read_post(post_id: int, db: SessionDep) -> Post:
    post = await db.scalar(
        select(Post).where(Post.id == post_id).options(selectinload(Post.author), selectinload(Post.tags))
    )
    if post is None or post.status != "published":
        raise HTTPException(404, "Post not found")
    return post
