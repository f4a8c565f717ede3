"""Personal API tokens: made, listed, revoked. By a session alone: no API token makes another."""

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Response

from app.api.dependencies import CurrentUser, ReadDep, ResourcesDep, SessionDep
from app.api.responses import NO_STORE, json_response, problems
from app.auth import api_tokens
from app.auth.api_tokens import Listed
from app.schemas.api_token import ApiTokenMade, ApiTokenRequest, ApiTokenView
from app.schemas.common import Message

router = APIRouter()


@router.post("", status_code=201, response_model=ApiTokenMade, responses=problems(401, 403, 409, 422))
async def make_api_token(wanted: ApiTokenRequest, user: CurrentUser, session: SessionDep) -> Response:
    """Make an API token. Its secret is shown now and never again; a mail tells you that it was made."""
    lifetime = timedelta(days=wanted.expires_in_days)
    made, token = await api_tokens.make(
        session, user, name=wanted.name, scopes=frozenset(wanted.scopes), lifetime=lifetime
    )
    return json_response({**_view(made), "token": token}, status=201, headers=NO_STORE)


@router.get("", response_model=list[ApiTokenView], responses=problems(401, 403))
async def list_api_tokens(user: CurrentUser, reader: ReadDep) -> Response:
    """Your API tokens, newest first, without their secrets."""
    tokens = await api_tokens.list_tokens(reader, user_id=user.user_id)
    return json_response([_view(token) for token in tokens], headers=NO_STORE)


@router.delete("/{token_id}", responses=problems(401, 403, 404, 422))
async def revoke_api_token(token_id: UUID, user: CurrentUser, session: SessionDep, resources: ResourcesDep) -> Message:
    """Revoke one of your API tokens; it is dead at once."""
    await api_tokens.revoke(session, user_id=user.user_id, token_id=token_id, resources=resources)
    return Message(message="The token is revoked.")


def _view(token: Listed) -> dict[str, object]:
    return {**token._asdict(), "scopes": token.scopes.split()}
