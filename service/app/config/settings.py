"""Settings: read once from the environment and `.env`, checked as a whole.

Every field is the lower-case name of its environment variable. With nothing set the
service runs on its embedded default: SQLite, files under `var/`, no other server.
"""

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import URL

from app.config import forms
from app.config.databases import parse_database_url
from app.config.oidc import ProviderSettings
from app.kit.accounts import PASSWORD_MAX, PASSWORD_MIN, missing_in_password
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
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


CommaList = Annotated[list[str], NoDecode]
Line = Annotated[str, AfterValidator(forms.one_line)]
Seconds = Annotated[int, Field(gt=0, le=31_536_000)]
Count = Annotated[int, Field(gt=0, le=1_000_000_000)]
BodyBytes = Annotated[int, Field(gt=0, le=1 << 30)]
Timeout = Annotated[float, Field(gt=0, le=3600)]
MailAddress = Annotated[str, AfterValidator(forms.mail_address)]


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
    project_name: Line = "Publishing Service"
    version: Line = "0.1.0"
    environment: Environment = "development"
    debug: bool = False
    api_v1_str: Annotated[str, AfterValidator(forms.path_of_the_api)] = "/api/v1"
    host: Annotated[str, AfterValidator(forms.host)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    workers: Annotated[int, Field(gt=0, le=1024)] = Field(
        default=1, validation_alias=AliasChoices("workers", "web_concurrency")
    )
    shutdown_grace_seconds: Seconds = 20
    keep_alive_seconds: Seconds = Field(
        default=75, description="How long a connection may lie idle, and the head of a request may take to come."
    )
    body_seconds: Seconds = Field(default=60, description="How long the body of a request may take to come.")
    log_level: LogLevel = "INFO"
    log_format: Literal["auto", "json", "console"] = "auto"
    docs: bool | None = Field(
        default=None, description="Serve the API documentation; default: everywhere but production."
    )
    public_url: str | None = Field(
        default=None, description="Where browsers find the service; its path is the prefix it answers under."
    )
    data_dir: Annotated[Path, AfterValidator(Path.expanduser)] = SERVICE_ROOT / "var"

    # -- tokens and passwords
    secret_key: SecretStr | None = None
    previous_secret_keys: CommaList = Field(default=[], repr=False)
    algorithm: Literal["HS256", "HS384", "HS512"] = "HS256"
    token_issuer: Line = "publishing-service"  # noqa: S105  # a name
    token_audience: Line = "publishing-service-api"  # noqa: S105  # a name
    access_token_expire_minutes: Annotated[int, Field(gt=0, le=525_600)] = 30
    refresh_token_expire_days: Annotated[int, Field(gt=0, le=3650)] = 7
    verification_token_expire_hours: Annotated[int, Field(gt=0, le=8760)] = 48
    reset_token_expire_minutes: Annotated[int, Field(gt=0, le=525_600)] = 30

    # -- sign-in with others
    oidc_providers: Annotated[dict[str, ProviderSettings], NoDecode, AfterValidator(forms.provider_names)] = Field(
        default={}, description="OpenID providers by name, as JSON."
    )

    # -- database
    database_url: str | None = Field(default=None, repr=False)  # it may hold a password
    database_pool_size: Annotated[int, Field(gt=0, le=1000)] = 5
    database_max_overflow: Annotated[int, Field(ge=0, le=1000)] = 5
    database_pool_timeout: Timeout = 5.0
    database_prepared_statements: bool = Field(
        default=True, description="Switch off behind PgBouncer's transaction pooling."
    )
    migrate_on_start: bool | None = Field(default=None, description="Default: everywhere but production on PostgreSQL.")

    # -- cache and limits
    redis_url: str | None = Field(default=None, repr=False)
    cache_ttl: Seconds = 60
    rate_limit_requests: Annotated[int, Field(ge=0, le=1_000_000_000, description="0 lifts every rate limit.")] = 100
    rate_limit_window: Seconds = 60
    rate_limit_login: Count = Field(default=20, description="Tries per client, and per account, in a window.")
    rate_limit_register: Count = 20
    rate_limit_forgot: Count = 5
    event_streams: Count = Field(default=500, description="Open event streams, for each worker.")
    event_streams_per_client: Count = Field(default=20, description="Of one user, or of one address, for each worker.")
    event_heartbeat_seconds: Seconds = Field(default=15, description="How long an event stream may be silent.")
    max_body_bytes: BodyBytes = 2_097_152  # the longest post fits, every character an escaped pair

    # -- uploads
    max_upload_bytes: BodyBytes = 5_242_880
    images_per_post: Annotated[int, Field(gt=0, le=1000)] = 20
    images_per_user: Count = 1000
    rate_limit_upload: Count = Field(default=30, description="Images of one user in a window.")
    uploads_dir: Annotated[Path, AfterValidator(Path.expanduser)] | None = Field(
        default=None, description="Where images are kept without S3_BUCKET; default: in DATA_DIR."
    )
    s3_bucket: Annotated[str, AfterValidator(forms.bucket)] | None = Field(
        default=None, description="Keep images there, not in a folder."
    )
    s3_prefix: Annotated[str, AfterValidator(forms.key_prefix)] = ""
    s3_endpoint: str | None = Field(default=None, description="Of an S3-compatible store; default: that of AWS.")
    s3_region: Line = "us-east-1"
    s3_access_key_id: str | None = Field(default=None, description="Default: the credentials of the machine.")
    s3_secret_access_key: SecretStr | None = None

    # -- who may call
    allowed_origins: Annotated[CommaList, AfterValidator(forms.origins)] = []
    allowed_hosts: Annotated[CommaList, AfterValidator(forms.host_names)] = ["*"]
    cors_allow_credentials: bool = True
    trusted_proxies: Annotated[CommaList, AfterValidator(forms.networks)] = []

    # -- mail
    smtp_host: Annotated[str, AfterValidator(forms.host)] | None = None
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    smtp_timeout: Timeout = 10.0
    emails_from_email: MailAddress = "no-reply@example.com"
    emails_from_name: Line | None = None

    # -- the first administrator
    first_admin_email: MailAddress = "admin@example.com"
    first_admin_username: Annotated[str, AfterValidator(forms.username)] = "admin"
    first_admin_password: SecretStr | None = None

    # -- other services
    celery_broker_url: str | None = Field(default=None, repr=False)
    run_jobs: bool | None = Field(default=None, description="Hand out background jobs; default: not under test.")
    sentry_dsn: SecretStr | None = None
    otel_exporter_otlp_endpoint: str | None = None
    otel_service_name: Line | None = None

    @field_validator("allowed_origins", "allowed_hosts", "trusted_proxies", "previous_secret_keys", mode="before")
    @classmethod
    def _comma_list(cls, value: object) -> object:
        return forms.split(value)

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

    @field_validator("oidc_providers", mode="before")
    @classmethod
    def _json(cls, value: object) -> object:
        return forms.from_json(value)

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is not None:
            parse_database_url(value)
        return value

    @field_validator("redis_url", "celery_broker_url", "public_url", "otel_exporter_otlp_endpoint", "s3_endpoint")
    @classmethod
    def _address(cls, value: str | None, field: ValidationInfo) -> str | None:
        return None if value is None else forms.address(value, field.field_name or "")

    @field_validator("first_admin_password")
    @classmethod
    def _composed(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else SecretStr(unicodedata.normalize("NFC", value.get_secret_value()))

    @field_validator("sentry_dsn")
    @classmethod
    def _dsn(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            forms.address(value.get_secret_value(), "sentry_dsn")
        return value

    @model_validator(mode="after")
    def _whole_credentials(self) -> Self:
        if (self.smtp_user is None) != (self.smtp_password is None):
            missing = "SMTP_PASSWORD" if self.smtp_user else "SMTP_USER"
            raise ValueError(f"{missing} is missing: the mail server is signed in to with both, or with neither")
        return self

    @model_validator(mode="after")
    def _whole_bucket(self) -> Self:
        if (self.s3_access_key_id is None) != (self.s3_secret_access_key is None):
            missing = "S3_SECRET_ACCESS_KEY" if self.s3_access_key_id else "S3_ACCESS_KEY_ID"
            raise ValueError(f"{missing} is missing: requests are signed with both, or with what the machine has")
        if self.s3_bucket is None and (self.s3_endpoint or self.s3_access_key_id):
            raise ValueError("S3_BUCKET is missing: name the bucket, or unset the other S3 settings")
        return self

    @model_validator(mode="after")
    def _prefix_of_its_own(self) -> Self:
        first = forms.first_name(f"{self.prefix}/")
        if first in forms.TAKEN_PATHS or (first and first == forms.first_name(self.api_v1_str)):
            raise ValueError(
                f"PUBLIC_URL: its path begins with /{first}, as addresses of the service itself do; "
                "take another, or set API_V1_STR"
            )
        return self

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
        return (self.public_url or f"http://{self.reachable_host}:{self.port}").rstrip("/")

    @property
    def reachable_host(self) -> str:
        """What to type into a browser on this machine for a server that listens on HOST."""
        if self.host in {"0.0.0.0", "::", ""}:  # noqa: S104  # compared, not bound
            return "127.0.0.1"
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def prefix(self) -> str:
        """The path of PUBLIC_URL (`/blog`), without a slash at the end; empty for a host of its own."""
        return urlsplit(self.public_url or "").path.rstrip("/")

    @property
    def api_path(self) -> str:
        """Where browsers find the API: API_V1_STR under the prefix."""
        return f"{self.prefix}{self.api_v1_str}"

    @property
    def uploads_folder(self) -> Path:
        """Where images are kept when S3_BUCKET is not set."""
        return self.uploads_dir or self.data_dir / "uploads"

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


def environment_names() -> list[str]:
    """The environment variables the service reads."""
    return sorted(name.upper() for name in Settings.model_fields)


__all__ = ["SERVICE_ROOT", "ConfigurationError", "Settings", "environment_names", "get_settings"]
