"""Calls of what lies outside of the codebase, and what may be said of code out of reach."""

from typing import Any

from fastapi_expert.codebase.interpret.attributes import CODE_OF, FIELDS
from fastapi_expert.codebase.interpret.values import (
    ClassValue,
    Dependency,
    External,
    FunctionValue,
    Instance,
    Partial,
    Site,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.link.protection import library
from fastapi_expert.codebase.link.protection.libraries import Guard, guard_of
from fastapi_expert.codebase.link.protection.outcomes import Assumption, Outcome, State, is_refusing_answer, truth
from fastapi_expert.codebase.link.protection.stranger.runtime import Ended, Following
from fastapi_expert.codebase.link.protection.values import (
    ABSENT,
    FREE,
    PASSED,
    Absent,
    Answer,
    Connection,
    Foreign,
    MadeClass,
    Native,
    Opaque,
    Setting,
    derived,
)
from fastapi_expert.codebase.vocabulary import DEPENDS


def _parts(value: Any) -> list[Any]:
    """A value and what it holds, as far as that is written out."""
    if is_dict(value):
        return [value, *value.values()]
    return [value, *value] if is_list(value) else [value]


class Outside(Following):
    """Calls of what lies outside of the codebase, and what may be said of code out of reach."""

    def call_outside(self, cls: External, args: list[Any], keywords: dict[str, Any], site: Site, state: State) -> Any:
        name = cls.name
        short = library.last(name)
        if short in DEPENDS:
            target = args[0] if args else keywords.get("dependency")
            return Dependency(target, short == "Security", site, keywords.get("scopes"))
        if name.endswith("authentication.requires"):
            scopes = args[0] if args else keywords.get("scopes")
            return Native("requires" if truth(scopes).value is not False else "identity")
        if short in ("wraps", "lru_cache", "cache"):
            return External("functools.identity")
        if short == "update_wrapper" and args:
            return args[0]
        if name == "functools.identity" or short in ("staticmethod", "classmethod", "asynccontextmanager"):
            return args[0] if args else External("functools.identity")
        if short == "FunctionType":
            code = args[0] if args else keywords.get("code")
            copied = code.attributes.get(CODE_OF) if isinstance(code, Instance) else None
            return copied if copied is not None else Opaque("a function of code that is not known", site)
        if name == "builtins.type" and len(args) == 3 and is_list(args[1]) and args[1] and is_dict(args[2]):
            return MadeClass(args[1][0], args[2])
        if name in ("copy.copy", "copy.deepcopy") and args:
            return args[0]
        if name == "builtins.filter" and len(args) == 2:
            return self._filtered(args[0], args[1], site, state)
        if short == "partial" and args:
            return Partial(args[0], tuple(args[1:]), keywords)
        if (connection := library.of_scope(name, args, keywords)) is not None:
            return connection
        if library.is_response(name):
            return library.answer(name, args, keywords, site)
        if library.is_exception(name):
            return library.exception(cls, args, keywords, site)
        if library.is_harmless(name):
            return None
        if short == "http_exception_handler" and len(args) == 2:
            return Answer(self.status(args[1]), None, site)
        if name.startswith("re.") and args:
            return self.of_pattern(short, args, keywords, site, state)
        known_one = library.plain(name, args, site)
        if known_one is not None or name in ("builtins.bool", "builtins.next"):
            return known_one
        if short == "abort" and args:
            raised = library.exception(External("fastapi.HTTPException"), args, keywords, site)
            self.throw(self.raised(raised, site), state)
            raise Ended
        if name.endswith("run_in_threadpool") or short in ("to_thread", "run_sync", "maybe_await"):
            return self.apply(args[0], args[1:], keywords, site, state) if args else FREE
        if "getenv" in short or name.endswith("environ.get"):
            default = args[1] if len(args) > 1 else keywords.get("default")
            return Setting(str(args[0]) if args else "the environment", default, site)
        if (guard := guard_of(name)) is not None and guard != "scheme":
            return self.guarded(guard, name, keywords, site, state)
        if name == "inspect.Parameter":
            self._adds_parameter(keywords.get("default"), keywords.get("annotation"))
        if short[:1].isupper() or short in FIELDS:
            attributes = {str(index): value for index, value in enumerate(args)}
            return Instance(cls, site, {**attributes, **keywords})
        if len(args) == 1 and isinstance(args[0], (FunctionValue, ClassValue)) and not keywords:
            return args[0]
        return self.unread_call(short, args, keywords, site, state)

    def _adds_parameter(self, *said: Any) -> None:
        """What a parameter depends on that code adds to the signature of an endpoint."""
        parts = [part for one in said for part in _parts(one)]
        self.parameters += [part for part in parts if isinstance(part, Dependency)]

    def guarded(self, guard: Guard, name: str, keywords: dict[str, Any], site: Site, state: State) -> Any:
        """Calling what a known library of authentication has."""
        if guard == "makes":
            return library.made_scheme(keywords, site)
        scheme = Instance(External("fastapi.security.OAuth2"), site, {"auto_error": guard != "optional"})
        return self.scheme(scheme, library.last(name), site, state)

    def _filtered(self, test: Any, items: Any, site: Site, state: State) -> Any:
        """`filter()`: nothing where missing credentials let nothing through."""
        known = is_list(items)
        tests = [
            truth(self.apply(test, [one], {}, site, state)) for one in (items if known else [derived(items) or FREE])
        ]
        if tests and all(one.value is False for one in tests) and any(one.credentials for one in tests):
            return Absent([])
        if known and all(one.value is not None for one in tests):
            return [one for one, kept in zip(items, tests, strict=True) if kept.value]
        return derived(items) or FREE

    def of_pattern(self, name: str, args: list[Any], keywords: dict[str, Any], site: Site, state: State) -> Any:
        """A function of `re`, or a method of a pattern, on texts that are known."""
        if name == "compile":
            return Instance(External("re.Pattern"), site, {"0": args[0]})
        if name in ("match", "search", "fullmatch") and len(args) == 2 and all(isinstance(one, str) for one in args):
            return library.matched(name, args[0], args[1], site)
        return self.unread_call(name, args, keywords, site, state)

    def unread_call(self, name: str, args: list[Any], keywords: dict[str, Any], site: Site, state: State) -> Any:
        """A call whose code is out of reach: given a missing credential, it may well raise."""
        given = [part for one in (*args, *keywords.values()) for part in _parts(one)]
        if library.is_harmless(name):
            return None
        if any(isinstance(one, (Absent, Foreign)) for one in given):
            self.doubt(state, site)
            return ABSENT
        if any(isinstance(one, Connection) for one in given):
            self.memory.handed_on = self.memory.handed_on or any(one == Connection() for one in given)
            self._may_raise(name, site, state)
        return derived(*given) or Opaque(f"what {name}() gives", site)

    def _may_raise(self, name: str, site: Site, state: State) -> None:
        """Code out of reach looks at the request: where its error is waited for, it may find credentials missing."""
        if self._trying:
            source = Opaque(f"what {name}() does with a request", site)
            self.throw(Outcome("error", source, site, (Assumption(source, None),), True), state)
            state.assumptions = (*state.assumptions, Assumption(source, None))

    def doubt(self, state: State, site: Site) -> None:
        """Something that was given a missing credential raises where somebody waits for it."""
        if self._trying:
            self.throw(Outcome("error", ABSENT, site, (), True), state)

    def call_native(self, function: Native, args: list[Any], site: Site, state: State) -> Any:
        if function.act == "send" and args and is_dict(args[0]):
            kind, status = args[0].get("type"), args[0].get("status")
            if kind == "http.response.start":
                return self.sent(Answer(library.status_of(status), None, site), site, state)
            return self.sent(Answer(403, None, site), site, state) if kind == "websocket.close" else None
        if function.act in ("requires", "identity"):
            if function.act == "requires":
                self.guards.append(site)
            return args[0] if args else FREE
        if function.act == "call_next" and args and isinstance(args[0], Instance) and self.is_request(args[0]):
            self.memory.request = args[0]
        return PASSED if function.act != "receive" else FREE

    def sent(self, answer: Answer, site: Site, state: State) -> Any:
        """A response goes out: one that refuses ends the way."""
        if not is_refusing_answer(answer):
            return answer
        self.throw(Outcome("refuse", answer, site, trail=((site, f"answers {answer.status}"),)), state)
        raise Ended
