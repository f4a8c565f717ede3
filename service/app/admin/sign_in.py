"""Signing in to the admin site with an account of the service: password, then the second factor where there is one."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates
from starlette_admin.auth import AdminUser, BaseAuthProvider

from app.admin import service as admin_service
from app.admin.access import LOGIN, SECOND_FACTOR, Visit
from app.auth import second_factor, sessions
from app.auth import service as auth_service
from app.auth.guessing import limit_guessing
from app.auth.second_factor import SecondFactorRequired
from app.auth.service import WRONG_CREDENTIALS
from app.auth.sessions import Tokens, current_device
from app.http.errors import ServiceError, Unauthorized
from app.resources import Resources

LONGEST_IDENTIFIER, LONGEST_PASSWORD, LONGEST_CODE, LONGEST_TOKEN = 320, 1024, 64, 2048


class SignIn(BaseAuthProvider):
    """The login and logout pages. Who may pass is decided in app.admin.access."""

    def __init__(self, resources: Resources) -> None:
        super().__init__(login_path=LOGIN)
        self._resources = resources
        self._templates: Jinja2Templates | None = None

    async def authenticate(self, request: Request) -> AdminUser | None:
        return getattr(request.state, "admin_user", None)

    def get_routes(self, templates: Jinja2Templates) -> list[Route]:
        self._templates = templates
        return [
            Route(LOGIN, self._show, methods=["GET"], name="login"),
            Route(LOGIN, self._first_step, methods=["POST"]),
            Route(SECOND_FACTOR, self._second_step, methods=["POST"], name="second-factor"),
            Route(self.logout_path, self._log_out, methods=["POST"], name="logout"),
        ]

    async def _show(self, request: Request) -> Response:
        if _visit(request).principal is not None:
            return _onwards(request)
        return self._page(request)

    async def _first_step(self, request: Request) -> Response:
        form = await request.form()
        identifier = _text(form, "username", LONGEST_IDENTIFIER)
        password = _text(form, "password", LONGEST_PASSWORD)
        settings = self._resources.settings
        try:
            # Counted together with the API's logins: a guesser gets no second helping here.
            await limit_guessing(self._resources, "login", settings.rate_limit_login)
            tokens = await auth_service.log_in(
                identifier, password, device=current_device(), resources=self._resources, admins_only=True
            )
        except SecondFactorRequired as second:
            return self._page(request, mfa_token=second.mfa_token)
        except ServiceError as refusal:
            return self._page(request, refusal)
        return await self._enter(request, tokens)

    async def _second_step(self, request: Request) -> Response:
        form = await request.form()
        mfa_token = _text(form, "mfa_token", LONGEST_TOKEN)
        try:
            await limit_guessing(self._resources, "second-factor", self._resources.settings.rate_limit_login)
            async with self._resources.database.session() as session:
                tokens = await second_factor.finish_sign_in(
                    session,
                    mfa_token,
                    _text(form, "code", LONGEST_CODE),
                    device=current_device(),
                    resources=self._resources,
                )
        except ServiceError as refusal:
            over = refusal.problem_slug == "second-factor-expired"
            return self._page(request, refusal, mfa_token=None if over else mfa_token)
        return await self._enter(request, tokens)

    async def _enter(self, request: Request, tokens: Tokens) -> Response:
        """Keep the session that was opened as one of this site. Its tokens are never shown."""
        claims = self._resources.signer.verify_access(tokens.access)
        async with self._resources.database.session() as session:
            is_admin = await admin_service.keep_for_site(
                session, user_id=claims.user_id, session_id=claims.session_id, resources=self._resources
            )
        if not is_admin:
            return self._page(request, Unauthorized(WRONG_CREDENTIALS))
        visit = _visit(request)
        visit.new_cookies.append(visit.cookies.session(user_id=claims.user_id, session_id=claims.session_id))
        return _onwards(request)

    async def _log_out(self, request: Request) -> Response:
        visit = _visit(request)
        if visit.principal is not None:
            async with self._resources.database.session() as session:
                await sessions.revoke(
                    session,
                    user_id=visit.principal.user_id,
                    session_id=visit.principal.session_id,
                    resources=self._resources,
                )
        visit.new_cookies.append(visit.cookies.no_session())
        return RedirectResponse(f"{request.scope['root_path']}{LOGIN}", status_code=303)

    def _page(self, request: Request, refusal: ServiceError | None = None, *, mfa_token: str | None = None) -> Response:
        assert self._templates is not None, "get_routes comes first"
        context = {"error": refusal.detail if refusal else None, "mfa_token": mfa_token, "query": request.url.query}
        answer = self._templates.TemplateResponse(
            request=request, name="login.html", context=context, status_code=refusal.status if refusal else 200
        )
        for name, value in (refusal.headers if refusal else {}).items():
            if name.lower() != "www-authenticate":  # a browser would ask for a password of its own
                answer.headers[name] = value
        return answer


def _visit(request: Request) -> Visit:
    return request.state.visit


def _text(form: FormData, name: str, longest: int) -> str:
    """A field of the form. What is longer than it can be is wrong; nothing stores NUL."""
    value = str(form.get(name) or "")
    return value if len(value) <= longest and "\x00" not in value else ""


def _onwards(request: Request) -> Response:
    """To the page that was asked for, if it is one of this site's."""
    root = request.scope["root_path"]
    wanted = request.query_params.get("next", "")
    within = wanted.startswith(f"{root}/") and "\\" not in wanted and wanted.isprintable()
    return RedirectResponse(wanted if within else f"{root}/", status_code=303)
