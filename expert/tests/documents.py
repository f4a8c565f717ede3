"""What `--json` prints, held against its schema."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

_SCHEMAS = {
    Path(str(entry)).name: json.loads(entry.read_text())
    for entry in (files("fastapi_expert.render") / "schemas").iterdir()
    if entry.name.endswith(".json")
}
_REGISTRY = Registry().with_resources((name, Resource.from_contents(schema)) for name, schema in _SCHEMAS.items())


def read(printed: str, schema: str) -> dict[str, Any]:
    """The document in ``printed``, valid by ``schema`` (`check.json`, or a part of it: `credit.json#/$defs/ledger`)."""
    document = json.loads(printed)
    Draft202012Validator({"$ref": schema}, registry=_REGISTRY).validate(document)
    return document
