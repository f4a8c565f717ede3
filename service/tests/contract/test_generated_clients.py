"""A Python client generated from the OpenAPI document compiles, and speaks with the service."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.backends import on_sqlite
from tests.fetched import python_packages
from tests.live import LiveService

PYTHON = """
from service_client import AuthenticatedClient, Client
from service_client.api.auth import read_me, register
from service_client.api.users import list_users, update_user
from service_client.models import ProfileChanges, Registration

secret = "Correct7!horse-battery@staple"
person = Registration(email="py@example.org", username="typed", password=secret, first_name="Py", last_name="Thon")
registered = register.sync(client=Client(base_url="ADDRESS"), body=person)
client = AuthenticatedClient(base_url="ADDRESS", token=registered.access_token)
update_user.sync(registered.user.id, client=client, body=ProfileChanges(bio="From Python."))
page = list_users.sync(client=client, search="typed")
print(read_me.sync(client=client).bio, [user.username for user in page.items])
"""


def document_in(folder: Path) -> Path:
    path = folder / "openapi.json"
    run([sys.executable, "-m", "app", "openapi", str(path)], folder)
    return path


def run(command: list[str], folder: Path, **environment: str) -> str:
    ran = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    return ran.stdout.strip()


@on_sqlite
def test_a_generated_python_client_registers_and_writes(
    live_service: Callable[..., LiveService], tmp_path: Path
) -> None:
    tools = str(python_packages("openapi-python-client", "openapi-python-client>=0.29"))
    document = document_in(tmp_path)
    generate = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
    output = ["--output-path", str(tmp_path / "service_client"), "--path", str(document)]
    run([*generate, *output], tmp_path, PYTHONPATH=tools)
    run([sys.executable, "-m", "compileall", "-q", "service_client"], tmp_path)
    program = PYTHON.replace("ADDRESS", live_service().url)
    assert run([sys.executable, "-c", program], tmp_path, PYTHONPATH=tools) == "From Python. ['typed']"
