"""The site put together: the library's pages, our views, behind the access check."""

import logging
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2.ext import Extension
from starlette.applications import Starlette
from starlette.datastructures import URLPath
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Router
from starlette.types import Receive, Scope, Send
from starlette_admin.base import BaseAdmin

from app.admin.access import AccessMiddleware
from app.admin.home import HomeView
from app.admin.policy import ADMIN
from app.admin.sign_in import SignIn
from app.admin.views.avatars import AvatarsView
from app.admin.views.jobs import JobsView
from app.admin.views.post_images import PostImagesView
from app.admin.views.posts import PostsView
from app.admin.views.sessions import SessionsView
from app.admin.views.tokens import TokensView
from app.admin.views.trail import TrailView
from app.admin.views.users import UsersView
from app.http.errors import problem_for
from app.resources import Resources
from app.security.csrf import CsrfGuard

HERE = Path(__file__).parent
VIEWS = (
    UsersView,
    AvatarsView,
    PostsView,
    PostImagesView,
    SessionsView,
    TokensView,
    JobsView,
    TrailView,
)


def build_site(resources: Resources) -> "Site":
    """The site as an application to be mounted at :data:`~app.admin.policy.ADMIN`."""
    logging.getLogger("starlette_admin").setLevel(logging.WARNING)  # below, it logs what forms hold
    home = HomeView()
    admin = BaseAdmin(
        title=resources.settings.project_name,
        base_url=ADMIN,
        templates_dir=str(HERE / "templates"),
        static_dir=str(HERE / "static"),
        index_view=home,
        auth_provider=SignIn(resources),
        secret_key=resources.signer.secret,
        timezone_config=None,
    )
    admin.templates.env.add_extension(Nonces)
    for kind in VIEWS:
        view = kind(resources)
        admin.add_view(view)
        home.watch(view)

    async def error_page(request: Request, status: int, detail: str) -> Response:
        page = "error.html" if request.state.visit.principal is not None else "refused.html"
        context: dict[str, Any] = {"exc": HTTPException(status, detail), "flashed_messages": []}
        return admin.templates.TemplateResponse(request=request, name=page, context=context, status_code=status)

    async def not_served(request: Request, exc: Exception) -> Response:
        problem = problem_for(exc)
        if hasattr(request.state, "visit"):
            return await error_page(request, problem.status, problem.detail)
        return problem.response(request.scope["path"])  # a file that does not exist: files pass the access check

    # In place of the library's own three, which are made of BaseHTTPMiddleware.
    own = resources.settings.model_copy(update={"allowed_origins": []})  # the API's callers have no business here
    guard = CsrfGuard(own, secrets=resources.signer.secrets)
    admin.middlewares = [Middleware(AccessMiddleware, resources=resources, guard=guard, error_page=error_page)]
    admin.mount_to(Starlette())  # builds admin.app; what mounts it is app.admin.LateSite
    admin.app.add_exception_handler(HTTPException, not_served)
    return Site(admin.app)


class Site:
    """The application, with its own book of addresses.

    A page has a hundred links, and looking one up by name walks every route of the service: four fifths of the time
    a list took.
    """

    def __init__(self, app: Starlette) -> None:
        self.app = app
        self._routes = Router([Mount(ADMIN, app=app, name="admin")])
        self._look_up = lru_cache(maxsize=1024)(self._routes.url_path_for)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["router"] = self
        await self.app(scope, receive, send)

    def url_path_for(self, name: str, /, **parameters: Any) -> URLPath:
        """What ``request.url_for`` asks for."""
        return self._look_up(name, **parameters)


class Nonces(Extension):
    """Gives every script tag of every template the page's nonce."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return re.sub(r"<script\b", '<script nonce="{{ request.state.visit.nonce }}"', source)
