"""Personal API tokens: their owners, scopes and use. The secrets themselves are never shown."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette_admin.actions import ActionSelection, action, row_action
from starlette_admin.fields import BooleanField, StringField

from app.admin import service as admin_service
from app.admin.fields import TEXT, YES_OR_NO, RowLink, UTCDateTimeField
from app.admin.lists import TOKENS, TokenRow
from app.admin.views.base import ListingView, many
from app.admin.views.sessions import owner_of

REVOKE = "The program that uses it is refused from now on. Revoke it?"


class TokensView(ListingView):
    key = "tokens"
    display_name = "API token"
    menu_label = "API tokens"
    icon = "fa-solid fa-key"
    listing = TOKENS
    sorted_by = ("created_at", "expires_at")
    filtered_by = ("username", "is_open")
    fields = (
        StringField("id", label="Id", exclude_from_list=True),
        RowLink("username", label="User", getter=owner_of, filters=TEXT),
        StringField("name"),
        StringField("prefix", label="Begins with"),
        StringField("scopes"),
        BooleanField("is_open", label="Good", filters=YES_OR_NO),
        UTCDateTimeField("created_at", label="Made"),
        UTCDateTimeField("last_used_at", label="Last used"),
        UTCDateTimeField("expires_at", label="Ends"),
        UTCDateTimeField("revoked_at", label="Revoked", exclude_from_list=True),
    )
    actions = ("revoke",)
    row_actions = ("view", "revoke")

    async def is_row_action_allowed_for_obj(self, request: Request, name: str, obj: TokenRow) -> bool:
        return name != "revoke" or obj.is_open

    @action("revoke", "Revoke", confirmation=REVOKE, submit_btn_text="Revoke", icon_class="fa-solid fa-ban")
    async def revoke_several(self, request: Request, selection: ActionSelection) -> None:
        await self._revoke(request, await selection.pks())

    @row_action("revoke", "Revoke", confirmation=REVOKE, submit_btn_text="Revoke", icon_class="fa-solid fa-ban")
    async def revoke_one(self, request: Request, pk: Any) -> None:
        await self._revoke(request, [pk])

    async def _revoke(self, request: Request, pks: Sequence[Any]) -> None:
        ids = self.keys(pks)
        async with self.changing(request, f"{many(len(ids), 'API token')} revoked.") as (session, admin):
            await admin_service.revoke_tokens(session, admin, ids, resources=self.resources)
