"""The application: a factory and its lifespan, nothing else."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID

from anyio import to_thread
from fastapi import FastAPI

from app.admin import install_admin
from app.api import health
from app.api.pages import install_pages
from app.api.v1.router import router as v1
from app.auth import api_tokens, sessions
from app.auth.bootstrap import prepared
from app.auth.principal import GrantKey, Principal, PrincipalCache
from app.cache.cache import Cache
from app.cache.redis import connect
from app.config import Settings, get_settings
from app.database.engine import Database
from app.http.docs import install_docs
from app.http.errors import install_error_handlers
from app.http.openapi import DESCRIPTION, TAGS, install_openapi, operation_id
from app.http.ratelimit import RateLimiter
from app.kit.counters import BufferedCounter
from app.middleware import install_middleware
from app.observability import setup as observability
from app.observability.access_log import AccessLog
from app.observability.logging import configure_logging, wants_json
from app.observability.metrics import Metrics
from app.posts.response_cache import HotAnswers
from app.posts.views import store_views
from app.resources import Resources
from app.security.csrf import CsrfGuard
from app.security.oidc.client import OidcClient
from app.security.passwords import PasswordHasher
from app.security.tokens import TokenSigner
from app.tasks.background import make_relay


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application. Nothing is connected or written until its lifespan starts."""
    settings = settings or get_settings()
    app = FastAPI(
        title=settings.project_name,
        version=settings.version,
        description=DESCRIPTION,
        openapi_tags=TAGS,
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
    install_error_handlers(app)
    install_middleware(app, settings, resources)
    app.include_router(v1, prefix=settings.api_v1_str)
    app.include_router(health.router)
    install_docs(app, settings)
    install_pages(app, settings)
    install_admin(app, resources)
    install_openapi(app)
    return app


def build_resources(settings: Settings) -> Resources:
    database = Database(settings)
    observability.trace_database(settings, database)
    redis = connect(settings.redis_url, kind=observability.redis_kind(settings)) if settings.redis_url else None
    metrics = Metrics()
    cache = Cache(redis, on_failure=metrics.redis_failures.inc)

    token_uses = BufferedCounter[UUID](partial(api_tokens.store_uses, database))
    signer = TokenSigner(settings)

    async def load(user_id: int, grant: GrantKey) -> Principal | None:
        if isinstance(grant, UUID):
            return await sessions.load_principal(database.reader, user_id=user_id, session_id=grant)
        return await api_tokens.load_principal(
            database.reader, user_id=user_id, token_hash=grant, note_use=token_uses.add
        )

    return Resources(
        settings=settings,
        database=database,
        hasher=PasswordHasher(),
        signer=signer,
        csrf=CsrfGuard(settings, secrets=signer.secrets),
        redis=redis,
        cache=cache,
        limiter=RateLimiter(redis),
        hot=HotAnswers(cache, api=settings.api_v1_str, ttl=settings.cache_ttl),
        views=BufferedCounter[int](partial(store_views, database)),
        token_uses=token_uses,
        metrics=metrics,
        access_log=AccessLog(
            as_json=wants_json(settings),
            enabled=settings.log_level in {"DEBUG", "INFO"},
        ),
        principals=PrincipalCache(cache, loader=load, alone=settings.workers == 1),
        providers={name: OidcClient(name, provider) for name, provider in settings.oidc_providers.items()},
    )


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    resources: Resources = app.state.resources
    configure_logging(resources.settings)
    observability.start(resources.settings)
    await resources.cache.start()
    await resources.views.start()
    await resources.token_uses.start()
    metrics = resources.metrics.sampling(resources.database, resources.cache)
    async with metrics, prepared(resources), background_jobs(resources):
        yield
    await resources.views.stop()
    await resources.token_uses.stop()
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
