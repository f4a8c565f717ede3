"""The second factor: finishing a sign-in with it, switching it on and off."""

from typing import Any

from fastapi import APIRouter, Request, Response

from app.api.cookies import WantsCookies, answer_tokens, require_own_page
from app.api.dependencies import CurrentUser, DeviceDep, ReadDep, ResourcesDep, SessionDep
from app.api.responses import NO_STORE, json_response, problems
from app.auth import second_factor, second_factor_enrolment
from app.auth import service as auth_service
from app.auth.guessing import limit_guessing
from app.auth.principal import Principal
from app.resources import Resources
from app.schemas.auth import CookieSession, TokenPair
from app.schemas.common import Message
from app.schemas.second_factor import (
    RecoveryCodes,
    SecondFactorBegin,
    SecondFactorChange,
    SecondFactorConfirm,
    SecondFactorLogin,
    SecondFactorSecret,
    SecondFactorState,
)

router = APIRouter()


@router.post("/login/second-factor", response_model=TokenPair | CookieSession, responses=problems(401, 403, 422, 429))
async def finish_log_in(
    body: SecondFactorLogin,
    request: Request,
    session: SessionDep,
    resources: ResourcesDep,
    device: DeviceDep,
    *,
    cookies: WantsCookies = False,
) -> Response:
    """Finish a sign-in that was answered `second-factor-required`."""
    if cookies:
        require_own_page(request)
    await limit_guessing(resources, "second-factor", resources.settings.rate_limit_login)
    tokens = await second_factor.finish_sign_in(session, body.mfa_token, body.code, device=device, resources=resources)
    return answer_tokens(request, tokens, as_cookies=cookies)


@router.get("/second-factor", response_model=SecondFactorState, responses=problems(401))
async def read_second_factor(user: CurrentUser, reader: ReadDep) -> Response:
    """Whether signing in to your account takes a code, and how many recovery codes you have left."""
    state = await second_factor_enrolment.read_state(reader, user.user_id)
    content: dict[str, Any] = {
        "enabled": state.confirmed_at is not None,
        "confirmed_at": state.confirmed_at,
        "recovery_codes_left": state.recovery_codes_left,
    }
    return json_response(content, headers=NO_STORE)


@router.post("/second-factor", response_model=SecondFactorSecret, responses=problems(400, 401, 403, 409, 422, 429))
async def begin_second_factor(
    body: SecondFactorBegin, user: CurrentUser, session: SessionDep, resources: ResourcesDep
) -> Response:
    """Get a secret for your authenticator app. Nothing changes until you confirm it by a code."""
    await _reauthenticate(user, body.password, resources=resources)
    enrolment = await second_factor_enrolment.begin(session, user, resources=resources)
    return json_response({"secret": enrolment.secret, "otpauth_uri": enrolment.otpauth_uri}, headers=NO_STORE)


@router.post("/second-factor/confirm", response_model=RecoveryCodes, responses=problems(400, 401, 409, 422, 429))
async def confirm_second_factor(
    body: SecondFactorConfirm, user: CurrentUser, session: SessionDep, resources: ResourcesDep
) -> Response:
    """Switch it on by a first code. Your other sessions end; keep the recovery codes."""
    await limit_guessing(resources, "second-factor", resources.settings.rate_limit_login, account=str(user.user_id))
    codes = await second_factor_enrolment.confirm(session, user, body.code, resources=resources)
    return json_response({"recovery_codes": codes}, headers=NO_STORE)


@router.post("/second-factor/recovery-codes", response_model=RecoveryCodes, responses=problems(400, 401, 403, 409, 422))
async def renew_recovery_codes(
    body: SecondFactorChange, user: CurrentUser, session: SessionDep, resources: ResourcesDep
) -> Response:
    """Get new recovery codes; the old ones stop working."""
    await _reauthenticate(user, body.password, resources=resources)
    codes = await second_factor_enrolment.renew_recovery_codes(session, user, body.code, resources=resources)
    return json_response({"recovery_codes": codes}, headers=NO_STORE)


@router.post("/second-factor/disable", responses=problems(400, 401, 403, 409, 422, 429))
async def disable_second_factor(
    body: SecondFactorChange, user: CurrentUser, session: SessionDep, resources: ResourcesDep
) -> Message:
    """Sign in by the password alone from now on. Your other sessions end."""
    await _reauthenticate(user, body.password, resources=resources)
    await second_factor_enrolment.switch_off(session, user, body.code, resources=resources)
    return Message(message="The second factor is off. Other sessions have been ended.")


async def _reauthenticate(user: Principal, password: str, *, resources: Resources) -> None:
    await limit_guessing(resources, "reauthenticate", resources.settings.rate_limit_login, account=str(user.user_id))
    await auth_service.reauthenticate(user, password, resources=resources)
