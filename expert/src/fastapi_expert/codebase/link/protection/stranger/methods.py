"""Methods of values that are no objects of the codebase: the request, settings, texts, collections."""

from collections.abc import Sequence
from typing import Any

from fastapi_expert.codebase.interpret.containers import OF_SETS, SET_METHODS
from fastapi_expert.codebase.interpret.values import MISSING, Instance, Site, is_dict, is_list
from fastapi_expert.codebase.link.protection import library
from fastapi_expert.codebase.link.protection.libraries import guard_of
from fastapi_expert.codebase.link.protection.outcomes import State
from fastapi_expert.codebase.link.protection.stranger.containers import dict_method, set_relation, text_method
from fastapi_expert.codebase.link.protection.stranger.raising import POLICY_VIOLATION
from fastapi_expert.codebase.link.protection.stranger.runtime import ASKED_BY_NAME, Following
from fastapi_expert.codebase.link.protection.values import (
    ABSENT,
    FOREIGN,
    FREE,
    PASSED,
    Absent,
    Answer,
    BoundMethod,
    Connection,
    Native,
    OfRequest,
    Opaque,
    Question,
    Setting,
    class_name,
    derived,
    is_plain,
    joined,
    plain_text,
)

_OF_SCHEMES = ("check_api_key", "make_not_authenticated_error")
"""Methods of the classes of `fastapi.security` by which a subclass refuses."""


class Methods(Following):
    """Methods of values that are no objects of the codebase: the request, settings, texts, collections."""

    def call_method(
        self, method: BoundMethod, args: list[Any], keywords: dict[str, Any], site: Site, state: State
    ) -> Any:
        receiver, name = method.receiver, method.name
        if name.startswith("super."):
            return self._super_call(receiver, name.removeprefix("super."), args, keywords, site, state)
        if isinstance(receiver, Connection):
            return self._of_request(receiver, name, args, keywords, site, state)
        if isinstance(receiver, Setting):
            return self._setting_method(receiver, name, args)
        if isinstance(receiver, Instance) and library.last(class_name(receiver)) == "ContextVar":
            return self._variable(receiver, name, args, site)
        if isinstance(receiver, Instance) and name.startswith("current_") and self.descends(receiver, "FastAPIUsers"):
            return library.made_scheme(keywords, site)
        if (guard := guard_of(library.dotted(method))) is not None:
            return self.guarded(guard, library.dotted(method), keywords, site, state)
        if isinstance(receiver, str):
            return text_method(receiver, name, args, site)
        if is_list(receiver):
            return self._list_method(receiver, name, args)
        if is_dict(receiver):
            return dict_method(receiver, name, args)
        if isinstance(receiver, Instance) and name == "dict":
            return FREE
        if isinstance(receiver, Instance) and class_name(receiver) in ("re.Pattern", "re.compile"):
            return self.of_pattern(name, [receiver.attributes["0"], *args], keywords, site, state)
        if name in _OF_SCHEMES and isinstance(receiver, Instance) and (scheme := self.scheme_of(receiver)):
            return self.scheme(receiver, scheme, site, state)
        return self.unread_call(
            name, [receiver, *args] if not isinstance(receiver, Instance) else args, keywords, site, state
        )

    def _super_call(
        self, pair: Any, name: str, args: list[Any], keywords: dict[str, Any], site: Site, state: State
    ) -> Any:
        receiver, base = pair
        if name == "__init__" and isinstance(receiver, Instance):
            if library.is_exception(base.name):
                self._set_all(receiver, library.exception(base, args, keywords, site).attributes)
            else:
                self._set_all(receiver, {**{str(index): one for index, one in enumerate(args)}, **keywords})
            return None
        if name == "__call__" and isinstance(receiver, Instance):
            scheme = self.scheme_of(receiver)
            if scheme:
                return self.scheme(receiver, scheme, site, state)
        if name == "get_route_handler":
            return Native("call_next")
        if name == "dispatch" or (name == "__call__" and any(isinstance(one, Native) for one in args)):
            return PASSED
        return self.unread_call(name, args, keywords, site, state)

    def _set_all(self, instance: Instance, attributes: dict[str, Any]) -> None:
        for name, value in attributes.items():
            self.set_attribute(instance, name, value)

    def _variable(self, variable: Instance, name: str, args: list[Any], site: Site) -> Any:
        if name == "set" and args:
            before = self.memory.variables.get(id(variable), MISSING)
            self.memory.variables[id(variable)] = args[0] if before is MISSING else joined(before, args[0])
            return FREE
        if name == "get":
            self.reads_state = True
            found = self.memory.variables.get(id(variable), MISSING)
            if found is not MISSING:
                return found
            default = variable.attributes.get("default", args[0] if args else MISSING)
            if default is None:
                return ABSENT
            return default if default is not MISSING else Opaque("a context variable that nothing is seen to set", site)
        return FREE

    def _setting_method(self, setting: Setting, name: str, args: list[Any]) -> Any:
        default = setting.default
        if name == "get_secret_value":
            if isinstance(default, Instance):
                default = default.attributes.get("0", MISSING)
            return setting.giving(default)
        if isinstance(default, str):
            found = text_method(default, name, args, setting.site)
            if is_plain(found):
                return setting.giving(found)
        like = type(default) if is_list(default) or is_dict(default) else str
        return setting.giving(MISSING) if hasattr(like, name) else FREE  # a client that was made with it gives data

    def _list_method(self, items: Sequence[Any], name: str, args: list[Any]) -> Any:
        if name in ("issubset", "issuperset", "isdisjoint") and len(args) == 1:
            return set_relation(name, items, args[0])
        if name == "append" and args and isinstance(items, list):
            items.append(args[0])
            return None
        if name == "extend" and args and isinstance(items, list) and is_list(args[0]):
            items.extend(args[0])
            return None
        if name in SET_METHODS and len(args) == 1 and is_list(args[0]):
            return OF_SETS[SET_METHODS[name]](list(items), args[0])
        return derived(*args) or FREE

    def _of_request(
        self, connection: Connection, name: str, args: list[Any], keywords: dict[str, Any], site: Site, state: State
    ) -> Any:
        if connection.part in ASKED_BY_NAME and name in ("items", "keys", "multi_items", "values", "copy", "raw"):
            return connection
        if connection.part:
            key = args[0] if args else None
            return self.asked(connection, key, site=site, state=state, default=args[1] if len(args) > 1 else None)
        if name == "close":
            code = library.status_of(keywords.get("code", args[0] if args else 1000))
            if not self.memory.accepted or code == POLICY_VIOLATION or (code or 0) >= 3000:
                return self.sent(Answer(403, None, site), site, state)
            return None
        if name == "accept":
            self.memory.accepted = True
            return None
        if name == "form" and not self.in_body:
            return Connection("form")
        return FREE

    def asked(
        self,
        connection: Connection,
        key: Any,
        *,
        site: Site,
        state: State,
        default: Any = None,
        subscript: bool = False,
    ) -> Any:
        """What of a request is asked for by name."""
        part, key = connection.part, plain_text(key)
        if part == "scope":
            if key in ("path", "raw_path"):
                return self.request_path()
            if key == "method":
                return self.request_method()
            if key == "type":
                return "websocket" if self.method == "WEBSOCKET" else "http"
            if key in ("headers", "user", "auth", "session", "state", "client", "app"):
                return Connection(str(key))
            if key in ("endpoint", "route", "router"):
                self.is_specific = True
                self.asking.ask(Question((OfRequest.PATH,), "text"))
                return Opaque(f"what marks the {key} of a request", site)
            return FREE
        if part == "state":
            self.reads_state = True
            return self.memory.state.get(str(key), ABSENT if default is None else default)
        if part == "client":
            return FOREIGN if key == 0 else FREE
        if part in ASKED_BY_NAME:
            if part == "headers" and library.is_anybodys(key):
                return FREE
            if self.is_generous and part in ("headers", "query_params") and not library.is_credential(key):
                return FREE
            if part == "session" or _is_credential(key):
                self.looks_for(f"reads {key} of {part}" if isinstance(key, str) else f"reads {part}", site)
            if subscript:
                self.doubt(state, site)
            return Absent(default) if is_plain(default) else ABSENT
        return FREE


def _is_credential(key: Any) -> bool:
    """Whether a header, cookie or parameter of this name is worth a word when nobody is refused for it."""
    if not isinstance(key, str) or "csrf" in key.lower() or key.lower() == "cookie":  # all of them, whatever they say
        return False
    return library.is_credential(key)
