"""Background jobs: what waits, what failed and why; run again, or given up."""

from collections.abc import Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette_admin.actions import ActionSelection, action, row_action
from starlette_admin.fields import IntegerField, StringField, TextAreaField

from app.admin import service as admin_service
from app.admin.fields import TEXT, Badge, UTCDateTimeField, choices
from app.admin.lists import JOBS, JobRow
from app.admin.views.base import ListingView, many
from app.models import JobStatus

DROP = "What it was to do is never done then. Drop it?"


def _payload(_request: Request, row: JobRow) -> str:
    return orjson.dumps(row.payload, option=orjson.OPT_INDENT_2).decode()


class JobsView(ListingView):
    key = "jobs"
    display_name = "job"
    menu_label = "Jobs"
    icon = "fa-solid fa-gears"
    listing = JOBS
    sorted_by = ("created_at", "run_at")
    filtered_by = ("status", "name")
    fields = (
        StringField("id", label="Id", exclude_from_list=True),
        StringField("name", label="Job", filters=TEXT),
        Badge("status", choices=choices(JobStatus), filters=TEXT),
        IntegerField("attempts", label="Attempts"),
        StringField("last_error", label="Last error"),
        UTCDateTimeField("created_at", label="Written"),
        UTCDateTimeField("run_at", label="Not before"),
        UTCDateTimeField("finished_at", label="Ended", exclude_from_list=True),
        StringField("request_id", label="Request", exclude_from_list=True),
        TextAreaField("payload", getter=_payload, exclude_from_list=True),
    )
    actions = ("retry", "drop")
    row_actions = ("view", "retry", "drop")

    async def is_row_action_allowed_for_obj(self, request: Request, name: str, obj: JobRow) -> bool:
        possible = {
            "retry": {JobStatus.DEAD, JobStatus.PENDING},
            "drop": {JobStatus.DEAD, JobStatus.PENDING, JobStatus.SENT},
        }
        return name not in possible or obj.status in possible[name]

    @action("retry", "Run again", icon_class="fa-solid fa-rotate-right")
    async def retry_several(self, request: Request, selection: ActionSelection) -> None:
        await self._retry(request, await selection.pks())

    @action("drop", "Drop", confirmation=DROP, submit_btn_text="Drop", icon_class="fa-solid fa-trash")
    async def drop_several(self, request: Request, selection: ActionSelection) -> None:
        await self._drop(request, await selection.pks())

    @row_action("retry", "Run again", icon_class="fa-solid fa-rotate-right")
    async def retry_one(self, request: Request, pk: Any) -> None:
        await self._retry(request, [pk])

    @row_action("drop", "Drop", confirmation=DROP, submit_btn_text="Drop", icon_class="fa-solid fa-trash")
    async def drop_one(self, request: Request, pk: Any) -> None:
        await self._drop(request, [pk])

    async def _retry(self, request: Request, pks: Sequence[Any]) -> None:
        ids = self.keys(pks)
        async with self.changing(request, f"{many(len(ids), 'job')} to run again.") as (session, admin):
            await admin_service.retry_jobs(session, admin, ids)

    async def _drop(self, request: Request, pks: Sequence[Any]) -> None:
        ids = self.keys(pks)
        async with self.changing(request, f"{many(len(ids), 'job')} dropped.") as (session, admin):
            await admin_service.drop_jobs(session, admin, ids)
