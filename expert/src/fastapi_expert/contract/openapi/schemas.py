"""Types to JSON Schema, as pydantic writes it; classes become components, named as FastAPI names them."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from fastapi_expert.codebase.files.pins import Pins
from fastapi_expert.codebase.interpret.values import is_dict, is_list
from fastapi_expert.contract.openapi.formats import DECIMAL, format_of
from fastapi_expert.contract.openapi.models import ABSENT, Model, ModelField, Models
from fastapi_expert.contract.openapi.types import Mark, NotKnown, Type, is_known

Mode = Literal["input", "output"]
Key = tuple[tuple[str, str], tuple[Type, ...], Mode]
Schema = dict[str, Any]

_REF = "#/components/schemas/"
_NUMBERS = {
    "gt": "exclusiveMinimum",
    "ge": "minimum",
    "lt": "exclusiveMaximum",
    "le": "maximum",
    "multiple_of": "multipleOf",
}
_TEXTS = {"min_length": "minLength", "max_length": "maxLength", "pattern": "pattern", "regex": "pattern"}
_ITEMS = {"min_length": "minItems", "max_length": "maxItems", "min_items": "minItems", "max_items": "maxItems"}
_MAPPINGS = {"min_length": "minProperties", "max_length": "maxProperties"}
_ANNOTATED = {"Gt": "gt", "Ge": "ge", "Lt": "lt", "Le": "le", "MultipleOf": "multiple_of", "MinLen": "min_length"}
_PLAIN = ("title", "description", "examples", "deprecated")
_UNSAFE = re.compile(r"[^a-zA-Z0-9.\-_]")


class Schemas:
    """The schemas of one document; ``unknown`` collects what could not be told."""

    def __init__(
        self, models: Models, unknown: Callable[[str], None], module: Callable[[str], str], pins: Pins
    ) -> None:
        self.models = models
        pydantic = pins.of("pydantic")
        self._decimals_have_patterns = pydantic.may_be_at_least((2, 12)) and pydantic.is_below((2, 14))
        self._unions_have_null = not pydantic.is_below((2, 0))
        self._single_values_twice = pydantic.is_below((2, 10))
        self._single_values_have_no_type = pydantic.least >= (2, 0) and pydantic.is_below((2, 7))
        self._annotations_come_last = pydantic.may_be_at_least((2, 12))
        self._json_is_a_format = pydantic.is_below((2, 0))
        self._files_have_media_types = pins.of("fastapi").may_be_at_least((0, 129))
        self._unknown = unknown
        self._module = module
        self._components: dict[Key, Schema] = {}

    # -- types ------------------------------------------------------------------------------------------------------

    def of(self, type_: Type, mode: Mode) -> Schema:
        """The schema of a type with what its marks say of it."""
        given_out = _given_out(type_.marks, mode)
        if given_out is not None:
            return self.of(given_out, mode)
        schema = self._bare(type_, mode)
        for mark in type_.marks:
            if isinstance(mark, Mark):
                schema = self.constrained(schema, mark)
        return schema

    def _bare(self, type_: Type, mode: Mode) -> Schema:
        match type_.kind:
            case "any" | "subclass":
                return {}
            case "none":
                return {"type": "null"}
            case "name":
                return self._outside(type_.name, mode)
            case "class":
                return self._class(type_, mode)
            case "list":
                return {"type": "array", "items": self.of(type_.args[0], mode)}
            case "set":
                return {"type": "array", "uniqueItems": True, "items": self.of(type_.args[0], mode)}
            case "tuple":
                items = [self.of(one, mode) for one in type_.args]
                return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
            case "dict":
                return self._mapping(type_, mode)
            case "union":
                return self._union(type_, mode)
            case "literal":
                return self._literal(list(type_.values))
            case "unknown":
                self._unknown(type_.name)
                return {}

    def _outside(self, name: str, mode: Mode) -> Schema:
        if name == "decimal.Decimal":
            return _copied(DECIMAL[mode], *(() if self._decimals_have_patterns else ("pattern",)))
        found = format_of(name)
        if name.endswith(".UploadFile") and found is not None:
            return self.as_file(_copied(found))
        if found is None:
            self._unknown(f"{name} is of a library")
            return {}
        if name.endswith(".Json") and self._json_is_a_format:
            return {"type": "string", "format": "json-string"}
        return _copied(found)

    def as_file(self, schema: Schema) -> Schema:
        """What stands for bytes in a form, as the project's FastAPI writes it."""
        if not self._files_have_media_types:
            return schema
        if schema.get("format") == "binary":
            schema = {key: one for key, one in schema.items() if key != "format"}
            return {**schema, "contentMediaType": "application/octet-stream"}
        parts = {key: [self.as_file(one) for one in schema[key]] for key in ("anyOf",) if key in schema}
        return {**schema, **parts, **({"items": self.as_file(schema["items"])} if "items" in schema else {})}

    def _mapping(self, type_: Type, mode: Mode) -> Schema:
        if not type_.args:
            return {"type": "object", "additionalProperties": True}
        keys, *values = type_.args
        value = self.of(values[0], mode) if values else {}
        schema: Schema = {"type": "object", "additionalProperties": value or True}
        key = self.of(keys, mode)
        limits = {name: key[name] for name in ("minLength", "maxLength") if name in key}
        if limits and not key.keys() - {"type", *limits}:
            schema["propertyNames"] = limits
        elif "$ref" in key or key.get("format") or key.get("pattern") or "const" in key or "enum" in key:
            names = {name: one for name, one in key.items() if name != "type" or "$ref" in key}
            schema["propertyNames"] = names if "$ref" in key else key
        return schema

    def _union(self, type_: Type, mode: Mode) -> Schema:
        kept = [one for one in type_.args if not _is_skipped(one) and (self._unions_have_null or one.kind != "none")]
        parts = [self.of(one, mode) for one in kept]
        distinct: list[Schema] = []
        for part in parts:
            for one in part["anyOf"] if part.keys() == {"anyOf"} else [part]:
                if one not in distinct:
                    distinct.append(one)
        return distinct[0] if len(distinct) == 1 else {"anyOf": distinct}

    def _literal(self, values: list[Any]) -> Schema:
        known = [one for one in values if is_known(one)]
        if len(known) < len(values):
            self._unknown("a value of Literal")
            return {}
        kinds = {_json_type(one) for one in known}
        schema: Schema = {"const": known[0]} if len(known) == 1 else {"enum": known}
        if self._single_values_have_no_type and len(known) == 1:
            return schema
        if self._single_values_twice and len(known) == 1:
            schema["enum"] = known
        if len(kinds) == 1:
            schema["type"] = kinds.pop()
        return schema

    # -- classes ----------------------------------------------------------------------------------------------------

    def _class(self, type_: Type, mode: Mode) -> Schema:
        model = self.models.of(type_)
        if not model.kind:
            self._unknown(f"{type_.name} is no model")
            return {}
        key: Key = (type_.place, tuple([one.without_marks() for one in type_.args]), mode)
        if key not in self._components:
            self._components[key] = {}  # one that holds itself
            for reason in model.unknown:
                self._unknown(reason)
            self._components[key] = self._component(model, type_, mode)
        return {"$ref": _REF + _spelled(key)}

    def _component(self, model: Model, type_: Type, mode: Mode) -> Schema:
        title = model.config.get("title")
        title = title if isinstance(title, str) else model.title + _arguments(type_)
        described = {"description": model.description} if model.description else {}
        if model.kind == "enum":
            kinds = {_json_type(one) for one in model.values}
            kind = {"type": kinds.pop()} if len(kinds) == 1 else {}
            one = {"const": model.values[0]} if self._single_values_twice and len(model.values) == 1 else {}
            return {"enum": model.values, **one, **kind, "title": title, **described}
        if model.serialized is not None and mode == "output":
            return self.of(model.serialized, mode)
        if model.kind == "root":
            return {**self.of(model.root or Type("any"), mode), "title": title, **described}
        if model.kind == "named tuple":
            items = [self.field(one, mode) for one in model.fields.values()]
            least = sum(one.required for one in model.fields.values())
            return {"type": "array", "prefixItems": items, "minItems": least, "maxItems": len(items)}
        return self._object(model, title, described, mode)

    def _object(self, model: Model, title: str, described: Schema, mode: Mode) -> Schema:
        properties: Schema = {}
        required: list[str] = []
        always = mode == "output" and model.config.get("json_schema_serialization_defaults_required") is True
        for one in model.fields.values():
            is_excluded = any(mark.get("exclude") is True for mark in one.marks)
            if (one.is_computed and mode == "input") or (is_excluded and mode == "output"):
                continue
            name = _sent_as(one, mode)
            properties[name] = self.field(one, mode)
            if one.required or (always and not one.is_computed):
                required.append(name)
        schema: Schema = {"properties": properties}
        if required:
            schema["required"] = required
        schema = {**schema, "type": "object", "title": title, **described}
        extra = model.config.get("extra")
        if extra in ("forbid", "allow"):
            schema["additionalProperties"] = extra == "allow"
        more = model.config.get("json_schema_extra") or model.config.get("schema_extra")
        if is_dict(more) and is_known(more):
            schema.update(more)
        elif isinstance(more, NotKnown):
            self._unknown(f"json_schema_extra of {model.title}")
        return schema

    # -- fields -----------------------------------------------------------------------------------------------------

    def field(self, one: ModelField, mode: Mode) -> Schema:
        """The schema of a field, with its title, default and what its marks say."""
        given_out = _given_out(one.marks, mode)
        type_ = one.serialized if one.serialized is not None and mode == "output" else given_out or one.type
        schema = self._bare(type_, mode)
        titled: Schema = {}
        for mark in () if given_out is not None else self._in_turn(one):
            schema = self.constrained(schema, mark)
        for mark in one.marks:
            titled.update(described(mark))
        if one.is_computed:
            titled["readOnly"] = True
        if "title" not in titled and takes_title(type_, self.models):
            titled["title"] = title_of(one.alias if one.alias != one.name else one.name)
        if one.default is not ABSENT and one.default is not None:
            if is_known(one.default) and given_out is None:
                titled["default"] = one.default
            elif not any(mark.has("default_factory") for mark in one.marks):
                self._unknown(f"the default of {one.name}")
        return {**schema, **titled}

    def _in_turn(self, one: ModelField) -> list[Mark]:
        """The marks of a field as pydantic applies their constraints: of two limits the later one holds."""
        if one.assigned is None:
            return list(one.marks)
        others = [mark for mark in one.marks if mark is not one.assigned]
        before = [] if self._annotations_come_last else [mark for mark in others if mark.name == "Field"]
        return [*before, one.assigned, *[mark for mark in others if mark not in before]]

    def constrained(self, schema: Schema, mark: Mark) -> Schema:
        """``schema`` with the constraints of one mark, on the part of a union that they fit."""
        given = _limits(mark)
        if mark.name == "WithJsonSchema":
            own = mark.get("json_schema", 0)
            return dict(own) if is_dict(own) and is_known(own) else schema
        discriminator = mark.get("discriminator")
        if isinstance(discriminator, str) and "anyOf" in schema:
            return self._discriminated(schema, discriminator)
        for name, value in given.items():
            if value is None:
                continue
            if not is_known(value):
                self._unknown(f"{name} of a field")
                continue
            _apply(schema, name, value)
        return schema

    def _discriminated(self, schema: Schema, name: str) -> Schema:
        mapping: dict[str, str] = {}
        for one in schema["anyOf"]:
            key = _key_of(one.get("$ref", ""), self._components)
            component: Schema = self._components.get(key, {}) if key is not None else {}
            inner: Schema = component.get("properties", {}).get(name, {})
            values: list[Any] = [inner["const"]] if "const" in inner else inner.get("enum", [])
            for value in values:
                mapping[str(value)] = one["$ref"]
        if len(mapping) < len([one for one in schema["anyOf"] if "$ref" in one]):
            self._unknown(f"the values of {name} that tell a union apart")
            return {"oneOf": schema["anyOf"]}
        nulls = [one for one in schema["anyOf"] if one == {"type": "null"}]
        inner = {
            "oneOf": [one for one in schema["anyOf"] if one not in nulls],
            "discriminator": {"propertyName": name, "mapping": mapping},
        }
        return {"anyOf": [inner, *nulls]} if nulls else inner

    # -- components -------------------------------------------------------------------------------------------------

    def add(self, name: str, schema: Schema) -> Schema:
        """A component of the document's own, `Body_login`; gives the reference to it."""
        key: Key = (("", name), (), "input")
        self._components[key] = schema
        return {"$ref": _REF + _spelled(key)}

    def finish(self, document: Schema) -> Schema:
        """``document`` with the names of components in place, and the components themselves."""
        names = self._names()
        spelled = {_REF + _spelled(key): f"{_REF}{name}" for key, name in names.items()}
        components = {name: self._components[key] for key, name in names.items()}
        return _renamed({**document, "components": {"schemas": dict(sorted(components.items()))}}, spelled)

    def _names(self) -> dict[Key, str]:
        """Component to name: the class's own, with its module where two classes share it, `-Input` and `-Output` where
        what is sent and what is answered differ."""
        short = {key: _short(key) for key in self._components}
        places: dict[str, set[tuple[tuple[str, str], tuple[Type, ...]]]] = {}
        for key, name in short.items():
            places.setdefault(name, set()).add(key[:2])
        differing = self._differing()
        named: dict[Key, str] = {}
        for key, name in short.items():
            if len(places[name]) > 1 and key[0][0]:
                name = f"{_UNSAFE.sub('_', self._module(key[0][0])).replace('.', '__')}__{name}"
            if key[:2] in differing:
                name += "-Input" if key[2] == "input" else "-Output"
            named[key] = name
        return named

    def _differing(self) -> set[tuple[tuple[str, str], tuple[Type, ...]]]:
        """The classes whose two schemas are there and differ, themselves or in what they hold."""
        both = [
            key[:2]
            for key, count in Counter((one[0], one[1]) for one in self._components).items()
            if count > 1
            for key in [key]
        ]
        differing: set[tuple[tuple[str, str], tuple[Type, ...]]] = set()
        size = -1
        while size != len(differing):
            size = len(differing)
            for place, args in both:
                first, second = self._components[place, args, "input"], self._components[place, args, "output"]
                if (place, args) not in differing and (
                    _without_modes(first) != _without_modes(second)
                    or self._holds(first, differing | {(place, args)})  # one that holds itself is named twice
                ):
                    differing.add((place, args))
        return differing

    def _holds(self, schema: Any, differing: set[tuple[tuple[str, str], tuple[Type, ...]]]) -> bool:
        if is_dict(schema):
            key = _key_of(schema.get("$ref", ""), self._components)
            return (key is not None and key[:2] in differing) or any(
                self._holds(one, differing) for one in schema.values()
            )
        return any(self._holds(one, differing) for one in schema) if is_list(schema) else False


def _is_skipped(type_: Type) -> bool:
    """`SkipJsonSchema[None]`: a part of a union that is kept out of the document."""
    return any(isinstance(one, Mark) and one.name == "SkipJsonSchema" for one in type_.marks)


def title_of(name: str) -> str:
    """`item_id` → `Item Id`."""
    return name.replace("_", " ").title() if "_" in name or name.islower() else name.title()


def described(mark: Mark) -> Schema:
    """What a mark says to people: title, description, examples, whether it is deprecated; and more as written."""
    found: Schema = {}
    for name in _PLAIN:
        value = mark.get(name)
        if value is not None and is_known(value) and value is not False:
            found[name] = value
    more = mark.get("json_schema_extra")
    if is_dict(more) and is_known(more):
        found.update(more)
    return found


def takes_title(type_: Type, models: Models) -> bool:
    """Whether pydantic gives a field of this type a title: not where it refers to a component."""
    if type_.kind == "class":
        return models.of(type_).kind == ""
    if type_.kind == "union":
        inner = [one for one in type_.args if one.kind != "none"]
        return takes_title(inner[0], models) if len(inner) == 1 else True
    return True


def _given_out(marks: Iterable[Any], mode: Mode) -> Type | None:
    """The type that a serializer among ``marks`` gives in answers."""
    for mark in marks if mode == "output" else ():
        if isinstance(mark, Mark) and isinstance(given := mark.get("return_type"), Type):
            return given
    return None


def _sent_as(one: ModelField, mode: Mode) -> str:
    for mark in reversed(one.marks):
        own = mark.get("serialization_alias") if mode == "output" else mark.get("validation_alias")
        if isinstance(own, str):
            return own
        alias = mark.get("alias")
        if isinstance(alias, str):
            return alias
    return one.alias if mode == "input" or not any(mark.has("validation_alias") for mark in one.marks) else one.name


def _limits(mark: Mark) -> dict[str, Any]:
    names = (*_NUMBERS, *_TEXTS, "min_items", "max_items")
    found = {name: mark.get(name) for name in names if mark.has(name)}
    if mark.name in _ANNOTATED and mark.args:
        found[_ANNOTATED[mark.name]] = mark.args[0]
    if mark.name == "MaxLen" and mark.args:
        found["max_length"] = mark.args[0]
    if mark.name == "Len":
        found.update({name: mark.get(name, position) for position, name in enumerate(("min_length", "max_length"))})
    return found


def _apply(schema: Schema, name: str, value: Any) -> None:
    """One constraint, where its kind of value is: on numbers, texts, arrays or objects of a union too."""
    for part in [one for one in schema.get("anyOf", ()) if one.get("type") != "null"] or [schema]:
        kind = part.get("type")
        if kind in ("integer", "number") and name in _NUMBERS:
            part[_NUMBERS[name]] = value
        elif kind == "string" and name in _TEXTS:
            part[_TEXTS[name]] = value
        elif kind == "array" and name in _ITEMS:
            part[_ITEMS[name]] = value
        elif kind == "object" and name in _MAPPINGS:
            part[_MAPPINGS[name]] = value
        elif kind is None and name in _NUMBERS and part is schema and not schema.get("$ref"):
            part[_NUMBERS[name]] = value


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if value is None:
        return "null"
    if isinstance(value, str):
        return "string"
    return "integer" if isinstance(value, int) else "number" if isinstance(value, float) else "object"


def _arguments(type_: Type) -> str:
    if not type_.args:
        return ""
    return f"[{', '.join(_written(one) for one in type_.args)}]"


def _written(type_: Type) -> str:
    """A type as a title has it: `Page[Item]`, `Union[int, NoneType]`."""
    match type_.kind:
        case "class":
            return type_.name + _arguments(type_)
        case "name":
            return type_.name.rpartition(".")[2]
        case "list" | "set" | "dict" | "tuple":
            return f"{type_.kind}[{', '.join(_written(one) for one in type_.args)}]" if type_.args else type_.kind
        case "union":
            parts = [_written(one) for one in type_.args]
            return (
                f"Optional[{parts[0]}]" if len(parts) == 2 and parts[1] == "NoneType" else f"Union[{', '.join(parts)}]"
            )
        case "none":
            return "NoneType"
        case "literal":
            return f"Literal[{', '.join(map(repr, type_.values))}]"
        case _:
            return "Any"


def _short(key: Key) -> str:
    (path, qualname), args, _ = key
    name = qualname.rpartition(".")[2] if path else qualname
    return _UNSAFE.sub("_", name + _arguments(Type("class", name, args=args)))


def _spelled(key: Key) -> str:
    return repr(key)


def _key_of(ref: str, components: Mapping[Key, Schema]) -> Key | None:
    if not ref:
        return None
    spelled = ref.removeprefix(_REF)
    return next((key for key in components if _spelled(key) == spelled), None)


def _without_modes(schema: Any) -> Any:
    if is_dict(schema):
        return {key: _without_modes(one) for key, one in schema.items()}
    if is_list(schema):
        return [_without_modes(one) for one in schema]
    if isinstance(schema, str) and schema.startswith(_REF):
        return schema.replace("'input')", "").replace("'output')", "")
    return schema


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if is_dict(value):
        return {key: _renamed(one, names) for key, one in value.items()}
    if is_list(value):
        return [_renamed(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else value


def _copied(schema: Mapping[str, Any], *but: str) -> Schema:
    """A schema of a table, without the keys ``but``, to be changed at will."""
    return {
        key: [_copied(one, *but) for one in value] if is_list(value) else value
        for key, value in schema.items()
        if key not in but
    }
