"""What the views have in common: lists from services, changes through services, refusals in words."""

from abc import abstractmethod
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, ClassVar

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.actions import ActionSelection
from starlette_admin.exceptions import ActionFailed
from starlette_admin.fields import EnumField
from starlette_admin.filters.base import FilterGroup, FilterRule
from starlette_admin.flash import flash
from starlette_admin.types import RowActionsDisplayType
from starlette_admin.views import BaseModelView

from app.admin.lists import Listing, Wanted
from app.auth.principal import Principal
from app.http.errors import ServiceError
from app.http.pagination import MAX_DEPTH
from app.resources import Resources

LONGEST_SEARCH = 100
YES_NO = {"yes": True, "no": False}


@contextmanager
def _refusals_shown() -> Generator[None]:
    """What a service refuses, the page says in the service's words."""
    try:
        yield
    except ServiceError as refusal:
        raise ActionFailed(refusal.detail) from None


class TableView(BaseModelView):
    """A table that is looked at, and changed by the actions it offers.

    The library's own ways around the services are closed: it neither writes rows nor imports or exports them, and an
    action touches the rows that were ticked, never "all that match".
    """

    pk_attr = "id"
    exporters = ()
    importers = ()
    column_visibility = False
    page_size = 25
    page_size_options = (25, 50, 100)
    action_select_all_limit = 0
    counted_to = MAX_DEPTH
    row_actions_display_type = RowActionsDisplayType.KEBAB
    fields_default_sort = (("created_at", True),)
    sorted_by: ClassVar[tuple[str, ...]] = ("created_at",)
    filtered_by: ClassVar[tuple[str, ...]] = ()

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.sortable_fields = self.sorted_by
        self.searchable_fields = self.filtered_by  # what the library's filters are offered for
        super().__init__()

    @abstractmethod
    async def page(self, request: Request, wanted: Wanted) -> Sequence[Any]:
        """The rows of a list."""

    @abstractmethod
    async def total(self, request: Request, wanted: Wanted) -> int:
        """How many match, at most :data:`~app.http.pagination.MAX_DEPTH`."""

    async def find_all(
        self,
        request: Request,
        skip: int = 0,
        limit: int = 100,
        q: str | None = None,
        sorts: Sequence[tuple[str, str]] | None = None,
        filters: FilterGroup | None = None,
    ) -> Sequence[Any]:
        if skip + limit > MAX_DEPTH:
            raise HTTPException(400, f"Lists end at row {MAX_DEPTH:,}: search, filter, or sort the other way round.")
        name, direction = (sorts or [(self.sorted_by[0], "desc")])[0]
        wanted = self._wanted(q, filters, sort=name, descending=direction == "desc", limit=limit, offset=skip)
        return await self.page(request, wanted)

    async def count(self, request: Request, q: str | None = None, filters: FilterGroup | None = None) -> int:
        return await self.total(request, self._wanted(q, filters, sort=self.sorted_by[0]))

    async def how_many(self, request: Request, filters: dict[str, Any]) -> int:
        """How many rows there are with these values."""
        return await self.total(request, Wanted(sort=self.sorted_by[0], filters=filters))

    def _wanted(self, q: str | None, filters: FilterGroup | None, **where: Any) -> Wanted:
        search = (q or "").strip()
        if len(search) > LONGEST_SEARCH or "\x00" in search:
            raise HTTPException(400, f"Search for up to {LONGEST_SEARCH} characters.")
        return Wanted(search=search, filters=self._flat(filters or FilterGroup()), **where)

    def _flat(self, group: FilterGroup) -> dict[str, Any]:
        """The filters by field. Indexes serve each of them, and all of them together; they serve no "or"."""
        if group.logic != "and" and len(group.rules) > 1:
            raise HTTPException(400, "Filters hold all together here, not one or the other.")
        values: dict[str, Any] = {}
        for rule in group.rules:
            found = self._flat(rule) if isinstance(rule, FilterGroup) else {rule.field: self._value(rule)}
            if twice := values.keys() & found.keys():
                raise HTTPException(400, f"Filter by {', '.join(twice)} once.")
            values |= found
        return values

    def _value(self, rule: FilterRule) -> Any:
        if rule.filter in YES_NO:
            return YES_NO[rule.filter]
        field = next(field for field in self.fields if field.name == rule.field)
        known = [value for value, _label in (field.choices or ())] if isinstance(field, EnumField) else None
        if known is not None and rule.value not in known:
            raise HTTPException(400, f"{field.label} is one of {', '.join(map(str, known))}.")
        return rule.value

    async def handle_action(self, request: Request, selection: ActionSelection, name: str) -> Response | None:
        with _refusals_shown():
            return await super().handle_action(request, selection, name)

    async def handle_row_action(self, request: Request, pk: Any, name: str) -> Response | None:
        with _refusals_shown():
            return await super().handle_row_action(request, pk, name)

    @asynccontextmanager
    async def changing(self, request: Request, done: str) -> AsyncGenerator[tuple[AsyncSession, Principal]]:
        """One transaction for all that an action changes; ``done`` is said on the next page once it is committed."""
        async with self.resources.database.session() as session:
            yield session, actor(request)
        flash(request, done, "success")

    def can_create(self, request: Request) -> bool:
        return False

    def can_edit(self, request: Request) -> bool:
        return False

    def can_delete(self, request: Request) -> bool:
        return False

    def can_export(self, request: Request) -> bool:
        return False

    def can_import(self, request: Request) -> bool:
        return False

    async def create(self, request: Request, data: dict[str, Any]) -> Any:
        raise HTTPException(403, "Rows of this table are not made here.")

    async def edit(self, request: Request, pk: Any, data: dict[str, Any]) -> Any:
        raise HTTPException(403, "Rows of this table are not edited here.")

    async def delete(self, request: Request, pks: list[Any]) -> int | None:
        raise HTTPException(403, "Rows of this table are not deleted here.")


class ListingView(TableView):
    """A table that :mod:`app.admin.lists` knows."""

    listing: ClassVar[Listing[Any]]

    async def page(self, request: Request, wanted: Wanted) -> Sequence[Any]:
        return await self.listing.rows(self.resources.database.reader, wanted)

    async def total(self, request: Request, wanted: Wanted) -> int:
        return await self.listing.count(self.resources.database.reader, wanted)

    async def find_by_pk(self, request: Request, pk: Any) -> Any:
        found = await self.find_by_pks(request, [pk])
        return found[0] if found else None

    async def find_by_pks(self, request: Request, pks: list[Any]) -> Sequence[Any]:
        return await self.listing.some(self.resources.database.reader, [str(pk) for pk in pks])

    def keys(self, pks: Sequence[Any]) -> list[Any]:
        """The keys that ticked rows stand for. Raises ActionFailed for what is none."""
        try:
            return [self.listing.read_key(str(pk)) for pk in pks]
        except ValueError:
            raise ActionFailed("There is no such row.") from None


def actor(request: Request) -> Principal:
    """The administrator whose request this is."""
    principal: Principal = request.state.visit.principal
    return principal


def many(count: int, what: str, plural: str | None = None) -> str:
    """``1 user``, ``3 users``."""
    return f"{count} {what if count == 1 else plural or what + 's'}"


def filtered_url(request: Request, view: str, **filters: Any) -> str:
    """The list of a view, filtered."""
    url = request.url_for("admin:list", key=view)
    together = " AND ".join(
        f"{name}__{'yes' if value else 'no'}" if isinstance(value, bool) else f'{name}__is="{value}"'
        for name, value in filters.items()
    )
    return str(url.include_query_params(filter=together) if together else url)
