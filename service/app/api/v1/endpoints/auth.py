"""Signing up, in and out."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Response

from app.api.dependencies import (
    CurrentUser,
    DeviceDep,
    IdempotencyKey,
    ReadDep,
    ResourcesDep,
    SessionDep,
    request_headers,
)
from app.api.responses import NO_STORE, json_response, problems
from app.core.wire import json_bytes
from app.schemas.auth import (
    EmailVerification,
    LoginForm,
    PasswordChange,
    PasswordForgotten,
    PasswordReset,
    Refresh,
    Registered,
    Registration,
    SessionView,
    TokenPair,
)
from app.schemas.common import Message
from app.schemas.user import UserPrivate
from app.services import auth_service, idempotency_service, session_service
from app.services.guessing import limit_guessing
from app.services.idempotency_service import Answer
from app.services.profiles import private_view
from app.services.session_service import Tokens

router = APIRouter()


@router.post("/register", response_model=Registered, responses=problems(400, 409, 422, 429))
async def register(
    registration: Registration,
    session: SessionDep,
    resources: ResourcesDep,
    device: DeviceDep,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Make an account and sign in. A mail with a verification link is on its way."""
    await limit_guessing(resources, "register", resources.settings.register_limit)
    # Before the first statement: hashing takes longer than a connection should be held.
    hashed = await auth_service.hash_new_password(
        registration.password, email=registration.email, username=registration.username, resources=resources
    )
    attempt = await idempotency_service.begin(
        session, key=idempotency_key, scope="register", request=registration.model_dump(), resources=resources
    )
    answer = attempt.answer
    if answer is None:
        profile, tokens = await auth_service.register(
            session, registration, hashed_password=hashed, device=device, resources=resources
        )
        welcome = "Welcome. We have sent you a mail to verify your address."
        body = json_bytes({"message": welcome, "user": private_view(profile), **token_pair(tokens)})
        answer = await attempt.keep(Answer(200, body))
    return Response(answer.body, status_code=answer.status, headers=NO_STORE, media_type="application/json")


@router.post("/login", response_model=TokenPair, responses=problems(401, 422, 429))
async def log_in(form: Annotated[LoginForm, Form()], resources: ResourcesDep, device: DeviceDep) -> Response:
    """Sign in by e-mail address or username (OAuth2 password form)."""
    await limit_guessing(resources, "login", resources.settings.login_limit, account=form.username)
    tokens = await auth_service.log_in(form.username, form.password, device=device, resources=resources)
    return json_response(token_pair(tokens), headers=NO_STORE)


@router.post("/refresh", response_model=TokenPair, responses=problems(401, 422))
async def refresh(body: Refresh, session: SessionDep, resources: ResourcesDep) -> Response:
    """Exchange the refresh token for a new pair. Each is good once: a replayed one ends its session."""
    tokens = await auth_service.refresh(session, body.refresh_token, resources=resources)
    return json_response(token_pair(tokens), headers=NO_STORE)


@router.post("/logout", responses=problems(401))
async def log_out(user: CurrentUser, session: SessionDep, resources: ResourcesDep) -> Message:
    """End this session; its access token is dead at once."""
    await session_service.revoke(session, user_id=user.user_id, session_id=user.session_id, resources=resources)
    return Message(message="Signed out.")


@router.post("/logout-all", responses=problems(401))
async def log_out_everywhere(user: CurrentUser, session: SessionDep, resources: ResourcesDep) -> Message:
    """End every session of yours, this one too."""
    await session_service.revoke_all(session, user_id=user.user_id, resources=resources)
    return Message(message="Signed out everywhere.")


@router.get("/me", response_model=UserPrivate, responses=problems(401))
async def read_me(user: CurrentUser) -> Response:
    """Your own profile."""
    return user.profile.response(request_headers())


@router.get("/sessions", response_model=list[SessionView], responses=problems(401))
async def list_sessions(user: CurrentUser, reader: ReadDep) -> Response:
    """Where you are signed in, newest first."""
    sessions = await session_service.list_open(reader, user_id=user.user_id)
    return json_response(
        [{**found._asdict(), "current": found.id == user.session_id} for found in sessions], headers=NO_STORE
    )


@router.delete("/sessions/{session_id}", responses=problems(401, 404, 422))
async def end_session(session_id: UUID, user: CurrentUser, session: SessionDep, resources: ResourcesDep) -> Message:
    """End one of your sessions."""
    await session_service.revoke(session, user_id=user.user_id, session_id=session_id, resources=resources)
    return Message(message="Session ended.")


@router.post("/verify-email", responses=problems(400, 422, 429))
async def verify_email(body: EmailVerification, session: SessionDep, resources: ResourcesDep) -> Message:
    """Prove that an address is yours by the token mailed to it."""
    await limit_guessing(resources, "verify", resources.settings.login_limit)
    await auth_service.verify_email(session, body.token, resources=resources)
    return Message(message="Your e-mail address is verified.")


@router.post("/verify-email/resend", status_code=202, responses=problems(401, 429))
async def resend_verification(user: CurrentUser, session: SessionDep, resources: ResourcesDep) -> Message:
    """Have the verification mail sent again; the earlier link stops working."""
    await limit_guessing(resources, "resend", resources.settings.forgot_limit, account=str(user.user_id))
    if user.is_verified:
        return Message(message="Your e-mail address is verified already.")
    await auth_service.send_verification(session, user_id=user.user_id, email=user.email, resources=resources)
    return Message(message="The mail is on its way.")


@router.post("/password/change", responses=problems(400, 401, 422, 429))
async def change_password(body: PasswordChange, user: CurrentUser, resources: ResourcesDep) -> Message:
    """Set a new password; your other sessions end."""
    await limit_guessing(resources, "password-change", resources.settings.login_limit, account=str(user.user_id))
    await auth_service.change_password(user, current=body.current_password, new=body.new_password, resources=resources)
    return Message(message="Your password is changed. Other sessions have been ended.")


@router.post("/password/forgot", status_code=202, responses=problems(422, 429))
async def forget_password(body: PasswordForgotten, session: SessionDep, resources: ResourcesDep) -> Message:
    """Ask for a mail with a reset link. The answer is the same for an address that is not known."""
    await limit_guessing(resources, "forgot", resources.settings.forgot_limit, account=body.email)
    auth_service.forget_password(session, body.email)
    return Message(message="If this address belongs to an account, a mail with a link is on its way.")


@router.post("/password/reset", responses=problems(400, 422, 429))
async def reset_password(body: PasswordReset, resources: ResourcesDep) -> Message:
    """Set a new password by the token from the mail; every session ends."""
    await limit_guessing(resources, "reset", resources.settings.login_limit)
    await auth_service.reset_password(body.token, body.new_password, resources=resources)
    return Message(message="Your password is set. Sign in with it.")


def token_pair(tokens: Tokens) -> dict[str, object]:
    return {
        "access_token": tokens.access,
        "refresh_token": tokens.refresh,
        "token_type": "bearer",
        "expires_in": tokens.expires_in,
    }
