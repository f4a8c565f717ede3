"""What clients send, as the tools want it: aliases of parameters, numbers and lists that arrive as strings.

The names, aliases and defaults are Basic Memory's (its 0.23.2 with ``expected_checksum`` of 0.24); a schema shows only
the canonical ones.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from fastapi_expert.notes.errors import NoteError


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument; ``type`` is a key of `_COERCE`, and a ``default`` of None means that it may be left out."""

    name: str
    type: str
    about: str = ""
    default: Any = None
    required: bool = False
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()

    def schema(self) -> dict[str, Any]:
        """JSON Schema of this parameter, as short as it can be."""
        types: dict[str, Any] = {
            "tags": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]},
            "array": {"type": "array", "items": {"type": "string"}},
            "depth": {"type": ["integer", "string"]},
        }
        schema: dict[str, Any] = types.get(self.type, {"type": self.type})
        if self.choices:
            schema |= {"enum": list(self.choices)}
        if self.default is not None:
            schema |= {"default": self.default}
        return schema | ({"description": self.about} if self.about else {})


def bind(tool: str, parameters: Sequence[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """``given`` by canonical names and right types, defaults filled in.

    Raises:
        NoteError: for an unknown, missing or twice given argument, and for a value of the wrong type.
    """
    by_name = {name: each for each in parameters for name in (each.name, *each.aliases)}
    bound: dict[str, Any] = {}
    for name, value in given.items():
        parameter = by_name.get(name)
        if parameter is None:
            near = get_close_matches(name, [each.name for each in parameters], n=1)
            known = ", ".join(each.name for each in parameters)
            raise NoteError(
                "INVALID_ARGUMENTS",
                f"{tool} has no parameter {name!r}",
                do=f"did you mean {near[0]!r}?" if near else f"it has: {known}",
            )
        if parameter.name in bound:
            raise NoteError(
                "INVALID_ARGUMENTS", f"{tool} got {parameter.name!r} twice, once as {name!r}", do="give it once"
            )
        bound[parameter.name] = None if value is None else _coerced(tool, parameter, value)
    missing = [each.name for each in parameters if each.required and bound.get(each.name) is None]
    if missing:
        raise NoteError("INVALID_ARGUMENTS", f"{tool} needs {' and '.join(missing)}", do="give every required argument")
    return {each.name: bound[each.name] if bound.get(each.name) is not None else each.default for each in parameters}


def _coerced(tool: str, parameter: Parameter, value: Any) -> Any:
    try:
        coerced = _COERCE[parameter.type](value)
    except (TypeError, ValueError):
        raise NoteError(
            "INVALID_ARGUMENTS",
            f"{tool}: {parameter.name} must be {_ARTICLE.get(parameter.type, parameter.type)}, not {value!r:.80}",
            do="correct the value",
        ) from None
    if parameter.choices and coerced not in parameter.choices:
        raise NoteError(
            "INVALID_ARGUMENTS",
            f"{tool}: invalid {parameter.name} {value!r}. Must be one of: {', '.join(parameter.choices)}",
            do="choose one of them",
        )
    return coerced


def _string(value: Any) -> str:
    if isinstance(value, bool | Mapping | list | tuple):
        raise TypeError
    return str(value)


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise TypeError
    return int(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}[
        str(value).lower()
    ]


def _array(value: Any) -> list[Any]:
    if isinstance(value, str):
        text = value.strip()
        value = json.loads(text) if text.startswith("[") else [part.strip() for part in text.split(",") if part.strip()]
    if not isinstance(value, list | tuple):
        raise TypeError
    return [_string(item) for item in value]  # pyright: ignore[reportUnknownVariableType] - any JSON may come in


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        value = json.loads(value)
    if not isinstance(value, Mapping):
        raise TypeError
    return {str(key): item for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - any JSON may come in


def _checked_boolean(value: Any) -> bool:
    try:
        return _boolean(value)
    except KeyError:
        raise ValueError from None


def _tags(value: Any) -> str | list[Any]:
    return value if isinstance(value, str) else _array(value)


_COERCE: dict[str, Callable[[Any], Any]] = {
    "string": _string,
    "integer": _integer,
    "depth": _integer,
    "number": float,
    "boolean": _checked_boolean,
    "array": _array,
    "tags": _tags,
    "object": _object,
}
_ARTICLE = {
    "string": "a string",
    "integer": "a whole number",
    "depth": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list of strings",
    "tags": "a list of strings",
    "object": "an object",
}
