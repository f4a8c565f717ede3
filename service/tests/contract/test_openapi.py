"""The OpenAPI document tells the truth about the endpoints, and is itself valid."""

import json
import re

import pytest
from fastapi import FastAPI
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.main import create_app
from tests.api_table import ENDPOINTS, OUTSIDE_THE_PREFIX, Endpoint, Operation, Who, operations
from tests.backends import Backend, on_sqlite
from tests.conftest import settings_for


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Operation]:
    """The operations of an application that was never started: describing itself needs no database."""
    directory = tmp_path_factory.mktemp("described")
    backend = Backend(name="sqlite", database_url=f"sqlite:///{directory / 'none.db'}")
    app = create_app(settings_for(backend, data_dir=directory))
    return {str(operation): operation for operation in operations(app)}


def test_the_document_is_valid_openapi_3_1(described: dict[str, Operation]):
    document = next(iter(described.values())).document
    assert document["openapi"].startswith("3.1")
    faults = [
        f"{'/'.join(map(str, fault.path))}: {fault.message}"
        for fault in OpenAPIV31SpecValidator(document).iter_errors()
    ]
    assert faults == []


def test_every_number_in_the_document_is_one_that_javascript_holds_exactly(described: dict[str, Operation]):
    document = next(iter(described.values())).document
    numbers = re.findall(r"(?<![\w.-])-?\d+(?![\w.-])", json.dumps(document))
    assert max(abs(int(number)) for number in numbers) == 2**53 - 1


def test_there_is_no_endpoint_that_the_table_does_not_name(described: dict[str, Operation]):
    promised = {str(endpoint) for endpoint in ENDPOINTS}
    extra = {name for name, operation in described.items() if operation.path.startswith("/api/v1")} - promised
    assert extra == set()


def test_every_operation_has_an_id_of_its_own(described: dict[str, Operation]):
    ids = [operation.description["operationId"] for operation in described.values()]
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_the_endpoint_is_described_with_its_statuses(endpoint: Endpoint, described: dict[str, Operation]):
    operation = described[str(endpoint)]
    statuses = {int(status) for status in operation.description["responses"] if status.isdigit()}
    assert endpoint.documented <= statuses
    assert {429, 503} <= statuses
    assert operation.body() is None or {400, 413, 422} <= statuses  # not JSON, too large, not valid
    assert operation.needs_user == (endpoint.who != Who.ANYONE)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_every_error_is_described_as_problem_json(endpoint: Endpoint, described: dict[str, Operation]):
    operation = described[str(endpoint)]
    for status, response in operation.description["responses"].items():
        if status == "default" or int(status) >= 400:
            content = operation.resolved(response)["content"]
            assert list(content) == ["application/problem+json"], status
            schema = operation.resolved(content["application/problem+json"]["schema"])
            assert {"type", "title", "status", "detail", "instance", "request_id"} <= set(schema["properties"]), status


@on_sqlite
async def test_what_lies_outside_the_prefix_answers(client):
    for path in OUTSIDE_THE_PREFIX:
        answer = await client.get(path)
        assert answer.status_code == 200, path


@on_sqlite
async def test_the_served_document_is_the_described_one(app: FastAPI, client):
    assert (await client.get("/api/v1/openapi.json")).json() == app.openapi()
