"""The endpoints of version 1."""

from fastapi import APIRouter

from app.api.v1.endpoints import auth

router = APIRouter()
router.include_router(auth.router, prefix="/auth", tags=["auth"])
