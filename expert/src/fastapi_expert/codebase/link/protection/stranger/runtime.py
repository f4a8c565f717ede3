"""The state of one stranger's request, and what every part of following it needs of the others."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from fastapi_expert.codebase.interpret.attributes import lineage
from fastapi_expert.codebase.interpret.interpreter import Interpreter
from fastapi_expert.codebase.interpret.values import (
    ClassValue,
    Dependency,
    External,
    FunctionValue,
    Instance,
    Router,
    Scope,
    Site,
    Uncalled,
)
from fastapi_expert.codebase.link.classes import Classes
from fastapi_expert.codebase.link.protection.libraries import Guard
from fastapi_expert.codebase.link.protection.outcomes import Decision, Outcome, State, Ways
from fastapi_expert.codebase.link.protection.values import (
    Answer,
    Asking,
    BoundMethod,
    Connection,
    Memory,
    Native,
    Question,
)
from fastapi_expert.codebase.syntax.ir import Expr, Stmt

MAX_STEPS = 6_000
"""Statements and calls for one layer of a route."""

ASKED_BY_NAME = ("headers", "cookies", "query_params", "session", "form")
"""Parts of a request of which a credential is asked for by name."""


class Ended(Exception):
    """No way leads on from here: every one has raised."""


class Exhausted(Exception):
    """One route takes too long to follow."""


Trail = tuple[tuple[Site, str], ...]
"""Places with what happens there."""
Overlay = dict[tuple[int, str], tuple[Any, Any]]
"""Attributes by the identity of their object and their name, each with the object."""


class Following(ABC):
    """One request without credentials, for ``path`` by ``method``, and the acts that call each other.

    Evaluating calls functions, calling runs statements, running evaluates: each is a module of its own that knows only
    this class. :class:`~.Stranger` puts them together.
    """

    STATEMENTS: "ClassVar[Acts]"
    EXPRESSIONS: "ClassVar[Values]"

    def __init__(self, interp: Interpreter, classes: Classes, *, method: str, path: str, asking: Asking) -> None:
        self.interp = interp
        self.asking = asking
        """Answers for the path and the method."""
        self.names = interp.names
        self.classes = classes
        self.method = method
        self.path = path
        self.memory = Memory()
        self.pending: list[Outcome] = []
        self.steps = 0
        self.answers: list[tuple[Any, Any]] = []
        """The exception handlers of the application: class or status, and function."""
        self.overlay: Overlay = {}
        """Attributes set meanwhile on objects that other requests share, each with its object."""
        self.written: set[str] = set()
        """What was left on the request since the innermost branch that runs: another value may come on top of it."""
        self.made: dict[int, Instance] = {}
        """Objects whose class was made at run time."""
        self.in_body = False
        """Whether the endpoint itself runs: only what may refuse is followed from there."""
        self.guards: list[Site] = []
        """Where `requires()` of Starlette was put around a function."""
        self.parameters: list[Dependency] = []
        """What the parameters depend on that a decorator adds to a signature: `inspect.Parameter(default=…)`."""
        self.is_specific = False
        """Whether something that was run looked at the path or the method, so that it may end otherwise elsewhere."""
        self.seen: Trail = ()
        """Where something looked for credentials first, outermost call first."""
        self.file, self.line = "", 0
        """Of the statement that runs."""
        self.application: Router | None = None
        """The application that serves the route: `request.app`."""
        self.is_generous = False
        """Whether the stranger sends what is not a credential by its name, after nobody came through without."""
        self.reads_state = False
        """Whether something that was run looked at what ran before it left behind."""
        self.questions: dict[Question, Any] = {}
        """What has been asked of the path and the method by what runs now, with the answers."""
        self.any_path = False
        """Whether what runs now runs for every path and method at once."""
        self.lines: dict[int, tuple[ClassValue, list[ClassValue | External]]] = {}
        """Each class with itself and its ancestors; the same for every request."""
        self.setters: dict[tuple[str, str, str], set[str]] = {}
        """The methods of each class that set an attribute; the same for every request."""
        self.known_attributes: dict[tuple[int, str], tuple[Instance, Any]] = {}
        """Attributes that methods set while an object was made, each with its object."""
        self.decorated: dict[tuple[str, str], Any] = {}
        """What decorators made of functions of modules and classes; the same for every request."""
        self.computed: dict[tuple[str, str], Any] = {}
        """Module-level values that were worked out here; the same for every request."""
        self._stack: list[tuple[str, str]] = []
        self._trying = 0
        self._active: list[Any] = []

    def lineage(self, cls: ClassValue) -> list[ClassValue | External]:
        """The class and its ancestors, depth first."""
        known = self.lines.get(id(cls))
        if known is None:
            known = self.lines[id(cls)] = (cls, lineage(self.interp, cls))
        return known[1]

    def looks_for(self, what: str, site: Site) -> None:
        """Remember that something looks for credentials here."""
        if not self.seen:
            self.seen = ((site, what),)

    @abstractmethod
    def outcomes(self, function: FunctionValue, args: list[Any], keywords: dict[str, Any], site: Site) -> list[Outcome]:
        """How calling a function of the codebase ends, on every way."""

    @abstractmethod
    def resume(self, outcomes: Sequence[Outcome], state: State) -> Any:
        """Go on with what a call returned; what it may raise waits for the `try` around it."""

    @abstractmethod
    def throw(self, outcome: Outcome, state: State) -> None:
        """End a way by raising; what the state assumed so far counts for it, too."""

    @abstractmethod
    def is_answered(self, value: Any, site: Site) -> bool:
        """Whether the application answers an exception with success: what it refuses stands in the body then."""

    @abstractmethod
    def raised(self, value: Any, site: Site) -> Outcome:
        """The end that raising ``value`` makes."""

    @abstractmethod
    def status(self, exception: Any) -> int | None:
        """The status that FastAPI answers for an exception."""

    @abstractmethod
    def catches(self, caught: Any, value: Any) -> bool:
        """Whether `except` of the class ``caught`` takes the exception ``value``."""

    @abstractmethod
    def run(self, body: Iterable[Stmt], state: State, scope: Scope) -> Ways:
        """Run a block; ``scope`` is where names that are not local are looked up."""

    @abstractmethod
    def assign(self, target: Expr, value: Any, state: State, scope: Scope) -> None:
        """Bind a name, an attribute, an item or several."""

    @abstractmethod
    def set_attribute(self, owner: Any, name: str, value: Any) -> None:
        """Bind an attribute of an object, or of what a request carries."""

    @abstractmethod
    def brought(self, target: Expr) -> Any:
        """What stands for each header or cookie that a stranger brings: none has the name of a credential."""

    @abstractmethod
    def decide(self, expr: Expr, state: State, scope: Scope) -> Decision:
        """Whether a condition holds for a stranger."""

    @abstractmethod
    def compare(self, operator: str, left: Any, right: Any) -> Decision:
        """A comparison."""

    @abstractmethod
    def quantified(self, name: str, expr: Expr, state: State, scope: Scope) -> Any:
        """`any()` and `all()`."""

    @abstractmethod
    def is_a(self, value: Any, expr: Expr, state: State, scope: Scope) -> Any:
        """`isinstance()`."""

    @abstractmethod
    def look_up(self, dotted: str, state: State, scope: Scope) -> Any:
        """The value of a dotted name."""

    @abstractmethod
    def of_module(self, value: Any, name: str, scope: Scope) -> Any:
        """A module-level value: what the environment decides is a setting, not its default."""

    @abstractmethod
    def evaluate(self, expr: Expr, state: State, scope: Scope) -> Any:
        """The value of an expression; raises Ended when every way through it raises."""

    @abstractmethod
    def attribute(self, value: Any, name: str, site: Site, state: State) -> Any:
        """The attribute ``name`` of ``value``."""

    @abstractmethod
    def request_path(self) -> Any:
        """The path of the request, with its parameters as the route has them."""

    @abstractmethod
    def request_method(self) -> Any:
        """The method of the request."""

    @abstractmethod
    def own_attribute(self, instance: Instance, name: str) -> Any:
        """The attribute of an object, its class's when it has none; None when neither has."""

    @abstractmethod
    def is_request(self, instance: Instance) -> bool:
        """Whether an object is of a class of the codebase that descends from the framework's request."""

    @abstractmethod
    def descends(self, instance: Instance, name: str) -> bool:
        """Whether an object is of a class outside that has this name, or of one that descends from it."""

    @abstractmethod
    def class_attribute(self, cls: ClassValue, name: str, receiver: Any, site: Site, state: State) -> Any:
        """What ``name`` is on a class or a base of it; MISSING when none of the text has it."""

    @abstractmethod
    def called(self, unread: Uncalled, state: State) -> Any:
        """What a call gives that linking did not follow, because it keeps few bodies."""

    @abstractmethod
    def apply(self, function: Any, args: list[Any], keywords: dict[str, Any], site: Site, state: State) -> Any:
        """The value of a call."""

    @abstractmethod
    def instantiate(self, cls: ClassValue, args: list[Any], keywords: dict[str, Any], site: Site, state: State) -> Any:
        """An object of a class of the codebase."""

    @abstractmethod
    def promised(self, wanted: Expr, scope: Scope, site: Site) -> Any:
        """An object of the class of the codebase that an annotation names, made of what its parameters are annotated
        with; FREE when it names none."""

    @abstractmethod
    def scheme_of(self, instance: Instance) -> str:
        """The name of the security scheme that an object is; "" when it is another thing."""

    @abstractmethod
    def scheme(self, instance: Instance, name: str, site: Site, state: State) -> Any:
        """What a scheme gives a stranger: a refusal, or None without auto_error."""

    @abstractmethod
    def call_outside(self, cls: External, args: list[Any], keywords: dict[str, Any], site: Site, state: State) -> Any:
        """The value of a call of what lies outside of the codebase."""

    @abstractmethod
    def of_pattern(self, name: str, args: list[Any], keywords: dict[str, Any], site: Site, state: State) -> Any:
        """A function of `re`, or a method of a pattern, on texts that are known."""

    @abstractmethod
    def unread_call(self, name: str, args: list[Any], keywords: dict[str, Any], site: Site, state: State) -> Any:
        """A call whose code is out of reach: given a missing credential, it may well raise."""

    @abstractmethod
    def guarded(self, guard: Guard, name: str, keywords: dict[str, Any], site: Site, state: State) -> Any:
        """Calling what a known library of authentication has."""

    @abstractmethod
    def doubt(self, state: State, site: Site) -> None:
        """Something that was given a missing credential raises where somebody waits for it."""

    @abstractmethod
    def call_native(self, function: Native, args: list[Any], site: Site, state: State) -> Any:
        """What calling a function gives that the framework hands in."""

    @abstractmethod
    def sent(self, answer: Answer, site: Site, state: State) -> Any:
        """A response goes out: one that refuses ends the way."""

    @abstractmethod
    def call_method(
        self, method: BoundMethod, args: list[Any], keywords: dict[str, Any], site: Site, state: State
    ) -> Any:
        """What a method gives of a value that is no object of the codebase."""

    @abstractmethod
    def asked(
        self,
        connection: Connection,
        key: Any,
        *,
        site: Site,
        state: State,
        default: Any = None,
        subscript: bool = False,
    ) -> Any:
        """What of a request is asked for by name."""


Acts = Mapping[str, Callable[[Any, Stmt, State, Scope], Ways]]
"""Statements by tag: each is given who runs it."""
Values = Mapping[str, Callable[[Any, Expr, State, Scope], Any]]
"""Expressions by tag."""
