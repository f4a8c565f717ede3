"""Settings: what is accepted, what production refuses, what is shown."""

import re
import ssl
import stat
from pathlib import Path
from typing import Any

import certifi
import pytest
from pydantic import ValidationError

from app.config import SERVICE_ROOT, Settings, describe, environment_names
from app.config.databases import asyncpg_arguments

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
        "public_url": "https://api.example.org",
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
        ({"oidc_providers": ACME, "public_url": "http://x"}, "OIDC_PROVIDERS needs PUBLIC_URL"),
        ({"public_url": None}, "PUBLIC_URL is missing"),
        ({"first_admin_password": "a"}, "FIRST_ADMIN_PASSWORD is weak: it wants 8 to 128 characters, an upper-case"),
        ({"first_admin_password": "Correct7!" * 20}, "FIRST_ADMIN_PASSWORD is weak: it wants 8 to 128"),
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


def test_the_parameters_that_hosted_databases_hand_out_reach_asyncpg_by_its_own_names():
    given = "sslmode=require&connect_timeout=7&application_name=blog&channel_binding=require&host=/run/pg"
    assert asyncpg_arguments(settings(database_url=f"postgresql://h/d?{given}").database) == {
        "ssl": "require",
        "timeout": 7.0,
        "server_settings": {"application_name": "blog"},
        "host": "/run/pg",
    }


def test_a_root_certificate_is_read_and_names_are_checked_as_the_mode_says():
    for mode, checked in (("verify-ca", False), ("verify-full", True), ("require", False)):
        url = settings(database_url=f"postgresql://h/d?sslmode={mode}&sslrootcert={certifi.where()}").database
        context = asyncpg_arguments(url)["ssl"]
        assert (context.check_hostname, context.verify_mode) == (checked, ssl.CERT_REQUIRED)


@pytest.mark.parametrize(
    ("parameter", "told"),
    [
        ("options=-csearch_path%3Dx", "parameter options is not supported; these are"),
        ("pool_size=3", "parameter pool_size is not supported"),
        ("sslmode=maybe", "sslmode is 'maybe'; it is one of disable"),
        ("connect_timeout=soon", "connect_timeout is 'soon'; write whole seconds"),
    ],
)
def test_a_database_parameter_that_cannot_be_kept_is_refused_by_name(parameter: str, told: str):
    with pytest.raises(ValidationError, match=re.escape(told)):
        settings(database_url=f"postgresql://h/d?{parameter}")


@pytest.mark.parametrize("written", ["mysql://h/d", "sqlite://", "sqlite:///:memory:", "not a url", "oracle://x"])
def test_other_databases_are_refused(written: str):
    with pytest.raises(ValidationError, match="database"):
        settings(database_url=written)


@pytest.mark.parametrize("written", ["prod", "PRODUCTION", "dev", "Local", "testing"])
def test_common_names_of_environments_are_understood(written: str):
    values = {"environment": written, "secret_key": STRONG_KEY, "allowed_hosts": "x.example", "public_url": "https://x"}
    assert settings(**values).environment in {"production", "development", "test"}


def test_an_unknown_environment_is_refused_by_name():
    with pytest.raises(ValidationError, match="development, test, staging or production"):
        settings(environment="qa7")


def test_no_secret_is_shown():
    chosen = production(
        previous_secret_keys=STRONG_KEY[::-1],
        redis_url="redis://:hunter2@cache/0",
        smtp_user="blog",
        smtp_password="hunter2",
        first_admin_password="Correct7!hunter2-Horse",
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


@pytest.mark.parametrize("requests", [10, 100, 100_000])
def test_the_limits_on_guessing_do_not_grow_with_the_general_one(requests: int):
    chosen = settings(rate_limit_requests=requests)
    assert (chosen.rate_limit_login, chosen.rate_limit_register, chosen.rate_limit_forgot) == (20, 20, 5)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"redis_url": "localhost:6379"}, "is not an address; write redis://"),
        ({"redis_url": "http://localhost"}, "is not an address; write redis://"),
        ({"celery_broker_url": "rabbit"}, "is not an address; write redis://"),
        ({"public_url": "blog.example.org"}, "is not an address; write https://"),
        ({"redis_url": "redis://h:port/0"}, "is not an address (Port could not be cast"),
        ({"redis_url": "redis://"}, "is not an address; write redis://"),
        ({"redis_url": "redis+sentinel://a:26379,b:26379/0"}, "names several servers or a Sentinel"),
        ({"redis_url": "redis://a:6379,b:6379/0"}, "names several servers or a Sentinel"),
        ({"redis_url": "redis://:a,b@c:6380000/0"}, "is not an address (Port out of range"),
        ({"celery_broker_url": "sentinel://a:26379;sentinel://b:26379"}, "names several servers or a Sentinel"),
        ({"celery_broker_url": "memory://"}, "is not an address; write redis://"),
        ({"celery_broker_url": "unix:///run/redis.sock"}, "is not an address; write redis://"),
        ({"celery_broker_url": "amqp://a//;amqp://b:port//"}, "is not an address (Port could not be cast"),
        ({"public_url": "https://example.org/a b"}, "is not an address; write https://"),
        ({"public_url": "https://example.org/blog/../admin"}, "is not made of plain names"),
        ({"public_url": "https://example.org/bl%6Fg"}, "is not made of plain names"),
        ({"public_url": "https://example.org//blog"}, "is not made of plain names"),
        ({"public_url": "https://example.org/api"}, "PUBLIC_URL: its path begins with /api"),
        ({"public_url": "https://example.org/docs/blog"}, "PUBLIC_URL: its path begins with /docs"),
        ({"public_url": "https://example.org:http/blog"}, "is not an address (Port could not be cast"),
        ({"public_url": "https://example.org:0"}, "nothing listens on port 0"),
        ({"public_url": "https://b\u00fccher.example"}, "is not an address; write https://"),
        ({"allowed_origins": "https://b\u00fccher.example"}, "(or xn--"),
        ({"project_name": "A\nB"}, "line breaks or other control characters"),
        ({"emails_from_name": "A\r\nBcc: x@example.org"}, "line breaks or other control characters"),
        ({"host": "my host"}, "'my host' is not a host name"),
        ({"port": 0}, "greater than or equal to 1"),
        ({"smtp_host": "smtp://mail"}, "'smtp://mail' is not a host name"),
        ({"smtp_host": "mail:25"}, "'mail:25' is not a host name"),
        ({"smtp_user": "blog"}, "SMTP_PASSWORD is missing"),
        ({"smtp_password": "hunter2"}, "SMTP_USER is missing"),
        ({"sentry_dsn": "abc"}, "is not an address; write https://key@"),
        ({"otel_exporter_otlp_endpoint": "collector:4318"}, "is not an address; write http://collector"),
        ({"database_url": "postgresql://one,two/app"}, "names several hosts"),
        (
            {"database_url": "postgresql://h/d?sslrootcert=/nowhere/ca.pem"},
            "sslrootcert /nowhere/ca.pem cannot be read",
        ),
        ({"access_token_expire_minutes": 10**12}, "less than or equal to"),
        ({"rate_limit_window": 10**12}, "less than or equal to"),
        ({"public_url": "https://blog.example.org/?a=b"}, "is not an address; write https://"),
        ({"public_url": "https://blog.example.org#x"}, "is not an address; write https://"),
        ({"public_url": "https://user@blog.example.org"}, "is not an address; write https://"),
        ({"allowed_hosts": "https://blog.example.org"}, "'https://blog.example.org' is not a host name"),
        ({"allowed_hosts": "blog.example.org:443"}, "'blog.example.org:443' is not a host name"),
        ({"allowed_hosts": ".example.org"}, "'.example.org' is not a host name"),
        ({"emails_from_email": "Blog <no-reply@example.org>"}, "is not an e-mail address"),
        ({"first_admin_email": "admin"}, "is not an e-mail address"),
        ({"first_admin_username": "the admin"}, "use 3 to 50 letters"),
        ({"api_v1_str": "/admin"}, "'/admin' cannot be where the API is"),
        ({"api_v1_str": "/a b"}, "'/a b' cannot be where the API is"),
        ({"allowed_origins": "app.example.org"}, "'app.example.org' is not an origin"),
        ({"allowed_origins": "https://a.example.org,https://b.example.org/app"}, "'https://b.example.org/app' is not"),
    ],
)
def test_an_address_that_is_none_is_told_with_an_example(values: dict[str, Any], told: str):
    with pytest.raises(ValidationError, match=re.escape(told)):
        settings(**values)


def test_the_path_of_the_public_address_is_the_prefix():
    assert settings(public_url="https://example.org/blog/").api_path == "/blog/api/v1"
    assert settings(public_url="https://example.org/a/b", api_v1_str="/v2").api_path == "/a/b/v2"
    assert settings(public_url="https://example.org/api", api_v1_str="/v1").prefix == "/api"
    assert settings(public_url="https://example.org/").prefix == settings().prefix == ""


@pytest.mark.parametrize(
    "written", ["blog.example.org", "*.example.org", "localhost", "[::1]", "10.0.0.7", "*", "web_1"]
)
def test_host_names_are_taken_as_they_are_written(written: str):
    assert settings(allowed_hosts=written).allowed_hosts == [written]


def test_no_secret_in_any_address_is_shown():
    chosen = settings(
        database_url="postgresql://app:hunter2@db/app",
        redis_url="redis://cache/0?password=hunter2",
        celery_broker_url="amqp://a:hunter2@one//;amqp://b:hunter2@two//",
        otel_exporter_otlp_endpoint="https://key:hunter2@otel.example.org?api_key=hunter2",
    )
    shown = describe(chosen)
    assert "hunter2" not in str(shown)
    assert shown["database_url"] == "postgresql://app:***@db/app"
    assert shown["celery_broker_url"].count("***@") == 2


def test_the_first_administrator_is_kept_as_an_account_would_be():
    chosen = settings(first_admin_email="Admin@B\u00dccher.example", emails_from_email="No-Reply@example.org")
    assert chosen.first_admin_email == "admin@b\u00fccher.example"
    assert chosen.emails_from_email == "no-reply@example.org"


def test_addresses_are_taken_as_they_are_written():
    chosen = settings(
        redis_url="rediss://:pw@[::1]:6380/0",
        celery_broker_url="amqp://user:pw@host//",
        public_url="http://localhost:8000",
        allowed_origins="https://app.example.org/,capacitor://localhost",
    )
    assert chosen.allowed_origins == ["https://app.example.org", "capacitor://localhost"]  # as browsers write them
    assert chosen.celery_broker_url == "amqp://user:pw@host//"
