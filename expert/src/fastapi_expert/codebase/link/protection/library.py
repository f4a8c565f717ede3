"""What functions and classes outside the codebase do with a stranger's values."""

import re
from collections.abc import Callable
from typing import Any

from fastapi_expert.codebase.interpret.values import (
    MISSING,
    External,
    Instance,
    Member,
    Method,
    Site,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.link.protection.libraries import guard_of
from fastapi_expert.codebase.link.protection.outcomes import truth
from fastapi_expert.codebase.link.protection.values import (
    ABSENT,
    BROUGHT,
    FREE,
    Absent,
    Answer,
    AskedText,
    Begun,
    BoundMethod,
    Connection,
    Decided,
    Foreign,
    Opaque,
    Setting,
    derived,
    matches,
    plain_text,
    tainted,
)
from fastapi_expert.codebase.vocabulary import REFUSING_STATUSES, SECURITY_SCHEMES

_LOGGING = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "print"})
_REDIRECT = 307


def last(name: str) -> str:
    """`HTTPException` of `fastapi.HTTPException`."""
    return name.rpartition(".")[2]


def is_scheme(name: str) -> bool:
    """Whether the class outside of this name reads credentials and refuses by itself."""
    return (last(name) in SECURITY_SCHEMES and last(name) != "SecurityBase") or guard_of(name) == "scheme"


ASKED = ("auto_error", "session_required", "required", "optional")
"""The parameters by which a call of a library says whether what it makes refuses strangers."""


def made_scheme(keywords: dict[str, Any], site: Site) -> Instance:
    """The dependency that a call of a library makes which refuses strangers, unless it is told not to."""
    required = keywords.get("auto_error", keywords.get("session_required", keywords.get("required", True)))
    if truth(keywords.get("optional", False)).value:
        required = False
    return Instance(External("fastapi.security.OAuth2"), site, {"auto_error": required})


def dotted(value: Any) -> str:
    """The name of what lies outside: a function, an object's class, a method of an object; "" for anything else."""
    if isinstance(value, External):
        return value.name
    if isinstance(value, Instance) and isinstance(value.cls, External):
        return value.cls.name
    if isinstance(value, (BoundMethod, Method)) and (owner := dotted(value.receiver)):
        return f"{owner.removesuffix('()')}.{value.name}"
    return ""


def is_response(name: str) -> bool:
    """Whether calling what has this name makes a response."""
    return last(name).endswith("Response")


def is_exception(name: str) -> bool:
    """Whether calling what has this name makes an exception."""
    return last(name).endswith(("Exception", "Error")) and not last(name).startswith("add_")


def status_of(value: Any) -> int | None:
    """A status as code: `401`, `status.HTTP_401_UNAUTHORIZED`, `HTTPStatus.UNAUTHORIZED`."""
    from http import HTTPStatus

    if isinstance(value, Member):
        value = value.value
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, External):
        name = last(value.name.removesuffix(".value"))
        if name.startswith("HTTP_") and name[5:8].isdigit():
            return int(name[5:8])
        if name.startswith("WS_") and name[3:7].isdigit():
            return int(name[3:7])
        if "HTTPStatus" in value.name and name in HTTPStatus.__members__:
            return int(HTTPStatus[name])
    return None


def answer(name: str, args: list[Any], keywords: dict[str, Any], site: Site) -> Answer:
    """The response that a class of this name makes."""
    if "Redirect" in last(name):
        given = args[1] if len(args) > 1 else keywords.get("status_code", _REDIRECT)
        location = args[0] if args else keywords.get("url")
        return Answer(status_of(given), location.start if isinstance(location, Begun) else location, site)
    given = args[1] if len(args) > 1 else keywords.get("status_code", 200)
    status = status_of(given)
    if status == 200:
        status = _enveloped(args[0] if args else keywords.get("content")) or status
    return Answer(status if status is not None else given, None, site)


def _enveloped(content: Any) -> int | None:
    """The refusing status that a body tells under `code`, where every answer is sent as 200."""
    code = status_of(content.get("code")) if is_dict(content) else None
    return code if code in REFUSING_STATUSES else None


def exception(cls: External, args: list[Any], keywords: dict[str, Any], site: Site) -> Instance:
    """An exception of a class outside; HTTP ones have their status."""
    attributes = {str(index): value for index, value in enumerate(args)} | keywords
    if "HTTPException" in cls.name or "WebSocketException" in cls.name:
        given = keywords.get("status_code", keywords.get("code", args[0] if args else None))
        status = status_of(given)
        attributes["status_code"] = status if status is not None else given
        attributes.setdefault("detail", args[1] if len(args) > 1 else keywords.get("detail"))
        headers = args[2] if len(args) > 2 else keywords.get("headers")
        attributes["headers"] = headers
    return Instance(cls, site, attributes)


def of_scope(name: str, args: list[Any], keywords: dict[str, Any]) -> Connection | None:
    """What the classes of Starlette make of a scope, by which middleware reads a request."""
    given = args[0] if args else keywords.get("scope", keywords.get("raw"))
    part = _OF_SCOPE.get(last(name))
    if part is None or not isinstance(given, Connection):
        return None
    return Connection(part)


_OF_SCOPE = {
    "Headers": "headers", "MutableHeaders": "headers", "QueryParams": "query_params", "URL": "url",
    "Request": "", "HTTPConnection": "", "WebSocket": "", "State": "state",
}  # fmt: skip


_CREDENTIAL = re.compile(
    "auth|token|key|secret|session|credential|passw|jwt|bearer|sign|hmac|csrf|xsrf|user|login|identity|cert|sid|cookie"
    "|account|principal|role|access|otp|pin$|code",
    re.I,
)
_NO_CREDENTIAL = re.compile("idempot|accept|encoding|country|language|agent", re.I)

_SECRET = re.compile(
    "(?<!page_)(?<!next_)(?<!continuation_)(?<!sync_)(token|api_?key|secret|passw(or)?d|signature|hmac)$", re.I
)


_ANYBODYS = re.compile(
    "origin|referr?er|host|user-agent|content-(type|length|encoding)|accept(-\\w+)?|sec-(?!websocket-protocol)\\S+|x-requested-with"
    "|x-forwarded-(for|host|proto|port|prefix)|x-real-ip|if-\\S+|range|connection|upgrade|cache-control|date|dnt",
    re.I,
)


def is_anybodys(name: Any) -> bool:
    """Whether a header is one that every client sends as it likes: it says nothing of who is calling."""
    plain = name.decode("latin-1") if isinstance(name, bytes) else name
    return isinstance(plain, str) and _ANYBODYS.fullmatch(plain.replace("_", "-")) is not None


def is_credential(name: Any) -> bool:
    """Whether a header or a parameter of this name may say who is calling; one whose name is not known may."""
    return not isinstance(name, str) or (_CREDENTIAL.search(name) is not None and not _NO_CREDENTIAL.search(name))


def is_secret(name: Any) -> bool:
    """Whether an endpoint asks for a parameter of this name to tell who is calling, not what is wanted: `?token=…`."""
    return isinstance(name, str) and _SECRET.search(name) is not None


def is_harmless(name: str) -> bool:
    """Whether a call of this name raises nothing and tells nothing, whatever it is given."""
    return last(name) in _LOGGING


def matched(function: str, pattern: str, text: str, site: Site) -> Any:
    """What `re.match` and its like give; for some request another than for others where a path has parameters."""
    asked = (function, str(pattern))
    try:
        found = text.ask("matches", asked) if isinstance(text, AskedText) else matches(text, asked)
    except (re.error, RecursionError, OverflowError):
        return Opaque(f"what {function}() gives", site)
    if found is None:
        return FREE
    return Instance(External("re.Match"), site) if found else None


def plain(name: str, args: list[Any], site: Site) -> Any:
    """The value of a builtin that can be worked out; None when it is another function."""
    known = _PLAIN.get(name)
    if known is None:
        return None
    try:
        return known(args)
    except (TypeError, ValueError, IndexError, AttributeError):
        return Opaque(f"what {last(name)}() gives", site)


def _bool(args: list[Any]) -> Any:
    decision = truth(args[0]) if args else truth(False)
    if decision.value is None:
        return args[0]
    return Decided(decision.value) if decision.credentials else decision.value


def _len(args: list[Any]) -> Any:
    if isinstance(args[0], str) or is_list(args[0]) or is_dict(args[0]):
        return len(args[0])
    if isinstance(args[0], Connection) and args[0].part in BROUGHT:
        return Absent(0)
    return derived(*args) or FREE


def _int(args: list[Any]) -> Any:
    value = args[0]
    if isinstance(value, Setting):
        plain = isinstance(value.default, (str, int, float))
        return value.giving(int(value.default) if plain else value.default if value.default is None else MISSING)
    status = status_of(value)  # `int(HTTPStatus.UNAUTHORIZED)`
    if status is not None:
        return status
    return int(plain_text(value)) if isinstance(value, (str, int, float)) else derived(value) or FREE


def _compare_digest(args: list[Any]) -> Any:
    if any(isinstance(one, (Absent, Foreign, Decided)) for one in args):
        return Decided(False)
    if any(isinstance(one, Connection) for one in args):
        return Decided(False)
    if len(args) == 2 and all(isinstance(one, str) for one in args):
        return args[0] == args[1]
    return derived(*args) or FREE


def _str(args: list[Any]) -> Any:
    if not args:
        return ""
    if isinstance(args[0], (Begun, AskedText)):
        return args[0]
    if isinstance(args[0], (str, int, float)) and not isinstance(args[0], bool):
        return str(args[0])
    return args[0] if isinstance(args[0], (Absent, Foreign, Setting)) else derived(*args) or FREE


def _collection(args: list[Any]) -> Any:
    if not args:
        return []
    if is_list(args[0]):
        return list(args[0])
    if isinstance(args[0], Connection):
        return args[0]  # dict(scope["headers"])
    if is_dict(args[0]):
        return args[0]
    return ABSENT if isinstance(args[0], (Absent, Foreign)) else derived(*args) or FREE


def _next(args: list[Any]) -> Any:
    """The first item, or the default."""
    items = args[0]
    if is_list(items):
        return items[0] if items else args[1] if len(args) > 1 else FREE
    if isinstance(items, (Absent, Foreign)):
        return tainted(args[1]) if len(args) > 1 else ABSENT
    return derived(items) or FREE


def _first(args: list[Any]) -> Any:
    return args[0] if args else FREE


_PLAIN: dict[str, Callable[[list[Any]], Any]] = {
    "builtins.bool": _bool,
    "builtins.int": _int,
    "builtins.next": _next,
    "builtins.iter": lambda args: args[0],
    "builtins.len": _len,
    "builtins.str": _str,
    "builtins.list": _collection,
    "builtins.tuple": _collection,
    "builtins.set": _collection,
    "builtins.frozenset": _collection,
    "builtins.dict": _collection,
    "builtins.sorted": _collection,
    "secrets.compare_digest": _compare_digest,
    "hmac.compare_digest": _compare_digest,
    "typing.cast": lambda args: args[1],
    "starlette.concurrency.run_in_threadpool": _first,
}
