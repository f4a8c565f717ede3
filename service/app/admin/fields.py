"""Fields and filters the views share."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette_admin.fields import EnumField, StringField, TextAreaField
from starlette_admin.filters import BaseFilter, FilterDataType, FilterValidationError
from starlette_admin.filters.base import FilterApplyContext
from starlette_admin.types import RequestAction


class _Filter(BaseFilter):
    """Chosen here, applied by the service that makes the list (see TableView.page)."""

    def apply(self, ctx: FilterApplyContext) -> Any:
        raise NotImplementedError("lists are made by services, from the filters' values")


class Is(_Filter):
    """One value, as it is written."""

    name = "is"
    label = "is"
    data_type = FilterDataType.STRING

    def parse_value(self, raw: Any) -> str:
        if not isinstance(raw, str) or not raw.strip() or len(raw) > 100 or "\x00" in raw:
            raise FilterValidationError("one value of up to 100 characters is wanted")
        return raw.strip()


class IsYes(_Filter):
    name = "yes"
    label = "is yes"
    data_type = FilterDataType.NONE


class IsNo(_Filter):
    name = "no"
    label = "is no"
    data_type = FilterDataType.NONE


TEXT: list[type[BaseFilter]] = [Is]
YES_OR_NO: list[type[BaseFilter]] = [IsYes, IsNo]


@dataclass
class UTCDateTimeField(StringField):
    """A time in UTC, to the second."""

    read_only: bool | None = True
    list_template: str = "fields/utc_datetime.html"
    detail_template: str = "fields/detail/utc_datetime.html"

    async def serialize_value(self, request: Request, value: datetime) -> str:
        if request.state.action is RequestAction.EDIT:
            return as_typed(value) or ""
        return value.strftime("%Y-%m-%d %H:%M:%S")


@dataclass
class Badge(EnumField):
    """One of a few states, in its colour."""

    list_template: str = "fields/badge.html"
    detail_template: str = "fields/badge.html"

    async def serialize_value(self, request: Request, value: Any) -> str:
        return str(value)


@dataclass
class RowLink(StringField):
    """A value that leads to a row of another view: its getter gives ``(text, view, key)``, or text alone."""

    list_template: str = "fields/row_link.html"
    detail_template: str = "fields/row_link.html"

    async def serialize_value(self, request: Request, value: Any) -> Any:
        text, view, key = (value, None, None) if isinstance(value, str) else value
        return {"text": text, "view": view, "key": key}


def choices(kind: type[StrEnum]) -> list[tuple[str, str]]:
    return [(member.value, member.value) for member in kind]


@dataclass
class LongText(TextAreaField):
    """Text of several lines. Browsers send line breaks as CR LF; here they stay LF."""

    async def parse_form_data(self, request: Request, form_data: FormData) -> str:
        return str(form_data.get(self.id) or "").replace("\r\n", "\n")


@dataclass
class Hidden(StringField):
    """Goes with the edit form unseen: the version it was made from."""

    input_type: str = "hidden"
    label_template: str = "fields/no_label.html"
    exclude_from_list: bool | None = True
    exclude_from_detail: bool | None = True


def as_typed(value: datetime | None) -> str | None:
    """A UTC time as forms show and take it, to the second."""
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")
