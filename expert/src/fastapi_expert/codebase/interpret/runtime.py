"""What every part of the interpreter needs of it: the state of a run, and the acts that call each other.

Evaluating calls functions, calling runs statements, running evaluates: each is a module of its own that knows only
:class:`Runtime`. :class:`~.interpreter.Interpreter` puts them together.
"""

import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Literal, NamedTuple, TypeVar

from fastapi_expert.codebase.interpret.sources import Sources
from fastapi_expert.codebase.interpret.values import (
    Arguments,
    ClassValue,
    Condition,
    Doubtful,
    External,
    FunctionValue,
    GeneratorCall,
    Instance,
    Method,
    Router,
    Scope,
    Site,
    Unknown,
    Unplaced,
    is_dict,
    is_list,
)
from fastapi_expert.codebase.model import Problem
from fastapi_expert.codebase.resolve.libraries import KNOWN
from fastapi_expert.codebase.resolve.names import Names
from fastapi_expert.codebase.syntax.facts import FileFacts, ImportFacts
from fastapi_expert.codebase.syntax.ir import Expr, Stmt

_T = TypeVar("_T")


class Return(Exception):
    """Carries a function's value out of its body."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Stop(Exception):
    """`raise`, `break` or `continue`: the rest of this block does not run."""


class Raised(Stop):
    """`raise`; ``name`` is what the exception is called, "" where that is not known."""

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.name = name


class Break(Stop):
    """`break`: the loop around it is over."""


def outside_name(value: Any) -> str:
    """The dotted name of something outside the codebase; "" for everything else."""
    method = ""
    if isinstance(value, Method):
        value, method = value.receiver, f".{value.name}()"
    if isinstance(value, Instance):
        value = value.cls
    return value.name + method if isinstance(value, External) else ""


class Branch(NamedTuple):
    """A condition that was settled, the scope that it was met in, and whether its ways name what lets people in."""

    condition: Expr
    scope: Scope
    lets_in: bool


_OF_CALLERS = re.compile(
    "auth|login|sign_?in|secur|protect|token|api_?key|passw|secret|jwt|oidc|sso|anonym|public|private|guest|tenant|access"
    "|permission|role|multi_?user|single_?user|closed|mode\\b",
    re.IGNORECASE,
)
_LETS_IN = re.compile(r"Depends|Security|dependenc|'(?:[\w.]+\.)?Middleware'|\.middleware'|include_router")
"""What is named in the form of code that may decide who is let in; `add_middleware` is looked at by itself."""


_THERE = frozenset([*sys.stdlib_module_names, "fastapi", "starlette", "pydantic", "anyio", "typing_extensions"])
"""Packages that are there wherever FastAPI runs."""


_ADDS_NOTHING = frozenset([
    "a2wsgi", "asgi_correlation_id", "asgi_lifespan", "asgiref", "click", "loguru", "mangum", "opentelemetry",
    "sentry_sdk", "structlog", "typer",
])  # fmt: skip
"""Packages that serve an application, or log what it does, and leave its routes as they are."""


class Runtime(ABC):
    """One run over the modules of one codebase. ``sources`` is where data files are read."""

    def __init__(self, names: Names, sources: Sources | None) -> None:
        self.names = names
        self.sources = sources
        self.files: Mapping[str, FileFacts] = names.files
        self.routers: list[Router] = []
        self.problems: dict[Problem, None] = {}
        self.unplaced: dict[Unplaced, None] = {}
        """Registrations that were met and end in no route."""
        self.conditions: list[tuple[int, Condition]] = []
        """The branches that run and may not, outermost first, each with its region."""
        self.unresolved_includes = 0
        """How many routers were included, or applications mounted, of which it is not known which they are."""
        self.environ: dict[str, str] = {}
        """Variables of the environment that the code itself sets, or reads from a file beside it."""
        self.lenient = False
        """Texts keep a mark where a part is not known, see :mod:`..link.coverage`."""
        self.region: int = 0
        """The branch that runs and may not; 0 outside of any."""
        self.home: Site | None = None
        """While a function of a library runs: the call in the project that led there."""
        self._handed_over: set[tuple[Site, str]] = set()
        self.stand_ins: dict[object, tuple[Any, Router]] = {}
        """Routers that stand for some that the text does not show, see :mod:`.standins`."""
        self.wanted: dict[str, bool] = {}
        """Packages outside the codebase on whose text it may hang what is registered; whether it surely does."""
        self.line = 1
        """That of the statement that runs, in the file whose scope is at hand."""
        self.steps: int = 0
        """Statements and calls so far."""
        self.function_attributes: dict[tuple[str, str], dict[str, Any]] = {}
        """What was set on functions, by path and qualname."""
        self.cached: set[tuple[str, str]] = set()
        """The functions that remember what they gave, by path and qualname."""
        self.given_before: dict[tuple[Any, ...], Any] = {}
        """What they gave, by place and arguments."""
        self.making: list[ClassValue] = []
        """The classes that a metaclass makes, or makes objects of, innermost last."""
        self.guarded = 0
        """How many `try` with handlers the call that runs stands in."""
        self.running: set[str] = set()
        """The modules that run now."""
        self.lineages: dict[int, tuple[ClassValue, list[ClassValue | External]]] = {}
        """By the identity of a class: the class and its ancestors."""
        self.turned: frozenset[tuple[str, str]] = frozenset()
        """Conditions, by path and the text of their form, that are taken the other way round than as shipped."""
        self.branches: list[Branch] = []
        """The conditions that were settled and may decide who is let in, see :meth:`taken`."""
        self._settled: dict[int, Expr] = {}
        self._remembered: dict[str, Any] = {}
        self._regions_of: dict[int, tuple[Any, int]] = {}
        """Collections made under a condition that is not known, with the region they belong to."""

    def remembered(self, name: str, make: Callable[[], _T]) -> _T:
        """What ``make`` gave when it was first asked for."""
        if name not in self._remembered:
            self._remembered[name] = make()
        return self._remembered[name]

    def taken(self, condition: Expr, ways: object, scope: Scope, *, holds: bool) -> bool:
        """Which of the ``ways`` of a settled condition is run: the one for which it ``holds``, unless it is turned."""
        if self.turned:
            return holds is not ((scope.path, repr(condition)) in self.turned)
        if id(condition) not in self._settled:
            self._settled[id(condition)] = condition
            lets_in = _LETS_IN.search(repr(ways)) is not None
            if lets_in or _OF_CALLERS.search(repr(condition)):
                self.branches.append(Branch(condition, scope, lets_in))
        return holds

    def problem(self, site: Site, message: str) -> None:
        home = self.at_home(site)
        where = "" if home is site else f" ({site.path}:{site.line})"
        self.problems[Problem(home.path, home.line, message + where)] = None

    def at_home(self, site: Site) -> Site:
        """``site``, or the place in the project that led to it where it lies in a library."""
        return self.home if self.home is not None and self.names.is_library(site.path) else site

    def explained(self, unknown: Unknown) -> Unknown:
        """The same at its place in the project; a library's own line is part of the reason."""
        site = self.at_home(unknown.site)
        if site is unknown.site:
            return unknown
        return replace(unknown, site=site, reason=f"{unknown.reason} ({unknown.site.path}:{unknown.site.line})")

    def want(self, value: Any, *, surely: bool) -> None:
        """Remember the package outside the codebase that ``value`` is of: its text would tell what is registered."""
        name = outside_name(value)
        if name:
            head = name.partition(".")[0]
            self.wanted[head] = self.wanted.get(head, False) or surely

    def absence(self, value: Any) -> str:
        """Why what ``value``, something outside the codebase, does is not known."""
        name = outside_name(value)
        head, _, rest = name.partition(".")
        last = rest.rpartition(".")[2]
        kind = "" if last.endswith("()") else "a class " if last[:1].isupper() else ""
        there = self.sources is not None and self.sources.libraries is not None and self.sources.libraries.has(head)
        where = "whose text does not tell" if there else "which is not installed beside this project"
        return f"{last or head} is {kind}of {head}, {where}"

    def cannot_place(
        self, site: Site, kind: Literal["route", "router", "application", "call"], missing: str, reason: str
    ) -> None:
        """Remember a registration that ends in no route."""
        home = self.at_home(site)
        where = "" if home is site else f" ({site.path}:{site.line})"
        self.unplaced[Unplaced(home, kind, missing, reason + where)] = None
        self.unresolved_includes += 1

    def hand_over(self, site: Site, value: Any) -> None:
        """Remember that an application was handed to ``value``, something outside: what it adds is not seen.

        Once for each line and package; where the package is installed, it is looked into.
        """
        self.want(value, surely=True)
        package = outside_name(value).partition(".")[0]
        home = self.at_home(site)
        if not package or package in KNOWN or package in _ADDS_NOTHING or (home, package) in self._handed_over:
            return
        self._handed_over.add((home, package))
        what = "which routes and middleware the application is given here"
        self.unplaced[Unplaced(home, "call", what, self.absence(value))] = None

    def module_named(self, name: str, importer: str) -> str | None:
        """The place of a module by its whole name; ``importer`` may be asking for itself."""
        if name in ("__main__", self.names.modules.name(importer)):
            return importer
        return self.names.modules.find(importer, name)

    def is_importable(self, path: str, module: str) -> bool | None:
        """Whether importing ``module`` in the file at ``path`` succeeds; None when that is not known."""
        find = self.names.modules.find
        if find(path, module) is not None:
            return True
        package = module.partition(".")[0]
        if not package or find(path, package) is not None:
            return False
        if package in _THERE:
            return True
        libraries = self.sources.libraries if self.sources is not None else None
        return None if libraries is None else True if libraries.has(package) else None

    def imports_of(self, path: str) -> Sequence[ImportFacts]:
        """The imports of a module."""
        facts = self.names.facts(path)
        return facts.imports if facts is not None else ()

    def let_go(self, value: Any) -> None:
        """Note that ``value`` is more than a name inside of a function: it is returned, kept or handed on."""
        if isinstance(value, Router):
            value.is_local = False
        elif is_list(value) or is_dict(value):
            for one in value.values() if is_dict(value) else value:
                if isinstance(one, Router):
                    one.is_local = False

    def conditions_since(self, region: int) -> tuple[Condition, ...]:
        """The unsettled branches that what runs now stands in, of those entered after ``region``."""
        regions = [number for number, _ in self.conditions]
        start = regions.index(region) + 1 if region in regions else 0
        return tuple([condition for _, condition in self.conditions[start:]])

    def made(self, collection: Any) -> Any:
        """``collection``, remembered as made in the branch that runs."""
        if self.region:
            self._regions_of[id(collection)] = (collection, self.region)
        return collection

    def is_doubtful(self, collection: Any) -> bool:
        """Whether a change of it now would be one that only some branch makes."""
        return self.region != 0 and self.made_in(collection) != self.region

    def believed(self, item: Any) -> Any:
        """An item of a collection; where it is doubtful, so is what runs from here to the end of the branch."""
        if isinstance(item, Doubtful):
            self.doubt(*item.conditions)
            return item.value
        if is_list(item) and any(isinstance(one, Doubtful) for one in item):
            return [self.believed(one) for one in item]
        return item

    def made_in(self, collection: Any) -> int:
        """The region in which ``collection`` was made."""
        return self._regions_of.get(id(collection), (None, 0))[1]

    # -- modules and names ----------------------------------------------------------------------------------------

    @abstractmethod
    def setting(self, cls: ClassValue, name: str) -> Any:
        """What the environment says of a field of a settings class; MISSING when it says nothing."""

    @abstractmethod
    def run_module(self, path: str) -> Scope:
        """The names of the module at ``path`` after (or, in a circle, while) it ran."""

    @abstractmethod
    def module_attribute(self, place: str, name: str) -> Any:
        """``name`` of the module at ``place``; MISSING when it has none."""

    @abstractmethod
    def bind_import(self, imported: ImportFacts, scope: Scope) -> None:
        """Bind what one import brings, running the module it names first, as Python does."""

    @abstractmethod
    def lookup(self, scope: Scope, name: str) -> Any:
        """The value of a name as Python would find it; MISSING when nothing binds it."""

    @abstractmethod
    def force(self, scope: Scope, name: str) -> Any:
        """The value bound to ``name``, evaluating what was put off."""

    # -- acts -----------------------------------------------------------------------------------------------------

    @abstractmethod
    def evaluate(self, expr: Expr, scope: Scope) -> Any:
        """The value of ``expr`` in ``scope``."""

    @abstractmethod
    def call(self, function: Any, given: Arguments) -> Any:
        """The value of calling ``function``, whatever it is."""

    @abstractmethod
    def call_function(self, function: FunctionValue, args: list[Any], keywords: dict[str, Any], site: Site) -> Any:
        """Run the body of a function of the codebase; an Unknown when its body was not kept."""

    @abstractmethod
    def run(self, body: Iterable[Stmt], scope: Scope) -> None:
        """Run statements; raises Return or Stop where they leave the body."""

    @abstractmethod
    def run_generator(self, generator: GeneratorCall, on_yield: Callable[[Any], None]) -> bool:
        """Run a generator function, handing on what it yields; False when it was not run to its end."""

    @abstractmethod
    def branch(self) -> AbstractContextManager[None]:
        """What is doubted inside is believed again outside."""

    @abstractmethod
    def doubt(self, *conditions: Condition) -> None:
        """What runs from here to the end of the branch runs only under these conditions."""

    @abstractmethod
    def uncertain(
        self, bodies: Iterable[Iterable[Stmt]], scope: Scope, condition: Condition, *, is_loop: bool = False
    ) -> None:
        """Run branches of which it is not known whether they run: keep the names they agree on, doubt the rest."""

    @abstractmethod
    def assign(self, target: Expr, value: Any, scope: Scope) -> None:
        """Bind ``target`` (a name, an attribute, an item, a tuple) to ``value``."""
