"""What an endpoint checks by itself: decorators that refuse, and refusals in its own body."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.link.protection.refusals import Refusals
from fastapi_expert.codebase.syntax import tree
from fastapi_expert.codebase.vocabulary import REFUSING_STATUSES
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import Function, dotted
from fastapi_expert.review.flow.project import Project

BODY = "its own body"
_STARLETTE = "starlette.authentication.requires"
_REFUSING_NAME = re.compile(r"forbidden|unauthori[sz]ed|permission|not_?allowed|access_?denied", re.IGNORECASE)
_REFUSING_STATUS = re.compile("|".join(f"HTTP_{status}_" for status in sorted(REFUSING_STATUSES)))


def own_checks(project: Project, refusals: Refusals, function: Function) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names of what refuses, each with the texts that it is made with: (`requires`, (`admin`,))."""
    for decorator in function.node.decorator_list:
        call = decorator if isinstance(decorator, tree.Call) else None
        name = dotted(call.func if call is not None else decorator)
        symbol = project.kinds.resolve(function.path, name)
        if symbol is None:
            continue
        refuses = symbol.kind == "external" and symbol.name == _STARLETTE
        if symbol.kind == "function":
            inside = [
                one
                for one in project.module(symbol.path).functions
                if one == symbol.name or one.startswith(f"{symbol.name}.")
            ]
            refuses = any(refusals.of_function(symbol.path, one) for one in inside)
        if refuses:
            yield f"decorator {name}", tuple(_texts(call)) if call is not None else ()
    if any(_refuses(node) for node in function.nodes):
        yield BODY, ()


def _texts(call: tree.Call) -> Iterator[str]:
    for given in (*call.args, *[one.value for one in call.keywords]):
        for node in tree.walk(given):
            if isinstance(node, tree.Constant) and isinstance(node.value, str):
                yield node.value


def _refuses(node: tree.Node) -> bool:
    """`raise HTTPException(403)`, `raise Forbidden()`: what a caller is refused by, not what is not found."""
    match node:
        case tree.Raise(exc=tree.Call(func=func, args=args, keywords=keywords)):
            if _REFUSING_NAME.search(last_name(func)):
                return True
            given = [*args[:1], *[one.value for one in keywords if one.arg == "status_code"]]
            return any(
                (isinstance(one, tree.Constant) and one.value in REFUSING_STATUSES)
                or (isinstance(one, tree.Attribute) and _REFUSING_STATUS.match(one.attr) is not None)
                for one in given
            )
        case tree.Raise(exc=tree.Name(id=name)):
            return _REFUSING_NAME.search(name) is not None
        case _:
            return False
