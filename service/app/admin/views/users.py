"""People: found, edited, let in and kept out."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette_admin.actions import ActionSelection, action, link_row_action, row_action
from starlette_admin.fields import BooleanField, IntegerField, StringField

from app.admin import service as admin_service
from app.admin.fields import TEXT, YES_OR_NO, Badge, Hidden, LongText, UTCDateTimeField, choices
from app.admin.forms import checked, explained
from app.admin.lists import USERS
from app.admin.views.base import ListingView, actor, filtered_url, many
from app.auth.profiles import Profile
from app.http.errors import ServiceError
from app.models import Role
from app.schemas.user import AccessChanges, ProfileChanges
from app.users import service as user_service

PROFILE = ("username", "first_name", "last_name", "bio", "avatar")
ACCESS = ("role", "is_active")
REMOVAL = "Their posts go with them, and nothing brings them back."


class UsersView(ListingView):
    key = "users"
    display_name = "user"
    menu_label = "Users"
    icon = "fa-solid fa-users"
    listing = USERS
    sorted_by = ("created_at", "id", "username", "email")
    filtered_by = ("role", "is_active", "is_verified")
    fields = (
        IntegerField("id", label="No.", read_only=True),
        StringField("username", required=True, maxlength=50),
        StringField("email", label="E-mail", read_only=True),
        StringField("first_name", maxlength=50, exclude_from_list=True),
        StringField("last_name", maxlength=50, exclude_from_list=True),
        LongText("bio", maxlength=500, exclude_from_list=True),
        StringField("avatar", input_type="url", maxlength=2048, exclude_from_list=True),
        Badge("role", choices=choices(Role), filters=TEXT, required=True),
        BooleanField("is_active", label="Active", filters=YES_OR_NO, help_text="Off signs them out at once."),
        BooleanField("is_verified", label="Verified", filters=YES_OR_NO, read_only=True, exclude_from_edit=True),
        UTCDateTimeField("last_login_at", label="Last login", exclude_from_edit=True),
        UTCDateTimeField("created_at", label="Joined", exclude_from_edit=True),
        UTCDateTimeField("updated_at", label="Changed", exclude_from_edit=True, exclude_from_list=True),
        Hidden("version"),
    )
    actions = ("activate", "deactivate", "end_sessions", "delete")
    row_actions = (
        "view",
        "edit",
        "activate",
        "deactivate",
        "sessions",
        "posts",
        "trail",
        "end_sessions",
        "reset_second_factor",
        "delete",
    )

    def can_edit(self, request: Request) -> bool:
        return True

    def can_delete(self, request: Request) -> bool:
        return True

    async def repr(self, obj: Profile, request: Request) -> str:
        return obj.username

    async def is_row_action_allowed_for_obj(self, request: Request, name: str, obj: Profile) -> bool:
        return {"activate": not obj.is_active, "deactivate": obj.is_active}.get(name, True)

    async def edit(self, request: Request, pk: Any, data: dict[str, Any]) -> Profile:
        before: Profile | None = await self.find_by_pk(request, pk)
        if before is None:
            raise HTTPException(404)
        profile = _changes(ProfileChanges, before, {name: data[name] for name in PROFILE})
        access = _changes(AccessChanges, before, {name: data[name] for name in ACCESS})
        admin, resources = actor(request), self.resources
        if_match = f'"{data["version"]}"'
        try:
            async with resources.database.session() as session:
                # Access first: it locks the administrators, which has to come before any other lock.
                if access:
                    await user_service.set_access(
                        session, before.id, access, admin=admin, if_match=if_match, resources=resources
                    )
                return await user_service.update_profile(
                    session,
                    before.id,
                    profile,
                    editor=admin,
                    if_match=None if access else if_match,
                    resources=resources,
                )
        except ServiceError as refusal:
            raise explained(request, refusal) from None

    async def delete(self, request: Request, pks: list[Any]) -> int:
        async with self.resources.database.session() as session:
            for user_id in self.keys(pks):
                await user_service.delete_user(
                    session, user_id, admin=actor(request), if_match=None, resources=self.resources
                )
        return len(pks)

    @action("activate", "Activate", icon_class="fa-solid fa-user-check")
    async def activate_users(self, request: Request, selection: ActionSelection) -> None:
        await self._set_active(request, await selection.pks(), is_active=True)

    @action(
        "deactivate",
        "Deactivate",
        confirmation="They are signed out everywhere, at once, and cannot sign in. Deactivate them?",
        submit_btn_text="Deactivate",
        icon_class="fa-solid fa-user-slash",
    )
    async def deactivate_users(self, request: Request, selection: ActionSelection) -> None:
        await self._set_active(request, await selection.pks(), is_active=False)

    @action(
        "end_sessions",
        "Sign out everywhere",
        confirmation="End every session of theirs?",
        submit_btn_text="Sign out",
        icon_class="fa-solid fa-right-from-bracket",
    )
    async def end_users_sessions(self, request: Request, selection: ActionSelection) -> None:
        await self._end_sessions(request, await selection.pks())

    @action(
        "delete",
        "Delete",
        confirmation=f"Delete them? {REMOVAL}",
        submit_btn_text="Delete",
        submit_btn_class="action.modal_confirm_button_delete",
        icon_class="fa-solid fa-trash",
    )
    async def delete_action(self, request: Request, selection: ActionSelection) -> None:
        await super().delete_action(request, selection)

    @row_action("activate", "Activate", icon_class="fa-solid fa-user-check")
    async def activate_user(self, request: Request, pk: Any) -> None:
        await self._set_active(request, [pk], is_active=True)

    @row_action(
        "deactivate",
        "Deactivate",
        confirmation="They are signed out everywhere, at once, and cannot sign in. Deactivate this user?",
        submit_btn_text="Deactivate",
        icon_class="fa-solid fa-user-slash",
    )
    async def deactivate_user(self, request: Request, pk: Any) -> None:
        await self._set_active(request, [pk], is_active=False)

    @row_action(
        "end_sessions",
        "Sign out everywhere",
        confirmation="End every session of this user?",
        submit_btn_text="Sign out",
        icon_class="fa-solid fa-right-from-bracket",
    )
    async def end_user_sessions(self, request: Request, pk: Any) -> None:
        await self._end_sessions(request, [pk])

    @row_action(
        "reset_second_factor",
        "Reset second factor",
        confirmation="Make sure that it is really them who ask. They are signed out everywhere, and from then on their "
        "password alone signs in. Reset it?",
        submit_btn_text="Reset",
        icon_class="fa-solid fa-mobile-screen",
        exclude_from_list=True,
    )
    async def reset_second_factor(self, request: Request, pk: Any) -> None:
        [user_id] = self.keys([pk])
        async with self.changing(request, "The second factor is off.") as (session, admin):
            await admin_service.reset_second_factor(session, admin, user_id, resources=self.resources)

    @row_action(
        "delete",
        "Delete",
        confirmation=f"Delete this user? {REMOVAL}",
        submit_btn_text="Delete",
        submit_btn_class="action.modal_confirm_button_delete",
        action_btn_class="action.row_item_delete",
        icon_class="fa-solid fa-trash",
    )
    async def row_action_3_delete(self, request: Request, pk: Any) -> None:
        await super().row_action_3_delete(request, pk)

    @link_row_action("sessions", "Sessions", icon_class="fa-solid fa-desktop")
    def sessions_of(self, request: Request, pk: Any) -> str:
        return filtered_url(request, "sessions", username=pk)

    @link_row_action("posts", "Posts", icon_class="fa-solid fa-newspaper")
    def posts_of(self, request: Request, pk: Any) -> str:
        return filtered_url(request, "posts", author=pk)

    @link_row_action("trail", "Changes", icon_class="fa-solid fa-list-check")
    def trail_of(self, request: Request, pk: Any) -> str:
        return filtered_url(request, "trail", target=f"user:{pk}")

    async def _set_active(self, request: Request, pks: Sequence[Any], *, is_active: bool) -> None:
        ids = self.keys(pks)
        done = f"{many(len(ids), 'user')} {'activated' if is_active else 'deactivated'}."
        async with self.changing(request, done) as (session, admin):
            for user_id in ids:
                await user_service.set_access(
                    session,
                    user_id,
                    {"is_active": is_active},
                    admin=admin,
                    if_match=None,
                    resources=self.resources,
                )

    async def _end_sessions(self, request: Request, pks: Sequence[Any]) -> None:
        ids = self.keys(pks)
        async with self.changing(request, f"{many(len(ids), 'user')} signed out everywhere.") as (session, admin):
            for user_id in ids:
                await admin_service.end_all_sessions(session, admin, user_id, resources=self.resources)


def _changes(model: type[BaseModel], before: Profile, data: dict[str, Any]) -> dict[str, Any]:
    """What the form says otherwise, checked as the API checks it. Raises FormValidationError."""
    given = {name: None if value == "" else value for name, value in data.items()}
    changed = {name: value for name, value in given.items() if value != getattr(before, name)}
    return checked(model, changed).model_dump(exclude_unset=True)
