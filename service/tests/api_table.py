"""The endpoints the service promises, written down by hand: what the code says of itself is checked against this."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from fastapi import FastAPI


class Who(StrEnum):
    ANYONE = "anyone"
    USER = "user"
    ADMIN = "admin"


@dataclass(frozen=True)
class Endpoint:
    """`refusals` are the 4xx of its own; a body makes 422 possible, a user 401, an administrator 403, an id 404."""

    method: str
    path: str
    who: Who
    success: int = 200
    refusals: frozenset[int] = frozenset()
    media_type: str = "application/json"

    @property
    def documented(self) -> frozenset[int]:
        implied = {Who.ANYONE: set[int](), Who.USER: {401}, Who.ADMIN: {401, 403}}[self.who]
        return self.refusals | implied | {self.success} | ({404} if "{" in self.path else set())

    def takes(self, parameter: str) -> bool:
        """Whether its path has that parameter."""
        return f"{{{parameter}}}" in self.path

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _endpoint(method: str, path: str, who: Who, success: int = 200, *refusals: int) -> Endpoint:
    return Endpoint(method, f"/api/v1{path}", who, success, frozenset(refusals))


ANYONE, USER, ADMIN = Who

ENDPOINTS = (
    _endpoint("POST", "/auth/register", ANYONE, 200, 400, 422),
    _endpoint("POST", "/auth/login", ANYONE, 200, 401, 422),
    _endpoint("POST", "/auth/refresh", ANYONE, 200, 401, 422),
    _endpoint("POST", "/auth/logout", USER),
    _endpoint("POST", "/auth/logout-all", USER),
    _endpoint("GET", "/auth/me", USER),
    _endpoint("GET", "/auth/sessions", USER),
    _endpoint("DELETE", "/auth/sessions/{session_id}", USER),
    _endpoint("POST", "/auth/verify-email", ANYONE, 200, 400, 422),
    _endpoint("POST", "/auth/verify-email/resend", USER, 202),
    _endpoint("POST", "/auth/password/change", USER, 200, 400, 422),
    _endpoint("POST", "/auth/password/forgot", ANYONE, 202, 422),
    _endpoint("POST", "/auth/password/reset", ANYONE, 200, 400, 422),
    _endpoint("POST", "/auth/login/second-factor", ANYONE, 200, 401, 422),
    _endpoint("GET", "/auth/second-factor", USER),
    _endpoint("POST", "/auth/second-factor", USER, 200, 400, 403, 409, 422),
    _endpoint("POST", "/auth/second-factor/confirm", USER, 200, 400, 409, 422),
    _endpoint("POST", "/auth/second-factor/recovery-codes", USER, 200, 400, 403, 409, 422),
    _endpoint("POST", "/auth/second-factor/disable", USER, 200, 400, 403, 409, 422),
    _endpoint("GET", "/auth/oidc/providers", ANYONE),
    _endpoint("GET", "/auth/oidc/{provider}/login", ANYONE, 303, 422, 502),
    _endpoint("GET", "/auth/oidc/{provider}/callback", ANYONE, 200, 303, 400, 401, 403, 409, 422, 502),
    _endpoint("GET", "/auth/oidc/identities", USER),
    _endpoint("DELETE", "/auth/oidc/identities/{identity_id}", USER, 200, 409, 422),
    _endpoint("POST", "/auth/tokens", USER, 201, 403, 409, 422),
    _endpoint("GET", "/auth/tokens", USER, 200, 403),
    _endpoint("DELETE", "/auth/tokens/{token_id}", USER, 200, 403),
    _endpoint("GET", "/users", USER, 200, 422),
    _endpoint("GET", "/users/{user_id}", ANYONE, 200, 422),
    _endpoint("GET", "/users/{user_id}/stats", ANYONE, 200, 422),
    _endpoint("PUT", "/users/{user_id}", USER, 200, 400, 403, 412, 422),
    _endpoint("PUT", "/users/{user_id}/avatar", USER, 200, 400, 403, 412, 413, 422),
    replace(_endpoint("GET", "/avatars/{avatar_id}", ANYONE, 200, 422), media_type="image/png"),
    _endpoint("PATCH", "/users/{user_id}/access", ADMIN, 200, 422),
    _endpoint("DELETE", "/users/{user_id}", ADMIN, 200, 422),
    _endpoint("GET", "/posts", ANYONE, 200, 422),
    _endpoint("POST", "/posts", USER, 201, 422),
    _endpoint("GET", "/posts/{post_id}", ANYONE, 200, 422),
    replace(_endpoint("GET", "/posts/events", ANYONE, 200, 422), media_type="text/event-stream"),
    replace(_endpoint("GET", "/posts/{post_id}/events", ANYONE, 200, 422), media_type="text/event-stream"),
    _endpoint("GET", "/posts/slug/{slug}", ANYONE, 200),
    _endpoint("PUT", "/posts/{post_id}", USER, 200, 412, 422),
    _endpoint("DELETE", "/posts/{post_id}", USER, 200, 422),
    _endpoint("GET", "/posts/{post_id}/images", ANYONE, 200, 422),
    _endpoint("POST", "/posts/{post_id}/images", USER, 201, 400, 403, 409, 413, 422),
    replace(_endpoint("GET", "/posts/{post_id}/images/{image_id}", ANYONE, 200, 422), media_type="image/png"),
    _endpoint("DELETE", "/posts/{post_id}/images/{image_id}", USER, 200, 403, 422),
    _endpoint("GET", "/tags", ANYONE),
)
OUTSIDE_THE_PREFIX = ("/health", "/health/live", "/health/ready", "/metrics")


@dataclass(frozen=True)
class Operation:
    """One operation as the OpenAPI document describes it, references resolved on demand."""

    method: str
    path: str
    description: dict[str, Any]
    document: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[dict[str, Any]]:
        return [self.resolved(parameter) for parameter in self.description.get("parameters", [])]

    @property
    def needs_user(self) -> bool:
        return any(self.description.get("security", [])) and {} not in self.description["security"]

    def body(self) -> tuple[str, dict[str, Any]] | None:
        """The first media type of the request body and its schema, or None."""
        content = self.resolved(self.description.get("requestBody", {})).get("content", {})
        for media_type, described in content.items():
            return media_type, self.resolved(described["schema"])
        return None

    def resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            found: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node


def operations(app: FastAPI) -> list[Operation]:
    """Every operation of the application's own OpenAPI document."""
    document = app.openapi()
    return [
        Operation(method.upper(), path, description, document)
        for path, item in document["paths"].items()
        for method, description in item.items()
        if method in {"get", "put", "post", "delete", "patch", "head", "options"}
    ]
