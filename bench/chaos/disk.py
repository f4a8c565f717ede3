"""A disk that is full."""

import resource
import sqlite3
import tempfile
import time
from pathlib import Path

import httpx2
import psutil

from bench.chaos.breaking import kill_family, until
from bench.chaos.outcome import Outcome
from tests.backends import Backend
from tests.conftest import SECRET_KEY
from tests.live import LiveService


def the_disk_is_full() -> Outcome:
    """SQLite may not grow any more; the limit is one process's on the size of a file, so no disk has to be full."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as directory:
        path = Path(directory) / "service.db"
        backend = Backend(name="sqlite", database_url=f"sqlite:///{path}")
        service = LiveService(backend, data_dir=path.parent, workers=1, secret_key=SECRET_KEY, environment={})
        service.start()
        try:
            return _write_until_full(service, path)
        finally:
            kill_family(service)
            service.stop()


def _write_until_full(service: LiveService, path: Path) -> Outcome:
    client = httpx2.Client(base_url=service.url, timeout=20)
    person = {"email": "ann@example.org", "username": "ann", "first_name": "Ann", "last_name": "Lee"}
    person["password"] = "Correct7!horse-battery@staple"
    token = client.post("/api/v1/auth/register", json=person).raise_for_status().json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert service.process is not None
    family = [service.process.pid, *(p.pid for p in psutil.Process(service.process.pid).children(recursive=True))]
    wal = path.with_name(path.name + "-wal")
    limit = max(path.stat().st_size, wal.stat().st_size) + 200_000
    kept: list[int] = []
    refused: set[int] = set()

    def write() -> None:
        body = {"title": "Until it is full", "content": "x" * 20_000, "status": "published"}
        answer = client.post("/api/v1/posts", json=body, headers=headers)
        if answer.status_code == 201:
            kept.append(answer.json()["id"])
        else:
            refused.add(answer.status_code)

    for pid in family:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    until(lambda: write() or refused, within=30)
    for _ in range(5):
        write()
    reads = client.get("/api/v1/posts").status_code
    for pid in family:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    ended, before = time.monotonic(), len(kept)
    until(lambda: write() or len(kept) > before, within=30)
    recovered = time.monotonic() - ended
    with sqlite3.connect(path) as connection:
        rows = [row[0] for row in connection.execute("SELECT id FROM posts")]
        intact = connection.execute("PRAGMA integrity_check").fetchone()[0]
    lost = len(set(kept) - set(rows)) + (intact != "ok")
    remark = f"writes answered {sorted(refused)} meanwhile, reads {reads}; integrity_check: {intact}"
    return Outcome("full disk (SQLite)", f"{len(kept)} posts", lost, len(rows) - len(set(rows)), recovered, remark)
