"""Which piece of code may use which other: an edge wherever a name in one can mean the other, more than what runs.

A class leads to its body and to what runs without being named (constructors, hooks); its other methods must be named.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

from fastapi_expert.codebase import Codebase
from fastapi_expert.codebase.resolve.names import Symbol
from fastapi_expert.codebase.vocabulary import DEPENDS, is_test_module
from fastapi_expert.gate.impact.pieces import CLIENT, INIT, Piece
from fastapi_expert.gate.impact.tests import (
    FIXTURE,
    Node,
    Suite,
)

_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_IMPORTS = re.compile(r"\b(?:import|from)\s+([A-Za-z_][\w.]*)")
_OWN_NAMESPACE = frozenset({"globals", "locals", "vars", "eval", "exec"})
_HANDS = frozenset({
    *DEPENDS, "add_api_route", "add_route", "dependencies", "dependency_overrides", "get_type_hints", "signature",
    "Provide", "provide", "register", "bind", "Factory", "Singleton", "Resource", "Callable",
})  # fmt: skip
"""What is given functions whose annotations it reads."""
_SETS_UP = frozenset({
    "FastAPI", "APIRouter", "APIRoute", "Starlette", "Router", "Route", "type", "PydanticBaseSettingsSource",
    "EnvSettingsSource", "DotEnvSettingsSource", "InitSettingsSource", "TomlConfigSettingsSource",
})  # fmt: skip
"""Classes of libraries that call what is overridden of them when an application is put together."""
TESTS, LIBRARIES = "<tests>", "<libraries>"
_PLAIN = ("object", "ABC", "Protocol", "Generic")
_DATA = frozenset({
    "BaseModel", "BaseSettings", "SQLModel", "RootModel", "DeclarativeBase", "MappedAsDataclass", "Enum", "StrEnum",
    "IntEnum", "Flag", "IntFlag", "Exception", "ValueError", "RuntimeError", "KeyError", "TypeError", "LookupError",
    "HTTPException", "NamedTuple", "TypedDict", "str", "int", "dict", "list", "tuple", "float", "bytes", "set",
})  # fmt: skip
"""Classes of data: they call no method of a class below them but what it overrides of theirs."""
_OVERRIDES = re.compile(
    r"_[a-z].*_$|model_|settings_customise|customise_sources|parse_|schema|validate$|construct$|dict$|json$|copy$|get$|"
    r"items$|keys$|values$|update$|pop|set|append$|extend$|insert$|sort$|clear$|add$|with_traceback$|encode$|prepare_"
)
"""What is a method of theirs, or has the name of one."""


def body_of(node: Node) -> Node:
    """A class without its methods, and what makes one: what importing it reaches."""
    return (node[0], f"{node[1]}@")


def called_of(node: Node) -> Node:
    """What a library may call of a class of the project, once it has an instance: not while a module is imported."""
    return (node[0], f"{node[1]}+")


def _parted(names: set[str]) -> tuple[set[str], set[str]]:
    """Those that stand alone, and dotted ones."""
    chains = {each for each in names if "." in each}
    return names - chains, chains


class Links:
    """The ``edges`` that names, fixtures and imports draw between the pieces of ``files``.

    ``loads`` are those of the moment in which a module is imported: what it makes then reaches nobody who does not
    come by its name, but what runs then has run for all who import it.
    """

    def __init__(self, codebase: Codebase, files: Mapping[str, Mapping[str, Piece]]) -> None:
        self.codebase = codebase
        self.files = files
        self.names = codebase.names
        self.suite = Suite(files, codebase.names)
        self.edges: dict[Node, set[Node]] = defaultdict(set)
        self.loads: dict[Node, set[Node]] = {}

    def draw(self) -> None:
        """All of them."""
        for path, pieces in self.files.items():
            for name, piece in pieces.items():
                self.link(path, name, piece)
        self.link_conftests()
        self.link_imports()

    @cached_property
    def member_names(self) -> set[str]:
        return {
            name.partition(".")[2] for pieces in self.files.values() for name, piece in pieces.items() if piece.owner
        }

    @cached_property
    def class_names(self) -> Mapping[str, list[Node]]:
        found: dict[str, list[Node]] = defaultdict(list)
        for path, pieces in self.files.items():
            for name, piece in pieces.items():
                if piece.kind == "class":
                    found[name].append((path, name))
        return found

    def link(self, path: str, name: str, piece: Piece) -> None:
        if name == INIT:
            self.link_import(path, piece)
            return
        node = (path, name)
        found = self.meant(path, piece.names, piece.chains)
        if self.is_called_by_its_types(path, piece):
            found |= self.meant(path, *_parted(piece.annotated))
        for text in piece.texts:
            found |= self.meant_by_text(path, text)
        found |= {("", each) for each in piece.texts & self.member_names} | self.methods(path, piece)
        if "getattr" in piece.names:
            found.add(("", "*"))
        found |= self.by_computed_name(path, piece)
        for text in piece.texts:
            found |= self.by_program(path, text, piece)
        self.edges[node] |= found - {node}
        if piece.kind == "class":
            body = body_of(node)
            self.edges[body] |= {self.body(each) for each in found} - {body}
            self.link_members(path, piece)

    def methods(self, path: str, piece: Piece) -> set[Node]:
        """What attributes can be methods of: of `self` those of its family, of a library's module none."""
        found: set[Node] = set()
        for mention in piece.mentions:
            of, _, name = mention.rpartition("." if mention[0] != "?" else "?")
            if name not in self.member_names:
                continue
            if mention[0] == "@":
                found |= self.methods_of(path, of[1:], name, piece)
            elif of in ("self", "cls") and piece.owner:
                found.add(("", f"{name} of {self.family(path, piece.owner)}"))
            elif mention[0] == "?":
                found |= {("", name)} if name in self.of_clients else set()
            elif not of or not self.is_library(path, of):
                found.add(("", name))
        return found

    def methods_of(self, path: str, kind: str, name: str, piece: Piece) -> set[Node]:
        """What a method of an instance of ``kind`` can be: one of its family, or of a stand-in that tests have."""
        tests = ("", f"{name} of {TESTS}")
        head, *rest = kind.split(".")
        if head == "self":
            said = self.attribute_kinds(path, piece.owner, rest[0]) if piece.owner else set[tuple[str, str]]()
            where, kind = next(iter(said)) if len(said) == 1 else (path, "")
            return self.methods_of(where, kind, name, piece) if kind else {("", name)}
        symbol = self.names.resolve(path, head)
        if symbol is None or "wraps" in piece.attributes:
            return {("", name)}
        if self.is_foreign(symbol):
            return {("", f"{name} of {LIBRARIES}"), tests}
        if symbol.kind == "external":
            return {("", name)}
        classes = self.in_module(symbol.path, set(rest)) if rest else self.node_of(symbol.path, symbol.name)
        if len(classes) != 1 or not all(map(self.is_class, classes)):
            return {("", name)}
        where, which = next(iter(classes))
        if any("Protocol" in base for base in self.files[where][which].bases):
            return {("", name)}
        return {("", f"{name} of {self.family(where, which)}"), tests}

    def attribute_kinds(self, path: str, owner: str, name: str) -> set[tuple[str, str]]:
        """What a class and those above it say that an attribute of an instance is, each with the file that says it."""
        found: set[tuple[str, str]] = set()
        classes = [(path, owner), *((base.path, base.name) for base in self.names.ancestors(path, owner))]
        for place, which in classes:
            for piece in self.files.get(place, {}).values():
                if piece.name == which or piece.owner == which:
                    found |= {(place, each.partition(":")[2]) for each in piece.kinds if each.startswith(f"{name}:")}
        return found

    def groups(self) -> dict[Node, tuple[str, ...]]:
        """What else each class goes by: that it is a stand-in of tests, that it comes from a library's class."""
        found: dict[Node, tuple[str, ...]] = {}
        for (path, name), family in self.families.items():
            piece = self.files[path][name]
            tests = (TESTS,) if path in self.suite.test_side else ()
            found[path, name] = (family, *tests, *((LIBRARIES,) if self.foreign_bases(path, piece) else ()))
        return found

    @cached_property
    def of_clients(self) -> set[str]:
        """The methods of what is called a client here."""
        return {
            name.partition(".")[2]
            for pieces in self.files.values()
            for name, piece in pieces.items()
            if piece.owner and CLIENT.search(piece.owner)
        }

    def is_library(self, path: str, of: str) -> bool:
        """Whether what stands before an attribute is a library's, or (`of` has no dot) a module of the project."""
        symbol = self.names.resolve(path, of.rstrip("."))
        if symbol is None:
            return False
        return self.is_foreign(symbol) or (symbol.kind == "module" and not of.endswith("."))

    def is_foreign(self, symbol: Symbol) -> bool:
        """Whether something comes from a library: nothing here has the name of what it is imported from.

        A path that is put into `sys.path` can make a folder of the project a package of any name.
        """
        return symbol.kind == "external" and symbol.name.partition(".")[0] not in self.homes

    def on_some_path(self, symbol: Symbol, attributes: set[str]) -> set[Node]:
        """What a name may be that is imported from a module which only a changed `sys.path` makes one."""
        if self.is_foreign(symbol):
            return set()
        module, _, name = symbol.name.rpartition(".")
        found: set[Node] = set()
        for dotted, names in ((module, {name}), (symbol.name, attributes)):
            place = dotted.replace(".", "/")
            homes = [path for path in self.files if f"/{path}".endswith((f"/{place}.py", f"/{place}/__init__.py"))]
            found |= {(path, each) for path in homes for each in names & self.files[path].keys()} if place else set()
        return found

    @cached_property
    def homes(self) -> set[str]:
        """The names of the folders and modules of the project."""
        return {part.removesuffix(".py") for path in self.files for part in path.split("/")}

    @cached_property
    def families(self) -> Mapping[Node, str]:
        """Each class with a name for all that it inherits from or that inherits from it, near and far."""
        above: dict[Node, Node] = {}

        def top(node: Node) -> Node:
            while node in above:
                node = above[node]
            return node

        for path, pieces in self.files.items():
            for name, piece in pieces.items():
                if piece.kind == "class":
                    near = [(base.path, base.name) for base in self.names.ancestors(path, name)]
                    near += [
                        each for leaf in self.foreign_bases(path, piece) for each in self.class_names.get(leaf, ())
                    ]
                    for base in near:
                        if top(base) != top((path, name)):
                            above[top((path, name))] = top(base)
        classes = [(path, name) for path, some in self.files.items() for name in some if some[name].kind == "class"]
        return {node: "::".join(top(node)) for node in classes}

    def family(self, path: str, name: str) -> str:
        return self.families.get((path, name), f"{path}::{name}")

    def is_called_by_its_types(self, path: str, piece: Piece) -> bool:
        """Whether somebody may look at the annotations of a function: FastAPI, a container, a decorator."""
        if piece.kind not in ("function", "member") or piece.decorators:
            return True
        return piece.name.rpartition(".")[2].startswith("__") or (path, piece.name) in self.handed

    @cached_property
    def handed(self) -> set[Node]:
        """The functions that are named where dependencies are, and those whose annotations something reads."""
        found: set[Node] = set()
        for path, pieces in self.files.items():
            for piece in pieces.values():
                if piece.names & _HANDS or piece.attributes & _HANDS:
                    found |= self.meant(path, piece.names, piece.chains)
        return found

    def link_import(self, path: str, piece: Piece) -> None:
        """What runs at import: functions, and classes; of what is kept where no name leads to it, classes as far as
        making one goes."""
        node = (path, INIT)
        runs = self.meant(path, piece.runs, set()) - self.applications
        if runs:
            self.loads[node] = runs | {("", name) for name in piece.runs & self.member_names}
        for each in self.meant(path, piece.kept, set()) - self.applications:
            self.edges[node].add(self.body(each))
            if self.is_class(each):
                own = (name for name, member in self.files[each[0]].items() if member.owner == each[1])
                self.edges[node] |= {(each[0], name) for name in own if name.partition(".")[2] in piece.kept}

    @cached_property
    def applications(self) -> set[Node]:
        """Applications and routers: importing what makes one runs none of what it is given for requests."""
        found = (each for each in self.codebase.components if each.kind in ("app", "router"))
        return {
            (each.path, each.qualname)
            for each in found
            if each.qualname in self.files.get(each.path, {}) and self.files[each.path][each.qualname].kind == "value"
        }

    def is_class(self, node: Node) -> bool:
        piece = self.files[node[0]].get(node[1]) if node[0] else None
        return piece is not None and piece.kind == "class"

    def body(self, node: Node) -> Node:
        """For a class its body, else the piece itself."""
        return body_of(node) if self.is_class(node) else node

    def meant(self, path: str, names: set[str], chains: set[str]) -> set[Node]:
        """Every piece that one of ``names`` or ``chains`` (``a.b``) can be at the end of the module at ``path``."""
        found: set[Node] = set()
        heads: dict[str, set[str]] = {name: set(names) for name in names}  # a bare module may be used by any name
        for chain in chains:
            head, _, rest = chain.partition(".")
            heads.setdefault(head, set()).update(rest.split("."))
        for name, attributes in heads.items():
            if name in self.files[path] and name != INIT:
                found.add((path, name))
            symbol = self.names.resolve(path, name)
            if symbol is None or symbol.kind == "external":
                found |= self.on_some_path(symbol, attributes) if symbol is not None else set()
                continue
            found |= self.in_module(symbol.path, attributes) if symbol.kind == "module" else self.node_of(*symbol[1:])
        return found

    def in_module(self, place: str, names: set[str], depth: int = 0) -> set[Node]:
        """What ``names`` mean as attributes of the module at ``place``, submodules of a package included."""
        found: set[Node] = set()
        for name in names:
            if place in self.files and name in self.files[place] and name != INIT:
                found.add((place, name))
            child = self.names.modules.child(place, name) if depth < 4 else None
            if child is not None:
                found |= self.in_module(child, names, depth + 1)
            if place in self.files and name in self.names.bindings(place):
                symbol = self.names.resolve(place, name)
                if symbol is not None and symbol.kind not in ("external", "module") and symbol.path:
                    found |= self.node_of(symbol.path, symbol.name)
        return found

    def node_of(self, path: str, qualname: str) -> set[Node]:
        """The pieces of a function, class or value: of ``Class.method`` both."""
        pieces = self.files.get(path, {})
        parts = qualname.split(".")
        return {(path, name) for name in (parts[0], ".".join(parts[:2])) if name in pieces}

    def meant_by_text(self, path: str, text: str) -> set[Node]:
        """A dotted path (`patch("app.mail.send")`), or a class by its name (`relationship("User")`)."""
        if text in self.class_names:
            return set(self.class_names[text])
        if not _DOTTED.fullmatch(text):
            return set(self.class_names.get(text.strip("[] "), ()))
        parts = text.split(".")
        for cut in range(len(parts), 0, -1):
            place = self.names.modules.find(path, ".".join(parts[:cut]))
            if place is not None:
                rest = set(parts[cut:])
                return self.in_module(place, rest) | {("", each) for each in rest & self.member_names}
        return set()

    def by_computed_name(self, path: str, piece: Piece) -> set[Node]:
        """What a name put together at run time can mean: anything in this module (`globals()[name]`), anything in a
        module that is at hand (`getattr(module, name)`)."""
        found = self.all_of(path) if piece.names & _OWN_NAMESPACE else set[Node]()
        if piece.names & {"getattr", "vars"}:
            for name in piece.names:
                symbol = self.names.resolve(path, name)
                if symbol is not None and symbol.kind == "module" and symbol.path in self.files:
                    found |= self.all_of(symbol.path)
        return found

    def by_program(self, path: str, text: str, piece: Piece) -> set[Node]:
        """What another interpreter is started with: code that imports a module, or a module behind `-m`."""
        modules = _IMPORTS.findall(text)
        if "-m" in piece.texts or text.startswith("-m "):
            modules.append(text.removeprefix("-m ").partition(" ")[0])
        places = (self.names.modules.find(path, module) for module in modules)
        return {node for place in places if place and place in self.files for node in self.all_of(place)}

    def all_of(self, path: str) -> set[Node]:
        """Every piece of a module, methods too."""
        return {(path, name) for name in self.files[path]}

    def link_members(self, path: str, piece: Piece) -> None:
        """A class leads to its body, the body to methods that run unnamed: constructors, hooks, and what they call."""
        node = (path, piece.name)
        self.edges[node].add(body_of(node))
        own = {
            name.partition(".")[2]: member for name, member in self.files[path].items() if member.owner == piece.name
        }
        always = {
            short
            for short, member in own.items()
            if short.startswith("__") or (member.kind == "member" and self.is_hook(member))
        }
        foreign = self.foreign_bases(path, piece)
        if foreign:
            always |= {short for short in own if _OVERRIDES.match(short)}
        self.edges[body_of(node)] |= self.with_called(path, piece.name, own, always)
        if not foreign <= _DATA:  # a library may call any method of what is derived from its classes
            tests = path in self.suite.test_side and any("TestCase" in base for base in foreign)
            some = {short for short in own if not (tests and short.startswith("test"))}
            held = node if foreign & _SETS_UP else called_of(node)
            self.edges[node].add(called_of(node))
            self.edges[held] |= self.with_called(path, piece.name, own, some)

    def with_called(self, path: str, name: str, own: Mapping[str, Piece], some: set[str]) -> set[Node]:
        """``some`` methods of a class, and those that they name."""
        found, pending = set(some), list(some)
        while pending:
            called = own[pending.pop()].attributes & own.keys() - found
            found |= called
            pending += called
        return {(path, f"{name}.{short}") for short in found}

    def is_hook(self, member: Piece) -> bool:
        plain = ("@staticmethod", "@classmethod", "@property", "@abstractmethod", "@cached_property", "@override")
        if member.name.partition(".")[2].startswith("test"):
            return False  # marks of pytest
        asked = (FIXTURE.match(each) is not None and "autouse" not in each for each in member.decorators)
        return not any(asked) and any(not each.replace(" ", "").startswith(plain) for each in member.decorators)

    def foreign_bases(self, path: str, piece: Piece) -> set[str]:
        """The last names of the classes of libraries that a class comes from, near or far."""
        found: set[str] = set()
        for base in piece.bases:
            name = base.partition("[")[0].strip()
            leaf = name.rpartition(".")[2]
            if "=" in base or leaf in _PLAIN:
                continue
            symbol = self.names.resolve(path, name)
            above = self.files.get(symbol.path, {}).get(symbol.name) if symbol else None
            if symbol is None or above is None or above is piece:
                found.add(leaf)
            else:
                found |= self.foreign_bases(symbol.path, above)
        return found

    def link_conftests(self) -> None:
        """A name in a test file may be a fixture of a conftest above it; the name it is asked by may be another."""
        for path, pieces in self.files.items():
            places = self.suite.conftests(path)
            if not places or not (is_test_module(path) or path in self.suite.test_side):
                continue
            offered = {name: (place, name) for place in places for name in self.files[place] if name != INIT}
            for place in (*places, path):
                for name, piece in self.files[place].items():
                    for decorator in piece.decorators:
                        renamed = re.search(r"name\s*=\s*[\"'](\w+)", decorator) if FIXTURE.match(decorator) else None
                        if renamed:
                            offered[renamed[1]] = (place, name)
            for name, piece in pieces.items():
                if name == INIT:
                    continue  # what it imports may have the name of a fixture
                mentioned = piece.names | piece.texts
                self.edges[path, name] |= {offered[each] for each in mentioned & offered.keys()} - {(path, name)}

    def link_imports(self) -> None:
        """Importing a module runs it, and what it imports: from ``<init>`` to ``<init>``."""
        for path, pieces in self.files.items():
            if "__getattr__" in pieces:
                self.edges[path, INIT].add((path, "__getattr__"))
            self.edges[path, INIT] |= {(other, INIT) for other in self.codebase.imports_of(path) if other in self.files}
            for name in pieces:
                if name != INIT:
                    self.edges[path, name].add((path, INIT))
