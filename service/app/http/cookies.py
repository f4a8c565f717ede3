"""Cookies, read from a request and written into an answer (RFC 6265bis)."""

Header = tuple[bytes, bytes]


def read_cookie(headers: dict[bytes, bytes], name: str) -> str | None:
    """The value of a cookie of the request, or None."""
    wanted = name.encode()
    for pair in headers.get(b"cookie", b"").split(b";"):
        key, _, value = pair.strip().partition(b"=")
        if key == wanted:
            return value.decode("latin-1")
    return None


def set_cookie(name: str, value: str, *, path: str, max_age: int, http_only: bool, secure: bool) -> Header:
    """A Set-Cookie header; ``max_age`` in seconds, 0 removes the cookie. ``value`` is made of token characters."""
    attributes = [f"{name}={value}", f"Max-Age={max_age}", f"Path={path}", "SameSite=Lax"]
    attributes += ["HttpOnly"] * http_only + ["Secure"] * secure
    return b"set-cookie", "; ".join(attributes).encode("latin-1")
