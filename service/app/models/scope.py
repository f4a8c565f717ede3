"""Scopes: what an API token may be allowed, of all that its user may do. A session has every one of them."""

from enum import StrEnum


class Scope(StrEnum):
    PROFILE_READ = "profile:read"
    PROFILE_WRITE = "profile:write"
    POSTS_READ = "posts:read"
    POSTS_WRITE = "posts:write"
    ADMIN = "admin"


DESCRIPTIONS: dict[Scope, str] = {
    Scope.PROFILE_READ: "Read your own profile, and everyone's public one.",
    Scope.PROFILE_WRITE: "Change your profile.",
    Scope.POSTS_READ: "Read posts, your drafts among them.",
    Scope.POSTS_WRITE: "Write, publish, change and delete posts of yours.",
    Scope.ADMIN: "With the other scopes: what administrators may do beyond that. For administrators' tokens only.",
}


def pack(scopes: frozenset[Scope]) -> str:
    """As OAuth writes them: one string, separated by spaces (RFC 6749 §3.3), in the order they are declared."""
    return " ".join(scope for scope in Scope if scope in scopes)


def unpack(packed: str) -> frozenset[Scope]:
    """Scopes of a stored token; a name that is no longer one is left out, so that it allows nothing."""
    known = {scope.value: scope for scope in Scope}
    return frozenset(known[name] for name in packed.split() if name in known)
