"""The job that tells who follows posts of a publication whose time has come: nobody writes then."""

from datetime import datetime

from sqlalchemy import select

from app.models import Audience, Post
from app.posts.events import log as event_log
from app.tasks.registry import Run, job


@job(event_log.ANNOUNCE)
def announce(run: Run, post_id: int, published_at: str) -> None:
    """Record that a post has become public, unless it was deleted, withdrawn or put off."""
    posts = select(Post.author_id, Post.version, Post.status, Post.published_at).where(Post.id == post_id)
    with run.finishing() as session:
        found = session.execute(posts).one_or_none()
        if found is None or found.published_at != datetime.fromisoformat(published_at):
            return
        after = event_log.audience(found.status, found.published_at)
        if after is Audience.EVERYBODY:
            event_log.record(session, post_id, found.author_id, found.version, before=Audience.AUTHOR, after=after)
