"""The `app` command, as a process: what it prints, where it refuses, what it leaves."""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil
import psycopg
import pytest
from sqlalchemy.engine import make_url

from app.cli import main
from app.config import Settings, get_settings
from app.schemas.fields import strong_password
from app.server.announcement import announce
from app.server.doctor import is_healthy, probe
from tests.backends import Backend
from tests.conftest import settings_for
from tests.servers import READY_WITHIN, free_port, status_of
from tests.tasks.smtp import MailServer

STRONG_KEY = "9f2c61d0a4b87e35f6180c2d9be4731a5d0c8f27e6b19430"


PRODUCTION = {
    "environment": "production",
    "secret_key": STRONG_KEY,
    "allowed_hosts": "api.example.org",
    "public_url": "https://api.example.org",
}


class App:
    """`app …` in an empty folder, with nothing but these settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        self.environment = {**kept, "DATA_DIR": str(folder / "var")}

    def serve(self, **settings: Any) -> "Served":
        return Served(self, settings)


class Served:
    """`app serve` until the block ends; then it is asked to stop, and what it printed can be read."""

    def __init__(self, app: App, settings: dict[str, Any]) -> None:
        self.app = app
        self.settings = {"port": free_port(), **settings}
        self.printed = ""

    def __enter__(self) -> "Served":
        environment = self.app.environment | {name.upper(): str(value) for name, value in self.settings.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"],
            cwd=self.app.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        deadline = time.monotonic() + READY_WITHIN
        while not self.answers():
            assert self.process.poll() is None, self.process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.printed = self.process.communicate(timeout=60)[0]

    @property
    def url(self) -> str:
        host = str(self.settings.get("host", "127.0.0.1"))
        return f"http://{f'[{host}]' if ':' in host else host}:{self.settings['port']}"

    def answers(self) -> bool:
        return status_of(f"{self.url}/health/ready") == 200

    def log_in(self, username: str, password: str) -> int:
        form = {"username": username, "password": password}
        return httpx2.post(f"{self.url}/api/v1/auth/login", data=form, timeout=30).status_code


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(tmp_path)


@dataclass(frozen=True)
class Ran:
    """What a command that was run in this process printed, and how it ended (0 or a message)."""

    status: int | str | None
    stdout: str

    @property
    def refusal(self) -> str:
        assert isinstance(self.status, str)
        return self.status


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `app …` in this process and an empty folder: starting one takes seconds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "var"))

    def run(*arguments: str, **settings: Any) -> Ran:
        with monkeypatch.context() as patch:
            for name, value in settings.items():
                patch.setenv(name.upper(), str(value))
            patch.setattr(sys, "argv", ["app", *arguments])
            get_settings.cache_clear()
            capsys.readouterr()
            with pytest.raises(SystemExit) as end:
                main()
        get_settings.cache_clear()
        return Ran(end.value.code, capsys.readouterr().out)

    return run


def test_serve_with_nothing_configured_prints_where_to_look_and_the_first_admin_once(app: App):
    with app.serve() as first:
        time.sleep(0.2)
    shown = re.search(r"first admin +(\S+) +password: (\S+)", first.printed)
    assert shown, first.printed
    assert f"{first.url}\n" in first.printed
    assert f"{first.url}/docs\n" in first.printed
    with app.serve(port=first.settings["port"]) as again:
        assert again.log_in(shown[1], shown[2]) == 200
        assert again.log_in("admin", shown[2]) == 200
    assert "password:" not in again.printed
    assert shown[2] not in again.printed
    assert (app.folder / "var" / "service.db").exists()


def test_serve_with_two_workers_makes_one_admin_and_answers_from_both(app: App):
    with app.serve(workers=2, first_admin_password="Correct7!horse-battery") as served:
        children = psutil.Process(served.process.pid).children(recursive=True)
        assert len(children) >= 2
        assert served.log_in("admin@example.com", "Correct7!horse-battery") == 200
    assert served.printed.count("first admin") == 1
    assert "Correct7!horse-battery" not in served.printed


def test_what_is_announced_is_not_among_json_logs(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    chosen = {"data_dir": tmp_path, "log_format": "json", "first_admin_password": "Correct7!horse-battery"}
    announce(Settings(_env_file=None, **chosen))  # pyright: ignore[reportCallIssue]  # pydantic-settings' own keyword
    printed = capsys.readouterr()
    assert "first admin" in printed.err
    for line in printed.out.splitlines():
        json.loads(line)


def test_serve_refuses_production_faults_all_at_once_and_makes_nothing(run: Run, tmp_path: Path):
    refusal = run("serve", environment="production", workers=2).refusal
    for name in ("SECRET_KEY is missing", "WORKERS=2", "ALLOWED_HOSTS"):
        assert name in refusal
    assert list(tmp_path.iterdir()) == []


def test_a_setting_of_the_wrong_kind_is_named(run: Run):
    refusal = run("serve", port="eighty", log_level="loud").refusal
    assert "PORT: " in refusal
    assert "LOG_LEVEL: " in refusal


def test_settings_are_read_from_a_dotenv_file(run: Run, tmp_path: Path):
    (tmp_path / ".env").write_text("PROJECT_NAME=From the file\nALLOWED_HOSTS=a.example,b.example\n")
    shown = run("doctor").stdout
    assert "From the file" in shown
    assert "['a.example', 'b.example']" in shown


def test_create_admin_makes_up_a_password_that_keeps_the_rules(run: Run):
    assert run("migrate").status == 0
    made = run("create-admin", "Root@Example.org", "root")
    assert made.status == 0
    password = re.search(r"password: (\S+)", made.stdout)
    assert password
    assert strong_password(password[1]) == password[1]
    assert "taken" in run("create-admin", "root@example.org", "other").refusal


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("not an address", "root"), "EMAIL: This is not an e-mail address"),
        (("root@example.org", "a b"), "USERNAME: Use letters"),
        (("root@example.org", "root", "--password", "weak"), "PASSWORD: "),
        (("root@example.org", "root", "--password", "Password1!"), "guessed"),
    ],
)
def test_create_admin_says_what_is_wrong(run: Run, arguments: tuple[str, ...], named: str):
    run("migrate")
    assert named in run("create-admin", *arguments).refusal


def test_a_second_factor_is_taken_off_by_who_has_the_command_line(run: Run, tmp_path: Path):
    assert run("migrate").status == 0
    assert run("create-admin", "root@example.org", "root").status == 0
    assert "has no second factor" in run("reset-second-factor", "root@example.org").refusal
    assert "There is no account nobody" in run("reset-second-factor", "nobody").refusal


def test_a_database_that_is_down_is_told_in_words(run: Run):
    down = run("migrate", database_url=f"postgresql://app:hunter2@127.0.0.1:{free_port()}/app")
    assert "does not answer" in down.refusal
    assert "hunter2" not in down.refusal


def test_a_port_that_is_taken_is_told_before_anything_is_made(run: Run, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in run("serve", port=port).refusal
    assert not (tmp_path / "var").exists()


def test_a_revision_that_does_not_exist_is_told_in_words(run: Run):
    assert "cannot migrate to 9999: Can't locate revision" in run("migrate", "9999").refusal


def test_doctor_masks_secrets_and_fails_on_a_server_that_is_down(run: Run):
    run("migrate")
    healthy = run("doctor", secret_key=STRONG_KEY)
    assert healthy.status == 0
    assert STRONG_KEY not in healthy.stdout
    assert re.search(r"^database +ok$", healthy.stdout, re.MULTILINE)
    down = run("doctor", redis_url=f"redis://:hunter2@127.0.0.1:{free_port()}/0")
    assert down.status == 1
    assert "hunter2" not in down.stdout
    assert re.search(r"^redis +is down", down.stdout, re.MULTILINE)


def test_doctor_asks_the_sign_in_providers(run: Run):
    run("migrate")
    acme = {"issuer": f"http://127.0.0.1:{free_port()}", "client_id": "us", "client_secret": "hunter2"}
    asked = run("doctor", oidc_providers=json.dumps({"acme": acme}))
    assert asked.status == 1
    assert re.search(r"^oidc acme +cannot be used \(.*connection", asked.stdout, re.MULTILINE)
    assert "hunter2" not in asked.stdout


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{", "OIDC_PROVIDERS: is not JSON"),
        ('{"A b": {"issuer": "https://x", "client_id": "us"}}', "OIDC_PROVIDERS: 'A b' is part of an address"),
        ('{"acme": {"issuer": "https://x"}}', "OIDC_PROVIDERS.acme.client_id: Field required"),
        ('{"acme": {"issuer": "x", "client_id": "us"}}', "OIDC_PROVIDERS.acme.issuer: issuer must be an https"),
        ('{"acme": {"issuer": "https://x", "client_id": "us", "scopes": "email"}}', "scopes must contain openid"),
    ],
)
def test_a_provider_that_is_set_badly_is_named(run: Run, written: str, told: str):
    assert told in run("doctor", oidc_providers=written).refusal


def test_openapi_writes_the_document_even_for_production(run: Run, tmp_path: Path):
    settings = PRODUCTION
    assert run("openapi", "openapi.json", **settings).status == 0
    document = json.loads((tmp_path / "openapi.json").read_text())
    assert "/api/v1/auth/login" in document["paths"]
    assert json.loads(run("openapi", **settings).stdout) == document


def test_seed_fills_the_database_and_refuses_production(run: Run):
    seeded = run("seed", "--posts", "30", "--writers", "2")
    assert seeded.status == 0
    assert "30 posts by writer1@example.org … writer2@example.org; password of each: " in seeded.stdout
    settings = PRODUCTION
    assert "production" in run("seed", **settings).refusal


def test_a_folder_that_cannot_be_used_is_told_in_words_by_every_command(run: Run, tmp_path: Path):
    (tmp_path / "file").touch()
    for command in (["serve"], ["migrate"], ["doctor"]):
        refusal = run(*command, data_dir=tmp_path / "file" / "var", port=free_port()).refusal
        assert "Traceback" not in refusal
        assert "set DATA_DIR" in refusal, command
        assert len(refusal.splitlines()) == 1


def test_a_first_administrator_in_production_keeps_the_rules_of_registration(run: Run):
    told = {"a": "8 to 128 characters", "Password1!": "easily guessed", "Admin-Admin7!x": "must not contain"}
    for password, words in told.items():
        refusal = run("serve", first_admin_password=password, port=free_port(), **PRODUCTION).refusal
        assert "FIRST_ADMIN_PASSWORD is weak" in refusal
        assert words in refusal
        assert password not in refusal or password == "a"


def test_a_file_that_cannot_be_written_is_told_as_such(run: Run, tmp_path: Path):
    assert run("openapi", "nowhere/openapi.json").refusal == (
        "error: cannot write nowhere/openapi.json: No such file or directory"
    )


def test_a_revision_that_the_schema_has_left_behind_is_no_success(run: Run):
    assert run("migrate").status == 0
    refusal = run("migrate", "0002").refusal
    assert re.search(r"^error: the database is at \d+, which is beyond 0002: nothing was changed$", refusal)
    assert run("migrate").status == 0


def test_a_key_file_that_others_can_read_is_one_message(run: Run, tmp_path: Path):
    assert run("serve", port="eighty").status != 0
    run("openapi")  # makes the key
    key = tmp_path / "var" / "secret.key"
    key.chmod(0o644)
    for command in ("serve", "doctor", "openapi"):
        assert run(command, port=free_port()).refusal == f"error: {key} can be read by others; run: chmod 600 {key}"


def test_doctor_signs_in_to_the_mail_server(run: Run, mail_server: MailServer):
    run("migrate")
    mail = {"smtp_host": "127.0.0.1", "smtp_port": mail_server.port, "smtp_tls": "none"}
    assert re.search(r"^mail +ok$", run("doctor", **mail).stdout, re.MULTILINE)
    assert mail_server.messages == []
    mail_server.senders = ["no-reply@example.org"]
    stranger = run("doctor", **mail)
    assert stranger.status == 1
    assert re.search(r"^mail +refuses \(550 not a sender of ours\)$", stranger.stdout, re.MULTILINE)
    assert run("doctor", **mail, emails_from_email="no-reply@example.org").status == 0
    secret = {"smtp_user": "blog", "smtp_password": "hunter2"}
    refused = run("doctor", **mail, **secret)
    assert refused.status == 1
    assert re.search(r"^mail +cannot be used \(SMTP AUTH", refused.stdout, re.MULTILINE)
    assert "hunter2" not in refused.stdout
    mail_server.stop()
    down = run("doctor", **mail)
    assert re.search(r"^mail +cannot be used \(.*refused", down.stdout, re.MULTILINE)


def test_doctor_tells_of_a_proxy_that_is_not_trusted(app: App):
    with app.serve() as served:
        told = {**app.environment, "PORT": str(served.settings["port"])}

        def service() -> str:
            shown = subprocess.run(
                [sys.executable, "-m", "app", "doctor"], cwd=app.folder, env=told, capture_output=True, text=True
            )
            assert shown.returncode == 0, shown.stdout
            return next(line for line in shown.stdout.splitlines() if line.startswith("service "))

        assert service().split(maxsplit=1)[1] == "ok"
        httpx2.get(f"{served.url}/health", headers={"X-Forwarded-For": "192.0.2.1"}, timeout=30)
        assert "TRUSTED_PROXIES" in service()
    assert "proxies.forwarded_by_a_stranger" in served.printed


async def test_doctor_says_where_a_search_tells_upper_from_lower_case(postgres_address: str, tmp_path: Path):
    name = f"ascii_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_address, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} LOCALE 'C' TEMPLATE template0")
        url = make_url(postgres_address).set(database=name).render_as_string(hide_password=False)
        settings = settings_for(Backend(name="postgres", database_url=url), data_dir=tmp_path)
        states = await probe(settings)
        assert states["database"].startswith("ok; its locale knows the case of ASCII letters alone")
        assert is_healthy(states["database"])
        admin.execute(f"DROP DATABASE {name}")
    assert (await probe(settings_for(Backend(name="postgres", database_url=postgres_address), data_dir=tmp_path)))[
        "database"
    ] == "ok"


@pytest.mark.parametrize(("host", "asked"), [("localhost", "localhost"), ("::1", "[::1]"), ("::", "127.0.0.1")])
def test_the_service_listens_where_it_is_told_by_name_or_by_address(app: App, host: str, asked: str):
    with app.serve(host=host) as served:
        assert httpx2.get(f"http://{asked}:{served.settings['port']}/health", timeout=30).status_code == 200
