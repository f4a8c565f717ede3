"""What well-known libraries of authentication do with a stranger, and which names of unread ones leave a doubt.

Their code is rarely beside a project's text. What is said here of a library is what its documentation promises: that a
class is a security scheme, that calling a function makes a dependency that refuses, or that calling a method refuses.
"""

import re
from typing import Literal

Guard = Literal["scheme", "makes", "asks", "optional", "asked"]
"""An object or a function that is a dependency; a call that makes one; a call that refuses; one that lets through; what
gives an object of which such calls are methods."""

_KNOWN: tuple[tuple[str, str, Guard], ...] = (
    ("fastapi_login", r"LoginManager", "scheme"),
    ("fastapi_login", r"LoginManager\.optional", "optional"),
    ("fastapi_azure_auth", r"\w*AuthorizationCodeBearer\w*", "scheme"),
    ("fastapi_zitadel_auth", r"ZitadelAuth", "scheme"),
    ("fastapi_jwt", r"Jwt(Access|Refresh)\w+", "scheme"),
    (r"(async_|another_)?fastapi_(another_)?jwt_auth", r"AuthJWT\.\w*required", "asks"),
    (r"(async_|another_)?fastapi_(another_)?jwt_auth", r"AuthJWT\.jwt_optional", "optional"),
    (r"(async_|another_)?fastapi_(another_)?jwt_auth", r"AuthJWT(Bearer)?", "asked"),
    ("authx", r"AuthX\.token_required", "makes"),
    ("authx", r"AuthX\.(\w+_required|get_current_subject)", "scheme"),
    ("fastapi_keycloak", r"\w+\.get_current_user", "makes"),
    ("supertokens_python", r"verify_session", "makes"),
    ("fastapi_clerk_auth", r"ClerkHTTPBearer", "scheme"),
    ("propelauth_fastapi", r"init_auth\.require_user", "scheme"),
    ("propelauth_fastapi", r"init_auth\.require_org\w+", "makes"),
    ("propelauth_fastapi", r"init_auth\.optional_user", "optional"),
    ("fastapi_auth0", r"Auth0\.get_user", "scheme"),
    ("fastapi_cloudauth", r"\w+(CurrentUser|Claims)", "scheme"),
    ("fastapi_cloudauth", r"\w+\.(scope|claim)", "makes"),
    ("fastapi_simple_security", r"api_key_security", "scheme"),
    ("fastapi_sessions", r"Session(Cookie|Header)|SessionVerifier", "scheme"),
    ("fastapi_users", r"\w+\.current_user(_token)?", "makes"),
)
_PATTERNS: list[tuple[re.Pattern[str], Guard]] = [
    (re.compile(rf"{package}(\.\w+)*?\.({name})"), guard) for package, name, guard in _KNOWN
]

_HARMLESS = re.compile(
    r"(fastapi|starlette|pydantic|sqlalchemy|sqlmodel|fastapi_sso|fastapi_pagination|fastapi_csrf_protect|slowapi)\."
)
_DOUBTFUL = re.compile(
    r"auth|login|signin|jwt|token|permission|api_?key|credential|secur|protect|guard|oidc|keycloak|cognito|firebase"
    r"|current_?user|get_user|require|principal|identity|verify|admin|role",
    re.I,
)


def guard_of(name: str) -> Guard | None:
    """What the thing of this dotted name does with a stranger, where it is one of a library that is known."""
    plain = name.removesuffix("()")
    return next((guard for pattern, guard in _PATTERNS if pattern.fullmatch(plain)), None)


def may_guard(name: str) -> bool:
    """Whether what is named so, of an unread library, may ask who is calling."""
    return _HARMLESS.match(name) is None and _DOUBTFUL.search(name) is not None
