"""Who is signed in, from where."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette_admin.actions import ActionSelection, action, row_action
from starlette_admin.fields import BooleanField, StringField

from app.admin import service as admin_service
from app.admin.fields import TEXT, YES_OR_NO, RowLink, UTCDateTimeField
from app.admin.lists import SESSIONS, SessionRow
from app.admin.views.base import ListingView, many

END = "The program or browser that uses it is signed out at once. End it?"


def owner_of(_request: Request, row: Any) -> tuple[str, str, str]:
    """The user a row belongs to."""
    return row.username, "users", str(row.user_id)


class SessionsView(ListingView):
    key = "sessions"
    display_name = "session"
    menu_label = "Sessions"
    icon = "fa-solid fa-desktop"
    listing = SESSIONS
    sorted_by = ("created_at", "expires_at")
    filtered_by = ("username", "is_open")
    fields = (
        StringField("id", label="Id", exclude_from_list=True),
        RowLink("username", label="User", getter=owner_of, filters=TEXT),
        BooleanField("is_open", label="Open", filters=YES_OR_NO),
        StringField("ip_address", label="Address"),
        StringField("user_agent", label="Program"),
        UTCDateTimeField("created_at", label="Signed in"),
        UTCDateTimeField("last_used_at", label="Last refreshed"),
        UTCDateTimeField("expires_at", label="Ends"),
        UTCDateTimeField("revoked_at", label="Ended", exclude_from_list=True),
    )
    actions = ("end",)
    row_actions = ("view", "end")

    async def is_row_action_allowed_for_obj(self, request: Request, name: str, obj: SessionRow) -> bool:
        return name != "end" or obj.is_open

    @action("end", "End", confirmation=END, submit_btn_text="End", icon_class="fa-solid fa-right-from-bracket")
    async def end_several(self, request: Request, selection: ActionSelection) -> None:
        await self._end(request, await selection.pks())

    @row_action("end", "End", confirmation=END, submit_btn_text="End", icon_class="fa-solid fa-right-from-bracket")
    async def end_one(self, request: Request, pk: Any) -> None:
        await self._end(request, [pk])

    async def _end(self, request: Request, pks: Sequence[Any]) -> None:
        ids = self.keys(pks)
        async with self.changing(request, f"{many(len(ids), 'session')} ended.") as (session, admin):
            await admin_service.end_sessions(session, admin, ids, resources=self.resources)
