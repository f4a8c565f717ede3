"""Makes users and posts: rows straight into the database, then a login through the front door."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any

import httpx2
from argon2 import PasswordHasher
from sqlalchemy import select

from app.database.engine import Database
from app.kit.clock import utcnow
from app.models import Post, PostStatus, Role, Tag, User

PASSWORD = "Correct7!horse-battery@staple"

_numbers = count(1)  # unique within the process, whatever the database has seen


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user as a client knows them: who they are, and the tokens of one login."""

    id: int
    email: str
    username: str
    password: str
    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}


CHEAP = {"memory_kib": 64, "passes": 1}
"""Costs of a hash where its strength is not what is tested: applications of this process take these (`conftest.py`)."""


@lru_cache
def hashed(password: str) -> str:
    """A hash that an application in the process would store. One that runs by itself renews it at the first login."""
    return PasswordHasher(memory_cost=CHEAP["memory_kib"], time_cost=CHEAP["passes"], parallelism=1).hash(password)


class Accounts:
    """The people of one test."""

    def __init__(self, database: Database, client: httpx2.AsyncClient) -> None:
        self.database = database
        self.client = client

    async def user(self, **fields: Any) -> Account:
        """A user who has just logged in. `fields` are columns of User; `password` is the plain one."""
        row = await self.row(**fields)
        return await self.login(row, fields.get("password", PASSWORD))

    async def admin(self, **fields: Any) -> Account:
        return await self.user(role=Role.ADMIN, **fields)

    async def row(self, *, password: str = PASSWORD, **fields: Any) -> User:
        """A user in the database who has never logged in."""
        number = next(_numbers)
        chosen: dict[str, Any] = {
            "email": f"person{number}@example.org",
            "username": f"person{number}",
            "hashed_password": hashed(password),
            "first_name": "Ada",
            "last_name": f"Number{number}",
            "is_verified": True,
            **fields,
        }
        async with self.database.session() as session:
            user = User(**chosen)
            session.add(user)
            await session.flush()
        return user

    async def login(self, user: User, password: str = PASSWORD) -> Account:
        """One more login of `user`: a session of its own."""
        form = {"username": user.email, "password": password}
        answer = await self.client.post("/api/v1/auth/login", data=form)
        assert answer.status_code == 200, answer.text
        pair = answer.json()
        return Account(
            id=user.id,
            email=user.email,
            username=user.username,
            password=password,
            access_token=pair["access_token"],
            refresh_token=pair["refresh_token"],
        )

    async def api_token(self, owner: Account, *scopes: str, **fields: Any) -> dict[str, Any]:
        """What the service answers to a new API token of `owner`, its secret in `token`."""
        wanted = {"name": "a token", "scopes": scopes, **fields}
        answer = await self.client.post("/api/v1/auth/tokens", json=wanted, headers=owner.headers)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def post(self, author: Account | User, *, tags: list[str] | None = None, **fields: Any) -> Post:
        """A post of `author`, published unless `status` says otherwise, put there without the service noticing."""
        number = next(_numbers)
        status = fields.get("status", PostStatus.PUBLISHED)
        chosen: dict[str, Any] = {
            "title": f"Post number {number}",
            "content": f"The content of post number {number}, which is long enough to read.",
            "excerpt": f"The content of post number {number}",
            "slug": f"post-number-{number}",
            "status": status,
            "published_at": None if status == PostStatus.DRAFT else utcnow(),
            **fields,
        }
        async with self.database.session() as session:
            names = sorted(set(tags or []))
            known = {tag.name: tag for tag in await session.scalars(select(Tag).where(Tag.name.in_(names)))}
            labels = [known.get(name) or Tag(name=name) for name in names]
            post = Post(author_id=author.id, tags=labels, **chosen)
            session.add(post)
            await session.flush()
        return post
