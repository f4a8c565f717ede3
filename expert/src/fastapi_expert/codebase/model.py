"""What a FastAPI codebase holds, as plain data: the shapes every other package reads and no other package builds.

`path` is relative to the root with `/`, lines are 1-based and inclusive, ids are stable between runs as long as
the thing keeps its path and name: ``kind:path::qualname`` (a repeat in one file gets ``@2``, ``@3`` …).
"""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Kind = Literal[
    "app",
    "router",
    "endpoint",
    "schema",
    "table",
    "service",
    "dependency",
    "middleware",
    "exception_handler",
    "task",
    "settings",
    "test",
]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a schema, table or settings class, inherited ones included; ``type`` is the source text."""

    name: str
    type: str
    required: bool


@dataclass(frozen=True, slots=True)
class Component:
    """One thing of a FastAPI codebase: where it is, what it is called and which other components it uses."""

    id: str
    kind: Kind
    name: str
    qualname: str
    path: str
    line: int
    end_line: int
    summary: str = ""
    signature: str | None = None
    fields: tuple[Field, ...] | None = None
    bases: tuple[str, ...] | None = None
    uses: tuple[str, ...] = ()

    @property
    def is_defined(self) -> bool:
        """Whether it is a function or a class: routers, aliases and tables that a call makes are lines of a module."""
        return self.signature is not None or self.bases is not None


Protection = Literal["required", "optional", "unknown", "none"]
"""What a request without credentials meets: a refusal; a look, and no refusal; one of the two; nothing."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A link of the chain that says so: a dependency, a scheme, a middleware, what raises."""

    path: str
    line: int
    what: str


@dataclass(frozen=True, slots=True)
class Shipped:
    """The setting that a protection hangs on: ``default`` as source text, None where it has to be set.

    ``open`` tells whether the route is open as shipped.
    """

    setting: str
    default: str | None
    path: str
    line: int
    open: bool


@dataclass(frozen=True, slots=True)
class Route:
    """One (method, path template) of the running application, as its own table would show it."""

    method: str
    path: str
    name: str
    endpoint: str
    path_file: str
    line: int
    dependencies: tuple[str, ...] = ()
    request_models: tuple[str, ...] = ()
    response_model: str | None = None
    status_code: int | None = None
    tags: tuple[str, ...] = ()
    protected: bool = False
    tests: tuple[str, ...] = ()
    websocket: bool = False
    app: str = ""
    """The id of the application that serves it, or of the router that none is seen to include."""
    host: str = ""
    """The host that it answers for alone, of `app.host(…)`."""
    via: tuple[str, int] | None = None
    """Where the project brings it in (path, line), of a route whose endpoint an installed library holds."""
    protection: Protection = "none"
    by: tuple[Evidence, ...] = ()
    when: Shipped | None = None
    reach: Literal["served", "conditional", "unattached"] = "served"
    """Whether a request gets there: surely, under a condition that the text does not settle, or not that one sees."""
    scopes: tuple[str, ...] = ()
    """The scopes, roles and permissions that its guards are made with, as written, sorted."""
    callers: tuple[str, ...] = ()
    """The parameters of its endpoint that a guard fills: who is calling."""
    guards: tuple[Evidence, ...] = ()
    """Every dependency on its way that may refuse, outermost first: all of them, where ``by`` is the one that does."""
    source: Literal["", "text", "import", "both"] = ""
    """Who says so where the running application was asked as well (`expert routes --import`); "" where it was not."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that the text does not tell, with the place that hides it; reported in place of a guess."""

    path: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """The linked view of one codebase, as `expert map --json` prints it."""

    root: str
    files: int
    components: tuple[Component, ...] = ()
    routes: tuple[Route, ...] = ()
    problems: tuple[Problem, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class ServedRoute:
    """A route and the app that serves it; ``order`` counts the routes of that app as it tries them."""

    route: Route
    app: str
    order: int


class FullInventory(NamedTuple):
    """What only an inventory needs and costs as much again: uses, tests, protection, models of routes."""

    components: tuple[Component, ...]
    served: tuple[ServedRoute, ...]
    problems: tuple[Problem, ...]
