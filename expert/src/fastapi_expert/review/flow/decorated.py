"""The routes of a draft, as far as its own decorators tell: no prefix, no guard and no router of another file."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_expert.codebase.model import Route
from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.vocabulary import VERBS
from fastapi_expert.review.flow.modules import Function, dotted, is_constant, keyword, types_named

if TYPE_CHECKING:
    from fastapi_expert.review.flow.kinds import Kinds


def decorated_routes(kinds: "Kinds", function: Function) -> Iterator[Route]:
    """A route for each method that a decorator of ``function`` names; whether it is protected is not known."""
    for call in function.node.decorator_list:
        if not isinstance(call, tree.Call) or not isinstance(call.func, tree.Attribute):
            continue
        verb = call.func.attr
        methods = [verb.upper()] if verb in VERBS else _methods(call) if verb == "api_route" else []
        if not methods and verb != "websocket":
            continue
        path = call.args[0] if call.args else keyword(call, "path")
        route = Route(
            "",
            path.value if isinstance(path, tree.Constant) and isinstance(path.value, str) else "",
            function.name,
            f"endpoint:{function.path}::{function.facts.qualname}",
            function.path,
            call.lineno,
            response_model=_model(kinds, function, call),
            status_code=_status(keyword(call, "status_code")),
            websocket=verb == "websocket",
            protection="unknown",
        )
        for method in methods or [""]:
            yield replace(route, method=method)


def _methods(call: tree.Call) -> list[str]:
    given = keyword(call, "methods")
    items = given.elts if isinstance(given, tree.List | tree.Tuple | tree.Set) else []
    return [one.value for one in items if isinstance(one, tree.Constant) and isinstance(one.value, str)]


def _model(kinds: "Kinds", function: Function, call: tree.Call) -> str | None:
    """The id of the class that the answer is read through."""
    given = keyword(call, "response_model")
    if is_constant(given, None) and given is not None:
        return None
    said = given if given is not None else function.node.returns
    for name in types_named(said.text) if said is not None else ():
        symbol = kinds.resolve(function.path, name)
        if symbol is not None and symbol.kind == "class":
            return f"schema:{symbol.path}::{symbol.name}"
    return None


def _status(node: tree.Expression | None) -> int | None:
    """`204`, `status.HTTP_204_NO_CONTENT`."""
    if isinstance(node, tree.Constant):
        return node.value if isinstance(node.value, int) else None
    digits = dotted(node).rpartition("HTTP_")[2][:3] if "HTTP_" in dotted(node) else ""
    return int(digits) if digits.isdigit() else None
