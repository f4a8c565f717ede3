"""What pytest gives a test: the cases of `parametrize`, the fixtures behind its parameters and the servers they run."""

from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Any

from fastapi_expert.codebase.interpret.evaluation import evaluate
from fastapi_expert.codebase.interpret.interpreter import Interpreter
from fastapi_expert.codebase.interpret.values import Scope, is_list
from fastapi_expert.codebase.link.classes import Classes
from fastapi_expert.codebase.resolve.names import Names
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FunctionFacts
from fastapi_expert.codebase.syntax.ir import Expr
from fastapi_expert.codebase.vocabulary import APPLICATIONS, VERBS, is_test_path

_MAX_CASES = 500
_MAX_FIXTURES = 20
_OTHER_SERVERS = ("http.server", "socketserver", "wsgiref", "aiohttp.web", "werkzeug.serving", "pytest_httpserver")
_SERVER_FIXTURES = frozenset({"httpserver", "aiohttp_server", "respx_mock", "httpx_mock", "requests_mock"})
"""Fixtures of plugins that answer in the place of a server."""


def leniently(interp: Interpreter, expr: Expr, scope: Scope) -> Any:
    """The value of ``expr``; a text has a mark where a part of it is not known."""
    interp.lenient = True
    try:
        return evaluate(interp, expr, scope)
    finally:
        interp.lenient = False


class Cases:
    """The cases of parametrized tests: names of parameters to values."""

    def __init__(self, interp: Interpreter) -> None:
        self.interp = interp
        self._of: dict[tuple[str, str], list[Mapping[str, Any]]] = {}

    def of(self, path: str, function: FunctionFacts) -> list[Mapping[str, Any]]:
        """The cases of one test; one without values where it has none that the text tells."""
        key = (path, function.qualname)
        if key not in self._of:
            owner = self.interp.names.class_(path, function.owner) if function.owner else None
            marks = [*function.decorators, *(owner.decorators if owner is not None else ())]
            several = [cases for mark in marks if (cases := list(self._cases(path, mark)))]
            merged = ({name: value for case in one for name, value in case.items()} for one in product(*several))
            self._of[key] = list(islice(merged, _MAX_CASES))
        return self._of[key]

    def _cases(self, path: str, mark: Expr) -> Iterator[Mapping[str, Any]]:
        """`@pytest.mark.parametrize(("method", "url"), [("GET", "/users"), …])`."""
        call = ir.match(mark, ir.Call)
        if call is None or not isinstance(call.function, str) or not call.function.endswith("parametrize"):
            return
        given = {"argnames": None, "argvalues": None, **dict(call.keywords)}
        given.update(zip(("argnames", "argvalues"), call.args, strict=False))
        scope = self.interp.run_module(path)
        named = leniently(self.interp, given["argnames"], scope)
        names = [one.strip() for one in named.split(",")] if isinstance(named, str) else named
        if not is_list(names) or not all(isinstance(name, str) for name in names):
            return
        for value in self._values(given["argvalues"], scope, several=len(names) > 1):
            if len(names) == 1 and isinstance(named, str):
                yield {names[0]: value}
            elif is_list(value) and len(value) == len(names):
                yield dict(zip(names, value, strict=True))

    def _values(self, expr: Expr, scope: Scope, *, several: bool) -> Iterator[Any]:
        display = ir.match(expr, ir.Display)
        if display is None:
            value = leniently(self.interp, expr, scope)
            yield from value if is_list(value) else ()
            return
        for item in display.items:
            call = ir.match(item, ir.Call)
            if call is not None and isinstance(call.function, str) and call.function.rpartition(".")[2] == "param":
                item = ir.display(call.args) if several else call.args[0] if call.args else None
            yield leniently(self.interp, item, scope)


class Fixtures:
    """What stands behind the parameters of tests."""

    def __init__(self, names: Names, classes: Classes) -> None:
        self.names = names
        self.classes = classes
        self._serving: dict[tuple[str, str], bool] = {}
        self._declared: dict[str, list[tuple[str, str, str]]] = {}

    def serves_itself(self, path: str, function: FunctionFacts) -> bool:
        """Whether a test makes an application or a server of its own, and nothing of the project's is served by it."""
        key = (path, function.qualname)
        if key not in self._serving:
            used = list(self._used(path, function))
            makes = any(self._makes_server(*one) for one in used)
            self._serving[key] = makes and not any(self._takes_from_project(*one) for one in used)
        return self._serving[key]

    def own_routes(self, path: str, function: FunctionFacts) -> list[tuple[str, str]]:
        """(method, path) of what a test and its fixtures declare on an application themselves."""
        found: list[tuple[str, str]] = []
        for where, one in self._used(path, function):
            for scope, method, template in self._routes_in(where):
                if not scope or scope == one.qualname:
                    found.append((method, template))
        return found

    def _used(self, path: str, function: FunctionFacts) -> Iterator[tuple[str, FunctionFacts]]:
        """The test, then the fixtures and helpers of tests that it asks for, and theirs."""
        queue, seen = [(path, function)], {(path, function.qualname)}
        while queue and len(seen) < _MAX_FIXTURES:
            where, one = queue.pop(0)
            yield where, one
            wanted = [param.name for param in one.params if param.name not in ("self", "cls")]
            for name in (*wanted, *one.names):
                symbol = self._fixture(where, name) if name in wanted else self.names.resolve(where, name)
                if symbol is None or symbol.kind != "function" or not is_test_path(symbol.path):
                    continue
                found = self.names.function(symbol.path, symbol.name)
                if found is not None and (symbol.path, symbol.name) not in seen:
                    seen.add((symbol.path, symbol.name))
                    queue.append((symbol.path, found))

    def _fixture(self, path: str, name: str) -> Any:
        """The fixture of this name: of the module, else of the nearest `conftest.py`."""
        symbol = self.names.resolve(path, name)
        folder = path.rpartition("/")[0]
        while symbol is None:
            conftest = f"{folder}/conftest.py" if folder else "conftest.py"
            symbol = self.names.resolve(conftest, name) if conftest in self.names.files else None
            if not folder:
                break
            folder = folder.rpartition("/")[0]
        return symbol

    def _makes_server(self, path: str, function: FunctionFacts) -> bool:
        if any(param.name in _SERVER_FIXTURES for param in function.params):
            return True
        for name in function.names:
            symbol = self.names.resolve(path, name)
            if symbol is None or symbol.kind != "external":
                continue
            if symbol.name.rpartition(".")[2] in APPLICATIONS or symbol.name.startswith(_OTHER_SERVERS):
                return True
        return False

    def _takes_from_project(self, path: str, function: FunctionFacts) -> bool:
        """Whether something of the project is named that may be served: an application, a router, what makes one.

        Models, middleware and errors are not.
        """
        for name in function.names:
            symbol = self.names.resolve(path, name)
            if symbol is None or symbol.kind == "external" or is_test_path(symbol.path):
                continue
            is_error = symbol.name.endswith(("Error", "Exception"))
            if symbol.kind != "class" or not (is_error or self.classes.kind(symbol.path, symbol.name)):
                return True
        return False

    def _routes_in(self, path: str) -> list[tuple[str, str, str]]:
        """(function around it, method, path) of every route that a test file declares by a decorator."""
        if path not in self._declared:
            facts = self.names.files.get(path)
            self._declared[path] = [
                (function.parent, last.upper(), template)
                for function in (facts.functions if facts is not None else ())
                for decorator in function.decorators
                if (call := ir.match(decorator, ir.Call)) is not None and isinstance(call.function, str) and call.args
                if (last := call.function.rpartition(".")[2]) in VERBS and "." in call.function
                if (template := ir.text_of(call.args[0])) is not None
            ]
        return self._declared[path]
