"""Which routes the tests cover: by method and path, or by `url_path_for`."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from fastapi_expert.codebase.interpret.evaluation import UNKNOWN
from fastapi_expert.codebase.interpret.interpreter import Interpreter
from fastapi_expert.codebase.interpret.values import Scope
from fastapi_expert.codebase.link.classes import Classes
from fastapi_expert.codebase.link.parametrize import Cases, Fixtures, leniently
from fastapi_expert.codebase.link.routes import FlatRoute
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import Call, FunctionFacts
from fastapi_expert.codebase.syntax.ir import Expr
from fastapi_expert.codebase.vocabulary import CLIENT_VERBS, is_test_path

_HOST = re.compile(r"^(?:https?|wss?)://[^/]*|^[^/\0]*://[^/]*")
_PARAMETER = re.compile(r"\{[^{}]*\}")


class Request(NamedTuple):
    """One request in a test: a path with UNKNOWN parts, or the name of a route.

    ``follows`` tells whether the client goes on to `/x` when it is redirected there from `/x/`: Starlette's does by
    default, httpx's asynchronous one does not.
    """

    method: str
    path: str
    name: str
    follows: bool = True


def _asked(called: str, call: ir.Call) -> Request | tuple[Expr, Expr] | None:
    """What a call of this name asks for: a route by name, or the expressions of its method and path."""
    keywords = dict(call.keywords)
    if called in ("url_path_for", "url_for") and call.args:
        name = call.args[0] if called == "url_path_for" or len(call.args) == 1 else call.args[1]
        text = ir.text_of(name)
        return Request("", "", text) if text is not None else None
    if called in ("request", "stream"):
        method = call.args[0] if call.args else keywords.get("method")
        where = call.args[1] if len(call.args) > 1 else keywords.get("url")
    elif called in CLIENT_VERBS or called == "websocket_connect":
        method = ir.text("websocket" if called == "websocket_connect" else called)
        where = call.args[0] if call.args else keywords.get("url")
    else:
        return None
    return (method, where) if method is not None and where is not None else None


class Coverage:
    """Finds the routes that a request of a test would reach."""

    def __init__(self, interp: Interpreter, routes: list[FlatRoute], names: list[str], classes: Classes) -> None:
        self.interp = interp
        self.by_method: dict[str, list[tuple[int, str]]] = {}
        self.by_name: dict[str, list[int]] = {}
        for index, route in enumerate(routes):
            self.by_name.setdefault(names[index], []).append(index)
            for method in route.entry.methods:
                self.by_method.setdefault(method, []).append((index, route.path))
        self._found: dict[tuple[str, str, bool], list[int]] = {}
        self.cases = Cases(interp)
        self.fixtures = Fixtures(interp.names, classes)

    def routes_of(self, path: str, function: FunctionFacts) -> list[int]:
        """The indices of the routes that a test function asks for."""
        found: list[int] = []
        asked: list[Request] = []
        for call in function.calls:
            asked.extend(self._requests(path, function, call))
        if asked and self.fixtures.serves_itself(path, function):
            return []
        own = self.fixtures.own_routes(path, function) if asked else ()
        for request in asked:
            if not any(method == request.method and _template(one).fullmatch(request.path) for method, one in own):
                found.extend(self._match(request))
        return list(dict.fromkeys(found))

    def _requests(self, path: str, function: FunctionFacts, call: Call) -> Iterator[Request]:
        """What a call asks for, once for each case of a parametrized test."""
        made = ir.match(call.expr, ir.Call)
        if made is None:
            return
        asked = _asked(call.name.rpartition(".")[2], made)
        if asked is None:
            return
        if isinstance(asked, Request):
            yield asked
            return
        params = {param.name for param in function.params}
        used = {
            name for expr in asked for one in ir.walk(expr) if isinstance(one, str) for name in (one.split(".")[0],)
        }
        follows = not function.is_async or ir.is_constant(dict(made.keywords).get("follow_redirects"), True)
        cases: list[Mapping[str, Any]] = self.cases.of(path, function) if used & params else [{}]
        for case in cases:
            method, where = (self._text(path, expr, case) for expr in asked)
            if "/" in where and UNKNOWN not in method:
                yield Request(method.upper(), where, "", follows)

    def _text(self, path: str, expr: Expr, case: Mapping[str, Any]) -> str:
        """The text of a path; UNKNOWN where a test fills something in."""
        scope = self.interp.run_module(path)
        if case:
            scope = Scope(path, dict(case), scope)
        value = leniently(self.interp, expr, scope)
        return value if isinstance(value, str) else UNKNOWN

    def _match(self, request: Request) -> list[int]:
        if request.name:
            return self.by_name.get(request.name, [])
        key = (request.method, request.path, request.follows)
        if key not in self._found:
            path = _HOST.sub("", request.path.split("?")[0].split("#")[0])
            self._found[key] = self._search(request.method, path, redirected=request.follows)
        return self._found[key]

    def _search(self, method: str, path: str, *, redirected: bool) -> list[int]:
        candidates = self.by_method.get(method, [])
        if path.startswith("/"):
            other = path.rstrip("/") if path.endswith("/") else path + "/"
            for spelling in (path, other) if redirected and path != "/" else (path,):
                depth = spelling.count("/")
                matched = [
                    (index, template)
                    for index, template in candidates
                    if (template.count("/") == depth or ":path}" in template)
                    and _template(template).fullmatch(spelling)
                ]
                if matched:
                    return [self._closest(matched, spelling)]
        tail = path.lstrip(UNKNOWN)
        if tail == path and path.startswith("/"):
            ending = path.rstrip("/") if redirected else path
            tails = [index for index, template in candidates if template.endswith(ending)]
            return [tails[0]] if len(tails) == 1 and path.count("/") > 1 else []
        if not tail.startswith("/") or len(tail) < 3:
            return []
        ending = [(index, template) for index, template in candidates if _ends(template, tail)]
        shortest = sorted(ending, key=lambda one: one[1].count("/"))
        return [shortest[0][0]] if len(shortest) == 1 else []

    def _closest(self, matched: list[tuple[int, str]], path: str) -> int:
        """The first route that fits, as the application would pick it; parts not known prefer parameters."""
        if UNKNOWN in path:
            where = [position for position, part in enumerate(path.split("/")) if UNKNOWN in part]
            for index, template in matched:
                parts = template.split("/")
                if all(position < len(parts) and "{" in parts[position] for position in where):
                    return index
        return matched[0][0]


@lru_cache(maxsize=4096)
def _template(path: str) -> re.Pattern[str]:
    parts: list[str] = []
    last = 0
    for found in _PARAMETER.finditer(path):
        parts.append(_literal(path[last : found.start()]))
        parts.append("[^?#]+" if found[0].endswith(":path}") else "[^/?#]+")
        last = found.end()
    parts.append(_literal(path[last:]))
    return re.compile("".join(parts))


def _literal(text: str) -> str:
    return "/".join(f"(?:{re.escape(part)}|{UNKNOWN})" if part else "" for part in text.split("/"))


def _ends(template: str, tail: str) -> bool:
    wanted, there = tail.strip("/").split("/"), template.strip("/").split("/")
    if len(wanted) > len(there):
        return False
    return all(
        one == other or "{" in other or UNKNOWN in one
        for one, other in zip(reversed(wanted), reversed(there), strict=False)
    ) and any(one == other for one, other in zip(reversed(wanted), reversed(there), strict=False))


def tests(interp: Interpreter) -> list[tuple[str, FunctionFacts]]:
    """The functions of test files that make requests, fixtures and helpers included."""
    return [
        (path, function)
        for path, facts in interp.files.items()
        if is_test_path(path)
        for function in facts.functions
        if function.calls
    ]
