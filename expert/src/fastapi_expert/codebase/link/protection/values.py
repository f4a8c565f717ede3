"""What a stranger's request makes of the values that decide: beside the interpreter's own, these."""

from dataclasses import dataclass, field
from typing import Any

from fastapi_expert.codebase.interpret.values import (
    MISSING,
    External,
    FunctionValue,
    Instance,
    Site,
    is_dict,
    is_list,
)


@dataclass(frozen=True, slots=True)
class Absent:
    """A credential that is not there, and everything worked out from it; ``instead`` is what the code gets for it."""

    instead: Any = None


ABSENT = Absent()


class Foreign:
    """A value that the stranger chose where one has to be: truthy, equal to no secret."""


FOREIGN = Foreign()


@dataclass(frozen=True, slots=True)
class Free:
    """What path, body or stored data decide: for some stranger's request one way, for another the other."""


FREE = Free()


@dataclass(frozen=True, slots=True)
class Present(Free):
    """Something that is there, whatever it is: what a parameter of the path holds, one of several objects."""


@dataclass(frozen=True, slots=True)
class Begun(Free):
    """A text of which only the beginning is known."""

    start: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """What cannot be read: a library, a body out of reach."""

    reason: str
    site: Site


@dataclass(frozen=True, slots=True)
class Setting:
    """What the deployment decides; ``default`` is how it ships, MISSING when it has to be set.

    ``asked`` tells that missing credentials led to where it decides.
    """

    name: str
    default: Any = field(compare=False)
    site: Site
    asked: bool = False
    written: Any = field(default=MISSING, compare=False)
    """The default that the code writes out, where ``default`` is what a computation made of it."""

    def giving(self, value: Any, *, asked: bool | None = None) -> "Setting":
        """What a computation makes of it that gives ``value`` as shipped."""
        written = self.default if self.written is MISSING else self.written
        return Setting(self.name, value, self.site, self.asked if asked is None else asked, written)


@dataclass(frozen=True, slots=True)
class Decided:
    """A truth that missing credentials decided."""

    value: bool


@dataclass(slots=True)
class Connection:
    """The request or websocket; ``part`` is what of it (`headers`, `state` …)."""

    part: str = ""


BROUGHT = ("cookies", "session", "query_params")
"""Parts of a request that are empty when a stranger brings nothing."""


@dataclass(slots=True)
class Answer:
    """A response with its status, None where that is not known; ``location`` is where a redirect leads.

    ``asked`` tells that missing credentials led to where it was made.
    """

    status: Any
    location: Any = None
    site: Site | None = None
    asked: bool = False


class Passed:
    """The response of the application itself: what `call_next` gives, or the endpoint under a decorator."""


PASSED = Passed()


@dataclass(slots=True, eq=False)
class BoundMethod:
    """A method of a value that is not an object of the codebase."""

    receiver: Any
    name: str


class Undecorated(FunctionValue):
    """A function as its decorators are given it."""

    __slots__ = ()


@dataclass(slots=True, eq=False)
class Native:
    """A function that the framework hands to the code: ``act`` names what calling it does."""

    act: str


@dataclass(frozen=True, slots=True, eq=False)
class MadeClass:
    """A class that `type(name, bases, names)` makes; ``base`` is its first base."""

    base: Any
    names: dict[str, Any]


@dataclass(slots=True)
class Memory:
    """What one request leaves behind for what runs later: `request.state`, context variables, a closed websocket."""

    state: dict[str, Any] = field(default_factory=dict[str, Any])
    variables: dict[int, Any] = field(default_factory=dict[int, Any])
    dependencies: dict[Any, tuple[Any, list[Any]]] = field(default_factory=dict[Any, tuple[Any, list[Any]]])
    """How each dependency ended, with what was called."""
    accepted: bool = False
    """Whether the websocket was accepted."""
    request: Instance | None = None
    """The request of a class of the codebase that what ran before put in the place of the framework's."""
    handed_on: bool = False
    """Whether the websocket was given to code out of reach, which may have accepted it."""

    def copy(self) -> "Memory":
        left = (dict(self.state), dict(self.variables), dict(self.dependencies))
        return Memory(*left, self.accepted, self.request, self.handed_on)


def joined(left: Any, right: Any) -> Any:
    """A value that is ``left`` on one way and ``right`` on another."""
    if left is right or (type(left) is type(right) and not isinstance(left, Instance) and left == right):
        return left
    if isinstance(left, Answer) and isinstance(right, Answer):
        return Answer(None, None, left.site, left.asked and right.asked)
    for one in (left, right):
        if isinstance(one, Opaque):
            return one
    for one in (left, right):
        if isinstance(one, Setting):  # it may stand in for a credential that is not there
            return one.giving(MISSING, asked=one.asked or Absent in (type(left), type(right)))
    if _is_nothing(left) and _is_nothing(right):
        return next((one for one in (left, right) if isinstance(one, (Absent, Decided))), FREE)
    return Present() if all(isinstance(one, (Instance, Present)) for one in (left, right)) else FREE


def _is_nothing(value: Any) -> bool:
    """Whether a value counts as false on every way, be it that credentials are missing."""
    if isinstance(value, Absent):
        return not value.instead
    return value is None or value is False or value == "" or (isinstance(value, Decided) and not value.value)


def tainted(value: Any) -> Any:
    """A value that code came to because credentials are missing."""
    if isinstance(value, Setting):
        return Setting(value.name, value.default, value.site, True, value.written)
    if isinstance(value, Answer):
        return Answer(value.status, value.location, value.site, True)
    if is_list(value) and any(one is None or isinstance(one, (bool, Answer)) for one in value):
        return [tainted(one) for one in value]  # `user, error = …`
    plain = value is None or isinstance(value, (bool, str, int)) or ((is_list(value) or is_dict(value)) and not value)
    return Absent(value) if plain else value


def derived(*parts: Any) -> Any:
    """What a computation out of reach gives when it is given ``parts``; None when they tell nothing."""
    for kind in (Absent, Foreign):
        if any(isinstance(one, kind) for one in parts):
            return ABSENT
    for one in parts:
        if isinstance(one, Decided):
            return ABSENT
        if isinstance(one, Setting):
            return one.giving(MISSING)
    if any(isinstance(one, (Free, Connection)) for one in parts):
        return FREE
    return next((one for one in parts if isinstance(one, Opaque)), None)


def exception_name(value: Any) -> str:
    """The name of an exception's class; "" when it is none."""
    return class_name(value) if isinstance(value, Instance) else ""


def class_name(instance: Instance) -> str:
    """The name of an object's class, dotted when it lies outside."""
    return instance.cls.name if isinstance(instance.cls, External) else instance.cls.qualname


def is_plain(value: Any) -> bool:
    """Whether it is a value that the code writes out."""
    return value is None or isinstance(value, (str, bool, int, float, list, dict, tuple))
