"""Signing up, in and out."""

from fastapi import APIRouter, Response

from app.api.dependencies import CurrentUser

router = APIRouter()


@router.get("/me")
async def read_me(user: CurrentUser) -> Response:
    """Your own profile."""
    return Response(user.profile, media_type="application/json", headers={"ETag": user.etag})
