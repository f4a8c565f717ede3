"""The path of PUBLIC_URL: the part of a host that the service has.

A proxy may pass it on (`location /blog/ { proxy_pass http://app; }`) or take it off (`proxy_pass http://app/;`), and
probes ask the process itself, without it. Inside, an address is always whole, as its client wrote it: what is made of
it (`Location`, redirects, the paths of cookies, problems' `instance`) is right outside, too.
"""

from starlette.types import ASGIApp, Receive, Scope, Send


class PrefixMiddleware:
    """Puts ``prefix`` (`/blog`) before the paths that lack it, and tells the application that it lives there (ASGI's
    ``root_path``). No path of the service begins with it (:mod:`app.config.settings` refuses that).
    """

    def __init__(self, app: ASGIApp, *, prefix: str) -> None:
        self.app = app
        self._prefix = prefix
        self._within = f"{prefix}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path: str = scope["path"]
            scope = {**scope, "root_path": self._prefix}
            if path != self._prefix and not path.startswith(self._within):
                scope["path"] = self._prefix + path
                if raw_path := scope.get("raw_path"):
                    scope["raw_path"] = self._prefix.encode() + raw_path
        await self.app(scope, receive, send)
