"""The endpoints of version 1."""

from fastapi import APIRouter

from app.api.v1.endpoints import auth, posts, tags, users

router = APIRouter()
router.include_router(auth.router, prefix="/auth", tags=["auth"])
router.include_router(users.router, prefix="/users", tags=["users"])
router.include_router(posts.router, prefix="/posts", tags=["posts"])
router.include_router(tags.router, prefix="/tags", tags=["tags"])
