"""A body that a route of FastAPI takes, made from its own schema: whoever asks a route wants past its validation.

Runs beside `routes_dump.py` in the interpreter of the project under study: Python 3.8, FastAPI since 0.63, Pydantic 1
and 2, and nothing else.
"""

import json
import urllib.parse

BOUNDARY = "boundary-of-parts"
FORMATS = {
    "email": "a@example.org",
    "uuid": "00000000-0000-0000-0000-000000000001",
    "uuid4": "00000000-0000-4000-8000-000000000001",
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00",
    "uri": "http://127.0.0.1:1/",
    "ipv4": "127.0.0.1",
    "binary": "x",
}
DEEPEST = 8


def body(route):
    """The bytes and the content type; None for a route that takes no body, or whose schema cannot be had."""
    field = getattr(route, "body_field", None)
    if field is None:
        return None
    kind = getattr(field, "type_", None) or getattr(getattr(field, "field_info", None), "annotation", None)
    try:
        schema = _schema(kind)
        value = sample(schema, schema)
    except Exception:  # any that a project's own types raise
        return None
    form = type(getattr(field, "field_info", None)).__name__
    if form not in ("Form", "File") or not isinstance(value, dict):
        return json.dumps(value).encode(), "application/json"
    if form == "Form":
        return urllib.parse.urlencode(value, doseq=True).encode(), "application/x-www-form-urlencoded"
    parts = [_part(name, one, schema.get("properties", {}).get(name, {})) for name, one in value.items()]
    return "".join([*parts, f"--{BOUNDARY}--\r\n"]).encode(), f"multipart/form-data; boundary={BOUNDARY}"


def _schema(kind):
    if hasattr(kind, "model_json_schema"):
        return kind.model_json_schema()
    if hasattr(kind, "schema"):
        return kind.schema()
    import pydantic

    if hasattr(pydantic, "TypeAdapter"):
        return pydantic.TypeAdapter(kind).json_schema()
    return pydantic.schema_of(kind)


def _part(name, value, schema):
    file = "binary" in json.dumps(schema)
    head = f'; filename="{name}.txt"\r\nContent-Type: text/plain' if file else ""
    one = value[0] if isinstance(value, list) and value else value
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{head}\r\n\r\n{one}\r\n'


def sample(schema, root, depth=0):
    """The smallest value that the schema allows, patterns aside; ``root`` holds the definitions."""
    if depth > DEEPEST or not isinstance(schema, dict):
        return None
    if "$ref" in schema:
        found = root
        for name in schema["$ref"].lstrip("#/").split("/"):
            found = found[name.replace("~1", "/")]
        return sample(found, root, depth + 1)
    for several in ("allOf", "anyOf", "oneOf"):
        if schema.get(several):
            return sample(schema[several][0], root, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    return _plain(schema, root, depth)


def _plain(schema, root, depth):
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        given = schema.get("properties", {})
        return {name: sample(given[name], root, depth + 1) for name in schema.get("required", ()) if name in given}
    if kind == "array":
        item = schema.get("items") or {}
        return [sample(item, root, depth + 1)] * max(1, schema.get("minItems", 0))
    if kind in ("integer", "number"):
        lowest = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        return min(max(1, lowest), schema.get("maximum", 10**9))
    if kind == "boolean":
        return True
    if kind == "null":
        return None
    text = FORMATS.get(schema.get("format"), "Abcdefg1")
    longest = schema.get("maxLength", len(text))
    return text[:longest].ljust(min(schema.get("minLength", 0), 1000), "a")
