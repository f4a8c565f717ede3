"""The cookies of the admin site, all of them for its own addresses only.

session   who is signed in: a signed token of its own type, good neither as an access token nor in place of one
visitor   before that: ties the login form to the browser that asked for it
csrf      readable by the pages' scripts, which send it back
flash     what the last action has to say on the next page
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.http.cookies import Header, read_cookie, set_cookie
from app.security.encryption import DecryptionError, decrypt_json, encrypt_json
from app.security.tokens import Claims, InvalidToken, TokenSigner

IDLE_SECONDS = 3600
"""A session that is not used for this long is over."""

# The library looks for these two names.
CSRF = "starlette_admin_csrftoken"
FLASH = "starlette_admin_flash"

_FLASH_SECONDS = 300


@dataclass(frozen=True, slots=True)
class SiteCookies:
    """Reads and writes them for one request. ``path`` is the site's; ``secure``: sent over https alone."""

    signer: TokenSigner
    headers: dict[bytes, bytes]
    path: str
    secure: bool

    def claims(self) -> Claims | None:
        """What the session cookie says, if it is one of ours and not too old."""
        token = read_cookie(self.headers, self._name("session"))
        if token is None:
            return None
        try:
            return self.signer.verify(token, typ="admin")
        except InvalidToken:
            return None

    def session(self, *, user_id: int, session_id: UUID) -> Header:
        token = self.signer.sign(typ="admin", user_id=user_id, session_id=session_id, lifetime=IDLE_SECONDS)
        return self._set(self._name("session"), token, max_age=IDLE_SECONDS)

    def no_session(self) -> Header:
        return self._set(self._name("session"), "", max_age=0)

    def visitor(self) -> UUID | None:
        try:
            return UUID(read_cookie(self.headers, self._name("visitor")) or "")
        except ValueError:
            return None

    def new_visitor(self, visitor: UUID) -> Header:
        return self._set(self._name("visitor"), str(visitor), max_age=IDLE_SECONDS)

    def has_csrf(self, token: str) -> bool:
        return read_cookie(self.headers, CSRF) == token

    def csrf(self, token: str) -> Header:
        return self._set(CSRF, token, max_age=IDLE_SECONDS, http_only=False)

    def flash(self, messages: list[dict[str, str]]) -> Header:
        encrypted = encrypt_json({"messages": messages}, purpose=FLASH, secrets=self.signer.secrets)
        return self._set(FLASH, encrypted, max_age=_FLASH_SECONDS)

    def no_flash(self) -> Header:
        return self._set(FLASH, "", max_age=0)

    def loads(self, encrypted: str) -> list[dict[str, str]] | None:
        """The messages in a flash cookie; the library asks for them by this name."""
        try:
            found: Any = decrypt_json(encrypted, purpose=FLASH, secrets=self.signer.secrets, max_age=_FLASH_SECONDS)
        except DecryptionError:
            return None
        return found["messages"]

    def _name(self, what: str) -> str:
        # named after the service: cookies do not tell ports apart
        name = f"publishing-service-admin-{what}"
        return f"__Secure-{name}" if self.secure else name

    def _set(self, name: str, value: str, *, max_age: int, http_only: bool = True) -> Header:
        return set_cookie(name, value, path=self.path, max_age=max_age, http_only=http_only, secure=self.secure)
