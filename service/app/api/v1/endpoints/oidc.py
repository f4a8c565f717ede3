"""Signing in with an OpenID provider (README, "Signing in with others")."""

from typing import Any
from urllib.parse import urldefrag, urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from app.api.cookies import answer_tokens, set_session_cookies
from app.api.dependencies import (
    CurrentUser,
    DeviceDep,
    ReadDep,
    ResourcesDep,
    SessionDep,
    cookie_names,
    request_headers,
)
from app.api.responses import NO_STORE, json_response, problems
from app.auth import identities, oidc_flow
from app.auth.guessing import limit_guessing
from app.auth.oidc_flow import BrowserAnswer, Flow
from app.auth.second_factor import SecondFactorRequired
from app.auth.sessions import Device, Tokens
from app.http.cookies import Header, read_cookie, set_cookie
from app.http.errors import ServiceError
from app.resources import Resources
from app.schemas.auth import TokenPair
from app.schemas.common import Message
from app.schemas.oidc import FromProvider, IdentityView, ProviderName, ProviderView, ReturnTo

router = APIRouter()

_SEE_OTHER: dict[int | str, dict[str, Any]] = {
    303: {"description": "Go there.", "headers": {"Location": {"schema": {"type": "string"}}}}
}


@router.get("/providers", response_model=list[ProviderView])
async def list_providers(resources: ResourcesDep) -> Response:
    """The providers one can sign in with."""
    prefix = f"{resources.settings.api_path}/auth/oidc"
    providers = [
        {"name": name, "title": client.settings.title or name, "login_path": f"{prefix}/{name}/login"}
        for name, client in resources.providers.items()
    ]
    return json_response(providers)


@router.get("/identities", response_model=list[IdentityView], responses=problems(401))
async def list_identities(user: CurrentUser, reader: ReadDep, resources: ResourcesDep) -> Response:
    """The accounts elsewhere that sign in to yours."""
    names = {client.settings.issuer.rstrip("/"): name for name, client in resources.providers.items()}
    linked = await identities.list_linked(reader, user_id=user.user_id)
    content = [{**one._asdict(), "provider": names.get(one.issuer.rstrip("/"))} for one in linked]
    return json_response(content, headers=NO_STORE)


@router.delete("/identities/{identity_id}", responses=problems(401, 404, 409, 422))
async def unlink_identity(identity_id: UUID, user: CurrentUser, session: SessionDep) -> Message:
    """Have an account elsewhere no longer sign in to yours."""
    await identities.unlink(session, user, identity_id)
    return Message(message="It no longer signs in to your account.")


@router.get("/{provider}/login", status_code=303, responses={**_SEE_OTHER, **problems(404, 422, 429, 502, 503)})
async def log_in_with(
    provider: ProviderName, request: Request, resources: ResourcesDep, return_to: ReturnTo = None
) -> Response:
    """Send the browser to a provider. It comes back to `callback`."""
    await limit_guessing(resources, "oidc", resources.settings.rate_limit_login)
    url, encrypted = await oidc_flow.begin(provider, return_to=return_to, resources=resources)
    answer = RedirectResponse(url, status_code=303, headers=NO_STORE)
    answer.raw_headers.append(_flow_cookie(request, encrypted))
    return answer


@router.get(
    "/{provider}/callback",
    response_model=TokenPair,
    responses={**_SEE_OTHER, **problems(400, 401, 403, 404, 409, 422, 429, 502, 503)},
)
async def come_back_from(
    provider: ProviderName,
    request: Request,
    resources: ResourcesDep,
    device: DeviceDep,
    *,
    code: FromProvider = None,
    state: FromProvider = None,
    iss: FromProvider = None,
    error: FromProvider = None,
) -> Response:
    """Where a provider sends the browser back to. Finishes what `login` began, by cookies and a redirect or in JSON."""
    await limit_guessing(resources, "oidc", resources.settings.rate_limit_login)
    encrypted = read_cookie(request_headers(), _cookie_name(request))
    flow = oidc_flow.resume(provider, encrypted, state=state, resources=resources)
    try:
        tokens = await _sign_in(flow, BrowserAnswer(code, iss, error), device=device, resources=resources)
    except ServiceError as refusal:
        if not isinstance(refusal, SecondFactorRequired):
            resources.metrics.login_failed("oidc")
        if flow.return_to is None:
            raise
        answer = _go(flow.return_to, fragment=_told(refusal))
    else:
        answer = _signed_in(request, flow, tokens)
    answer.raw_headers.append(_flow_cookie(request, ""))
    return answer


async def _sign_in(flow: Flow, answer: BrowserAnswer, *, device: Device, resources: Resources) -> Tokens:
    claims = await oidc_flow.finish(flow, answer, resources=resources)  # no connection is held meanwhile
    async with resources.database.session() as session:
        return await identities.sign_in(session, claims, device=device, resources=resources)


def _signed_in(request: Request, flow: Flow, tokens: Tokens) -> Response:
    if flow.return_to is None:
        return answer_tokens(request, tokens, as_cookies=False)
    return set_session_cookies(request, _go(flow.return_to), tokens)


def _go(address: str, *, fragment: str = "") -> Response:
    """Redirect to a page. The message for it is in the fragment, which no server logs."""
    bare = urldefrag(address).url if fragment else address
    return RedirectResponse(f"{bare}#{fragment}" if fragment else bare, status_code=303, headers=NO_STORE)


def _told(refusal: ServiceError) -> str:
    members = {"error": refusal.problem_slug or str(refusal.status), "error_description": refusal.detail}
    return urlencode({**members, **(refusal.extensions or {})})


def _cookie_name(request: Request) -> str:
    return f"{cookie_names(request).mark}oidc_flow"


def _flow_cookie(request: Request, encrypted: str) -> Header:
    names, max_age = cookie_names(request), oidc_flow.FLOW_SECONDS if encrypted else 0
    return set_cookie(
        _cookie_name(request), encrypted, path=names.path, max_age=max_age, http_only=True, secure=names.secure
    )
