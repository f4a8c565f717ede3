"""The admin site at `/admin`.

It is imported with the first request for it: the library costs a process 0.2 s and 4 MB, which a worker that only
serves the API does not need to spend.
"""

import asyncio

from anyio import to_thread
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from app.admin.policy import ADMIN
from app.resources import Resources


def install_admin(app: FastAPI, resources: Resources) -> None:
    """Serve the site at :data:`~app.admin.policy.ADMIN`."""
    app.mount(ADMIN, LazySite(resources), name="admin")


class LazySite:
    """The site, built by the first request for it."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._site: ASGIApp | None = None
        self._building = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._site is None:
            async with self._building:
                if self._site is None:
                    self._site = await to_thread.run_sync(self._build)
        await self._site(scope, receive, send)

    def _build(self) -> ASGIApp:
        from app.admin.site import build_site

        return build_site(self._resources)
