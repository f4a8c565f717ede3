"""Where two OpenAPI documents differ: what one has and the other has not, and what both have otherwise."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fastapi_expert.codebase.interpret.values import is_dict, is_list
from fastapi_expert.codebase.vocabulary import VERBS

Part = Literal["operation", "parameter", "body", "answer", "field", "security", "operation id"]
_SPOKEN = ("title", "description", "examples", "example", "deprecated", "x-enum-varnames")
"""What is said to people; a document is no other for it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """``where`` names the operation or the place in it; ``text`` and ``real`` are what each document has."""

    part: Part
    where: str
    text: Any
    real: Any


@dataclass(slots=True)
class Agreement:
    """How many of the real document's parts the other one has alike, by part; and what differs."""

    same: dict[Part, int]
    real: dict[Part, int]
    invented: dict[Part, int]
    differences: list[Difference]


def compare(text: Mapping[str, Any], real: Mapping[str, Any]) -> Agreement:
    """The document of the text beside the application's own."""
    found = Agreement({}, {}, {}, [])
    ours, theirs = dict(_parts(text)), dict(_parts(real))
    for key, value in theirs.items():
        part, where = key
        found.real[part] = found.real.get(part, 0) + 1
        if key in ours and ours[key] == value:
            found.same[part] = found.same.get(part, 0) + 1
        else:
            found.differences.append(Difference(part, where, ours.get(key), value))
    for (part, where), value in ours.items():
        if (part, where) not in theirs:
            found.invented[part] = found.invented.get(part, 0) + 1
            found.differences.append(Difference(part, where, value, None))
    return found


def _parts(document: Mapping[str, Any]) -> Iterator[tuple[tuple[Part, str], Any]]:
    """Everything a client relies on, each by where it is; references are followed."""
    resolve = _Resolver(document)
    for path, several in document.get("paths", {}).items():
        for method in VERBS:
            operation = several.get(method)
            if operation is None:
                continue
            name = f"{method.upper()} {path}"
            yield ("operation", name), True
            yield ("operation id", name), operation.get("operationId")
            yield ("security", name), sorted(_scheme_names(operation))
            for one in operation.get("parameters", ()):
                schema = resolve.shape(one.get("schema", {}))
                yield ("parameter", f"{name} {one['in']} {one['name']}"), (bool(one.get("required")), _key(schema))
            yield from _content(name, "body", operation.get("requestBody"), resolve)
            for status, answer in operation.get("responses", {}).items():
                if status != "422":
                    yield from _content(f"{name} {status}", "answer", answer, resolve)


def _scheme_names(operation: Mapping[str, Any]) -> Iterator[str]:
    for one in operation.get("security", ()):
        for name, scopes in one.items():
            yield f"{name} {' '.join(scopes)}".strip()


def _content(name: str, part: Part, holder: Any, resolve: "_Resolver") -> Iterator[tuple[tuple[Part, str], Any]]:
    if not is_dict(holder):
        return
    contents = holder.get("content", {})
    yield (part, name), sorted(contents)
    for media, one in contents.items():
        schema = one.get("schema", {})
        for where, shape in resolve.fields(schema, "", ()):
            yield ("field", f"{name} {media} {where}".strip()), shape


class _Resolver:
    """Follows references of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._schemas: Mapping[str, Any] = document.get("components", {}).get("schemas", {})

    def of(self, schema: Any) -> Any:
        """What a reference stands for; one alone in `allOf` is a reference too."""
        if is_dict(schema) and "$ref" in schema:
            return self._schemas.get(schema["$ref"].rpartition("/")[2], {})
        if is_dict(schema) and is_list(schema.get("allOf")) and len(schema["allOf"]) == 1:
            return self.of(schema["allOf"][0])
        return schema

    def shape(self, schema: Any, seen: tuple[int, ...] = ()) -> Any:
        """A schema without what is only said to people, references followed."""
        schema = self.of(schema)
        if id(schema) in seen or len(seen) > 12:
            return "…"
        if is_dict(schema):
            inner = (*seen, id(schema))
            return {key: self.shape(one, inner) for key, one in schema.items() if key not in _SPOKEN}
        if is_list(schema):
            return [self.shape(one, (*seen, id(schema))) for one in schema]
        return schema

    def fields(self, schema: Any, where: str, seen: tuple[int, ...]) -> Iterator[tuple[str, Any]]:
        """Every field of an object in a schema, objects within it too, with its own shape and whether it must be."""
        schema = self.of(schema)
        if not is_dict(schema) or id(schema) in seen or len(seen) > 8:
            return
        seen = (*seen, id(schema))
        if not where:
            yield "is", _key(_flat(schema))
        required = set(schema.get("required", ()))
        for name, one in schema.get("properties", {}).items():
            inner = self.of(one)
            yield f"{where}.{name}", (name in required, _key(_flat(inner if is_dict(inner) else {})))
            yield from self.fields(one, f"{where}.{name}", seen)
        for position, one in enumerate(schema.get("anyOf", schema.get("oneOf", ()))):
            yield from self.fields(one, f"{where}|{position}", seen)
        if is_dict(schema.get("items")):
            yield from self.fields(schema["items"], f"{where}[]", seen)
        if is_dict(schema.get("additionalProperties")):
            yield from self.fields(schema["additionalProperties"], f"{where}{{}}", seen)


def _flat(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The own constraints of a schema, without what is in it."""
    found = {
        key: one
        for key, one in schema.items()
        if key
        not in (*_SPOKEN, "properties", "required", "items", "additionalProperties", "prefixItems", "discriminator")
    }
    for name in ("anyOf", "oneOf"):
        if name in found:
            found[name] = sorted(str(one.get("type", "")) for one in found[name])
    return found


def _key(shape: Any) -> str:
    """A shape as a text that is equal where the shape is, whatever the order of its keys."""
    import json

    return json.dumps(_numbered(shape), sort_keys=True, default=str)


def _numbered(shape: Any) -> Any:
    """JSON knows one kind of number: 1.0 is 1."""
    if is_dict(shape):
        return {key: _numbered(one) for key, one in shape.items()}
    if is_list(shape):
        return [_numbered(one) for one in shape]
    return int(shape) if isinstance(shape, float) and shape.is_integer() else shape
