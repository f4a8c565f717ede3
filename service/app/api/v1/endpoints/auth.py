"""Signing up, in and out."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Form, Request, Response

from app.api.cookies import (
    WantsCookies,
    answer_tokens,
    refresh_cookie,
    remove_session_cookies,
    require_own_page,
    token_pair,
)
from app.api.dependencies import (
    CurrentUser,
    DeviceDep,
    IdempotencyKey,
    ProfileReader,
    ReadDep,
    ResourcesDep,
    SessionDep,
    request_headers,
)
from app.api.responses import NO_STORE, json_response, problems
from app.auth import registration as registrations
from app.auth import service as auth_service
from app.auth import sessions
from app.auth.guessing import limit_guessing
from app.auth.profiles import private_view
from app.auth.sessions import Tokens
from app.http.errors import Unauthorized
from app.kit.clock import in_steps
from app.kit.json import json_bytes
from app.records import idempotency
from app.records.idempotency import Answer
from app.schemas.auth import (
    CookieSession,
    EmailVerification,
    LoginForm,
    PasswordChange,
    PasswordForgotten,
    PasswordReset,
    Refresh,
    Registered,
    RegisteredByCookie,
    Registration,
    SessionView,
    TokenPair,
)
from app.schemas.common import Message
from app.schemas.user import UserPrivate
from app.security.csrf import TOKEN_HEADER

router = APIRouter()

FORGOT_STEP = 0.1
"""Seconds. On SQLite the mail to a known address keeps the next request waiting, which would tell it from others."""


@router.post("/register", response_model=Registered | RegisteredByCookie, responses=problems(400, 403, 409, 422, 429))
async def register(
    request: Request,
    registration: Registration,
    session: SessionDep,
    resources: ResourcesDep,
    device: DeviceDep,
    idempotency_key: IdempotencyKey = None,
    as_cookies: WantsCookies = False,
) -> Response:
    """Make an account and sign in. A mail with a verification link is on its way."""
    if as_cookies:
        require_own_page(request)
    await limit_guessing(resources, "register", resources.settings.rate_limit_register)
    # Before the first statement: hashing takes longer than a connection should be held.
    hashed = await auth_service.hash_new_password(
        registration.password, email=registration.email, username=registration.username, resources=resources
    )
    attempt = await idempotency.begin(
        session,
        key=idempotency_key,
        scope="register",
        request=idempotency.as_sent(registration),
        resources=resources,
    )
    if attempt.answer is not None:
        also, first = _registered(attempt.answer)
        tokens = await registrations.tokens_again(session, first, registration, device=device, resources=resources)
        return answer_tokens(request, tokens, as_cookies=as_cookies, also=also)
    profile, tokens = await registrations.register(
        session, registration, hashed_password=hashed, device=device, resources=resources
    )
    also = {"message": "Welcome. We have sent you a mail to verify your address.", "user": private_view(profile)}
    await attempt.keep(Answer(200, json_bytes({**also, **token_pair(tokens)}), {TOKEN_HEADER: tokens.csrf}))
    return answer_tokens(request, tokens, as_cookies=as_cookies, also=also)


@router.post("/login", response_model=TokenPair | CookieSession, responses=problems(401, 403, 422, 429))
async def log_in(
    request: Request,
    form: Annotated[LoginForm, Form()],
    resources: ResourcesDep,
    device: DeviceDep,
    as_cookies: WantsCookies = False,
) -> Response:
    """Sign in by e-mail address or username (OAuth2 password form)."""
    if as_cookies:
        require_own_page(request)
    tokens = await auth_service.log_in(form.username, form.password, device=device, resources=resources)
    return answer_tokens(request, tokens, as_cookies=as_cookies)


@router.post("/refresh", response_model=TokenPair | CookieSession, responses=problems(401, 403, 422))
async def refresh(request: Request, resources: ResourcesDep, body: Refresh | None = None) -> Response:
    """Exchange the refresh token for a new pair. Each is good once: a replayed one ends its session.

    Without a body it is the cookie's, and the new pair goes into cookies again.
    """
    if body is not None:
        tokens = await auth_service.refresh(body.refresh_token, resources=resources)
        return answer_tokens(request, tokens, as_cookies=False)
    try:
        tokens = await auth_service.refresh(refresh_cookie(request), resources=resources)
    except Unauthorized:
        remove_session_cookies(request)
        raise
    return answer_tokens(request, tokens, as_cookies=True)


@router.post("/logout", responses=problems(401))
async def log_out(request: Request, user: CurrentUser, session: SessionDep, resources: ResourcesDep) -> Message:
    """End this session; its access token is dead at once."""
    await sessions.revoke(session, user_id=user.user_id, session_id=user.session_id, resources=resources)
    remove_session_cookies(request)
    return Message(message="Signed out.")


@router.post("/logout-all", responses=problems(401))
async def log_out_everywhere(
    request: Request, user: CurrentUser, session: SessionDep, resources: ResourcesDep
) -> Message:
    """End every session of yours, this one too. Your API tokens go on."""
    await sessions.revoke_all(session, user_id=user.user_id, resources=resources)
    remove_session_cookies(request)
    return Message(message="Signed out everywhere.")


@router.get("/me", response_model=UserPrivate, responses=problems(401))
async def read_me(user: ProfileReader) -> Response:
    """Your own profile."""
    return user.profile.response(request_headers())


@router.get("/sessions", response_model=list[SessionView], responses=problems(401))
async def list_sessions(user: CurrentUser, reader: ReadDep) -> Response:
    """Where you are signed in, newest first."""
    opened = await sessions.list_open(reader, user_id=user.user_id)
    return json_response(
        [{**found._asdict(), "current": found.id == user.session_id} for found in opened], headers=NO_STORE
    )


@router.delete("/sessions/{session_id}", responses=problems(401, 404, 422))
async def end_session(session_id: UUID, user: CurrentUser, session: SessionDep, resources: ResourcesDep) -> Message:
    """End one of your sessions."""
    await sessions.revoke(session, user_id=user.user_id, session_id=session_id, resources=resources)
    return Message(message="Session ended.")


@router.post("/verify-email", responses=problems(400, 422, 429))
async def verify_email(body: EmailVerification, session: SessionDep, resources: ResourcesDep) -> Message:
    """Prove that an address is yours by the token mailed to it."""
    await limit_guessing(resources, "verify", resources.settings.rate_limit_login)
    await auth_service.verify_email(session, body.token, resources=resources)
    return Message(message="Your e-mail address is verified.")


@router.post("/verify-email/resend", status_code=202, responses=problems(401, 429))
async def resend_verification(user: CurrentUser, session: SessionDep, resources: ResourcesDep) -> Message:
    """Have the verification mail sent again; the earlier link stops working."""
    await limit_guessing(resources, "resend", resources.settings.rate_limit_forgot, account=str(user.user_id))
    if user.is_verified:
        return Message(message="Your e-mail address is verified already.")
    await auth_service.send_verification(session, user_id=user.user_id, email=user.email, resources=resources)
    return Message(message="The mail is on its way.")


@router.post("/password/change", responses=problems(400, 401, 422, 429))
async def change_password(body: PasswordChange, user: CurrentUser, resources: ResourcesDep) -> Message:
    """Set a new password; your other sessions end, API tokens go on working."""
    await limit_guessing(resources, "password-change", resources.settings.rate_limit_login, account=str(user.user_id))
    await auth_service.change_password(user, current=body.current_password, new=body.new_password, resources=resources)
    return Message(message="Your password is changed. Other sessions have been ended; API tokens go on working.")


@router.post("/password/forgot", status_code=202, responses=problems(422, 429))
async def forget_password(body: PasswordForgotten, resources: ResourcesDep) -> Message:
    """Ask for a mail with a reset link. The answer is the same for an address that is not known."""
    await limit_guessing(resources, "forgot", resources.settings.rate_limit_forgot, account=body.email)
    async with in_steps(FORGOT_STEP), resources.database.session() as session:
        auth_service.forget_password(session, body.email)
    return Message(message="If this address belongs to an account, a mail with a link is on its way.")


@router.post("/password/reset", responses=problems(400, 422, 429))
async def reset_password(body: PasswordReset, resources: ResourcesDep) -> Message:
    """Set a new password by the token from the mail; every session and API token ends."""
    await limit_guessing(resources, "reset", resources.settings.rate_limit_login)
    await auth_service.reset_password(body.token, body.new_password, resources=resources)
    return Message(message="Your password is set. Sign in with it.")


def _registered(answer: Answer) -> tuple[dict[str, Any], Tokens]:
    """What a registration was answered: message and user, and its tokens."""
    content = orjson.loads(answer.body or b"")
    tokens = Tokens(
        access=content["access_token"],
        refresh=content["refresh_token"],
        expires_in=content["expires_in"],
        csrf=answer.headers.get(TOKEN_HEADER, ""),
    )
    return {name: content[name] for name in ("message", "user")}, tokens
