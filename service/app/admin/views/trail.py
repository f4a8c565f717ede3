"""The audit trail: who changed what, and when. It is read-only."""

from typing import Any

from starlette.requests import Request
from starlette_admin.fields import StringField

from app.admin.fields import TEXT, RowLink, UTCDateTimeField
from app.admin.lists import TRAIL, AuditRow
from app.admin.views.base import ListingView

VIEWS = {"user": "users", "post": "posts", "session": "sessions", "job": "jobs", "token": "tokens"}


def _actor(_request: Request, row: AuditRow) -> str | tuple[str, str, str]:
    if row.actor_id is None:
        return "the service"
    if row.actor_name is None:
        return f"user {row.actor_id}, who is gone"
    return row.actor_name, "users", str(row.actor_id)


def _target(_request: Request, row: AuditRow) -> str | tuple[str, str, str]:
    kind, _, key = row.target.partition(":")
    gone = row.action.endswith((".delete", ".drop"))
    return row.target if gone or kind not in VIEWS else (row.target, VIEWS[kind], key)


def _changes(_request: Request, row: AuditRow) -> str | None:
    return "; ".join(f"{name}: {_change(value)}" for name, value in (row.detail or {}).items()) or None


def _change(value: Any) -> str:
    match value:
        case [before, after]:
            return f"{_said(before)} → {_said(after)}"
        case _:
            return _said(value)


def _said(value: Any) -> str:
    return {True: "yes", False: "no", None: "–"}[value] if value is None or isinstance(value, bool) else str(value)


class TrailView(ListingView):
    key = "trail"
    display_name = "change"
    menu_label = "Audit trail"
    icon = "fa-solid fa-list-check"
    listing = TRAIL
    filtered_by = ("actor", "action", "target")
    fields = (
        StringField("id", label="Id", exclude_from_list=True),
        UTCDateTimeField("created_at", label="When"),
        RowLink("actor", label="Who", getter=_actor, filters=TEXT),
        StringField("action", label="Did", filters=TEXT),
        RowLink("target", label="To", getter=_target, filters=TEXT),
        StringField("detail", label="Changes", getter=_changes),
        StringField("request_id", label="Request", exclude_from_list=True),
    )
    actions = ()
    row_actions = ("view",)
