"""Entity tags and conditional requests (RFC 9110 §8.8.3, §13).

A tag is ``"<version>-<digest>"``. The digest makes it a validator of the bytes for ``If-None-Match``; ``If-Match``
compares the version alone, which is what a lost update would overwrite: an author's new name refuses no edit.
"""

from hashlib import blake2b

from app.http.errors import BadRequest, PreconditionFailed

_GZIP_SUFFIX = b'-gzip"'


def entity_tag(body: bytes, version: int | None = None) -> bytes:
    """The tag, quotes included, of a representation (of a resource at ``version``)."""
    digest = blake2b(body, digest_size=8).hexdigest()
    return b'"%s"' % (digest if version is None else f"{version}-{digest}").encode()


def gzip_tag(tag: bytes) -> bytes:
    """The tag of the gzipped form: other bytes need another strong tag."""
    return tag[:-1] + _GZIP_SUFFIX


def is_not_modified(if_none_match: bytes, tag: bytes) -> bool:
    """Whether the reader already has the representation (weak comparison, either encoding)."""
    if if_none_match.strip() == b"*":
        return True
    return any(_plain(candidate) == tag for candidate in if_none_match.split(b","))


def require_match(if_match: str | None, version: int) -> None:
    """Refuse a write based on another version. No header, no condition.

    Raises :class:`PreconditionFailed` for another version, :class:`BadRequest` for what is not an entity tag.
    """
    if if_match is None or if_match.strip() == "*":
        return
    candidates = [_plain(part) for part in if_match.encode("latin-1", "replace").split(b",")]
    if not all(len(tag) >= 2 and tag.startswith(b'"') and tag.endswith(b'"') for tag in candidates):
        raise BadRequest('If-Match must be * or entity tags in quotes, as the ETag header gave them: "3-1f2e…".')
    if not any(tag.strip(b'"').partition(b"-")[0] == b"%d" % version for tag in candidates):
        raise PreconditionFailed("Somebody changed this since you read it. Read it again and repeat your change.")


def _plain(tag: bytes) -> bytes:
    tag = tag.strip().removeprefix(b"W/")
    return tag[: -len(_GZIP_SUFFIX)] + b'"' if tag.endswith(_GZIP_SUFFIX) else tag
