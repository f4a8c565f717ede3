"""What names stand for while module level is interpreted: plain Python strings, numbers, lists and dicts, and these."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, TypeGuard

from fastapi_expert.codebase.syntax.ir import Expr


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether it is a list or a tuple, of whatever."""
    return isinstance(value, (list, tuple))


def is_dict(value: Any) -> TypeGuard[dict[Any, Any]]:
    """Whether it is a mapping that was written out."""
    return isinstance(value, dict)


class Defaulting(dict[Any, Any]):
    """A `defaultdict`: what is missing is made by ``factory``."""

    def __init__(self, factory: Any, items: dict[Any, Any]) -> None:
        super().__init__(items)
        self.factory = factory


def as_key(value: Any) -> Any:
    """``value`` as the key of a mapping: a tuple stands in a list here."""
    if isinstance(value, Member):
        return value if isinstance(value.value, (str, int)) else replace(value, value=as_key(value.value))
    if is_dict(value):
        return id(value)
    return tuple([as_key(one) for one in value]) if is_list(value) else value


DOUBTFUL = "it was added, changed or removed under a condition that the text does not settle"
"""Why an item of a collection is an Unknown when only some branch touched it."""


UNREAD = "returns is not known from its text"
"""Ends the reason why it is not known what a function gives whose body was not read."""


class Missing:
    """Stands for a name that nothing binds (None is a value)."""


MISSING = Missing()


class Site(NamedTuple):
    """A place in the codebase."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class PathValue:
    """A path below the root of the codebase, with `/`; ``""`` is the root. An open file stands for its path.

    ``relative`` tells that it is what `relative_to` gave: a piece of a path, not a place.
    """

    path: str
    relative: bool = False


class ModuleInfo(NamedTuple):
    """What `pkgutil.iter_modules` gives."""

    module_finder: PathValue
    name: str
    ispkg: bool


class EntryPoint(NamedTuple):
    """What a distribution offers others to load: `name = value` in a group."""

    name: str
    value: str
    group: str


@dataclass(frozen=True, slots=True)
class EntryPoints:
    """`entry_points()` before a group is chosen."""


HOLE = "{?}"
"""Stands in a path for a part that the text does not tell; a path parameter always has a name."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that the text does not tell: where it hides and why.

    ``text`` is what is known of it as a text, with :data:`HOLE` for the rest. ``unset`` tells that it is a variable of
    the environment or a setting that has no value as shipped.
    """

    site: Site
    reason: str
    text: str = HOLE
    unset: bool = False
    holder: Any = field(default=None, compare=False, repr=False)
    """The object of which it is an attribute, where that is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Uncalled(Unknown):
    """What a function gives whose body was not read: whoever reads bodies may still call it."""

    function: "FunctionValue | None" = None
    args: tuple[Any, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Condition:
    """A branch that may or may not run: where its condition stands and why that is not settled."""

    site: Site
    reason: str


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A registration that was met and ends in no route: what is missing to list it, and why that is missing."""

    site: Site
    kind: Literal["route", "router", "application", "call"]
    missing: str
    reason: str


@dataclass(frozen=True, slots=True)
class External:
    """Something outside the codebase, by its dotted name."""

    name: str


@dataclass(frozen=True, slots=True)
class ModuleValue:
    """A module of the codebase."""

    place: str


@dataclass(frozen=True, slots=True, eq=False)
class FunctionValue:
    """A function of the codebase; ``scope`` is where its free names are looked up, ``receiver`` the bound `self`."""

    path: str
    qualname: str
    scope: "Scope"
    receiver: Any = None


@dataclass(frozen=True, slots=True, eq=False)
class LambdaValue:
    """A lambda."""

    params: tuple[tuple[str, str, Expr], ...]
    body: Expr
    scope: "Scope"
    site: Site


@dataclass(frozen=True, slots=True, eq=False)
class ClassValue:
    """A class of the codebase."""

    path: str
    qualname: str
    scope: "Scope"
    namespace: dict[str, Any] = field(default_factory=dict[str, Any])
    """What its body bound and what was set on it since; methods stay facts."""
    subclasses: "list[ClassValue]" = field(default_factory=list[Any])
    direct: "tuple[ClassValue | External, ...] | None" = None
    """Its bases where `type(…)` made it: no statement tells them."""


@dataclass(slots=True, eq=False)
class Instance:
    """An object of a class of the codebase, or of one outside when ``cls`` is External."""

    cls: ClassValue | External
    site: Site
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an enumeration; ``plain`` tells whether it formats as its value (StrEnum)."""

    name: str
    value: Any
    plain: bool
    cls: "ClassValue | None" = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """A method of something that the interpreter knows by itself: a router, a string, a list, a class outside."""

    receiver: Any
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    """`functools.partial`."""

    function: Any
    args: tuple[Any, ...]
    keywords: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TupleClass:
    """What `namedtuple` gives: the names of the fields, and the defaults of the last of them."""

    fields: tuple[str, ...]
    defaults: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Getter:
    """`operator.attrgetter`, `itemgetter` (``kind`` attribute, item) or `methodcaller` (method, then its arguments)."""

    kind: str
    names: tuple[Any, ...]
    keywords: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Super:
    """`super()` inside a method of ``cls``."""

    receiver: Any
    cls: ClassValue


@dataclass(frozen=True, slots=True, eq=False)
class GeneratorCall:
    """A generator function that was called and has not run yet."""

    function: FunctionValue
    args: list[Any]
    keywords: dict[str, Any]
    site: Site


@dataclass(frozen=True, slots=True, eq=False)
class Doubtful:
    """An item that a collection holds only under conditions that the text does not settle."""

    value: Any
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RouteList:
    """`router.routes`: a list of which every change is one of the route graph."""

    router: "Router"


@dataclass(frozen=True, slots=True, eq=False)
class Dependency:
    """`Depends(call)` or `Security(call, scopes=…)`; without a ``call`` it is the annotated class.

    ``written`` is the expression of what linking took ``call`` from, in ``scope``, where that is more than a name.
    """

    call: Any
    security: bool
    site: Site
    scopes: Any = None
    written: Expr = None
    scope: "Scope | None" = None


@dataclass(slots=True, eq=False)
class Thunk:
    """An expression that is evaluated when its name is first looked up; whatever branch asks, it has one value."""

    expr: Expr
    scope: "Scope"
    line: int = 1
    value: Any = MISSING


@dataclass(frozen=True, slots=True)
class Lazy:
    """An imported name, looked up in its module when it is needed."""

    place: str
    name: str


@dataclass(slots=True, eq=False)
class Scope:
    """Names of a module, function or class body while it runs."""

    path: str
    names: dict[str, Any]
    parent: "Scope | None" = None
    cls: ClassValue | None = None
    maybe: list[Any] = field(default_factory=list[Any])
    """Values that the function may have returned already, under conditions that are not known."""
    outer: "dict[str, Scope]" = field(default_factory=dict[str, Any])
    """Names that `global` and `nonlocal` bind elsewhere."""
    on_yield: Any = None
    """What takes the values that a generator yields."""
    is_comprehension: bool = False
    """`:=` binds outside of it."""


@dataclass(slots=True, eq=False)
class RouteEntry:
    """One registration; ``path`` may be an Unknown. ``raw`` keeps keyword expressions as written in ``site.path``."""

    methods: tuple[str, ...]
    path: Any
    endpoint: Any
    site: Site
    websocket: bool
    keywords: dict[str, Any]
    raw: dict[str, Expr]
    scope_path: str
    plain: bool = False
    """Starlette's own kind of route: no dependency and no tag of the routers around it reaches it."""
    alone: bool = False
    """It was put on its router as an object: what the router has for the routes that it makes does not reach it."""
    conditions: tuple[Condition, ...] = ()
    """The branches it stands in that may not run, outermost first; also of the other entries."""


@dataclass(slots=True, eq=False)
class IncludeEntry:
    """`include_router`; ``snapshot`` is how the child looked then, which counts before FastAPI 0.137."""

    child: Any
    prefix: Any
    site: Site
    keywords: dict[str, Any]
    snapshot: "tuple[Entry, ...]"
    conditions: tuple[Condition, ...] = ()
    alone: bool = False
    """It was put on its router as an object, as a route may be."""
    passed: "tuple[Entry, ...] | None" = None
    """What the router's own `add_api_route` made of the child's routes, which counts before FastAPI 0.137."""


@dataclass(slots=True, eq=False)
class MountEntry:
    """`mount` or `host`: another application below a path."""

    path: Any
    app: Any
    site: Site
    host: bool = False
    conditions: tuple[Condition, ...] = ()


Entry = RouteEntry | IncludeEntry | MountEntry


@dataclass(slots=True, eq=False)
class Router:
    """An `APIRouter` or an application: the node of the route graph. ``name`` is what it was first bound to."""

    is_app: bool
    site: Site
    cls: ClassValue | External
    region: int
    prefix: Any = ""
    name: str = ""
    keywords: dict[str, Any] = field(default_factory=dict[str, Any])
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    entries: list[Entry] = field(default_factory=list[Entry])
    middleware: list[tuple[Any, Site]] = field(default_factory=list[tuple[Any, Site]])
    handlers: list[tuple[Any, Site]] = field(default_factory=list[tuple[Any, Site]])
    answers: list[tuple[Any, Any]] = field(default_factory=list[tuple[Any, Any]])
    """Exception class or status, and the handler that answers it."""
    lifespans: list[tuple[Any, Site]] = field(default_factory=list[tuple[Any, Site]])
    """What runs when the application starts: `lifespan`, `on_startup`, `@on_event("startup")`."""
    variants: "list[Router]" = field(default_factory=list[Any])
    """The same application as other calls of its factory made it."""
    is_local: bool = False
    """This application is nothing but a name inside of a function: no server gets hold of it."""
    is_replaced: bool = False
    """The name of this application was given to another one, or its routes were: no server is given it."""
    is_given: bool = False
    """It stands for an application that a framework hands in: nothing in the text makes it."""
    hidden: str = ""
    """Why the router is not known that this one stands for, see :mod:`.standins`."""


@dataclass(frozen=True, slots=True, eq=False)
class RouteDecorator:
    """`router.get("/path", …)` before it is applied to its function."""

    router: Router
    methods: tuple[str, ...] | Unknown
    path: Any
    keywords: dict[str, Any]
    raw: dict[str, Expr]
    site: Site
    websocket: bool
    plain: bool = False
    """`route` of Starlette, not `api_route` of FastAPI."""


@dataclass(frozen=True, slots=True, eq=False)
class Arguments:
    """What a call is given; ``raw`` are the keyword expressions as written in ``scope``, ``first`` the first other."""

    args: list[Any]
    keywords: dict[str, Any]
    raw: dict[str, Expr]
    site: Site
    scope: Scope
    first: Expr = None

    def get(self, index: int, name: str) -> Any:
        """The argument at ``index`` or called ``name``, else None."""
        return self.args[index] if len(self.args) > index else self.keywords.get(name)
