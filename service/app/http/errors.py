"""Errors: one small tree, and the one place where any exception becomes an HTTP answer.

Services raise a :class:`ServiceError`; the framework raises its own; a dead database raises whatever its driver likes.
:func:`problem_for` turns each into a :class:`Problem` (RFC 9457), and nothing of the exception that is not meant for
the client (message, SQL, stack) leaves with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, ClassVar

import asyncpg
import orjson
import sqlalchemy.exc
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from app.cache import redis
from app.http.context import current_request_id
from app.http.routing import allowed_methods, route_path

PROBLEM_JSON = "application/problem+json"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault of the request: where it is (JSON pointer as a URI fragment, RFC 6901 §6) and what is wrong."""

    pointer: str
    detail: str
    code: str
    location: str = "body"

    def as_json(self) -> dict[str, str]:
        return {"pointer": self.pointer, "in": self.location, "code": self.code, "detail": self.detail}


class ServiceError(Exception):
    """A refusal meant for the client. Subclasses fix the status; ``detail`` says what, where and what to do."""

    status: ClassVar[int] = 500
    slug: ClassVar[str | None] = None

    def __init__(
        self,
        detail: str,
        *,
        slug: str | None = None,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldError] = (),
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.problem_slug = slug or self.slug
        self.headers = dict(headers or {})
        self.errors = tuple(errors)
        self.extensions = extensions


class BadRequest(ServiceError):
    status = 400


class Unauthorized(ServiceError):
    """No, or no longer valid, credentials. Always carries ``WWW-Authenticate`` (RFC 9110 §11.6.1)."""

    status = 401

    def __init__(self, detail: str, **kwargs: Any) -> None:
        super().__init__(detail, **kwargs)
        self.headers.setdefault("WWW-Authenticate", "Bearer")


class Forbidden(ServiceError):
    status = 403


class NotFound(ServiceError):
    status = 404


class Conflict(ServiceError):
    status = 409


class PreconditionFailed(ServiceError):
    status = 412
    slug = "lost-update"


class InvalidInput(ServiceError):
    """A well-formed request whose content a rule refuses: same answer as a schema violation."""

    status = 422
    slug = "validation-error"

    @classmethod
    def for_field(cls, field: str, detail: str, *, code: str = "value_error", location: str = "body") -> "InvalidInput":
        """A fault of one top-level field (or of one parameter, for another ``location``)."""
        error = FieldError(pointer=json_pointer((field,)), detail=detail, code=code, location=location)
        return cls("The request is not valid: see errors.", errors=(error,))


class TooManyRequests(ServiceError):
    status = 429
    slug = "rate-limited"


class BadGateway(ServiceError):
    """A server this one asked has answered something that cannot be used."""

    status = 502


class Unavailable(ServiceError):
    """Something this service stands on is down; the same request may succeed later."""

    status = 503

    def __init__(self, detail: str, **kwargs: Any) -> None:
        super().__init__(detail, **kwargs)
        self.headers.setdefault("Retry-After", "1")


@dataclass(frozen=True, slots=True)
class Problem:
    """An RFC 9457 problem, ready to be sent."""

    status: int
    detail: str
    slug: str | None = None
    headers: Mapping[str, str] | None = None
    errors: tuple[FieldError, ...] = ()
    extensions: Mapping[str, Any] | None = None

    def body(self, instance: str) -> bytes:
        """JSON for this occurrence; ``instance`` is the path of the request."""
        content: dict[str, Any] = {
            "type": f"urn:problem-type:{self.slug}" if self.slug else "about:blank",
            "title": _TITLES.get(self.slug or "") or HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": _printable(self.detail),
            "instance": _printable(instance),
            "request_id": current_request_id(),
        }
        content |= self.extensions or {}
        if self.errors:
            content["errors"] = [error.as_json() for error in self.errors]
        return orjson.dumps(content)

    def response(self, instance: str) -> Response:
        headers = {"Cache-Control": "no-store", **(self.headers or {})}
        return Response(self.body(instance), status_code=self.status, headers=headers, media_type=PROBLEM_JSON)


_TITLES = {
    "validation-error": "The request is not valid",
    "lost-update": "The resource has changed",
    "rate-limited": "Too many requests",
    "not-ready": "Not ready",
}

_UNEXPECTED = Problem(500, "Something went wrong here. Quote the request_id when you report it.")
_BROKEN_OFF = Problem(400, "The body broke off.")  # for the access log: there is nobody left to read it
_DOWN = Problem(503, "A service this one depends on does not answer. Try again shortly.", headers={"Retry-After": "1"})
_BUSY = Problem(503, "The service is busy. Try again shortly.", headers={"Retry-After": "1"})

# What a lost, refused or exhausted connection looks like, by driver. A wrong statement is none of these: that is a 500.
_OUTAGES: tuple[type[BaseException], ...] = (
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    OSError,
)
# SQLSTATE: connection exceptions, a server that has become read-only (a standby, a full disk), insufficient resources,
# shutdowns and starts (PostgreSQL's errcodes appendix). What SQLAlchemy wraps keeps nothing else of the driver's class.
_OUTAGE_STATES = ("08", "25006", "53", "57P")
_ROLLED_BACK = "40"
"""The class of states of a transaction that others made impossible, as a deadlock does: it may be tried again."""
_SCHEMA_STATES = ("42P01", "42703")
"""SQLSTATE of a table or a column that is not there: the code is newer than the schema."""
SCHEMA = Problem(
    503,
    "The database is not yet in the form this version needs. Try again shortly.",
    "schema-mismatch",
    headers={"Retry-After": "5"},
)
_OVERLOADS: tuple[type[BaseException], ...] = (sqlalchemy.exc.TimeoutError, TimeoutError)


def problem_for(exc: BaseException) -> Problem:
    """The answer to any exception; an unknown one is a 500 without details."""
    match exc:
        case ServiceError():
            return Problem(type(exc).status, exc.detail, exc.problem_slug, exc.headers, exc.errors, exc.extensions)
        case RequestValidationError():
            return _validation_problem(exc.errors())
        case HTTPException():
            detail = (
                exc.detail
                if exc.detail != HTTPStatus(exc.status_code).phrase
                else _FRAMEWORK_DETAILS.get(exc.status_code)
            )
            return Problem(exc.status_code, detail or exc.detail, headers=exc.headers)
        case ClientDisconnect():
            return _BROKEN_OFF
        case _ if isinstance(exc, _OVERLOADS) or _sqlstate(exc).startswith(_ROLLED_BACK):
            return _BUSY
        case _ if is_outage(exc):
            return _DOWN
        case _ if _sqlstate(exc) in _SCHEMA_STATES:
            return SCHEMA
        case _:
            return _UNEXPECTED


def is_outage(exc: BaseException) -> bool:
    """Whether a backing service is down (as opposed to this code being wrong)."""
    if isinstance(exc, sqlalchemy.exc.DBAPIError):
        return exc.connection_invalidated or _sqlstate(exc).startswith(_OUTAGE_STATES) or isinstance(exc, _OUTAGES)
    return isinstance(exc, (*_OUTAGES, *redis.faults()))


def _sqlstate(exc: BaseException) -> str:
    """Of the driver's own exception, or of the one that SQLAlchemy wraps; empty for all others."""
    return str(getattr(getattr(exc, "orig", exc), "sqlstate", None) or "")


_FRAMEWORK_DETAILS = {
    404: "There is nothing at this address.",
    405: "This address exists, but not for this method: see the Allow header.",
}


def _validation_problem(faults: Sequence[Any]) -> Problem:
    """Pydantic's faults without what the client sent: an answer must not echo a password back."""
    errors: list[FieldError] = []
    for fault in faults:
        location, *path = fault["loc"] or ("body",)
        if fault["type"] == "json_invalid":
            detail = f"The body is not JSON: {fault['ctx']['error']} at character {path[0]}."
            return Problem(422, detail, "validation-error", errors=(FieldError("#", detail, "json_invalid"),))
        errors.append(FieldError(json_pointer(path), _printable(fault["msg"]), fault["type"], str(location)))
    return Problem(422, "The request is not valid: see errors.", "validation-error", errors=tuple(errors))


def json_pointer(path: Sequence[object]) -> str:
    """RFC 6901 pointer in its URI-fragment form: ``("tags", 0)`` → ``#/tags/0``; no path → ``#`` (the whole)."""
    return "#" + "".join("/" + _printable(str(part)).replace("~", "~0").replace("/", "~1") for part in path)


def _printable(text: str) -> str:
    """Text that any JSON reader accepts: lone surrogates (which UTF-8 cannot carry) replaced."""
    return text.encode("utf-8", "replace").decode()


async def _answer(request: Request, exc: Exception) -> Response:
    problem = problem_for(exc)
    if problem.status == 405 and (methods := allowed_methods(request.app, route_path(request.scope))):
        problem = replace(problem, headers={"Allow": ", ".join(methods)})
    return problem.response(request.scope["path"])


def install_error_handlers(app: FastAPI) -> None:
    """Every error the framework answers by itself gets the one shape.

    The rest (a bug, an outage) is caught by :class:`app.middleware.admission.AdmissionMiddleware`, inside the
    middleware that adds the request id, so that a 500 is logged and headed like any answer.
    """
    for kind in (ServiceError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _answer)
