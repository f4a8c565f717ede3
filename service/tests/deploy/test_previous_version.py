"""During a rollout the previous version of the code runs on the new schema: here it really does."""

import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import httpx2
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from app.config import SERVICE_ROOT
from app.database import migrations
from tests.backends import Backend, on_both_databases, on_postgres
from tests.conftest import SECRET_KEY
from tests.live import LiveService
from tests.tasks.test_mails import NEW_USER


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=SERVICE_ROOT, capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code as it was before the newest migration was committed."""
    newest = ScriptDirectory(str(SERVICE_ROOT / "migrations")).get_revision(migrations.head()).path
    try:
        # A merge may have brought it, of whose parents one has it.
        parents = git("log", "-m", "--diff-filter=A", "--format=%P", "--", newest).decode().split()
        before = next((parent for parent in parents if not git("ls-tree", parent, "--", newest)), "")
        archive = git("archive", before, "app", "migrations") if before else b""
    except (OSError, subprocess.CalledProcessError):
        archive = b""
    if not archive:
        pytest.skip("there is no version before the newest migration in this history (or no history)")
    place = tmp_path_factory.mktemp("previous")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(place, filter="data")
    if not find_spec("httpx"):  # what it still calls by its old name
        (place / "httpx.py").write_text("from httpx2 import *\n")
    return place


@pytest.fixture
def service(backend: Backend, previous: Path, tmp_path: Path) -> Iterator[LiveService]:
    environment = {"migrate_on_start": False, "pythonpath": previous}
    made = LiveService(backend, data_dir=tmp_path, workers=1, secret_key=SECRET_KEY, environment=environment)
    imported = [sys.executable, "-c", "import app; print(app.__file__)"]
    where = subprocess.check_output(imported, env=dict(made.environment or {}), cwd=made.directory, text=True)
    assert where.startswith(str(previous))
    made.start(until=made.is_alive)
    yield made
    made.stop()


@on_both_databases
def test_the_previous_version_of_the_code_serves_on_the_new_schema(service: LiveService) -> None:
    with httpx2.Client(base_url=f"{service.url}/api/v1", timeout=30) as client:

        def asked(method: str, path: str, **options: object) -> dict[str, object]:
            answer = client.request(method, path, **options)  # type: ignore[arg-type]
            assert answer.status_code < 400, f"{method} {path}: {answer.text}\n{service.log()[-2000:]}"
            return answer.json()

        asked("POST", "/auth/register", json=NEW_USER)
        form = {"username": NEW_USER["email"], "password": NEW_USER["password"]}
        pair = asked("POST", "/auth/login", data=form)
        pair = asked("POST", "/auth/refresh", json={"refresh_token": pair["refresh_token"]})
        client.headers["Authorization"] = f"Bearer {pair['access_token']}"
        me = asked("GET", "/auth/me")
        post = asked("POST", "/posts", json={"title": "Old code", "content": "New schema.", "tags": ["a", "b"]})
        asked("PUT", f"/posts/{post['id']}", json={"status": "published", "tags": ["b", "c"]})
        for path in ("/posts", "/posts?search=schema", "/posts?tag=c", f"/posts/{post['id']}", "/tags", "/users"):
            asked("GET", path)
        asked("GET", f"/users/{me['id']}/stats")
        asked("PUT", f"/users/{me['id']}", json={"bio": "Still here."})
        asked("POST", "/auth/password/forgot", json={"email": NEW_USER["email"]})
        asked("DELETE", f"/posts/{post['id']}")
        asked("POST", "/auth/logout")


@on_postgres
async def test_a_schema_that_is_ahead_leaves_the_service_ready_and_one_that_is_behind_does_not(
    app: object, client: httpx2.AsyncClient
) -> None:
    database = app.state.resources.database  # type: ignore[attr-defined]

    async def stamped(revision: str) -> int:
        async with database.session() as session:
            await session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
        return (await client.get("/health/ready")).status_code

    try:
        assert await stamped("9999") == 200
        assert await stamped("0001") == 503
    finally:
        assert await stamped(migrations.head()) == 200
