"""Servers that the code itself starts: `uvicorn.run("app.main:app")`, `uvicorn.run(app)`, `uvicorn.run(make_app())`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FileFacts, FunctionFacts
from fastapi_expert.codebase.syntax.ir import Expr
from fastapi_expert.codebase.syntax.reader import read_source
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.witness.commands import SERVERS

_STARTING = frozenset({"run", "Config", "serve", "Granian"})
_KEYWORDS = ("app", "target")


@dataclass(frozen=True, slots=True)
class Start:
    """A call that starts a server, in the file ``path``.

    Either ``target`` is the text `module:attribute`, or ``holder`` is the file and ``attribute`` the name in it, of
    the application or of a function that makes it.
    """

    path: str
    line: int
    target: str = ""
    holder: str = ""
    attribute: str = ""
    is_factory: bool = False


def starts(codebase: Codebase) -> Iterator[Start]:
    """Every call of a server in a file that is no test."""
    for path, facts in codebase.files.items():
        servers = {one.module.partition(".")[0] for one in facts.imports} & SERVERS
        if servers and not is_test_path(path):
            yield from _Reading(codebase, path).starts()


class _Reading:
    """One file, read anew with the bodies of all its functions."""

    def __init__(self, codebase: Codebase, path: str) -> None:
        root = codebase.folder
        self.names = codebase.names
        self.path = path
        try:
            self.facts: FileFacts | None = read_source((root / path).read_bytes(), path, all_bodies=True)
        except OSError:
            self.facts = None

    def starts(self) -> Iterator[Start]:
        if self.facts is None:
            return
        yield from self._in(self.facts.body, None)
        for function in self.facts.functions:
            yield from self._in(function.body or (), function)

    def _in(self, body: Sequence[Any], function: FunctionFacts | None) -> Iterator[Start]:
        for call in _calls(body):
            if isinstance(call.function, str) and self._is_server(call.function):
                named = dict(call.keywords)
                given = call.args[0] if call.args else next((named[key] for key in _KEYWORDS if key in named), None)
                found = self._start(given, body, ir.is_constant(named.get("factory"), True), call.line, function)
                if found is not None:
                    yield found

    def _is_server(self, name: str) -> bool:
        """Whether the name leads to what starts a server, wherever it was imported."""
        head, _, rest = name.partition(".")
        for one in self.facts.imports if self.facts is not None else ():
            if one.module.partition(".")[0] not in SERVERS:
                continue
            bound = one.alias or one.name or one.module.partition(".")[0]
            whole = f"{one.name}.{rest}" if one.name and rest else one.name or rest
            if bound == head and whole.rpartition(".")[2] in _STARTING:
                return True
        return False

    def _start(
        self, given: Expr, body: Sequence[Any], is_factory: bool, line: int, function: FunctionFacts | None
    ) -> Start | None:
        text = ir.text_of(given)
        if text is not None:
            return Start(self.path, line, target=text.removesuffix("()"), is_factory=is_factory or text.endswith("()"))
        call = ir.match(given, ir.Call)
        if call is not None and isinstance(call.function, str) and not call.args and not call.keywords:
            return self._named(call.function, line, is_factory=True)
        if not isinstance(given, str):
            return None
        module = self.facts.body if self.facts is not None else ()
        local = _assigned(given, body) if function is not None or is_of_main(given, module) else None
        if local is not None:
            made = ir.match(local, ir.Call)
            callee = made.function if made is not None and not made.args and not made.keywords else None
            return self._named(callee, line, is_factory=True) if isinstance(callee, str) else None
        return self._named(given, line, is_factory=is_factory)

    def _named(self, name: str, line: int, *, is_factory: bool) -> Start | None:
        symbol = self.names.resolve(self.path, name)
        if symbol is None or symbol.kind not in ("value", "function") or not symbol.path.endswith(".py"):
            return None
        return Start(self.path, line, holder=symbol.path, attribute=symbol.name, is_factory=is_factory)


def is_of_main(name: str, module: Sequence[Any]) -> bool:
    """Whether only what stands below `if __name__ == "__main__":` binds the name, so that importing does not.

    ``module`` holds the statements of the module.
    """
    main = [statement for statement in module if _is_main(statement)]
    rest = [statement for statement in module if not _is_main(statement)]
    return _assigned(name, main) is not None and _assigned(name, rest) is None


def _is_main(statement: Any) -> bool:
    condition = ir.match(statement, ir.If)
    compared = ir.match(condition.condition, ir.Truth) if condition is not None else None
    return compared is not None and compared.operator == "==" and "__name__" in compared.operands


def _calls(node: Any) -> Iterator[ir.Call]:
    """Every call below a statement or an expression."""
    if not isinstance(node, str) and node is not None:
        call = ir.match(node, ir.Call) if len(node) == len(ir.Call._fields) else None
        if call is not None:
            yield call
        for part in _parts(node):
            yield from _calls(part)


def _assigned(name: str, body: Any) -> Expr:
    """What a function assigns to a local name, the last time."""
    found: Expr = None
    for part in _parts(body):
        assigned = ir.match(part, ir.Assign) if len(part) == len(ir.Assign._fields) else None
        if assigned is not None and assigned.target == name:
            found = assigned.value
        found = _assigned(name, part) or found
    return found


def _parts(node: Sequence[Any]) -> list[Any]:
    """What a statement or an expression is put together from, names and constants left out."""
    return [part for part in node if isinstance(part, (tuple, list)) and part]
