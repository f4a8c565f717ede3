"""What `--json` prints is what the schemas say and nothing else, and its paths and ids lead somewhere."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from shop import Expert

SCHEMAS = {
    Path(str(entry)).stem: json.loads(entry.read_text())
    for entry in (files("fastapi_expert.render") / "schemas").iterdir()
    if entry.name.endswith(".json")
}
REGISTRY = Registry().with_resources(
    (f"{name}.json", Resource.from_contents(schema)) for name, schema in SCHEMAS.items()
)
COMMANDS: dict[str, tuple[str, ...]] = {
    "map": ("map", "--json"),
    "routes": ("routes", "--json"),
    "access": ("access", "--json"),
    "impact": ("impact", "create_user", "--json"),
    "duplicates": ("duplicates", "--json"),
    "propose": ("propose", "app/services/billing.py", "--as", "app/services/other.py", "--json"),
    "review": ("review", "--json"),
    "find": ("find", "create", "user", "--json"),
    "rule": ("rule", "--json"),
    "conventions": ("conventions", "--json"),
}


def document(expert: Expert, name: str) -> dict[str, Any]:
    done = expert(*COMMANDS[name])
    assert done.code in (0, 1), done.err
    return json.loads(done.out)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_document_is_what_its_schema_says(expert: Expert, name: str):
    said = document(expert, name)
    Draft202012Validator(SCHEMAS[name], registry=REGISTRY).validate(said)
    assert next(iter(said)) == "schema_version"


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_valid_itself(name: str):
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$id"] == f"{name}.json"


def test_ids_are_unique_and_every_reference_leads_to_a_component(expert: Expert):
    said = document(expert, "map")
    ids = [component["id"] for component in said["components"]]
    assert len(ids) == len(set(ids))
    used = {other for component in said["components"] for other in component["uses"]}
    used |= {other for route in said["routes"] for key in ("dependencies", "tests") for other in route[key]}
    used |= {route["endpoint"] for route in said["routes"]}
    assert used <= set(ids)


def test_paths_are_relative_to_the_root_and_lines_are_there(expert: Expert, shop: Path):
    said = document(expert, "map")
    assert said["root"] == str(shop)
    for component in said["components"]:
        lines = (shop / component["path"]).read_text().splitlines()
        assert 1 <= component["line"] <= component["end_line"] <= len(lines)


def test_optional_keys_are_left_out_and_never_null(expert: Expert):
    assert "null" not in expert(*COMMANDS["map"]).out


def test_kind_limits_the_components_alone(expert: Expert):
    said = json.loads(expert("map", "--json", "--kind", "schema").out)
    assert {component["kind"] for component in said["components"]} == {"schema"}
    assert len(said["routes"]) == 5


def test_format_json_is_the_same_as_json(expert: Expert):
    assert expert("duplicates", "--format", "json").out == expert("duplicates", "--json").out
