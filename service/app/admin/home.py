"""The first page: how things stand."""

from typing import Any

from starlette.requests import Request
from starlette_admin.views import BaseModelView, CustomView
from starlette_admin.widgets import BaseWidget, Breakpoints, GridWidget, StatWidget

from app.admin.views.base import TableView, filtered_url
from app.http.pagination import MAX_DEPTH


class HomeView(CustomView):
    """One card for each of ``cards``: a title, the key of a view, and the filters that its count is made with."""

    cards: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("Users", "users", {}),
        ("Posts", "posts", {}),
        ("Open sessions", "sessions", {"is_open": True}),
        ("Jobs that wait", "jobs", {"status": "pending"}),
        ("Jobs given up", "jobs", {"status": "dead"}),
    )

    def __init__(self) -> None:
        super().__init__(route_name="index", widget=self._standing, add_to_menu=False)
        self.tables: dict[str, TableView] = {}

    def watch(self, view: BaseModelView) -> None:
        """Let cards count the rows of this view."""
        if isinstance(view, TableView) and view.key is not None:
            self.tables[view.key] = view

    async def _standing(self, request: Request) -> BaseWidget:
        cards = [self._card(request, title, self.tables[key], filters) for title, key, filters in self.cards]
        return GridWidget(children=cards, breakpoints=Breakpoints(default=1, sm=2, lg=3))

    def _card(self, request: Request, title: str, view: TableView, filters: dict[str, Any]) -> BaseWidget:
        async def count(request: Request) -> str:
            found = await view.how_many(request, filters)
            return f"{found:,}" if found < MAX_DEPTH else f"{MAX_DEPTH:,} or more"

        return StatWidget(title, count, link=filtered_url(request, str(view.key), **filters))
