"""Posts: found as the API finds them, published, archived, edited, removed."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette_admin.actions import ActionSelection, action, link_row_action, row_action
from starlette_admin.fields import IntegerField, StringField

from app.admin.fields import TEXT, Badge, Hidden, LongText, RowLink, UTCDateTimeField, as_typed, choices
from app.admin.forms import checked, explained
from app.admin.lists import Wanted, row_number, user_number
from app.admin.views.base import TableView, actor, filtered_url, many
from app.http.errors import NotFound, ServiceError
from app.http.pagination import Order, PageRequest
from app.models import PostStatus
from app.posts import listing
from app.posts import service as post_service
from app.posts.listing import PostFilter
from app.posts.response_cache import ResponseCache
from app.posts.rows import PostRow, post_view
from app.schemas.post import PostSort, PostUpdate

EDITED = ("title", "content", "excerpt", "status", "tags", "published_at")


def _author(_request: Request, post: Any) -> tuple[str, str, str]:
    return post.author["username"], "users", str(post.author_id)


def _tags(_request: Request, post: Any) -> str | None:
    return ", ".join(post.tags) or None


def _sent(name: str, value: Any) -> Any:
    """An emptied field takes away what a post may be without; anything else is an empty text then, as in the API."""
    return value or (None if name in post_service.CLEARABLE else "")


class PostsView(TableView):
    key = "posts"
    display_name = "post"
    menu_label = "Posts"
    icon = "fa-solid fa-newspaper"
    sorted_by = ("id", "title", "published_at", "view_count")
    fields_default_sort = (("id", True),)  # the order in which they were written
    filtered_by = ("status", "author", "tags")
    fields = (
        IntegerField("id", label="No.", read_only=True),
        StringField("title", required=True, maxlength=200),
        RowLink("author", getter=_author, filters=TEXT, exclude_from_edit=True),
        LongText("content", rows=16, required=True, exclude_from_list=True),
        LongText("excerpt", rows=3, maxlength=500, exclude_from_list=True),
        Badge("status", choices=choices(PostStatus), filters=TEXT, required=True),
        StringField("tags", getter=_tags, filters=TEXT, help_text="Up to ten, with commas between them."),
        UTCDateTimeField(
            "published_at",
            label="Published",
            read_only=False,
            help_text="In UTC, as 2030-01-31T12:00:00Z. In the future, it schedules the publication.",
        ),
        IntegerField("view_count", label="Views", exclude_from_edit=True),
        UTCDateTimeField("created_at", label="Written", exclude_from_edit=True),
        UTCDateTimeField("updated_at", label="Changed", exclude_from_edit=True, exclude_from_list=True),
        StringField("slug", exclude_from_edit=True, exclude_from_list=True),
        Hidden("version"),
    )
    actions = ("publish", "archive", "delete")
    row_actions = ("view", "edit", "publish", "archive", "trail", "delete")

    def can_edit(self, request: Request) -> bool:
        return True

    def can_delete(self, request: Request) -> bool:
        return True

    async def page(self, request: Request, wanted: Wanted) -> Sequence[Any]:
        found = await self._list(request, wanted)
        return [SimpleNamespace(**item) for item in found["items"]]

    async def total(self, request: Request, wanted: Wanted) -> int:
        found = getattr(request.state, "posts", None) or await self._list(request, wanted)
        return found["total"]

    async def find_by_pk(self, request: Request, pk: Any) -> Any:
        try:
            row = await self._read(request, row_number(str(pk)))
        except (ValueError, NotFound):
            return None
        return SimpleNamespace(**post_view(row))

    async def find_by_pks(self, request: Request, pks: list[Any]) -> Sequence[Any]:
        found = [await self.find_by_pk(request, pk) for pk in pks]
        return [post for post in found if post is not None]

    async def repr(self, obj: Any, request: Request) -> str:
        return obj.title

    async def is_row_action_allowed_for_obj(self, request: Request, name: str, obj: Any) -> bool:
        status = {"publish": PostStatus.PUBLISHED, "archive": PostStatus.ARCHIVED}.get(name)
        return status is None or obj.status != status

    async def edit(self, request: Request, pk: Any, data: dict[str, Any]) -> Any:
        before = await self.find_by_pk(request, pk)
        if before is None:
            raise HTTPException(404)
        shown: dict[str, Any] = {
            **vars(before),
            "tags": _tags(request, before),
            "published_at": as_typed(before.published_at),
        }
        changed = {name: _sent(name, data[name]) for name in EDITED if (data[name] or "") != (shown[name] or "")}
        changes = checked(PostUpdate, changed)
        try:
            async with self.resources.database.session() as session:
                row = await post_service.update(
                    session,
                    actor(request),
                    before.id,
                    changes,
                    if_match=f'"{data["version"]}"',
                    resources=self.resources,
                )
        except ServiceError as refusal:
            raise explained(request, refusal) from None
        return SimpleNamespace(**post_view(row))

    async def delete(self, request: Request, pks: list[Any]) -> int:
        async with self.resources.database.session() as session:
            for post_id in self._ids(pks):
                await post_service.remove(session, actor(request), post_id, if_match=None, resources=self.resources)
        return len(pks)

    @action("publish", "Publish", icon_class="fa-solid fa-bullhorn")
    async def publish_posts(self, request: Request, selection: ActionSelection) -> None:
        await self._set_status(request, await selection.pks(), PostStatus.PUBLISHED)

    @action("archive", "Archive", icon_class="fa-solid fa-box-archive")
    async def archive_posts(self, request: Request, selection: ActionSelection) -> None:
        await self._set_status(request, await selection.pks(), PostStatus.ARCHIVED)

    @row_action("publish", "Publish", icon_class="fa-solid fa-bullhorn")
    async def publish_post(self, request: Request, pk: Any) -> None:
        await self._set_status(request, [pk], PostStatus.PUBLISHED)

    @row_action("archive", "Archive", icon_class="fa-solid fa-box-archive")
    async def archive_post(self, request: Request, pk: Any) -> None:
        await self._set_status(request, [pk], PostStatus.ARCHIVED)

    @link_row_action("trail", "Changes", icon_class="fa-solid fa-list-check")
    def trail_of(self, request: Request, pk: Any) -> str:
        return filtered_url(request, "trail", target=f"post:{pk}")

    async def _set_status(self, request: Request, pks: Sequence[Any], status: PostStatus) -> None:
        ids = self._ids(pks)
        async with self.changing(request, f"{many(len(ids), 'post')} {status}.") as (session, admin):
            for post_id in ids:
                await post_service.update(
                    session, admin, post_id, PostUpdate(status=status), if_match=None, resources=self.resources
                )

    async def _list(self, request: Request, wanted: Wanted) -> dict[str, Any]:
        """The page as the API makes it for an administrator; kept for the count that is asked for next."""
        filters = dict(wanted.filters)
        author = filters.get("author")
        if author is not None:
            author = await user_number(self.resources.database.reader, author)
            if author is None:
                return {"items": [], "total": 0}
        status = filters.get("status")
        found = await listing.list_page(
            self.resources.database,
            actor(request),
            PostFilter(
                sort=PostSort(wanted.sort),
                order=Order.DESC if wanted.descending else Order.ASC,
                search=wanted.search or None,
                status=PostStatus(status) if status else None,
                tag=filters.get("tags"),
                author=author,
            ),
            PageRequest(page=wanted.offset // wanted.limit + 1, page_size=wanted.limit),
            totals=self.resources.get(ResponseCache).totals,
        )
        request.state.posts = found
        return found

    async def _read(self, request: Request, post_id: int) -> PostRow:
        return await post_service.read(self.resources.database.reader, actor(request), by="id", key=post_id)

    @staticmethod
    def _ids(pks: Sequence[Any]) -> list[int]:
        try:
            return [row_number(str(pk)) for pk in pks]
        except ValueError:
            raise NotFound(post_service.NOT_FOUND) from None
