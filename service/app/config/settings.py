"""Settings: read once from the environment and `.env`, checked as a whole.

Every field is the lower-case name of its environment variable. With nothing set the
service runs on its embedded default: SQLite, files under `var/`, no other server.
"""

import json
import re
import unicodedata
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AliasChoices, Field, PositiveInt, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from redis.connection import parse_url
from sqlalchemy.engine import URL

from app.config.databases import parse_database_url
from app.config.oidc import ProviderSettings
from app.kit.accounts import (
    PASSWORD_MAX,
    PASSWORD_MIN,
    USERNAME_MAX,
    USERNAME_MIN,
    is_plain_name,
    missing_in_password,
)
from app.kit.addresses import canonical_address
from app.kit.keys import WeakKey, check_key, load_or_create_key

SERVICE_ROOT = Path(__file__).resolve().parents[2]

Environment = Literal["development", "test", "staging", "production"]
_ENVIRONMENTS = {
    "dev": "development",
    "local": "development",
    "testing": "test",
    "stage": "staging",
    "prod": "production",
}
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_TAKEN_PATHS = {
    *("admin", "docs", "redoc", "openapi.json", "health", "metrics", "pages"),
    *("verify-email", "forgot-password", "reset-password"),
}
_HOST = re.compile(r"\*|(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\]", re.IGNORECASE)
_PROVIDER_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#]+", re.IGNORECASE)
_ADDRESSES = {
    "redis_url": (r"(rediss?://|unix:///)\S+", "redis://:password@host/0"),
    "celery_broker_url": (r"[a-z][a-z+]*://\S*", "redis://:password@host/0 or amqp://user:password@host//"),
    "public_url": (r"https?://[^\s/?#@]+(/[^\s?#]*)?", "https://blog.example.org, without ? and #"),
}
"""By field: what it has to look like, and an example."""
_SECRET_IN_URL = re.compile(
    r"((?<=://)[^/@\s:]*:|(?<=[?&])[^=&]*(?:password|secret|token|key)[^=&]*=)[^@&\s]*?(@|&|$)", re.IGNORECASE
)
_MAY_HOLD_A_PASSWORD = {"database_url", "redis_url", "celery_broker_url", "otel_exporter_otlp_endpoint"}
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


def _split(value: object) -> object:
    """Accept `a,b`, `["a","b"]` or a real list."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if re.match(r"\[\s*[\"\]]", text):  # [::1] is a host
        return json.loads(text)
    return [part.strip() for part in text.split(",") if part.strip()]


CommaList = Annotated[list[str], NoDecode]


class ConfigurationError(ValueError):
    """The settings cannot be run; the message names every fault."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=(SERVICE_ROOT / ".env", ".env"),
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        validate_default=True,
        populate_by_name=True,
    )

    # -- what runs
    project_name: str = "Publishing Service"
    version: str = "0.1.0"
    environment: Environment = "development"
    debug: bool = False
    api_v1_str: str = "/api/v1"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    workers: PositiveInt = Field(default=1, validation_alias=AliasChoices("workers", "web_concurrency"))
    shutdown_grace_seconds: PositiveInt = 20
    log_level: LogLevel = "INFO"
    log_format: Literal["auto", "json", "console"] = "auto"
    docs: bool | None = Field(
        default=None, description="Serve the API documentation; default: everywhere but production."
    )
    public_url: str | None = Field(default=None, description="The address links in mails start with.")
    data_dir: Path = SERVICE_ROOT / "var"

    # -- tokens and passwords
    secret_key: SecretStr | None = None
    previous_secret_keys: CommaList = Field(default=[], repr=False)
    algorithm: Literal["HS256", "HS384", "HS512"] = "HS256"
    token_issuer: str = "publishing-service"  # noqa: S105  # a name
    token_audience: str = "publishing-service-api"  # noqa: S105  # a name
    access_token_expire_minutes: PositiveInt = 30
    refresh_token_expire_days: PositiveInt = 7
    verification_token_expire_hours: PositiveInt = 48
    reset_token_expire_minutes: PositiveInt = 30

    # -- sign-in with others
    oidc_providers: Annotated[dict[str, ProviderSettings], NoDecode] = Field(
        default={}, description="OpenID providers by name, as JSON."
    )

    # -- database
    database_url: str | None = Field(default=None, repr=False)  # it may hold a password
    database_pool_size: PositiveInt = 5
    database_max_overflow: Annotated[int, Field(ge=0)] = 5
    database_pool_timeout: Annotated[float, Field(gt=0)] = 5.0
    database_prepared_statements: bool = Field(
        default=True, description="Switch off behind PgBouncer's transaction pooling."
    )
    migrate_on_start: bool | None = Field(default=None, description="Default: everywhere but production on PostgreSQL.")

    # -- cache and limits
    redis_url: str | None = Field(default=None, repr=False)
    cache_ttl: PositiveInt = 60
    rate_limit_requests: Annotated[int, Field(ge=0, description="0 lifts every rate limit.")] = 100
    rate_limit_window: PositiveInt = 60
    rate_limit_login: PositiveInt = Field(default=20, description="Tries per client, and per account, in a window.")
    rate_limit_register: PositiveInt = 20
    rate_limit_forgot: PositiveInt = 5
    max_body_bytes: PositiveInt = 2_097_152  # the longest post fits, every character an escaped pair

    # -- who may call
    allowed_origins: CommaList = []
    allowed_hosts: CommaList = ["*"]
    cors_allow_credentials: bool = True
    trusted_proxies: CommaList = []

    # -- mail
    smtp_host: str | None = None
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    smtp_timeout: Annotated[float, Field(gt=0)] = 10.0
    emails_from_email: str = "no-reply@example.com"
    emails_from_name: str | None = None

    # -- the first administrator
    first_admin_email: str = "admin@example.com"
    first_admin_username: str = "admin"
    first_admin_password: SecretStr | None = None

    # -- other services
    celery_broker_url: str | None = Field(default=None, repr=False)
    run_jobs: bool | None = Field(default=None, description="Hand out background jobs; default: not under test.")
    sentry_dsn: SecretStr | None = None
    otel_exporter_otlp_endpoint: str | None = None
    otel_service_name: str | None = None

    @field_validator("allowed_origins", "allowed_hosts", "trusted_proxies", "previous_secret_keys", mode="before")
    @classmethod
    def _comma_list(cls, value: object) -> object:
        return _split(value)

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("environment", mode="before")
    @classmethod
    def _known_environment(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        name = _ENVIRONMENTS.get(value.lower(), value.lower())
        if name not in get_args(Environment):
            raise ValueError("must be development, test, staging or production")
        return name

    @field_validator("api_v1_str")
    @classmethod
    def _prefix(cls, value: str) -> str:
        if not value.startswith("/") or value.endswith("/"):
            raise ValueError("must start with / and not end with one, e.g. /api/v1")
        first = value.split("/")[1]
        if not _PATH.fullmatch(value) or first in _TAKEN_PATHS:
            raise ValueError(f"{value!r} cannot be where the API is: write plain names, and none of the service's own")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, value: list[str]) -> list[str]:
        for name in value:
            if name not in {"*", "unix"}:
                ip_network(name, strict=False)  # ValueError names what is not an address
        return value

    @field_validator("oidc_providers", mode="before")
    @classmethod
    def _json(cls, value: object) -> object:
        try:
            return json.loads(value) if isinstance(value, str) else value
        except json.JSONDecodeError as fault:
            raise ValueError(f"is not JSON: {fault}") from None

    @field_validator("oidc_providers")
    @classmethod
    def _plain_provider_names(cls, value: dict[str, ProviderSettings]) -> dict[str, ProviderSettings]:
        for name in value:
            if not _PROVIDER_NAME.fullmatch(name):
                raise ValueError(f"{name!r} is part of an address: use a-z, 0-9 and -")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is not None:
            parse_database_url(value)
        return value

    @field_validator("redis_url", "celery_broker_url", "public_url")
    @classmethod
    def _address(cls, value: str | None, field: ValidationInfo) -> str | None:
        pattern, example = _ADDRESSES[field.field_name or ""]
        if value is not None and re.fullmatch(pattern, value) is None:
            raise ValueError(f"is not an address; write {example}")
        if value is not None and value.startswith(("redis:", "rediss:", "unix:")):
            try:
                parse_url(value)
            except ValueError as fault:
                raise ValueError(f"is not an address ({fault}); write {example}") from None
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _host_names(cls, value: list[str]) -> list[str]:
        for name in value:
            if _HOST.fullmatch(name) is None:
                raise ValueError(
                    f"{name!r} is not a host name; write blog.example.org or *.example.org, without a port"
                )
        return value

    @field_validator("emails_from_email", "first_admin_email")
    @classmethod
    def _mail_address(cls, value: str) -> str:
        try:
            return canonical_address(value)
        except ValueError as fault:
            raise ValueError(f"is not an e-mail address: {fault}") from None

    @field_validator("first_admin_username")
    @classmethod
    def _username(cls, value: str) -> str:
        if not is_plain_name(value) or not USERNAME_MIN <= len(value) <= USERNAME_MAX:
            raise ValueError(f"use {USERNAME_MIN} to {USERNAME_MAX} letters from a to z, digits and _")
        return value

    @field_validator("first_admin_password")
    @classmethod
    def _composed(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else SecretStr(unicodedata.normalize("NFC", value.get_secret_value()))

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, value: list[str]) -> list[str]:
        origins = [origin.removesuffix("/") for origin in value]
        for origin in origins:
            if origin != "*" and _ORIGIN.fullmatch(origin) is None:
                raise ValueError(f"{origin!r} is not an origin; write https://app.example.org, without a path")
        return origins

    @model_validator(mode="after")
    def _production_refusals(self) -> Self:
        faults = production_faults(self) if self.is_production else []
        if faults:
            raise ConfigurationError(
                "refusing to start in production:\n" + "\n".join(f"  - {fault}" for fault in faults)
            )
        return self

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def database(self) -> URL:
        """The database as an async SQLAlchemy URL."""
        if self.database_url is None:
            return URL.create("sqlite+aiosqlite", database=str(self.data_dir / "service.db"))
        return parse_database_url(self.database_url)

    @property
    def is_sqlite(self) -> bool:
        return self.database.get_backend_name() == "sqlite"

    @property
    def base_url(self) -> str:
        """Where the service is reached from outside, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def docs_enabled(self) -> bool:
        return self.docs if self.docs is not None else not self.is_production

    @property
    def migrates_on_start(self) -> bool:
        return self.migrate_on_start if self.migrate_on_start is not None else self.is_sqlite or not self.is_production

    @property
    def runs_jobs(self) -> bool:
        return self.run_jobs if self.run_jobs is not None else self.environment != "test"

    @property
    def traces(self) -> bool:
        """Whether spans go anywhere (app.observability.telemetry)."""
        return self.otel_exporter_otlp_endpoint is not None

    def signing_keys(self) -> list[str]:
        """The key that signs, then the older ones that still verify. Makes and keeps one when none is set."""
        if self.secret_key is not None:
            current = self.secret_key.get_secret_value()
        else:
            current = load_or_create_key(self.data_dir / "secret.key")
        return [current, *self.previous_secret_keys]


def production_faults(settings: Settings) -> list[str]:
    """Everything that makes these settings unfit for production, each with what to do."""
    faults: list[str] = []
    if settings.secret_key is None:
        faults.append("SECRET_KEY is missing; make one with: openssl rand -hex 32")
    keys = [("SECRET_KEY", settings.secret_key.get_secret_value())] if settings.secret_key else []
    keys += [("PREVIOUS_SECRET_KEYS", key) for key in settings.previous_secret_keys]
    for name, key in keys:
        try:
            check_key(key, algorithm=settings.algorithm)
        except WeakKey as weakness:
            faults.append(f"{name} is weak: {weakness}; make one with: openssl rand -hex 32")
    if settings.is_sqlite and settings.workers > 1:
        faults.append(f"WORKERS={settings.workers} on SQLite; set DATABASE_URL to a PostgreSQL, or WORKERS=1")
    if "*" in settings.allowed_hosts:
        faults.append("ALLOWED_HOSTS is * (any); name the hosts this service answers to")
    if "*" in settings.allowed_origins and settings.cors_allow_credentials:
        faults.append("ALLOWED_ORIGINS is * with credentials; name the origins, or set CORS_ALLOW_CREDENTIALS=false")
    if settings.oidc_providers and not settings.base_url.startswith("https://"):
        faults.append("OIDC_PROVIDERS needs PUBLIC_URL to be https: the providers send browsers back there")
    faults += [
        f"OIDC_PROVIDERS: the issuer of {name} is not https"
        for name, provider in settings.oidc_providers.items()
        if not provider.is_secure
    ]
    if settings.public_url is None:
        faults.append(
            "PUBLIC_URL is missing: links in mails would lead to this machine; write https://blog.example.org"
        )
    if settings.first_admin_password is not None:
        password = settings.first_admin_password.get_secret_value()
        missing = missing_in_password(password)
        if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
            missing.insert(0, f"{PASSWORD_MIN} to {PASSWORD_MAX} characters")
        if missing:
            faults.append(f"FIRST_ADMIN_PASSWORD is weak: it wants {', '.join(missing)}")
    if settings.debug:
        faults.append("DEBUG is on; unset it")
    return faults


@lru_cache
def get_settings() -> Settings:
    """The settings of this process, from its environment."""
    return Settings()


def describe(settings: Settings) -> dict[str, Any]:
    """The effective settings with every secret masked, for `app doctor`."""
    shown: dict[str, Any] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr) or name == "previous_secret_keys":
            value = "********" if value else None
        elif name in _MAY_HOLD_A_PASSWORD and value:
            value = _masked(value)
        shown[name] = value
    return shown


def _masked(value: str) -> str:
    """Addresses (several, for Celery, are separated by ;) without passwords, wherever they are written."""
    return ";".join(_SECRET_IN_URL.sub(r"\1***\2", address) for address in value.split(";"))


def environment_names() -> list[str]:
    """The environment variables the service reads."""
    return sorted(name.upper() for name in Settings.model_fields)


__all__ = ["SERVICE_ROOT", "ConfigurationError", "Settings", "describe", "environment_names", "get_settings"]
