"""What a stranger's request makes of the values that decide: beside the interpreter's own, these."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from typing import Any, NamedTuple, Protocol

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
    others: tuple[Any, ...] = field(default=(), compare=False)
    """What the computation gives when the setting is another than it ships, as far as that is written out."""

    def giving(self, value: Any, *, asked: bool | None = None, others: Sequence[Any] = ()) -> "Setting":
        """What a computation makes of it that gives ``value`` as shipped and, it may be, one of ``others`` else."""
        written = self.default if self.written is MISSING else self.written
        return Setting(self.name, value, self.site, self.asked if asked is None else asked, written, tuple(others))


@dataclass(frozen=True, slots=True)
class Decided:
    """A truth that missing credentials decided."""

    value: bool


@dataclass(slots=True)
class Connection:
    """The request or websocket; ``part`` is what of it (`headers`, `state` …)."""

    part: str = ""


class OfRequest(Enum):
    """What differs from route to route in the text of a request."""

    PATH = auto()
    METHOD = auto()


class Changed(NamedTuple):
    """What a method of texts makes of the text that ``parts`` are joined to."""

    parts: "tuple[Part, ...]"
    method: str
    args: tuple[str, ...]


Part = str | OfRequest | Changed
"""A part of a text that is made of the path or the method."""


class Question(NamedTuple):
    """What code asks of a text that is made of the path or the method: ``parts`` are joined to it."""

    parts: tuple[Part, ...]
    operation: str
    other: Any = None


Answers = Mapping[Question, Any]
"""What was asked, with the answers."""


class Asking(Protocol):
    """Answers questions for the request that is followed now, and notes them."""

    def ask(self, question: Question) -> Any: ...


def answer(question: Question, *, path: str, method: str) -> Any:
    """What a request for ``path`` by ``method`` answers to a question; equal answers are equal values."""
    text = _joined(question.parts, {OfRequest.PATH: path, OfRequest.METHOD: method})
    return _OPERATIONS[question.operation](text, question.other)


def _joined(parts: tuple[Part, ...], of_request: Mapping[OfRequest, str]) -> str:
    found: list[str] = []
    for part in parts:
        if isinstance(part, Changed):
            found.append(getattr(_joined(part.parts, of_request), part.method)(*part.args))
        else:
            found.append(of_request[part] if isinstance(part, OfRequest) else part)
    return "".join(found)


_PARAMETER = re.compile(r"\{\w+(?::\w+)?\}")
_SAMPLES = ("1", "x", "abcdefghijklmnopqrst", "00000000-0000-0000-0000-000000000001")


def matches(text: str, pattern: tuple[str, str]) -> bool | None:
    """Whether a function of `re`, by name, finds a pattern in a path; None where its parameters decide.

    Raises:
        re.error, RecursionError, OverflowError: it is no pattern.
    """
    name, wanted = pattern
    compiled = re.compile(wanted)
    texts = {_PARAMETER.sub(sample, text) for sample in _SAMPLES}
    found = [getattr(compiled, name)(one) is not None for one in texts]
    return None if len(texts) > 1 and any(found) else found[0]


_OPERATIONS: dict[str, Callable[[str, Any], Any]] = {
    "text": lambda text, _: text,
    "==": str.__eq__,
    "contains": str.__contains__,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "matches": matches,
}


class AskedText(str):
    """The path or the method of a request, or a text made of them.

    It has no characters of its own: every question that code asks of it is answered by the request that is followed
    now, and noted, so that what comes of it is known for all requests that answer the same. To be logged is no
    question. C code that reads the characters of a text has to be given :func:`plain_text`.
    """

    __slots__ = ("_asking", "parts")
    parts: tuple[Part, ...]
    _asking: Asking

    @classmethod
    def of(cls, asking: Asking, *parts: Part) -> "AskedText":
        made = cls()
        made._asking, made.parts = asking, parts
        return made

    def with_parts(self, *parts: Part) -> "AskedText":
        """A text made of this one's parts and others."""
        return AskedText.of(self._asking, *parts)

    def ask(self, operation: str, other: Any = None) -> Any:
        """The answer of the request that is followed."""
        return self._asking.ask(Question(self.parts, operation, other))

    def whole(self) -> str:
        """All of it, which is the most that can be asked."""
        return self.ask("text")

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_") or name in _OWN:
            return object.__getattribute__(self, name)
        return partial(self._changed, name) if name in _CHANGING else getattr(self.whole(), name)

    def _changed(self, method: str, *args: Any) -> Any:
        if all(type(one) is str for one in args):
            return self.with_parts(Changed(self.parts, method, args))
        return getattr(self.whole(), method)(*args)

    def startswith(self, *asked: Any) -> bool:
        return self.ask("startswith", asked[0]) if len(asked) == 1 else self.whole().startswith(*asked)

    def endswith(self, *asked: Any) -> bool:
        return self.ask("endswith", asked[0]) if len(asked) == 1 else self.whole().endswith(*asked)

    def __contains__(self, other: Any) -> bool:
        return self.ask("contains", other)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, AskedText):
            return self is other or self.parts == other.parts or self.whole() == other.whole()
        return isinstance(other, str) and self.ask("==", other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.whole())

    def __bool__(self) -> bool:
        return not self.ask("==", "")

    def __str__(self) -> str:
        return self.whole()

    def __repr__(self) -> str:
        return repr(self.whole())

    def __format__(self, spec: str) -> str:
        return format(self.whole(), spec)

    def __len__(self) -> int:
        return len(self.whole())

    def __iter__(self) -> Any:
        return iter(self.whole())

    def __getitem__(self, key: Any) -> str:
        return self.whole()[key]

    def __add__(self, other: Any) -> Any:
        return self.with_parts(*self.parts, *parts_of(other)) if isinstance(other, str) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return self.with_parts(*parts_of(other), *self.parts) if isinstance(other, str) else NotImplemented

    def __lt__(self, other: Any) -> bool:
        return self.whole() < plain_text(other)

    def __gt__(self, other: Any) -> bool:
        return self.whole() > plain_text(other)

    def __le__(self, other: Any) -> bool:
        return self.whole() <= plain_text(other)

    def __ge__(self, other: Any) -> bool:
        return self.whole() >= plain_text(other)

    def __mod__(self, other: Any) -> str:
        return self.whole() % other

    def __mul__(self, times: Any) -> str:
        return self.whole() * times


_CHANGING = frozenset({"upper", "lower", "strip", "lstrip", "rstrip", "removeprefix", "removesuffix"})
_OWN = frozenset({"ask", "whole", "parts", "of", "with_parts", "startswith", "endswith"})


def parts_of(text: str) -> tuple[Part, ...]:
    """What a text is made of."""
    return text.parts if isinstance(text, AskedText) else (text,)


def plain_text(value: Any) -> Any:
    """``value``, with the characters of the request that is followed where it is made of them."""
    if isinstance(value, AskedText):
        return value.whole()
    return [plain_text(one) for one in value] if is_list(value) else value


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

    def since(self, before: "Memory") -> "Memory":
        """What has been left behind since it was ``before``; how dependencies ended is no part of it."""
        return Memory(
            state={name: one for name, one in self.state.items() if before.state.get(name) is not one},
            variables={name: one for name, one in self.variables.items() if before.variables.get(name) is not one},
            accepted=self.accepted and not before.accepted,
            request=self.request if self.request is not before.request else None,
            handed_on=self.handed_on and not before.handed_on,
        )

    def bring_back(self, left: "Memory") -> None:
        """Leave behind again what something left when it ran before."""
        self.state.update(left.state)
        self.variables.update(left.variables)
        self.accepted = self.accepted or left.accepted
        self.request = left.request or self.request
        self.handed_on = self.handed_on or left.handed_on

    def __bool__(self) -> bool:
        return bool(self.state or self.variables or self.accepted or self.request or self.handed_on)


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
