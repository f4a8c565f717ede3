"""Posts: found, read, written. What the caller may not see is not in any statement's result."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import delete, insert, select
from sqlalchemy import update as update_rows
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principal import Principal
from app.database.engine import after_commit, dialect_of, insert_ignoring_conflicts, run
from app.database.reader import Reader
from app.http.errors import Forbidden, InvalidInput, NotFound
from app.http.etag import require_match
from app.kit.clock import utcnow
from app.models import Audience, Post, PostStatus, Tag, post_tags
from app.models.tag import tag_key
from app.posts import queries
from app.posts.creation import insert_post
from app.posts.events import log as event_log
from app.posts.response_cache import ResponseCache
from app.posts.rows import PostRow
from app.posts.text import another_slug, excerpt_of, slug_of
from app.posts.visibility import Viewer, viewer_binds, viewer_of, visible
from app.records import audit
from app.resources import Resources
from app.schemas.post import PostCreate, PostUpdate

NOT_FOUND = "There is no such post, or it is not for you to see."
SLUG_TRIES = 5

_COPIED = PostUpdate.model_fields.keys() - {"excerpt", "status", "tags", "published_at"}
"""What is stored as it was sent."""
CLEARABLE = frozenset(name for name in _COPIED if Post.__table__.c[name].nullable)
"""What of it a post may be without: null takes it away, where for the others null means that it stays."""


async def read(reader: Reader, user: Principal | None, *, by: Literal["id", "slug"], key: int | str) -> PostRow:
    """One post, if ``user`` may see it. Raises NotFound."""
    statement = queries.select_one(viewer_of(user), by)
    found = await reader.first(statement, **{by: key}, **viewer_binds(user, utcnow()))
    if found is None:
        raise NotFound(NOT_FOUND)
    return found


async def create(session: AsyncSession, author: Principal, draft: PostCreate, *, resources: Resources) -> PostRow:
    """A new post of ``author``, under an address of its own."""
    now = utcnow()
    values = {
        **{name: getattr(draft, name) for name in _COPIED},
        "author_id": author.user_id,
        "excerpt": draft.excerpt or excerpt_of(draft.content),
        "status": draft.status,
        "published_at": _publication(
            draft.status, before=PostStatus.DRAFT, current=None, wanted=draft.published_at, now=now
        ),
        "view_count": 0,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    _forget_after_commit(session, resources)
    row = await _insert(session, slug_of(draft.title), values, draft.tags)
    event_log.announce_later(session, row.summary.id, row.summary.status, row.summary.published_at)
    return row


async def update(
    session: AsyncSession,
    user: Principal,
    post_id: int,
    changes: PostUpdate,
    *,
    if_match: str | None,
    resources: Resources,
) -> PostRow:
    """Change what ``changes`` names. Raises NotFound, Forbidden, PreconditionFailed, InvalidInput."""
    post = await editable(session, user, post_id, if_match=if_match)
    changed = _changed(post, changes)
    retagged = changes.tags is not None and await _retag(session, post_id, changes.tags)
    if changed or retagged:
        revision = update_rows(Post).where(Post.id == post_id)
        await session.execute(revision.values(**changed, version=Post.version + 1, updated_at=utcnow()))
        _forget_after_commit(session, resources, post)
        _audit(session, user, "post.update", post, {**changed, **({"tags": changes.tags} if retagged else {})})
    row = await _reread(session, post_id)
    if changed or retagged:
        _tell_followers(session, row, before=event_log.audience(post.status, post.published_at))
        if {"status", "published_at"} & changed.keys():
            event_log.announce_later(session, post_id, row.summary.status, row.summary.published_at)
    return row


async def remove(
    session: AsyncSession, user: Principal, post_id: int, *, if_match: str | None, resources: Resources
) -> None:
    """Delete a post. Raises NotFound, Forbidden, PreconditionFailed."""
    post = await editable(session, user, post_id, if_match=if_match)
    await session.execute(delete(Post).where(Post.id == post_id))
    _forget_after_commit(session, resources, post)
    before = event_log.audience(post.status, post.published_at)
    event_log.record(session, post.id, post.author_id, post.version, before=before, after=Audience.NOBODY)
    _audit(session, user, "post.delete", post, None)


class Editable(NamedTuple):
    """A post as it was before a change."""

    id: int
    author_id: int
    slug: str
    version: int
    title: str
    content: str
    excerpt: str
    status: PostStatus
    published_at: datetime | None


_EDITABLE = tuple(getattr(Post, name) for name in Editable._fields)


async def editable(session: AsyncSession, user: Principal, post_id: int, *, if_match: str | None) -> Editable:
    """The post, locked for a change by ``user``. Raises NotFound, and Forbidden for one that may only be read."""
    query = select(*_EDITABLE).where(Post.id == post_id, visible(viewer_of(user))).with_for_update()
    found = (await session.execute(query, viewer_binds(user, utcnow()))).one_or_none()
    if found is None:
        raise NotFound(NOT_FOUND)
    post = Editable(*found)
    if post.author_id != user.user_id and not user.is_admin:
        raise Forbidden("Only its author or an administrator may change this post.")
    require_match(if_match, post.version)
    return post


def _audit(session: AsyncSession, user: Principal, action: str, post: Editable, after: dict[str, Any] | None) -> None:
    """Changes by administrators are recorded; those by authors are not."""
    if not user.is_admin:
        return
    before = post._asdict()
    changes = audit.removal(before) if after is None else audit.differences(before, after)
    audit.record(session, user.user_id, action, f"post:{post.id}", changes)


def _changed(post: Editable, changes: PostUpdate) -> dict[str, Any]:
    """The columns that ``changes`` would give another value."""
    content = changes.content or post.content
    status = changes.status or post.status
    excerpt = changes.excerpt or post.excerpt
    if not changes.excerpt and ("excerpt" in changes.model_fields_set or post.excerpt == excerpt_of(post.content)):
        excerpt = excerpt_of(content)  # asked for, or it was made from the content before
    sent = {name: getattr(changes, name) for name in _COPIED & changes.model_fields_set}
    wanted: dict[str, Any] = {
        **{name: value for name, value in sent.items() if value is not None or name in CLEARABLE},
        "excerpt": excerpt,
        "status": status,
        "published_at": _publication(
            status, before=post.status, current=post.published_at, wanted=changes.published_at, now=utcnow()
        ),
    }
    return {name: value for name, value in wanted.items() if value != getattr(post, name)}


def _publication(
    status: PostStatus, *, before: PostStatus, current: datetime | None, wanted: datetime | None, now: datetime
) -> datetime | None:
    """When the post becomes, or became, public. Set once: a time that has come stays."""
    if current is not None and current <= now:
        if wanted not in (None, current):
            raise InvalidInput.for_field("published_at", "The time of publication has come and cannot be changed.")
        return current
    if wanted is not None:
        return wanted
    if status is PostStatus.PUBLISHED:
        return current or now
    return None if before is PostStatus.PUBLISHED else current  # a publication still to come is called off


async def _insert(session: AsyncSession, slug: str, values: dict[str, Any], tags: Sequence[str]) -> PostRow:
    """A post with its tags, and the event that tells of it, under a slug that nobody has."""
    insert_once = _insert_at_once if dialect_of(session) == "postgresql" else _insert_step_by_step
    for attempt in range(SLUG_TRIES):
        candidate = slug if attempt == 0 else another_slug(slug)
        row = await insert_once(session, {**values, "slug": candidate}, tags)
        if row is not None:
            return row
    raise AssertionError(f"{SLUG_TRIES} random slugs were taken")  # 1 in 10^36


async def _insert_at_once(session: AsyncSession, values: dict[str, Any], tags: Sequence[str]) -> PostRow | None:
    audience = event_log.audience(values["status"], values["published_at"])
    keys = [tag_key(name) for name in tags]
    rows = await run(session, insert_post(), **values, names=tags, keys=keys, audience=audience)
    if not rows:
        return None
    created = rows[0]
    if len(created.tags) < len(tags):  # somebody else has just made one of them
        await _retag(session, created.id, tags)
        return await _reread(session, created.id)
    return PostRow.of_fields({**values, **created._asdict()})


async def _insert_step_by_step(session: AsyncSession, values: dict[str, Any], tags: Sequence[str]) -> PostRow | None:
    post_id = await session.scalar(insert_ignoring_conflicts(session, Post).returning(Post.id).values(**values))
    if post_id is None:
        return None
    await _set_tags(session, post_id, tags)
    row = await _reread(session, post_id)
    _tell_followers(session, row, before=Audience.NOBODY)
    return row


async def _reread(session: AsyncSession, post_id: int) -> PostRow:
    """The post as it will be read once this transaction is committed."""
    (row,) = await run(session, queries.select_one(Viewer.ADMIN, "id"), id=post_id)
    return row


async def _retag(session: AsyncSession, post_id: int, names: Sequence[str]) -> bool:
    """Give the post these tags; whether that changed anything."""
    current = await session.scalars(
        select(Tag.key).join(post_tags).where(post_tags.c.post_id == post_id).order_by(post_tags.c.position, Tag.name)
    )
    if list(current) == [tag_key(name) for name in names]:
        return False
    await session.execute(delete(post_tags).where(post_tags.c.post_id == post_id))
    await _set_tags(session, post_id, names)
    return True


async def _set_tags(session: AsyncSession, post_id: int, names: Sequence[str]) -> None:
    if not names:
        return
    positions = {tag_key(name): position for position, name in enumerate(names)}
    spelt = {tag_key(name): name for name in names}
    known = await _tag_ids(session, positions)
    if len(known) < len(positions):
        # In one order for everyone: two writers of the same new tags wait for each other instead of locking up.
        new = [{"name": spelt[key], "key": key} for key in sorted(spelt.keys() - known.keys())]
        await session.execute(insert_ignoring_conflicts(session, Tag), new)
        known = await _tag_ids(session, positions)
    rows = [{"post_id": post_id, "tag_id": known[key], "position": positions[key]} for key in positions]
    await session.execute(insert(post_tags), rows)


async def _tag_ids(session: AsyncSession, keys: Collection[str]) -> dict[str, int]:
    found = await session.execute(select(Tag.key, Tag.id).where(Tag.key.in_(keys)))
    return {tag.key: tag.id for tag in found}


def _tell_followers(session: AsyncSession, row: PostRow, *, before: Audience) -> None:
    post = row.summary
    after = event_log.audience(post.status, post.published_at)
    event_log.record(session, post.id, post.author_id, post.version, before=before, after=after)


def _forget_after_commit(session: AsyncSession, resources: Resources, post: Editable | None = None) -> None:
    """Cached lists, and the post itself, are out of date as soon as this is committed."""
    address = None if post is None else (post.id, post.slug)

    async def forget() -> None:
        responses = resources.get(ResponseCache)
        await responses.pages.invalidate_all()
        if address is not None:
            await responses.forget_item(*address)

    after_commit(session, forget)
