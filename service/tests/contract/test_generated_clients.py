"""Clients generated from the OpenAPI document compile, and speak with the service."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.backends import on_sqlite
from tests.fetched import node_packages, python_packages
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

TYPESCRIPT = """
import createClient from "openapi-fetch"
import type { paths } from "./api.js"

const client = createClient<paths>({ baseUrl: "ADDRESS" })
const person = { email: "ts@example.org", username: "typed", first_name: "Ty", last_name: "Ped" }
const registered = await client.POST("/api/v1/auth/register", {
  body: { ...person, password: "Correct7!horse-battery@staple" },
})
if (registered.error) throw new Error(registered.error.detail)
const token = "access_token" in registered.data ? registered.data.access_token : ""
const headers = { Authorization: `Bearer ${token}` }
const params = { path: { user_id: registered.data.user.id } }
const changed = await client.PUT("/api/v1/users/{user_id}", { headers, params, body: { bio: "From TypeScript." } })
if (changed.error) throw new Error(changed.error.detail)
const listed = await client.GET("/api/v1/users", { headers, params: { query: { search: "typed" } } })
if (listed.error) throw new Error(listed.error.detail)
const names: string[] = listed.data.items.map((user) => user.username)
// @ts-expect-error there is no such field, and the compiler knows
listed.data.items[0].nonsense
console.log(changed.data.bio, names)
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


@on_sqlite
def test_a_generated_typescript_client_compiles_strictly_registers_and_writes(
    live_service: Callable[..., LiveService], tmp_path: Path
) -> None:
    tools = node_packages("typescript", "openapi-typescript@7", "openapi-fetch", "typescript@5", "@types/node")
    document_in(tmp_path)
    (tmp_path / "node_modules").symlink_to(tools / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "use.ts").write_text(TYPESCRIPT.replace("ADDRESS", live_service().url))
    programs = tools / "node_modules/.bin"
    generate = ["openapi.json", "-o", "api.d.ts", "--default-non-nullable=false"]  # a default may be left out
    run([str(programs / "openapi-typescript"), *generate], tmp_path)
    strict = ["--strict", "--module", "nodenext", "--target", "es2022", "--types", "node", "--outDir", "out"]
    run([str(programs / "tsc"), *strict, "use.ts"], tmp_path)
    shutil.copy(tmp_path / "package.json", tmp_path / "out")
    assert run(["node", "out/use.js"], tmp_path) == "From TypeScript. [ 'typed' ]"
