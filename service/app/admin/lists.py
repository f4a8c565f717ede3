"""Tables as administrators look at them: searched, filtered, sorted along an index, counted up to a bound.

Posts have statements of their own (post_listing); users, sessions, jobs and the trail are plain enough for one form.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from app.auth.profiles import PROFILE_COLUMNS, Profile
from app.database.query import CompiledQuery, like_pattern
from app.database.reader import Reader
from app.http.pagination import MAX_DEPTH
from app.kit.clock import utcnow
from app.kit.ids import MAX_ID
from app.models import ApiToken, AuditEvent, JobStatus, OutboxJob, Session, User

T = TypeVar("T")
Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows: ``filters`` by the names of :attr:`Listing.filters`, all of which must hold."""

    sort: str
    descending: bool = True
    search: str = ""
    filters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    limit: int = 25
    offset: int = 0


@dataclass(frozen=True, kw_only=True)
class Listing(Generic[T]):
    """A table: its rows, and how they may be searched, filtered and sorted."""

    row: Callable[..., T]
    statement: Select[*tuple[Any, ...]]
    key: ColumnElement[Any]
    read_key: Callable[[str], Any]
    """Makes a key of its text; ValueError when it cannot be one."""
    sorts: Mapping[str, ColumnElement[Any]]
    search: Callable[[str], Condition]
    filters: Mapping[str, Callable[[Any], Condition]]

    async def rows(self, reader: Reader, wanted: Wanted) -> list[T]:
        column = self.sorts[wanted.sort]
        order = (column, self.key)
        statement = self._matching(wanted).order_by(*(each.desc() if wanted.descending else each for each in order))
        return await reader.all(CompiledQuery(self.row, statement.limit(wanted.limit).offset(wanted.offset)))

    async def count(self, reader: Reader, wanted: Wanted) -> int:
        """How many match, at most :data:`~app.http.pagination.MAX_DEPTH`."""
        bounded = self._matching(wanted).with_only_columns(self.key).limit(MAX_DEPTH).subquery()
        return await reader.first(CompiledQuery(int, select(func.count()).select_from(bounded))) or 0

    async def some(self, reader: Reader, keys: Sequence[str]) -> list[T]:
        """The rows with these keys, as far as there are any."""
        try:
            values = [self.read_key(key) for key in keys]
        except ValueError:
            return []
        if not values:
            return []
        return await reader.all(
            CompiledQuery(self.row, self.statement.where(or_(*(self.key == value for value in values))))
        )

    def _matching(self, wanted: Wanted) -> Select[*tuple[Any, ...]]:
        conditions = [self.filters[name](value) for name, value in wanted.filters.items()]
        if wanted.search:
            conditions.append(self.search(wanted.search))
        return self.statement.where(*conditions)


class SessionRow(NamedTuple):
    id: UUID
    user_id: int
    username: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    ip_address: str | None
    user_agent: str | None

    @property
    def is_open(self) -> bool:
        return self.revoked_at is None and self.expires_at > utcnow()


class TokenRow(NamedTuple):
    id: UUID
    user_id: int
    username: str
    name: str
    prefix: str
    scopes: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.revoked_at is None and self.expires_at > utcnow()


class JobRow(NamedTuple):
    id: UUID
    name: str
    status: JobStatus
    attempts: int
    created_at: datetime
    run_at: datetime
    finished_at: datetime | None
    last_error: str | None
    request_id: str | None
    payload: dict[str, Any]


class AuditRow(NamedTuple):
    id: UUID
    created_at: datetime
    actor_id: int | None
    actor_name: str | None
    action: str
    target: str
    detail: dict[str, Any] | None
    request_id: str | None


def row_number(text: str) -> int:
    """A row's number. Raises ValueError for text that cannot be one."""
    number = int(text) if text.isascii() and text.isdecimal() else 0
    if not 0 < number <= MAX_ID:
        raise ValueError(f"no row has the number {text}")
    return number


async def user_number(reader: Reader, text: str) -> int | None:
    """The id of the user with this number or username."""
    return await reader.first(CompiledQuery(int, select(User.id).where(is_user(text))))


def part_of(*columns: Any) -> Callable[[str], Condition]:
    """A search: what was typed is in one of the columns."""

    def search(text: str) -> Condition:
        pattern = like_pattern(text)
        return or_(*(column.ilike(pattern, escape="\\") for column in columns))

    return search


def _equals(column: Any) -> Callable[[Any], Condition]:
    def equal(value: Any) -> Condition:
        return column == value

    return equal


def _is_open(table: type[Session] | type[ApiToken]) -> Callable[[bool], Condition]:
    def is_open(wanted: bool) -> Condition:
        live = and_(table.revoked_at.is_(None), table.expires_at > utcnow())
        return live if wanted else ~live

    return is_open


def is_user(value: str) -> Condition:
    """By number or by username."""
    try:
        return User.id == row_number(value)
    except ValueError:
        return func.lower(User.username) == value.lower()


def _is_actor(value: str) -> Condition:
    try:
        return AuditEvent.actor_id == row_number(value)
    except ValueError:
        return is_user(value)


USERS = Listing(
    row=Profile,
    statement=select(*PROFILE_COLUMNS),
    key=User.__table__.c.id,
    read_key=row_number,
    sorts={
        "id": User.__table__.c.id,
        "username": func.lower(User.username),
        "email": User.__table__.c.email,
        "created_at": User.__table__.c.created_at,
    },
    search=part_of(User.username, User.first_name, User.last_name, User.email),
    filters={
        "role": _equals(User.role),
        "is_active": _equals(User.is_active),
        "is_verified": _equals(User.is_verified),
    },
)

# Their ids are made of the time (UUID 7): the primary key is the order in which they were made.
SESSIONS = Listing(
    row=SessionRow,
    statement=select(
        Session.id,
        Session.user_id,
        User.username,
        Session.created_at,
        Session.last_used_at,
        Session.expires_at,
        Session.revoked_at,
        Session.ip_address,
        Session.user_agent,
    ).join(User, User.id == Session.user_id),
    key=Session.__table__.c.id,
    read_key=UUID,
    sorts={"created_at": Session.__table__.c.id, "expires_at": Session.__table__.c.expires_at},
    search=part_of(User.username, Session.ip_address, Session.user_agent),
    filters={"username": is_user, "is_open": _is_open(Session)},
)

TOKENS = Listing(
    row=TokenRow,
    statement=select(
        ApiToken.id,
        ApiToken.user_id,
        User.username,
        ApiToken.name,
        ApiToken.prefix,
        ApiToken.scopes,
        ApiToken.created_at,
        ApiToken.expires_at,
        ApiToken.last_used_at,
        ApiToken.revoked_at,
    ).join(User, User.id == ApiToken.user_id),
    key=ApiToken.__table__.c.id,
    read_key=UUID,
    sorts={"created_at": ApiToken.__table__.c.id, "expires_at": ApiToken.__table__.c.expires_at},
    search=part_of(User.username, ApiToken.name, ApiToken.prefix),
    filters={"username": is_user, "is_open": _is_open(ApiToken)},
)

JOBS = Listing(
    row=JobRow,
    statement=select(*(getattr(OutboxJob, name) for name in JobRow._fields)),
    key=OutboxJob.__table__.c.id,
    read_key=UUID,
    sorts={"created_at": OutboxJob.__table__.c.created_at, "run_at": OutboxJob.__table__.c.run_at},
    search=part_of(OutboxJob.name, OutboxJob.request_id, OutboxJob.last_error),
    filters={"status": _equals(OutboxJob.status), "name": _equals(OutboxJob.name)},
)

TRAIL = Listing(
    row=AuditRow,
    statement=select(
        AuditEvent.id,
        AuditEvent.created_at,
        AuditEvent.actor_id,
        User.username,
        AuditEvent.action,
        AuditEvent.target,
        AuditEvent.detail,
        AuditEvent.request_id,
    ).outerjoin(User, User.id == AuditEvent.actor_id),
    key=AuditEvent.__table__.c.id,
    read_key=UUID,
    sorts={"created_at": AuditEvent.__table__.c.id},
    search=part_of(AuditEvent.action, AuditEvent.target, AuditEvent.request_id),
    filters={"actor": _is_actor, "action": _equals(AuditEvent.action), "target": _equals(AuditEvent.target)},
)
