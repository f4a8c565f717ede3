"""Who is signed in, as a project's endpoints know it: what gives it, and the key that rows are owned by."""

import ast
import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.link.dependencies import Dependencies, Need
from fastapi_expert.codebase.model import Component, Route
from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import FunctionFacts, Param
from fastapi_expert.codebase.vocabulary import is_test_path
from fastapi_expert.errors import ExpertError
from fastapi_expert.scaffold.inferred.learned.parameters import (
    ParameterTemplate,
    needs_of,
    plain_type,
    template_of,
)
from fastapi_expert.scaffold.inferred.learned.tables import key_of
from fastapi_expert.scaffold.inferred.learned.visibility import owner_columns
from fastapi_expert.scaffold.inferred.sources import Sources
from fastapi_expert.scaffold.naming import names_of

NAME_SUFFIX = re.compile(
    r"(?<=.)(Base|Create|Update|Read|Public|Schema|Model|Table|In|Out|InDB|ORM|Orm|DB|Db|Entity|Response)+$"
)
"""What the names of tables and schemas end in beside the name of the resource."""
PEOPLE = frozenset({"user", "account"})
_KEY = r"(?P<key>\.\w+|\.get\(\s*[\"']\w+[\"']\s*\)|\[\s*[\"']\w+[\"']\s*\])?(?![\w.(\[])"
"""The part of who is signed in that a column is compared with: an attribute, an item, or all of it."""
_DEPTH = 3
"""How many functions a row of people is followed through."""
_ASKING = ("query", "select", "get", "get_one")
"""What a session is asked for rows by."""
_UNTYPED = ("", "Any", "dict", "Dict", "str", "int", "object")
_Wanted = Callable[[Route, Need], bool]


@dataclass(frozen=True, slots=True)
class User:
    """The parameter by which endpoints know who is signed in; ``guard`` is the dependency behind it and its file, empty
    where that is no plain name. ``key`` is what follows the parameter's name to give the key that rows are owned by:
    `.id`, `["id"]` or nothing; None for the key of the table of people. It is ``converted`` to that key's type where
    nothing says that it has it, as of what a token holds."""

    parameter: ParameterTemplate
    guard: tuple[str, str]
    key: str | None
    place: str
    converted: bool = False


class _Known(IntEnum):
    """How it is known what a dependency gives, the surest first."""

    BY_TYPE = 0
    BY_USE = 1
    BY_BODY = 2
    BY_NAME = 3


def tables_of_people(codebase: Codebase, owner: str = "") -> list[Component]:
    """The tables whose rows are the users of the project, or what an ``owner`` of rows was said to be.

    Where none is called `User` or `Account`, those whose name ends so, as `AppUser` does.
    """
    words = PEOPLE if owner in ("", *PEOPLE) else frozenset({names_of(owner).singular})
    named: dict[str, list[Component]] = {}
    for component in codebase.inventory.components:
        if component.kind == "table" and not is_test_path(component.path):
            try:
                name = names_of(NAME_SUFFIX.sub("", component.name)).singular
            except ExpertError:
                continue
            named.setdefault(name, []).append(component)
    found = [table for name in named if name in words for table in named[name]]
    if found or words != PEOPLE:
        return found
    alike = [name for name in named if name.rpartition("_")[2] in PEOPLE]
    return named[alike[0]] if len(alike) == 1 else []


def user_of(codebase: Codebase, sources: Sources, tables: Iterable[Component]) -> User | None:
    """The parameter by which endpoints know who is signed in, where strangers are refused; None when there is none."""
    asking = _Asking(codebase, sources, tuple(tables))
    return asking.most_used(lambda route, need: route.protection == "required" or asking.is_of_fastapi_users(need))


def user_called(codebase: Codebase, sources: Sources, name: str, tables: Iterable[Component]) -> User:
    """What ``name`` is: an alias (`CurrentUser`) or a dependency (`get_current_user`). Raises ExpertError."""
    dependencies = Dependencies(codebase.names)
    asking = _Asking(codebase, sources, tuple(tables))
    for path in codebase.files:
        if is_test_path(path):
            continue
        symbol = codebase.names.resolve(path, name)
        if symbol is None or symbol.path != path:
            continue
        alias = list(dependencies.in_expr(path, name)) if symbol.kind == "value" else []
        function = codebase.names.function(path, name)
        if not alias and function is None:
            continue
        used = asking.most_used(_of_target(dependencies, dependencies.target(alias[0]) if alias else symbol))
        if used is not None:
            return used
        if alias:
            return User(ParameterTemplate("user", name, "", path), _guard(alias), None, path)
        assert function is not None
        return _called(codebase, asking, path, function)
    what = f"there is no alias and no dependency {name!r}"
    raise ExpertError(what, where=str(codebase.root), do="`expert map --kind dependency` lists them.")


def _called(codebase: Codebase, asking: "_Asking", path: str, function: FunctionFacts) -> User:
    """A dependency that no endpoint asks yet."""
    symbol = codebase.names.resolve(path, function.name)
    row = asking.row_of(symbol) if symbol is not None else ""
    given = row or function.returns or "Any"
    if not row and given.partition("[")[0] in _UNTYPED[2:]:
        what = (
            f"{function.name} gives a {given}, and no endpoint shows which part of it is the key that rows are owned by"
        )
        raise ExpertError(
            what, where=f"{path}:{function.line}", do="Name by --auth what gives a row of the users' table."
        )
    parameter = ParameterTemplate("user", f"Annotated[{given}, Depends({function.name})]", "", path)
    return User(parameter, (path, function.name), None, f"{path}:{function.line}")


@dataclass(frozen=True, slots=True)
class _Asking:
    """What endpoints ask for, as far as it tells who is signed in; ``tables`` are those of people."""

    codebase: Codebase
    sources: Sources
    tables: tuple[Component, ...]
    dependencies: Dependencies = field(init=False)
    columns: frozenset[str] = field(init=False)
    """The columns of all tables that say whose a row is."""

    def __post_init__(self) -> None:
        codebase, people = self.codebase, {table.id for table in self.tables}
        object.__setattr__(self, "dependencies", Dependencies(codebase.names))
        tables = [one for one in codebase.inventory.components if one.kind == "table" and not is_test_path(one.path)]
        columns = {name for table in tables for name in owner_columns(codebase, table, people)}
        object.__setattr__(self, "columns", frozenset(columns))

    def most_used(self, wanted: _Wanted) -> User | None:
        """The surest, and of these the one that most endpoints ask for."""
        counted: Counter[tuple[_Known, User]] = Counter()
        first: dict[tuple[_Known, ParameterTemplate, str | None], User] = {}
        for route, param, need in self._asked(wanted):
            said = self._known(route, param, need)
            if said is None:
                continue
            known, template, key = said
            place = f"{route.path_file}:{route.line}"
            converted = key is not None and not self._has_key_type(route, param, key)
            user = first.setdefault((known, template, key), User(template, _guard([need]), key, place, converted))
            counted[known, user] += 1
        if not counted:
            return None
        surest = min(known for known, _ in counted)
        return max((pair for pair in counted if pair[0] is surest), key=lambda pair: counted[pair])[1]

    def _asked(self, wanted: _Wanted) -> Iterator[tuple[Route, Param, Need]]:
        for route in self.codebase.inventory.routes:
            function = self.codebase.function(route.endpoint)
            for param in function.params if function is not None and not is_test_path(route.path_file) else ():
                needs = list(needs_of(self.dependencies, route.path_file, param))
                if needs and wanted(route, needs[0]):
                    yield route, param, needs[0]

    def _known(self, route: Route, param: Param, need: Need) -> tuple[_Known, ParameterTemplate, str | None] | None:
        function = self.codebase.function(route.endpoint)
        assert function is not None  # whose parameter it is
        template = template_of(self.sources, route.path_file, function, param)
        path, written = plain_type(self.codebase, route.path_file, param)
        symbol = self.codebase.names.resolve(path, written) if written else None
        if self._is_of_people(symbol):
            return _Known.BY_TYPE, template, None
        key = self._used_key(route, param)
        if key is not None and param.annotation:
            return _Known.BY_USE, template, key
        given = self.dependencies.target(need)
        row = self.row_of(given) if given is not None else ""
        if row and given is not None:
            if not param.annotation and isinstance(need.expr, str):
                # neither type nor the dependency may be known where the endpoint is: both are where it is defined
                name = given.name
                return _Known.BY_BODY, ParameterTemplate(param.name, row, f"Depends({name})", given.path), None
            return (_Known.BY_BODY, template, None) if param.annotation else None
        return self._by_name(template, symbol, written)

    def _by_name(
        self, template: ParameterTemplate, symbol: Symbol | None, written: str
    ) -> tuple[_Known, ParameterTemplate, str | None] | None:
        """A schema of people with their key, or their key itself: a `UserRead` with an `id`, a `user_id: UUID`."""
        for table in self.tables:
            word = names_of(NAME_SUFFIX.sub("", table.name)).singular
            key = key_of(self.codebase, table)
            named = template.name in (f"{word}_{key.name}", f"current_{word}_{key.name}")
            if named and (written == "str" or _is_type(written, key.type.text)):
                return _Known.BY_NAME, template, ""
            facts = self.codebase.names.class_(symbol.path, symbol.name) if symbol and symbol.kind == "class" else None
            if facts is None or symbol is None:
                continue
            fitting = {
                one.name for one in self.codebase.fields(symbol.path, symbol.name) if _is_type(one.type, key.type.text)
            }
            own = names_of(NAME_SUFFIX.sub("", facts.name)).singular.rpartition("_")[2] == word
            for name in (key.name, f"{word}_{key.name}") if own else (f"{word}_{key.name}",):
                if name in fitting:
                    return _Known.BY_NAME, template, f".{name}"
        return None

    def _has_key_type(self, route: Route, param: Param, key: str) -> bool:
        """Whether what follows the parameter's name is declared to have the type of the key of people."""
        path, written = plain_type(self.codebase, route.path_file, param)
        wanted = {key_of(self.codebase, table).type.text for table in self.tables}
        if not key:
            return any(_is_type(written, one) for one in wanted)
        symbol = self.codebase.names.resolve(path, written) if written else None
        known = self.codebase.fields(symbol.path, symbol.name) if symbol is not None and symbol.kind == "class" else ()
        return any(f".{field.name}" == key and _is_type(field.type, one) for field in known for one in wanted)

    def _is_of_people(self, symbol: Symbol | None) -> bool:
        ids = {table.id for table in self.tables}
        return symbol is not None and f"table:{symbol.path}::{symbol.name}" in ids

    def _used_key(self, route: Route, param: Param) -> str | None:
        """What the endpoint compares with, or writes in, a column that says whose a row is."""
        function = self.codebase.function(route.endpoint)
        if function is None or not self.columns:
            return None
        text = self.sources.lines(route.path_file, function.line, function.end_line)
        columns, name = "|".join(sorted(self.columns)), re.escape(param.name)
        patterns = (
            rf"\b(?:{columns})[\"']?\s*(?:==|!=|=|:)\s*{name}{_KEY}",
            rf"(?<![\w.]){name}{_KEY}\s*(?:==|!=)\s*(?:\w+\.)+(?:{columns})\b",
        )
        found = next((match for pattern in patterns if (match := re.search(pattern, text))), None)
        return None if found is None else found["key"] or ""

    def row_of(self, symbol: Symbol, depth: int = _DEPTH) -> str:
        """How a function names the table of people that it gives a row of, by its type or its text; else ""."""
        function = self.codebase.names.function(symbol.path, symbol.name) if symbol.kind == "function" else None
        if function is None or not depth:
            return ""
        declared = re.sub(r"\s*\|\s*None$|^Optional\[(.*)\]$", r"\1", function.returns)
        if self._names_people(symbol.path, declared):
            return declared
        try:
            text = textwrap.dedent(self.sources.lines(symbol.path, function.line, function.end_line))
            statements = list(ast.walk(ast.parse(text)))
        except (SyntaxError, ValueError, RecursionError):
            return ""
        bound = {
            target.id: each.value
            for each in statements
            if isinstance(each, ast.Assign | ast.AnnAssign) and each.value is not None
            for target in (each.targets if isinstance(each, ast.Assign) else [each.target])
            if isinstance(target, ast.Name)
        }
        given = [each.value for each in statements if isinstance(each, ast.Return) and each.value is not None]
        given = [value for value in given if not (isinstance(value, ast.Constant) and value.value is None)]
        rows = {self._row_in(symbol.path, value, bound, depth) for value in given}
        return rows.pop() if len(rows) == 1 else ""

    def _row_in(self, path: str, value: ast.expr, bound: Mapping[str, ast.expr], depth: int) -> str:
        """How the table is named that a value is a row of: it asks for one, or calls what gives one."""
        value = value.value if isinstance(value, ast.Await) else value
        if isinstance(value, ast.Name) and value.id in bound:
            rest = {name: other for name, other in bound.items() if name != value.id}
            return self._row_in(path, bound[value.id], rest, depth)
        if not isinstance(value, ast.Call):
            return ""
        for call in (each for each in ast.walk(value) if isinstance(each, ast.Call) and each.args):
            asked = ast.unparse(call.args[0])
            if _last(call.func) in _ASKING and self._names_people(path, asked):
                return asked
        receiver = value.func.value if isinstance(value.func, ast.Attribute) else None
        if isinstance(receiver, ast.Name | ast.Call | ast.Await) and (
            row := self._row_in(path, receiver, bound, depth)
        ):
            return row
        target = self.codebase.names.resolve(path, ast.unparse(value.func))
        row = self.row_of(target, depth - 1) if target is not None else ""
        name = row.rpartition(".")[2]
        return name if self._names_people(path, name) else ""

    def _names_people(self, path: str, written: str) -> bool:
        dotted = bool(written) and written.replace(".", "").isidentifier()
        return dotted and self._is_of_people(self.codebase.names.resolve(path, written))

    def is_of_fastapi_users(self, need: Need) -> bool:
        """Whether the dependency is made by `FastAPIUsers(…).current_user()`, which refuses strangers unless it is told
        that they are optional."""
        call, path = self._call_behind(need.path, need.expr)
        maker, dot, method = call.function.rpartition(".") if call and isinstance(call.function, str) else ("", "", "")
        if call is None or not dot or method != "current_user":
            return False
        made, _ = self._call_behind(path, maker)
        function = made.function if made is not None else ""
        generic = ir.match(function, ir.Subscript)
        name = ir.dotted(generic.value if generic is not None else function)
        optional = dict(call.keywords).get("optional")
        return name.rpartition(".")[2] == "FastAPIUsers" and (optional is None or ir.is_constant(optional, False))

    def _call_behind(self, path: str, expr: object) -> tuple[ir.Call | None, str]:
        """The call whose value a name has, and the file that makes it."""
        names = self.codebase.names
        symbol = names.resolve(path, expr) if isinstance(expr, str) else None
        value = names.assigned(symbol) if symbol is not None and symbol.kind == "value" else None
        return (ir.match(value, ir.Call), symbol.path) if symbol is not None and value is not None else (None, path)


def _guard(needs: list[Need]) -> tuple[str, str]:
    return (needs[0].path, needs[0].expr) if needs and isinstance(needs[0].expr, str) else ("", "")


def _is_type(written: str, key: str) -> bool:
    return written.rpartition(".")[2] == key.rpartition(".")[2]


def _of_target(dependencies: Dependencies, meant: Symbol | None) -> _Wanted:
    return lambda route, need: dependencies.target(need) == meant


def _last(function: ast.expr) -> str:
    """The last name of what is called."""
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
