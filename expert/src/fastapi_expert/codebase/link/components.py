"""The components of a codebase: what each definition is, what it uses and how it describes itself."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from fastapi_expert.codebase.interpret.values import (
    ClassValue,
    FunctionValue,
    Instance,
    Partial,
    Router,
)
from fastapi_expert.codebase.link.classes import Classes, columns_of
from fastapi_expert.codebase.link.dependencies import Dependencies, Need
from fastapi_expert.codebase.link.roles import (
    Place,
    is_migration,
    is_service_class,
    is_trivial,
    may_hold_services,
    takes_session,
)
from fastapi_expert.codebase.link.tasks import Tasks, WholeBody
from fastapi_expert.codebase.model import Component, Field, Kind
from fastapi_expert.codebase.resolve.names import Names, Symbol
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import ClassFacts, FunctionFacts
from fastapi_expert.codebase.vocabulary import is_test_path


class Catalogue:
    """Collects components; a definition keeps the first kind it is given, so endpoints and dependencies go first."""

    def __init__(self, names: Names, whole_body: WholeBody | None = None) -> None:
        self.names = names
        self._whole_body = whole_body
        self.classes = Classes(names)
        self.dependencies = Dependencies(names)
        self.kinds: dict[Place, Kind] = {}
        self.ids: dict[Place, str] = {}
        self.extra: list[Component] = []
        self._makers: dict[Place, str | None] = {}
        self._workplaces: dict[str, bool] = {}

    # -- finding --------------------------------------------------------------------------------------------------

    def mark(self, path: str, qualname: str, kind: Kind) -> str:
        """Give the definition a kind unless it has one; its id either way, none for what a library defines."""
        if self.names.is_library(path):
            return ""
        key = (path, qualname)
        if key not in self.kinds:
            self.kinds[key] = kind
            self.ids[key] = f"{kind}:{path}::{qualname}"
        return self.ids[key]

    def mark_value(self, value: Any, kind: Kind, *, anywhere: bool = False) -> str | None:
        """The same for a value of the interpreter: a function, a bound method, a class or an instance.

        Definitions in test files are left out unless ``anywhere``: an application may serve some of them.
        """
        while isinstance(value, Partial):
            value = value.function
        if isinstance(value, Instance):
            value = value.cls
        if not isinstance(value, (FunctionValue, ClassValue)) or (is_test_path(value.path) and not anywhere):
            return None
        qualname = value.qualname
        function = self.names.function(value.path, qualname)
        if kind == "dependency" and function is not None and function.parent and not function.owner:
            qualname = qualname.partition(".")[0]  # returned by a factory, and the factory is what others reuse
        return self.mark(value.path, qualname, kind)

    def mark_classes(self) -> None:
        """Schemas, tables, settings and middleware, by what they inherit; parts of settings too."""
        for path, qualname in self.classes.settings_parts():
            self.mark(path, qualname, "settings")
        for path, facts in self.names.files.items():
            if is_test_path(path):
                continue
            for one in facts.classes:
                kind = self.classes.component_kind(path, one)
                if kind is not None:
                    self.mark(path, one.qualname, kind)

    def mark_table_values(self) -> None:
        """`users = Table("users", metadata, Column(…), …)`: a table without a class."""
        for path, facts in self.names.files.items():
            if is_test_path(path) or is_migration(facts):
                continue
            for stmt in facts.body:
                made = ir.match(stmt, ir.Assign)
                call = ir.match(made.value, ir.Call) if made is not None else None
                if (
                    made is None
                    or call is None
                    or not isinstance(made.target, str)
                    or _last_name(call.function) != "Table"
                ):
                    continue
                symbol = self.names.resolve(path, call.function)
                if symbol is not None and symbol.kind == "external" and symbol.name.startswith("sqlalchemy."):
                    id, name = f"table:{path}::{made.target}", made.target
                    self.ids[path, name] = id
                    self.extra.append(
                        Component(id, "table", name, name, path, made.line, call.line, fields=columns_of(call))
                    )

    def mark_dependencies(self) -> None:
        """Everything that a signature, or an alias for signatures, depends on."""
        for path, facts in self.names.files.items():
            if is_test_path(path):
                continue
            for function in facts.functions:
                for need in self.dependencies.of_function(path, function):
                    self.mark_need(need)
        for _, _, needs in self._aliases():
            for need in needs:
                self.mark_need(need)

    def mark_need(self, need: Need) -> str | None:
        symbol = self.dependencies.target(need)
        if symbol is None or symbol.kind not in ("function", "class") or is_test_path(symbol.path):
            return None
        return self.mark(symbol.path, symbol.name, "dependency")

    @cached_property
    def tasks(self) -> Tasks:
        return Tasks(self.names, self._whole_body)

    def mark_tasks(self) -> None:
        """Functions that a queue, a scheduler or the event loop runs."""
        for path, qualname in self.tasks.places:
            self.mark(path, qualname, "task")

    def mark_tests(self) -> None:
        """Test functions and the test methods of classes."""
        for path, facts in self.names.files.items():
            if not is_test_path(path) and "test" not in path:
                continue
            for function in facts.functions:
                collected = not function.parent or (
                    function.owner and function.owner.rpartition(".")[2].startswith("Test")
                )
                unittest = function.owner and any(
                    symbol.name.endswith("TestCase") for symbol in self.names.ancestors(path, function.owner)
                )
                if function.name.startswith("test") and (collected or unittest):
                    self.mark(path, function.qualname, "test")

    def mark_services(self) -> None:
        """What does the work behind endpoints: takes a session, or is called from an endpoint, or its class does."""
        for path, facts in self.names.files.items():
            if not self._may_hold_services(path):
                continue
            for one in facts.classes:
                if (path, one.qualname) not in self.kinds and is_service_class(one, self._methods(path, one)):
                    self.mark(path, one.qualname, "service")
            for function in facts.functions:
                if not function.parent and (path, function.qualname) not in self.kinds and takes_session(function):
                    self.mark(path, function.qualname, "service")
        callers = [key for key, kind in self.kinds.items() if kind in ("endpoint", "task")]
        for path, qualname in callers:
            function = self.names.function(path, qualname)
            for symbol in self._mentioned(path, function) if function is not None else ():
                self._mark_called(symbol)

    def _may_hold_services(self, path: str) -> bool:
        if path not in self._workplaces:
            facts = self.names.files.get(path)
            self._workplaces[path] = facts is not None and may_hold_services(facts)
        return self._workplaces[path]

    def _methods(self, path: str, facts: ClassFacts) -> Iterator[FunctionFacts]:
        for method in facts.methods:
            function = self.names.function(path, method)
            if function is not None:
                yield function

    def _mark_called(self, symbol: Symbol) -> None:
        if (symbol.path, symbol.name) in self.kinds or not self._may_hold_services(symbol.path):
            return
        if symbol.kind == "function":
            function = self.names.function(symbol.path, symbol.name)
            if function is not None and function.owner:
                owner = (symbol.path, function.owner)
                if owner not in self.kinds:
                    self.mark(*owner, "service")
            elif function is not None and not function.parent and not is_trivial(function):
                self.mark(symbol.path, symbol.name, "service")
        elif symbol.kind == "class":
            facts = self.names.class_(symbol.path, symbol.name)
            if facts is not None and len(facts.methods) > 1 and not _is_error(facts) and not _is_plain(facts):
                self.mark(symbol.path, symbol.name, "service")

    # -- edges ----------------------------------------------------------------------------------------------------

    def _mentioned(self, path: str, function: FunctionFacts) -> Iterator[Symbol]:
        seen: set[Symbol] = set()
        for name in function.names:
            symbol = self._resolve(path, name, function)
            if symbol is not None and symbol not in seen and symbol.kind in ("function", "class", "value"):
                seen.add(symbol)
                yield symbol

    def _resolve(self, path: str, name: str, function: FunctionFacts) -> Symbol | None:
        head, _, rest = name.partition(".")
        if head in ("self", "cls"):
            if not rest or not function.owner:
                return None
            return self.names.member(Symbol("class", path, function.owner), rest.partition(".")[0])
        while name:  # `service.create.delay` names `service.create`
            symbol = self.names.resolve(path, name)
            if symbol is not None:
                return symbol
            name = name.rpartition(".")[0]
        return None

    def id_of(self, symbol: Symbol) -> str | None:
        """The component that ``symbol`` is or belongs to: the class of a method, the class of a module-level object."""
        key = (symbol.path, symbol.name)
        if key in self.ids:
            return self.ids[key]
        if symbol.kind == "function" and "." in symbol.name:
            return self.ids.get((symbol.path, symbol.name.rpartition(".")[0]))
        if symbol.kind == "value":
            return self._made_by(symbol)
        return None

    def id_of_value(self, value: Any) -> str | None:
        """The component that something the interpreter met is or belongs to."""
        while isinstance(value, Partial):
            value = value.function
        if isinstance(value, Instance):
            value = value.cls
        if not isinstance(value, (FunctionValue, ClassValue)):
            return None
        return self.ids.get((value.path, value.qualname)) or self.ids.get(
            (value.path, value.qualname.partition(".")[0])
        )

    def _made_by(self, symbol: Symbol) -> str | None:
        key = (symbol.path, symbol.name.partition(".")[0])
        if key not in self._makers:
            self._makers[key] = self._maker(symbol)
        return self._makers[key]

    def _maker(self, symbol: Symbol) -> str | None:
        """`user_service = UserService()` belongs to UserService, `settings.X` to the class of settings."""
        value = self.names.assigned(symbol)
        if ir.match(value, ir.Subscript) is not None:  # an alias: Annotated[…, Depends(get_db)]
            need = next(self.dependencies.in_expr(symbol.path, value), None)
            target = self.dependencies.target(need) if need is not None else None
            return self.ids.get((target.path, target.name)) if target is not None else None
        call = ir.match(value, ir.Call)
        if call is None or not isinstance(call.function, str):
            return None
        maker = self.names.resolve(symbol.path, call.function)
        if maker is None:
            return None
        if maker.kind == "function":
            function = self.names.function(maker.path, maker.name)
            made = (
                self.names.resolve(maker.path, function.returns) if function is not None and function.returns else None
            )
            maker = made or maker
        return self.ids.get((maker.path, maker.name))

    def uses(self, path: str, qualname: str) -> tuple[str, ...]:
        """The ids of the components that a definition mentions, in order of id, itself left out."""
        own = self.ids.get((path, qualname))
        found: set[str] = set()
        function = self.names.function(path, qualname)
        if function is not None:
            self._function_uses(path, function, found)
        facts = self.names.class_(path, qualname)
        if facts is not None:
            for method in facts.methods:
                inner = self.names.function(path, method)
                if inner is not None:
                    self._function_uses(path, inner, found)
            for text in (*facts.bases, *(f"{field.annotation} {field.default}" for field in facts.fields)):
                for name in re.findall(r"[A-Za-z_][\w.]*", text):
                    symbol = self.names.resolve(path, name)
                    id = self.id_of(symbol) if symbol is not None else None
                    if id is not None:
                        found.add(id)
        found.discard(own or "")
        return tuple(sorted(found))

    def _function_uses(self, path: str, function: FunctionFacts, found: set[str]) -> None:
        for symbol in self._mentioned(path, function):
            id = self.id_of(symbol)
            if id is not None:
                found.add(id)
        for need in self.dependencies.of_function(path, function):
            symbol = self.dependencies.target(need)
            id = self.id_of(symbol) if symbol is not None else None
            if id is not None:
                found.add(id)

    # -- making ---------------------------------------------------------------------------------------------------

    def components(self) -> tuple[Component, ...]:
        """Every component, sorted by path and line."""
        made = [self.component(path, qualname, kind) for (path, qualname), kind in self.kinds.items()]
        found = [*self.extra, *[one for one in made if one is not None]]
        return tuple(sorted(found, key=lambda one: (one.path, one.line, one.id)))

    def component(self, path: str, qualname: str, kind: Kind) -> Component | None:
        """A definition as a component; None where there is none (any more)."""
        id = self.ids[path, qualname]
        function = self.names.function(path, qualname)
        if function is not None:
            return Component(
                id=id,
                kind=kind,
                name=function.name,
                qualname=qualname,
                path=path,
                line=function.line,
                end_line=function.end_line,
                summary=_summary(function.docstring),
                signature=function.signature,
                uses=self.uses(path, qualname),
            )
        facts = self.names.class_(path, qualname)
        if facts is None:
            return None
        fields: tuple[Field, ...] | None = None
        if kind in ("schema", "table", "settings"):
            fields = self.classes.fields(path, qualname)
        return Component(
            id=id,
            kind=kind,
            name=facts.name,
            qualname=qualname,
            path=path,
            line=facts.line,
            end_line=facts.end_line,
            summary=_summary(facts.docstring),
            fields=fields,
            bases=tuple(facts.bases),
            uses=self.uses(path, qualname),
        )

    def add_aliases(self) -> None:
        """`SessionDep = Annotated[Session, Depends(get_session)]`: what signatures are written with."""
        for path, made, needs in self._aliases():
            self._add_alias(path, made, needs)

    def _aliases(self) -> Iterator[tuple[str, ir.Assign, list[Need]]]:
        """Each alias of a module with its path and what it needs."""
        for path, facts in self.names.files.items():
            for stmt in facts.body if not is_test_path(path) else ():
                made = ir.match(stmt, ir.Assign)
                generic = ir.match(made.value, ir.Subscript) if made is not None else None
                if made is None or generic is None or not isinstance(made.target, str):
                    continue
                needs = list(self.dependencies.in_expr(path, made.value))
                if needs and _last_name(generic.value) == "Annotated":
                    yield path, made, needs

    def _add_alias(self, path: str, made: ir.Assign, needs: Iterable[Need]) -> None:
        targets = [self.dependencies.target(need) for need in needs]
        named = [one for one in ir.walk(made.value) if isinstance(one, str)]
        symbols = [*targets, *[self.names.resolve(path, one) for one in named]]
        uses = {id for symbol in symbols if symbol is not None and (id := self.id_of(symbol)) is not None}
        id, name, summary = f"dependency:{path}::{made.target}", made.target, ir.shown(made.value)
        self.extra.append(
            Component(id, "dependency", name, name, path, made.line, made.line, summary, uses=tuple(sorted(uses)))
        )

    def add_router(self, router: Router, id: str, uses: Iterable[str]) -> None:
        """A router or application: it has only the line that makes it, not a definition."""
        name = router.name or ("app" if router.is_app else "router")
        kind: Kind = "app" if router.is_app else "router"
        prefix = router.prefix if isinstance(router.prefix, str) else ""
        title = router.keywords.get("title")
        summary = prefix if not router.is_app else title if isinstance(title, str) else ""
        path, line = router.site
        self.extra.append(Component(id, kind, name, name, path, line, line, summary, uses=tuple(dict.fromkeys(uses))))


def _summary(docstring: str) -> str:
    return docstring.strip().split("\n", 1)[0].strip()


def _last_name(expr: ir.Expr) -> str:
    return expr.rpartition(".")[2] if isinstance(expr, str) else ""


def _is_error(facts: ClassFacts) -> bool:
    return facts.name.endswith(("Error", "Exception", "Warning")) or any(
        base.endswith(("Error", "Exception", "HTTPException")) for base in facts.bases
    )


def _is_plain(facts: ClassFacts) -> bool:
    """An enumeration or a record, which is never a service."""
    return any(
        base.rpartition(".")[2] in ("Enum", "StrEnum", "IntEnum", "NamedTuple", "TypedDict") for base in facts.bases
    )
