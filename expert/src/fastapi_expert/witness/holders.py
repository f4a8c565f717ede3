"""Names at the top of modules that hold an application made elsewhere: by a function with arguments, or in a class.

`app = make_app(settings)`, `app = Server(settings).app`, `app = Builder().title("Shop").create()`.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fastapi_expert.codebase.model import Component
from fastapi_expert.codebase.resolve.names import Names
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FileFacts, ImportFacts
from fastapi_expert.codebase.syntax.ir import Expr
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.witness.calls import is_of_main

_APPLICATION = frozenset({"app", "application", "api", "asgi", "asgi_app", "fastapi"})
"""What an application is called, as a name or as an attribute."""
_HOPS = 4

_Place = tuple[str, str]
"""A file, and a name at its top."""


class Holder(NamedTuple):
    """``name`` at the top of the module at ``path``, bound in ``line`` to the application that ``maker``, a function or
    a class of the module at ``made_in``, makes."""

    path: str
    name: str
    line: int
    maker: str
    made_in: str


def holders(names: Names, applications: Iterable[Component]) -> Iterator[Holder]:
    """Every such name outside of tests, for the applications that the text sees made."""
    makers: dict[_Place, str] = {}
    for one in applications:
        maker = _maker(names.files[one.path], one.line) if one.path in names.files else None
        if maker is not None:
            makers[one.path, maker] = one.name.rpartition(".")[2].lstrip("_")
    if not makers:
        return
    reading = _Reading(names, makers)
    for path in names.files:
        if not is_test_path(path):
            yield from reading.of_module(path)


def _maker(facts: FileFacts, line: int) -> str | None:
    """The function or class at the top of a module that ``line`` stands in."""
    within = (one for one in (*facts.functions, *facts.classes) if one.line <= line <= one.end_line)
    return next((one.qualname for one in within if "." not in one.qualname), None)


class _Reading:
    """Which expressions lead to one of ``makers``, each with what its application is called there."""

    def __init__(self, names: Names, makers: dict[_Place, str]) -> None:
        self.names = names
        self.makers = makers

    def of_module(self, path: str) -> Iterator[Holder]:
        for name, statement in self.names.bindings(path).items():
            bound = None if isinstance(statement, ImportFacts) else ir.match(statement, ir.Assign)
            maker = self._made_by(path, name, bound.value) if bound is not None else None
            if bound is not None and maker is not None and not is_of_main(name, self.names.files[path].body):
                yield Holder(path, name, bound.line, maker[1], maker[0])

    def _made_by(self, path: str, name: str, value: Expr) -> _Place | None:
        """What makes the application that ``value``, bound to ``name``, is; None when it is seen to be none."""
        maker, last = self._followed(path, value, 0)
        if maker is None:
            return None
        if self.names.class_(*maker) is None:
            return maker if last == "()" else None
        called = self.makers[maker]
        return maker if last and (last.lstrip("_") in {called, *_APPLICATION} or name in _APPLICATION) else None

    def _followed(self, path: str, value: Expr, hops: int) -> tuple[_Place | None, str]:
        """The maker that ``value`` hangs on, and the last step from it: an attribute, a method, or `()` for a call."""
        if isinstance(value, str):
            return self._named(path, value, hops)
        call, attribute = ir.match(value, ir.Call), ir.match(value, ir.Attribute)
        if call is not None:
            maker, last = self._followed(path, call.function, hops)
            is_object = maker is not None and self.names.class_(*maker) is not None
            return maker, last if last or is_object else "()"
        if attribute is not None:
            return self._followed(path, attribute.value, hops)[0], attribute.name
        return None, ""

    def _named(self, path: str, name: str, hops: int) -> tuple[_Place | None, str]:
        head, _, rest = name.partition(".")
        symbol = self.names.resolve(path, name) or self.names.resolve(path, head)
        if symbol is None or hops > _HOPS:
            return None, ""
        if symbol.kind in ("function", "class"):
            place = symbol.path, symbol.name.partition(".")[0]
            last = symbol.name.rpartition(".")[2] if "." in symbol.name else ""
            return (place, last) if place in self.makers else (None, "")
        if symbol.kind != "value":
            return None, ""
        maker, last = self._followed(symbol.path, self.names.assigned(symbol), hops + 1)
        return maker, rest.rpartition(".")[2] if rest else last
