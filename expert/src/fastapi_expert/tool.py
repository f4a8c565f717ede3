"""A tool as an agent's client lists and calls it: its parameters, their JSON Schema, and how arguments are bound.

Models send numbers, booleans and lists as text, and parameters under names that other tools use: both are understood.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from fastapi_expert.errors import ExpertError

Json = dict[str, Any]
Type = Literal["string", "integer", "number", "boolean", "array", "object", "strings", "integer or string"]
"""``array`` holds strings; ``strings`` is such an array, or one text; the last is an integer that may come as text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool says: ``text`` for the model to read, and the same as ``data`` where it has a form for programs."""

    text: str
    data: Json | None = None


class Refused(Exception):
    """A tool says no, in words for the model."""


class ArgumentError(ExpertError):
    """An argument that is unknown, missing, given twice, or of the wrong type."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument. It may be left out unless ``required``; ``minimum`` and ``maximum`` bound a number, inclusive.

    The schema lists ``choices`` unless the description says them shorter (``is_listed`` false). What is not
    ``is_shown`` is understood and left out of the schema: `tools/list` costs an agent's context.
    """

    name: str
    type: Type
    description: str = ""
    default: Any = None
    required: bool = False
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    is_listed: bool = True
    is_shown: bool = True
    minimum: int | None = None
    maximum: int | None = None

    def schema(self) -> Json:
        """JSON Schema of this parameter, as short as it can be."""
        types: dict[str, Json] = {
            "strings": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]},
            "array": {"type": "array", "items": {"type": "string"}},
            "integer or string": {"type": ["integer", "string"]},
        }
        more = {
            "description": self.description or None,
            "enum": (list(self.choices) if self.is_listed else None) or None,
            "default": self.default,
            "minimum": self.minimum,
            "maximum": self.maximum,
        }
        return types.get(self.type, {"type": self.type}) | {
            name: each for name, each in more.items() if each is not None
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """``function`` is called with checked keywords and returns text, or an `Answer` whose data are of the JSON Schema
    ``output``; it raises `Refused` or `ExpertError` for what the caller can correct. ``is_long``: it may take minutes.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    function: Callable[..., Any]
    read_only: bool = True
    destructive: bool = False
    idempotent: bool = True
    output: Json | None = None
    is_long: bool = False

    def input_schema(self) -> Json:
        """JSON Schema of the arguments, by their own names; aliases are understood and not listed."""
        required = [each.name for each in self.parameters if each.required]
        return {
            "type": "object",
            "properties": {each.name: each.schema() for each in self.parameters if each.is_shown},
            **({"required": required} if required else {}),
        }

    def run(self, arguments: Json) -> Answer:
        """The answer to a call with ``arguments`` as they came."""
        said = self.function(**bind(self.name, self.parameters, arguments))
        return said if isinstance(said, Answer) else Answer(said)


def rows_schema(**lists: str) -> Json:
    """JSON Schema of an object that holds lists of objects: each list by its name, with the keys that each row has.

    Short on purpose: `tools/list` costs an agent's context, and a row may hold more than what is promised.
    """
    properties = {name: {"type": "array", "items": {"required": keys.split()}} for name, keys in lists.items()}
    return {"type": "object", "properties": properties, "required": list(lists)}


def bind(tool: str, parameters: Sequence[Parameter], given: Mapping[str, Any]) -> Json:
    """``given`` by canonical names and with right types, nulls left out, defaults filled in.

    Raises:
        ArgumentError: for an unknown, missing or twice given argument, and for a value of the wrong type.
    """
    by_name = {name: each for each in parameters for name in (each.name, *each.aliases)}
    bound: Json = {}
    for name, value in given.items():
        parameter = by_name.get(name)
        if parameter is None:
            raise ArgumentError(f"{tool} has no parameter {name!r}", do=_nearest(name, parameters))
        if parameter.name in bound:
            raise ArgumentError(f"{tool} got {parameter.name!r} twice, once as {name!r}", do="give it once")
        bound[parameter.name] = None if value is None else _checked(tool, parameter, value)
    missing = [each.name for each in parameters if each.required and bound.get(each.name) is None]
    if missing:
        raise ArgumentError(f"{tool} needs {' and '.join(missing)}", do="give every required argument")
    defaults = {each.name: each.default for each in parameters if each.default is not None}
    return defaults | {name: value for name, value in bound.items() if value is not None}


def _nearest(name: str, parameters: Sequence[Parameter]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, [each.name for each in parameters], n=1)
    return f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(each.name for each in parameters)}"


def _checked(tool: str, parameter: Parameter, value: Any) -> Any:
    read, noun = _READERS[parameter.type]
    try:
        found = read(value)
    except (TypeError, ValueError):
        what = f"{tool}: {parameter.name} must be {noun}, not {value!r:.80}"
        raise ArgumentError(what, do="correct the value") from None
    if parameter.choices and found not in parameter.choices:
        known = ", ".join(parameter.choices)
        what = f"{tool}: invalid {parameter.name} {value!r:.80}. Must be one of: {known}"
        raise ArgumentError(what, do="choose one of them")
    low, high = parameter.minimum, parameter.maximum
    if (low is not None and found < low) or (high is not None and found > high):
        raise ArgumentError(f"{tool}: {parameter.name} is {found}", do=f"give {low} to {high}")
    return found


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise TypeError
    return int(value)


def _boolean(value: Any) -> bool:
    texts = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}
    found = value if isinstance(value, bool) else texts.get(str(value).strip().lower())
    if found is None:
        raise ValueError
    return found


def _array(value: Any) -> list[str]:
    if isinstance(value, str):
        text = value.strip()
        value = json.loads(text) if text.startswith("[") else [part.strip() for part in text.split(",") if part.strip()]
    if not isinstance(value, list | tuple):
        raise TypeError
    return [_string(item) for item in cast("list[object]", value)]


def _object(value: Any) -> Json:
    if isinstance(value, str):
        value = json.loads(value)
    if not isinstance(value, Mapping):
        raise TypeError
    return {str(key): item for key, item in cast("Mapping[object, Any]", value).items()}


_READERS: dict[Type, tuple[Callable[[Any], Any], str]] = {
    "string": (_string, "a string"),
    "integer": (_integer, "a whole number"),
    "integer or string": (_integer, "a whole number"),
    "number": (float, "a number"),
    "boolean": (_boolean, "true or false"),
    "array": (_array, "a list of strings"),
    "strings": (lambda value: value if isinstance(value, str) else _array(value), "a list of strings"),
    "object": (_object, "an object"),
}
