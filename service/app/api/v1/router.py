"""The endpoints of version 1."""

from fastapi import APIRouter

from app.api.v1.endpoints import (
    api_tokens,
    auth,
    avatars,
    oidc,
    post_events,
    post_images,
    posts,
    second_factor,
    tags,
    users,
)

router = APIRouter()
router.include_router(auth.router, prefix="/auth", tags=["auth"])
router.include_router(second_factor.router, prefix="/auth", tags=["auth"])
router.include_router(api_tokens.router, prefix="/auth/tokens", tags=["auth"])
router.include_router(oidc.router, prefix="/auth/oidc", tags=["auth"])
router.include_router(users.router, prefix="/users", tags=["users"])
router.include_router(avatars.router, tags=["users"])
router.include_router(post_events.router, prefix="/posts", tags=["posts"])  # before /posts/{post_id}
router.include_router(posts.router, prefix="/posts", tags=["posts"])
router.include_router(post_images.router, prefix="/posts/{post_id}/images", tags=["posts"])
router.include_router(tags.router, prefix="/tags", tags=["tags"])
