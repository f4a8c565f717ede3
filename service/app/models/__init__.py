"""The tables. Importing this package registers every one of them with `Base.metadata`."""

from app.models.api_token import ApiToken
from app.models.audit import AuditEvent
from app.models.avatar import Avatar
from app.models.base import Base
from app.models.idempotency import IdempotencyRecord
from app.models.outbox import JobStatus, OutboxJob
from app.models.post import Post, PostStatus
from app.models.post_event import Audience, PostEvent
from app.models.post_image import PostImage
from app.models.sign_in.identity import Identity
from app.models.sign_in.one_time_token import OneTimeToken, Purpose
from app.models.sign_in.second_factor import RecoveryCode, SecondFactor
from app.models.sign_in.session import Session
from app.models.stored_image import StoredImage
from app.models.tag import Tag, TagTally, post_tags
from app.models.user import Role, User

__all__ = [
    "ApiToken",
    "Audience",
    "AuditEvent",
    "Avatar",
    "Base",
    "IdempotencyRecord",
    "Identity",
    "JobStatus",
    "OneTimeToken",
    "OutboxJob",
    "Post",
    "PostEvent",
    "PostImage",
    "PostStatus",
    "Purpose",
    "RecoveryCode",
    "Role",
    "SecondFactor",
    "Session",
    "StoredImage",
    "Tag",
    "TagTally",
    "User",
    "post_tags",
]
