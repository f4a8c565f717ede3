"""Names to what they stand for, across modules: imports, re-exports, star imports, packages."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from fastapi_expert.codebase.resolve.modules import Modules
from fastapi_expert.codebase.syntax import ir
from fastapi_expert.codebase.syntax.facts import (
    ClassFacts,
    FileFacts,
    FunctionFacts,
    ImportFacts,
)
from fastapi_expert.codebase.syntax.ir import Expr, Stmt

if TYPE_CHECKING:
    from fastapi_expert.codebase.resolve.libraries import Libraries

MAX_HOPS = 25
"""A re-export chain longer than this is a circle."""


class Symbol(NamedTuple):
    """What a name stands for: ``name`` is a qualname in ``path``, or dotted and outside the codebase (``external``)."""

    kind: Literal["function", "class", "value", "module", "external"]
    path: str
    name: str


class Names:
    """The static view of every module's top-level names."""

    def __init__(self, files: Mapping[str, FileFacts], modules: Modules) -> None:
        self.files = files
        self.modules = modules
        self._bindings: dict[str, dict[str, Stmt | ImportFacts]] = {}
        self._functions: dict[str, dict[str, FunctionFacts]] = {}
        self._classes: dict[str, dict[str, ClassFacts]] = {}
        self._resolved: dict[tuple[str, str], Symbol | None] = {}
        self._ancestors: dict[tuple[str, str], list[Symbol]] = {}
        self.read_set: dict[str, set[str]] = defaultdict(set)
        """Of each file the names that somebody wanted to know, whether or not they are there.

        Names of the top level, `Class.name` for what a class holds, and `Class.` where the order of its fields counted.
        """
        self.looked_into: set[tuple[str, str]] | None = None
        """The functions (path, qualname) that somebody asked for, where that is to be known."""

    def with_libraries(self, libraries: "Libraries") -> "Names":
        """The same names, and those of installed libraries that were opened."""
        return Names(self.files, self.modules.with_libraries(libraries))

    def facts(self, path: str) -> FileFacts | None:
        """The facts of a file of the codebase or of an opened library."""
        own = self.files.get(path)
        libraries = self.modules.libraries
        return own if own is not None or libraries is None else libraries.facts(path)

    def is_library(self, path: str) -> bool:
        """Whether the place is of an installed library."""
        return self.modules.is_library(path)

    def function(self, path: str, qualname: str) -> FunctionFacts | None:
        if self.looked_into is not None:
            self.looked_into.add((path, qualname))
        by_name = self._functions.get(path)
        if by_name is None:
            facts = self.facts(path)
            by_name = {f.qualname: f for f in facts.functions} if facts else {}
            self._functions[path] = by_name
        return by_name.get(qualname)

    def assigned(self, symbol: Symbol) -> Expr:
        """The expression that a module-level name is bound to; None when it is bound otherwise."""
        bound = self.bindings(symbol.path).get(symbol.name.partition(".")[0])
        statement = None if bound is None or isinstance(bound, ImportFacts) else ir.match(bound, ir.Assign)
        return statement.value if statement is not None else None

    def class_(self, path: str, qualname: str) -> ClassFacts | None:
        by_name = self._classes.get(path)
        if by_name is None:
            facts = self.facts(path)
            by_name = {c.qualname: c for c in facts.classes} if facts else {}
            self._classes[path] = by_name
        return by_name.get(qualname)

    def bindings(self, path: str) -> dict[str, Stmt | ImportFacts]:
        """Top-level name to the statement that binds it last (a definition, an assignment or an import)."""
        bound = self._bindings.get(path)
        if bound is None:
            bound = dict[str, Stmt | ImportFacts]()
            facts = self.facts(path)
            if facts is not None:
                for imported in facts.imports:  # imports in functions too: a name imported late is still that name
                    name = imported.alias or imported.module.split(".")[0]
                    if name != "*" and (not imported.scope or name not in bound):
                        bound[name] = imported
                _bind(facts.body, bound)
            self._bindings[path] = bound
        return bound

    def resolve(self, path: str, dotted: str, hops: int = 0) -> Symbol | None:
        """What ``dotted`` stands for at the end of the module at ``path``; None when nothing binds it."""
        key = (path, dotted)
        if key in self._resolved:
            return self._resolved[key]
        if hops > MAX_HOPS:
            return None
        self._resolved[key] = None  # a circle resolves to nothing
        head, _, rest = dotted.partition(".")
        symbol = self._head(path, head, hops)
        if symbol is not None and rest:
            symbol = self.member(symbol, rest, hops)
        self._resolved[key] = symbol
        return symbol

    def member(self, symbol: Symbol, rest: str, hops: int = 0) -> Symbol | None:
        """The attribute ``rest`` (dotted) of what ``symbol`` stands for."""
        if symbol.kind == "external":
            return Symbol("external", "", f"{symbol.name}.{rest}")
        if symbol.kind == "module":
            name, _, deeper = rest.partition(".")
            found = self._in_module(symbol.path, name, hops)
            return self.member(found, deeper, hops) if found is not None and deeper else found
        if symbol.kind == "class":
            return self._in_class(symbol, rest, hops)
        if symbol.kind == "value":
            made = self.class_of(symbol) if "." not in symbol.name and hops < MAX_HOPS else None
            found = self._in_class(made, rest, hops + 1) if made is not None else None
            return found or Symbol("value", symbol.path, f"{symbol.name}.{rest}")
        return None

    def class_of(self, value: Symbol) -> Symbol | None:
        """The class of a module-level object: `user_service = UserService()`."""
        made = ir.match(self.assigned(value), ir.Call)
        if made is None or not isinstance(made.function, str):
            return None
        maker = self.resolve(value.path, made.function)
        return maker if maker is not None and maker.kind == "class" else None

    def star_sources(self, path: str) -> Iterator[str]:
        """The places that the module at ``path`` imports everything from."""
        facts = self.facts(path)
        for imported in facts.imports if facts else ():
            if imported.name == "*" and not imported.scope:
                place = self.modules.imported(path, imported.module)
                if place is not None and place != path:
                    yield place

    def _head(self, path: str, name: str, hops: int) -> Symbol | None:
        self.read_set[path].add(name)
        bound = self.bindings(path).get(name)
        if bound is None:
            for place in self.star_sources(path):
                found = self._in_module(place, name, hops + 1)
                if found is not None:
                    return found
            return None
        if isinstance(bound, ImportFacts):
            return self._imported(path, bound, hops)
        if (function := ir.match(bound, ir.Def)) is not None:
            return Symbol("function", path, function.qualname)
        if (cls := ir.match(bound, ir.ClassDef)) is not None:
            return Symbol("class", path, cls.qualname)
        assigned = ir.match(bound, ir.Assign)
        value = assigned.value if assigned is not None else None
        if isinstance(value, str) and value != name:  # an alias: `get_user = current_user`
            return self.resolve(path, value, hops + 1) or Symbol("value", path, name)
        return Symbol("value", path, name)

    def _imported(self, path: str, imported: ImportFacts, hops: int) -> Symbol | None:
        if not imported.name:  # import a.b, import a.b as c
            dotted = imported.module if imported.alias else imported.module.split(".")[0]
            place = self.modules.find(path, dotted)
            return Symbol("module", place, "") if place is not None else Symbol("external", "", dotted)
        place = self.modules.holding(path, imported.module, imported.name)
        if place is None:
            outside = imported.module.lstrip(".")
            return Symbol("external", "", f"{outside}.{imported.name}" if outside else imported.name)
        return self._in_module(place, imported.name, hops + 1)

    def _in_module(self, place: str, name: str, hops: int) -> Symbol | None:
        if not place.endswith("/"):
            found = self.resolve(place, name, hops + 1)
            if found is not None:
                return found
        child = self.modules.child(place, name)
        return Symbol("module", child, "") if child is not None else None

    def _in_class(self, symbol: Symbol, rest: str, hops: int) -> Symbol | None:
        qualname = f"{symbol.name}.{rest}"
        self.read_set[symbol.path].add(f"{symbol.name}.{rest.partition('.')[0]}")
        if self.function(symbol.path, qualname) is not None:
            return Symbol("function", symbol.path, qualname)
        if self.class_(symbol.path, qualname) is not None:
            return Symbol("class", symbol.path, qualname)
        facts = self.class_(symbol.path, symbol.name)
        if facts is None or hops > MAX_HOPS:
            return None
        if any(field.name == rest for field in facts.fields):
            return Symbol("value", symbol.path, qualname)
        for base in facts.bases:
            parent = self.resolve(symbol.path, base.split("[")[0], hops + 1)
            if parent is not None and parent.kind == "class" and parent != symbol:
                found = self._in_class(parent, rest, hops + 1)
                if found is not None:
                    return found
        return None

    def ancestors(self, path: str, qualname: str) -> list[Symbol]:
        """The class's bases and theirs, nearest first; external ones by dotted name."""
        known = self._ancestors.get((path, qualname))
        if known is not None:
            return known
        found: list[Symbol] = []
        queue = [(path, qualname)]
        while queue and len(found) < 60:
            where, name = queue.pop(0)
            facts = self.class_(where, name)
            for base in facts.bases if facts else ():
                symbol = self.resolve(where, base.split("[")[0])
                if symbol is None or symbol in found or (symbol.path, symbol.name) == (path, qualname):
                    continue
                found.append(symbol)
                if symbol.kind == "class":
                    queue.append((symbol.path, symbol.name))
        self._ancestors[path, qualname] = found
        return found


def _bind(body: Iterable[Stmt], bound: dict[str, Stmt | ImportFacts]) -> None:
    for statement in body:
        definition = ir.match(statement, ir.Def) or ir.match(statement, ir.ClassDef)
        if definition is not None:
            bound[definition.qualname.rsplit(".", 1)[-1].split("@")[0]] = statement
        elif (assigned := ir.match(statement, ir.Assign)) is not None:
            for name in targets(assigned.target):
                bound[name] = statement
        else:
            for block in reversed(ir.blocks(statement)):
                _bind(block, bound)


def targets(target: Expr) -> Iterator[str]:
    """The plain names that an assignment to ``target`` binds."""
    if isinstance(target, str):
        if "." not in target:
            yield target
    elif unpacked := ir.match(target, ir.Display) or ir.match(target, ir.Targets):
        for one in unpacked.items:
            yield from targets(one)
