"""An administrator's browser, without its scripts: cookies kept, forms filled in, buttons pressed."""

import re
from html import unescape
from typing import Any

import httpx2

from tests.factories import PASSWORD, Account

TOKEN_FIELD = re.compile(r'name="csrftoken" value="([^"]+)"')
CSRF_COOKIE = "starlette_admin_csrftoken"


class Desk:
    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client

    async def sign_in(self, account: Account, *, password: str = PASSWORD) -> httpx2.Response:
        """Fill in the login form; the answer to it, not followed."""
        return await self.send_form("/admin/login", username=account.email, password=password)

    async def send_form(self, path: str, **fields: Any) -> httpx2.Response:
        """Open a page with a form and send it."""
        page = await self.client.get(path)
        found = TOKEN_FIELD.search(page.text)
        assert found, page.text[:2000]
        return await self.client.post(path, data={"csrftoken": found.group(1), **fields})

    async def edit(self, view: str, key: object, **changes: Any) -> httpx2.Response:
        """Open the edit form of a row, change some of it, save."""
        path = f"/admin/{view}/edit?pk={key}"
        page = await self.client.get(path)
        assert page.status_code == 200, page.text
        return await self.client.post(path, data={**fields_of(page.text), **changes})

    async def press(self, view: str, action: str, *keys: object, all_rows: bool = False) -> httpx2.Response:
        """Tick rows and choose an action."""
        query: dict[str, Any] = {"name": action, "pks": [str(key) for key in keys]}
        return await self._post(f"/admin/_api/{view}/action", query | ({"all": "1"} if all_rows else {}))

    async def press_row(self, view: str, action: str, key: object) -> httpx2.Response:
        """Choose an action in a row's own menu."""
        return await self._post(f"/admin/_api/{view}/row-action", {"name": action, "pk": str(key)})

    async def rows(self, view: str, **query: Any) -> list[str]:
        """The keys of the rows a list shows, in order."""
        page = await self.client.get(f"/admin/{view}/list", params=query)
        assert page.status_code == 200, page.text
        return re.findall(r'<tr data-sa-pk="([^"]+)"', page.text)

    async def text(self, path: str) -> str:
        page = await self.client.get(path)
        assert page.status_code == 200, page.text
        return unescape(re.sub(r"<[^>]+>|\s+", " ", page.text))

    async def _post(self, path: str, query: dict[str, Any]) -> httpx2.Response:
        return await self.client.post(path, params=query, headers={"X-CSRFToken": self.client.cookies[CSRF_COOKIE]})


def fields_of(page: str) -> dict[str, str]:
    """What a browser would send of the page's form."""
    fields = {
        name: unescape(value)
        for tag in re.findall(r"<input\b[^>]*>", page)
        if (name := _attribute(tag, "name"))
        and ('type="checkbox"' not in tag or "checked" in tag)
        and (value := _attribute(tag, "value") if 'type="checkbox"' not in tag else "on") is not None
    }
    for tag, value in re.findall(r"(<textarea\b[^>]*>)(.*?)</textarea>", page, re.DOTALL):
        fields[_attribute(tag, "name") or ""] = unescape(value).removeprefix("\n").replace("\n", "\r\n")
    for tag, options in re.findall(r"(<select\b[^>]*>)(.*?)</select>", page, re.DOTALL):
        for option in re.findall(r"<option\b[^>]*>", options):
            if "selected" in option:
                fields[_attribute(tag, "name") or ""] = unescape(_attribute(option, "value") or "")
    fields.pop("", None)
    return fields


def _attribute(tag: str, name: str) -> str | None:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found.group(1) if found else None
