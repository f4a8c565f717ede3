"""Settings: what is accepted, what production refuses, what is shown."""

import re
import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.config import SERVICE_ROOT, Settings, describe, environment_names

STRONG_KEY = "9f2c61d0a4b87e35f6180c2d9be4731a5d0c8f27e6b19430"

ACME = {"acme": {"issuer": "http://id.example.org", "client_id": "us"}}


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)  # pyright: ignore[reportCallIssue]  # pydantic-settings' own keyword


def production(**values: Any) -> Settings:
    chosen: dict[str, Any] = {
        "environment": "production",
        "secret_key": STRONG_KEY,
        "database_url": "postgresql://app:pw@db/app",
        "allowed_hosts": "api.example.org",
        **values,
    }
    return settings(**chosen)


def faults_of(**values: Any) -> str:
    with pytest.raises(ValidationError) as refusal:
        production(**values)
    return str(refusal.value)


def test_nothing_configured_is_a_complete_development_setup(tmp_path: Path):
    chosen = settings(data_dir=tmp_path)
    assert chosen.is_sqlite
    assert chosen.database.database == str(tmp_path / "service.db")
    assert chosen.docs_enabled
    assert chosen.migrates_on_start


def test_production_with_everything_set_starts():
    chosen = production()
    assert not chosen.docs_enabled
    assert not chosen.migrates_on_start


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"secret_key": None}, "SECRET_KEY is missing"),
        ({"secret_key": "short"}, "SECRET_KEY is weak: 5 bytes"),
        ({"secret_key": "a" * 64}, "SECRET_KEY is weak: it repeats itself"),
        ({"secret_key": "changethis-9f2c61d0a4b87e35f6180c2d9be4731a"}, "SECRET_KEY is weak: it contains a well-known"),
        ({"secret_key": STRONG_KEY, "algorithm": "HS512"}, "SECRET_KEY is weak: 48 bytes, HS512 wants 64"),
        ({"previous_secret_keys": "short"}, "PREVIOUS_SECRET_KEYS is weak"),
        ({"database_url": None, "workers": 2}, "WORKERS=2 on SQLite"),
        ({"allowed_hosts": "*"}, "ALLOWED_HOSTS is *"),
        ({"allowed_origins": "*"}, "ALLOWED_ORIGINS is * with credentials"),
        ({"debug": True}, "DEBUG is on"),
        ({"oidc_providers": ACME}, "OIDC_PROVIDERS needs PUBLIC_URL"),
        ({"oidc_providers": ACME, "public_url": "https://x"}, "OIDC_PROVIDERS: the issuer of acme is not https"),
    ],
)
def test_production_refuses(values: dict[str, Any], named: str):
    assert named in faults_of(**values)


def test_production_names_every_fault_at_once():
    faults = faults_of(
        secret_key=None, database_url=None, workers=4, allowed_hosts="*", allowed_origins="*", debug=True
    )
    for name in ("SECRET_KEY", "WORKERS=4", "ALLOWED_HOSTS", "ALLOWED_ORIGINS", "DEBUG"):
        assert name in faults


def test_a_wildcard_origin_without_credentials_is_allowed():
    assert production(allowed_origins="*", cors_allow_credentials=False).allowed_origins == ["*"]


@pytest.mark.parametrize("written", ["a.example, b.example", '["a.example", "b.example"]', " a.example,b.example, "])
def test_lists_are_written_with_commas_or_as_json(written: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ALLOWED_HOSTS", written)
    assert settings().allowed_hosts == ["a.example", "b.example"]


@pytest.mark.parametrize(
    ("written", "driver"),
    [
        ("postgres://u:p@h/d", "postgresql+asyncpg"),
        ("postgresql://u:p@h/d", "postgresql+asyncpg"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+asyncpg"),
        ("sqlite:///x.db", "sqlite+aiosqlite"),
    ],
)
def test_database_urls_are_understood_whatever_driver_they_name(written: str, driver: str):
    assert settings(database_url=written).database.drivername == driver


def test_sslmode_reaches_asyncpg_by_its_own_name():
    assert settings(database_url="postgresql://h/d?sslmode=require").database.query == {"ssl": "require"}


@pytest.mark.parametrize("written", ["mysql://h/d", "sqlite://", "sqlite:///:memory:", "not a url", "oracle://x"])
def test_other_databases_are_refused(written: str):
    with pytest.raises(ValidationError, match="database"):
        settings(database_url=written)


@pytest.mark.parametrize("written", ["prod", "PRODUCTION", "dev", "Local", "testing"])
def test_common_names_of_environments_are_understood(written: str):
    values = {"environment": written, "secret_key": STRONG_KEY, "allowed_hosts": "x.example"}
    assert settings(**values).environment in {"production", "development", "test"}


def test_an_unknown_environment_is_refused_by_name():
    with pytest.raises(ValidationError, match="development, test, staging or production"):
        settings(environment="qa7")


def test_no_secret_is_shown():
    chosen = production(
        previous_secret_keys=STRONG_KEY[::-1],
        redis_url="redis://:hunter2@cache/0",
        smtp_password="hunter2",
        first_admin_password="hunter2",
        sentry_dsn="https://hunter2@sentry.example/1",
    )
    shown = str(describe(chosen)) + repr(chosen)
    for secret in (STRONG_KEY, STRONG_KEY[::-1], "hunter2", ":pw@"):
        assert secret not in shown


def test_the_signing_key_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path):
    first = settings(data_dir=tmp_path / "var").signing_keys()
    assert settings(data_dir=tmp_path / "var").signing_keys() == first
    file = tmp_path / "var" / "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(first[0]) >= 48


def test_a_signing_key_that_others_can_read_is_refused(tmp_path: Path):
    settings(data_dir=tmp_path).signing_keys()
    (tmp_path / "secret.key").chmod(0o644)
    with pytest.raises(PermissionError, match="chmod 600"):
        settings(data_dir=tmp_path).signing_keys()


def test_the_readme_names_every_setting_with_its_default():
    text = (SERVICE_ROOT / "README.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `([A-Z0-9_]+)` \| (?:`([^`]*)`|–) \|", text, re.MULTILINE))
    assert sorted(told) == environment_names()
    for name, field in Settings.model_fields.items():
        assert told[name.upper()] == written_default(field.default), name


def written_default(default: object) -> str:
    match default:
        case None:
            return ""
        case bool():
            return str(default).lower()
        case list():
            return ",".join(default)
        case Path():
            return default.name
        case _:
            return str(default)


@pytest.mark.parametrize("written", ["10.0.0.0/8", "127.0.0.1,::1", "unix", "*"])
def test_trusted_proxies_are_addresses_or_networks(written: str):
    assert settings(trusted_proxies=written).trusted_proxies == written.split(",")


def test_a_trusted_proxy_that_is_no_address_is_refused():
    with pytest.raises(ValidationError, match=r"proxy\.internal"):
        settings(trusted_proxies="proxy.internal")


@pytest.mark.parametrize(("requests", "login", "forgot"), [(100, 20, 5), (10, 5, 3), (100_000, 20_000, 5_000)])
def test_strict_limits_follow_the_general_one_unless_they_are_set(requests: int, login: int, forgot: int):
    chosen = settings(rate_limit_requests=requests)
    assert (chosen.login_limit, chosen.register_limit, chosen.forgot_limit) == (login, login, forgot)
    assert settings(rate_limit_requests=requests, rate_limit_login=7).login_limit == 7


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"redis_url": "localhost:6379"}, "is not an address; write redis://"),
        ({"redis_url": "http://localhost"}, "is not an address; write redis://"),
        ({"celery_broker_url": "rabbit"}, "is not an address; write redis://"),
        ({"public_url": "blog.example.org"}, "is not an address; write https://"),
        ({"allowed_origins": "app.example.org"}, "'app.example.org' is not an origin"),
        ({"allowed_origins": "https://a.example.org,https://b.example.org/app"}, "'https://b.example.org/app' is no"),
    ],
)
def test_an_address_that_is_none_is_told_with_an_example(values: dict[str, Any], told: str):
    with pytest.raises(ValidationError, match=re.escape(told)):
        settings(**values)


def test_addresses_are_taken_as_they_are_written():
    chosen = settings(
        redis_url="rediss://:pw@[::1]:6380/0",
        celery_broker_url="amqp://user:pw@host//",
        public_url="http://localhost:8000",
        allowed_origins="https://app.example.org/,capacitor://localhost",
    )
    assert chosen.allowed_origins == ["https://app.example.org", "capacitor://localhost"]  # as browsers write them
    assert chosen.celery_broker_url == "amqp://user:pw@host//"
