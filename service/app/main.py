"""The application: a factory and its lifespan, nothing else."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

from anyio import to_thread
from fastapi import FastAPI
from starlette.middleware import Middleware

from app.admin import install_admin
from app.admin.policy import ADMIN, ADMIN_FILES, admin_policy
from app.api import health
from app.api.openapi import DESCRIPTION, TAGS, additions
from app.api.pages import MAIL_PAGES, MAIL_PAGES_POLICY, install_pages, install_root
from app.api.uploads import upload_paths
from app.api.v1.router import router as v1
from app.auth import api_tokens, sessions
from app.auth.api_tokens import TokenUses
from app.auth.bootstrap import prepared
from app.auth.principal import GrantKey, Loader, Principal, PrincipalCache
from app.cache.cache import Cache
from app.cache.redis import connect
from app.config import Settings, get_settings
from app.database.engine import Database
from app.http.docs import DOCS_POLICY, install_docs
from app.http.errors import install_error_handlers
from app.http.openapi import install_openapi, operation_id
from app.http.ratelimit import RateLimiter
from app.http.routing import look_up_by_path
from app.middleware import install_middleware
from app.middleware.response_cache import ResponseCacheMiddleware
from app.observability import setup as observability
from app.observability.access_log import AccessLog
from app.observability.logging import configure_logging, wants_json
from app.observability.metrics import Metrics
from app.posts.events.feed import Feed
from app.posts.events.log import record_removal_of_author
from app.posts.response_cache import ResponseCache
from app.posts.views import ViewCounter
from app.resources import Resources
from app.security.csrf import CsrfGuard
from app.security.oidc.client import OidcClient
from app.security.passwords import PasswordHasher
from app.security.tokens import TokenSigner
from app.storage.images import Images
from app.storage.store import make_store
from app.tasks.background import make_relay
from app.users.service import ProfileListeners, RemovalListeners

UNLIMITED = ("/health", "/metrics")
"""Probes and scrapes come by address, often and from one place: no rate limit, no host check."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application. Nothing is connected or written until its lifespan starts."""
    settings = settings or get_settings()
    app = FastAPI(
        title=settings.project_name,
        version=settings.version,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        servers=[{"url": settings.prefix}] if settings.prefix else None,
        generate_unique_id_function=operation_id,
        debug=settings.debug,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{settings.api_v1_str}/openapi.json" if settings.docs_enabled else None,
        **observability.fastapi_options(settings),
    )
    resources = build_resources(settings)
    app.state.resources = resources
    api, prefix = settings.api_path, settings.prefix
    docs = (f"{api}/docs", f"{api}/redoc")
    install_error_handlers(app)
    install_middleware(
        app,
        settings,
        resources,
        pages={
            **dict.fromkeys(docs, DOCS_POLICY),
            **{f"{prefix}{page}": MAIL_PAGES_POLICY for page in MAIL_PAGES},
            f"{prefix}{ADMIN}": admin_policy(),
        },
        larger_bodies=(upload_paths(api), settings.max_upload_bytes),
        unlimited=(*(f"{prefix}{path}" for path in (*UNLIMITED, ADMIN_FILES)), *docs),
        inner=[
            Middleware(
                ResponseCacheMiddleware,
                prefixes=(f"{api}/posts", f"{api}/tags"),
                find=resources.get(ResponseCache).find,
            )
        ],
    )
    app.include_router(v1, prefix=settings.api_v1_str)
    app.include_router(health.router)
    install_docs(app, settings)
    install_pages(app, settings)
    install_root(app, settings)
    install_admin(app, resources)
    install_openapi(app, additions(settings, unlimited=UNLIMITED))
    if not settings.traces:  # FastAPI names a span by the route that it finds
        look_up_by_path(app)
    return app


def build_resources(settings: Settings) -> Resources:
    """Everything the application shares, each package's own among it. Nothing is connected yet."""
    database = Database(settings)
    observability.trace_database(settings, database)
    redis = connect(settings.redis_url, kind=observability.redis_kind(settings)) if settings.redis_url else None
    metrics = Metrics()
    signer = TokenSigner(settings)
    resources = Resources(
        settings=settings,
        database=database,
        hasher=PasswordHasher(),
        signer=signer,
        csrf=CsrfGuard(settings, secrets=signer.secrets),
        redis=redis,
        cache=Cache(redis, on_failure=metrics.redis_failures.inc),
        limiter=RateLimiter(redis),
        metrics=metrics,
        access_log=AccessLog(
            as_json=wants_json(settings),
            enabled=settings.log_level in {"DEBUG", "INFO"},
        ),
        providers={name: OidcClient(name, provider) for name, provider in settings.oidc_providers.items()},
    )
    resources.add(TokenUses(database))
    resources.add(PrincipalCache(resources.cache, loader=_loader(resources), alone=settings.workers == 1))
    resources.add(ProfileListeners())
    resources.add(RemovalListeners())
    resources.add(Images(make_store(settings)))
    resources.add(ViewCounter(database))
    responses = resources.add(ResponseCache(resources.cache, api=settings.api_path, ttl=settings.cache_ttl))
    resources.get(ProfileListeners).append(responses.forget_author)
    resources.get(RemovalListeners).append(record_removal_of_author)
    resources.add(
        Feed(
            settings,
            database.reader,
            responses=responses,
            principals=resources.get(PrincipalCache),
            registry=metrics.registry,
        )
    )
    return resources


def _loader(resources: Resources) -> Loader:
    """How the user behind a session or an API token is read from the database."""
    reader, note_use = resources.database.reader, resources.get(TokenUses).add

    async def load(user_id: int, grant: GrantKey) -> Principal | None:
        if isinstance(grant, UUID):
            return await sessions.load_principal(reader, user_id=user_id, session_id=grant)
        return await api_tokens.load_principal(reader, user_id=user_id, token_hash=grant, note_use=note_use)

    return load


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    resources: Resources = app.state.resources
    configure_logging(resources.settings)
    observability.start(resources.settings)
    await resources.cache.start()
    started = [resources.get(TokenUses), resources.get(ViewCounter), resources.get(Feed)]
    for part in started:
        await part.start()
    metrics = resources.metrics.sampling(resources.database, resources.cache)
    async with metrics, prepared(resources), background_jobs(resources):
        yield
    for part in started:
        await part.stop()
    await resources.cache.stop()
    if resources.redis is not None:
        await resources.redis.aclose()
    for provider in resources.providers.values():
        await provider.http.close()
    resources.hasher.close()
    await resources.database.close()
    resources.access_log.flush()
    await to_thread.run_sync(observability.stop, resources.settings)


@asynccontextmanager
async def background_jobs(resources: Resources) -> AsyncGenerator[None]:
    """Hand out jobs while the application runs."""
    if not resources.settings.runs_jobs:
        yield
        return
    relay = make_relay(resources.settings, metrics=resources.metrics.registry)
    resources.database.jobs_written = relay.wake
    relay.start()
    yield
    await to_thread.run_sync(relay.stop)
