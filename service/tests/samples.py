"""Valid values for whatever a schema asks: how generated tests fill bodies they were not written for."""

from typing import Any

from tests.api_table import Operation

BY_NAME: dict[str, Any] = {
    "email": "stranger@example.net",
    "username": "stranger",
    "password": "Sample9@purple-monkey-dish",
    "new_password": "Sample9@purple-monkey-dish",
    "current_password": "Sample9@wrong-on-purpose",
    "avatar": "https://example.net/face.png",
    "slug": "sample-slug",
    "tags": ["sample"],
    "cursor": "broken",
}


def sample(operation: Operation, schema: dict[str, Any], name: str = "") -> Any:
    """A value that satisfies `schema`, every optional property included; raises KeyError on a kind it has not met."""
    schema = operation.resolved(schema)
    if name in BY_NAME:
        return BY_NAME[name]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for keyword in ("anyOf", "oneOf", "allOf"):
        if keyword in schema:
            variants = [operation.resolved(variant) for variant in schema[keyword]]
            return sample(operation, next(v for v in variants if v.get("type") != "null"), name)
    match schema["type"]:
        case "object":
            return {key: sample(operation, value, key) for key, value in schema.get("properties", {}).items()}
        case "array":
            return [sample(operation, schema["items"])]
        case "boolean":
            return False
        case "integer" | "number":
            return max(schema.get("minimum", 1), 1)
        case "string":
            by_format = {
                "date": "2026-01-02",
                "date-time": "2026-01-02T03:04:05Z",
                "email": "sample@example.net",
                "uri": "https://example.net/",
                "uuid": "00000000-0000-7000-8000-000000000000",
            }
            return by_format.get(schema.get("format", ""), "sample text".ljust(schema.get("minLength", 0), "x"))
        case kind:
            raise KeyError(f"no sample for {kind} ({name} of {operation})")
