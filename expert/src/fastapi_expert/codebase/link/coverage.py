"""Which routes the tests cover: by method and path, or by `url_path_for`."""

import re
from functools import lru_cache
from typing import NamedTuple

from fastapi_expert.codebase.interpret.evaluation import UNKNOWN, evaluate
from fastapi_expert.codebase.interpret.interpreter import Interpreter
from fastapi_expert.codebase.interpret.values import Scope
from fastapi_expert.codebase.link.routes import FlatRoute
from fastapi_expert.codebase.syntax.facts import Call, Expr, FunctionFacts
from fastapi_expert.codebase.vocabulary import CLIENT_VERBS, is_test_path

_HOST = re.compile(r"^(?:https?|wss?)://[^/]*|^[^/\0]*://[^/]*")
_PARAMETER = re.compile(r"\{[^{}]*\}")


class Request(NamedTuple):
    """One request in a test: a path with UNKNOWN parts, or the name of a route."""

    method: str
    path: str
    name: str


class Coverage:
    """Finds the routes that a request of a test would reach."""

    def __init__(self, interp: Interpreter, routes: list[FlatRoute], names: list[str]) -> None:
        self.interp = interp
        self.by_method: dict[str, list[tuple[int, str]]] = {}
        self.by_name: dict[str, list[int]] = {}
        for index, route in enumerate(routes):
            self.by_name.setdefault(names[index], []).append(index)
            for method in route.entry.methods:
                self.by_method.setdefault(method, []).append((index, route.path))
        self._found: dict[tuple[str, str], list[int]] = {}

    def routes_of(self, path: str, function: FunctionFacts) -> list[int]:
        """The indices of the routes that a test function asks for."""
        found: list[int] = []
        for call in function.calls:
            request = self._request(path, call)
            if request is not None:
                found.extend(self._match(request))
        return list(dict.fromkeys(found))

    def _request(self, path: str, call: Call) -> Request | None:
        last = call.name.rpartition(".")[2]
        if call.expr[0] != "c":
            return None
        args, keywords = call.expr[2], dict(call.expr[3])
        if last in ("url_path_for", "url_for") and args:
            name = args[0] if last == "url_path_for" or len(args) == 1 else args[1]
            return Request("", "", name[1]) if not isinstance(name, str) and name[0] == "s" else None
        if last in ("request", "stream"):
            method = self._text(path, args[0]) if args else ""
            where = args[1] if len(args) > 1 else keywords.get("url")
        elif last in CLIENT_VERBS:
            method, where = last, args[0] if args else keywords.get("url")
        elif last == "websocket_connect":
            method, where = "websocket", args[0] if args else keywords.get("url")
        else:
            return None
        text = self._text(path, where) if where is not None else ""
        return Request(method.upper(), text, "") if "/" in text else None

    def _text(self, path: str, expr: Expr) -> str:
        """The text of a path; UNKNOWN where a test fills something in."""
        self.interp.lenient = True
        try:
            value = evaluate(self.interp, expr, self._scope(path))
        finally:
            self.interp.lenient = False
        return value if isinstance(value, str) else UNKNOWN

    def _scope(self, path: str) -> Scope:
        return self.interp.run_module(path)

    def _match(self, request: Request) -> list[int]:
        if request.name:
            return self.by_name.get(request.name, [])
        key = (request.method, request.path)
        if key not in self._found:
            self._found[key] = self._search(request.method, _HOST.sub("", request.path.split("?")[0].split("#")[0]))
        return self._found[key]

    def _search(self, method: str, path: str) -> list[int]:
        candidates = self.by_method.get(method, [])
        if path.startswith("/"):
            for spelling in (path, path.rstrip("/") or "/", path + "/"):
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
            tails = [index for index, template in candidates if template.endswith(path.rstrip("/"))]
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
