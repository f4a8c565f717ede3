"""The tables. Importing this package registers every one of them with `Base.metadata`."""

from app.models.audit import AuditEvent
from app.models.base import Base
from app.models.idempotency import IdempotencyRecord
from app.models.one_time_token import OneTimeToken, Purpose
from app.models.outbox import JobStatus, OutboxJob
from app.models.post import Post, PostStatus
from app.models.session import Session
from app.models.tag import Tag, post_tags
from app.models.user import Role, User

__all__ = [
    "AuditEvent",
    "Base",
    "IdempotencyRecord",
    "JobStatus",
    "OneTimeToken",
    "OutboxJob",
    "Post",
    "PostStatus",
    "Purpose",
    "Role",
    "Session",
    "Tag",
    "User",
    "post_tags",
]
