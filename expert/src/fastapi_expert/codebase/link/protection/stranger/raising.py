"""Exceptions: which refuse a caller, what the application answers for them, and which `except` takes them."""

import re
from typing import Any

from fastapi_expert.codebase.interpret.values import (
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Site,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.link.protection import library
from fastapi_expert.codebase.link.protection.outcomes import Outcome, is_refusing_answer
from fastapi_expert.codebase.link.protection.stranger.runtime import Following
from fastapi_expert.codebase.link.protection.values import Absent, Answer, Connection, Opaque, exception_name
from fastapi_expert.codebase.vocabulary import REFUSING_STATUSES

POLICY_VIOLATION = 1008

_NOT_RAISED = frozenset({"ImportError", "ModuleNotFoundError", "CancelledError", "KeyboardInterrupt", "TimeoutError"})


_REFUSES = re.compile(r"\.(Unauthori[sz]ed|Forbidden|NotAuthenticated|Unauthenticated|PermissionDenied)\w*$")
"""Exceptions of unread libraries whose names are those of the statuses that refuse."""


class Raising(Following):
    """Exceptions: which refuse a caller, what the application answers for them, and which `except` takes them."""

    def raised(self, value: Any, site: Site) -> Outcome:
        """The end that raising ``value`` makes."""
        status = self.status(value)
        if status in REFUSING_STATUSES or self._closes(value, status):
            return Outcome("refuse", value, site, trail=((site, f"raises {status}"),))
        answer = self._handled(value, site)
        if answer is not None and is_refusing_answer(answer):
            return Outcome(
                "refuse", value, site, trail=((site, f"raises {exception_name(value)}, answered {answer.status}"),)
            )
        if self._says_status(value):
            return Outcome("refuse", value, site, trail=((site, f"raises {exception_name(value)}"),))
        if isinstance(value, Instance) and isinstance(value.cls, External) and _REFUSES.search(value.cls.name):
            return Outcome("refuse", value, site, trail=((site, f"raises {exception_name(value)}"),))
        location = _redirect_of(value, status)
        if location is not None and is_refusing_answer(Answer(status, location)):
            return Outcome("refuse", value, site, trail=((site, f"redirects to {location}"),))
        return Outcome("error", value, site)

    def is_answered(self, value: Any, site: Site) -> bool:
        """Whether the application answers an exception with success: what it refuses stands in the body then."""
        answers = self._answers(value, site)
        return bool(answers) and all(isinstance(one.status, int) and one.status < 300 for one in answers)

    def status(self, exception: Any) -> int | None:
        """The status that FastAPI answers for an exception."""
        if not isinstance(exception, Instance) or not self._is_http(exception):
            return None
        found = self.own_attribute(exception, "status_code")
        if found is None:
            found = self.own_attribute(exception, "code")
        if found is None:
            found = exception.attributes.get("0")  # made where only what it is given was kept
        return library.status_of(found)

    def _says_status(self, value: Any) -> bool:
        """Whether an exception that the application answers has a refusing status itself."""
        if not isinstance(value, Instance) or not any(self.catches(caught, value) for caught, _ in self.answers):
            return False
        found = (
            library.status_of(self.own_attribute(value, name)) for name in ("status_code", "status", "http_status")
        )
        return any(status in REFUSING_STATUSES for status in found)

    def _is_http(self, exception: Instance) -> bool:
        cls = exception.cls
        line = [cls] if isinstance(cls, External) else self.lineage(cls)
        return any(isinstance(one, External) and _answers_itself(one.name) for one in line)

    def _closes(self, value: Any, code: int | None) -> bool:
        return "WebSocket" in exception_name(value) and code is not None and (code == POLICY_VIOLATION or code >= 3000)

    def _handled(self, value: Any, site: Site) -> Answer | None:
        """What the application's handler answers for an exception, where all that it answers refuses."""
        answers = self._answers(value, site)
        return answers[0] if answers and all(is_refusing_answer(one) for one in answers) else None

    def _answers(self, value: Any, site: Site) -> list[Answer]:
        """Every answer that the application's handler has for an exception."""
        if not isinstance(value, Instance):
            return []
        for caught, handler in self.answers:
            if not self.catches(caught, value) or not isinstance(handler, FunctionValue):
                continue
            if (handler.path, handler.qualname) in self._stack:
                return []
            ends = self.outcomes(handler, [Connection(), value], {}, site)
            return [one.value for one in ends if one.kind == "pass" and isinstance(one.value, Answer)]
        return []

    def catches(self, caught: Any, value: Any) -> bool:
        """Whether `except` of the class ``caught`` takes the exception ``value``."""
        if isinstance(value, Answer):
            return False  # it is out already
        if is_list(caught):
            return any(self.catches(one, value) for one in caught)
        if caught is None:
            return True
        if isinstance(caught, External) and caught.name in ("builtins.Exception", "builtins.BaseException"):
            return True
        if isinstance(value, (Absent, Opaque)):
            return not (isinstance(caught, External) and library.last(caught.name) in _NOT_RAISED)
        if not isinstance(value, Instance):
            return False
        line = [value.cls] if isinstance(value.cls, External) else self.lineage(value.cls)
        for one in line:
            if isinstance(one, External) and isinstance(caught, External):
                if library.last(one.name) == library.last(caught.name):
                    return True
                if library.last(caught.name) in ("HTTPException", "StarletteHTTPException") and (
                    library.last(one.name).endswith("HTTPException")
                ):
                    return True
            if isinstance(one, ClassValue) and isinstance(caught, ClassValue):
                same = (one.path, one.qualname) == (caught.path, caught.qualname)
                if same:
                    return True
        return False


def _answers_itself(name: str) -> bool:
    return library.last(name).endswith(("HTTPException", "WebSocketException"))


def _redirect_of(exception: Any, status: int | None) -> str | None:
    headers = exception.attributes.get("headers") if isinstance(exception, Instance) else None
    if status is None or not 300 <= status < 400 or not is_dict(headers):
        return None
    found: Any = next((value for key, value in headers.items() if str(key).lower() == "location"), None)
    return found if isinstance(found, str) else None
